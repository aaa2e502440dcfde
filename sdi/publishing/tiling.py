"""Tiles of a collection: everything that lies there where there is room for it, and an honest part where not.

A tile with few features shows them whole. With more of them each has its number and its class alone; with more still
the largest are shown. What `sdi.publishing.overview` made beforehand takes the place of such a choice, where it shows
the state of the collection that is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from sdi.errors import InputError
from sdi.filter.term import kind_of
from sdi.publishing.collection import Collection
from sdi.store.publication_database import QUESTION_S, Database, too_costly
from sdi.tile.cut import Cut, Drawn
from sdi.tile.layer import Kind
from sdi.tile.quad import Tile

Share = Literal["whole", "lean", "largest", "dissolved"]
"""What a tile shows: features with all properties, with their class alone, the largest of them, or areas of a class."""

CAP = 500_000
"""Largest tile, not compressed [byte]."""
WHOLE = 5_000
"""Features of a tile that have all their properties."""
LEAN = 10_000
"""Features of a tile of which none is left out."""
_COARSEST = 64
_KINDS: Mapping[str, Kind] = {"number": "number", "boolean": "boolean"}


def tile(base: Database, collection: Collection, square: Tile) -> tuple[Drawn, Share]:
    """Cut a collection into a tile.

    Parameters
    ----------
    base : Database
        The publication; one state of it is read.
    collection : Collection
        The collection.
    square : Tile
        Which tile.

    Returns
    -------
    Drawn
        The tile, of no more than `CAP` bytes; empty where nothing lies there.
    {'whole', 'lean', 'largest'}
        What it shows.

    Raises
    ------
    InputError
        If that takes longer than a question may.
    """
    try:
        with base.limited():
            return _tile(base, collection, square)
    except InputError as error:
        if error.code != too_costly().code:
            raise
        where = f"{square.level}/{square.row}/{square.column}"
        raise InputError(
            f"to draw tile {where} of {collection.name} takes longer than {QUESTION_S:g} s; ask for deeper tiles, or "
            "have `phusa tiles` make this one",
            code=error.code,
        ) from error


def _tile(base: Database, collection: Collection, square: Tile) -> tuple[Drawn, Share]:
    """Draw everything where there is room for it, else less."""
    count = base.crowd(collection.name, square, LEAN)
    if not count:
        return Drawn(b"", 0), "whole"
    cut = Cut(square, properties(collection), sized=collection.geometry not in ("Point", "MultiPoint", "Any"))
    if count <= WHOLE:
        found = base.draw(collection.name, cut)
        if len(found.content) <= CAP:
            return found, "whole"
    cut = replace(cut, columns=classes(collection))
    if count <= LEAN:
        found = base.draw(collection.name, cut)
        if len(found.content) <= CAP:
            return found, "lean"
    return _largest(base, collection.name, replace(cut, most=LEAN)), "largest"


def _largest(base: Database, name: str, cut: Cut) -> Drawn:
    """Show the largest features, fewer and on a coarser grid until they fit."""
    found = base.draw(name, cut)
    while len(found.content) > CAP:
        fewer = max(1, int(found.shown * 0.9 * CAP / len(found.content)))
        cut = replace(cut, most=fewer, side=max(_COARSEST, cut.side // 4))
        found = base.draw(name, cut)
    return found


def properties(collection: Collection) -> dict[str, Kind]:
    """Return the properties of a tile with few features: the identifier and all but places and series.

    Parameters
    ----------
    collection : Collection
        The collection.
    """
    fields: Mapping[str, Mapping[str, Any]] = collection.schema["properties"]
    told: dict[str, Kind] = {
        name: "integer" if _is_whole(one) else _KINDS.get(kind_of(one), "text")
        for name, one in fields.items()
        if kind_of(one) not in ("geometry", "array")
    }
    return {"id": "text", **told}


def classes(collection: Collection) -> dict[str, Kind]:
    """Return the property by which a collection is coloured, where there is one.

    Parameters
    ----------
    collection : Collection
        The collection.
    """
    by = (collection.style or {}).get("by")
    return {name: kind for name, kind in properties(collection).items() if name == by}


def _is_whole(field: Mapping[str, Any]) -> bool:
    """Tell whether a field has whole numbers."""
    declared = field.get("type")
    return "integer" in ([declared] if isinstance(declared, str) else declared or ())
