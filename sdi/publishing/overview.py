"""Tiles for looking from far away: classes dissolved into areas, made once for a state of a collection.

To dissolve takes seconds to minutes: neither a request nor whoever publishes waits for it. A file belongs to one state
of one collection; for another state it is not used, and tiles show the largest features until it is made again.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from sdi.errors import ConflictError, IntegrityError
from sdi.publishing.collection import Collection
from sdi.publishing.publication import Publication
from sdi.publishing.tiling import CAP, LEAN, properties
from sdi.store import tilefile
from sdi.store.durable import is_running
from sdi.tile.dissolve import coarser, merged
from sdi.tile.layer import Kind, layer
from sdi.tile.quad import DEEPEST, MARGIN, UNITS, Tile, limits, world
from sdi.tile.shape import Geometries, shapes

logger = logging.getLogger(__name__)

Class = tuple[Any, ...]
"""Values of the properties by which a collection is dissolved."""
_ENDING = ".mbtiles"


@dataclass(frozen=True, slots=True)
class Overview:
    """Tiles of one state of a collection, down to a level."""

    path: Path
    deepest: int

    def tile(self, square: Tile) -> bytes:
        """Return a tile; empty where nothing lies there.

        Raises
        ------
        IntegrityError
            If the file went since it was looked up, or is damaged.
        """
        try:
            return tilefile.read(self.path, square)
        except (sqlite3.Error, OSError, EOFError, zlib.error, TypeError) as error:
            raise IntegrityError(f"{self.path} cannot be read ({error}); `phusa tiles` makes it anew") from error


def state(publication: Publication, collection: Collection) -> str:
    """Return what differs between any two states of a collection, and between what two versions make of them."""
    said = (publication.identity(), publication.level, collection.name, collection.version, collection.style)
    return blake2b(repr(said).encode(), digest_size=12).hexdigest()


def path_of(folder: Path, collection: Collection) -> Path:
    """Return the file of a collection in the folder of a level of access."""
    return folder / f"{collection.name}{_ENDING}"


def find(path: Path, wanted: str) -> Overview | None:
    """Return the overview of a collection.

    Parameters
    ----------
    path : Path
        Its file.
    wanted : str
        State of the collection.

    Returns
    -------
    Overview or None
        None where there is none, or it shows another state.
    """
    if not path.is_file():
        return None
    try:
        said = tilefile.facts(path)
        return Overview(path, int(said["maxzoom"])) if said.get("phusa_state") == wanted else None
    except (sqlite3.Error, KeyError, ValueError) as error:
        logger.warning("%s cannot be read (%s); `phusa tiles` makes it anew", path, error)
        return None


def empty(folder: Path, kept: Container[str] = ()) -> None:
    """Remove overviews at once, and what was left half written by processes that are gone.

    Parameters
    ----------
    folder : Path
        Folder of the overviews of a level of access; may be missing.
    kept : container of str
        Collections whose overviews stay.
    """
    for path in folder.glob(f"*{_ENDING}"):
        if path.name.removesuffix(_ENDING) not in kept:
            path.unlink(missing_ok=True)
    for path in folder.glob(f".*{_ENDING}-*"):
        process = path.name.rpartition("-")[2]
        if not (process.isdigit() and is_running(int(process))):
            path.unlink(missing_ok=True)


def is_dissolved(collection: Collection) -> bool:
    """Tell whether a collection has tiles, and classes to dissolve."""
    return collection.tiles and bool((collection.style or {}).get("by"))


def build(publication: Publication, name: str, folder: Path) -> int | None:
    """Make the overview of a collection, where it has tiles with too many features.

    Parameters
    ----------
    publication : Publication
        Where it is published.
    name : str
        The collection; it has classes.
    folder : Path
        Folder of the overviews of this level of access.

    Returns
    -------
    int or None
        Deepest level that has tiles of its own; None where no tile has so many features.

    Raises
    ------
    ConflictError
        If the publication was laid out anew meanwhile: what was withdrawn must not come back as an outline.
    """
    with publication.reading():
        collection, identity = publication.collection(name), publication.identity()
        said = state(publication, collection)
        columns = _columns(collection)
        rows = [row for row in publication.rows(name, list(columns)) if row[-1] is not None]
    places = np.asarray(shapely.from_wkb([row[-1] for row in rows]), dtype=object)
    deepest = _deepest(places)
    if deepest is None or collection.extent is None:
        path_of(folder, collection).unlink(missing_ok=True)
        return None
    grouped = _grouped([row[1:-1] for row in rows], places, deepest)
    tiles = _tiles(collection, columns, grouped, deepest)
    written = tilefile.write(
        path_of(folder, collection), _facts(collection, said, deepest, columns), tiles,
        lambda: _refuse_another(publication, identity),
    )  # fmt: skip
    logger.info("%s: %d tiles down to level %d", name, written, deepest)
    return deepest


def _refuse_another(publication: Publication, identity: str) -> None:
    """Refuse to go on where what was read is not what is published any more: something may have been withdrawn."""
    if publication.is_replaced() or publication.identity() != identity:
        raise ConflictError(f"the {publication.level} publication was laid out anew meanwhile; run `phusa tiles` again")


def _columns(collection: Collection) -> dict[str, Kind]:
    """Return the properties by which a collection is dissolved: things that exclude each other are kept apart."""
    style = collection.style or {}
    named = {style.get("by"), style.get("alternatives")}
    return {name: kind for name, kind in properties(collection).items() if name in named}


def _deepest(places: Geometries) -> int | None:
    """Return the deepest level with a tile of more features than are shown there."""
    west, south, east, north = shapely.bounds(places).T
    there = np.isfinite(west)
    middle = np.column_stack([(west + east) / 2, (south + north) / 2])[there]
    for level in range(DEEPEST, -1, -1):
        squares = np.floor(world(middle, level, side=1)).astype(np.int64)
        _, counts = np.unique(squares, axis=0, return_counts=True)
        if counts.max(initial=0) > LEAN:
            return level
    return None


def _grouped(values: Sequence[Class], places: Geometries, level: int) -> dict[Class, Geometries]:
    """Return the places of each class, merged [unit of a level]."""
    units = shapely.transform(places, lambda corners: world(corners, level))
    members: dict[Class, list[int]] = {}
    for at, one in enumerate(values):
        members.setdefault(tuple(one), []).append(at)
    return {one: merged(units[which]) for one, which in sorted(members.items(), key=repr)}


def _tiles(
    collection: Collection, columns: Mapping[str, Kind], grouped: Mapping[Class, Geometries], deepest: int
) -> Iterator[tuple[Tile, bytes]]:
    """Yield the tiles of all levels, the deepest first."""
    for level in range(deepest, -1, -1):
        if level < deepest:
            grouped = {one: coarser(parts) for one, parts in grouped.items()}
        parts = np.concatenate([*grouped.values(), np.empty(0, dtype=object)])
        owners = [one for one, many in grouped.items() for _ in many]
        for square, near in _squares(collection, level, parts):
            content = _drawn(collection.name, columns, [owners[at] for at in near], _shifted(parts[near], square))
            if content:
                yield square, content


def _squares(collection: Collection, level: int, parts: Geometries) -> Iterator[tuple[Tile, Any]]:
    """Yield the tiles of a level that some parts touch, and which."""
    if collection.extent is None:
        return
    found = limits(collection.extent, level)
    tree = shapely.STRtree(parts)
    for row in range(found.first_row, found.last_row + 1):
        for column in range(found.first_column, found.last_column + 1):
            edges = np.array([column - MARGIN, row - MARGIN, column + 1 + MARGIN, row + 1 + MARGIN]) * UNITS
            near = np.sort(tree.query(shapely.box(*edges)))
            if len(near):
                yield Tile(level, row, column), near


def _shifted(parts: Geometries, square: Tile) -> Geometries:
    """Return parts as they lie in a tile [unit]."""
    corner = np.array([square.column, square.row]) * float(UNITS)
    moved: Geometries = shapely.transform(parts, lambda corners: corners - corner)
    return moved


def _drawn(name: str, columns: Mapping[str, Kind], owners: Sequence[Class], parts: Geometries) -> bytes:
    """Write a tile; where it is too large, without the smallest parts."""
    order = np.argsort(-shapely.area(parts) - shapely.length(parts), kind="stable")
    content = b""
    while len(order):
        kept = np.sort(order)
        found = shapes(parts[kept])
        told = [owners[kept[at]] for at in found.index]
        values = {key: (kind, [one[place] for one in told]) for place, (key, kind) in enumerate(columns.items())}
        content = layer(name, None, found, _truths(values))
        if len(content) <= CAP:
            break
        order = order[: int(len(order) * 0.9 * CAP / len(content))]
    return content


def _truths(values: dict[str, tuple[Kind, list[Any]]]) -> dict[str, tuple[Kind, list[Any]]]:
    """Return values with truth in the place of 0 and 1."""
    return {
        key: (kind, [None if one is None else bool(one) for one in many] if kind == "boolean" else many)
        for key, (kind, many) in values.items()
    }


def _facts(collection: Collection, said: str, deepest: int, columns: Mapping[str, Kind]) -> dict[str, str]:
    """Say what the file holds, as the specification of such files asks, and of which state it is."""
    fields = {name: kind.title() for name, kind in columns.items()}
    return {
        "name": collection.name, "format": "pbf", "minzoom": "0", "maxzoom": str(deepest), "phusa_state": said,
        "bounds": ",".join(map(str, collection.extent or ())), "attribution": collection.attribution,
        "json": orjson.dumps({"vector_layers": [{"id": collection.name, "fields": fields}]}).decode(),
    }  # fmt: skip
