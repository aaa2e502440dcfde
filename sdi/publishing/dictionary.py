"""What a published feature is made of, for machines; `sdi/publishing/handbook.py` tells people.

The schemas follow OGC API Features 5 (Common 3) and 3: spatial properties have a ``format`` and no ``type``, units and
roles stand in ``x-ogc-…`` keywords. They carry both languages: ``title`` in the one asked for, the other one in
``x-title-en`` or ``x-title-vi``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from sdi.access.generalise import GENERALISED, TELLING
from sdi.catalog import Catalog
from sdi.declaration import Declaration, Field, Label, Level, property_of
from sdi.history import STATUSES, TERMINAL

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_UCUM = re.compile(r"[A-Za-z0-9%\[\]{}'*/.-]+")
_UCUM_OF = {"year": "a", "kVA": "kV.A", "MVA": "MV.A"}
_GEOMETRY = {
    "Point": "geometry-point-or-multipoint",
    "LineString": "geometry-linestring-or-multilinestring",
    "Polygon": "geometry-polygon-or-multipolygon",
    "MultiPoint": "geometry-point-or-multipoint",
    "MultiLineString": "geometry-linestring-or-multilinestring",
    "MultiPolygon": "geometry-polygon-or-multipolygon",
    "Any": "geometry-any",
}
_TYPES: Mapping[str, dict[str, str]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "code": {"type": "string"},
    "reference": {"type": "string", "format": "uuid"},
    "series": {"type": "array"},
}
_STATUS_TITLES = {
    "planned": Label("dự kiến", "planned"),
    "provisional": Label("tạm thời", "provisional"),
    "active": Label("đang hoạt động", "active"),
    "suspended": Label("tạm ngừng", "suspended"),
}
_OTHER = {"vi": "en", "en": "vi"}


def published_names(declaration: Declaration, level: Level, schemes: Sequence[str] | None = None) -> tuple[str, ...]:
    """Names of the properties of a published feature, in their fixed order.

    Parameters
    ----------
    declaration : Declaration
        The register.
    level : {'public', 'restricted', 'secret'}
        Level of the publication.
    schemes : sequence of str, optional
        Schemes of identifiers to show; those of the register where not given.

    Returns
    -------
    tuple of str
        Names, identifiers, status, published fields in file order, begin of validity.
    """
    shown = declaration.schemes if schemes is None else schemes
    return (
        *(_name_property(language) for language in declaration.languages),
        *(property_of(scheme) for scheme in shown),
        *(["address"] if declaration.shows_address(level) else []),
        "status",
        *(field.name for field in declaration.published(level)),
        *([GENERALISED] if _generalises(declaration, level) else []),
        "valid_from",
    )


def _generalises(declaration: Declaration, level: Level) -> bool:
    """Tell whether restricted things are shown without their exact place."""
    return level == "public" and declaration.publish is not None and declaration.publish.generalise_m is not None


def json_schema(
    declaration: Declaration, catalog: Catalog, language: str = "vi", *, level: Level = "public", uri: str | None = None
) -> dict[str, Any]:
    """JSON Schema of the features of a register.

    Parameters
    ----------
    declaration : Declaration
        The register.
    catalog : Catalog
        Its code lists and schemes.
    language : {'vi', 'en'}
        Language of the titles.
    level : {'public', 'restricted', 'secret'}
        Level of the publication.
    uri : str, optional
        Address of the schema without query parameters.

    Returns
    -------
    dict
        JSON Schema 2020-12 of the geometry and the properties of a feature; a value that is null in a feature counts as
        absent.
    """
    properties = dict(_properties(declaration, catalog, language, level))
    veiled = TELLING if _generalises(declaration, level) else ()
    fields = [field.name for field in declaration.published(level) if field.required and field.type not in veiled]
    place = ["geometry"] if declaration.location.required else []
    return {
        "$schema": DIALECT,
        **({"$id": uri} if uri else {}),
        "type": "object",
        **_said("title", declaration.title, language),
        **_said("description", declaration.description, language),
        "properties": properties,
        "required": [*place, "status", *fields],
        "additionalProperties": False,
    }


def queryables(declaration: Declaration, catalog: Catalog, uri: str, language: str = "vi") -> dict[str, Any]:
    """Properties by which the items of a collection may be asked for.

    Parameters
    ----------
    declaration : Declaration
        The register.
    catalog : Catalog
        Its code lists and schemes.
    uri : str
        Address of the queryables without query parameters.
    language : {'vi', 'en'}
        Language of the titles.

    Returns
    -------
    dict
        JSON Schema 2020-12; a name that it lacks must not be used in a request.
    """
    return as_queryables(json_schema(declaration, catalog, language), uri)


def as_queryables(schema: Mapping[str, Any], uri: str) -> dict[str, Any]:
    """Queryables from the schema of a collection, for who has no more than that.

    Parameters
    ----------
    schema : mapping
        Made by `json_schema`.
    uri : str
        Address of the queryables without query parameters.

    Returns
    -------
    dict
        JSON Schema 2020-12.
    """
    kept = {key: value for key, value in schema.items() if key != "required"}
    properties = {
        name: {key: value for key, value in one.items() if key != "x-ogc-propertySeq"}
        for name, one in schema["properties"].items()
        if one.get("type") != "array"
    }
    return {**kept, "$id": uri, "properties": properties}


def code_names(properties: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the properties of a published schema that hold official codes, in the order of the register.

    Parameters
    ----------
    properties : mapping of str to mapping
        As :func:`json_schema` orders them: codes stand before the status, and unlike names and addresses have a
        pattern.
    """
    before = takewhile(lambda name: name != "status", properties)
    return tuple(name for name in before if "pattern" in properties[name])


def localised(schema: Any, language: str) -> Any:
    """Exchange the titles and descriptions of a schema for those in another language.

    Parameters
    ----------
    schema : mapping, list or scalar
        Made by `json_schema`, or a part of it.
    language : {'vi', 'en'}
        Language wanted.

    Returns
    -------
    mapping, list or scalar
        The same schema; what is said in one language only stays.
    """
    if isinstance(schema, list):
        return [localised(part, language) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    other = _OTHER[language]
    result = {key: localised(value, language) for key, value in schema.items()}
    for key in ("title", "description"):
        if f"x-{key}-{language}" in result:
            result[f"x-{key}-{other}"], result[key] = result[key], result.pop(f"x-{key}-{language}")
    return result


def _name_property(language: str) -> str:
    return "name" if language == "vi" else f"name_{language}"


def _said(key: str, label: Label | None, language: str) -> dict[str, str]:
    """Text of a keyword in both languages."""
    if label is None:
        return {}
    other = _OTHER[language]
    return {key: label.of(language), f"x-{key}-{other}": label.of(other)}


def _properties(
    declaration: Declaration, catalog: Catalog, language: str, level: Level
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property with its schema, the geometry first."""
    place = Label("Hình học", "Geometry")
    form = {"format": _GEOMETRY[declaration.location.geometry], "x-ogc-role": "primary-geometry"}
    yield "geometry", {**_said("title", place, language), **form}
    described = {
        **{_name_property(one): _name_schema(one, language) for one in declaration.languages},
        **{catalog.schemes[one].property_name: _scheme_schema(catalog, one, language) for one in declaration.schemes},
        "address": {**_said("title", Label("Địa chỉ", "Address"), language), "type": "string"},
        "status": _status_schema(language),
        **{field.name: _field_schema(field, catalog, language) for field in declaration.published(level)},
        GENERALISED: _generalised_schema(language),
        "valid_from": _start_schema(language),
    }
    for position, name in enumerate(published_names(declaration, level), start=1):
        yield name, {**described[name], "x-ogc-propertySeq": position}


def _name_schema(name_language: str, language: str) -> dict[str, Any]:
    label = {"vi": Label("Tên", "Name"), "en": Label("Tên tiếng Anh", "English name")}
    default = Label(f"Tên ({name_language})", f"Name ({name_language})")
    return {**_said("title", label.get(name_language, default), language), "type": "string"}


def _scheme_schema(catalog: Catalog, name: str, language: str) -> dict[str, Any]:
    scheme = catalog.schemes[name]
    return {**_said("title", scheme.title, language), "type": "string", "pattern": f"^(?:{scheme.pattern})$"}


def _status_schema(language: str) -> dict[str, Any]:
    live = [status for status in STATUSES if status not in TERMINAL]
    choices = [{"const": status, **_said("title", _STATUS_TITLES[status], language)} for status in live]
    return {**_said("title", Label("Tình trạng pháp lý", "Status"), language), "type": "string", "oneOf": choices}


def _start_schema(language: str) -> dict[str, Any]:
    title = _said("title", Label("Có hiệu lực từ", "Valid from"), language)
    return {**title, "type": "string", "format": "date-time", "x-ogc-role": "primary-interval-start"}


def _generalised_schema(language: str) -> dict[str, Any]:
    title = Label("Vị trí đã khái quát hóa", "Generalised position")
    said = Label(
        "Bề rộng ô vuông mà tâm được hiển thị thay vị trí thật; trống nếu vị trí là chính xác. Vị trí thật cách tâm "
        "không quá 0,71 lần bề rộng.",
        "Width of the square whose centre is shown instead of the exact position, which is at most 0.71 times the "
        "width away from it; empty where the position is exact.",
    )
    words = {**_said("title", title, language), **_said("description", said, language)}
    return {**words, "type": "number", "x-ogc-unit": "m"}


def _field_schema(field: Field, catalog: Catalog, language: str) -> dict[str, Any]:
    limits = {"minimum": field.minimum, "maximum": field.maximum, "maxLength": field.max_length}
    bounds = {key: value for key, value in limits.items() if value is not None}
    return {
        **_said("title", field.title, language),
        **_said("description", field.description, language),
        **_TYPES[field.type],
        **({"items": {"type": ["number", "null"], **bounds}} if field.type == "series" else bounds),
        **({"pattern": f"^(?:{field.pattern})$"} if field.pattern else {}),
        **_unit(field.unit),
        **_codes(field, catalog, language),
        **_reference(field, catalog),
    }


def _unit(unit: str | None) -> dict[str, str]:
    """Write a unit in UCUM, or in our own keyword where UCUM cannot (a fractional power)."""
    if unit is None:
        return {}
    code = _UCUM_OF.get(unit, unit)
    return {"x-ogc-unit": code} if _UCUM.fullmatch(code) else {"x-unit": unit}


def _codes(field: Field, catalog: Catalog, language: str) -> dict[str, Any]:
    if field.codes is None:
        return {}
    codes = catalog.codes[field.codes].codes
    return {"oneOf": [{"const": code.code, **_said("title", code.title, language)} for code in codes]}


def _reference(field: Field, catalog: Catalog) -> dict[str, str]:
    """Point to the collection of the things that a field names, where there is one."""
    target = catalog.registers.get(field.register or "")
    if target is None or target.publish is None:
        return {}
    return {"x-ogc-role": "reference", "x-ogc-collectionId": target.publish.collection}
