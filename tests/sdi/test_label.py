"""Field labels: a typing error is noticed whatever it is, and no label is made twice."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from sdi import label
from sdi.errors import InputError

SOME = label.make(200, random.Random(92).randbytes, lambda _drawn: set())


@pytest.mark.shows("shared-model")
def test_every_single_wrong_character_is_noticed(figure):
    tried = missed = 0
    for one in SOME:
        for place in range(len(one)):
            for other in set(label.ALPHABET) - {one[place]}:
                tried += 1
                missed += label.is_right(one[:place] + other + one[place + 1 :])
    figure("labels with one wrong character that pass", missed, bound=f"0 of {tried:,}")
    assert (tried, missed) == (200 * 9 * 31, 0)


@pytest.mark.shows("shared-model")
def test_every_exchange_of_two_characters_is_noticed(figure):
    tried = missed = 0
    for one in SOME:
        for first, second in combinations(range(len(one)), 2):
            if one[first] != one[second]:
                typed = list(one)
                typed[first], typed[second] = typed[second], typed[first]
                tried += 1
                missed += label.is_right("".join(typed))
    figure("labels with two characters exchanged that pass", missed, bound=f"0 of {tried:,}")
    assert tried > 6_000
    assert missed == 0


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("0000-0000-0", "000000000"), (" oooo oooo o", "000000000"), ("0000000iI", "000000011"),
     ("0000000l1", "000000011")],
)  # fmt: skip
def test_what_looks_alike_is_read_alike(typed, kept):
    assert label.read(typed) == kept


@pytest.mark.parametrize("typed", ["000000010", "00000010O", "000000100"])
def test_a_mistyped_label_is_refused(typed):
    with pytest.raises(InputError, match="has a typing error") as caught:
        label.read(typed)
    assert caught.value.code == "label-mistyped"


def test_the_check_character_is_that_of_crockford():
    # 16 * 32**0 + 1 * 32**1 = 48 = 37 + 11: B; 1 * 32 + 4 = 36 would be U, which is no letter of a label
    assert label.check_character("0000001G") == "B"
    assert label.check_character("00000014") is None


def test_labels_that_are_borne_are_not_made_again():
    first = label.make(50, random.Random(1).randbytes, lambda _drawn: set())
    again = label.make(50, random.Random(1).randbytes, lambda drawn: set(drawn) & set(first))
    assert len(set(first)) == len(set(again)) == 50
    assert set(first).isdisjoint(again)


@pytest.mark.parametrize("text", ["", "4F7K2Q9X", "4F7K2Q9X77", "4F7K2Q9XU", "B7"])
def test_other_texts_are_no_labels(text):
    assert not label.looks_like_one(text)
    with pytest.raises(InputError, match="is no label"):
        label.read(text)
