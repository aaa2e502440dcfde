"""The format of catalogue files: which keys stand where, of which type.

Each constant is a JSON Schema (2020-12) of one kind of file; ``examples`` show what to write and appear in the error of
a reader who wrote something else. `conformity.py` holds a file against its format, `consistency.py` the files against
each other, `docs/reference/register-file.md` explains every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from sdi.declaration import LEVELS, FieldType, GeometryType, OnBadRow, OnRetire, Role
from sdi.entry import Method, Quality
from sdi.naming import OTHERS

Schema = dict[str, Any]

VERBS = ("contains", "feeds", "controls", "mounted_on", "protects", "funded_by", "affects", "observes")
"""Relations that a register may have to another."""

FIELD_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": ((), ("max_length", "pattern")),
    "integer": ((), ("unit", "min", "max")),
    "number": (("unit",), ("min", "max")),
    "boolean": ((), ()),
    "date": ((), ()),
    "datetime": ((), ()),
    "code": (("list",), ("list_version",)),
    "reference": (("register",), ()),
    "series": (("unit",), ("min", "max")),
}
"""Keys that a field of each type must have, and may have, beside those of every field."""


def _object(required: str = "", /, **properties: Any) -> Schema:
    """Allow exactly these keys."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required.split()} if required else {})


def _text(*examples: str, **keywords: Any) -> Schema:
    return {"type": "string", "minLength": 1, **keywords} | ({"examples": list(examples)} if examples else {})


def _list(items: Schema, **keywords: Any) -> Schema:
    return {"type": "array", "items": items, "uniqueItems": True, **keywords}


def _choice(values: tuple[Any, ...]) -> Schema:
    return {"enum": list(values)}


def _or_null(schema: Schema) -> Schema:
    """Allow ``null`` beside a schema of one type."""
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return schema | {"type": [schema["type"], "null"]}


SNAKE = _text("administrative_unit", pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", maxLength=60)
KEBAB = _text("administrative-units", pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", maxLength=60)
EITHER = _text("tree_condition", pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", maxLength=60)
FIELD_NAME = _text("crown_diameter", pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", maxLength=60)
LANGUAGE = _text("vi", "en", pattern=r"^[a-z]{2,3}$")
NAMED = _text("vi", "vi.local", pattern=rf"^[a-z]{{2,3}}(\.({'|'.join(OTHERS)}))?$")
VERSION = _text("1.0.0", pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9a-z.-]+)?$")
DATE = _text("2025-07-01", pattern=r"^\d{4}-\d{2}-\d{2}$", format="date")
COLOR = _text('"#2e7d32"', pattern="^#[0-9a-fA-F]{6}$")
EXPRESSION = _text("dbh is None or dbh > 0", maxLength=1000)
PATTERN = _text(r"'\d{5}'", format="regex", maxLength=200)
UNIT = _text("m", "m2", "1", pattern=r"^[!-~]+( [!-~]+)*$", maxLength=30)
LABEL = _object("vi en", vi=_text("Cây xanh"), en=_text("Trees"))
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1, "examples": [0.05]}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
POSITIVE: Schema = {"type": "number", "minimum": 0}
COLUMN = _text("diameter", maxLength=200)


def _field_of(kind: str) -> Schema:
    """State what a field of one type must and may have."""
    required, allowed = FIELD_KEYS[kind]
    keys = (*_EVERY_FIELD, *required, *allowed)
    then = {
        "properties": dict.fromkeys(keys, True),
        "additionalProperties": False,
        "required": list(required),
        "x-what": f"a field of type {kind}",
    }
    return {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": then}


_EVERY_FIELD: Schema = {
    "type": _choice(get_args(FieldType)),
    "title": LABEL,
    "description": LABEL,
    "required": FLAG,
    "observed": FLAG,
    "fixed": FLAG,
    "access": _choice(LEVELS),
}
_SOME_FIELDS: Schema = {
    "list": EITHER,
    "list_version": VERSION,
    "register": SNAKE,
    "unit": UNIT,
    "min": NUMBER,
    "max": NUMBER,
    "max_length": {"type": "integer", "minimum": 1, "maximum": 100_000},
    "pattern": PATTERN,
}
FIELD: Schema = {
    "type": "object",
    "properties": _EVERY_FIELD | _SOME_FIELDS,
    "required": ["type"],
    "allOf": [_field_of(kind) for kind in FIELD_KEYS],
}
"""A field of a register, its keys depending on its type."""

_PUT_ASIDE: Schema = {"required": ["on_bad_row"], "properties": {"on_bad_row": {"const": "quarantine"}}}
_LIMITED: Schema = {"required": ["maximum_bad_share"]}
_QUARANTINE: tuple[Schema, ...] = (
    {
        "anyOf": [{"not": _PUT_ASIDE}, _LIMITED],
        "x-key": "on_bad_row",
        "x-found": "bad rows are put aside without a limit",
        "x-cure": "add the share of bad rows that is still acceptable, for example maximum_bad_share: 0.05",
    },
    {
        "anyOf": [{"not": _LIMITED}, _PUT_ASIDE],
        "x-key": "maximum_bad_share",
        "x-found": "a share of bad rows is allowed although bad rows are refused",
        "x-cure": "write on_bad_row: quarantine, or remove maximum_bad_share",
    },
)
"""Rows are put aside only up to a stated share."""

_TIE: Schema = {
    "properties": {
        "register": {"type": ["string", "array"], "items": SNAKE, "minItems": 1, "minLength": 1},
        "on_retire": _choice(get_args(OnRetire)),
    },
    "required": ["register"],
    "additionalProperties": False,
}
"""A relation with what becomes of its things when the other end is retired."""

REGISTER: Schema = _object(
    "register version title location fields",
    register=SNAKE,
    version=VERSION,
    title=LABEL,
    description=LABEL,
    basis=_list(_text("64/2010/NĐ-CP")),
    location=_object(
        "role geometry",
        role=_choice(get_args(Role)),
        geometry=_choice(get_args(GeometryType)),
        required=FLAG,
        max_horizontal_error_m=POSITIVE,
        routes=SNAKE,
    ),
    identity=_object(
        schemes=_list(KEBAB),
        match=_object("within_m", within_m=POSITIVE, same=_list(FIELD_NAME)),
    ),
    address=_object("streets", streets=SNAKE, access=_choice(LEVELS[:2])),
    names=_list(LANGUAGE),
    fields={"type": "object", "propertyNames": FIELD_NAME, "additionalProperties": FIELD},
    events={
        "type": "object",
        "propertyNames": FIELD_NAME,
        "additionalProperties": _object(
            "title fields",
            title=LABEL,
            fields={"type": "object", "propertyNames": FIELD_NAME, "additionalProperties": FIELD},
        ),
    },
    relations={
        "type": "object",
        "propertyNames": _choice(VERBS),
        "additionalProperties": _text("building", "{register: building, on_retire: restrict}")
        | {"type": ["string", "array", "object"], "items": SNAKE, "minItems": 1}
        | _TIE,
    },
    lineage=_list(_text("conversion-table-2025")),
    rules=_list(
        _object(
            "id expr level",
            id=_text("T1", pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", maxLength=30),
            expr=EXPRESSION,
            level=_choice(("warn", "error")),
            title=LABEL,
        )
    ),
    on_bad_row=_choice(get_args(OnBadRow)),
    maximum_bad_share=SHARE,
    publish=_object(
        "collection fields",
        collection=KEBAB,
        fields=_list(FIELD_NAME),
        tiles=FLAG,
        keywords=_list(_text("cây xanh")),
        style=EITHER,
        order={"type": "integer", "minimum": 0, "maximum": 1000},
        generalise_m={"type": "number", "exclusiveMinimum": 0, "examples": [50]},
    ),
    access=_choice(LEVELS),
) | {"allOf": [*_QUARANTINE]}
"""``registers/<name>.yaml``."""

CODES: Schema = _object(
    "list version title codes",
    list=EITHER,
    version=VERSION,
    title=LABEL,
    source=_text("Thông tư 27/2018/TT-BTNMT"),
    verified=FLAG,
    codes=_list(
        _object(
            "code title",
            code=_text("alive", maxLength=100),
            title=LABEL,
            color=COLOR,
            valid_from=DATE,
            valid_to=DATE,
            replaced_by=_text("alive"),
        ),
        minItems=1,
    ),
)
"""``codes/<list>.yaml``."""

SCHEMES: Schema = _object(
    "schemes",
    schemes=_list(
        _object(
            "scheme title pattern authority",
            scheme=KEBAB,
            title=LABEL,
            pattern=PATTERN,
            authority=_text("National Statistics Office"),
            unique_live=FLAG,
            single=FLAG,
            reusable=FLAG,
            check=_choice(("crockford",)),
            position=_choice(("geohash",)),
        )
    ),
)
"""``codes/schemes.yaml``."""

_OPACITY: Schema = {"type": "number", "minimum": 0, "maximum": 1, "examples": [0.7]}

STYLE: Schema = _object(
    "style geometry default",
    style=EITHER,
    geometry=_choice(("fill", "line", "circle")),
    by=_or_null(FIELD_NAME),
    alternatives=_or_null(FIELD_NAME),
    default=_object("color", color=COLOR, width=POSITIVE, opacity=_OPACITY),
    classes=_list(_object("value color title", value=SCALAR, color=COLOR, title=LABEL)),
    minzoom={"type": "number", "minimum": 0, "maximum": 24},
)
"""``styles/<name>.yaml``."""

_MAPPING: Schema = _object(
    column=COLUMN,
    value=SCALAR,
    unit=UNIT,
    map={"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
    default=SCALAR,
) | {
    "type": ["string", "object"],
    "minLength": 1,
    "examples": ["diameter", "{column: diameter, unit: inch}", "{value: commune}"],
}

_EITHER_TARGET: Schema = {
    "oneOf": [{"required": ["register"]}, {"required": ["raster"]}],
    "x-found": "an entry names either the register that receives its rows or what its raster holds",
    "x-cure": "write one of register: <name> and raster: <kind>",
}

ENTRY: Schema = _object(
    "entry title source licence custodian valid_from",
    entry=KEBAB,
    title=LABEL,
    register=SNAKE,
    raster=SNAKE,
    source=_object(
        "path",
        path=_text("admin/cantho_wards_2025.gpkg"),
        layer=_or_null(_text("wards")),
        crs=_or_null(_text("EPSG:9209")),
        encoding=_or_null(_text("utf-8")),
        axes=_or_null(_choice(("xy", "yx"))),
        columns=_object(x=COLUMN, y=COLUMN, wkt=COLUMN),
        rings=FLAG,
        where=_or_null(_text("city == 'Dresden'")),
    ),
    licence=_object(
        "name grade attribution",
        name=_text("CC-BY-4.0"),
        grade=_choice(("A", "A-copyleft", "B")),
        attribution=_text("© OpenStreetMap contributors"),
        url=_or_null(_text("https://www.openstreetmap.org/copyright")),
        bulk=FLAG,
    ),
    custodian=_text("Department of Construction"),
    decision=_or_null(_text("1668/NQ-UBTVQH15")),
    valid_from=DATE,
    accuracy=_object(
        "method",
        horizontal_m=_or_null(POSITIVE),
        vertical_m=_or_null(POSITIVE),
        method=_choice(get_args(Method)),
        vertical_datum=_or_null(_text("Hon Dau 1992")),
        epoch=_or_null(DATE),
        quality=_or_null(_choice(get_args(Quality))),
    ),
    identifiers={"type": "object", "propertyNames": KEBAB, "additionalProperties": COLUMN},
    names={"type": "object", "propertyNames": NAMED, "additionalProperties": COLUMN},
    fields={"type": "object", "propertyNames": FIELD_NAME, "additionalProperties": _MAPPING},
    address=_object(house_number=COLUMN, alley=COLUMN, street=COLUMN, residential_group=COLUMN, text=COLUMN),
    place=_object(z=_MAPPING, depth=_MAPPING, route=_MAPPING, **{"from": _MAPPING}, to=_MAPPING, offset=_MAPPING),
    on_bad_row=_choice(get_args(OnBadRow)),
    maximum_bad_share=SHARE,
    access=_choice(LEVELS),
) | {"allOf": [_EITHER_TARGET, *_QUARANTINE]}
"""``entries/<name>.yaml`` and the entries of a city."""
