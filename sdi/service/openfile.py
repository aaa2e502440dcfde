"""Files as answers: open before the answer begins, so that one taken away meanwhile is sent whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send


class OpenFile(FileResponse):
    """An answer of the bytes of a file, or of ranges of them.

    The answer of the library opens the file after it has promised its length. What lies on the disk may be withdrawn or
    replaced in between, and the client would be left with headers alone.

    Parameters
    ----------
    path : Path
        The file.
    head : mapping
        Headers.
    media : str
        Media type.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """

    def __init__(self, path: Path, head: Mapping[str, str], media: str) -> None:
        self._file = path.open("rb")
        number = self._file.fileno()
        super().__init__(f"/dev/fd/{number}", headers=head, media_type=media, stat_result=os.fstat(number))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._file:
            await super().__call__(scope, receive, send)
