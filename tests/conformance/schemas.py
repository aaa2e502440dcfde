"""Validation against the schemas of the standards, read in place; nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import orjson
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_FEATURES = "/ogcapi/features/part1/1.0/openapi/"
Check = Callable[[str, Any], None]


def checker(folder: Path) -> Check:
    """Return ``check(file, document)`` over the OpenAPI 3.0 schemas of a folder."""

    @cache
    def retrieve(uri: str) -> Resource[Any]:
        parts = urlsplit(uri)
        local = (
            folder / "features/part1-1.0.1" / parts.path.removeprefix(_FEATURES) if parts.netloc else Path(parts.path)
        )
        return Resource(contents=yaml.safe_load(local.read_text(encoding="utf-8")), specification=DRAFT202012)

    registry: Registry[Any] = Registry(retrieve=retrieve)

    def check(file: str, document: Any) -> None:
        path = folder / file
        OAS30Validator({"$ref": path.as_uri()}, registry=registry).validate(document)

    return check


def coverage_checker(folder: Path) -> Callable[[Any], None]:
    """Return ``check(document)`` over CoverageJSON, whose schemas refer to each other by identifier."""
    read = [orjson.loads(path.read_bytes()) for path in sorted((folder / "coveragejson/1.0").glob("*.json"))]
    named = [(one["$id"], Resource(contents=one, specification=DRAFT202012)) for one in read if "$id" in one]
    registry: Registry[Any] = Registry().with_resources(named)
    root = next(name for name, _ in named if name.endswith(("coveragejson", "coveragejson.json")))

    def check(document: Any) -> None:
        jsonschema.Draft202012Validator({"$ref": root}, registry=registry).validate(document)

    return check
