"""pygeoapi as a library: its configuration from what is published, its functions without its server.

Its documents are right in structure but link to what is not served here (JSON-LD, processes, tile matrix sets),
escape ``<`` in JSON and are answered as pages from a public CDN. So only its JSON is asked for, and `sdi.service`
puts links, titles and pages in place. `docs/decisions` lists which route is whose.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from pygeoapi.api import API, APIRequest
from pygeoapi.provider.base import ProviderInvalidQueryError, ProviderNoDataError
from starlette.exceptions import HTTPException

from sdi.declaration import Label
from sdi.errors import InputError
from sdi.publishing.collection import Collection
from sdi.service.coverage import Coverage
from sdi.service.negotiation import LANGUAGES, Wish
from sdi.service.parameter import Box
from sdi.service.reference import uris

Document = dict[str, Any]
_WORLD: Box = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What pygeoapi reads of a request."""

    query_params: Mapping[str, str]
    headers: Mapping[str, str]
    scope: Mapping[str, str]


class Library:
    """pygeoapi over one state of the publication.

    Parameters
    ----------
    configuration : dict
        See `configuration`.
    """

    def __init__(self, configuration: Document) -> None:
        self.configuration = configuration
        logging.getLogger("pygeoapi.api").addFilter(_is_news)
        with _quiet():
            self._api = API(configuration, {})

    def ask(self, function: Callable[..., Any], wish: Wish, *arguments: str, **parameters: str) -> tuple[int, bytes]:
        """Call a function of pygeoapi.

        Parameters
        ----------
        function : callable
            One of ``pygeoapi.api``.
        wish : Wish
            The request, for language and address.
        *arguments : str
            What the function wants besides, such as the name of a collection.
        **parameters : str
            Query parameters, all checked already.

        Returns
        -------
        (int, bytes)
            Status and body.

        Raises
        ------
        InputError
            If pygeoapi refuses a parameter.
        HTTPException
            If it answers any other error.
        """
        api = copy.copy(self._api)
        api.base_url = wish.base
        asked = _Asked({"f": "json", "lang": wish.language} | parameters, {}, {"path": wish.path})
        _, status, content = function(api, APIRequest(asked, api.locales), *arguments)
        body = content if isinstance(content, bytes) else content.encode()
        if status >= 400:
            description = str(orjson.loads(body)["description"])
            raise InputError(description) if status == 400 else HTTPException(status, description)
        return int(status), body

    def document(self, function: Callable[..., Any], wish: Wish, *arguments: str) -> Document:
        """Call a function of pygeoapi that answers a JSON document."""
        found: Document = orjson.loads(self.ask(function, wish, *arguments)[1])
        return found

    def with_provider(self, name: str, definition: Mapping[str, Any]) -> Library:
        """Return a library that reads a collection by another provider.

        Parameters
        ----------
        name : str
            The collection.
        definition : mapping
            The provider.

        Returns
        -------
        Library
        """
        resource = self.configuration["resources"][name] | {"providers": [dict(definition)]}
        return Library(self.configuration | {"resources": {name: resource}})


def configuration(
    title: Label,
    description: Label,
    collections: Mapping[str, Collection],
    coverages: Mapping[str, Coverage],
    systems: tuple[str, ...],
    publication: str,
) -> Document:
    """Describe to pygeoapi what is served.

    Parameters
    ----------
    title, description : Label
        Of the whole service.
    collections : mapping of str to Collection
        Published features.
    coverages : mapping of str to Coverage
        Published rasters.
    systems : tuple of str
        Coordinate reference systems offered.
    publication : str
        What is served; nothing is read from it here.

    Returns
    -------
    dict
        Its configuration.
    """
    unknown = {"name": "", "url": ""}
    return {
        "server": {
            "url": "http://localhost",
            "mimetype": "application/json",
            "encoding": "utf-8",
            "languages": list(LANGUAGES),
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": _texts(title), "description": _texts(description), "keywords": ["OGC API"],
                "terms_of_service": "", "url": "",
            },
            "license": dict(unknown), "provider": dict(unknown), "contact": dict(unknown),
        },
        "resources": {one.name: _features(one, systems, publication) for one in collections.values()}
        | {one.name: _coverage(one) for one in coverages.values()},
    }  # fmt: skip


def _features(collection: Collection, systems: tuple[str, ...], publication: str) -> Document:
    """Describe a collection of features."""
    provider = {
        "type": "feature",
        "name": "sdi.service.provider.PublicationProvider",
        "data": publication,
        "id_field": "id",
        "crs": uris(systems),
        "storage_crs": collection.storage_crs,
        "schema": dict(collection.schema),
    }
    keywords = list(collection.keywords)
    return _resource(collection.title, collection.description, keywords, collection.extent, [provider])


def _coverage(coverage: Coverage) -> Document:
    """Describe a coverage."""
    return _resource(coverage.title, coverage.description, [coverage.kind], coverage.extent, [coverage.definition()])


def _resource(
    title: Label, description: Label, keywords: list[str], extent: Box | None, providers: list[Document]
) -> Document:
    """Describe a resource; what it is called and where it lies is written again from the publication afterwards."""
    return {
        "type": "collection",
        "title": _texts(title),
        "description": _texts(description),
        "keywords": keywords,
        "links": [],
        "extents": {"spatial": {"bbox": list(extent or _WORLD), "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
        "providers": providers,
    }


def _texts(label: Label) -> dict[str, str]:
    """Write a label as pygeoapi keeps it."""
    return {"vi": label.vi, "en": label.en}


def _is_news(record: logging.LogRecord) -> bool:
    """Tell what is broken from what was asked in vain: pygeoapi logs 204 and 400 as errors, some with their stack."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is not None and not issubclass(kind, ProviderNoDataError | ProviderInvalidQueryError)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pygeoapi from setting up logging for the whole process: it does so only where nobody has."""
    root, silent = logging.getLogger(), logging.NullHandler()
    root.addHandler(silent)
    try:
        yield
    finally:
        root.removeHandler(silent)
