"""GeoJSON (RFC 7946), read strictly: every defect is named with its path in the document.

GDAL reads much that is no GeoJSON and loses what it does not understand; here the structure is checked first, and
geometries and properties arrive exactly as written. Defects of form that leave no doubt are mended and reported
(an open ring, a nested collection, a fourth ordinate, missing properties); others refuse the document. A geometry of
the right form that is none (a ring of three positions) concerns its own row only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from sdi.crs import CRS84
from sdi.errors import RefusedError, refused
from sdi.source.delivery import Limits, Raw

Json = Any
"""A value of a JSON document."""

_HALF = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_ESCAPED = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
_NAME = re.compile(r"[\w:/.#-]+", re.ASCII)
"""What the name of a CRS is made of: «EPSG:5897», an URN, an address."""
_DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""How many lists stand around the positions of each type."""
_TYPES = (*_DEPTH, "GeometryCollection", "Feature", "FeatureCollection")
_RELATIVES = {"Topology": "TopoJSON", "CityJSON": "CityJSON"}


def parse(text: str, limits: Limits) -> Raw:
    """Read a GeoJSON document.

    Parameters
    ----------
    text : str
        The document: a FeatureCollection, a Feature or a geometry.
    limits : Limits
        Most rows and vertices.

    Returns
    -------
    Raw
        One row per feature; coordinates as written, x first.

    Raises
    ------
    RefusedError
        If the document is no GeoJSON; ``details["path"]`` leads to the defect.
    """
    document = _Document(limits)
    features = document.features(_load(text))
    raw = Raw(
        _properties(features, limits), document.geometries(features), document.crs, "UTF-8", document.raw.findings
    )
    document.check_boxes(raw)
    return raw


def _load(text: str) -> Json:
    """Parse JSON; what the standard forbids and Python allows is refused."""
    try:
        whole = _ESCAPED.sub(_without_half, text) if _HALF.search(text) else text
        return json.loads(whole, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise refused(
            "json-syntax",
            f"no JSON: {error.msg} at line {error.lineno}, column {error.colno} (character {error.pos})",
            "the file is damaged or cut off; ask the supplier for it again",
            line=error.lineno,
            column=error.colno,
            character=error.pos,
        ) from error
    except RefusedError:
        raise
    except (RecursionError, ValueError) as error:
        raise refused("json-syntax", f"the document cannot be read ({error})", "write it with a GIS again") from error


def _without_half(escaped: re.Match[str]) -> str:
    """Write half of a letter, which no encoding can hold, as a lost letter."""
    return r"\ufffd" if _HALF.fullmatch(escaped[0]) else escaped[0]


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Make an object of its members, none of which may stand twice."""
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise refused(
            "json-duplicate-key",
            f"member {twice!r} stands twice in one object",
            "which of the two counts is unknown; remove one",
            member=twice,
        )
    return members


def _constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not know."""
    raise refused("json-not-a-number", f"the document holds {name}, which is no JSON", "write null for a missing value")


def _wrong(path: str, found: str, cure: str) -> RefusedError:
    """Build the error about a defect of structure."""
    return refused("geojson-structure", f"{path}: {found}", cure, path=path)


def _kind(value: Json) -> str:
    """Name the kind of a JSON value."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _type_of(value: Json, path: str) -> str:
    """Read the type of an object, with a hint where it is misspelled."""
    if not isinstance(value, dict):
        raise _wrong(path, f"is {_kind(value)}", "expected an object with a type")
    name = value.get("type")
    if isinstance(name, str) and name in _TYPES:
        return name
    if name in _RELATIVES:
        raise refused("format-unsupported", f"the document is {_RELATIVES[name]}", "export it as GeoJSON (RFC 7946)")
    if "rings" in value or "geometryType" in value:
        raise refused("format-unsupported", "the document is Esri JSON", "export it as GeoJSON (RFC 7946)")
    meant = next((known for known in _TYPES if isinstance(name, str) and known.lower() == name.lower()), None)
    found = "has no type" if "type" not in value else f"has type {json.dumps(name, ensure_ascii=False)}"
    raise _wrong(path, found, f"write {meant!r}" if meant else f"expected one of {', '.join(_TYPES)}")


class _Document:
    """Checks one document and remembers what it found."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.raw = Raw(pd.DataFrame(), np.empty(0, dtype=object))
        self.crs: CRS | None = CRS.from_user_input(CRS84)
        self.vertices = 0
        self.boxes: list[tuple[int | None, str, list[float]]] = []
        self.bad_rows: set[int] = set()

    def features(self, document: Json) -> list[dict[str, Json]]:
        """Take the document apart into checked features."""
        kind = _type_of(document, "$")
        self._take_crs(document)
        if kind == "Feature":
            return [self._feature(document, 0, "$")]
        if kind != "FeatureCollection":
            return [{"type": "Feature", "properties": {}, "geometry": self._geometry(document, 0, "$")}]
        features = document.get("features")
        if not isinstance(features, list):
            found = f"is {_kind(features)}" if "features" in document else "is missing"
            raise _wrong("$.features", found, "expected a list of features; write [] where there are none")
        if len(features) > self.limits.rows:
            raise refused("too-many-rows", f"{len(features):,} features", f"at most {self.limits.rows:,} are read")
        self._take_box(document, None, "$")
        return [self._feature(feature, row, f"$.features[{row}]") for row, feature in enumerate(features)]

    def _take_crs(self, document: Json) -> None:
        """Honour the member «crs» of 2008, which RFC 7946 dropped and GIS still write."""
        if "crs" not in document:
            return
        member = document["crs"]
        if member is None:
            self.crs = None
            return
        properties = member.get("properties") if isinstance(member, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(name, str) or member.get("type") != "name":
            raise _wrong(
                "$.crs", "does not name a CRS", 'expected {"type": "name", "properties": {"name": "EPSG:5897"}}'
            )
        if not _NAME.fullmatch(name):  # a definition instead of a name may tell PROJ to open files
            raise refused("crs-unknown", f"$.crs names {name[:100]!r}, which is no name", "name it as EPSG:n")
        try:
            self.crs = CRS.from_user_input(name)
        except CRSError as error:
            raise refused(
                "crs-unknown", f"$.crs names {name!r}, which PROJ does not know", "name it as EPSG:n"
            ) from error
        if not name.upper().endswith(("CRS84", "4326")):
            self.raw.remark("crs-member", f"the document names its CRS by the old member crs: {name}")

    def _feature(self, feature: Json, row: int, path: str) -> dict[str, Json]:
        """Check one feature."""
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            if isinstance(feature, dict):
                _type_of(feature, path)
            raise _wrong(path, f"is {_kind(feature)}, not a Feature", "remove it, or wrap it as a Feature")
        identifier = feature.get("id", "")
        if isinstance(identifier, bool) or not isinstance(identifier, str | int | float):
            raise _wrong(f"{path}.id", f"is {_kind(identifier)}", "expected a text or a number")
        properties = feature.get("properties")
        if not isinstance(properties, dict | None):
            raise _wrong(f"{path}.properties", f"is {_kind(properties)}", "expected an object or null")
        if "geometry" not in feature:
            raise _wrong(f"{path}.geometry", "is missing", "expected a geometry; write null where there is none")
        if "properties" not in feature:
            message = "the feature has no member properties; read as a feature without attributes"
            self.raw.remark("geojson-properties-missing", message, "repaired", row, after="{}")
        self._take_box(feature, row, path)
        geometry = feature["geometry"]
        checked = None if geometry is None else self._geometry(geometry, row, f"{path}.geometry")
        return {**feature, "properties": properties or {}, "geometry": checked}

    def _geometry(self, geometry: Json, row: int, path: str, *, nested: bool = False) -> dict[str, Json]:
        """Check one geometry and return it in plain form."""
        kind = _type_of(geometry, path)
        if kind in ("Feature", "FeatureCollection"):
            raise _wrong(path, f"is a {kind}", f"expected a geometry, one of {', '.join(_DEPTH)}")
        self._take_box(geometry, row, path, kept=not nested)
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": self._members(geometry, row, path)}
        if "coordinates" not in geometry:
            raise _wrong(f"{path}.coordinates", "is missing", "expected the coordinates of the geometry")
        coordinates = self._nest(geometry["coordinates"], _DEPTH[kind], row, f"{path}.coordinates")
        if "Polygon" in kind:
            polygons = coordinates if kind == "MultiPolygon" else [coordinates]
            closed = [self._closed(rings, row) for rings in polygons]
            coordinates = closed if kind == "MultiPolygon" else closed[0]
        if "LineString" in kind:
            for line in coordinates if kind == "MultiLineString" else [coordinates]:
                self._long_enough(line, 2, row, "line")
        return {"type": kind, "coordinates": coordinates}

    def _members(self, collection: dict[str, Json], row: int, path: str) -> list[dict[str, Json]]:
        """Check the members of a collection; one within another is resolved."""
        members = collection.get("geometries")
        if not isinstance(members, list):
            raise _wrong(f"{path}.geometries", f"is {_kind(members)}", "expected a list of geometries")
        checked: list[dict[str, Json]] = []
        for number, member in enumerate(members):
            geometry = self._geometry(member, row, f"{path}.geometries[{number}]", nested=True)
            if geometry["type"] == "GeometryCollection":
                message = "a collection of geometries stands within another; its members were taken into the outer one"
                self.raw.remark("geometry-nested-collection", message, "repaired", row)
                checked.extend(geometry["geometries"])
            else:
                checked.append(geometry)
        return checked

    def _nest(self, value: Json, depth: int, row: int, path: str) -> Json:
        """Check lists of positions down to the given depth."""
        if not isinstance(value, list):
            raise _wrong(path, f"is {_kind(value)}", "expected a list" if depth else "expected a position [x, y]")
        if depth == 0:
            return self._positions([value], row, path, single=True)[0] if value else value
        if depth == 1:
            return self._positions(value, row, path)
        return [self._nest(part, depth - 1, row, f"{path}[{number}]") for number, part in enumerate(value)]

    def _positions(self, positions: list[Json], row: int, path: str, *, single: bool = False) -> list[list[float]]:
        """Check a list of positions, quickly where all is well."""
        self.vertices += len(positions)
        if self.vertices > self.limits.vertices:
            raise refused("too-many-vertices", f"more than {self.limits.vertices:,} vertices", "deliver it in parts")
        if {type(position) for position in positions} - {list}:
            number = next(i for i, position in enumerate(positions) if not isinstance(position, list))
            raise _wrong(f"{path}[{number}]", f"is {_kind(positions[number])}", "expected a position [x, y]")
        lengths = {len(position) for position in positions}
        if {type(ordinate) for position in positions for ordinate in position} - {float, int} or lengths - {2, 3, 4}:
            self._explain(positions, path, single=single)
        if 4 in lengths:
            message = "positions have four ordinates; the fourth has no meaning in GeoJSON and was dropped"
            self.raw.remark("geometry-fourth-ordinate", message, "repaired", row)
        return [position[:3] for position in positions] if 4 in lengths else positions

    @staticmethod
    def _explain(positions: list[Json], path: str, *, single: bool) -> NoReturn:
        """Name the position that is none."""
        for number, position in enumerate(positions):
            where = path if single else f"{path}[{number}]"
            for place, ordinate in enumerate(position):
                if isinstance(ordinate, list):
                    raise _wrong(where, "is a list of lists, one level too deep", "expected a position [x, y]")
                if isinstance(ordinate, bool) or not isinstance(ordinate, int | float):
                    raise _wrong(f"{where}[{place}]", f"is {_kind(ordinate)}", "expected a number")
            if not 2 <= len(position) <= 4:
                raise _wrong(where, f"has {len(position)} ordinates", "expected [x, y] or [x, y, z]")
        raise _wrong(path, "holds no positions", "expected [x, y]")

    def _closed(self, rings: list[Json], row: int) -> list[Json]:
        """Close the open rings of a polygon."""
        closed = []
        for number, ring in enumerate(rings):
            if len(ring) > 2 and ring[0] != ring[-1]:
                message = f"ring {number} is open; closed with its first position"
                self.raw.remark("geometry-unclosed", message, "repaired", row, after=json.dumps(ring[0]))
                ring = [*ring, ring[0]]
            self._long_enough(ring, 4, row, "ring")
            closed.append(ring)
        return closed

    def _long_enough(self, positions: list[Json], least: int, row: int, what: str) -> None:
        """Put a row aside whose line or ring has too few positions."""
        if 0 < len(positions) < least and row not in self.bad_rows:
            message = f"a {what} has {len(positions)} positions, at least {least} are needed; draw it again"
            self.raw.remark("geometry-too-few-positions", message, "quarantined", row)
            self.bad_rows.add(row)

    def _take_box(self, value: dict[str, Json], row: int | None, path: str, *, kept: bool = True) -> None:
        """Check the member bbox and remember it for a comparison with the geometry."""
        if "bbox" not in value:
            return
        box = value["bbox"]
        if not isinstance(box, list) or len(box) not in (4, 6):
            found = f"has {len(box)} numbers" if isinstance(box, list) else f"is {_kind(box)}"
            raise _wrong(f"{path}.bbox", found, "expected [west, south, east, north]; it may also be left out")
        for number, ordinate in enumerate(box):
            if isinstance(ordinate, bool) or not isinstance(ordinate, int | float):
                raise _wrong(f"{path}.bbox[{number}]", f"is {_kind(ordinate)}", "expected a number")
        if kept:
            half = len(box) // 2
            self.boxes.append((row, path, [*box[:2], *box[half : half + 2]]))

    def geometries(self, features: list[dict[str, Json]]) -> NDArray[np.object_]:
        """Build the geometries; None where there is none, or none that can be built."""
        texts = [
            None if feature["geometry"] is None or row in self.bad_rows else _written(feature["geometry"])
            for row, feature in enumerate(features)
        ]
        built = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
        geometries: NDArray[np.object_] = np.asarray(built, dtype=object).reshape(len(features))
        for row, (text, geometry) in enumerate(zip(texts, geometries, strict=True)):
            if text is not None and geometry is None:
                message = "the coordinates make no geometry of that type; draw it again"
                self.raw.remark("geometry-unreadable", message, "quarantined", row)
        return geometries

    def check_boxes(self, raw: Raw) -> None:
        """Compare every bbox with the geometry it stands beside; what is wrong is left out."""
        for row, path, box in self.boxes:
            subject = raw.geometry if row is None else raw.geometry[row : row + 1]
            bounds = shapely.total_bounds(subject)
            slack = 1e-6 * max(1.0, *(abs(ordinate) for ordinate in box))
            outside = bounds[0] < box[0] - slack or bounds[1] < box[1] - slack
            outside = outside or bounds[2] > box[2] + slack or bounds[3] > box[3] + slack
            if outside and box[0] <= box[2]:  # west > east is a box across the antimeridian
                before, after = (json.dumps([round(float(ordinate), 7) for ordinate in one]) for one in (box, bounds))
                message = f"{path}.bbox does not contain the geometry; it was left out (are its axes exchanged?)"
                raw.remark("bbox-wrong", message, "repaired", row, before=before, after=after)


def _written(geometry: dict[str, Json]) -> str | None:
    """Write a checked geometry for the vectorised reader; None where a number is beyond what JSON can carry."""
    try:
        return orjson.dumps(geometry).decode()
    except (TypeError, ValueError):
        return None


def _properties(features: list[dict[str, Json]], limits: Limits) -> pd.DataFrame:
    """Make columns of the properties, in the order of their first appearance; the feature id becomes a column."""
    names = list(dict.fromkeys(name for feature in features for name in feature["properties"]))
    if len(names) > limits.columns:
        raise refused("too-many-columns", f"{len(names):,} properties", f"at most {limits.columns:,} are read")
    plain: Callable[[Json], Json] = _as_cell
    columns = {name: [plain(feature["properties"].get(name)) for feature in features] for name in names}
    if any("id" in feature for feature in features):
        name = next(name for name in ("id", "feature_id", "geojson_feature_id") if name not in columns)
        columns[name] = [feature.get("id") for feature in features]
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=object) for name, cells in columns.items()}, index=range(len(features))
    )


def _as_cell(value: Json) -> Json:
    """Return a property as one cell; what has parts becomes JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict | list) else value
