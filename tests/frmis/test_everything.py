"""All inputs at once: rain, tide, inflows, infiltration, rough and smooth ground, levees and gates."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from frmis.forcing import Boundary, Edge, Infiltration, Inflow, Series
from frmis.ground import Ground
from frmis.simulation import Run, simulate
from frmis.structure import Gate, Schedule
from sdi.declaration import Label
from tests.frmis.ground import DATUM, MM_H, grid, laid, levels, rain, rough, scenario, started, terrain, wall

ROWS, COLUMNS = 40, 50
WEST, NORTH = 580_000.0, 1_110_000.0
TIDE = Series((0.0, 1800.0, 3600.0, 5400.0, 7200.0), (0.2, 0.9, 1.2, 0.6, -0.3))
HYDROGRAPH = Series((0.0, 1000.0, 7200.0), (0.0, 9.0, 1.0))


def parts() -> dict[str, object]:
    """Return cover, two levees and two gates for 40 by 50 cells."""
    rng = np.random.default_rng(11)
    crest_x = wall((ROWS, COLUMNS), 0.9, 20)
    crest_y = wall((COLUMNS, ROWS), 0.6, 15).T.copy()
    crest_x[18:20, 20] = crest_y[15, 30] = -np.inf
    gates = (
        Gate("north", -0.5, 1.5, ((18, 20), (19, 20)), (), (True, True)),
        Gate("lock", -1.0, 1.5, (), ((15, 30),), (False,), Schedule((0.0, 1500.0, 4000.0), (0.0, 1.0, 0.0))),
    )
    cover = {"roughness": rng.uniform(0.02, 0.1, (ROWS, COLUMNS)), "pervious": rng.random((ROWS, COLUMNS))}
    return {**cover, "crest_x": crest_x, "crest_y": crest_y, "gates": gates}


def everything(**changes: object) -> tuple[object, Ground]:
    """Return a run with all inputs and its ground."""
    ground = rough(ROWS, COLUMNS)
    ground[30:33, 30:37] = np.nan
    inflows = (
        Inflow("river", ((WEST + 3, NORTH - 100), (WEST + 3, NORTH - 180)), HYDROGRAPH),
        Inflow("pump", ((WEST + 405, NORTH - 95),), Series.constant(0.4), radius=21.0),
    )
    plain = {
        "boundary": levels(TIDE, TIDE), "rainfall": rain(60, 0.7, 0.35), "initial_level": 0.2, "inflows": inflows,
        "output_interval": 900.0, "infiltration": Infiltration(40 * MM_H, 5 * MM_H, 1 / 900),
    }  # fmt: skip
    return scenario(2, **(plain | changes)), laid(ground, **parts())


@pytest.fixture(scope="module")
def result():
    return simulate(*everything())


@pytest.mark.shows("first-flood")
def test_no_water_appears_or_vanishes_with_every_input_on(result, figure):
    ledger = json.loads(result.attrs["ledger_m3"])
    came = ledger["rain"] + sum(
        v for k, v in ledger.items() if k.startswith("entered") or k in ("inflow_river", "inflow_pump")
    )
    went = ledger["infiltration"] + sum(v for k, v in ledger.items() if k.startswith("left"))
    error = abs(ledger["volume_end"] - ledger["volume_start"] - came + went) / (ledger["volume_start"] + came)
    figure("volume error with every input on", error, "1", "≤ 1e-10, aim 1e-14")
    assert error <= 1e-13
    assert result.attrs["volume_error"] == pytest.approx(error, abs=1e-15)
    for name in ("rain", "infiltration", "inflow_river", "inflow_pump", "entered_west", "left_east"):
        assert ledger[name] > 0, name
    for name in ("rain", "inflow_river", "inflow_pump"):
        assert ledger[name] == pytest.approx(ledger[f"{name}_prescribed"], rel=1e-12)
    assert ledger["gate_north_outward"] + ledger["gate_lock_outward"] + ledger["gate_lock_inward"] > 0
    assert ledger["gate_north_inward"] == 0.0


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_still_water_stays_exactly_still_with_everything_declared(precision, figure):
    still = Inflow("pump", ((WEST + 405, NORTH - 95),), Series.constant(0.0))
    case, ground = everything(
        boundary=levels(0.37, 0.37), rainfall=rain(0, 1), initial_level=0.37, initial_extent="everywhere",
        inflows=(still,), infiltration=Infiltration.constant(0.0), precision=precision,
    )  # fmt: skip
    run = started(case, ground)
    before = run.state.water_depth.copy()
    run.advance(case.duration)
    moved = float(np.abs(run.state.water_depth - before).max())
    figure(f"movement of still water with everything declared, {precision}", moved, "m", "exactly 0")
    np.testing.assert_array_equal(run.state.water_depth, before)
    assert (before > 0).mean() > 0.2


def turned(case, ground: Ground, how: str):
    """Return the same run in a mirror."""
    values = ground.elevation.values

    def cells(array):
        return {"left and right": array[:, ::-1], "upside down": array[::-1], "transposed": array.T}[how].copy()

    def place(point):
        x, y = point[0] - WEST, NORTH - point[1]
        x, y = {
            "left and right": (COLUMNS * 10 - x, y), "upside down": (x, ROWS * 10 - y), "transposed": (y, x),
        }[how]  # fmt: skip
        return WEST + x, NORTH - y

    def face(axis, row, column):
        if how == "transposed":
            return column, row
        if how == "left and right":
            return row, (COLUMNS if axis == "x" else COLUMNS - 1) - column
        return (ROWS if axis == "y" else ROWS - 1) - row, column

    def gate(one):
        x, y = (tuple(face(axis, *at) for at in getattr(one, f"faces_{axis}")) for axis in "xy")
        swapped = {"left and right": "x", "upside down": "y", "transposed": ""}[how]
        inner = one.inner_is_after
        count = len(x)
        inner = tuple((after != (swapped == "x")) for after in inner[:count]) + tuple(
            (after != (swapped == "y")) for after in inner[count:]
        )
        return replace(
            one, faces_x=y if how == "transposed" else x, faces_y=x if how == "transposed" else y, inner_is_after=inner
        )

    sides = case.boundary.edges()
    boundary = (
        Boundary(north=sides["west"], south=sides["east"], vertical_datum=DATUM)
        if how == "transposed"
        else case.boundary
    )
    crest_x, crest_y = cells(ground.crest_x), cells(ground.crest_y)
    if how == "transposed":
        crest_x, crest_y = crest_y, crest_x
    inflows = tuple(replace(one, place=tuple(place(point) for point in one.place)) for one in case.inflows)
    return replace(case, inflows=inflows, boundary=boundary), laid(
        cells(values), roughness=cells(ground.roughness), pervious=cells(ground.pervious), crest_x=crest_x,
        crest_y=crest_y, gates=tuple(gate(one) for one in ground.gates),
    ), cells  # fmt: skip


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize("how", ["left and right", "upside down", "transposed"])
def test_water_does_not_know_where_north_is(result, how, figure):
    case, ground = everything()
    mirrored, mirror, back = turned(case, ground, how)
    other = simulate(mirrored, mirror)
    for name in ("maximum_water_depth", "maximum_depth_speed", "inundation_duration"):
        expected, found = back(result[name].values), other[name].values
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        worst = float(np.nanmax(np.abs(found - expected)))
        if name == "maximum_water_depth":
            figure(f"difference in a mirror, {how}", worst, "m", "≤ 1e-9")
        assert worst <= {"maximum_water_depth": 1e-9, "maximum_depth_speed": 1e-6, "inundation_duration": 10.0}[name]


def test_the_number_of_strips_does_not_change_a_bit_of_anything():
    runs = [started(*everything(), threads=threads) for threads in (1, 2, 5)]
    for run in runs:
        run.advance(3000.0)
        run.settle()
    for run in runs[1:]:
        assert run.ledger == runs[0].ledger
        for one, other in zip(run.state.record, runs[0].state.record, strict=True):
            assert one[1:-1, 1:-1].tobytes() == other[1:-1, 1:-1].tobytes()


def test_single_precision_keeps_its_volume_too(result):
    single = simulate(*everything(precision="float32"))
    assert single.attrs["volume_error"] <= 1e-5
    difference = (single.maximum_water_depth - result.maximum_water_depth).values
    assert np.sqrt(np.nanmean(difference**2)) < 2e-3


def test_the_result_names_the_new_quantities_and_their_units(result):
    units = {
        "maximum_speed": "m s-1", "maximum_depth_speed": "m2 s-1", "arrival_time": "s", "inundation_duration": "s",
        "hazard_class": "1",
    }  # fmt: skip
    for name, unit in units.items():
        assert result[name].dims == ("y", "x")
        assert result[name].attrs["units"] == unit
        assert np.isnan(result[name].values[31, 33]), "nothing flows there"
    assert result.maximum_speed.attrs["standard_name"] == "flood_water_speed"
    assert result.hazard_class.attrs["flag_meanings"].split() == ["dry", "h1", "h2", "h3", "h4", "h5", "h6"]
    assert result.hazard_class.attrs["flag_values"] == list(range(7))
    assert result.arrival_time.attrs["depth_threshold_m"] == 0.1


def test_what_is_remembered_agrees_with_the_depths(result):
    flooded = result.maximum_water_depth >= 0.1
    np.testing.assert_array_equal(result.arrival_time.notnull(), flooded)
    np.testing.assert_array_equal(result.inundation_duration > 0, flooded & (result.inundation_duration > 0))
    start = result.water_depth[0] >= 0.1
    np.testing.assert_array_equal(result.arrival_time == 0, start)
    always = (result.water_depth >= 0.15).all("time") & start
    assert float(result.inundation_duration.where(always).max()) == pytest.approx(7200, rel=1e-9)
    assert (
        (result.maximum_depth_speed <= result.maximum_water_depth * result.maximum_speed + 1e-3)
        .where(flooded, True)
        .all()
    )
    dry = result.maximum_water_depth < 0.01
    assert (result.hazard_class.where(dry, 0) == 0).all()
    assert float(result.hazard_class.max()) >= 4


def test_what_must_be_said_stands_in_the_result():
    case, ground = everything(notices=(Label("Trạm khác", "Another city's gauge"),))
    said = replace(ground, notices=(Label("Đê giả định", "The levee is invented"),))
    result = simulate(case, said)
    assert result.attrs["notice"] == "The levee is invented Another city's gauge"
    assert result.attrs["notice_vi"] == "Đê giả định Trạm khác"
    assert result.attrs["fit_for_decisions"] == 0
    assert simulate(replace(case, notices=()), ground).attrs["fit_for_decisions"] == 1
    assert result.attrs["ground_hash"] == said.fingerprint()


def test_flow_that_is_held_back_is_said():
    """A step of 10 s on cells of 40 m empties a quarter of a cell at 1 m/s; down this slope water runs faster."""
    ground = (0.02 * 40.0 * np.arange(30, 0, -1))[np.newaxis].repeat(3, axis=0)
    river = Inflow("river", ((WEST + 20, NORTH), (WEST + 20, NORTH - 120)), Series.constant(24.0))
    case = scenario(0.5, inflows=(river,), boundary=Boundary(east=Edge("free", slope=0.02)), roughness=0.02)
    held = simulate(case, terrain(ground, 40.0))
    assert "raise unhindered_speed" in held.attrs["warnings"]
    free = simulate(replace(case, unhindered_speed=10.0), terrain(ground, 40.0))
    assert "unhindered_speed" not in free.attrs["warnings"]
    normal = (0.02 * 0.2 / np.sqrt(0.02)) ** 0.6
    assert float(free.maximum_speed[1, 15]) == pytest.approx(0.2 / normal, rel=0.02)
    assert float(held.maximum_speed[1, 15]) < 0.7 * 0.2 / normal


def test_a_run_may_begin_from_its_parts():
    case, ground = everything()
    run = Run.begin(case, ground, grid(ROWS, COLUMNS))
    assert [source.name for source in run.sources] == ["river", "pump"]
    assert [keeper.gate.identifier for keeper in run.gates] == ["north", "lock"]
