"""A whole run: what goes in, what comes out, what the ledger says of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import frmis
from frmis.forcing import Rainfall, Series
from frmis.simulation import simulate
from sdi.errors import InputError, NumericalError, RefusedError
from tests.frmis.ground import MM_H, grid, levels, rain, rough, scenario, started, terrain

TIDE = Series((0.0, 1800.0, 3600.0, 5400.0, 7200.0), (0.2, 0.9, 1.2, 0.6, -0.3))


@pytest.fixture(scope="module")
def stormy():
    """Rain, a tide at two sides, rough ground with a hole: everything at once."""
    ground = rough(60, 80)
    ground[20:25, 30:37] = np.nan
    case = scenario(
        2, boundary=levels(TIDE, TIDE), rainfall=rain(60, 0.7, 0.35), initial_level=0.2, output_interval=900.0
    )
    return simulate(case, terrain(ground)), case, ground


@pytest.mark.shows("foundation")
def test_no_water_appears_or_vanishes(stormy, figure):
    result, _, _ = stormy
    ledger = json.loads(result.attrs["ledger_m3"])
    entered = sum(volume for name, volume in ledger.items() if name.startswith("entered"))
    left = sum(volume for name, volume in ledger.items() if name.startswith("left"))
    balance = ledger["volume_end"] - ledger["volume_start"] - ledger["rain"] - entered + left
    error = abs(balance) / (ledger["volume_start"] + ledger["rain"] + entered)
    figure("volume error, rain and tide over rough ground", error, "1", "≤ 1e-10")
    assert error <= 1e-10
    assert result.attrs["volume_error"] == pytest.approx(error, abs=1e-15)
    assert ledger["entered_west"] > 0
    assert ledger["left_east"] > 0
    assert ledger["entered_north"] == ledger["left_south"] == 0


@pytest.mark.shows("foundation")
def test_the_rain_that_is_booked_is_the_rain_that_was_prescribed(stormy, figure):
    result, case, ground = stormy
    ledger = json.loads(result.attrs["ledger_m3"])
    area = np.isfinite(ground).sum() * 100.0
    expected = 60 * MM_H * 0.7 * 3600 * area
    figure("rain booked against intensity x area x time", abs(ledger["rain"] / expected - 1), "1", "≤ 1e-10")
    assert ledger["rain"] == pytest.approx(expected, rel=1e-10)
    assert ledger["rain_prescribed"] == pytest.approx(expected, rel=1e-12)
    assert case.rainfall.depth(1800) == pytest.approx(60 * MM_H * 540)


def test_the_depths_of_the_result_hold_the_volumes_of_the_ledger(stormy):
    result, _, _ = stormy
    ledger = json.loads(result.attrs["ledger_m3"])
    volume = result.water_depth.sum(("y", "x")).values * 100.0
    assert volume[0] == pytest.approx(ledger["volume_start"], rel=1e-12)
    assert volume[-1] == pytest.approx(ledger["volume_end"], rel=1e-12)


def test_the_volume_in_a_closed_basin_is_the_rain():
    result = simulate(scenario(1, rainfall=rain(100, 0.5)), terrain(rough()))
    assert float(result.water_depth[-1].mean()) == pytest.approx(0.05, rel=1e-12)


def test_two_runs_of_one_scenario_are_equal_to_the_byte(stormy):
    result, case, ground = stormy
    again = frmis.simulate(case, terrain(ground))
    assert again.attrs == result.attrs
    for name in result.data_vars:
        assert again[name].values.tobytes() == result[name].values.tobytes()


def test_nothing_flows_where_there_is_no_ground(stormy):
    result, _, ground = stormy
    missing = ~np.isfinite(ground)
    for name in ("maximum_water_depth", "maximum_water_level", "time_of_maximum"):
        assert np.isnan(result[name].values[missing]).all()
    assert np.isnan(result.water_depth.values[:, missing]).all()
    assert np.isfinite(result.water_depth.values[:, ~missing]).all()


def test_the_result_names_quantities_units_datum_and_time(stormy):
    result, case, _ = stormy
    assert result.water_depth.dims == result.water_level.dims == ("time", "y", "x")
    assert result.water_depth.attrs["standard_name"] == "flood_water_thickness"
    assert result.water_level.attrs["standard_name"] == "water_surface_height_above_reference_datum"
    assert {result[name].attrs["units"] for name in result.data_vars} == {"m", "s", "m s-1", "m2 s-1", "1"}
    assert result.water_level.attrs["vertical_datum"] == "hon_dau"
    assert result.rio.crs.to_epsg() == 5897
    assert len(result.time) == 9
    elapsed = (result.time - result.time[0]).values / np.timedelta64(1, "s")
    np.testing.assert_array_equal(elapsed, np.arange(9) * 900.0)
    assert result.attrs["scenario"] == case.pinned(result.attrs["terrain_hash"]).identifier


def test_the_maximum_is_the_largest_depth_and_knows_when_it_came(stormy):
    result, _, _ = stormy
    largest = result.water_depth.max("time")
    assert (result.maximum_water_depth >= largest - 1e-12).where(largest.notnull(), True).all()
    wet = result.maximum_water_depth >= 0.01
    assert result.time_of_maximum.where(wet).max() <= 7200
    np.testing.assert_array_equal(np.isfinite(result.maximum_water_level), wet)
    assert result.water_level.notnull().sum() == (result.water_depth >= 0.01).sum()


def test_rain_that_ends_before_the_run_leaves_the_last_depths_falling_nowhere():
    case = scenario(1, rainfall=Rainfall((0.0, 100.0, 1300.0), (0.0, 30 * MM_H)), output_interval=100.0)
    result = simulate(case, terrain(np.zeros((5, 5))))
    depths = result.water_depth.values[:, 2, 2]
    assert depths[1] == 0.0
    np.testing.assert_allclose(np.diff(depths[1:14]), 30 * MM_H * 100, rtol=1e-9)
    np.testing.assert_array_equal(depths[13:], depths[13])


def test_the_last_result_stands_at_the_end_even_where_the_interval_does_not_divide_it():
    result = simulate(scenario(1, output_interval=1000.0), terrain(rough()))
    elapsed = (result.time - result.time[0]).values / np.timedelta64(1, "s")
    np.testing.assert_array_equal(elapsed, [0.0, 1000.0, 2000.0, 3000.0, 3600.0])


def test_water_at_a_level_comes_in_only_where_the_bed_is_low_enough():
    ground = np.full((20, 30), 0.5)
    ground[8:12] = -2.0
    everywhere = started(scenario(boundary=levels(1.0)), ground)
    river = started(scenario(boundary=levels(1.0, highest_bed=-1.0)), ground)
    for run in (everywhere, river):
        run.advance(5.0)
        assert run.state.water_depth[9, 0] > 0
    assert everywhere.state.water_depth[0, 0] > 0
    assert river.state.water_depth[0, 0] == 0


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(("beside", "below"), [(np.nan, {}), (0.5, {"highest_bed": -1.0})])
def test_a_level_at_an_edge_that_reaches_no_cell_is_told(beside, below):
    ground = np.full((20, 30), -2.0)
    ground[:, 0] = beside
    result = simulate(scenario(0.1, boundary=levels(1.0, **below)), terrain(ground))
    assert float(result.maximum_water_depth.max()) == 0.0
    assert "The level in the west reaches no cell" in result.attrs["notice"]
    assert "Mực nước ở biên phía tây không chạm ô nào" in result.attrs["notice_vi"]
    assert not result.attrs["fit_for_decisions"]


def test_the_water_at_the_start_fills_what_the_edge_reaches():
    ground = np.full((9, 20), 1.2)
    ground[4, :10] = -1.0
    ground[4, 14:] = -1.0
    connected = simulate(scenario(1, boundary=levels(0.5), initial_level=0.5), terrain(ground))
    start = connected.water_depth.values[0]
    assert start[4, 0] == 1.5
    assert start[4, 16] == 0.0
    everywhere = scenario(1, boundary=levels(0.5), initial_level=0.5, initial_extent="everywhere")
    assert simulate(everywhere, terrain(ground)).water_depth.values[0, 4, 16] == 1.5


def test_progress_ends_at_one_and_never_falls_back():
    told = []
    simulate(scenario(1, rainfall=rain(50, 1), output_interval=300.0), terrain(rough()), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) >= 12


def test_a_depth_that_is_no_number_stops_the_run_and_names_its_cell():
    run = started(scenario(1), rough())
    run.advance(60.0)
    run.state.depth[5, 7] = np.nan
    with pytest.raises(NumericalError, match="row 4, column 6") as caught:
        run.advance(61.0)
    assert caught.value.details["time_s"] == 61.0


def test_a_step_below_the_smallest_stops_the_run():
    case = scenario(1, initial_level=50.0, initial_extent="everywhere", minimum_step=5.0)
    with pytest.raises(NumericalError, match="less than the smallest"):
        simulate(case, terrain(np.zeros((5, 5))))


def test_a_terrain_without_a_datum_is_refused_unless_allowed_and_then_the_result_says_so():
    ground = terrain(rough(), datum=None)
    with pytest.raises(RefusedError, match="allow_poor_terrain") as caught:
        simulate(scenario(), ground)
    assert caught.value.code == "terrain-poor"
    result = simulate(scenario(allow_poor_terrain=True), ground)
    assert result.attrs["fit_for_decisions"] == 0
    assert "datum is not stated" in result.attrs["notice"]
    assert "không rõ mốc" in result.attrs["notice_vi"]
    assert "datum is not stated" in json.loads(result.attrs["warnings"])[0]


def test_a_good_terrain_gives_a_result_without_a_notice():
    result = simulate(scenario(), terrain(rough()))
    assert result.attrs["fit_for_decisions"] == 1
    assert "notice" not in result.attrs


def test_levels_on_another_datum_than_the_ground_are_refused():
    with pytest.raises(RefusedError, match="heights stand on egm96, the water levels on hon_dau"):
        simulate(scenario(boundary=levels(1.0)), terrain(rough(), datum="egm96"))


def test_degrees_are_refused_whatever_is_allowed():
    degrees = terrain(rough()).rio.write_crs("EPSG:4326")
    with pytest.raises(RefusedError, match="resample it to a projected CRS"):
        simulate(scenario(allow_poor_terrain=True), degrees)


def test_a_scenario_pinned_to_one_terrain_does_not_run_on_another():
    with pytest.raises(InputError, match="has content"):
        simulate(replace(scenario(), terrain_hash="0" * 64), terrain(rough()))


def test_a_terrain_without_any_ground_is_refused():
    with pytest.raises(InputError, match="no cell with an elevation"):
        simulate(scenario(allow_poor_terrain=True), terrain(np.full((5, 5), np.nan)))


def test_the_order_of_dimensions_does_not_matter():
    upright = simulate(scenario(rainfall=rain(50, 0.2)), terrain(rough()))
    turned = simulate(scenario(rainfall=rain(50, 0.2)), terrain(rough()).transpose("x", "y"))
    np.testing.assert_array_equal(upright.water_depth, turned.water_depth)


def test_the_grid_of_the_result_is_the_grid_of_the_terrain():
    result = simulate(scenario(), terrain(rough()))
    assert type(grid(40, 50)).from_dataarray(result.maximum_water_depth) == grid(40, 50)
