"""What every handler needs, made once when the application is built."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from sdi.service.access.caller import caller_of
from sdi.service.access.keepers import Keepers
from sdi.service.inventory import Inventory
from sdi.service.tiles.memory import Memory
from sdi.service.tiles.overviews import Overviews
from sdi.settings import Settings
from sdi.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Context:
    """The city, the settings and what is shown to whom."""

    workspace: Workspace
    settings: Settings
    keepers: Keepers
    has_portal: bool
    """Pages of the portal are served at ``/``."""
    tiles: Memory
    """Tiles that were sent lately."""
    overviews: Overviews = field(default_factory=Overviews)
    has_map: bool = False
    """The library of the maps is there; pages show drawings otherwise."""
    started: float = field(default_factory=time.monotonic)

    def stock(self, request: Request) -> Inventory:
        """Return what is served now to whoever sent a request.

        Parameters
        ----------
        request : Request
            The request.

        Returns
        -------
        Inventory

        Raises
        ------
        WorkspaceError
            If the publication of his level is missing.
        """
        return self.keepers.shown_to(caller_of(request.scope))


Work = Callable[[Context, Request], Response]
"""A handler: blocking, run in a thread."""
