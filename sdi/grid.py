"""Where a raster lies: one frozen value instead of shape, transform and CRS as loose arguments.

A grid is north-up: row 0 is the northernmost, rows run south, columns run east. Coordinates are those of cell centres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import rioxarray  # noqa: F401  # registers the accessor .rio
import xarray as xr
from affine import Affine
from pyproj import CRS

from sdi.crs import known
from sdi.errors import InputError

FloatArray = npt.NDArray[np.floating[Any]]
IndexArray = npt.NDArray[np.intp]

SAME = 1e-6
"""Share of a cell by which two grids may differ and still be the same: coordinates are stored as text and as floats."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A rectangle of cells, north-up, in one CRS."""

    shape: tuple[int, int]
    """Rows and columns."""
    affine: Affine
    """From (column, row) of cell corners to (x, y)."""
    crs: CRS

    def __post_init__(self) -> None:
        a = self.affine
        if a.b or a.d or a.a <= 0 or a.e >= 0:
            raise InputError(
                f"the transform {tuple(a)[:6]} is rotated or not north-up; expected x growing by column and y falling "
                "by row: turn the raster first",
                code="grid-not-north-up",
            )
        if min(self.shape) < 1:
            raise InputError(f"a grid of shape {self.shape} has no cells", code="grid-empty")

    @classmethod
    def from_bounds(cls, bounds: tuple[float, float, float, float], cell: float, crs: str | CRS) -> Grid:
        """Cover a box with square cells, from its north-west corner.

        Parameters
        ----------
        bounds : tuple of 4 float [CRS of the grid]
            xmin, ymin, xmax, ymax; the grid reaches up to one cell beyond in the south and east.
        cell : float [unit of the CRS]
            Length of a cell.
        crs : str or CRS
            For example ``EPSG:5897``.

        Returns
        -------
        Grid
        """
        xmin, ymin, xmax, ymax = bounds
        if not (xmin < xmax and ymin < ymax and cell > 0):
            raise InputError(
                f"box {bounds} with cells of {cell} is empty; expected xmin, ymin, xmax, ymax and a length"
            )
        columns, rows = (math.ceil((b - a) / cell - SAME) for a, b in ((xmin, xmax), (ymin, ymax)))
        return cls((rows, columns), Affine(cell, 0, xmin, 0, -cell, ymax), cls.definition(crs))

    @classmethod
    def from_dataarray(cls, raster: xr.DataArray | xr.Dataset) -> Grid:
        """Read the grid of an array from its coordinates and its CRS.

        Parameters
        ----------
        raster : DataArray (y, x) [any unit]
            With the CRS that `rioxarray` finds.

        Returns
        -------
        Grid

        Raises
        ------
        InputError
            If it has no CRS, no regular ``y`` and ``x``, or is not north-up.
        """
        if raster.rio.crs is None:
            raise InputError(
                "the raster states no CRS; expected one: declare it in its catalogue entry", code="crs-undeclared"
            )
        missing = {"y", "x"} - set(raster.dims)
        if missing:
            raise InputError(
                f"the raster has dimensions {tuple(raster.dims)}; expected y and x", code="grid-dimensions"
            )
        (x, dx), (y, dy) = _regular(raster, "x"), _regular(raster, "y")
        # A single row or column has no step of its own: its cells are square.
        dx, dy = dx or abs(dy), dy or -abs(dx)
        affine = Affine(dx, 0, x - dx / 2, 0, dy, y - dy / 2)
        return cls((raster.sizes["y"], raster.sizes["x"]), affine, cls.definition(raster.rio.crs))

    @staticmethod
    def definition(crs: object) -> CRS:
        """Definition of a CRS, by its authority where it has one, so that equal ones compare equal.

        Parameters
        ----------
        crs : str, CRS or anything PROJ can read
            The CRS.

        Returns
        -------
        CRS
        """
        found = CRS.from_user_input(crs)
        named = found.to_authority(min_confidence=100)
        return known(":".join(named)) if named else found

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell [unit of the CRS]."""
        return self.affine.a, -self.affine.e

    @property
    def cell_area(self) -> float:
        """Area of a cell [m2] in a projected CRS in metres."""
        return self.affine.a * -self.affine.e

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Outer box (xmin, ymin, xmax, ymax) [CRS of the grid]."""
        (rows, columns), a = self.shape, self.affine
        return a.c, a.f + rows * a.e, a.c + columns * a.a, a.f

    @property
    def x(self) -> FloatArray:
        """Centres of the columns, ndarray (x,) [CRS of the grid], ascending."""
        return self.affine.c + (np.arange(self.shape[1]) + 0.5) * self.affine.a

    @property
    def y(self) -> FloatArray:
        """Centres of the rows, ndarray (y,) [CRS of the grid], descending."""
        return self.affine.f + (np.arange(self.shape[0]) + 0.5) * self.affine.e

    @property
    def is_metric(self) -> bool:
        """Whether lengths on this grid are metres on a plane."""
        return bool(self.crs.is_projected and self.crs.axis_info[0].unit_name == "metre")

    @property
    def authority(self) -> str:
        """Name of the CRS: ``EPSG:n`` where it has one, else its WKT."""
        found = self.crs.to_authority(min_confidence=100)
        return ":".join(found) if found else str(self.crs.to_wkt())

    def coords(self) -> dict[str, xr.DataArray]:
        """Coordinates of an array on this grid, with CF attributes.

        Returns
        -------
        dict of str to coordinate [CRS of the grid]
            ``y`` (descending), ``x`` and the scalar ``spatial_ref`` with the CRS.
        """
        kind = "projection_{}_coordinate" if self.crs.is_projected else "{}"
        words = {"x": "x", "y": "y"} if self.crs.is_projected else {"x": "longitude", "y": "latitude"}
        unit = "m" if self.is_metric else self.crs.axis_info[0].unit_name
        attrs = {
            axis: {"standard_name": kind.format(words[axis]), "units": unit, "axis": axis.upper()} for axis in "xy"
        }
        reference = xr.DataArray(0).rio.write_crs(self.crs.to_wkt()).coords["spatial_ref"]
        return {
            "y": xr.DataArray(self.y, dims="y", attrs=attrs["y"]),
            "x": xr.DataArray(self.x, dims="x", attrs=attrs["x"]),
            "spatial_ref": reference.reset_coords(drop=True),
        }

    def array(self, values: npt.NDArray[Any], **attrs: object) -> xr.DataArray:
        """Lay values on this grid.

        Parameters
        ----------
        values : ndarray (y, x) [any unit]
            One value for each cell.
        **attrs
            Attributes, for example ``units="m"``.

        Returns
        -------
        DataArray (y, x) [unit in its attributes]
        """
        if values.shape != self.shape:
            raise InputError(f"values of shape {values.shape} do not fit a grid of {self.shape} cells (rows, columns)")
        return xr.DataArray(values, coords=self.coords(), dims=("y", "x"), attrs=attrs)

    def index_of(self, points: FloatArray) -> tuple[IndexArray, IndexArray]:
        """Find the cells that points lie in.

        Parameters
        ----------
        points : ndarray (n, 2) [CRS of the grid]
            x, y. A point on an edge belongs to the cell south or east of it.

        Returns
        -------
        tuple of 2 ndarray (n,) of int
            Rows and columns; both empty for no points.

        Raises
        ------
        InputError
            If a point lies outside; the message names it.
        """
        points = np.asarray(points, dtype=float).reshape(-1, 2)
        outside = np.flatnonzero(~self.contains(points))
        if outside.size:
            raise InputError(
                f"point {tuple(points[outside[0]].tolist())} lies outside the grid {self.bounds}", code="outside-grid"
            )
        (rows, columns), a = self.shape, self.affine
        row = np.floor((points[:, 1] - a.f) / a.e).astype(np.intp)
        column = np.floor((points[:, 0] - a.c) / a.a).astype(np.intp)
        return np.minimum(row, rows - 1), np.minimum(column, columns - 1)

    def contains(self, points: FloatArray) -> npt.NDArray[np.bool_]:
        """Tell which points lie on the grid, its border included.

        Parameters
        ----------
        points : ndarray (n, 2) [CRS of the grid]
            x, y.

        Returns
        -------
        ndarray of bool (n,)
        """
        x, y = np.asarray(points, dtype=float).reshape(-1, 2).T
        xmin, ymin, xmax, ymax = self.bounds
        return np.asarray((x >= xmin) & (x <= xmax) & (y >= ymin) & (y <= ymax))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        slack = SAME * min(self.cell)
        near = all(abs(a - b) <= slack for a, b in zip(self.bounds, other.bounds, strict=True))
        return self.shape == other.shape and near and bool(self.crs == other.crs)

    def __hash__(self) -> int:
        # Only what equal grids share to the last bit.
        return hash(self.shape)

    def __repr__(self) -> str:
        rows, columns = self.shape
        width, height = self.cell
        return f"Grid({rows} x {columns} cells of {width:g} x {height:g}, {self.authority[:40]}, {self.bounds})"


def _regular(raster: xr.DataArray | xr.Dataset, axis: str) -> tuple[float, float]:
    """First coordinate and step of an axis, which must be even; step 0 where there is one cell only."""
    if axis not in raster.coords and axis not in raster.indexes:
        raise InputError(f"the raster has no coordinate {axis}; expected centres of its cells", code="grid-coordinates")
    values = np.asarray(raster[axis].values, dtype=float)
    if values.size < 2:
        return float(values[0]), 0.0
    step = (values[-1] - values[0]) / (values.size - 1)
    even = values[0] + step * np.arange(values.size)
    if step == 0 or np.abs(values - even).max() > 1e-3 * abs(step):
        raise InputError(
            f"the cells along {axis} are not evenly spaced; resample the raster first", code="grid-irregular"
        )
    return float(values[0]), float(step)
