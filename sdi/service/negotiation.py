"""What a client asked for: format, language and the address under which it sees the service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, quote_plus

from starlette.exceptions import HTTPException
from starlette.requests import Request

from sdi.errors import InputError
from sdi.settings import Settings

ROOT = "/ogc"
"""Path under which the OGC API stands."""
LANGUAGES = ("vi", "en")
"""Languages of pages and titles; the first is the default."""
JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
GEOTIFF = "image/tiff; application=geotiff"
COVERAGEJSON = "application/prs.coverage+json"

Offer = tuple[tuple[str, str], ...]
"""Formats of a resource as (value of ``f``, media type); the first is the default."""
DOCUMENT: Offer = (("json", JSON), ("html", HTML))
FEATURES: Offer = (("json", GEOJSON), ("json", JSON), ("html", HTML))
SCHEMAS: Offer = (("json", SCHEMA), ("json", JSON), ("html", HTML))
API: Offer = (("json", OPENAPI), ("json", JSON), ("html", HTML))

VARY = "Accept, Accept-Language, Authorization, X-API-Key"
"""Headers on which an answer depends."""
_SECRET = frozenset({"key", "apikey", "api_key", "api-key", "x-api-key", "token", "access_token", "authorization"})
"""Names under which others take keys in an address."""
COMMON = ("f", "lang")
"""Parameters that every resource takes."""
_SHORT = 64
"""Longest part of a query that is kept escaped [character]."""
_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """One request, understood."""

    format: str
    """Value of ``f``: ``json``, ``html`` or another that the resource offers."""
    media: str
    """Media type to answer with."""
    language: str
    base: str
    """Absolute address of the landing page without its last slash."""
    path: str
    """Path of the resource on the server."""
    parameters: Mapping[str, str]
    """Query parameters as sent."""

    @property
    def html(self) -> bool:
        """A page for people is wanted."""
        return self.format == "html"

    @property
    def site(self) -> str:
        """Absolute address of the server, without the path of the API."""
        return self.base.removesuffix(ROOT)

    def address(self, path: str, **parameters: str | None) -> str:
        """Absolute address of a resource, in the language the client named.

        Parameters
        ----------
        path : str
            Path below the landing page, with its leading slash.
        **parameters : str, optional
            Query parameters; ``None`` leaves one out.

        Returns
        -------
        str
        """
        kept = {name: value for name, value in parameters.items() if value is not None}
        if "lang" in self.parameters and "lang" not in parameters:
            kept["lang"] = self.parameters["lang"]
        return self.base + _path(path) + _query(kept)

    def again(self, **changes: str | None) -> str:
        """Absolute address of this request with some parameters changed.

        Parameters
        ----------
        **changes : str, optional
            New values; ``None`` drops a parameter.

        Returns
        -------
        str
        """
        merged = {name: value for name, value in {**self.parameters, **changes}.items() if value is not None}
        return self.site + _path(self.path) + _query(merged)


def _query(parameters: Mapping[str, str]) -> str:
    """Write parameters behind an address; every answer has a dozen links, and their parts come again and again."""
    written = "&".join(
        [(_pair if len(value) <= _SHORT else _new_pair)(one, value) for one, value in parameters.items()]
    )
    return f"?{written}" if written else ""


def _new_pair(name: str, value: str) -> str:
    """Escape a parameter."""
    return f"{quote_plus(name, safe='/:,')}={quote_plus(value, safe='/:,')}"


_pair = lru_cache(1024)(_new_pair)
"""Escapes a short one, and keeps it."""


def _path(path: str) -> str:
    """Escape a path."""
    return _kept_path(path) if len(path) <= 2 * _SHORT else quote(path)


_kept_path = lru_cache(1024)(quote)
"""Escapes a short one, and keeps it."""


def understand(request: Request, offer: Offer, settings: Settings, parameters: Iterable[str] = ()) -> Wish:
    """Read format, language and address from a request and refuse parameters that the resource does not have.

    Parameters
    ----------
    request : Request
        The request.
    offer : Offer
        Formats of the resource.
    settings : Settings
        For the public address.
    parameters : iterable of str
        Names the resource takes besides ``f`` and ``lang``.

    Raises
    ------
    InputError
        If a parameter is unknown, repeated, or its value cannot be used.
    HTTPException
        With status 406 where no offered media type is acceptable.
    """
    given = _parameters(request, (*COMMON, *parameters))
    format_, media = _format(given.get("f"), request.headers.get("accept"), offer)
    if format_ == "html":
        # The form of a page sends fields that were left empty.
        given = {name: value for name, value in given.items() if value}
    base = (settings.public_url or _origin(request)) + ROOT
    language = language_of(request)
    if "lang" in given:
        # Every link repeats it, and documents are kept by it: "vi-" and 60,000 letters must not be.
        given["lang"] = language
    return Wish(format_, media, language, base, request.scope["path"], given)


def language_of(request: Request) -> str:
    """Language of the answer: ``lang``, else the best of ``Accept-Language``, else Vietnamese.

    Raises
    ------
    InputError
        If ``lang`` names a language that is not spoken here.
    """
    asked = request.query_params.get("lang")
    if asked is not None:
        if asked.split("-")[0].lower() not in LANGUAGES:
            raise InputError(f"parameter lang is {asked!r}; expected one of {', '.join(LANGUAGES)}")
        return asked.split("-")[0].lower()
    ranked = [tag.split("-")[0].lower() for tag in _ranked(request.headers.get("accept-language", ""))]
    return next((tag for tag in ranked if tag in LANGUAGES), LANGUAGES[0])


def prefers_html(request: Request) -> bool:
    """Tell whether an error should be answered with a page."""
    if request.query_params.get("f") in {"json", "html"}:
        return request.query_params["f"] == "html"
    ranked = [media for media in _ranked(request.headers.get("accept", "")) if media in {HTML, JSON, GEOJSON, "*/*"}]
    return bool(ranked) and ranked[0] == HTML


def takes(header: str, name: str) -> bool:
    """Tell whether a header with quality values names something and does not refuse it."""
    return name in _ranked(header)


def _parameters(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    """Return the query as a mapping; each parameter known and given once."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            if name.lower() in _SECRET:
                raise InputError(
                    f"parameter {name!r}: a key or a token is sent in a header, Authorization or X-API-Key, never in "
                    "an address, which logs and histories keep"
                )
            raise InputError(f"parameter {name!r} is not known here; expected one of {', '.join(known)}")
        if name in given:
            raise InputError(f"parameter {name!r} is given more than once; give it once")
        given[name] = value
    return given


def _format(asked: str | None, accept: str | None, offer: Offer) -> tuple[str, str]:
    """Choose a format by ``f``, else by ``Accept``."""
    if asked is not None:
        found = next((one for one in offer if one[0] == asked), None)
        if found is None:
            expected = ", ".join(dict.fromkeys(name for name, _ in offer))
            raise InputError(f"parameter f is {asked!r}; expected one of {expected}")
        return found
    if not accept:
        return offer[0]
    for wanted in _by_quality(accept):
        found = next((one for one in offer if any(_matches(one[1], pattern) for pattern in wanted)), None)
        if found is not None:
            return found
    types = ", ".join(media for _, media in offer)
    raise HTTPException(406, f"no media type of {accept!r} is offered here; expected one of {types}, or use f=")


def _matches(media: str, pattern: str) -> bool:
    """Compare a media type without its parameters with one of the Accept header."""
    kind = media.partition(";")[0].strip()
    return pattern in {kind, "*/*", f"{kind.partition('/')[0]}/*"}


@lru_cache(256)
def _by_quality(header: str) -> list[list[str]]:
    """Group the entries of a header with quality values, best group first, refused ones left out."""
    groups: dict[float, list[str]] = {}
    for entry in header.split(","):
        name, *options = (part.strip() for part in entry.split(";"))
        quality = next((_quality(option[2:]) for option in options if option.startswith("q=")), 1.0)
        if name and quality > 0:
            groups.setdefault(quality, []).append(name.lower())
    return [groups[quality] for quality in sorted(groups, reverse=True)]


def _ranked(header: str) -> list[str]:
    """Entries of a header with quality values, best first."""
    return [entry for group in _by_quality(header) for entry in group]


def _quality(text: str) -> float:
    """Read a quality value; nonsense counts as refused."""
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text) else 0.0


def _origin(request: Request) -> str:
    """Scheme and host of the request, refused where the host is no host name."""
    host = request.headers.get("host", "localhost")
    if not _HOST.fullmatch(host):
        raise InputError(f"header Host is {host!r}; expected a host name and an optional port")
    return f"{request.scope['scheme']}://{host}"
