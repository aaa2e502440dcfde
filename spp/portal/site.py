"""What the public pages say of the city as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from sdi.declaration import Label
from sdi.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Site:
    """The city as its public pages present it."""

    title: Label
    notice: Label | None = None
    """What must be said beside the data at all times."""
    synthetic: bool = False
    """Whether everything in it is invented."""

    @classmethod
    def of(cls, workspace: Workspace) -> Site:
        """Take from a workspace what its pages say.

        Parameters
        ----------
        workspace : Workspace
            The folder of the city.
        """
        return cls(workspace.title, workspace.notice, workspace.synthetic)
