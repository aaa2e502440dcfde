"""The same step as `frmis.solver.inertial`, written with whole arrays: slow, short, the oracle of the tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from frmis.solver.inertial import DROWNED, WALL, WEIR, Array, Barrier, Coefficients, Record, Site, Water


def step(site: Site, barrier_x: Barrier, barrier_y: Barrier, old: Water, record: Record, c: Coefficients) -> Water:
    """Advance by one step.

    Parameters
    ----------
    site : Site
        What the water runs over.
    barrier_x, barrier_y : Barrier
        Crests on the faces between columns and on those between rows.
    old : Water
        State before the step.
    record : Record
        What is remembered of each cell; brought up to date.
    c : Coefficients
        What is the same everywhere in this step.

    Returns
    -------
    Water
        State after the step.

    References
    ----------
    de Almeida et al. (2012) and Villemonte (1947), see `frmis.solver.inertial`.
    """
    new = depth, flow_x, flow_y = Water(*(array.copy() for array in old))
    cells, rows = (slice(1, -1), slice(1, -1)), slice(1, -1)
    stands_x, stands_y = _dense(barrier_x, flow_x.shape), _dense(barrier_y, flow_y.shape)
    flow_x[cells] = _flow(site, old.depth, old.flow_x, stands_x, c.drive_x, c.donor_x, c)[rows]
    turned = Site(*(array.T for array in site))
    stands = tuple(array.T for array in stands_y)
    flow_y[cells] = _flow(turned, old.depth.T, old.flow_y.T, stands, c.drive_y, c.donor_y, c)[rows].T
    flow_x[:, 0], flow_x[:, -1] = flow_x[:, 1], flow_x[:, -2]
    flow_y[0], flow_y[-1] = flow_y[1], flow_y[-2]
    gain = -c.spread_x * np.diff(flow_x[rows, 1:-1]) - c.spread_y * np.diff(flow_y[1:-1, rows], axis=0)
    fed = old.depth[cells] + gain + np.where(site.bed[cells] < WALL, c.rain, 0)
    fed[fed <= c.tiny] = 0
    taken = np.minimum(c.soak * site.pervious[cells], fed)
    depth[cells] = fed - taken
    record.soaked[cells] += taken
    _remember(record, new, c)
    return new


def _dense(of: Barrier, shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Lay a barrier out: crest, -inf where nothing stands, and what may pass ahead and back."""
    crest, ahead, back = np.full(shape, -np.inf), np.ones(shape), np.ones(shape)
    at = np.repeat(np.arange(shape[0]), np.diff(of.first)), of.column
    crest[at], ahead[at], back[at] = of.crest, of.ahead, of.back
    return crest, ahead, back


def _flow(
    site: Site, depth: Array, flow: Array, stands: tuple[Array, ...], drive: Any, donor: Any, c: Coefficients
) -> Array:
    """Flow through the faces along the last axis, the ring included."""
    crest, ahead, back = (array[:, 1:-1] for array in stands)
    bed, level, manning = site.bed, site.bed + depth, site.manning[:, :-1] + site.manning[:, 1:]
    top = np.maximum(np.maximum(bed[:, :-1], bed[:, 1:]), crest)
    upper, lower = np.maximum(level[:, :-1], level[:, 1:]), np.minimum(level[:, :-1], level[:, 1:])
    face_depth = upper - top
    wet = np.maximum(face_depth, c.dry)
    own = flow[:, 1:-1]
    before, after = (np.where(other != 0, other, own) for other in (flow[:, :-2], flow[:, 2:]))
    pushed = c.blend * own + c.rest * (before + after) - drive * wet * np.diff(level)
    new = pushed / (1 + c.friction * manning**2 * np.abs(own) / wet ** (7 / 3))
    new = np.clip(new, -donor * depth[:, 1:], donor * depth[:, :-1])
    new = np.where((face_depth > c.dry) & (np.abs(new) > c.tiny), new, 0)
    drowned = np.clip((lower - top) / wet, 0, DROWNED)
    most = WEIR * wet**1.5 * (1 - drowned**1.5) ** 0.385
    return np.where(crest > -np.inf, np.clip(new, -most * back, most * ahead), new)


def _remember(record: Record, new: Water, c: Coefficients) -> None:
    """Bring what is remembered of the cells up to date."""
    cells = slice(1, -1), slice(1, -1)
    depth = new.depth[cells]
    west, east = new.flow_x[1:-1, 1:-2], new.flow_x[1:-1, 2:-1]
    north, south = new.flow_y[1:-2, 1:-1], new.flow_y[2:-1, 1:-1]
    square = np.maximum(np.maximum(east, -west), 0) ** 2 + np.maximum(np.maximum(south, -north), 0) ** 2
    speed = np.where(depth >= c.shallow, square / np.maximum(depth, c.shallow) ** 2, 0)
    flooded = depth >= c.flooded
    peak, time, fastest, discharge, arrival, duration = (array[cells] for array in record[:6])
    time[depth > peak] = c.time
    for largest, value in ((peak, depth), (fastest, speed), (discharge, square)):
        largest[:] = np.maximum(largest, value)
    arrival[flooded] = np.minimum(arrival[flooded], c.time)
    duration[flooded] += c.step
