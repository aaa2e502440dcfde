"""Open rasters, shared by all requests.

pygeoapi constructs a provider at each request and its providers open their data in the constructor, so `cog` and
`zarr` hand out providers that stay open as long as the file behind them is the same.
"""

from __future__ import annotations

import atexit
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from sdi.errors import NotFound
from sdi.service.cog import Cog
from sdi.service.raster import Definition, Raster
from sdi.service.zarrstore import Zarr

_MAXIMUM_OPEN = 32


class _Handles:
    """Open rasters, the longest unused closed first."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, int, int], Raster] = OrderedDict()
        self._turn = Lock()

    def get(self, kind: type[Cog] | type[Zarr], definition: Definition) -> Raster:
        """Return an open raster, opened anew where the file behind it was replaced."""
        try:
            state = Path(definition["data"]).stat()
        except FileNotFoundError as error:
            raise NotFound("the data of this coverage were taken away or replaced a moment ago; ask again") from error
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
