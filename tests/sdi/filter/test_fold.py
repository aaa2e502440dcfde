"""CASEI and ACCENTI fold every letter alike in Python, SQLite and PostgreSQL."""

from __future__ import annotations

import unicodedata

import pytest

from sdi.filter.fold import accenti, casei
from tests.sdi.filter.test_oracle import world

__all__ = ["world"]


def letters():
    """Return every character, within a word, that one of the two folds, and every hundredth of the others."""
    every = [chr(one) for one in range(1, 0x1F000) if unicodedata.category(chr(one)) not in {"Cn", "Cs", "Co"}]
    return [f"a{one}b" for at, one in enumerate(every) if at % 100 == 0 or one != casei(one) or one != accenti(one)]


@pytest.mark.parametrize("fold", [casei, accenti])
def test_every_letter_is_folded_alike_in_the_database(world, fold, figure):
    package, _, _ = world
    dialect = package.base.filtering("x")
    asked = dialect.folded(fold.__name__, dialect.text("").sql)
    every, differing = letters(), []
    for start in range(0, len(every), 500):
        some = every[start : start + 500]
        (answer,) = package.query(f"SELECT {', '.join([asked] * len(some))}", some)
        differing += [one for one, said in zip(some, answer, strict=True) if said != fold(one)]
    figure(f"characters that {fold.__name__} folds otherwise in the database", len(differing), unit=f"of {len(every)}")
    assert differing == []


@pytest.mark.parametrize(
    ("fold", "text", "folded"),
    [
        (casei, "GROẞE Straße", "grosse strasse"), (casei, "ĐƯỜNG NGUYỄN", "đường nguyễn"),
        (casei, "ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        (casei, "İstanbul", "i̇stanbul"), (accenti, "Đường Nguyễn Ðình Chiểu", "Duong Nguyen Dinh Chieu"),
        (accenti, unicodedata.normalize("NFD", "Hoà Bình"), "Hoa Binh"), (accenti, "København", "Kobenhavn"),
    ],
)  # fmt: skip
def test_texts_are_folded_as_their_readers_expect(fold, text, folded):
    assert fold(text) == folded
