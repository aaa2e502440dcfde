"""Files of the pages, held in memory: what is not in the list cannot be asked for, and packing is done once."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from sdi.service.negotiation import takes

MEDIA = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""Kinds of file that are served; others are left out."""
_WORTH_PACKING = 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    content: bytes
    packed: bytes | None
    """The same, gzip; ``None`` where that saves nothing."""
    media: str
    tag: str
    """Entity tag."""

    @classmethod
    def of(cls, content: bytes, media: str) -> Asset:
        """Make an asset ready to be sent.

        Parameters
        ----------
        content : bytes
            The file.
        media : str
            Its media type.
        """
        packed = gzip.compress(content, 9, mtime=0) if len(content) >= _WORTH_PACKING else None
        return cls(content, packed, media, f'"{blake2b(content, digest_size=12).hexdigest()}"')

    def answer(self, request: Request, **headers: str) -> Response:
        """Answer a request: 304 where the client has it already, packed where it can unpack.

        Parameters
        ----------
        request : Request
            The request.
        **headers : str
            Further headers, hyphens written as underscores.
        """
        head = {name.replace("_", "-"): value for name, value in headers.items()}
        head |= {
            "ETag": self.tag,
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if self.tag in request.headers.get("if-none-match", "").replace("W/", ""):
            return Response(status_code=304, headers=head)
        if self.packed is None or not takes(request.headers.get("accept-encoding", ""), "gzip"):
            return Response(self.content, headers=head, media_type=self.media)
        return Response(self.packed, headers=head | {"Content-Encoding": "gzip"}, media_type=self.media)


def assets(folder: Path) -> Mapping[str, Asset]:
    """Read the files of a folder.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    mapping of str to Asset
        Path below the folder, with slashes, to file.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in MEDIA)
    return {path.relative_to(folder).as_posix(): Asset.of(path.read_bytes(), MEDIA[path.suffix]) for path in files}
