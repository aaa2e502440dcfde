"""Where delivered things are, as far as their geometry does not say it: addresses, heights, measures along a route."""

from __future__ import annotations

from functools import cache
from typing import Any

import geopandas as gpd

from pipelines import meant
from sdi.declaration import Declaration
from sdi.errors import InputError
from sdi.place.address import Address
from sdi.place.placement import Along
from sdi.registry import Registry
from sdi.value import plain

_ALONG = ("from", "to", "offset")


def columns(
    frame: gpd.GeoDataFrame, declaration: Declaration, registry: Registry, valid_from: str | None
) -> dict[str, Any]:
    """Return what checked rows say of it, as columns of a batch.

    Parameters
    ----------
    frame : GeoDataFrame [any CRS]
        Checked rows with columns ``address:<part>`` and ``place:<what>``.
    declaration : Declaration
        The register they are for.
    registry : Registry
        Where streets and routes are known.
    valid_from : str, optional
        When streets and routes were called so.

    Returns
    -------
    dict of str to list (n,)
        ``addresses``, ``references``, ``z_m`` and ``depth_m``, those that are told.

    Raises
    ------
    NotInRegister
        If a street or a route is not known, or not the only one of that name.
    InputError
        If the register names no register of routes, or a route comes without a measure.
    """
    given = {str(name): plain(frame[name]) for name in frame.columns if str(name).startswith(("address:", "place:"))}

    @cache
    def called(kind: str, text: str) -> str:
        return meant.thing(registry, kind, text, valid=valid_from)

    found: dict[str, Any] = {
        batched: given[f"place:{name}"]
        for name, batched in (("z", "z_m"), ("depth", "depth_m"))
        if f"place:{name}" in given
    }
    parts = {name.removeprefix("address:"): column for name, column in given.items() if name.startswith("address:")}
    if parts and declaration.address is not None:
        if "street" in parts:
            kind = declaration.address.streets
            parts["street"] = [text and called(kind, text) for text in parts["street"]]
        found["addresses"] = [_address(dict(zip(parts, row, strict=True))) for row in zip(*parts.values(), strict=True)]
    if "place:route" in given:
        kind = _routes(declaration)
        routes = [text and called(kind, text) for text in given["place:route"]]
        told = [given.get(f"place:{name}", [None] * len(routes)) for name in _ALONG]
        found["references"] = [_along(row, *one) for row, one in enumerate(zip(routes, *told, strict=True))]
    return found


def _address(parts: dict[str, str | None]) -> Address | None:
    """Return an address, None where no part is given."""
    return Address(**parts) if any(parts.values()) else None


def _routes(declaration: Declaration) -> str:
    """Return the register of the routes along which things are measured."""
    if declaration.location.routes is None:
        raise InputError(
            f"register {declaration.name} names no register of routes; declare it (location: {{routes: REGISTER}})",
            code="routes-undeclared",
        )
    return declaration.location.routes


def _along(row: int, route: str | None, start: float | None, end: float | None, offset: float | None) -> Along | None:
    """Return a place along a route, None where none is named."""
    if route is None:
        return None
    if start is None:
        raise InputError(
            f"row {row} names a route without a measure; add the column of it (from)", code="measure-missing"
        )
    return Along(route, start, end, offset or 0.0)
