"""What an item or a cell holds: schema, queryables and sortables of a collection, as JSON Schema 2020-12.

OGC API Features 5 (Common 3) says how: no keyword of our own, units in UCUM, an identifier with a role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sdi.publishing.collection import Collection
from sdi.publishing.dictionary import DIALECT, as_queryables, localised
from sdi.publishing.paging import sortables
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.coverage import Coverage
from sdi.service.library import Document
from sdi.service.negotiation import SCHEMAS, Wish, understand
from sdi.service.parameter import codes
from sdi.service.phrase import say
from sdi.service.query import queryables
from sdi.service.view import render

_CF = "https://vocab.nerc.ac.uk/standard_name/"
"""Where the names of CF are defined."""
_CURRENCY = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
"""An ISO 4217 code."""
_IDENTIFIER: Document = {"type": "string", "format": "uuid", "readOnly": True, "x-ogc-role": "id"}
"""What identifies an item: the member ``id`` of a feature."""
_PROFILE = '<http://www.opengis.net/def/profile/OGC/0/codelist-inline>; rel="profile"'
"""Codes stand in a schema with their titles."""


def collection_schema(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/schema``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    return _answer(context, request, "schema")


def collection_queryables(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/queryables``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    return _answer(context, request, "queryables")


def collection_sortables(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/sortables``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    return _answer(context, request, "sortables")


def _answer(context: Context, request: Request, kind: str) -> Response:
    """Answer with one of the three."""
    wish = understand(request, SCHEMAS, context.settings)
    stock = context.stock(request)
    name = request.path_params["collection"]
    one = stock.coverages[name] if name in stock.coverages else stock.collection(name)
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    body = _head(one, kind, wish) | {"properties": _properties(one, kind, wish.language)}
    body["additionalProperties"] = False
    if not wish.html:
        return document(wish, body, headers(wish, etag, Link=_PROFILE))
    html = render(
        "schema.html", wish, workspace=context.workspace,
        one=one, kind=kind, rows=[_row(*each) for each in body["properties"].items()],
    )  # fmt: skip
    return page(html, headers(wish, etag))


def _head(one: Collection | Coverage, kind: str, wish: Wish) -> Document:
    """Members before the properties; ``$id`` is the address without parameters."""
    return {
        "$schema": DIALECT,
        "$id": f"{wish.base}/collections/{one.name}/{kind}",
        "type": "object",
        "title": one.title.of(wish.language),
        "description": one.description.of(wish.language),
    }


def _properties(one: Collection | Coverage, kind: str, language: str) -> Document:
    """Properties in the published order, titles in one language."""
    if isinstance(one, Coverage):
        return _variables(one) if kind == "schema" else {}
    wanted = one.schema["properties"]
    if kind == "queryables":
        places = {name: each for name, each in wanted.items() if str(each.get("format", "")).startswith("geometry-")}
        wanted = as_queryables({"properties": places | queryables(one)}, "")["properties"]
    elif kind == "sortables":
        wanted = {name: wanted[name] for name in sortables(one)}
    found: Document = standard(localised(wanted, language))
    return found if kind != "schema" else {"id": _IDENTIFIER | {"title": say("identifier", language)}} | found


def _variables(one: Coverage) -> Document:
    """Describe the variables of a coverage."""
    return {
        name: {
            "title": field["title"],
            "type": "number",
            "x-ogc-propertySeq": number,
            "x-ogc-unit": ucum(field["x-ogc-unit"]),
            "x-ogc-definition": _CF + field["standard_name"],
        }
        for number, (name, field) in enumerate(one.raster().fields.items(), 1)
    }


def standard(schema: Any) -> Any:
    """Leave out of a schema what only we understand, and write its units as the standard asks.

    Parameters
    ----------
    schema : mapping, list or scalar
        A JSON Schema, or a part of it.

    Returns
    -------
    mapping, list or scalar
        The same without keywords that begin with ``x-`` and not with ``x-ogc-``.
    """
    if isinstance(schema, list):
        return [standard(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    unit = schema.get("x-ogc-unit", schema.get("x-unit"))
    kept = {
        key: standard(value) for key, value in schema.items() if key.startswith("x-ogc-") or not key.startswith("x-")
    }
    return kept | ({"x-ogc-unit": ucum(unit)} if isinstance(unit, str) else {})


def ucum(unit: str) -> str:
    """Write a unit in UCUM, which has no currencies and no fractional powers: these stand there as an annotation.

    Parameters
    ----------
    unit : str
        A unit as registers write it, such as ``m3/s``, ``EUR/a`` or ``s m-1/3``.

    Returns
    -------
    str
    """
    return f"{{{unit}}}" if " " in unit else _CURRENCY.sub(r"{\g<0>}", unit)


def _row(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a property for the table of the page."""
    kind = schema.get("type")
    choices = schema.get("oneOf")
    titled = [
        (each["const"], each.get("title", "")) for each in choices or [] if isinstance(each, dict) and "const" in each
    ]
    return {
        "name": name,
        "title": schema.get("title", ""),
        "description": schema.get("description", ""),
        "type": schema.get("format") or (" / ".join(kind) if isinstance(kind, list) else kind),
        "unit": schema.get("x-ogc-unit", ""),
        "choices": titled or [(code, "") for code in codes(schema)],
        "minimum": schema.get("minimum"),
        "maximum": schema.get("maximum"),
    }
