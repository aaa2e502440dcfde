"""The same step as `frmis.solver.inertial`, written with whole arrays: slow, short, the oracle of the tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from frmis.solver.inertial import WALL, Array, Coefficients


def step(bed: Array, depth: Array, flow_x: Array, flow_y: Array, c: Coefficients) -> tuple[Array, Array, Array]:
    """Advance by one step.

    Parameters
    ----------
    bed, depth : ndarray (ny + 2, nx + 2) [m]
        Bed elevation and depth, with a ring of ghost cells.
    flow_x : ndarray (ny + 2, nx + 3) [m2 s-1]
        Flow between columns.
    flow_y : ndarray (ny + 3, nx + 2) [m2 s-1]
        Flow between rows.
    c : Coefficients
        What is the same everywhere in this step.

    Returns
    -------
    tuple of 3 ndarray (y, x) [m, m2 s-1, m2 s-1]
        Depth and both flows after the step.

    References
    ----------
    de Almeida et al. (2012), see `frmis.solver.inertial`.
    """
    new_x, new_y, new_depth = flow_x.copy(), flow_y.copy(), depth.copy()
    rows, columns = slice(1, -1), slice(1, -1)
    new_x[rows, 1:-1] = _flow(bed[rows], depth[rows], flow_x[rows], c.drive_x, c.donor_x, c)
    new_y[1:-1, columns] = _flow(
        bed[:, columns].T, depth[:, columns].T, flow_y[:, columns].T, c.drive_y, c.donor_y, c
    ).T
    new_x[:, 0], new_x[:, -1] = new_x[:, 1], new_x[:, -2]
    new_y[0], new_y[-1] = new_y[1], new_y[-2]
    gain = -c.spread_x * np.diff(new_x[rows, 1:-1]) - c.spread_y * np.diff(new_y[1:-1, columns], axis=0)
    rain = np.where(bed[rows, columns] < WALL, c.rain, 0)
    new_depth[rows, columns] = depth[rows, columns] + gain + rain
    new_depth[new_depth <= c.tiny] = 0
    return new_depth, new_x, new_y


def _flow(bed: Array, depth: Array, flow: Array, drive: Any, donor: Any, c: Coefficients) -> Array:
    """Flow through the faces along the last axis."""
    level = bed + depth
    highest_bed = np.maximum(bed[:, :-1], bed[:, 1:])
    face_depth = np.maximum(level[:, :-1], level[:, 1:]) - highest_bed
    wet = np.maximum(face_depth, c.dry)
    old = flow[:, 1:-1]
    before, after = (np.where(other != 0, other, old) for other in (flow[:, :-2], flow[:, 2:]))
    pushed = c.blend * old + c.rest * (before + after) - drive * wet * np.diff(level)
    new = pushed / (1 + c.friction * np.abs(old) / wet ** (7 / 3))
    new = np.clip(new, -donor * depth[:, 1:], donor * depth[:, :-1])
    return np.where((face_depth > c.dry) & (np.abs(new) > c.tiny), new, 0)
