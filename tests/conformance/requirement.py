"""Which test proves which requirement of a standard; identifiers are copied as the standards spell them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., None])

PROVED_BY: dict[str, list[str]] = {}
"""``part/class/requirement`` to names of tests."""


def proves(*requirements: str) -> Callable[[Test], Test]:
    """Say which requirements a test proves."""

    def note(test: Test) -> Test:
        for requirement in requirements:
            PROVED_BY.setdefault(requirement, []).append(test.__name__)
        return test

    return note


_HTTP = "http://www.opengis.net/spec"
_COMMON_2 = "https://www.opengis.net/spec/ogcapi-common-2/1.0/conf"
"""A draft: its classes have addresses of their own kind."""
_COMMON_3: dict[str, tuple[str, ...]] = {
    "schemas": (
        "json-schema", "properties", "additional-keywords", "role", "role-id", "property-seq", "unit", "definition",
        "nullvalues",
    ),
    "advanced-property-roles": (
        "role-primary-geometry", "role-primary-instant", "role-primary-interval-start", "role-primary-interval-end",
        "role-primary-interval", "primary-temporal-constraints", "role-type",
    ),
    "references": ("role-reference",),
    "returnables-and-receivables": ("link", "op", "response"),
    "queryables": ("link", "op", "response"),
    "sortables": ("link", "op", "response"),
    "profile-codelists": ("consistency", "codelist-inline", "codelist-ref"),
}  # fmt: skip
"""Requirements of Features 5, which is Common 3."""
_TILES_1: dict[str, tuple[str, ...]] = {
    "core": (
        "tc-op", "tc-tilematrix-definition", "tc-tilerow-definition", "tc-tilecol-definition", "tc-success", "tc-error",
        "conformance-success",
    ),
    "tileset": ("description",),
    "tilesets-list": ("tileset-path", "tileset-links"),
    "geodata-tilesets": ("desc-links", "operation"),
    "mvt": ("content",),
    "oas30": ("completeness", "operation-id"),
}  # fmt: skip
_CQL2: dict[str, tuple[str, ...]] = {
    "basic-cql2": ("cql2-filter", "property", "binary-comparison-predicate", "null-predicate"),
    "advanced-comparison-operators": ("like-predicate", "between-predicate", "in-predicate"),
    "case-insensitive-comparison": ("casei-function",),
    "accent-insensitive-comparison": ("accenti-function",),
    "basic-spatial-functions": ("spatial-functions", "spatial-predicate"),
    "basic-spatial-functions-plus": ("spatial-data-types",),
    "spatial-functions": ("spatial-functions",),
    "temporal-functions": ("temporal-functions", "temporal-predicates"),
    "property-property": ("withdraw-permissions",),
    "arithmetic": ("arithmetic",),
}
_CQL2 |= {
    "cql2-text": (*_CQL2, "escaping"),
    "cql2-json": tuple(_CQL2),
}
"""Requirements of CQL2; an encoding has one for each class of operations."""
REQUIREMENTS: dict[str, tuple[str, ...]] = {
    f"{_HTTP}/ogcapi-common-1/1.0/conf/core": tuple(
        f"common-1/core/{one}"
        for one in (
            "http", "query-param-name-unknown", "query-param-value-invalid", "query-param-capitalization",
            "query-param-list-delimiter", "query-param-list-empty", "query-param-list-escape",
            "query-param-value-boolean", "query-param-value-integer", "query-param-value-decimal",
            "query-param-value-double",
        )
    ),
    f"{_HTTP}/ogcapi-common-1/1.0/conf/landing-page": tuple(
        f"common-1/landing-page/{one}"
        for one in (
            "root-op", "root-success", "api-definition-op", "api-definition-success", "conformance-op",
            "conformance-success",
        )
    ),
    f"{_HTTP}/ogcapi-common-1/1.0/conf/json": ("common-1/json/definition", "common-1/json/content"),
    f"{_HTTP}/ogcapi-common-1/1.0/conf/html": ("common-1/html/definition", "common-1/html/content"),
    f"{_HTTP}/ogcapi-common-1/1.0/conf/oas30": tuple(
        f"common-1/oas30/{one}"
        for one in (
            "oas-definition-1", "oas-definition-2", "oas-impl", "completeness", "exceptions-codes", "security",
        )
    ),
    f"{_COMMON_2}/collections": tuple(
        f"common-2/collections/{one}"
        for one in (
            "collections-list-op", "collections-list-success", "collections-list-links",
            "collections-list-collections", "description-op", "description-success", "description-links",
            "description-extent", "description-extent-multi",
        )
    ),
    f"{_COMMON_2}/json": ("common-2/json/definition", "common-2/json/content"),
    f"{_COMMON_2}/html": ("common-2/html/definition", "common-2/html/content"),
    **{
        f"{_HTTP}/ogcapi-common-3/1.0/conf/{name}": tuple(f"common-3/{name}/{one}" for one in ids)
        for name, ids in _COMMON_3.items()
    },
    f"{_HTTP}/ogcapi-features-1/1.0/conf/core": tuple(
        f"features-1/core/{one}"
        for one in (
            "root-op", "root-success", "api-definition-op", "api-definition-success", "conformance-op",
            "conformance-success", "http", "query-param-unknown", "query-param-invalid", "crs84", "fc-md-op",
            "fc-md-success", "fc-md-links", "fc-md-items", "fc-md-items-links", "fc-md-extent", "fc-md-extent-multi",
            "sfc-md-op", "sfc-md-success", "fc-op", "fc-response", "fc-limit-definition", "fc-limit-response-1",
            "fc-bbox-definition", "fc-bbox-response", "fc-time-definition", "fc-time-response", "fc-links",
            "fc-rel-type", "fc-timeStamp", "fc-numberMatched", "fc-numberReturned", "f-op", "f-success", "f-links",
        )
    ),
    f"{_HTTP}/ogcapi-features-1/1.0/conf/geojson": ("features-1/geojson/definition", "features-1/geojson/content"),
    f"{_HTTP}/ogcapi-features-1/1.0/conf/html": ("features-1/html/definition", "features-1/html/content"),
    f"{_HTTP}/ogcapi-features-1/1.0/conf/oas30": tuple(
        f"features-1/oas30/{one}"
        for one in (
            "oas-definition-1", "oas-definition-2", "oas-impl", "completeness", "exceptions-codes", "security",
        )
    ),
    f"{_HTTP}/ogcapi-features-2/1.0/conf/crs": tuple(
        f"features-2/crs/{one}"
        for one in (
            "crs-uri", "fc-md-crs-list", "fc-md-crs-list-global", "fc-md-storageCrs", "fc-md-storageCrs-valid-value",
            "fc-crs-definition", "fc-crs-action", "fc-crs-default-value", "fc-crs-valid-value", "crs-exception",
            "fc-bbox-crs-definition", "fc-bbox-crs-action", "fc-bbox-crs-valid-default-value",
            "fc-bbox-crs-valid-value", "bbox-crs-exception", "ogc-crs-header", "ogc-crs-header-value", "geojson",
        )
    ),
    f"{_HTTP}/ogcapi-features-3/1.0/conf/queryables": tuple(
        f"features-3/queryables/{one}"
        for one in ("get-queryables-op", "get-queryables-response", "queryables-link", "expression-construction")
    ),
    f"{_HTTP}/ogcapi-features-3/1.0/conf/queryables-query-parameters": (
        "features-3/queryables-query-parameters/parameters",
    ),
    f"{_HTTP}/ogcapi-features-3/1.0/conf/filter": tuple(
        f"features-3/filter/{one}"
        for one in (
            "filter-param", "filter-lang-param", "filter-crs-wgs84", "filter-crs-param", "mixing-expressions",
            "response",
        )
    ),
    f"{_HTTP}/ogcapi-features-3/1.0/conf/features-filter": tuple(
        f"features-3/features-filter/{one}"
        for one in (
            "get-queryables-op", "queryables-link", "filter-param", "filter-lang-param", "filter-crs-param", "response",
        )
    ),
    **{
        f"{_HTTP}/ogcapi-tiles-1/1.0/conf/{name}": tuple(f"tiles-1/{name}/{one}" for one in ids)
        for name, ids in _TILES_1.items()
    },
    **{f"{_HTTP}/cql2/1.0/conf/{name}": tuple(f"cql2/{name}/{one}" for one in ids) for name, ids in _CQL2.items()},
}  # fmt: skip
"""Conformance class to its requirements."""
