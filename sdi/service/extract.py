"""The data of a coverage, whole or in part."""

from __future__ import annotations

from pygeoapi.api import coverages as library
from starlette.requests import Request
from starlette.responses import Response

from sdi.crs import CRS84, uri
from sdi.errors import InputError, NotFound
from sdi.history import ALWAYS, FOREVER, before
from sdi.period import query_period
from sdi.service.answer import document, headers, page, tag, unchanged
from sdi.service.context import Context
from sdi.service.coverage import Coverage
from sdi.service.inventory import Inventory
from sdi.service.link import itself
from sdi.service.negotiation import HTML, Wish, understand
from sdi.service.openfile import OpenFile
from sdi.service.parameter import check_subset
from sdi.service.reference import asked, bounds_between, box_in_crs84, one_side
from sdi.service.view import render
from sdi.zone import GREENWICH, Zone

PARAMETERS = ("bbox", "bbox-crs", "subset", "datetime", "properties")
"""Parameters that choose a part."""


def coverage(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/coverage``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    stock = context.stock(request)
    one = stock.coverage(request.path_params["collection"])
    offer = (*one.formats, ("html", HTML))
    wish = understand(request, offer, context.settings, PARAMETERS)
    parameters = _checked(context, stock, one, wish)
    whole = one.tiff if wish.format == "tiff" and not parameters else None
    # The bytes of a file are the same whoever asks, so that a part of it may be asked for by tag.
    etag = f'"{one.version}"' if whole else tag(wish, one.name, one.version, stock.state if wish.html else None)
    if answer := unchanged(request, wish, etag):
        return answer
    head = headers(wish, etag, Content_Crs=f"<{uri(one.crs)}>")
    if wish.html:
        return page(_page(context, wish, one), head)
    if whole:
        try:
            return OpenFile(whole, _file_headers(head, one), wish.media)
        except FileNotFoundError as error:
            raise NotFound(f"the file of {one.name!r} was taken away or replaced a moment ago; ask again") from error
    asked_of = stock.library.with_provider(one.name, one.definition(wish.format))
    status, body = asked_of.ask(library.get_collection_coverage, wish, one.name, f=wish.format, **parameters)
    if status == 204:
        return Response(status_code=204, headers=head)
    return document(wish, body, head | (_file_headers({}, one) if wish.format == "tiff" else {}))


def _checked(context: Context, stock: Inventory, one: Coverage, wish: Wish) -> dict[str, str]:
    """Check what pygeoapi answers with 500, and hand it boxes in the CRS of the grid, which is all it knows."""
    given = wish.parameters
    storage = context.workspace.crs
    systems = tuple(dict.fromkeys((*stock.systems, one.crs)))
    system = asked("bbox-crs", given.get("bbox-crs"), systems)
    checked = {"datetime": _in_utc(given["datetime"], context.workspace.zone)} if "datetime" in given else {}
    if "subset" in given:
        checked["subset"] = check_subset(given["subset"])
    if "bbox" in given:
        side = one_side(box_in_crs84(given["bbox"], system, storage), one.extent)
        edges = bounds_between(side, CRS84, one.crs, storage)
        checked["bbox"] = ",".join(repr(edge) for edge in edges)
    known = one.raster(wish.format).fields
    names = dict.fromkeys(name for name in given.get("properties", "").split(",") if name)
    unknown = names.keys() - known.keys()
    if unknown:
        raise InputError(
            f"parameter properties names {', '.join(sorted(unknown))}; expected some of {', '.join(known)}"
        )
    # A name that stands many times is read once.
    return checked | ({"properties": ",".join(names)} if names else {})


def _in_utc(text: str, zone: Zone) -> str:
    """Write a date or an interval of the city as the instants that a coverage has, both ends included."""
    start, end = query_period(text, zone)
    first, last = ".." if start == ALWAYS else start, ".." if end == FOREVER else before(end, GREENWICH)
    return f"{first}/{last}"


def _file_headers(head: dict[str, str], one: Coverage) -> dict[str, str]:
    """Name a downloaded file; a Content-Disposition holds no path."""
    return head | {"Content-Disposition": f'attachment; filename="{one.name}.tif"'}


def _page(context: Context, wish: Wish, one: Coverage) -> str:
    """Render the page of a coverage."""
    raster = one.raster()
    return render(
        "coverage.html", wish, workspace=context.workspace,
        one=one, fields=raster.fields, columns=len(raster.grid.x), rows=len(raster.grid.y),
        links=itself(wish, (*one.formats, ("html", HTML))), crs=uri(one.crs),
    )  # fmt: skip
