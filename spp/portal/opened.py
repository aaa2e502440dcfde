"""The publication in force, opened again when another file takes its place."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from sdi.errors import WorkspaceError
from sdi.publication import Publication


class Opened:
    """Hands out the publication of a workspace.

    Parameters
    ----------
    path : Path
        File of the publication.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = Lock()
        self._file: tuple[int, int] | None = None
        self._publication: Publication | None = None

    def __call__(self) -> Publication:
        """Publication that the file holds now.

        Returns
        -------
        Publication
            The same one as long as the file is the same.

        Raises
        ------
        WorkspaceError
            If the file is missing.
        """
        with self._turn:
            try:
                found = self._path.stat()
            except FileNotFoundError as error:
                raise WorkspaceError(
                    f"{self._path} is missing; run `phusa publish` to build it from the registry"
                ) from error
            if self._publication is None or self._file != (found.st_dev, found.st_ino):
                self._publication = Publication.open(self._path)
                self._file = (found.st_dev, found.st_ino)
            return self._publication
