"""What GDAL writes where it finds ``cql-text``: the same filter as CQL2, in other words."""

from __future__ import annotations

import time

import pytest

from sdi.errors import InputError
from sdi.filter.filter import Filter
from sdi.filter.older import as_cql2
from sdi.filter.reading import _QUOTED, _SIGNS, _WRITTEN, _where, read
from sdi.store.sqlite_filter import SqliteFilter

FIELDS = {
    "name": {"type": "string"}, "height": {"type": "number"}, "built": {"type": "string", "format": "date"},
    "seen": {"type": "string", "format": "date-time"}, "listed": {"type": "boolean"},
}  # fmt: skip


def condition(text, language):
    return Filter.of(text, language).condition(FIELDS, SqliteFilter("x"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("built >= '1950-01-01T'", "built >= DATE('1950-01-01')"),
        ("built = '1950-01-01'", "built = DATE('1950-01-01')"),
        ("built < '1950-01-01T00:00:00Z'", "built < DATE('1950-01-01')"),
        ("seen > '2020-06-01T'", "seen > TIMESTAMP('2020-06-01T00:00:00Z')"),
        ("seen <= '2020-06-01T07:30:00Z'", "seen <= TIMESTAMP('2020-06-01T07:30:00Z')"),
        ("listed = 1", "listed = TRUE"),
        ("listed <> 0", "listed <> FALSE"),
        ("name ILIKE 'ch%'", "CASEI(name) LIKE CASEI('ch%')"),
        ("(name ILIKE 'o''b%') AND (height > 3)", "CASEI(name) LIKE CASEI('o''b%') AND height > 3"),
        ("NOT (name LIKE 'ch%')", "NOT (name LIKE 'ch%')"),
        ("(height IS NULL)", "height IS NULL"),
        ("name = 'x ILIKE y'", "name = 'x ILIKE y'"),
        ("height = 1", "height = 1"),
        ("name = '1950-01-01'", "name = '1950-01-01'"),
    ],
)
def test_what_gdal_writes_means_what_cql2_says(written, meant):
    assert condition(written, "cql-text") == condition(meant, "cql2-text")


@pytest.mark.parametrize(
    ("written", "said"),
    [("built > '1950-01-01T10:00:00Z'", "write dates as DATE"), ("built > 'soon'", "write dates as DATE"),
     ("listed = 2", "compares"), ("heigth > 1", "did you mean height")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_reason(written, said):
    with pytest.raises(InputError, match=said):
        condition(written, "cql-text")


def test_the_standard_language_stays_as_strict_as_it_was():
    for text in ("listed = 1", "built >= '1950-01-01'", "name ILIKE 'x'"):
        with pytest.raises(InputError):
            condition(text, "cql2-text")


def test_a_long_text_is_read_at_once():
    text = "name = '" + "x ILIKE ''" * 700 + "'"
    assert as_cql2(text) == text
    assert read(text, "cql-text")["op"] == "="


LONG = 7_990


@pytest.mark.parametrize(
    "piece",
    ["a", "1", "'", '"', " ", "(", "-", "- ", "\\", "\\'", "''a", "NOT ", "a ILIKE ", "a ILIKE '", '"a" ', "1:"],
)
@pytest.mark.parametrize("start", ["", "'", "a ", "-"])
def test_nothing_takes_long_to_look_through(piece, start):
    text = (start + piece * LONG)[:LONG]
    began = time.process_time()
    as_cql2(text)
    _WRITTEN.sub("", text)
    _QUOTED.sub("", text)
    _SIGNS.search(text)
    _where(text)
    assert time.process_time() - began < 0.05


def test_a_backslash_hides_no_brackets():
    for text in ("a = '\\' OR " + "(" * 3_900 + " '", "a = '\\' OR " + "(" * 3_900 + "1=1" + ")" * 3_900 + "'"):
        with pytest.raises(InputError, match="nested more than"):
            read(text, "cql-text")


def test_a_text_may_end_with_a_backslash():
    assert read(r"a = 'x\'")["args"][1] == "x\\"
    assert read(r"a = 'it\'s'")["args"][1] == "it's"
