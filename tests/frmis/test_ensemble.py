"""Several runs side by side: mean, range, share of the members, agreement of the extents."""

from __future__ import annotations

import numpy as np
import pytest

from frmis.ensemble import agreement, agreements, areas, on_one_grid, statistics
from sdi.errors import InputError
from tests.frmis.ground import grid


def depth(*rows, cell=10.0):
    """Lay largest depths [m] on a grid."""
    values = np.asarray(rows, dtype=float)
    return grid(*values.shape, cell).array(values, units="m")


def test_three_members_of_one_cell_by_hand():
    found = statistics([depth([0.0, 0.0]), depth([0.2, 0.2]), depth([0.4, 0.4])])
    got = {name: round(float(layer.values[0, 0]), 6) for name, layer in found.data_vars.items()}
    assert got == {
        "mean_depth": 0.2, "minimum_depth": 0.0, "maximum_depth": 0.4, "disagreement": 0.4,
        "share_wet": round(float(np.float32(2 / 3)), 6),
    }  # fmt: skip


def test_where_one_member_has_no_ground_the_ensemble_says_nothing():
    found = statistics([depth([0.2, np.nan]), depth([0.4, 0.4])])
    for layer in found.data_vars.values():
        assert np.isfinite(layer.values).tolist() == [[True, False]]


def test_equal_members_do_not_disagree():
    found = statistics([depth([0.2, 0.0])] * 3)
    assert float(found.disagreement.max()) == 0.0
    assert found.share_wet.values.tolist() == [[1.0, 0.0]]


def test_agreement_by_hand():
    # Wet from 0.10 m: the first in cells 0 and 1, the second in 1 and 2; one cell of three in both.
    said = agreement(("a", depth([0.3, 0.2, 0.0, 0.0])), ("b", depth([0.0, 0.4, 0.5, 0.0])))
    assert said.critical_success_index == pytest.approx(1 / 3)
    assert (said.area_first, said.area_second, said.area_both) == (200.0, 200.0, 100.0)
    assert said.mean_difference == pytest.approx((-0.3 + 0.2 + 0.5) / 3)
    assert said.mean_absolute_difference == pytest.approx(1.0 / 3)
    assert said.correlation == pytest.approx(np.corrcoef([0.3, 0.2, 0, 0], [0, 0.4, 0.5, 0])[0, 1])


def test_dry_members_have_no_index_and_no_correlation():
    said = agreement(("a", depth([0.0, 0.0])), ("b", depth([0.0, 0.0])))
    assert said.critical_success_index is None
    assert said.correlation is None
    assert said.mean_difference == 0.0


def test_every_pair_is_compared_once():
    members = {name: depth([0.1, 0.2]) for name in "abc"}
    assert [(one.first, one.second) for one in agreements(members)] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_members_come_to_the_grid_of_the_first_and_it_is_said_which_were_moved():
    plane = np.arange(16, dtype=float).reshape(4, 4)
    coarse = grid(2, 2, 20.0).array(plane.reshape(2, 2, 2, 2).mean(axis=(1, 3)), units="m")
    brought, moved = on_one_grid({"fine": depth(*plane), "coarse": coarse})
    assert moved == ("coarse",)
    assert brought["coarse"].shape == (4, 4)
    # Bilinear: a plane stays the plane between the centres of the coarse cells, nothing is invented beyond them.
    np.testing.assert_allclose(brought["coarse"].values[1:3, 1:3], plane[1:3, 1:3], atol=1e-6)
    assert np.isnan(brought["coarse"].values[0]).all()


def test_one_member_is_no_ensemble():
    with pytest.raises(InputError, match="at least two terrains"):
        on_one_grid({"alone": depth([0.1, 0.1])})


def test_areas_tell_where_all_and_where_some_are_flooded():
    members = [depth([0.3, 0.3, 0.0, 0.0]), depth([0.3, 0.0, 0.0, 0.2])]
    found = areas(statistics(members), 2)
    size = found.assign(area=found.area).groupby("agreement")["area"].sum()
    assert size.to_dict() == {"all": 100.0, "some": 200.0}
    assert found.geometry.is_valid.all()


def test_areas_of_three_members_count_two_of_three_as_some():
    found = areas(statistics([depth([0.3, 0.3]), depth([0.3, 0.3]), depth([0.0, 0.3])]), 3)
    assert found.assign(area=found.area).groupby("agreement")["area"].sum().to_dict() == {"all": 100.0, "some": 100.0}


def test_no_area_where_all_are_dry():
    assert len(areas(statistics([depth([0.0, 0.05]), depth([0.0, 0.0])]), 2)) == 0
