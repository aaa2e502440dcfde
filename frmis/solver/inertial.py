"""Local inertia on a rectangular grid: one fused, branch-free sweep per step, exact in volume.

The momentum equation without advection (Bates et al. 2010), the flow of a face blended with that of its two
neighbours (de Almeida et al. 2012), Manning friction semi-implicit. What leaves a cell in one step is limited to what
lies in it: each of its four faces may take a quarter (the *donor clamp*). So no depth turns negative, nothing is
clipped, and volume is exact to rounding at no cost.

Arrays carry one ring of ghost cells. ``bed`` and ``depth`` are ``(ny + 2, nx + 2)``; ``flow_x`` is
``(ny + 2, nx + 3)``, its column ``k`` between the cells ``k - 1`` and ``k``; ``flow_y`` is ``(ny + 3, nx + 2)``,
likewise by row, positive towards growing row number. A cell that takes no part is a wall of height `WALL`: its faces
are dry, hence closed, without a question in the inner loop.

The loops run over one row each, few arrays at a time, so that the compiler turns all of them into vector code; rows
stay in the nearest cache from one loop to the next. Every cell is computed by the same sequence of operations
whatever the number of strips, so the result does not depend on it.

References
----------
Bates, P. D., Horritt, M. S., Fewtrell, T. J. (2010), A simple inertial formulation of the shallow water equations
for efficient two-dimensional flood inundation modelling, Journal of Hydrology 387, 33-45.
de Almeida, G. A. M., Bates, P., Freer, J. E., Souvignet, M. (2012), Improving the stability of a simple formulation
of the shallow water equations for 2-D flood modeling, Water Resources Research 48, W05528.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.core import types
from numba.extending import overload

GRAVITY = 9.81
"""Acceleration [m s-2]."""

WALL = 1.0e6
"""Bed elevation [m] of a cell that takes no part."""

DRY = 1.0e-9
"""Depth [m] at a face below which nothing flows: keeps its powers finite, thinner than any film that matters."""

TINY = 1.0e-20
"""Depths [m] and flows [m2 s-1] below this become zero: left alone they decay into denormal numbers, which are slow."""

FAST = {"contract", "nsz"}
"""What the compiler may do: fuse a multiplication with an addition, ignore the sign of zero. Never reorder a sum."""

Real = Any
"""A number in the precision of the state, float32 or float64."""
Array = npt.NDArray[np.floating[Any]]


class Coefficients(NamedTuple):
    """What is the same everywhere in one step, in the precision of the state."""

    blend: Real
    """Weight of a face's own flow [1]."""
    rest: Real
    """Weight of the flow of each neighbour, (1 - blend) / 2 [1]."""
    friction: Real
    """g n2 dt [m1/3], n being Manning's coefficient."""
    drive_x: Real
    """g dt / dx [s-1]."""
    drive_y: Real
    """g dt / dy [s-1]."""
    donor_x: Real
    """dx / (4 dt) [m s-1]: the speed at which one face empties a quarter of a cell in the step."""
    donor_y: Real
    """dy / (4 dt) [m s-1]."""
    spread_x: Real
    """dt / dx [s m-1]."""
    spread_y: Real
    """dt / dy [s m-1]."""
    rain: Real
    """Rain of the step [m]."""
    time: Real
    """End of the step, after the start of the run [s]."""
    zero: Real
    one: Real
    dry: Real
    tiny: Real
    wall: Real


def coefficients(
    real: type[np.floating[Any]],
    step: float,
    cell: tuple[float, float],
    *,
    manning: float,
    blend: float,
    rain: float = 0.0,
    time: float = 0.0,
) -> Coefficients:
    """Compute what is the same everywhere in one step.

    Parameters
    ----------
    real : type
        Precision of the state, ``numpy.float32`` or ``numpy.float64``.
    step : float [s]
        Length of the step.
    cell : tuple of 2 float [m]
        Width and height of a cell.
    manning : float [s m-1/3]
        Manning's coefficient.
    blend : float [1]
        Weight of a face's own flow against its neighbours', 0 to 1; 1 is Bates et al. (2010).
    rain : float [m]
        Rain of the step.
    time : float [s]
        End of the step.

    Returns
    -------
    Coefficients
    """
    dx, dy = cell
    values = (
        blend, (1 - blend) / 2, GRAVITY * manning**2 * step, GRAVITY * step / dx, GRAVITY * step / dy,
        dx / (4 * step), dy / (4 * step), step / dx, step / dy, rain, time, 0, 1, DRY, TINY, WALL,
    )  # fmt: skip
    return Coefficients(*map(real, values))


def inverse_cube_root(depth: Real) -> Real:
    """Return ``depth ** (-1/3)``; compiled it is a bit trick with two corrections of third order, good to 3e-11."""
    return depth ** (-1.0 / 3.0)


@overload(inverse_cube_root, jit_options={"fastmath": FAST, "error_model": "numpy"})
def _compiled_inverse_cube_root(depth: Real) -> Callable[[Real], Real]:
    """Choose the bit trick by precision: minus a third of the exponent is a first guess within 3.5 %."""
    if depth == types.float64:
        # Only the upper half is divided: a product of 32-bit numbers fits a vector register, one of 64-bit does not.
        half, magic, third = np.uint64(32), np.uint64(0x553EED20), np.uint64(0x55555556)
        one, a, b = np.float64(1), np.float64(1 / 3), np.float64(2 / 9)

        def double(depth: Real) -> Real:
            bits = np.float64(depth).view(np.uint64) >> half
            root = np.uint64((magic - ((bits * third) >> half)) << half).view(np.float64)
            error = one - depth * root * root * root
            root += root * error * (a + b * error)
            error = one - depth * root * root * root
            return root + root * error * (a + b * error)

        return double

    magic32, three = np.uint32(0x54A21D2A), np.uint32(3)
    one32, a32, b32 = np.float32(1), np.float32(1 / 3), np.float32(2 / 9)

    def single(depth: Real) -> Real:
        root = np.uint32(magic32 - np.float32(depth).view(np.uint32) // three).view(np.float32)
        error = one32 - depth * root * root * root
        root += root * error * (a32 + b32 * error)
        error = one32 - depth * root * root * root
        return root + root * error * (a32 + b32 * error)

    return single


def face(
    bed_a: Real, depth_a: Real, bed_b: Real, depth_b: Real, flow: Real, before: Real, after: Real,
    drive: Real, donor: Real, c: Coefficients,
) -> Real:  # fmt: skip
    """Compute the flow through one face, the one place where the physics stands.

    Parameters
    ----------
    bed_a, bed_b : float [m]
        Bed elevation of the cells before and behind the face.
    depth_a, depth_b : float [m]
        Their depths.
    flow, before, after : float [m2 s-1]
        Flow of the last step through this face and through its two neighbours in the direction of flow.
    drive, donor : float [s-1, m s-1]
        Coefficients of the direction.
    c : Coefficients
        All others.

    Returns
    -------
    float [m2 s-1]
        Flow of this step, positive from a to b.

    References
    ----------
    de Almeida et al. (2012), the q-centred scheme; with ``blend`` 1 it is Bates et al. (2010).
    """
    level_a, level_b = bed_a + depth_a, bed_b + depth_b
    depth = max(level_a, level_b) - max(bed_a, bed_b)
    wet = max(depth, c.dry)
    root = inverse_cube_root(wet)
    square = root * root
    # A closed or dry neighbour knows nothing of the flow here; taken as zero it would brake every bend of a canal.
    before = before if before != c.zero else flow
    after = after if after != c.zero else flow
    resistance = c.one + c.friction * abs(flow) * (square * square * square * root)
    pushed = c.blend * flow + c.rest * (before + after) - drive * wet * (level_b - level_a)
    result = min(max(pushed / resistance, -donor * depth_b), donor * depth_a)
    result = result if depth > c.dry else c.zero
    return result if abs(result) > c.tiny else c.zero


_compile = njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
_face = _compile(face)


@_compile
def _along(bed: Array, depth: Array, flow: Array, result: Array, c: Coefficients) -> None:
    """Faces between the cells of one row."""
    last = bed.size - 1
    for k in range(1, last + 1):
        result[k] = _face(
            bed[k - 1], depth[k - 1], bed[k], depth[k], flow[k], flow[k - 1], flow[k + 1], c.drive_x, c.donor_x, c
        )
    # Beyond the border a face has no neighbour: it stands in for it.
    result[0] = result[1]
    result[last + 1] = result[last]


@_compile
def _across(
    bed_a: Array, depth_a: Array, bed_b: Array, depth_b: Array, flow: Array, before: Array, after: Array,
    result: Array, c: Coefficients,
) -> None:  # fmt: skip
    """Faces between one row and the next."""
    for i in range(1, bed_a.size - 1):
        result[i] = _face(
            bed_a[i], depth_a[i], bed_b[i], depth_b[i], flow[i], before[i], after[i], c.drive_y, c.donor_y, c
        )


@_compile
def _balance(
    bed: Array, depth: Array, along: Array, north: Array, south: Array, result: Array, c: Coefficients
) -> None:
    """Depths of one row from what flows through the faces of its cells, and rain."""
    for i in range(1, bed.size - 1):
        gain = c.spread_x * (along[i] - along[i + 1]) + c.spread_y * (north[i] - south[i])
        new = depth[i] + gain + (c.rain if bed[i] < c.wall else c.zero)
        # In this order what is no number stays so, to be found.
        result[i] = c.zero if new <= c.tiny else new


@_compile
def _record(depth: Array, crest: Array, peak: Array, peak_time: Array, c: Coefficients) -> None:
    """Maxima of one row over time, and of the step over rows."""
    for i in range(1, depth.size - 1):
        old, new, before = peak[i], depth[i], peak_time[i]
        peak_time[i] = c.time if new > old else before
        peak[i] = max(old, new)
        crest[i] = max(crest[i], new)


@_compile
def strip(
    first: int, last: int, bed: Array, depth: Array, flow_x: Array, flow_y: Array,
    new_depth: Array, new_flow_x: Array, new_flow_y: Array, peak: Array, peak_time: Array, crest: Array,
    c: Coefficients,
) -> None:  # fmt: skip
    """Advance some rows by one step.

    Strips may run at the same time: the faces between two are computed by both, to the same bytes.

    Parameters
    ----------
    first, last : int
        Rows, ghost row counted, `last` not included.
    bed, depth, flow_x, flow_y : ndarray (y, x) [m, m, m2 s-1, m2 s-1]
        State before the step, shapes as the module says; only read.
    new_depth, new_flow_x, new_flow_y : ndarray (y, x) [m, m2 s-1, m2 s-1]
        State after it.
    peak, peak_time : ndarray (ny + 2, nx + 2) [m, s]
        Largest depth of each cell so far, and when.
    crest : ndarray (nx + 2,) [m]
        Largest depth of each column of the strip in this step.
    c : Coefficients
        What is the same everywhere.
    """
    crest[:] = c.zero
    _across(
        bed[first - 1], depth[first - 1], bed[first], depth[first],
        flow_y[first], flow_y[first - 1], flow_y[first + 1], new_flow_y[first], c,
    )  # fmt: skip
    for j in range(first, last):
        _across(
            bed[j], depth[j], bed[j + 1], depth[j + 1],
            flow_y[j + 1], flow_y[j], flow_y[j + 2], new_flow_y[j + 1], c,
        )  # fmt: skip
        _along(bed[j], depth[j], flow_x[j], new_flow_x[j], c)
        _balance(bed[j], depth[j], new_flow_x[j], new_flow_y[j], new_flow_y[j + 1], new_depth[j], c)
        _record(new_depth[j], crest, peak[j], peak_time[j], c)


@_compile
def crossing(flow: Array) -> tuple[float, float]:
    """Add up what crosses a line of faces, each direction by itself.

    Parameters
    ----------
    flow : ndarray (n,) [m2 s-1]
        Flow through each face.

    Returns
    -------
    tuple of 2 float [m2 s-1]
        Sum of the positive flows and of the negative ones, both as positive numbers.
    """
    forward, backward = 0.0, 0.0
    for i in range(flow.size):
        forward += max(np.float64(flow[i]), 0.0)
        backward += max(-np.float64(flow[i]), 0.0)
    return forward, backward
