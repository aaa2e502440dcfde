"""A layer: how one register appears at one access level.

What is known of a thing is joined into pieces in which nothing changes; each piece is a version of a published feature.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from sdi.access.generalise import GENERALISED
from sdi.access.level import shown_at
from sdi.access.numbering import Features, Numbers
from sdi.declaration import Declaration, Field, Level, property_of
from sdi.errors import IntegrityError
from sdi.finding.saying import Saying, entries, other_names
from sdi.history import ALWAYS, OPEN, TERMINAL
from sdi.place import address
from sdi.publishing import describe
from sdi.publishing.change import changes
from sdi.publishing.feature import rounded, serialised
from sdi.publishing.shared import Shared
from sdi.publishing.story import Stories
from sdi.publishing.timeline import ROW, Piece
from sdi.registry import Registry
from sdi.store.publication_database import Database
from sdi.store.publication_store import LAYOUT, Extent, PublicationStore
from sdi.store.words import Entry
from sdi.value import given
from sdi.workspace import Workspace

LONGEST_SOUGHT = 200
"""A text that may be longer is prose: nothing is found by its words [characters]."""

_SQL_TYPE = {"integer": "INTEGER", "number": "REAL", "boolean": "BOOLEAN", "date": "DATE", "datetime": "DATETIME"}
_LAYER_TYPE = {
    "Point": "POINT", "MultiPoint": "MULTIPOINT", "LineString": "MULTILINESTRING", "MultiLineString": "MULTILINESTRING",
    "Polygon": "MULTIPOLYGON", "MultiPolygon": "MULTIPOLYGON", "Any": "GEOMETRY",
}  # fmt: skip


def _used(registry: Registry, declaration: Declaration, level: Level) -> tuple[str, ...]:
    """Return the schemes in which anything that shows was ever numbered: those of other cities are no columns here."""
    sql = (
        "SELECT 1 FROM identifier i JOIN entity e ON e.eid = i.eid WHERE i.scheme = ? AND e.kind = ? "
        f"AND {shown_at(level)} LIMIT 1"
    )
    return tuple(one for one in declaration.schemes if registry.store.select(sql, (one, declaration.name)))


class _Drawn(NamedTuple):
    """Places as they are published."""

    written: Sequence[str | None]
    """GeoJSON geometries [CRS84], ``None`` where there is no place."""
    bounds: NDArray[np.float64]
    """Boxes [degree, CRS84]; NaN where there is no place."""
    current: Sequence[object]
    """Those that are current, as the database keeps places."""


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
    shared : Shared, optional
        What was worked out for another audience.
    """

    def __init__(
        self,
        declaration: Declaration,
        level: Level,
        registry: Registry,
        workspace: Workspace,
        shared: Shared | None = None,
    ) -> None:
        if declaration.publish is None:
            raise IntegrityError(f"register {declaration.name} is not published")
        self._declaration = dataclasses.replace(declaration, schemes=_used(registry, declaration, level))
        self._publish = declaration.publish
        self._level: Level = level
        self._registry = registry
        self._workspace = workspace
        self.first = self.last = 0
        """Provisional numbers of the first and last transaction that show, among the things worked out so far [1]."""
        self._numbers: Mapping[int, int] = {}
        self._shared = shared or Shared()
        self._stories = Stories(self._declaration, level, registry, self.generalised, self._shared)
        self._fields = declaration.published(level)
        self._converted = [field for field in self._fields if field.type in ("boolean", "series")]
        self._said = tuple(self.columns())
        self._addressed = declaration.shows_address(level)
        self._veils = bool(self.generalised)
        names = [("name", language) for language in declaration.languages]
        self._dated_slots = [*names, *(("scheme", scheme) for scheme in self._declaration.schemes)]
        self._sought = self._found_by()

    def _found_by(self) -> tuple[str, ...]:
        """Return the properties by whose words a feature is found: names, codes and short texts."""
        fields = {field.name: field for field in self._fields}
        short = {name for name, field in fields.items() if field.type == "text" and _is_short(field)}
        plain = {"status", "valid_from", GENERALISED, *fields} - short
        return tuple(name for name in self._said if name not in plain)

    def columns(self) -> dict[str, str]:
        """Return the properties of a feature with their SQL types, in order."""
        names = {"name" if language == "vi" else f"name_{language}": "TEXT" for language in self._declaration.languages}
        schemes = {property_of(scheme): "TEXT" for scheme in self._declaration.schemes}
        fields = {field.name: _SQL_TYPE.get(field.type, "TEXT") for field in self._fields}
        said = {"address": "TEXT"} if self._declaration.shows_address(self._level) else {}
        place = {GENERALISED: "REAL"} if self.generalised else {}
        return {**names, **schemes, **said, "status": "TEXT", **fields, **place, "valid_from": "DATETIME"}

    def structure(self) -> str:
        """Return a hash of everything that decides how rows are laid out; another one means building anew."""
        booleans = [field.name for field in self._fields if field.type == "boolean"]
        parts = [
            LAYOUT,
            list(self.columns().items()),
            booleans,
            self.generalised,
            self._declaration.location.geometry,
            self._declaration.location.role,
            self._workspace.crs.code,
            self._workspace.crs.operation,
        ]
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()

    @property
    def kind(self) -> str:
        """Register that it shows."""
        return self._declaration.name

    @property
    def generalised(self) -> float | None:
        """Width of the squares in which this audience sees restricted things [m]; they are not shown where absent."""
        return self._publish.generalise_m if self._level == "public" else None

    def define(self, package: PublicationStore) -> None:
        """Make the tables of the collection."""
        geometry = _LAYER_TYPE[self._declaration.location.geometry]
        package.define(self._publish.collection, self.columns(), geometry, self._declaration.title.vi)

    def description(self, extent: Extent, told: tuple[str | None, str | None]) -> dict[str, Any]:
        """Return what the publication says of the collection, which first and last told something at two times."""
        return describe.collection(self._declaration, self._level, self._registry, self._workspace, extent, told)

    def project(self, package: PublicationStore, rows: Sequence[int], numbers: Numbers, features: Features) -> None:
        """Work out some things and write those of which something shows that did not before.

        Parameters
        ----------
        package : PublicationStore
            The publication.
        rows : sequence of int (n,)
            Entity rows of the things.
        numbers : Numbers
            Numbers of the transactions.
        features : Features
            Numbers of the things.
        """
        new = features.new(rows)
        told = [(row, eid, story) for row, (eid, story) in self._stories.of(rows).items()]
        told = [one for one in told if one[0] in new or _latest(one[2]) > numbers.since]
        self._numbers = numbers.of({tx for *_, story in told for piece in story for tx in (piece.tx_from, piece.tx_to)})
        known = features.known([eid for row, eid, _ in told if row not in new])
        stories = [(new.get(row) or known[eid], eid, story) for row, eid, story in told]
        if known:
            package.forget(self._publish.collection, list(known.values()))
        self._put_things(package, stories)
        self._put_changes(package, stories)
        shown = [
            (fid, eid, piece) for fid, eid, story in stories for piece in story if piece.facts[ROW][0] not in TERMINAL
        ]
        if shown:
            self._put_pieces(package, self._publish.collection, shown)

    def _put_things(self, package: PublicationStore, stories: Sequence[tuple[int, str, list[Piece]]]) -> None:
        """Say what became of every thing."""
        rows = []
        for fid, eid, story in stories:
            known = story if len(story) == 1 else sorted(story)
            known = [piece for piece in known if piece.tx_to == OPEN]
            if known:
                ended = [piece.valid_from for piece in known if piece.facts[ROW][0] in TERMINAL]
                start, end = known[0].valid_from, ended[0] if ended else known[-1].valid_to
                status = known[-1].facts[ROW][0]
                rows.append((eid, fid, self._declaration.name, self._publish.collection, status, start, end))
        package.put_things(rows)

    def _put_changes(self, package: PublicationStore, stories: Sequence[tuple[int, str, list[Piece]]]) -> None:
        """Say what every transaction did to every thing."""
        rows = [(self._numbers[tx], eid, word) for _, eid, story in stories for tx, word in changes(story)]
        if rows:
            told = [row[0] for row in rows]
            self.first, self.last = min(self.first or told[0], *told), max(self.last, *told)
        package.feed.put(rows)

    def _put_pieces(self, package: PublicationStore, name: str, shown: Sequence[tuple[int, str, Piece]]) -> None:
        """Write history and current features."""
        properties = [self._properties(piece) for *_, piece in shown]
        now = [at for at, (*_, piece) in enumerate(shown) if piece.current]
        blobs = [piece.facts.get("geometry") for *_, piece in shown]
        drawn = self._shared.once("places", (name, blobs, now), lambda: self._drawn(package.base, blobs, now))
        features = serialised([eid for _, eid, _ in shown], drawn.written, properties)
        boxes = drawn.bounds.astype(object)
        boxes[np.isnan(drawn.bounds)] = None
        number = self._numbers
        history = [
            (fid, eid, piece.valid_from, piece.valid_to, number[piece.tx_from], number[piece.tx_to], *box, feature)
            for (fid, eid, piece), box, feature in zip(shown, boxes.tolist(), features, strict=True)
        ]
        numbers = package.add_history(name, history)
        cells = _cells if self._converted else tuple
        rows = [
            (shown[at][0], place, shown[at][1], *cells(properties[at].values()), numbers[at])
            for at, place in zip(now, drawn.current, strict=True)
        ]
        package.add_current(name, rows, drawn.bounds[now])
        sayings = self._sayings(shown, properties)
        package.words.add(self._shared.once("words", (name, sayings), lambda: self._entries(sayings)))

    def _drawn(self, base: Database, blobs: Sequence[bytes | None], now: Sequence[int]) -> _Drawn:
        """Draw places [WKB, storage CRS], some of which are current."""
        stored = shapely.from_wkb(np.array(blobs, dtype=object))
        geometries = rounded(self._workspace.crs.to_crs84(stored))
        current = promoted(geometries[now], _LAYER_TYPE[self._declaration.location.geometry])
        return _Drawn(shapely.to_geojson(geometries).tolist(), shapely.bounds(geometries), base.places(current))

    def _sayings(
        self, shown: Sequence[tuple[int, str, Piece]], properties: Sequence[Mapping[str, Any]]
    ) -> dict[int, tuple[str, list[Saying]]]:
        """Return what things were called, as known now: by number their identifiers, and stretch by stretch."""
        found: dict[int, tuple[str, list[Saying]]] = {}
        named = bool(self._declaration.languages)
        for (fid, eid, piece), said in zip(shown, properties, strict=True):
            if piece.tx_to == OPEN:
                texts = {name: said[name] for name in self._sought if said[name] is not None}
                if named:
                    texts |= other_names(piece)
                found.setdefault(fid, (eid, []))[1].append(Saying(piece.valid_from, piece.valid_to, texts))
        return found

    def _entries(self, sayings: Mapping[int, tuple[str, Sequence[Saying]]]) -> list[Entry]:
        """Return by what things are found."""
        collection, named = self._publish.collection, bool(self._declaration.languages)
        return [
            entry
            for fid, (eid, every) in sayings.items()
            for entry in entries(fid, eid, collection, sorted(every), named=named)
        ]

    def _properties(self, piece: Piece) -> dict[str, Any]:
        """Return the properties of a feature, in their order."""
        start, _, _, _, facts = piece
        values = [facts.get(slot) for slot in self._dated_slots]
        if self._addressed:
            said = facts.get("address")
            values.append(said and address.unpacked(said).written(facts.get("street")))
        values += facts[ROW]
        if self._veils:
            values.append(facts.get(GENERALISED))
        values.append(None if start == ALWAYS else start)
        found = dict(zip(self._said, values, strict=True))
        for field in self._converted:
            found[field.name] = given(field, found[field.name])
        return found


def _latest(story: Sequence[Piece]) -> int:
    """Return the last transaction with which a piece of a story begins or ends."""
    return max((tx for piece in story for tx in (piece.tx_from, piece.tx_to) if tx != OPEN), default=0)


def _is_short(field: Field) -> bool:
    """Tell whether the text of a field is a name rather than prose or, with a pattern, a key for machines."""
    return field.pattern is None and field.max_length is not None and field.max_length <= LONGEST_SOUGHT


def _cells(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return properties as columns take them: a series as JSON text."""
    return tuple(orjson.dumps(value).decode() if isinstance(value, list) else value for value in values)


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
