"""``/id/{kind}/{uuid}/v`` and ``/v/{n}``: the versions of a thing, which answer for ever, whatever became of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import NotFound
from sdi.publishing.change import Version
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.feature import feature_bytes, parsed
from sdi.service.heading import heading
from sdi.service.link import Link, itself, link
from sdi.service.negotiation import DOCUMENT, GEOJSON, JSON, Offer, Wish, understand
from sdi.service.phrase import say
from sdi.service.thing import named
from sdi.service.view import render

VERSION: Offer = (("json", GEOJSON), ("json", JSON))
"""A version is a feature, read by software; people see the list."""


def versions(context: Context, request: Request) -> Response:
    """Answer ``GET /id/{kind}/{uuid}/v``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.

    Raises
    ------
    NotFound
        If no such thing was ever published.
    """
    wish = understand(request, DOCUMENT, context.settings)
    kind, eid = named(request)
    stock = context.stock(request)
    found = stock.versions(kind, eid)
    etag = tag(wish, stock.state, [one.recorded_to for one in found])
    if answer := unchanged(request, wish, etag):
        return answer
    if wish.html:
        rows = [(address(wish, kind, eid, one.number), one) for one in found]
        one, (feature,) = stock.collection(stock.thing(kind, eid).collection), parsed([found[-1].feature])
        html = render(
            "versions.html", wish, workspace=context.workspace,
            kind=kind, eid=eid, rows=rows, collection=one, name=heading(feature, one, wish.language),
        )  # fmt: skip
        return page(html, headers(wish, etag))
    listed = [_times(one) | {"href": address(wish, kind, eid, one.number)} for one in found]
    links = [
        *itself(wish, DOCUMENT),
        link("canonical", f"{wish.site}/id/{kind}/{eid}", JSON, say("thing", wish.language)),
    ]
    return document(wish, {"id": eid, "kind": kind, "versions": listed, "links": links}, headers(wish, etag))


def version(context: Context, request: Request) -> Response:
    """Answer ``GET /id/{kind}/{uuid}/v/{n}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.

    Raises
    ------
    NotFound
        If no such thing was ever published, or it has no version of that number.
    """
    wish = understand(request, VERSION, context.settings)
    kind, eid = named(request)
    stock = context.stock(request)
    found = stock.versions(kind, eid)
    asked = request.path_params["n"]
    one = next((each for each in found if str(each.number) == asked), None)
    if one is None:
        raise NotFound(f"{kind} {eid} has no version {asked!r}; it has {len(found)}, counted from 1")
    etag = tag(wish, stock.file, one.feature, one.recorded_to, len(found))
    if answer := unchanged(request, wish, etag):
        return answer
    members = _times(one) | {"links": _links(wish, kind, eid, one.number, len(found))}
    return document(wish, feature_bytes(one.feature, members), headers(wish, etag))


def address(wish: Wish, kind: str, eid: str, number: int | None = None) -> str:
    """Return the lasting address of a version, or of the list of all of them."""
    return f"{wish.site}/id/{kind}/{eid}/v" + ("" if number is None else f"/{number}")


def _times(one: Version) -> dict[str, object]:
    """Describe when a version held and when it was known."""
    return {
        "version": one.number,
        "validFrom": one.valid_from,
        "validTo": one.valid_to,
        "recordedFrom": one.recorded_from,
        "recordedTo": one.recorded_to,
    }


def _links(wish: Wish, kind: str, eid: str, number: int, count: int) -> list[Link]:
    """Link a version to its neighbours, by the relations of RFC 5829, and to the thing."""
    beside = {"predecessor-version": number - 1, "successor-version": number + 1, "latest-version": count}
    return [
        *itself(wish, VERSION),
        *(
            link(rel, address(wish, kind, eid, other), GEOJSON, say("version_number", wish.language, number=other))
            for rel, other in beside.items()
            if 1 <= other <= count
        ),
        link("version-history", address(wish, kind, eid), JSON, say("versions", wish.language)),
        link("canonical", f"{wish.site}/id/{kind}/{eid}", JSON, say("thing", wish.language)),
    ]
