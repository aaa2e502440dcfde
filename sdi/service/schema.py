"""What an item or a cell holds: schema and queryables of a collection, as JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sdi.publishing.collection import Collection
from sdi.publishing.dictionary import DIALECT, as_queryables, localised
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.coverage import Coverage
from sdi.service.inventory import Inventory
from sdi.service.library import Document
from sdi.service.negotiation import SCHEMAS, Wish, understand
from sdi.service.parameter import codes
from sdi.service.query import queryables
from sdi.service.view import render


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


def _answer(context: Context, request: Request, kind: str) -> Response:
    """Answer with one of the two."""
    wish = understand(request, SCHEMAS, context.settings)
    stock = context.keeper.current()
    name = request.path_params["collection"]
    one = _found(stock, name, kind)
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    body = _head(one, kind, wish) | {"properties": _properties(one, kind, wish.language)}
    body["additionalProperties"] = False
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    html = render(
        "schema.html", wish, workspace=context.workspace,
        one=one, kind=kind, rows=[_row(*each) for each in body["properties"].items()],
    )  # fmt: skip
    return page(html, headers(wish, etag))


def _found(stock: Inventory, name: str, kind: str) -> Collection | Coverage:
    """Find what is asked about; a coverage has a schema and no queryables."""
    return stock.coverages[name] if kind == "schema" and name in stock.coverages else stock.collection(name)


def _head(one: Collection | Coverage, kind: str, wish: Wish) -> Document:
    """Members before the properties; ``$id`` is the address without parameters."""
    return {
        "$schema": DIALECT,
        "$id": f"{wish.base}/collections/{one.name}/{kind}",
        "type": "object",
        "title": one.title.of(wish.language),
        "description": one.description.of(wish.language),
    }


def _properties(one: Collection | Coverage, kind: str, language: str) -> dict[str, Any]:
    """Properties in the published order, titles in one language."""
    if isinstance(one, Coverage):
        return {
            name: {
                "title": field["title"],
                "type": "number",
                "x-ogc-propertySeq": number,
                "x-ogc-unit": field["x-ogc-unit"],
                "x-ogc-definition": field["standard_name"],
            }
            for number, (name, field) in enumerate(one.raster().fields.items(), 1)
        }
    wanted = one.schema["properties"]
    if kind == "queryables":
        places = {name: each for name, each in wanted.items() if str(each.get("format", "")).startswith("geometry-")}
        wanted = as_queryables({"properties": places | queryables(one)}, "")["properties"]
    properties: dict[str, Any] = localised(wanted, language)
    return properties


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
