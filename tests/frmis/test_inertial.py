"""The kernel: exactly still, exactly conservative, the same as its reference."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from frmis.solver import reference
from frmis.solver.inertial import coefficients, inverse_cube_root
from frmis.solver.state import QUANTUM, State
from tests.frmis.ground import levels, rain, rough, scenario, started


@njit
def _roots(values, result):
    for i in range(values.size):
        result[i] = inverse_cube_root(values[i])


@pytest.mark.parametrize(("real", "bound"), [(np.float64, 5e-11), (np.float32, 1e-6)])
def test_the_cube_root_holds_its_accuracy_from_a_film_to_the_sea(real, bound):
    depths = np.logspace(-9, 4, 100_001).astype(real)
    roots = np.empty_like(depths)
    _roots(depths, roots)
    assert roots.dtype == real
    assert np.abs(roots.astype(float) * np.cbrt(depths.astype(float)) - 1).max() < bound


@pytest.mark.shows("foundation")
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("level", [1.0, 0.37, -0.123456789, 0.1 + 1 / 3])
def test_water_at_rest_over_rough_emerging_ground_stays_exactly_still(precision, level, figure):
    water = {"boundary": levels(level, level), "initial_level": level, "initial_extent": "everywhere"}
    case = scenario(6, precision=precision, **water)
    run = started(case, rough())
    before = run.state.water_depth.copy()
    assert 0.2 < (before > 0).mean() < 0.95, "some ground must emerge and some be under water"
    run.advance(case.duration)
    moved = float(np.abs(run.state.water_depth - before).max())
    flow = float(max(np.abs(run.state.flow_x).max(), np.abs(run.state.flow_y).max()))
    figure(f"movement of still water, {precision}, level {level:g}", moved, "m", "exactly 0")
    assert moved == 0.0
    assert flow == 0.0
    surface = (run.state.bed[1:-1, 1:-1].astype(float) + run.state.water_depth)[before > 0]
    assert np.ptp(surface) == 0.0


def test_still_water_is_still_in_a_basin_whose_level_is_no_round_number():
    case = scenario(2, initial_level=0.7654321, initial_extent="everywhere")
    run = started(case, rough(seed=4))
    before = run.state.water_depth.copy()
    run.advance(case.duration)
    np.testing.assert_array_equal(run.state.water_depth, before)


def rained_upon(precision: str = "float64", rows: int = 23, columns: int = 31) -> State:
    """Return a state full of slopes, films, dry and inactive cells, levees, streets and fields."""
    rng = np.random.default_rng(5)
    ground = rough(rows, columns, seed=2)
    ground[5:9, 3:6] = np.nan
    manning, pervious = rng.uniform(0.02, 0.1, ground.shape), rng.random(ground.shape)
    state = State.dry(ground, precision, manning=manning, pervious=pervious)
    state.fill(np.where(rng.random(ground.shape) < 0.5, rng.gamma(1.0, 0.3, ground.shape), 0.0))
    crest_x, crest_y = (
        np.where(rng.random(shape) < 0.1, rng.uniform(-1, 1.5, shape), -np.inf)
        for shape in ((rows, columns + 1), (rows + 1, columns))
    )
    state.stand(crest_x, crest_y)
    state.crests_x.ahead[::3] = 0
    state.crests_y.back[::3] = 0
    state.open_side("west")
    state.set_level("west", 0.8)
    return state


def test_the_kernel_does_what_the_reference_does():
    state = rained_upon()
    water, record = (type(one)(*(array.copy() for array in one)) for one in (state.water, state.record))
    c = coefficients(np.float64, 0.9, (10.0, 12.0), blend=0.85, rain=1e-5, soak=2e-5, time=1.0)
    for number in range(300):
        c = c._replace(time=float(number))
        state.set_level("west", 0.8)
        water.depth[:, 0] = state.depth[:, 0]
        state.step(c)
        water = reference.step(state.site, state.crests_x, state.crests_y, water, record, c)
    inner = slice(1, -1), slice(1, -1)
    for found, expected in zip(state.water, water, strict=True):
        np.testing.assert_allclose(found[inner], expected[inner], rtol=0, atol=1e-9)
    for name in state.record._fields:
        bound = 1e-6 if name in {"speed", "discharge"} else 1e-9
        np.testing.assert_allclose(
            getattr(state.record, name)[inner], getattr(record, name)[inner], rtol=bound, atol=bound, err_msg=name
        )
    assert state.record.soaked.max() > 1e-4
    assert np.isfinite(state.record.arrival[inner]).any()


def test_the_number_of_strips_does_not_change_a_bit():
    case = scenario(0.5, boundary=levels(0.9), rainfall=rain(80, 0.25))
    runs = [started(case, rough(61, 37), threads=threads) for threads in (1, 2, 5)]
    for run in runs:
        run.advance(case.duration)
    for run in runs[1:]:
        assert run.state.water_depth.tobytes() == runs[0].state.water_depth.tobytes()
        assert run.ledger == runs[0].ledger


def test_single_precision_stays_close_to_double():
    depths = []
    for precision in ("float64", "float32"):
        case = scenario(1, rainfall=rain(50, 1), precision=precision)
        run = started(case, rough())
        run.advance(case.duration)
        depths.append(run.state.water_depth.astype(float))
    assert np.sqrt(np.mean((depths[0] - depths[1]) ** 2)) < 1e-3


def test_single_precision_keeps_its_millimetres_high_above_the_sea():
    case = scenario(1, initial_level=1500.75, initial_extent="everywhere", precision="float32")
    run = started(case, rough() + 1500)
    before = run.state.water_depth.copy()
    run.advance(case.duration)
    np.testing.assert_array_equal(run.state.water_depth, before)
    assert run.state.elevation[0, 0] == pytest.approx(rough()[0, 0] + 1500, abs=QUANTUM["float32"])


def test_a_film_thinner_than_a_hair_does_not_slow_down_into_denormal_numbers():
    case = scenario(3, rainfall=rain(0.001, 0.1))
    run = started(case, rough())
    run.advance(case.duration)
    flows = np.concatenate([run.state.flow_x.ravel(), run.state.flow_y.ravel(), run.state.depth.ravel()])
    small = np.abs(flows[flows != 0])
    assert small.size == 0 or small.min() >= 1e-20
