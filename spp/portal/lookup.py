"""The page that answers what applies at a place, and the same answer as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import Gone, InputError, NotFound, PhusaError
from sdi.service.negotiation import prefers_html
from spp.answer import Answer
from spp.lookup import lookup
from spp.place import Address, Parcel, Place, Point, read_place
from spp.portal.frame import Portal, language_of
from spp.portal.gallery import extent
from spp.telling import tell

WAYS = ("q", "point", "parcel", "address")
"""Parameters that name a place; ``q`` is any of the others."""
_SAID: Mapping[str, str] = {
    "place-outside": "lookup_outside", "place-empty": "lookup_empty", "place-too-long": "lookup_too_long",
    "place-ambiguous": "lookup_ambiguous", "point-invalid": "lookup_point", "parcel-unknown": "lookup_parcel",
    "parcel-placeless": "lookup_placeless", "item-unknown": "lookup_parcel", "gone": "lookup_gone",
    "address-unknown": "lookup_address",
}  # fmt: skip
"""Code of an error to what the page says of it."""


def lookup_page(portal: Portal, request: Request) -> Response:
    """Answer what applies at a place.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request; one of ``q``, ``point``, ``parcel`` and ``address`` names the place.

    Raises
    ------
    InputError, NotFound, Gone
        Where JSON is wanted; the page says it in its own words.
    """
    asked = {name: value for name in WAYS if (value := request.query_params.get(name, "").strip())}
    language = language_of(request)
    if _wants_json(request):
        return _document(_answer(portal, _place(asked)), language)
    answer: Answer | None = None
    wrong, status = "", 200
    try:
        answer = _answer(portal, _place(asked)) if asked else None
    except (InputError, NotFound, Gone) as error:
        wrong, status = _said(portal, error, language), _status(error)
    values: dict[str, object] = {
        "asked": asked, "text": next(iter(asked.values()), "")[:200], "wrong": wrong, "answer": answer,
        "sections": tell(answer, language) if answer else (), "attributions": [],
        "example": portal.words[language].say("lookup_example", point=_point_of(portal, language)),
    }  # fmt: skip
    return portal.page(request, "lookup.html", values, status=status)


def _point_of(portal: Portal, language: str) -> str:
    """Coordinates in the middle of the city, as an example that has an answer."""
    west, south, east, north = extent(portal.layers(language)) or (0.0, 0.0, 0.0, 0.0)
    return f"{(south + north) / 2:.4f}, {(west + east) / 2:.4f}"


def _wants_json(request: Request) -> bool:
    """Tell whether the client asks for JSON; a page is for everyone who does not."""
    asked = request.query_params.get("f")
    if asked is not None and asked not in {"json", "html"}:
        raise InputError(f"parameter f is {asked!r}; expected json or html")
    accepts = "application/json" in request.headers.get("accept", "") and not prefers_html(request)
    return asked == "json" or (asked is None and accepts)


def _place(asked: Mapping[str, str]) -> Place:
    """Return the one place that is named."""
    if len(asked) != 1:
        code = "place-ambiguous" if asked else "place-empty"
        raise InputError(f"{len(asked)} places are named; name one with q, point, parcel or address", code=code)
    ((way, text),) = asked.items()
    return {"q": read_place, "point": Point.read, "parcel": Parcel, "address": Address}[way](text)


def _answer(portal: Portal, place: Place) -> Answer:
    """Look a place up in the publication in force."""
    return lookup(portal.publication(), portal.rasters, place, crs=portal.crs)


def _document(answer: Answer, language: str) -> Response:
    """Answer with JSON: the values, and the same in words."""
    told = {"language": language, "sections": [asdict(section) for section in tell(answer, language)]}
    headers = {"Content-Language": language, "Cache-Control": "no-store", "Vary": "Accept"}
    return Response(orjson.dumps(answer.document() | told), headers=headers, media_type="application/json")


def _said(portal: Portal, error: PhusaError, language: str) -> str:
    """Say what went wrong in the language of the page."""
    words = portal.words[language]
    details = {
        name: f"{value:.3f}" if isinstance(value, float) else str(value) for name, value in error.details.items()
    }
    return words.say(_SAID[error.code], **details) if error.code in _SAID else error.message


def _status(error: PhusaError) -> int:
    """HTTP status of an error."""
    if isinstance(error, Gone):
        return 410
    return 404 if isinstance(error, NotFound) else 400
