"""Raster providers for pygeoapi: its own, with `query` written anew.

pygeoapi constructs a provider at each request and its providers open their data in the constructor, so `cog` and
`zarr` hand out providers that stay open as long as the file behind them is the same. Its rasterio provider names no
fields for GeoTIFF, writes CRS identifiers that do not exist and leaves nodata in; its xarray provider ignores a
``bbox`` that comes alone; both read every cell whatever the answer needs.
"""

from __future__ import annotations

import atexit
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from pygeoapi.provider.base import ProviderInvalidQueryError
from pygeoapi.provider.rasterio_ import RasterioProvider
from pygeoapi.provider.xarray_ import XarrayProvider
from rasterio.io import MemoryFile
from rasterio.windows import Window

from sdi.crs import from_uri, known
from sdi.errors import InputError
from sdi.history import query_interval
from sdi.service.coveragejson import coverage_json, regular_axis
from sdi.service.grid import Axes, FloatArray, Part, part_of

MAXIMUM_CELLS = 250_000
"""Values of one answer in JSON; a larger part is thinned, which Coverages 1 allows."""
MAXIMUM_TIFF_CELLS = 16_777_216
"""Values of a part cut out as GeoTIFF; the whole file is sent from disk."""
_MAXIMUM_OPEN = 32

Definition = dict[str, Any]


class Raster(Protocol):
    """What an open raster can do."""

    definition: Definition
    grid: Axes

    @property
    def fields(self) -> dict[str, Any]:
        """Variables with title, standard name and unit."""
        ...

    def has_time(self, name: str) -> bool:
        """Tell whether a variable has a value for every moment."""
        ...

    def read(self, name: str, part: Part) -> FloatArray:
        """Values of a variable in a part; NaN where there are none."""
        ...


class Cog(RasterioProvider):  # type: ignore[misc] # pygeoapi is not typed
    """A GeoTIFF; its bands are variables of the coverage.

    Parameters
    ----------
    definition : dict
        Provider definition: ``data``, ``storage_crs`` (URI) and ``variables``.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        super().__init__(definition)
        self.axes = ["x", "y"]
        place = self._data.transform
        columns, rows = np.arange(self._data.width) + 0.5, np.arange(self._data.height) + 0.5
        self.grid = Axes(place.c + place.a * columns, place.f + place.e * rows)
        # One GDAL handle must not be read by two threads at once.
        self._turn = Lock()

    def get_fields(self) -> dict[str, Any]:
        """Describe the bands by the variables of the coverage: by name where bands have one, else by order."""
        declared = {one["name"]: one for one in self.definition["variables"]}
        named = [one for one in self._data.descriptions if one in declared]
        bands = named if len(named) == self._data.count else list(declared)[: self._data.count]
        self._fields = {name: _field(declared[name]) for name in bands}
        return self._fields

    def query(self, **question: Any) -> object:
        """Answer a question that pygeoapi has read from a request."""
        part = _asked(self, question)
        names = _names(self, question)
        if question.get("format_") == "json":
            return _document(self, names, part)
        return self._tiff(names, part)

    def has_time(self, _: str) -> bool:
        """Tell that a GeoTIFF has no time."""
        return False

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
        ndarray (y, x) [unit of the variable]
            NaN where there is no value.
        """
        window = Window.from_slices(part.rows, part.columns)
        shape = (len(self.grid.y[part.rows][:: part.step]), len(self.grid.x[part.columns][:: part.step]))
        with self._turn:
            cells = self._data.read(list(self.fields).index(name) + 1, window=window, out_shape=shape, masked=True)
        return np.ma.filled(cells.astype(np.float64), np.nan)

    def _tiff(self, names: Sequence[str], part: Part) -> bytes:
        """Cut a part out as GeoTIFF in the data's own type."""
        window = Window.from_slices(part.rows, part.columns)
        if window.width * window.height * len(names) > MAXIMUM_TIFF_CELLS:
            raise ProviderInvalidQueryError(
                user_msg=f"the part has more than {MAXIMUM_TIFF_CELLS} values; ask for less, or for the whole file"
            )
        bands = [list(self.fields).index(name) + 1 for name in names]
        with self._turn:
            profile = self._data.profile | {"transform": self._data.window_transform(window), "count": len(bands)}
            cells = self._data.read(bands, window=window)
        profile |= {"driver": "GTiff", "width": window.width, "height": window.height, "compress": "deflate"}
        for key in ("blockxsize", "blockysize", "tiled", "interleave"):
            profile.pop(key, None)
        with MemoryFile() as memory:
            with memory.open(**profile) as target:
                target.write(cells)
                for band, name in enumerate(names, 1):
                    target.set_band_description(band, name)
                    target.set_band_unit(band, self.fields[name]["x-ogc-unit"])
            return bytes(memory.read())


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
        self._fields = {name: _field(declared[name]) for name in placed if name in declared}
        return self._fields

    def query(self, **question: Any) -> object:
        """Answer a question that pygeoapi has read from a request."""
        return _document(self, _names(self, question), _asked(self, question))

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


class _Handles:
    """Open rasters, the longest unused closed first."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, int, int], Raster] = OrderedDict()
        self._turn = Lock()

    def get(self, kind: type[Cog] | type[Zarr], definition: Definition) -> Raster:
        """Return an open raster, opened anew where the file behind it was replaced."""
        state = Path(definition["data"]).stat()
        key = (definition["data"], state.st_ino, state.st_mtime_ns)
        with self._turn:
            if not self._open:
                # GDAL writes to the log when it closes a file, which must not happen after Python has gone.
                atexit.register(self._open.clear)
            if key not in self._open:
                self._open[key] = kind(definition)
            self._open.move_to_end(key)
            if len(self._open) > _MAXIMUM_OPEN:
                self._open.popitem(last=False)
            return self._open[key]


_HANDLES = _Handles()


def cog(definition: Definition) -> Raster:
    """Return the provider of a GeoTIFF, opened once as long as the file does not change.

    Parameters
    ----------
    definition : dict
        Provider definition as pygeoapi keeps it.

    Returns
    -------
    Raster
    """
    return _HANDLES.get(Cog, definition)


def zarr(definition: Definition) -> Raster:
    """Return the provider of a Zarr store, opened once as long as the store does not change.

    Parameters
    ----------
    definition : dict
        Provider definition as pygeoapi keeps it.

    Returns
    -------
    Raster
    """
    return _HANDLES.get(Zarr, definition)


def _field(variable: Mapping[str, str]) -> dict[str, str]:
    """Describe a variable as pygeoapi wants it; one without a unit would be dropped."""
    return {
        "type": "number",
        "title": variable.get("long_name") or variable["name"],
        "x-ogc-unit": variable.get("units") or "1",
        "standard_name": variable.get("standard_name") or variable["name"],
    }


def _names(raster: Raster, question: Mapping[str, Any]) -> list[str]:
    """Variables asked for; all without a choice."""
    return list(question.get("properties") or raster.fields)


def _asked(raster: Raster, question: Mapping[str, Any]) -> Part:
    """Read the part that pygeoapi's question asks for."""
    moment = question.get("datetime_")
    try:
        span = query_interval(moment) if moment else None
    except InputError as error:
        raise ProviderInvalidQueryError(user_msg=error.message) from error
    return part_of(raster.grid, question.get("bbox") or (), question.get("subsets") or {}, span)


def _document(raster: Raster, names: Sequence[str], part: Part) -> dict[str, object]:
    """Write a part as CoverageJSON."""
    moments = part.times.stop - part.times.start
    part = part.thinned(sum(moments if raster.has_time(name) else 1 for name in names), MAXIMUM_CELLS)
    axes: dict[str, object] = {
        "x": regular_axis(raster.grid.x[part.columns][:: part.step]),
        "y": regular_axis(raster.grid.y[part.rows][:: part.step]),
    }
    if raster.grid.time is not None and any(raster.has_time(name) for name in names):
        texts = np.datetime_as_string(raster.grid.time[part.times], unit="s")
        axes["t"] = {"values": [f"{text}Z" for text in texts]}
    system = raster.definition["storage_crs"]
    geographic = known(from_uri(system)).is_geographic
    return coverage_json(
        axes,
        system,
        geographic=geographic,
        fields=raster.fields,
        ranges={name: raster.read(name, part) for name in names},
    )
