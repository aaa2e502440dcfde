"""A tile of a collection."""

from __future__ import annotations

import gzip
import logging
from dataclasses import replace
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import IntegrityError
from sdi.publishing.collection import Collection
from sdi.publishing.overview import Overview
from sdi.service.answer import unchanged
from sdi.service.context import Context
from sdi.service.inventory import Inventory
from sdi.service.negotiation import VARY, Offer, Wish, takes, understand
from sdi.service.tiles.memory import Sent
from sdi.service.tiles.place import check_grid, square, tiled
from sdi.tile.layer import MEDIA
from sdi.tile.quad import Tile

logger = logging.getLogger(__name__)

TILE: Offer = (("mvt", MEDIA),)
_LEVEL = 5
"""How hard a tile is compressed: harder takes twice the time for a fiftieth of the bytes."""


def tile(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/tiles/{grid}/{matrix}/{row}/{column}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request.
    """
    wish = understand(request, TILE, context.settings)
    stock = context.stock(request)
    one = tiled(stock, request)
    check_grid(request)
    place = square(request, one)
    try:
        return _answered(context, request, wish, stock, one, place, _overview(context, stock, one, place))
    except IntegrityError as error:  # the file of the overview went or is damaged: there is no overview
        logger.warning("%s", error)
        return _answered(context, request, wish, stock, one, place, None)


def _answered(
    context: Context, request: Request, wish: Wish, stock: Inventory, one: Collection, place: Tile,
    before: Overview | None,
) -> Response:  # fmt: skip
    """Answer with a tile, from an overview or drawn."""
    state = (stock.file, one.name, one.version, place, before)
    etag = f'W/"{blake2b(repr(state).encode(), digest_size=12).hexdigest()}"'
    head = {"ETag": etag, "Cache-Control": "no-cache", "Vary": f"{VARY}, Accept-Encoding"}
    if answer := unchanged(request, wish, etag):
        return Response(status_code=answer.status_code, headers=head)
    packed = takes(request.headers.get("accept-encoding", ""), "gzip")
    kept = context.tiles.find((packed, state)) or _kept(context, stock, one, place, before, state, packed=packed)
    head["Tile-Content"] = kept.share if kept.shown is None else f"{kept.share}; features={kept.shown}"
    if not kept.content:
        return Response(status_code=204, headers=head)
    return Response(kept.content, headers=head | ({"Content-Encoding": "gzip"} if packed else {}), media_type=MEDIA)


def _overview(context: Context, stock: Inventory, one: Collection, place: Tile) -> Overview | None:
    """Return the overview from which a tile comes, where it is of the state that is served."""
    folder = context.workspace.tiles(stock.publication.level)
    found = context.overviews.find(stock, one, folder)
    return found if found is not None and place.level <= found.deepest else None


def _kept(
    context: Context, stock: Inventory, one: Collection, place: Tile, before: Overview | None, state: object,
    *, packed: bool,
) -> Sent:  # fmt: skip
    """Make a tile as it is sent, and keep it."""
    plain = context.tiles.find((False, state))
    if plain is None:
        plain = context.tiles.keep((False, state), _made(stock, one, place, before))
    if not packed or not plain.content:
        return plain
    return context.tiles.keep(
        (True, state), replace(plain, content=gzip.compress(plain.content, _LEVEL, mtime=0))
    )  # fmt: skip


def _made(stock: Inventory, one: Collection, place: Tile, before: Overview | None) -> Sent:
    """Make a tile."""
    if before is not None:
        return Sent(before.tile(place), "dissolved", None)
    found, share = stock.publication.tile(one.name, place)
    return Sent(found.content, share, found.shown)
