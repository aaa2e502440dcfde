"""A Zarr store as a coverage, with or without time."""

from __future__ import annotations

from typing import Any

import numpy as np
from pygeoapi.provider.xarray_ import XarrayProvider

from sdi.service.grid import Axes, FloatArray, Part
from sdi.service.raster import Definition, asked_part, field, names_of, part_document


class Zarr(XarrayProvider):  # type: ignore[misc] # pygeoapi is not typed
    """A Zarr store with variables over ``(y, x)`` or ``(time, y, x)``.

    Parameters
    ----------
    definition : dict
        Provider definition: ``data``, ``storage_crs`` (URI) and ``variables``.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        super().__init__(definition)
        data = self._data
        moments = data["time"].values if "time" in data.coords and data["time"].dtype.kind == "M" else None
        self.grid = Axes(data["x"].values, data["y"].values, moments)
        self.axes = ["x", "y"]

    def get_fields(self) -> dict[str, Any]:
        """Describe the variables of the store that lie on the grid."""
        declared = {one["name"]: one for one in self.definition["variables"]}
        placed = [name for name in self._data.data_vars if {"x", "y"} <= set(self._data[name].dims)]
        self._fields = {name: field(declared[name]) for name in placed if name in declared}
        return self._fields

    def query(self, **question: Any) -> object:
        """Answer a question that pygeoapi has read from a request."""
        return part_document(self, names_of(self, question), asked_part(self, question))

    def has_time(self, name: str) -> bool:
        """Tell whether a variable has a value for every moment.

        Parameters
        ----------
        name : str
            Variable.

        Returns
        -------
        bool
        """
        return self.grid.time is not None and "time" in self._data[name].dims

    def read(self, name: str, part: Part) -> FloatArray:
        """Values of a variable.

        Parameters
        ----------
        name : str
            Variable.
        part : Part
            Cells.

        Returns
        -------
        ndarray (y, x) or (time, y, x) [unit of the variable]
            NaN where there is no value.
        """
        wanted = {
            "y": slice(part.rows.start, part.rows.stop, part.step),
            "x": slice(part.columns.start, part.columns.stop, part.step),
            "time": part.times,
        }
        array = self._data[name]
        cells: FloatArray = array.isel({axis: wanted[axis] for axis in array.dims if axis in wanted}).values
        return cells.astype(np.float64)
