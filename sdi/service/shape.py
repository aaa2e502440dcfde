"""What the items of a collection look like, for its own answers in the API definition (OpenAPI 3.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdi.publishing.collection import Collection
from sdi.service.library import Document

_ANSWERS = {"Features": "features", "Feature": "feature"}
"""Answer of the skeleton, and what the schema of a collection in its place is called."""


def shaped(collection: Collection, components: Mapping[str, Any]) -> tuple[Document, Document]:
    """Describe the answers of a collection that hold items.

    Parameters
    ----------
    collection : Collection
        The collection.
    components : mapping
        Of the API definition, with the answers that hold items of any collection.

    Returns
    -------
    (dict, dict)
        Further answers and schemas. Every property may be missing: a client may ask for some, and the past had others.
    """
    name = collection.name
    one = {"allOf": [_to("featureGeoJSON"), {"type": "object", "properties": {"properties": _properties(collection)}}]}
    many = {"features": {"type": "array", "items": _to(f"{name}.feature")}}
    schemas = {
        f"{name}.feature": one,
        f"{name}.features": {"allOf": [_to("featureCollectionGeoJSON"), {"type": "object", "properties": many}]},
    }
    answers = {}
    for answer, schema in _ANSWERS.items():
        said = components["responses"][answer]
        content = said["content"] | {"application/geo+json": {"schema": _to(f"{name}.{schema}")}}
        answers[f"{name}.{answer}"] = said | {"content": content}
    return answers, schemas


def _to(schema: str) -> Document:
    """Refer to a schema."""
    return {"$ref": f"#/components/schemas/{schema}"}


def _properties(collection: Collection) -> Document:
    """Describe the properties of an item; OpenAPI 3.0 says ``nullable`` where JSON Schema has a type ``null``."""
    kept = {name: _value(one) for name, one in collection.schema["properties"].items() if "type" in one}
    return {"type": "object", "nullable": True, "properties": kept, "additionalProperties": False}


def _value(schema: Mapping[str, Any]) -> Document:
    """Describe one value, without the codes and limits that hold for what is recorded today."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    found: Document = {"type": next(kind for kind in kinds if kind != "null"), "nullable": True}
    if found["type"] == "array":
        return found | {"items": _value(schema.get("items", {"type": "number"}))}
    return found | {key: schema[key] for key in ("format", "title") if key in schema}
