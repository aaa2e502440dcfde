"""Local inertia on a rectangular grid: one fused, branch-free sweep per step, exact in volume.

The momentum equation without advection (Bates et al. 2010), the flow of a face blended with that of its two
neighbours (de Almeida et al. 2012), Manning friction semi-implicit, its coefficient the mean of the two cells. What
leaves a cell in one step is limited to what lies in it: each of its four faces may take a quarter (the *donor clamp*).
So no depth turns negative, nothing is clipped, and volume is exact to rounding at no cost.

Arrays carry one ring of ghost cells. ``bed`` and ``depth`` are ``(ny + 2, nx + 2)``; ``flow_x`` is
``(ny + 2, nx + 3)``, its column ``k`` between the cells ``k - 1`` and ``k``; ``flow_y`` is ``(ny + 3, nx + 2)``,
likewise by row, positive towards growing row number. A cell that takes no part is a wall of height `WALL`: its faces
are dry, hence closed, without a question in the inner loop.

The loops run over one row each, few arrays at a time, so that the compiler turns all of them into vector code; rows
stay in the nearest cache from one loop to the next. Levees and gates stand on few faces: these are computed a second
time, one by one, between two loops, so that the others do not pay for them. Every cell is computed by the same
sequence of operations whatever the number of strips, so the result does not depend on it.

All compiled code stands in this file: numba's cache on disk asks for the age of one file only.

References
----------
Bates, P. D., Horritt, M. S., Fewtrell, T. J. (2010), A simple inertial formulation of the shallow water equations
for efficient two-dimensional flood inundation modelling, Journal of Hydrology 387, 33-45.
de Almeida, G. A. M., Bates, P., Freer, J. E., Souvignet, M. (2012), Improving the stability of a simple formulation
of the shallow water equations for 2-D flood modeling, Water Resources Research 48, W05528.
Villemonte, J. R. (1947), Submerged weir discharge studies, Engineering News-Record 866, 54-57.
"""

from __future__ import annotations

import math
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

ARRIVAL_DEPTH = 0.10
"""Depth [m] from which a place is flooded: then the water has arrived."""

WEIR = (2 / 3) ** 1.5 * GRAVITY**0.5
"""Discharge of a broad-crested weir, 1 m wide under a head of 1 m, without losses: critical flow [m1/2 s-1]."""

DROWNED = 0.8
"""Level behind a weir over the level before it, both above its crest [1], beyond which it is a sill like any other."""

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
    """g dt / 4 [m s-1]; times the square of the sum of two Manning coefficients it is g n2 dt of their mean."""
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
    soak: Real
    """What open ground can take up in the step [m]."""
    step: Real
    """Length of the step [s]."""
    time: Real
    """End of the step, after the start of the run [s]."""
    shallow: Real
    """Depth from which a speed is remembered [m]: that of a thinner film means nothing."""
    flooded: Real
    """Depth from which a place is flooded [m]."""
    zero: Real
    one: Real
    never: Real
    dry: Real
    tiny: Real
    wall: Real


def coefficients(
    real: type[np.floating[Any]],
    step: float,
    cell: tuple[float, float],
    *,
    blend: float,
    rain: float = 0.0,
    soak: float = 0.0,
    time: float = 0.0,
    shallow: float = 0.01,
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
    blend : float [1]
        Weight of a face's own flow against its neighbours', 0 to 1; 1 is Bates et al. (2010).
    rain : float [m]
        Rain of the step.
    soak : float [m]
        What open ground can take up in the step.
    time : float [s]
        End of the step.
    shallow : float [m]
        Depth from which a speed is remembered.

    Returns
    -------
    Coefficients
    """
    dx, dy = cell
    values = (
        blend, (1 - blend) / 2, GRAVITY * step / 4, GRAVITY * step / dx, GRAVITY * step / dy,
        dx / (4 * step), dy / (4 * step), step / dx, step / dy, rain, soak, step, time, shallow, ARRIVAL_DEPTH,
        0, 1, np.inf, DRY, TINY, WALL,
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


class Site(NamedTuple):
    """What the water runs over, ndarray (ny + 2, nx + 2) each."""

    bed: Array
    """[m], above the offset of the state; `WALL` where nothing flows."""
    manning: Array
    """Manning's coefficient [s m-1/3]."""
    pervious: Array
    """Share that takes water up [1]."""


class Water(NamedTuple):
    """What moves, shapes as the module says."""

    depth: Array
    """[m]"""
    flow_x: Array
    """[m2 s-1]"""
    flow_y: Array
    """[m2 s-1]"""


class Record(NamedTuple):
    """What is remembered of each cell, ndarray (ny + 2, nx + 2) each.

    Speeds are squares, for their root is needed only once. Times and squares are float32 in every precision, exact to
    1e-7 and half the traffic; what the ground took up is float64, for many small parts add up to it.
    """

    depth: Array
    """Largest depth [m]."""
    depth_time: Array
    """When it was reached [s]."""
    speed: Array
    """Square of the largest speed [m2 s-2]."""
    discharge: Array
    """Square of the largest product of depth and speed [m4 s-2]."""
    arrival: Array
    """When the place was flooded first [s]; infinite where it never was."""
    duration: Array
    """How long it was flooded [s]."""
    soaked: Array
    """What the ground took up [m]."""


class Barrier(NamedTuple):
    """Crests on faces of one direction, row by row of faces."""

    first: npt.NDArray[np.int64]
    """ndarray (rows + 1,): the faces ``first[j]`` to ``first[j + 1] - 1`` stand in row j."""
    column: npt.NDArray[np.int64]
    """Column of each face, ndarray (n,)."""
    crest: Array
    """ndarray (n,) [m], above the offset of the state."""
    ahead: Array
    """What may pass towards the growing index, ndarray (n,) [1]: 1 all, 0 nothing."""
    back: Array
    """What may pass against it, ndarray (n,) [1]."""


def face(
    crest: Real, bed_a: Real, depth_a: Real, bed_b: Real, depth_b: Real, manning: Real,
    flow: Real, before: Real, after: Real, drive: Real, donor: Real, c: Coefficients,
) -> Real:  # fmt: skip
    """Compute the flow through one face, the one place where the physics stands.

    Parameters
    ----------
    crest : float [m]
        What water must rise above: the higher bed, or what stands on the face.
    bed_a, bed_b : float [m]
        Bed elevation of the cells before and behind the face.
    depth_a, depth_b : float [m]
        Their depths.
    manning : float [s m-1/3]
        Sum of their Manning coefficients.
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
    depth = max(level_a, level_b) - crest
    wet = max(depth, c.dry)
    root = inverse_cube_root(wet)
    square = root * root
    # A closed or dry neighbour knows nothing of the flow here; taken as zero it would brake every bend of a canal.
    before = before if before != c.zero else flow
    after = after if after != c.zero else flow
    resistance = c.one + c.friction * manning * manning * abs(flow) * (square * square * square * root)
    pushed = c.blend * flow + c.rest * (before + after) - drive * wet * (level_b - level_a)
    result = min(max(pushed / resistance, -donor * depth_b), donor * depth_a)
    result = result if depth > c.dry else c.zero
    return result if abs(result) > c.tiny else c.zero


def weir(crest: Real, level_a: Real, level_b: Real) -> Real:
    """Compute what a broad-crested weir passes at most.

    Near equal levels the formula has no slope to hold on to: a weir drowned by more than `DROWNED` passes as much as
    one drowned by just that, and inertia and friction decide.

    Parameters
    ----------
    crest : float [m]
        Top of the weir.
    level_a, level_b : float [m]
        Levels on its two sides, on the same datum.

    Returns
    -------
    float [m2 s-1]
        Whichever the direction.

    References
    ----------
    Villemonte (1947): ``q = q_free (1 - (h_2 / h_1) ** 1.5) ** 0.385``, ``q_free = (2 / 3) ** 1.5 sqrt(g) h_1 ** 1.5``.
    """
    head = max(max(level_a, level_b) - crest, DRY)
    ratio = min(max(min(level_a, level_b) - crest, 0.0) / head, DROWNED)
    return WEIR * head * math.sqrt(head) * (1.0 - ratio * math.sqrt(ratio)) ** 0.385


_compile = njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)
_face = _compile(face)
_weir = _compile(weir)


@_compile
def _crested(
    crest: Real, ahead: Real, back: Real, bed_a: Real, depth_a: Real, bed_b: Real, depth_b: Real, manning: Real,
    flow: Real, before: Real, after: Real, drive: Real, donor: Real, c: Coefficients,
) -> Real:  # fmt: skip
    """Flow over what stands on a face: inertial above the crest, no more than a weir passes, perhaps one way only."""
    crest = max(crest, bed_a, bed_b)
    inertial = _face(crest, bed_a, depth_a, bed_b, depth_b, manning, flow, before, after, drive, donor, c)
    most = _weir(crest, bed_a + depth_a, bed_b + depth_b)
    return min(max(inertial, -most * back), most * ahead)


@_compile
def _along(bed: Array, depth: Array, manning: Array, flow: Array, result: Array, c: Coefficients) -> None:
    """Faces between the cells of one row."""
    for k in range(1, bed.size):
        result[k] = _face(
            max(bed[k - 1], bed[k]), bed[k - 1], depth[k - 1], bed[k], depth[k], manning[k - 1] + manning[k],
            flow[k], flow[k - 1], flow[k + 1], c.drive_x, c.donor_x, c,
        )  # fmt: skip


@_compile
def _along_crests(j: int, b: Barrier, site: Site, old: Water, result: Array, c: Coefficients) -> None:
    """Faces between the cells of row j on which something stands."""
    bed, depth, manning, flow = site.bed[j], old.depth[j], site.manning[j], old.flow_x[j]
    for n in range(b.first[j], b.first[j + 1]):
        k = b.column[n]
        result[k] = _crested(
            b.crest[n], b.ahead[n], b.back[n], bed[k - 1], depth[k - 1], bed[k], depth[k], manning[k - 1] + manning[k],
            flow[k], flow[k - 1], flow[k + 1], c.drive_x, c.donor_x, c,
        )  # fmt: skip


@_compile
def _across(
    bed_a: Array, depth_a: Array, manning_a: Array, bed_b: Array, depth_b: Array, manning_b: Array,
    flow: Array, before: Array, after: Array, result: Array, c: Coefficients,
) -> None:  # fmt: skip
    """Faces between one row and the next."""
    for i in range(1, bed_a.size - 1):
        result[i] = _face(
            max(bed_a[i], bed_b[i]), bed_a[i], depth_a[i], bed_b[i], depth_b[i], manning_a[i] + manning_b[i],
            flow[i], before[i], after[i], c.drive_y, c.donor_y, c,
        )  # fmt: skip


@_compile
def _across_crests(j: int, b: Barrier, site: Site, old: Water, result: Array, c: Coefficients) -> None:
    """Faces between the rows j - 1 and j on which something stands."""
    bed, depth, manning, flow = site.bed, old.depth, site.manning, old.flow_y
    for n in range(b.first[j], b.first[j + 1]):
        i = b.column[n]
        result[i] = _crested(
            b.crest[n], b.ahead[n], b.back[n], bed[j - 1, i], depth[j - 1, i], bed[j, i], depth[j, i],
            manning[j - 1, i] + manning[j, i], flow[j, i], flow[j - 1, i], flow[j + 1, i], c.drive_y, c.donor_y, c,
        )  # fmt: skip


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
def _soak(depth: Array, pervious: Array, soaked: Array, c: Coefficients) -> None:
    """Let the ground of one row take up what it can, at most the water that is there."""
    for i in range(1, depth.size - 1):
        taken = min(c.soak * pervious[i], depth[i])
        depth[i] -= taken
        soaked[i] += taken


@_compile
def _record(depth: Array, crest: Array, peak: Array, peak_time: Array, c: Coefficients) -> None:
    """Largest depths of one row over time, and of the step over rows."""
    now = np.float32(c.time)
    for i in range(1, depth.size - 1):
        old, new, before = peak[i], depth[i], peak_time[i]
        peak_time[i] = now if new > old else before
        peak[i] = max(old, new)
        crest[i] = max(crest[i], new)


@_compile
def _record_flood(depth: Array, arrival: Array, duration: Array, c: Coefficients) -> None:
    """When the cells of one row are flooded."""
    now, never = np.float32(c.time), np.float32(c.never)
    for i in range(1, depth.size - 1):
        flooded = depth[i] >= c.flooded
        arrival[i] = min(arrival[i], now if flooded else never)
        duration[i] += c.step if flooded else c.zero


@_compile
def _record_speed(
    depth: Array, along: Array, north: Array, south: Array, speed: Array, discharge: Array, c: Coefficients
) -> None:
    """Largest speeds of one row, and largest products of depth and speed, from what leaves each cell.

    What enters a cell at the front of a flood has the depth of the cell before: over its own it would be far too fast.
    """
    for i in range(1, depth.size - 1):
        x = max(along[i + 1], -along[i], c.zero)
        y = max(south[i], -north[i], c.zero)
        square = np.float32(x * x + y * y)
        deep = np.float32(max(depth[i], c.shallow))
        discharge[i] = max(discharge[i], square)
        speed[i] = max(speed[i], square / (deep * deep) if depth[i] >= c.shallow else np.float32(0))


@_compile
def strip(
    first: int, last: int, site: Site, barrier_x: Barrier, barrier_y: Barrier, old: Water, new: Water,
    record: Record, crest: Array, c: Coefficients,
) -> None:  # fmt: skip
    """Advance some rows by one step.

    Strips may run at the same time: the faces between two are computed by both, to the same bytes.

    Parameters
    ----------
    first, last : int
        Rows, ghost row counted, `last` not included.
    site : Site
        What the water runs over; only read.
    barrier_x, barrier_y : Barrier
        Crests on the faces between columns and on those between rows; only read.
    old, new : Water
        State before the step, only read, and after it.
    record : Record
        What is remembered of each cell.
    crest : ndarray (nx + 2,) [m]
        Largest depth of each column of the strip in this step.
    c : Coefficients
        What is the same everywhere.
    """
    # Taken apart once: every tuple of arrays that is handed on costs as much as ten cells.
    bed, manning, pervious = site
    depth, flow_x, flow_y = old
    new_depth, new_flow_x, new_flow_y = new
    peak, peak_time, speed, discharge, arrival, duration, soaked = record
    first_x, first_y = barrier_x.first, barrier_y.first
    crest[:] = c.zero
    for south in range(first, last + 1):
        _across(
            bed[south - 1], depth[south - 1], manning[south - 1], bed[south], depth[south], manning[south],
            flow_y[south], flow_y[south - 1], flow_y[south + 1], new_flow_y[south], c,
        )  # fmt: skip
        if first_y[south] < first_y[south + 1]:
            _across_crests(south, barrier_y, site, old, new_flow_y[south], c)
        # With the faces in its south a row is complete.
        j = south - 1
        if j < first:
            continue
        now, along, above, below = new_depth[j], new_flow_x[j], new_flow_y[j], new_flow_y[south]
        _along(bed[j], depth[j], manning[j], flow_x[j], along, c)
        if first_x[j] < first_x[j + 1]:
            _along_crests(j, barrier_x, site, old, along, c)
        # Beyond the border a face has no neighbour: it stands in for it.
        along[0], along[-1] = along[1], along[-2]
        _balance(bed[j], depth[j], along, above, below, now, c)
        if c.soak > c.zero:
            _soak(now, pervious[j], soaked[j], c)
        _record(now, crest, peak[j], peak_time[j], c)
        _record_speed(now, along, above, below, speed[j], discharge[j], c)
        _record_flood(now, arrival[j], duration[j], c)


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
