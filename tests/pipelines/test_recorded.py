"""What every result has in common when it is recorded."""

import numpy as np
import pytest
import shapely

from pipelines.recorded import MAXIMUM_NOTICE, people, retire_last, short
from sdi.declaration import Label
from sdi.entry import Accuracy
from sdi.recording import Batch
from tests.gauges import make


@pytest.mark.parametrize(
    ("residents", "told"),
    [
        ([4, 4, 4, 4, 7], 20),
        ([4, 4, 4, 4, 10, 0], 30),
        ([6, 6, 6, 5], None),
        ([6, 6, 6, 5, 0, 0, 0], None),
        ([4000], None),
        ([], None),
    ],
)
def test_people_are_told_in_tens_and_only_where_five_inhabited_houses_stand_behind_them(residents, told):
    assert people(np.array(residents, dtype=float)) == told


@pytest.mark.parametrize(("block", "told"), [(16, 20), (17, None), (96, None)])
def test_people_are_not_told_where_more_than_four_fifths_live_in_one_house(block, told):
    assert people(np.array([1, 1, 1, 1, block], dtype=float)) == told


def test_people_are_not_told_where_nobody_knows_who_lives_in_one_of_the_houses():
    assert people(np.array([4, 4, 4, 4, 7, np.nan])) is None


def test_a_notice_is_kept_as_long_as_the_register_takes_it():
    assert short(None) is None
    assert short(Label("", "")) is None
    assert short(Label("Giả định", "Invented")) == "Giả định"
    long = short(Label("giả định " * 100, "invented"))
    assert long is not None
    assert len(long) <= MAXIMUM_NOTICE
    assert long.endswith(" …")


def test_only_the_rows_of_the_last_result_are_retired(tmp_path):
    registry = make(tmp_path).registry()
    places = np.array([shapely.box(582_000 + n, 1_110_000, 582_010 + n, 1_110_010) for n in range(3)], dtype=object)
    values = {"scenario": ["storm", "other", "storm"], "depth_class": ["from_0_10", "from_0_10", "from_0_20"]}
    values |= {"lower_m": [0.1, 0.1, 0.2], "fit_for_decisions": [False] * 3}
    with registry.transaction("test", "two runs") as tx:
        batch = Batch(geometry=places, values=values, accuracy=Accuracy(1.0, method="derived"))
        eids = registry.register("flood_depth").add(batch, tx)
    with registry.transaction("test", "again") as tx:
        retire_last(registry.register("flood_depth"), tx, scenario="storm", depth_class="from_0_10")
    assert registry.register("flood_depth").list() == eids[1:]
    with registry.transaction("test", "once more") as tx:
        retire_last(registry.register("flood_depth"), tx, scenario="storm")
    assert registry.register("flood_depth").list() == [eids[1]]
    registry.close()
