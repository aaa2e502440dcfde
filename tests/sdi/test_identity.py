"""Identifiers: unique, ordered, the same in every seeded build."""

import uuid

import pytest

from sdi.errors import InputError
from sdi.identity import Ids, check_code, is_identifier, normalised


def test_identifiers_are_uuid_version_7_in_canonical_form():
    for text in Ids.system().take(1000):
        made = uuid.UUID(text)
        assert made.version == 7
        assert made.variant == uuid.RFC_4122
        assert is_identifier(text)


def test_identifiers_sort_in_the_order_they_were_made_across_calls():
    ids = Ids.system()
    made = [one for _ in range(50) for one in ids.take(300)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_clock_that_jumps_back_does_not_reorder_identifiers():
    times = iter([2_000_000, 1_000_000])
    ids = Ids(bytes, lambda: next(times))
    first, second = ids.take(1)[0], ids.take(1)[0]
    assert first < second


def test_two_seeded_sources_name_things_alike():
    assert Ids.seeded(92).take(5000) == Ids.seeded(92).take(5000)
    assert Ids.seeded(92).take(10) != Ids.seeded(93).take(10)


def test_codes_are_compared_without_case_and_doubled_spaces():
    assert normalised("  ct  0012a ") == "CT 0012A"


def test_a_code_that_lost_its_leading_zero_is_refused_with_a_hint():
    with pytest.raises(InputError, match="leading zeros"):
        check_code("vn-gso-ward", r"\d{5}", "1135")


def test_an_empty_code_is_refused():
    with pytest.raises(InputError, match="empty"):
        check_code("vn-gso-ward", r"\d{5}", "  ")
