"""Case 2: a ward is split, and neither its trees nor its people follow the area.

Bùi Hữu Nghĩa of 2025 in round figures: 1.83 km² and 330 people went to Cái Khế, the rest to Bình Thủy.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from sdi.lineage.reexpression import recount, reexpress
from sdi.lineage.step import Step
from tests.model import X, Y, add, retire, square, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]

DAY = "2025-07-01"
WHOLE_M2, PART_M2 = 7_320_000, 1_830_000
PEOPLE, PART_PEOPLE = 33_000, 330
TREES = 1_000


@pytest.fixture
def split(book):
    """A ward 3,660 m by 2,000 m whose western quarter goes to one neighbour and the rest to the other."""
    before, west, rest = square(0, 0, 3660, 2000), square(0, 0, 915, 2000), square(915, 0, 2745, 2000)
    with writing(book, "before") as tx:
        (ward,) = add(book, "ward", tx, places=[before], values={"people": [PEOPLE]}, names={"vi": ["Bùi Hữu Nghĩa"]})
    with writing(book, "reform") as tx:
        parts = add(book, "ward", tx, places=[west, rest], since=DAY, names={"vi": ["Cái Khế", "Bình Thủy"]})
        retire(book, [ward], tx, DAY, "merged_away")
        share = PART_M2 / WHOLE_M2
        book.lineage.record(
            [
                Step(ward, parts[0], "transfer", DAY, "press", "1668/NQ-UBTVQH15", share, PART_PEOPLE / PEOPLE,
                     PART_M2, PART_PEOPLE),
                Step(ward, parts[1], "merge", DAY, "press", "1668/NQ-UBTVQH15", 1 - share, 1 - PART_PEOPLE / PEOPLE,
                     WHOLE_M2 - PART_M2, PEOPLE - PART_PEOPLE),
            ],
            tx,
        )  # fmt: skip
    return ward, parts


def test_every_tree_falls_in_exactly_one_successor(book, split):
    """Every tree falls in exactly one successor."""
    ward, parts = split
    random = np.random.default_rng(92)
    places = shapely.points(X + random.uniform(0, 3660, TREES), Y + random.uniform(0, 2000, TREES))
    places[0] = shapely.Point(X + 915, Y + 1000)  # on the new boundary
    units = {heir.eid: book.register("ward").find(heir.eid).geometry for heir in book.resolve(ward)}
    found = recount(places, units)
    assert set(units) == set(parts)
    assert None not in found
    assert found[0] == min(parts)
    assert found.count(parts[0]) + found.count(parts[1]) == TREES


def test_area_shares_sum_to_one_and_are_those_of_the_places(book, split):
    """Area shares sum to 1."""
    ward, _ = split
    area = book.register("ward").find(ward, valid="2025-06-30").geometry.area
    shares = {heir.eid: heir.area_share for heir in book.resolve(ward)}
    assert math.fsum(shares.values()) == pytest.approx(1, abs=1e-6)
    for eid, share in shares.items():
        assert share == pytest.approx(book.register("ward").find(eid).geometry.area / area, abs=1e-9)


def test_330_people_move_and_not_a_quarter_of_them(book, split, figure):
    """Population uses 330, not the area ratio."""
    ward, (west, rest) = split
    moved = reexpress(book, {ward: PEOPLE}, "2025-06-30", DAY, weight="population").values
    by_area = reexpress(book, {ward: PEOPLE}, "2025-06-30", DAY, weight="area").values
    figure("people of Bùi Hữu Nghĩa who move to Cái Khế", moved[west], bound="330")
    assert moved == pytest.approx({west: 330, rest: 32_670}, abs=1e-6)
    assert by_area[west] == pytest.approx(8_250)  # what the area would have said
    (step,) = [one for one in book.lineage.steps(ward) if one.child == west]
    assert (step.population, step.area_m2, step.decision) == (330, 1_830_000, "1668/NQ-UBTVQH15")
