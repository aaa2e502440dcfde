"""Levees and the gates between them, laid on the sides of cells.

A levee stands where its line runs. A gate is a point of the register: it closes the gap between the levees of both
banks. Its line leads from the nearest levee to the gate and on to the nearest levee on the other side; over its opening
the gate decides, the wings beside it keep its crest. A gate that stands on a levee opens that levee over its width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely.ops import substring

from frmis.connectivity import Mask, distance
from frmis.face import Faces, along
from frmis.structure import Gate, Schedule
from sdi.errors import InputError
from sdi.grid import FloatArray, Grid

LONGEST_GAP = 500.0
"""Farther from a gate no bank is looked for [m]."""

ON_LEVEE = 0.5
"""A gate this close to the line of a levee stands on it [m]."""

Turn = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Levee:
    """A line that holds water back up to its crest."""

    identifier: str
    line: Any
    """[CRS of the grid]"""
    crest: float
    """[m, datum of the terrain]"""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A gate before it is laid on a grid."""

    identifier: str
    point: Any
    """[CRS of the grid]"""
    sill: float
    """[m, datum of the terrain]"""
    crest: float
    """[m, datum of the terrain]"""
    width: float | None
    """Of its opening [m]; None where it is not known."""
    openings: Schedule | Literal["automatic"]
    line: tuple[tuple[float, float], ...] | None = None
    """Where it closes, if that was said [m, CRS of the grid]."""


@dataclass(frozen=True, slots=True, eq=False)
class Barriers:
    """Levees and gates on the sides of cells."""

    crest_x: FloatArray
    """ndarray (ny, nx + 1) [m, datum of the terrain]; -inf where none is, and where a gate decides."""
    crest_y: FloatArray
    """ndarray (ny + 1, nx) [m, datum of the terrain]."""
    gates: tuple[Gate, ...]


def lay(bed: FloatArray, grid: Grid, levees: Sequence[Levee], sites: Sequence[Site], outside: Mask) -> Barriers:
    """Lay levees and gates on the sides of cells.

    Parameters
    ----------
    bed : ndarray (y, x) [m, datum of the terrain]
        Bed elevation; NaN where nothing flows.
    grid : Grid
        Where it lies.
    levees : sequence of Levee
        Lines; where two run along one side, the higher one holds.
    sites : sequence of Site
        Gates.
    outside : ndarray of bool (y, x)
        Cells from which the outer water comes: what a gate protects lies on its other side.

    Returns
    -------
    Barriers
        No crest anywhere where there is neither levee nor gate.

    Raises
    ------
    InputError
        If a line lies outside the grid, the gap of a gate cannot be found, two gates claim one side, or an automatic
        gate does not tell its outer side.
    """
    rows, columns = grid.shape
    crest_x, crest_y = np.full((rows, columns + 1), -np.inf), np.full((rows + 1, columns), -np.inf)
    for levee in levees:
        faces = _found(along(levee.line, grid), f"levee {levee.identifier}", grid)
        crest_x[faces.x], crest_y[faces.y] = (
            np.maximum(crest[met], levee.crest) for crest, met in ((crest_x, faces.x), (crest_y, faces.y))
        )
    standing = crest_x > -np.inf, crest_y > -np.inf
    closings = [_closing(site, levees, grid, standing) for site in sites]
    for closing in closings:
        for crest, wing in ((crest_x, closing.wings[0]), (crest_y, closing.wings[1])):
            crest[wing] = np.maximum(crest[wing], closing.site.crest)
    _refuse_shared(closings)
    for closing in closings:
        crest_x[closing.gate[0]] = crest_y[closing.gate[1]] = -np.inf
    walls = crest_x > -np.inf, crest_y > -np.inf
    for closing in closings:
        walls[0][closing.gate[0]] = walls[1][closing.gate[1]] = True
    return Barriers(crest_x, crest_y, tuple(_gate(closing, bed, outside, walls) for closing in closings))


@dataclass(frozen=True, slots=True, eq=False)
class _Closing:
    """The sides along which a gate closes."""

    site: Site
    gate: tuple[Mask, Mask]
    """The opening, on the sides of x and of y."""
    wings: tuple[Mask, Mask]
    """What stands beside it."""
    turns: tuple[Turn, Turn]
    """Above 0 where the cell after the side lies to the left of the line."""


def _found(faces: Faces, what: str, grid: Grid) -> Faces:
    """Refuse a line that runs along no side."""
    if not faces.count:
        raise InputError(
            f"{what} runs between no two cells of the grid {grid.bounds}; take it out of the scenario, or use a larger "
            "or finer terrain",
            code="outside-grid",
        )
    return faces


def _closing(site: Site, levees: Sequence[Levee], grid: Grid, standing: tuple[Mask, Mask]) -> _Closing:
    """Find the sides of a gate and of its wings."""
    if not grid.contains(shapely.get_coordinates(site.point))[0]:
        raise InputError(
            f"gate {site.identifier} lies outside the grid {grid.bounds}; take it out of the scenario, or use a larger "
            "terrain",
            code="outside-grid",
        )
    line, inline = _line(site, [levee.line for levee in levees], grid)
    faces = along(line, grid)
    free = faces.x & ~standing[0], faces.y & ~standing[1]
    # A gap narrower than a cell may leave no side free: the gate then opens the levee side nearest to it.
    candidates = next(
        pair for pair in ((faces.x, faces.y) if inline else free, (faces.x, faces.y), standing) if _any(pair)
    )
    gate = candidates if site.line else _near(candidates, site, grid)
    wings = tuple(mask & ~open_ for mask, open_ in zip(free, gate, strict=True))
    (x0, y0), (x1, y1) = shapely.get_coordinates(line)[[0, -1]]
    whole = np.sign(y0 - y1), np.sign(x0 - x1)
    turns = tuple(np.where(turn == 0, way, turn) for turn, way in zip((faces.turn_x, faces.turn_y), whole, strict=True))
    return _Closing(site, gate, (wings[0], wings[1]), (turns[0], turns[1]))


def _any(pair: tuple[Mask, Mask]) -> bool:
    return bool(pair[0].any() or pair[1].any())


def _line(site: Site, levees: Sequence[Any], grid: Grid) -> tuple[Any, bool]:
    """Return the line along which a gate closes, and whether that is a piece of a levee."""
    if site.line is not None:
        line = shapely.linestrings(site.line)
        _found(along(line, grid), f"the line of gate {site.identifier}", grid)
        return line, False
    parts = shapely.get_parts(shapely.line_merge(shapely.get_parts(shapely.union_all(levees)))) if levees else []
    lines = [part for part in np.ravel(parts) if not shapely.is_empty(part)]
    near = min(lines, key=lambda part: shapely.distance(part, site.point), default=None)
    if near is None or shapely.distance(near, site.point) > LONGEST_GAP:
        raise InputError(
            f"gate {site.identifier} has no levee of the scenario within {LONGEST_GAP:g} m; name the levees beside it "
            "under structures, or give its line",
            code="gate-without-levee",
        )
    if shapely.distance(near, site.point) <= ON_LEVEE:
        return _piece(site, near, grid), True
    bank = shapely.get_point(shapely.shortest_line(site.point, near), 1)
    other = _opposite(site, bank, lines)
    return shapely.linestrings([shapely.get_coordinates(one)[0] for one in (bank, site.point, other)]), False


def _piece(site: Site, levee: Any, grid: Grid) -> Any:
    """Cut out the piece of a levee that a gate on it opens."""
    if site.width is None:
        raise InputError(
            f"gate {site.identifier} stands on a levee and has no opening_width; survey it, or give its line"
        )
    at, half = shapely.line_locate_point(levee, site.point), site.width / 2 + max(grid.cell)
    return substring(levee, max(0.0, at - half), at + half)


def _opposite(site: Site, bank: Any, levees: Sequence[Any]) -> Any:
    """Find the nearest point of a levee across the water from a bank."""
    (x, y), (bx, by) = shapely.get_coordinates(site.point)[0], shapely.get_coordinates(bank)[0]
    across = np.arctan2(y - by, x - bx) + np.radians([-60.0, 60.0])
    reach = 2 * LONGEST_GAP
    corners = np.column_stack([x + reach * np.cos(across), y + reach * np.sin(across)])
    wedge = shapely.polygons(np.vstack([[x, y], corners]))
    facing = shapely.intersection(shapely.union_all(levees), wedge)
    if shapely.is_empty(facing):
        raise InputError(
            f"gate {site.identifier} has a levee on one side only; name the levee on the other bank under structures, "
            "or give its line",
            code="gate-without-levee",
        )
    return shapely.get_point(shapely.shortest_line(site.point, facing), 1)


def _near(candidates: tuple[Mask, Mask], site: Site, grid: Grid) -> tuple[Mask, Mask]:
    """Take the sides within the opening of a gate, at least the nearest one; all where its width is not known."""
    if site.width is None:
        return candidates
    x, y = shapely.get_coordinates(site.point)[0]
    (rows, k), (m, columns) = (np.nonzero(mask) for mask in candidates)
    width, height = grid.cell
    far_x = np.hypot(grid.x[0] + (k - 0.5) * width - x, grid.y[0] - rows * height - y)
    far_y = np.hypot(grid.x[0] + columns * width - x, grid.y[0] - (m - 0.5) * height - y)
    reach = max(site.width / 2, min(far_x.min(initial=np.inf), far_y.min(initial=np.inf)))
    gate = np.zeros_like(candidates[0]), np.zeros_like(candidates[1])
    gate[0][rows[far_x <= reach], k[far_x <= reach]] = True
    gate[1][m[far_y <= reach], columns[far_y <= reach]] = True
    return gate


def _refuse_shared(closings: Sequence[_Closing]) -> None:
    """Refuse two gates on one side."""
    for number, one in enumerate(closings):
        for other in closings[:number]:
            if any((a & b).any() for a, b in zip(one.gate, other.gate, strict=True)):
                raise InputError(
                    f"gates {other.site.identifier} and {one.site.identifier} claim the same side of a cell; "
                    "leave one of them out, or use a finer terrain"
                )


def _gate(closing: _Closing, bed: FloatArray, outside: Mask, walls: tuple[Mask, Mask]) -> Gate:
    """Tell the protected side of a gate: the one that the outer water comes to later."""
    site = closing.site
    passable = np.nan_to_num(bed, nan=np.inf) < site.crest
    far = np.pad(distance(passable, outside, *walls), 1, constant_values=np.inf)
    (rows, k), (m, columns) = (np.nonzero(mask) for mask in closing.gate)
    before = np.concatenate([far[rows + 1, k], far[m, columns + 1]])
    after = np.concatenate([far[rows + 1, k + 1], far[m + 1, columns + 1]])
    left = np.concatenate([closing.turns[0][rows, k], closing.turns[1][m, columns]]) > 0
    to_left = float(np.where(left, after, before).min())
    to_right = float(np.where(left, before, after).min())
    if to_left == to_right and site.openings == "automatic":
        raise InputError(
            f"gate {site.identifier} does not tell its outer side: no open edge of the grid is nearer to one side "
            "of it than to the other; open the edge the water comes from, or give the gate a schedule",
            code="gate-without-outside",
        )
    inner = left if to_left >= to_right else ~left
    return Gate(
        site.identifier, site.sill, site.crest,
        tuple(zip(rows.tolist(), k.tolist(), strict=True)), tuple(zip(m.tolist(), columns.tolist(), strict=True)),
        tuple(inner.tolist()), site.openings,
    )  # fmt: skip
