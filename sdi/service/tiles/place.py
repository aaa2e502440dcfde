"""Which collection, grid and tile an address names."""

from __future__ import annotations

import re

from starlette.requests import Request

from sdi.errors import InputError, NotFound
from sdi.publishing.collection import Collection
from sdi.service.inventory import Inventory
from sdi.service.parameter import Box
from sdi.tile.quad import DEEPEST, IDENTIFIER, Tile, limits

USUAL_LEVEL = 12
"""At which a map of a city is opened."""
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


def tiled(stock: Inventory, request: Request) -> Collection:
    """Return the collection of an address.

    Parameters
    ----------
    stock : Inventory
        What the caller may see.
    request : Request
        The request.

    Raises
    ------
    NotFound
        If there is none of that name, or it has no tiles.
    """
    one = stock.collection(request.path_params["collection"])
    if not one.tiles:
        raise NotFound(f"collection {one.name} has no tiles; collections that have some link to them")
    return one


def middle(extent: Box) -> list[float]:
    """Return where a map is opened: longitude and latitude [degree, CRS84].

    Parameters
    ----------
    extent : tuple of float (4,) [degree, CRS84]
        What it shows.
    """
    west, south, east, north = extent
    return [(west + east) / 2, (south + north) / 2]


def check_grid(request: Request) -> None:
    """Refuse an address that names another grid than the one there is.

    Raises
    ------
    NotFound
        Saying which there is.
    """
    named = request.path_params["grid"]
    if named != IDENTIFIER:
        raise NotFound(f"no tile matrix set {named[:100]!r}; expected {IDENTIFIER}")


def square(request: Request, one: Collection) -> Tile:
    """Return the tile of an address.

    Parameters
    ----------
    request : Request
        The request; its path has level, row and column.
    one : Collection
        The collection.

    Raises
    ------
    InputError
        If one of them is no whole number.
    NotFound
        If the tile lies outside the grid, or outside what the collection covers.
    """
    level, row, column = (_number(name, request.path_params[name]) for name in ("matrix", "row", "column"))
    if level > DEEPEST:
        raise NotFound(f"no tile matrix {level}; tiles are made for 0 to {DEEPEST}")
    found = Tile(level, row, column)
    if max(row, column) >= 2**level:
        raise NotFound(
            f"tile matrix {level} has rows and columns 0 to {2**level - 1}; row {row}, column {column} is none"
        )
    if one.extent is None or not limits(one.extent, level).holds(found):
        raise NotFound(
            f"collection {one.name} does not reach tile {level}/{row}/{column}; its tile set tells its limits"
        )
    return found


def _number(name: str, text: str) -> int:
    """Read a part of the address."""
    if not _WHOLE.fullmatch(text):
        raise InputError(f"tile {name} is {text[:100]!r}; expected a whole number of at least 0")
    return int(text)
