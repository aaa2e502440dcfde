"""The publication in force, opened again when another one takes its place."""

from __future__ import annotations

from threading import Lock

from sdi.publishing.publication import Publication
from sdi.workspace import Workspace


class Opened:
    """Hands out the public publication of a workspace.

    Parameters
    ----------
    workspace : Workspace
        The city.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._turn = Lock()
        self._publication: Publication | None = None

    def __call__(self) -> Publication:
        """Publication that is in its place now.

        Returns
        -------
        Publication
            The same one as long as no other one took its place.

        Raises
        ------
        WorkspaceError
            If it is missing.
        """
        with self._turn:
            if self._publication is None or self._publication.is_replaced():
                self._publication = self._workspace.publication("public")
            return self._publication
