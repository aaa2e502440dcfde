"""What every handler needs, made once when the application is built."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import Outdated, PhusaError
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

    def answer(self, request: Request, work: Callable[[Context, Request, Inventory], Response]) -> Response:
        """Answer from what was served last, if what reads the features says that this is so still.

        Else from what is served now, which a database has to be asked for first: half of the cost of a small answer.
        An error stands where nothing has changed; it may come of what was served before.

        Parameters
        ----------
        request : Request
            The request.
        work : callable
            How an inventory answers it; it reads features by `Inventory.items` or `Inventory.item`.

        Returns
        -------
        Response
        """
        before = None if "if-none-match" in request.headers else self.keepers.shown_before(caller_of(request.scope))
        if before is None:
            return work(self, request, self.stock(request))
        try:
            return work(self, request, before)
        except Outdated:
            now = self.stock(request)
        except PhusaError:
            now = self.stock(request)
            if now.state == before.state:
                raise
        return work(self, request, now)


Work = Callable[[Context, Request], Response]
"""A handler: blocking, run in a thread."""
