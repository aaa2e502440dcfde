from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdi.tile.varint import encoded, lengths, one, zigzag


def decoded(written: bytes) -> list[int]:
    """Read numbers by the rule of the standard, one bit group at a time."""
    numbers, number, shift = [], 0, 0
    for byte in written:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_what_is_written_is_read_back(numbers):
    row = np.array(numbers, dtype=np.int64)
    assert decoded(encoded(row)) == numbers
    assert encoded(row) == b"".join(map(one, numbers))
    assert lengths(row).tolist() == [len(one(number)) for number in numbers]


@pytest.mark.parametrize(("number", "bits"), [(0, 0), (-1, 1), (1, 2), (-2, 3), (2**31, 2**32), (-(2**31), 2**32 - 1)])
def test_signs_go_to_the_last_bit(number, bits):
    assert zigzag(np.array([number])).tolist() == [bits]
