"""The projector: it turns what the registry knows into what a publication shows.

It reads the outbox from where it stopped, works out every thing that changed anew, and stores the transaction it has
reached together with the rows. Applied twice it changes nothing; killed between, it goes on where it was.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from sdi import describe, heritage
from sdi.change import changes
from sdi.declaration import Declaration, Field, Level, property_of
from sdi.errors import IntegrityError
from sdi.feature import rounded, serialised
from sdi.history import ALWAYS, OPEN, TERMINAL
from sdi.registry import Registry
from sdi.saying import Saying, entries
from sdi.store.geopackage import LAYOUT, Extent, GeoPackage, geometry_blobs, recorded_extent, remove
from sdi.store.schema import REGISTER_PREFIX, column_name
from sdi.store.words import Entry
from sdi.timeline import Fact, Piece, pieces
from sdi.value import given
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

LEVELS: tuple[Level, ...] = ("public", "restricted")
"""Levels that have a publication beside the registry."""
CHUNK = 20_000
"""Things worked out at a time, to bound memory."""
FEED_NAME = 16
"""Digits of the hash after which a feed is named."""
LONGEST_SOUGHT = 200
"""A text that may be longer is prose: nothing is found by its words [characters]."""

_TIMES = "{0}.valid_from, {0}.valid_to, {0}.tx_from, {0}.tx_to"
_CHOSEN = 'e."row" IN ({rows})'
_SQL_TYPE = {"integer": "INTEGER", "number": "REAL", "boolean": "BOOLEAN", "date": "DATE", "datetime": "DATETIME"}
_LAYER_TYPE = {
    "Point": "POINT", "MultiPoint": "MULTIPOINT", "LineString": "MULTILINESTRING", "MultiLineString": "MULTILINESTRING",
    "Polygon": "MULTIPOLYGON", "MultiPolygon": "MULTIPOLYGON", "Any": "GEOMETRY",
}  # fmt: skip


def refresh(workspace: Workspace, registry: Registry, *, rebuild: bool = False) -> int:
    """Bring every publication of a workspace up to its registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    rebuild : bool
        Start from nothing instead of from where the projector stopped.

    Returns
    -------
    int
        Transaction that all publications have reached.
    """
    reached = [_refresh(workspace, registry, level, rebuild=rebuild) for level in LEVELS]
    return min(reached)


def _refresh(workspace: Workspace, registry: Registry, level: Level, *, rebuild: bool) -> int:
    """Bring one publication up to the registry."""
    path = workspace.publication_path(level)
    path.parent.mkdir(parents=True, exist_ok=True)
    if rebuild or (path.is_file() and _layout(path) != LAYOUT):
        return _rebuild(workspace, registry, level, path)
    with closing(GeoPackage(path, read_only=False)) as package:
        return _bring_up(workspace, registry, package, level)


def _layout(path: Path) -> str | None:
    """Return the version of the tables of a publication."""
    with closing(GeoPackage(path)) as package:
        return package.get("layout")


def _rebuild(workspace: Workspace, registry: Registry, level: Level, path: Path) -> int:
    """Build a publication beside its place and move it there, whatever became of the one that lies there."""
    twin = path.with_suffix(".rebuild")
    remove(twin)
    with closing(GeoPackage(twin, read_only=False)) as package:
        reached = _bring_up(workspace, registry, package, level)
    remove(path, sides_only=True)
    twin.replace(path)
    remove(twin)
    return reached


def _bring_up(workspace: Workspace, registry: Registry, package: GeoPackage, level: Level) -> int:
    """Apply what is missing and store, in the same transaction, how far that is."""
    with package.writing(), registry.store.reading():
        last = registry.last_tx
        _refuse_another(registry, package)
        since = int(package.get("applied_tx") or 0)
        anew = _apply(workspace, registry, package, level)
        heritage.project(registry, package.successors, since=since, anew=anew)
        heritage.tell(registry, package.feed, since=since, anew=anew)
        _number(registry, package, anew=anew)
        package.put("level", level)
        package.put("applied_tx", str(last))
        package.put("applied_hash", registry.root_hash)
    return last


def _refuse_another(registry: Registry, package: GeoPackage) -> None:
    """Refuse to go on where the registry is not the one that was applied so far.

    Raises
    ------
    IntegrityError
        If another registry was put in its place, for example from a backup.
    """
    applied = int(package.get("applied_tx") or 0)
    if applied and registry.store.select("SELECT hash FROM tx WHERE tx = ?", (applied,)) != [
        (package.get("applied_hash"),)
    ]:
        raise IntegrityError(
            f"{package.path.name} has applied transaction {applied} of another registry than the one that is here now; "
            "was an older one restored? run `phusa publish --rebuild`"
        )


def _apply(workspace: Workspace, registry: Registry, package: GeoPackage, level: Level) -> bool:
    """Apply what happened since the projector stopped; tell whether a collection was dropped or built anew."""
    applied = int(package.get("applied_tx") or 0)
    known = {row[0]: row for row in package.collections()}
    declared = {one.publish.collection: one for one in registry.catalog.registers.values() if one.publish}
    gone = set(known) - set(declared)
    for name in gone:
        package.drop(name)
    rebuilt = bool(gone)
    changed = _changed(registry, applied)
    for name, declaration in declared.items():
        layer = Layer(declaration, level, registry, workspace)
        structure = layer.structure()
        anew = name not in known or known[name][1:3] != (declaration.name, structure)
        if anew:
            package.define(name, layer.columns(), _LAYER_TYPE[declaration.location.geometry], declaration.title.vi)
        todo = _all(registry, declaration.name) if anew else changed.get(declaration.name, [])
        if todo or anew:
            for start in range(0, len(todo), CHUNK):
                layer.project(package, todo[start : start + CHUNK], forget=not anew)
        extent = package.extent(name) if todo or anew else recorded_extent(known[name])
        version = layer.last_tx if anew else max(layer.last_tx, known[name][11])
        description = layer.description(extent, version)
        if todo or anew or orjson.loads(known[name][3]) != description:
            package.describe(name, declaration.name, structure, orjson.dumps(description).decode(), version)
        if todo:
            logger.info("%s: %d things published in %s", level, len(todo), name)
        rebuilt |= anew
    return rebuilt


def _number(registry: Registry, package: GeoPackage, *, anew: bool) -> None:
    """Give the transactions that show their rank among each other, which tells nothing of those that do not show.

    Where a register shows more or less of what was recorded long ago, other transactions come between the old ones: the
    feed begins anew under another name, and whoever follows it reads everything again.
    """
    numbered = package.feed.numbered() if anew else []
    last, reached = package.feed.last()
    shown = package.feed.shown(0 if anew else reached)
    if shown[: len(numbered)] != numbered:
        package.feed.clear_numbers()
        numbered, last = [], 0
    new = shown[len(numbered) :]
    if new and not last:
        package.put("feed", registry.root_hash[:FEED_NAME])
    package.feed.number(_timed(registry, new, last + 1))


def _timed(registry: Registry, numbers: Sequence[int], first: int) -> list[tuple[int, int, str]]:
    """Return transactions with their numbers in the feed and the times at which they were recorded."""
    if not numbers:
        return []
    sql = "SELECT tx, recorded_at FROM tx WHERE tx BETWEEN ? AND ?"
    times: dict[int, str] = dict(registry.store.select(sql, (numbers[0], numbers[-1])))
    return [(sequence, tx, times[tx]) for sequence, tx in enumerate(numbers, first)]


def _changed(registry: Registry, applied: int) -> dict[str, list[int]]:
    """Return what the outbox holds since a transaction: entity rows by kind."""
    found: dict[str, list[int]] = {}
    sql = (
        'SELECT DISTINCT e.kind, e."row" FROM outbox o JOIN entity e ON e.eid = o.eid '
        'WHERE o.tx_from > ? ORDER BY e."row"'
    )
    for kind, row in registry.store.stream(sql, (applied,)):
        found.setdefault(kind, []).append(row)
    return found


def _all(registry: Registry, kind: str) -> list[int]:
    """Return the entity rows of all things of a kind."""
    return [row[0] for row in registry.store.stream('SELECT "row" FROM entity WHERE kind = ? ORDER BY "row"', (kind,))]


def _used(registry: Registry, schemes: Sequence[str]) -> tuple[str, ...]:
    """Return the schemes in which anything was ever numbered: those of other cities are no columns here."""
    sql = "SELECT 1 FROM identifier WHERE scheme = ? LIMIT 1"
    return tuple(scheme for scheme in schemes if registry.store.select(sql, (scheme,)))


class Layer:
    """How one register appears at one access level.

    Parameters
    ----------
    declaration : Declaration
        The register; it has a collection.
    level : {'public', 'restricted'}
        Who reads.
    registry : Registry
        Where the things are kept.
    workspace : Workspace
        The city.
    """

    def __init__(self, declaration: Declaration, level: Level, registry: Registry, workspace: Workspace) -> None:
        if declaration.publish is None:
            raise IntegrityError(f"register {declaration.name} is not published")
        self._declaration = dataclasses.replace(declaration, schemes=_used(registry, declaration.schemes))
        self._publish = declaration.publish
        self._level: Level = level
        self._registry = registry
        self._workspace = workspace
        self.last_tx = 0
        """Last transaction that did something that shows, among the things worked out so far."""
        self._fields = declaration.published(level)
        self._sought = self._found_by()

    def _found_by(self) -> tuple[str, ...]:
        """Return the properties by whose words a feature is found: names, codes and short texts."""
        fields = {field.name: field for field in self._fields}
        short = {name for name, field in fields.items() if field.type == "text" and _is_short(field)}
        return tuple(name for name in self.columns() if name not in {"status", "valid_from", *fields} - short)

    def columns(self) -> dict[str, str]:
        """Return the properties of a feature with their SQL types, in order."""
        names = {"name" if language == "vi" else f"name_{language}": "TEXT" for language in self._declaration.languages}
        schemes = {property_of(scheme): "TEXT" for scheme in self._declaration.schemes}
        fields = {field.name: _SQL_TYPE.get(field.type, "TEXT") for field in self._fields}
        return {**names, **schemes, "status": "TEXT", **fields, "valid_from": "DATETIME"}

    def structure(self) -> str:
        """Return a hash of everything that decides how rows are laid out; another one means building anew."""
        booleans = [field.name for field in self._fields if field.type == "boolean"]
        parts = [
            LAYOUT,
            list(self.columns().items()),
            booleans,
            self._declaration.location.geometry,
            self._declaration.location.role,
            self._workspace.crs.code,
            self._workspace.crs.operation,
        ]
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()

    def description(self, extent: Extent, last_tx: int) -> dict[str, Any]:
        """Return what the publication says of the collection as of the last transaction that shows."""
        return describe.collection(self._declaration, self._level, self._registry, self._workspace, extent, last_tx)

    def project(self, package: GeoPackage, rows: Sequence[int], *, forget: bool) -> None:
        """Work out some things and write them.

        Parameters
        ----------
        package : GeoPackage
            The publication.
        rows : sequence of int (n,)
            Entity rows of the things; they are also the feature numbers.
        forget : bool
            Whether the publication may already hold them.
        """
        name = self._publish.collection
        facts = self._facts(rows)
        if forget:
            package.forget(name, rows)
        stories = [(fid, eid, self._story(facts[fid])) for fid, eid in self._entities(rows) if facts.get(fid)]
        self._put_things(package, stories)
        self._put_changes(package, stories)
        shown = [
            (fid, eid, piece) for fid, eid, story in stories for piece in story if piece.facts["row"][0] not in TERMINAL
        ]
        if shown:
            self._put_pieces(package, name, shown)

    def _entities(self, rows: Sequence[int]) -> list[tuple[int, str]]:
        """Return the identifiers of entity rows."""
        return [(row, eid) for row, eid in self._read('SELECT "row", eid FROM entity WHERE "row" IN ({rows})', rows)]

    def _read(self, sql: str, rows: Sequence[int]) -> Iterable[tuple[Any, ...]]:
        """Run a query for some entity rows; a contiguous run of them becomes a range."""
        if len(rows) == rows[-1] - rows[0] + 1:
            return self._registry.store.stream(
                sql.replace('"row" IN ({rows})', '"row" BETWEEN ? AND ?'), (rows[0], rows[-1])
            )
        listed = orjson.dumps(list(rows)).decode()
        store = self._registry.store
        return store.stream(sql.replace("{rows}", store.listed(int)), (listed,))

    def _facts(self, rows: Sequence[int]) -> dict[int, list[Fact]]:
        """Read everything recorded about some things that this level may see."""
        found: dict[int, list[Fact]] = {row: [] for row in rows}
        for row, *held, status in self._rows(rows):
            found[row].append(Fact("row", status, *held))
        for table, slot, sql in self._dated():
            for row, key, value, start, end, known, until in self._read(sql, rows):
                if row in found and start < end and known < until:
                    found[row].append(Fact((table, key) if slot else table, value, start, end, known, until))
        return found

    def _rows(self, rows: Sequence[int]) -> Iterable[tuple[Any, ...]]:
        """Read the register's own rows: entity row, times, then status and fields as one value."""
        fields = "".join(f', r."{column_name(field)}"' for field in self._fields)
        sql = (
            f'SELECT e."row", {_TIMES.format("r")}, r.status{fields} FROM entity e '
            f'JOIN "{REGISTER_PREFIX}{self._declaration.name}" r ON r.eid = e.eid WHERE {_CHOSEN}'
        )
        return ((*one[:5], one[5:]) for one in self._read(sql, rows))

    def _dated(self) -> Iterable[tuple[str, bool, str]]:
        """Return the queries for codes, names and places: slot, whether it has a key, SQL."""
        if self._declaration.schemes:
            times = _TIMES.format("i")
            codes = f'SELECT e."row", i.scheme, i.value, {times} FROM entity e JOIN identifier i ON i.eid = e.eid'
            yield "scheme", True, f"{codes} WHERE {_CHOSEN}"
        if self._declaration.languages:
            times = _TIMES.format("n")
            names = f'SELECT e."row", n.language, n.text, {times} FROM entity e JOIN name n ON n.eid = e.eid'
            yield "name", True, f"{names} WHERE n.type = 'official' AND {_CHOSEN}"
        places = (
            f'SELECT e."row", l.role, v.geometry, {_later("valid_from")}, {_earlier("valid_to")}, '
            f"{_later('tx_from')}, {_earlier('tx_to')} FROM entity e JOIN locates l ON l.eid = e.eid "
            "JOIN location_version v ON v.lid = l.lid"
        )
        yield "geometry", False, f"{places} WHERE l.role = '{self._declaration.location.role}' AND {_CHOSEN}"

    @staticmethod
    def _story(facts: Sequence[Fact]) -> list[Piece]:
        """Return the pieces in which a thing was in the register."""
        return [piece for piece in pieces(facts) if "row" in piece.facts]

    def _put_things(self, package: GeoPackage, stories: Sequence[tuple[int, str, list[Piece]]]) -> None:
        """Say what became of every thing."""
        rows = []
        for fid, eid, story in stories:
            known = [piece for piece in story if piece.tx_to == OPEN]
            if known:
                start = min(piece.valid_from for piece in known)
                last = max(known, key=lambda piece: piece.valid_to)
                status = last.facts["row"][0]
                ended = [piece.valid_from for piece in known if piece.facts["row"][0] in TERMINAL]
                end = min(ended, default=last.valid_to)
                rows.append((eid, fid, self._declaration.name, self._publish.collection, status, start, end))
        package.put_things(rows)

    def _put_changes(self, package: GeoPackage, stories: Sequence[tuple[int, str, list[Piece]]]) -> None:
        """Say what every transaction did to every thing."""
        rows = [(tx, eid, word) for _, eid, story in stories for tx, word in changes(story)]
        self.last_tx = max([self.last_tx, *(row[0] for row in rows)])
        package.feed.put(rows)

    def _put_pieces(self, package: GeoPackage, name: str, shown: Sequence[tuple[int, str, Piece]]) -> None:
        """Write history and current features."""
        blobs = np.array([piece.facts.get("geometry") for _, _, piece in shown], dtype=object)
        geometries = rounded(self._workspace.crs.to_crs84(shapely.from_wkb(blobs)))
        properties = [self._properties(piece) for _, _, piece in shown]
        features = serialised([eid for _, eid, _ in shown], geometries, properties)
        bounds = shapely.bounds(geometries)
        boxes = [[None if math.isnan(side) else side for side in box] for box in bounds.tolist()]
        history = [
            (fid, eid, piece.valid_from, piece.valid_to, piece.tx_from, piece.tx_to, *box, feature)
            for (fid, eid, piece), box, feature in zip(shown, boxes, features, strict=True)
        ]
        numbers = package.add_history(name, history)
        now = [at for at, (_, _, piece) in enumerate(shown) if piece.current]
        places = geometry_blobs(promoted(geometries[now], _LAYER_TYPE[self._declaration.location.geometry]))
        rows = [
            (shown[at][0], place, shown[at][1], *map(_cell, properties[at].values()), numbers[at])
            for at, place in zip(now, places, strict=True)
        ]
        package.add_current(name, rows, bounds[now])
        package.words.add(list(self._entries(shown, properties)))

    def _entries(
        self, shown: Sequence[tuple[int, str, Piece]], properties: Sequence[Mapping[str, Any]]
    ) -> Iterable[Entry]:
        """Yield by what the things are found, as known now."""
        sayings: dict[tuple[int, str], list[Saying]] = {}
        for (fid, eid, piece), said in zip(shown, properties, strict=True):
            if piece.tx_to == OPEN:
                texts = {name: said[name] for name in self._sought if said[name] is not None}
                sayings.setdefault((fid, eid), []).append(Saying(piece.valid_from, piece.valid_to, texts))
        for (fid, eid), every in sayings.items():
            ordered = sorted(every, key=lambda saying: saying.valid_from)
            named = bool(self._declaration.languages)
            yield from entries(fid, eid, self._publish.collection, ordered, named=named)

    def _properties(self, piece: Piece) -> dict[str, Any]:
        """Return the properties of a feature, in their order."""
        facts = piece.facts
        found: dict[str, Any] = {
            "name" if language == "vi" else f"name_{language}": facts.get(("name", language))
            for language in self._declaration.languages
        }
        for scheme in self._declaration.schemes:
            found[property_of(scheme)] = facts.get(("scheme", scheme))
        found["status"], *values = facts["row"]
        for field, value in zip(self._fields, values, strict=True):
            found[field.name] = given(field, value)
        found["valid_from"] = None if piece.valid_from == ALWAYS else piece.valid_from
        return found


def _later(column: str) -> str:
    """Return the SQL of the later of two times, of a place and of being there."""
    return f"CASE WHEN l.{column} > v.{column} THEN l.{column} ELSE v.{column} END"


def _earlier(column: str) -> str:
    """Return the SQL of the earlier of two times, of a place and of being there."""
    return f"CASE WHEN l.{column} < v.{column} THEN l.{column} ELSE v.{column} END"


def _is_short(field: Field) -> bool:
    """Tell whether the text of a field is a name rather than prose or, with a pattern, a key for machines."""
    return field.pattern is None and field.max_length is not None and field.max_length <= LONGEST_SOUGHT


def _cell(value: Any) -> Any:
    """Return a property as a column takes it: a series as JSON text."""
    return orjson.dumps(value).decode() if isinstance(value, list) else value


def promoted(
    geometries: np.ndarray[Any, np.dtype[np.object_]], layer_type: str
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Make single lines and polygons multiple where the layer is declared so.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [any CRS]
        Geometries, ``None`` where missing.
    layer_type : str
        GeoPackage geometry type.

    Returns
    -------
    ndarray (n,) of shapely geometry [same CRS]
    """
    single, make = {
        "MULTILINESTRING": (shapely.GeometryType.LINESTRING, shapely.multilinestrings),
        "MULTIPOLYGON": (shapely.GeometryType.POLYGON, shapely.multipolygons),
    }.get(layer_type, (None, None))
    if single is None or make is None or not len(geometries):
        return geometries
    made = geometries.copy()
    lone = np.flatnonzero(shapely.get_type_id(geometries) == single)
    if lone.size:
        made[lone] = make(geometries[lone], indices=np.arange(lone.size))
    return made


def verified(workspace: Workspace, registry: Registry) -> Mapping[str, str]:
    """Compare every publication with one built anew from the registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.

    Returns
    -------
    mapping of str to str
        Content hash by level.

    Raises
    ------
    IntegrityError
        If a publication is behind, damaged, or differs from what the registry says.
    """
    return {level: _verified(workspace, registry, level) for level in LEVELS}


def _verified(workspace: Workspace, registry: Registry, level: Level) -> str:
    """Compare one publication with one built anew; return its content hash."""
    path = workspace.publication_path(level)
    with closing(GeoPackage(path)) as package:
        package.check()
        if package.get("applied_tx") != str(registry.last_tx):
            raise IntegrityError(
                f"{path.name} has reached transaction {package.get('applied_tx')} of {registry.last_tx}; "
                "run `phusa publish`"
            )
        found = content_hash(package)
    if found != _anew(workspace, registry, level, path):
        raise IntegrityError(
            f"{path.name} differs from what the registry says; rebuild it with `phusa publish --rebuild`"
        )
    return found


def _anew(workspace: Workspace, registry: Registry, level: Level, path: Path) -> str:
    """Return the content hash of a publication built from nothing."""
    twin = path.with_suffix(f".verify-{os.getpid()}")
    try:
        with closing(GeoPackage(twin, read_only=False)) as fresh:
            _bring_up(workspace, registry, fresh, level)
            return content_hash(fresh)
    finally:
        remove(twin)


def content_hash(package: GeoPackage) -> str:
    """Hash everything a publication shows, independent of how it came there."""
    digest = hashlib.sha256()
    for row in package.content():
        digest.update(repr(row).encode())
    return digest.hexdigest()
