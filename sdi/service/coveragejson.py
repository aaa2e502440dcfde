"""CoverageJSON: a part of a raster with its grid, its fields and their units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DECIMALS = 4
"""Decimals of a value: a tenth of a millimetre where the unit is the metre."""


def coverage_json(
    axes: Mapping[str, object],
    system: str,
    *,
    geographic: bool,
    fields: Mapping[str, Mapping[str, Any]],
    ranges: Mapping[str, NDArray[np.floating[Any]]],
) -> dict[str, object]:
    """Describe a gridded part of a coverage.

    Parameters
    ----------
    axes : mapping of str to object
        Axis to its values; ``x`` and ``y`` always, ``t`` where there is time. See `regular_axis`.
    system : str
        URI of the CRS of ``x`` and ``y``.
    geographic : bool
        The CRS is one of longitude and latitude.
    fields : mapping of str to mapping
        Variable to ``title``, ``standard_name`` and ``x-ogc-unit``.
    ranges : mapping of str to ndarray (y, x) or (time, y, x)
        Values; NaN where there are none.

    Returns
    -------
    dict
        A CoverageJSON document of domain type ``Grid``.
    """
    referencing: list[dict[str, object]] = [
        {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS" if geographic else "ProjectedCRS", "id": system}}
    ]
    if "t" in axes:
        referencing.append({"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}})
    return {
        "type": "Coverage",
        "domain": {"type": "Domain", "domainType": "Grid", "axes": dict(axes), "referencing": referencing},
        "parameters": {name: _parameter(name, fields[name]) for name in ranges},
        "ranges": {name: _range(values) for name, values in ranges.items()},
    }


def regular_axis(values: Sequence[float] | NDArray[np.floating[Any]]) -> dict[str, object]:
    """Describe the cell centres along one axis.

    Parameters
    ----------
    values : ndarray (n,) [unit of the CRS]
        Coordinates of the cell centres.

    Returns
    -------
    dict
        First, last and number of the coordinates.
    """
    return {"start": float(values[0]), "stop": float(values[-1]), "num": len(values)}


def _parameter(name: str, field: Mapping[str, Any]) -> dict[str, object]:
    """Describe a variable."""
    title = field.get("title") or name
    return {
        "type": "Parameter",
        "description": {"en": title},
        "unit": {"symbol": {"value": field["x-ogc-unit"], "type": "http://www.opengis.net/def/uom/UCUM/"}},
        "observedProperty": {"id": field.get("standard_name") or name, "label": {"en": title}},
    }


def _range(values: NDArray[np.floating[Any]]) -> dict[str, object]:
    """Write values; JSON has no NaN, so missing cells are null."""
    rounded = np.round(values.astype(np.float64), _DECIMALS)
    cells: list[float | None] = [None if math.isnan(cell) else cell for cell in rounded.ravel().tolist()]
    names = ["t", "y", "x"][-values.ndim :]
    return {"type": "NdArray", "dataType": "float", "axisNames": names, "shape": list(values.shape), "values": cells}
