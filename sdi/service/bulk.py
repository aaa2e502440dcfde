"""Whole collections as files: where they are linked, and the files themselves with parts of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sdi.bulk.shelf import File, Holding
from sdi.errors import InputError, NotFound
from sdi.publishing.collection import Collection
from sdi.service.answer import headers, unchanged
from sdi.service.context import Context
from sdi.service.inventory import Inventory
from sdi.service.link import link
from sdi.service.negotiation import Wish, understand
from sdi.service.openfile import OpenFile
from sdi.service.phrase import say

_MAXIMUM_RANGES = 10
_SHOWN = 60
"""Longest part of a header that a message repeats [character]."""
_RANGE = re.compile(r"(?P<first>\d{1,18})-(?P<last>\d{0,18})|-(?P<tail>\d{1,18})", re.ASCII)


def bulk(context: Context, request: Request) -> Response:
    """Answer ``GET /collections/{collection}/bulk/{file}``.

    Parameters
    ----------
    context : Context
        City and settings.
    request : Request
        The request; it may ask for one range of the bytes.

    Raises
    ------
    NotFound
        If there is no such file, saying why.
    HTTPException
        With status 416 where the file ends before the range.
    """
    stock = context.stock(request)
    one = stock.collection(request.path_params["collection"])
    holding, file = _found(stock, one, request.path_params["file"])
    wish = understand(request, ((file.form.ending, file.form.media),), context.settings)
    etag = f'"{file.digest}"'
    if answer := unchanged(request, wish, etag):
        return answer
    _heed_range(request, etag, file.length)
    head = headers(wish, etag, Content_Disposition=f'attachment; filename="{_download(one, holding, file)}"')
    if holding.recorded:
        moment = datetime.fromisoformat(holding.recorded).astimezone(UTC)
        head["Last-Modified"] = format_datetime(moment, usegmt=True)
    try:
        return OpenFile(file.path, head, file.form.media)
    except FileNotFoundError as error:
        raise _missing(one) from error


def enclosures(wish: Wish, one: Collection, holding: Holding | None) -> list[dict[str, object]]:
    """Link a collection to its files.

    Parameters
    ----------
    wish : Wish
        For language and address.
    one : Collection
        The collection.
    holding : Holding or None
        Its files; none where they may not be offered or were never built.

    Returns
    -------
    list of dict
        Relation, type, title with the time of the data, address, length [byte].
    """
    if holding is None:
        return []
    key = "bulk_older" if is_older(one, holding) else "bulk_link"
    links: list[dict[str, object]] = []
    for file in holding.files:
        title = say(key, wish.language, form=file.form.name, moment=told(holding))
        address = wish.address(f"/collections/{one.name}/bulk/{one.name}.{file.form.ending}")
        links.append({**link("enclosure", address, file.form.media, title), "length": file.length})
    return links


def told(holding: Holding) -> str:
    """Write when the data of files were recorded, for people.

    Parameters
    ----------
    holding : Holding
        The files.

    Returns
    -------
    str
        Day and minute; a dash where nothing was ever recorded.
    """
    return f"{holding.recorded[:10]} {holding.recorded[11:16]} UTC" if holding.recorded else "–"


def is_older(one: Collection, holding: Holding) -> bool:
    """Tell whether a collection has changed since its files were built."""
    return holding.version < one.version


def _found(stock: Inventory, one: Collection, name: str) -> tuple[Holding, File]:
    """Find a file by the name under which it is offered."""
    if not one.bulk:
        raise NotFound(
            f"collection {one.name!r} is not offered as a file, because its licence does not allow it or nothing says "
            "that it does; ask for its items"
        )
    holding = stock.bulk.get(one.name)
    if holding is None:
        raise _missing(one)
    file = holding.file(name)
    if file is None:
        names = ", ".join(f"{one.name}.{each.form.ending}" for each in holding.files)
        raise NotFound(f"collection {one.name!r} has no file {name!r}; expected one of {names}")
    return holding, file


def _missing(one: Collection) -> NotFound:
    """Return the error of a collection that has no files."""
    return NotFound(f"no file of collection {one.name!r} is there at the moment; ask for its items")


def _download(one: Collection, holding: Holding, file: File) -> str:
    """Name a file where it is saved, by the day of its data; names of collections hold nothing but letters."""
    day = f"-{holding.recorded[:10]}" if holding.recorded else ""
    return f"{one.name}{day}.{file.form.ending}"


def _heed_range(request: Request, etag: str, length: int) -> None:
    """Refuse ranges that cannot be answered; what RFC 9110 lets a server overlook is taken out of the request."""
    said = request.headers.get("range")
    if said is None:
        return
    if not said.lower().startswith("bytes=") or request.headers.get("if-range", etag) != etag:
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
        return
    parts = said[len("bytes=") :].split(",")
    found = [_RANGE.fullmatch(part.strip()) for part in parts[: _MAXIMUM_RANGES + 1]]
    if len(parts) > _MAXIMUM_RANGES or not all(one and _is_forward(one) for one in found):
        raise InputError(
            f"header Range is {said[:_SHOWN]!r}; expected bytes=FIRST-LAST, bytes=FIRST- or bytes=-COUNT, at most "
            f"{_MAXIMUM_RANGES} of them"
        )
    if any(one and _is_beyond(one, length) for one in found):
        raise HTTPException(
            416, f"the file has {length} bytes, and the range begins after them", {"Content-Range": f"bytes */{length}"}
        )


def _is_forward(part: re.Match[str]) -> bool:
    """Tell whether a range does not end before it begins."""
    return not part["first"] or not part["last"] or int(part["first"]) <= int(part["last"])


def _is_beyond(part: re.Match[str], length: int) -> bool:
    """Tell whether a range holds nothing of a file."""
    return int(part["first"]) >= length if part["first"] else int(part["tail"]) == 0
