"""Things are found by the words of their names, codes and short texts, whatever the spelling."""

from __future__ import annotations

import sqlite3

import orjson
import pytest

from sdi import projector
from sdi.errors import InputError, NotFound
from sdi.publication import Publication
from sdi.text import words
from tests.sdi.test_register import add, write


@pytest.fixture
def search(workspace, registry):
    """Return a function that finds benches by words: names with the share of the words they have."""
    projector.refresh(workspace, registry)
    opened = Publication.open(workspace.publication_path("public"))

    def names(text, limit=10):
        projector.refresh(workspace, registry)
        found = opened.search("benches", text, limit=limit)
        return [(orjson.loads(one.feature)["properties"]["name"], one.share) for one in found]

    yield names
    opened.close()


def test_accents_case_and_the_stroke_of_d_make_no_difference(search, registry):
    add(registry, names={"vi": ["Ghế Đá Mỹ Thuận"]})
    for text in ("ghế đá mỹ thuận", "GHE DA MY THUAN", "ghe da mi thuan", "Ghế Ðá Mĩ Thuận"):
        assert search(text) == [("Ghế Đá Mỹ Thuận", 1.0)]


def test_who_has_more_of_the_words_comes_first(search, registry):
    add(registry, 3, names={"vi": ["Cầu Đỏ", "Cầu Đỏ Lớn", "Chợ Xanh"]})
    assert search("cau do lon") == [("Cầu Đỏ Lớn", 1.0), ("Cầu Đỏ", pytest.approx(2 / 3))]
    assert search("cau do lon", limit=1) == [("Cầu Đỏ Lớn", 1.0)]


def test_an_official_code_is_one_word(search, registry):
    add(registry, 2, identifiers={"bench-tag": ["B1", "B12"]}, names={"vi": ["một", "hai"]})
    assert search("b1") == [("một", 1.0)]


def test_a_text_without_words_finds_nothing(search, registry):
    add(registry, names={"vi": ["Cầu"]})
    for text in ("", "   ", "'", "% _ * ?", "\x00"):
        assert search(text) == []


def test_who_is_renamed_or_retired_is_not_found_by_the_old_words(search, registry, workspace):
    eid, other = add(registry, 2, names={"vi": ["Cầu Cũ", "Cầu Khác"]})
    assert len(search("cau")) == 2
    write(registry, "change", eid, {}, valid_from="2025-01-01", names={"vi": "Cầu Mới"})
    assert search("cu") == []
    assert search("moi") == [("Cầu Mới", 1.0)]
    write(registry, "retire", other, valid_from="2025-01-01")
    assert [name for name, _ in search("cau")] == ["Cầu Mới"]
    with sqlite3.connect(workspace.publication_path("public")) as public:
        left = {row[0] for row in public.execute("SELECT word FROM benches_word")}
    assert left & {"cu", "khac"} == set()


def test_a_restricted_text_is_no_word_of_the_public(search, registry, workspace):
    add(registry, names={"vi": ["Cầu"]}, values={"inspector": ["Bí Mật"]})
    assert search("bi mat") == []


def test_words_keep_house_numbers_and_codes_whole():
    assert words("12/3A Đường Mỹ Thuận, MP-T001-0001.") == ("12/3a", "duong", "mi", "thuan", "mp-t001-0001")
    assert words("") == ()


def test_values_are_counted_and_unknown_names_refused(search, registry, workspace):
    add(registry, 3, values={"seats": [4, 4, 6]}, names={"vi": ["a", "b", "c"]})
    search("a")
    publication = Publication.open(workspace.publication_path("public"))
    assert publication.counts("benches", "seats") == {"4": 2, "6": 1}
    with pytest.raises(InputError, match="no property"):
        publication.counts("benches", 'seats" FROM benches; --')
    with pytest.raises(NotFound):
        publication.search("nowhere", "a", limit=1)
    publication.close()
