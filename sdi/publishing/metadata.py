"""Metadata of a collection: OGC API Records for geoportals, DCAT 3 for open-data catalogues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdi.declaration import Declaration, Label, PublishRule
from sdi.entry import Licence
from sdi.errors import InputError

Bounds = tuple[float, float, float, float]
"""``(xmin, ymin, xmax, ymax)`` [degree, CRS84]."""
Interval = tuple[str | None, str | None]
"""First and last day, ISO 8601; None where a side is open."""
Link = Mapping[str, Any]

CONFORMANCE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

_LANGUAGES = {
    "vi": {"code": "vi", "name": "Tiếng Việt", "alternate": "Vietnamese"},
    "en": {"code": "en", "name": "English"},
}
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_DCAT_LANGUAGES = {"vi": f"{_AUTHORITY}/language/VIE", "en": f"{_AUTHORITY}/language/ENG"}
_SPDX = frozenset(
    (
        *("CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"),
        *("ODbL-1.0", "ODC-By-1.0", "PDDL-1.0", "OGL-UK-3.0", "OGL-Canada-2.0"),
        *("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GPL-3.0-or-later", "AGPL-3.0-or-later"),
    )
)
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """What a collection holds at the moment, as far as metadata speak of it."""

    publisher: str
    """Who answers for the collection."""
    extent: Bounds | None = None
    interval: Interval = (None, None)
    created: str | None = None
    """First publication, ISO 8601 with ``Z``."""
    updated: str | None = None
    """Last change, ISO 8601 with ``Z``."""
    licences: tuple[Licence, ...] = ()
    """Licences of all deliveries it was made from; their conditions hold together."""
    notice: Label | None = None
    """What must be said wherever the data are shown."""


def record(
    declaration: Declaration, holding: Holding, language: str = "vi", *, links: Sequence[Link] = ()
) -> dict[str, Any]:
    """Metadata record of a collection.

    Parameters
    ----------
    declaration : Declaration
        The register; it must be published.
    holding : Holding
        What the collection holds.
    language : {'vi', 'en'}
        Language of the record.
    links : sequence of mapping
        Further links, such as the one to the catalogue with ``rel: collection``.

    Returns
    -------
    dict
        GeoJSON Feature as OGC API Records 1 defines it.

    Raises
    ------
    InputError
        If the register is not published.
    """
    collection = _published(declaration).collection
    return {
        "id": collection,
        "type": "Feature",
        "conformsTo": [CONFORMANCE],
        "time": _time(holding.interval),
        "geometry": _polygon(holding.extent),
        "properties": _record_properties(declaration, holding, language),
        "links": [*links, *_licence_links(holding.licences)],
    }


def dcat(
    declaration: Declaration, holding: Holding, uri: str, *, distributions: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Entry of a collection in an open-data catalogue.

    Parameters
    ----------
    declaration : Declaration
        The register; it must be published.
    holding : Holding
        What the collection holds.
    uri : str
        Address of the collection, which names the data set.
    distributions : sequence of mapping
        Ways to get the data: ``url``, ``title`` and ``type`` (media type) of each.

    Returns
    -------
    dict
        A ``dcat:Dataset`` in JSON-LD with its own context.

    Raises
    ------
    InputError
        If the register is not published.
    """
    publish = _published(declaration)
    description = declaration.description or declaration.title
    entry = {
        "@context": _CONTEXT,
        "@id": uri,
        "@type": "dcat:Dataset",
        "dct:identifier": publish.collection,
        "dct:title": _texts(declaration.title),
        "dct:description": [*_texts(description), *(_texts(holding.notice) if holding.notice else ())],
        "dct:language": [{"@id": address} for address in _DCAT_LANGUAGES.values()],
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": holding.publisher},
        "dct:accessRights": {"@id": f"{_AUTHORITY}/access-right/PUBLIC"},
        "dcat:keyword": list(publish.keywords),
        "dcat:version": declaration.version,
        "dct:issued": _typed(holding.created, "dateTime"),
        "dct:modified": _typed(holding.updated, "dateTime"),
        "dct:spatial": _location(holding.extent),
        "dct:temporal": _period(holding.interval),
        "dcat:distribution": [_distribution(one, holding.licences) for one in distributions],
    }
    return {key: value for key, value in entry.items() if value not in (None, [])}


def _published(declaration: Declaration) -> PublishRule:
    if declaration.publish is None:
        message = f"the register '{declaration.name}' is not published; add publish: to {declaration.path.name}"
        raise InputError(message, code="not-published")
    return declaration.publish


def _record_properties(declaration: Declaration, holding: Holding, language: str) -> dict[str, Any]:
    rights = [*_attributions(holding.licences), *([holding.notice.of(language)] if holding.notice else [])]
    properties = {
        "type": "dataset",
        "title": declaration.title.of(language),
        "description": (declaration.description or declaration.title).of(language),
        "keywords": list(_published(declaration).keywords),
        "language": _LANGUAGES[language],
        "languages": list(_LANGUAGES.values()),
        "resourceLanguages": [_LANGUAGES[one] for one in declaration.languages if one in _LANGUAGES],
        "created": holding.created,
        "updated": holding.updated,
        "contacts": [{"organization": holding.publisher, "roles": ["publisher"]}],
        "license": _licence_name(holding.licences),
        "rights": "; ".join(rights),
        "formats": [{"name": "GeoJSON", "mediaType": "application/geo+json"}],
    }
    return {key: value for key, value in properties.items() if value not in (None, "", [])}


def _attributions(licences: Sequence[Licence]) -> list[str]:
    return list(dict.fromkeys(licence.attribution for licence in licences))


def _licence_name(licences: Sequence[Licence]) -> str | None:
    """Name the licence as SPDX does; ``other``, as the standard wants it, where SPDX does not know one of them."""
    names = list(dict.fromkeys(licence.name for licence in licences))
    if not names:
        return None
    return " AND ".join(names) if _SPDX.issuperset(names) else "other"


def _licence_links(licences: Sequence[Licence]) -> list[Link]:
    linked = {licence.url: licence.name for licence in licences if licence.url}
    return [{"rel": "license", "href": url, "title": name} for url, name in linked.items()]


def _time(interval: Interval) -> dict[str, list[str]] | None:
    start, end = (day[:10] if day else ".." for day in interval)
    return None if start == end == ".." else {"interval": [start, end]}


def _ring(extent: Bounds) -> list[tuple[float, float]]:
    xmin, ymin, xmax, ymax = extent
    return [(xmin, ymin), (xmax, ymin), (xmax, ymax), (xmin, ymax), (xmin, ymin)]


def _polygon(extent: Bounds | None) -> dict[str, Any] | None:
    if extent is None:
        return None
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in _ring(extent)]]}


def _texts(label: Label) -> list[dict[str, str]]:
    return [{"@language": language, "@value": label.of(language)} for language in _LANGUAGES]


def _typed(value: str | None, kind: str) -> dict[str, str] | None:
    return {"@type": f"xsd:{kind}", "@value": value} if value else None


def _location(extent: Bounds | None) -> dict[str, Any] | None:
    if extent is None:
        return None
    corners = ", ".join(f"{x:.8g} {y:.8g}" for x, y in _ring(extent))
    box = {"@type": "geosparql:wktLiteral", "@value": f"<{CRS84}> POLYGON (({corners}))"}
    return {"@type": "dct:Location", "dcat:bbox": box}


def _period(interval: Interval) -> dict[str, Any] | None:
    start, end = (_typed(day[:10] if day else None, "date") for day in interval)
    sides = {"dcat:startDate": start, "dcat:endDate": end}
    known = {key: value for key, value in sides.items() if value}
    return {"@type": "dct:PeriodOfTime", **known} if known else None


def _distribution(one: Mapping[str, Any], licences: Sequence[Licence]) -> dict[str, Any]:
    entry = {
        "@type": "dcat:Distribution",
        "dct:title": one["title"],
        "dcat:accessURL": {"@id": one["url"]},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{one['type']}"},
        "dct:license": [{"@id": link["href"]} for link in _licence_links(licences)],
        "dct:rights": _attributions(licences),
    }
    return {key: value for key, value in entry.items() if value != []}
