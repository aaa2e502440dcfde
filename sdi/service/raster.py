"""What an open raster can do, and how a part of it is asked for and described.

pygeoapi's own raster providers open the data; `query` is written anew in `sdi/service/cog.py` and `zarrstore.py`. The
rasterio provider names no fields for GeoTIFF, writes CRS identifiers that do not exist and leaves nodata in; the
xarray provider ignores a ``bbox`` that comes alone; both read every cell whatever the answer needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from pygeoapi.provider.base import ProviderInvalidQueryError

from sdi.crs import from_uri, known
from sdi.errors import InputError
from sdi.period import query_period
from sdi.service.coveragejson import coverage_json, regular_axis
from sdi.service.grid import Axes, FloatArray, Part, part_of
from sdi.zone import GREENWICH

MAXIMUM_CELLS = 250_000
"""Values of one answer in JSON; a larger part is thinned, which Coverages 1 allows."""

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


def field(variable: Mapping[str, str]) -> dict[str, str]:
    """Describe a variable as pygeoapi wants it; one without a unit would be dropped.

    Parameters
    ----------
    variable : mapping of str to str
        ``name``, ``long_name``, ``standard_name`` and ``units``.

    Returns
    -------
    dict of str to str
    """
    return {
        "type": "number",
        "title": variable.get("long_name") or variable["name"],
        "x-ogc-unit": variable.get("units") or "1",
        "standard_name": variable.get("standard_name") or variable["name"],
    }


def names_of(raster: Raster, question: Mapping[str, Any]) -> list[str]:
    """Choose the variables asked for; all without a choice.

    Parameters
    ----------
    raster : Raster
        The raster.
    question : mapping
        What pygeoapi read from a request.

    Returns
    -------
    list of str
    """
    return list(question.get("properties") or raster.fields)


def asked_part(raster: Raster, question: Mapping[str, Any]) -> Part:
    """Find the part that is asked for.

    Parameters
    ----------
    raster : Raster
        The raster.
    question : mapping
        What pygeoapi read from a request; a box is in the CRS of the raster.

    Returns
    -------
    Part

    Raises
    ------
    ProviderInvalidQueryError
        If the question contradicts itself.
    ProviderNoDataError
        If no cell is selected.
    """
    moment = question.get("datetime_")
    try:
        span = query_period(moment, GREENWICH) if moment else None
    except InputError as error:
        raise ProviderInvalidQueryError(user_msg=error.message) from error
    return part_of(raster.grid, question.get("bbox") or (), question.get("subsets") or {}, span)


def part_document(raster: Raster, names: Sequence[str], part: Part) -> dict[str, object]:
    """Write a part as CoverageJSON, thinned where it is large.

    Parameters
    ----------
    raster : Raster
        The raster.
    names : sequence of str
        Variables.
    part : Part
        Cells.

    Returns
    -------
    dict
    """
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
