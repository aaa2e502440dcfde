"""The API described by itself: OpenAPI 3.0, complete in one document, and the same as a page.

pygeoapi generates one as well, but with references to other hosts, with operations that write, and with free
parameters; a validator without a network refuses it, and most of what it promises is not served here.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sdi.bulk.shelf import Holding
from sdi.catalog.document import Document as Yaml
from sdi.publishing.collection import Collection
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.coverage import Coverage
from sdi.service.health import software_version
from sdi.service.inventory import Inventory
from sdi.service.library import Document
from sdi.service.negotiation import API, Wish, understand
from sdi.service.parameter import codes
from sdi.service.query import queryables
from sdi.service.reference import uris
from sdi.service.shape import shaped
from sdi.service.view import render

_FILE = Path(__file__).with_name("openapi.yaml")
_ALWAYS = {
    "304": "NotModified", "400": "InvalidParameter", "401": "Unauthorized", "403": "Forbidden", "406": "NotAcceptable",
    "414": "TooLarge", "429": "TooManyRequests", "431": "TooLarge", "500": "ServerError", "503": "Busy",
}  # fmt: skip
"""Answers that every resource may give."""
_SECURITY: list[dict[str, list[str]]] = [{}, {"key": []}, {"token": []}]
"""Nothing, a key or a token: whoever shows one may see more."""
_FORMATS = {"onlyJson", "tileSetFormat", "tileFormat", "styleFormat"}
"""Parameters that stand in the place of `f`."""
_LANG = {"$ref": "#/components/parameters/lang"}


def description(context: Context, request: Request) -> Response:
    """Answer ``GET /openapi``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, API, context.settings)
    stock = context.stock(request)
    etag = tag(wish, stock.state)
    if answer := unchanged(request, wish, etag):
        return answer
    key = ("openapi", wish.language, wish.base)
    body = stock.documents.get(key) or stock.keep(key, openapi(context, stock, wish))
    if not wish.html:
        return document(wish, body, headers(wish, etag))
    html = render(
        "openapi.html", wish, workspace=context.workspace, body=body, components=body["components"],
    )  # fmt: skip
    return page(html, headers(wish, etag))


def openapi(context: Context, stock: Inventory, wish: Wish) -> Document:
    """Describe everything that is served.

    Parameters
    ----------
    context : Context
        City and settings.
    stock : Inventory
        What is served.
    wish : Wish
        For language and address.

    Returns
    -------
    dict
        An OpenAPI 3.0 document without references outside itself.
    """
    said = _in_language(_skeleton(), wish.language)
    paths = {path: _operation(one) for path, one in said["fixed"].items()}
    for feature in stock.collections.values():
        paths |= _collection_paths({**said["both"], **said["features"]}, feature, wish)
        items = paths[f"/collections/{feature.name}/items"]["get"]
        items["parameters"] += [_queryable(name, one) for name, one in queryables(feature).items()]
        if holding := stock.bulk.get(feature.name):
            paths |= (files := _collection_paths(said["bulk"], feature, wish))
            files[f"/collections/{feature.name}/bulk/{{file}}"]["get"]["parameters"] = [_LANG, _names(holding)]
        if feature.tiles:
            paths |= _collection_paths(said["tiles"] | (said["styles"] if feature.style else {}), feature, wish)
    for coverage in stock.coverages.values():
        paths |= _collection_paths({**said["both"], **said["coverages"]}, coverage, wish)
        paths[f"/collections/{coverage.name}/coverage"]["get"]["parameters"][0] = _formats(coverage)
    outside = {
        path: _operation(one) | {"servers": [{"url": wish.site or "/"}]} for path, one in said["outside"].items()
    }
    del outside["/healthz"]["get"]["parameters"]
    outside["/healthz"]["get"]["responses"] = {
        code: {"$ref": "#/components/responses/Health"} for code in ("200", "503")
    }
    title = context.workspace.title.of(wish.language)
    served: list[Collection | Coverage] = [*stock.collections.values(), *stock.coverages.values()]
    tags = [{"name": one.name, "description": one.title.of(wish.language)} for one in served]
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": software_version(), "description": _about(context, wish)},
        "servers": [{"url": wish.base}],
        "tags": [*said["tags"], *tags],
        "security": copy.deepcopy(_SECURITY),
        "paths": paths | outside,
        "components": _with_shapes(_components(said["components"], context, stock), stock, paths),
    }


def _with_shapes(components: Document, stock: Inventory, paths: Mapping[str, Document]) -> Document:
    """Let the answers with items of a collection say what its items hold."""
    for one in stock.collections.values():
        answers, schemas = shaped(one, components)
        for path, answer in (("items", "Features"), ("items/{featureId}", "Feature")):
            given = paths[f"/collections/{one.name}/{path}"]["get"]["responses"]
            given["200"] = {"$ref": f"#/components/responses/{one.name}.{answer}"}
        components["responses"] |= answers
        components["schemas"] |= schemas
    return components


def _about(context: Context, wish: Wish) -> str:
    """Describe the service, with what must be said about its data."""
    texts = (context.workspace.description or context.workspace.title, context.workspace.notice)
    return " ".join(text.of(wish.language) for text in texts if text is not None)


@cache
def _skeleton() -> Mapping[str, Any]:
    """Read the skeleton once."""
    return Yaml.read(_FILE).data


def _in_language(node: Any, language: str) -> Any:
    """Copy a part of the skeleton with its texts in one language."""
    if isinstance(node, Mapping):
        if set(node) == {"vi", "en"}:
            return node[language]
        return {name: _in_language(value, language) for name, value in node.items()}
    return [_in_language(value, language) for value in node] if isinstance(node, list | tuple) else node


def _operation(said: Mapping[str, Any]) -> Document:
    """Write the operation of a path, with the parameters and answers that all have."""
    own = said.get("parameters", [])
    names = [*([] if _FORMATS & set(own) else ["f"]), "lang", *own]
    answers = {**said["responses"], **_ALWAYS}
    if "{" in said.get("path", "") or said.get("tags") != ["Capabilities"]:
        answers["404"] = "NotFound"
    operation = {key: copy.copy(said[key]) for key in ("operationId", "tags", "summary") if key in said}
    operation["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    operation["responses"] = {code: {"$ref": f"#/components/responses/{answers[code]}"} for code in sorted(answers)}
    return {"get": operation}


def _collection_paths(templates: Mapping[str, Any], one: Collection | Coverage, wish: Wish) -> dict[str, Document]:
    """Write the paths of one collection."""
    found = {}
    for path, said in templates.items():
        filled = dict(said) | {
            "tags": [one.name],
            "operationId": _operation_id(said["operationId"], one.name.replace("-", "_")),
            "summary": said["summary"].format(title=one.title.of(wish.language)),
        }
        found[path.replace("{collection}", one.name)] = _operation(filled)
    return found


def _operation_id(said: str, name: str) -> str:
    """Name an operation of a collection; OGC API Tiles asks for names that end with its own."""
    return f"{name}{said}" if said.startswith(".") else f"{said}_{name}"


def _queryable(name: str, schema: Mapping[str, Any]) -> Document:
    """Describe a queryable as a parameter; an OpenAPI 3.0 schema knows no ``const``."""
    kind = schema.get("type")
    kept: dict[str, object] = {"type": kind[0] if isinstance(kind, list) else kind}
    if "format" in schema:
        kept["format"] = schema["format"]
    if listed := codes(dict(schema)):
        kept["enum"] = listed
    return {"name": name, "in": "query", "description": str(schema.get("title", name)), "schema": kept}


def _formats(coverage: Coverage) -> Document:
    """Describe ``f`` of a coverage."""
    return {
        "name": "f",
        "in": "query",
        "schema": {"type": "string", "enum": [*(one for one, _ in coverage.formats), "html"]},
    }


def _names(holding: Holding) -> Document:
    """Describe the names of files."""
    names = [f"{holding.collection}.{one.form.ending}" for one in holding.files]
    return {"name": "file", "in": "path", "required": True, "schema": {"type": "string", "enum": names}}


def _components(said: Document, context: Context, stock: Inventory) -> Document:
    """Complete the components: limits, systems, references between them."""
    parameters = said["parameters"]
    parameters["limit"]["schema"] |= {
        "maximum": context.settings.maximum_items,
        "default": context.settings.default_items,
    }
    for name in ("crs", "bbox-crs", "filter-crs"):
        parameters[name]["schema"] |= {"enum": uris(stock.systems), "default": uris(stock.systems)[0]}
    for one in said["responses"].values():
        if "content" in one:
            one["content"] = {
                media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}
                for media, schema in one["content"].items()
            }
        if "headers" in one:
            one["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in one["headers"]}
    return said
