"""Filters are read in both encodings, and refused before they cost anything."""

from __future__ import annotations

import threading

import orjson
import pytest

from sdi.errors import InputError
from sdi.filter.reading import MAXIMUM_DEPTH, MAXIMUM_LENGTH, read, to_text

DEEP = 4_000


@pytest.fixture(scope="module")
def examples(shared_data):
    """Return the folder of the examples of the standard."""
    return shared_data.parent / "schemas" / "cql2" / "1.0.0" / "examples"


@pytest.mark.shows("service")
def test_every_pair_of_examples_is_one_filter_in_two_spellings(examples, figure):
    names = sorted(one.stem for one in (examples / "json").glob("*.json"))
    for name in names:
        text = (examples / "text" / f"{name}.txt").read_text(encoding="utf-8")
        said = (examples / "json" / f"{name}.json").read_text(encoding="utf-8")
        tree = read(text)
        assert tree == orjson.loads(said) == read(said, "cql2-json"), name
        assert read(to_text(tree)) == tree, name
    figure("pairs of text and JSON that are one filter, there and back", len(names), unit="of 109")
    assert len(names) == 109


def test_the_alternative_spellings_mean_the_same_as_the_example(examples):
    others = sorted((examples / "text").glob("*-alt*.txt"))
    assert len(others) == 11
    for other in others:
        twin = other.with_name(other.name.split("-alt")[0] + ".txt")
        assert read(other.read_text(encoding="utf-8")) == read(twin.read_text(encoding="utf-8")), other.name


@pytest.mark.parametrize(
    "text",
    [
        "(" * DEEP + "a=1" + ")" * DEEP,
        "NOT " * (DEEP // 3) + "a=1",
        "a=" + "-" * DEEP + "1",
        "a=" + "- " * (DEEP // 2) + "1",
        "f(" * (DEEP // 2) + "a" + ")" * (DEEP // 2) + "=1",
        "(a=1 AND " * 700 + "a=1" + ")" * 700,
        "a='" + "x" * MAXIMUM_LENGTH + "'",
        " AND ".join(["a=1"] * 900),
    ],
)
def test_a_filter_that_is_too_deep_or_too_long_is_refused_before_the_grammar_is_read(text):
    answers = []

    def ask():
        with pytest.raises(InputError, match=r"at most|levels deep|names, values"):
            read(text)
        answers.append("refused")

    small = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(small)
    assert answers == ["refused"]


def test_the_deepest_filter_that_is_read_fits_a_small_stack():
    trees = []
    small = threading.stack_size(512 * 1024)
    try:
        deep = MAXIMUM_DEPTH - 1
        thread = threading.Thread(target=lambda: trees.append(read("(NOT " * deep + "a=1" + ")" * deep)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(small)
    assert len(trees) == 1


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("a = ", "cql2-text", "line 1, character"),
        ("a = 1; DROP TABLE x", "cql2-text", "line 1, character"),
        ("", "cql2-text", "no cql2-text"),
        ("a = 1e400", "cql2-text", "too large"),
        ("{", "cql2-json", "no cql2-json"),
        ('{"op":"not","args":[' * 200 + "true" + "]}" * 200, "cql2-json", "levels deep"),
        ("a = 1", "ecql", "expected one of cql2-text, cql2-json"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_place_where_it_ends(text, language, said):
    with pytest.raises(InputError, match=said):
        read(text, language)
