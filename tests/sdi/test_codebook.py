"""Code lists have versions, and their codes a time in which they hold; what a code meant is read for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdi import codebook
from sdi.declaration import Code, CodeList, Label
from sdi.errors import CatalogError, InputError, NotFound, WorkspaceError
from sdi.identity import Ids
from sdi.workspace import Workspace
from tests import model
from tests.model import add, writing

KIOSK = """\
register: kiosk
version: 1.0.0
title: {vi: Ki-ốt, en: Kiosks}
location: {role: site, geometry: Point, required: false}
fields:
  trade: {type: code, list: trade, list_version: 1.0.0, title: {vi: Ngành, en: Trade}}
  seats: {type: integer, unit: "1", title: {vi: Chỗ, en: Seats}}
"""
HEAD = "list: trade\nversion: {version}\ntitle: {{vi: Ngành, en: Trade}}\ncodes:\n"
FOOD = "  - {code: food, title: {vi: Đồ ăn, en: Food}}\n"
BOOKS = "  - {code: books, title: {vi: Sách, en: Books}%s}\n"
FIRST = HEAD.format(version="1.0.0") + FOOD + BOOKS % ""
SECOND = (
    HEAD.format(version="1.1.0") + FOOD + BOOKS % ", valid_to: 2025-01-01, replaced_by: media"
    + "  - {code: media, title: {vi: Sách báo, en: Books and papers}, valid_from: 2025-01-01}\n"
)  # fmt: skip


def declare(folder: Path, text: str) -> Workspace:
    """Write the list and a register that refers to it; return the city as it is declared now."""
    (folder / "catalog" / "codes" / "trade.yaml").write_text(text, encoding="utf-8")
    (folder / "catalog" / "registers" / "kiosk.yaml").write_text(KIOSK, encoding="utf-8")
    return Workspace.open(folder / "city", folder / "catalog")


def grown(folder, city):
    """A kiosk of before the new list; the registry, opened with the new one."""
    first = model.opened(declare(folder, FIRST))
    with writing(first) as tx:
        (eid,) = add(first, "kiosk", tx, since="2020-01-01", values={"trade": ["books"], "seats": [2]})
    first.close()
    return model.opened(declare(folder, SECOND), ids=Ids.seeded(93)), eid


def refused(registry, since, trade):
    with pytest.raises(InputError) as caught, writing(registry) as tx:
        add(registry, "kiosk", tx, since=since, values={"trade": [trade]})
    return caught.value


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_code_that_ended_is_read_with_its_label_and_takes_no_new_fact(tmp_path, city):
    registry, eid = grown(tmp_path, city)
    kiosk = registry.register("kiosk")
    assert kiosk.find(eid).values["trade"] == "books"
    assert codebook.code(registry, "trade", "books") == Code(
        "books", Label("Sách", "Books"), valid_to="2025-01-01", replaced_by="media"
    )
    assert refused(registry, "2025-01-01", "books").code == "code-expired"
    assert "books ended on 2025-01-01; use media" in str(refused(registry, "2026-03-01", "books"))
    assert "media holds from 2025-01-01 on only" in str(refused(registry, "2024-12-31", "media"))
    with writing(registry) as tx:
        add(registry, "kiosk", tx, since="2024-12-31", values={"trade": ["books"]})
        kiosk.change(eid, {"seats": 4}, tx, valid_from="2025-06-01")
        kiosk.change(eid, {"trade": "media"}, tx, valid_from="2025-09-01")
    assert [kiosk.find(eid, valid=day).values["trade"] for day in ("2025-07-01", "2025-09-01")] == ["books", "media"]
    assert registry.verify() == registry.last_tx
    registry.close()


@pytest.mark.both_stores
def test_every_version_is_recorded_and_asked_for_as_of_a_moment(tmp_path, city):
    registry, _ = grown(tmp_path, city)
    assert [one.number for one in codebook.versions(registry, "trade")] == ["1.0.0", "1.1.0"]
    first, second = (one.tx for one in codebook.versions(registry, "trade"))
    assert [codebook.version(registry, "trade", tx) for tx in (first, second - 1, second, None)] == [
        "1.0.0", "1.0.0", "1.1.0", "1.1.0",
    ]  # fmt: skip
    assert codebook.code(registry, "trade", "books", second - 1).valid_to is None
    with pytest.raises(NotFound):
        codebook.code(registry, "trade", "media", first)
    with pytest.raises(NotFound):
        codebook.version(registry, "nothing")
    last = registry.last_tx
    registry.close()
    again = model.opened(declare(tmp_path, SECOND))
    assert again.last_tx == last
    again.close()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (HEAD.format(version="1.1.0") + FOOD, "code-list-narrowed", "has lost books"),
        (FIRST.replace("Books", "Paper"), "code-list-changed", "give the changed list a later version"),
        (SECOND.replace("1.1.0", "1.0.0"), "code-list-changed", "calls itself 1.0.0"),
    ],
)
def test_a_list_that_changed_as_none_may_is_refused(tmp_path, city, text, code, said):
    model.opened(declare(tmp_path, FIRST)).close()
    with pytest.raises(WorkspaceError) as caught:
        model.opened(declare(tmp_path, text))
    assert caught.value.code == code
    assert said in str(caught.value)


def test_colours_and_the_order_of_codes_make_no_new_version(tmp_path, city):
    model.opened(declare(tmp_path, FIRST)).close()
    other = HEAD.format(version="1.0.0") + BOOKS % ", color: '#112233'" + FOOD
    registry = model.opened(declare(tmp_path, other))
    assert [one.number for one in codebook.versions(registry, "trade")] == ["1.0.0"]
    registry.close()


@pytest.mark.parametrize(("version", "fits"), [("1.0.0", True), ("1.4.2", True), ("0.9.9", False), ("2.0.0", False)])
def test_a_field_says_which_version_of_its_list_will_do(tmp_path, city, version, fits):
    made = declare(tmp_path, FIRST.replace("1.0.0", version))
    if fits:
        assert made.catalog().registers["kiosk"].field("trade").codes_version == "1.0.0"
        return
    with pytest.raises(CatalogError, match=f"kiosk.yaml:6: the code list 'trade' has version {version}"):
        made.catalog()


def test_a_fact_whose_beginning_is_unknown_may_bear_any_code(tmp_path, city):
    registry, _ = grown(tmp_path, city)
    with writing(registry) as tx:
        (eid,) = add(registry, "kiosk", tx, since=None, values={"trade": ["books"]})
    assert registry.register("kiosk").find(eid).values["trade"] == "books"
    registry.close()


def test_codes_without_dates_hold_always():
    codes = CodeList("trade", "1.0.0", Label("", ""), (Code("food", Label("", "")),))
    assert codes.expired("2026-01-01T00:00:00Z") == {}
