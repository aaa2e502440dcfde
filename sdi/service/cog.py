"""A GeoTIFF as a coverage."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from pygeoapi.provider.base import ProviderInvalidQueryError
from pygeoapi.provider.rasterio_ import RasterioProvider
from rasterio.io import MemoryFile
from rasterio.windows import Window

from sdi.service.grid import Axes, FloatArray, Part
from sdi.service.raster import Definition, asked_part, field, names_of, part_document

MAXIMUM_TIFF_CELLS = 16_777_216
"""Values of a part cut out as GeoTIFF; the whole file is sent from disk."""


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
        self._fields = {name: field(declared[name]) for name in bands}
        return self._fields

    def query(self, **question: Any) -> object:
        """Answer a question that pygeoapi has read from a request."""
        part = asked_part(self, question)
        names = names_of(self, question)
        if question.get("format_") == "json":
            return part_document(self, names, part)
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
                target.update_tags(**self._data.tags())
                for band, name in enumerate(names, 1):
                    target.set_band_description(band, name)
                    target.set_band_unit(band, self.fields[name]["x-ogc-unit"])
            return bytes(memory.read())
