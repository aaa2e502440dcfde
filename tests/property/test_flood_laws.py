"""Laws of water that hold on every terrain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from frmis.solver.inertial import GRAVITY, coefficients
from frmis.solver.state import SIDES, State

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 12))
HEIGHTS = st.floats(-5.0, 20.0, width=32) | st.just(float("nan"))
FEW = settings(max_examples=60, deadline=None)


@st.composite
def wet_terrains(draw):
    """Ground with holes, and some water on it."""
    shape = draw(SHAPES)
    ground = draw(arrays(float, shape, elements=HEIGHTS, fill=st.nothing()))
    if not np.isfinite(ground).any():
        ground[0, 0] = 1.0
    depth = draw(arrays(float, shape, elements=st.sampled_from([0.0, 1e-9, 1e-4, 0.01, 0.3, 2.0, 8.0])))
    return ground, depth


def wet(ground, depth, opened=()):
    state = State.dry(ground, manning=0.03)
    state.fill(depth)
    for side in opened:
        state.open_side(side)
    return state


def steps(state, count=40, rain=0.0, level=None, opened=()):
    """Advance; return what came in over the open sides [m3 on cells of 10 m]."""
    entered = 0.0
    for _ in range(count):
        outside = [state.set_level(side, level) for side in opened]
        deepest = max(float(state.depth.max()), *outside, 0.01)
        step = 0.5 * 10.0 / np.sqrt(GRAVITY * deepest)
        state.step(coefficients(np.float64, step, (10.0, 10.0), blend=0.9, rain=rain))
        for side in opened:
            inward = 1 if side in {"north", "west"} else -1
            entered += inward * float(state.flow_over(side).sum()) * 10.0 * step
    return entered


@FEW
@given(wet_terrains(), st.sampled_from([0.0, 1e-6, 1e-3]))
def test_a_closed_basin_keeps_its_water_and_takes_every_drop_of_rain(case, rain):
    state = wet(*case)
    before = state.volume(100.0)
    steps(state, rain=rain)
    fallen = 40 * rain * state.active.sum() * 100.0
    assert state.volume(100.0) == pytest.approx(before + fallen, rel=1e-11, abs=1e-9)


@FEW
@given(wet_terrains(), st.floats(-6, 21), st.sets(st.sampled_from(SIDES), min_size=1))
def test_what_crosses_open_sides_is_all_that_changes(case, level, opened):
    state = wet(*case, opened=sorted(opened))
    before = state.volume(100.0)
    entered = steps(state, level=level, opened=sorted(opened))
    scale = before + state.volume(100.0) + abs(entered)
    assert state.volume(100.0) - before == pytest.approx(entered, rel=1e-9, abs=1e-10 * scale + 1e-9)


@FEW
@given(wet_terrains())
def test_no_depth_is_negative_and_none_leaves_the_terrain(case):
    state = wet(*case)
    steps(state)
    assert (state.water_depth >= 0).all()
    assert (state.water_depth[~state.active] == 0).all()
    assert np.isfinite(state.water_depth).all()


@FEW
@given(wet_terrains(), st.sampled_from(["transposed", "upside down", "left and right", "turned"]))
def test_water_does_not_know_where_north_is(case, how):
    turn = {
        "transposed": lambda a: a.T, "upside down": lambda a: a[::-1], "left and right": lambda a: a[:, ::-1],
        "turned": np.rot90,
    }[how]  # fmt: skip
    ground, depth = case
    one, other = wet(ground, depth), wet(np.ascontiguousarray(turn(ground)), np.ascontiguousarray(turn(depth)))
    steps(one, rain=1e-5)
    steps(other, rain=1e-5)
    np.testing.assert_allclose(other.water_depth, turn(one.water_depth), rtol=0, atol=1e-12)


@FEW
@given(wet_terrains(), st.floats(-6, 21, width=32), st.sampled_from(["float64", "float32"]))
def test_a_lake_is_still_on_every_ground(case, level, precision):
    ground, _ = case
    state = State.dry(ground, precision, manning=0.03)
    state.fill_to(level, state.active)
    before = state.water_depth.copy()
    for _ in range(20):
        state.step(coefficients(state.real, 0.4, (10.0, 10.0), blend=0.9))
    np.testing.assert_array_equal(state.water_depth, before)


@FEW
@given(wet_terrains())
def test_the_maximum_is_never_below_what_is_there(case):
    state = wet(*case)
    for _ in range(10):
        steps(state, count=1)
        assert (state.recorded("depth") >= state.water_depth).all()
