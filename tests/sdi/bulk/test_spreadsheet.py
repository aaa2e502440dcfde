"""CSV in a spreadsheet: no text becomes a formula, and what was written can be read back."""

from __future__ import annotations

import csv

import pyarrow as pa
import pytest

from sdi.bulk.spreadsheet import SUSPECT, guarded
from tests.fair import FORMULAS
from tests.sdi.bulk.conftest import EMBEDDED, Built


def rows(fair: Built, collection: str) -> list[list[str]]:
    with fair.path(collection, "csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


@pytest.mark.shows("service")
@EMBEDDED
def test_no_text_begins_like_a_formula_and_each_can_be_read_back(fair: Built) -> None:
    head, *every = rows(fair, "stalls")
    cells = [row[head.index("remark")] for row in every][: len(FORMULAS)]
    assert cells[0] == '\'=cmd|"/c calc"!A1'
    assert not any(one.startswith(tuple(SUSPECT)) for one in cells)
    assert [one.removeprefix("'") for one in cells] == list(FORMULAS)
    for row in every:
        numbers = {head.index(name) for name in ("seats", "height")}
        assert not any(cell.startswith(tuple(SUSPECT)) for at, cell in enumerate(row) if at not in numbers)


@EMBEDDED
def test_a_negative_number_stays_a_number(fair: Built) -> None:
    head, first, *_ = rows(fair, "stalls")
    assert (first[head.index("seats")], first[head.index("height")]) == ("-2", "-1.0")


@pytest.mark.parametrize("text", ["=", "+84 292", "-", "@", "\t=1", "\r=1", "\n=1", "＠x", "'", "''"])
def test_dangerous_texts_are_marked(text: str) -> None:
    assert guarded(pa.array([text, None])).to_pylist() == [f"'{text}", None]


@pytest.mark.parametrize("text", ["", "a=1", " =1", "1-2", "đ", "−5"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(pa.array([text])).to_pylist() == [text]


@EMBEDDED
def test_it_is_what_rfc_4180_and_excel_want(fair: Built) -> None:
    content = fair.path("stalls", "csv").read_bytes()
    assert content.startswith(b'\xef\xbb\xbf"id","name","status"')
    assert content.endswith(b"\r\n")
    assert '"Quầy bánh xèo số 3"'.encode() in content
    assert len({len(row) for row in rows(fair, "stalls")}) == 1


@EMBEDDED
def test_points_have_longitude_and_latitude_and_other_places_are_text(fair: Built) -> None:
    assert rows(fair, "stalls")[0][-2:] == ["longitude", "latitude"]
    head, *every = rows(fair, "lawns")
    assert head[-1] == "WKT"
    assert all(row[-1].startswith("MULTIPOLYGON (((105.") for row in every)
