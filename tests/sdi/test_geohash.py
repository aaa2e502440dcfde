"""GeoHash: positions as texts, against published codes and against itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sdi.place import geohash

POSITIONS = st.tuples(st.floats(-180, 180, exclude_max=True), st.floats(-90, 90, exclude_max=True))


def test_published_codes_come_out():
    # geohash.org's own example, and the fields of the first characters: s begins at 0, 0, and 7 ends there.
    assert geohash.encode(np.array([[10.40744, 57.64911], [0.0, 0.0], [-1e-9, -1e-9]])) == [
        "u4pruydqqvj8", "s00000000000", "7zzzzzzzzzzz",
    ]  # fmt: skip


def test_no_positions_have_no_codes():
    assert geohash.encode(np.zeros((0, 2))) == []
    assert geohash.decode([]).shape == (0, 2)


def test_the_ends_of_the_world_have_codes():
    assert geohash.encode(np.array([[180.0, 90.0], [-180.0, -90.0]])) == ["zzzzzzzzzzzz", "000000000000"]


@given(POSITIONS)
def test_a_code_leads_back_into_its_own_cell(position):
    (code,) = geohash.encode(np.array([position]))
    middle = geohash.decode([code])
    assert geohash.encode(middle) == [code]
    half = np.array([360, 180]) / 2**31
    assert (np.abs(middle[0] - position) <= half * (1 + 1e-6)).all()
