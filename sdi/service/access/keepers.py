"""What each caller is shown: the inventory of his level, and of it what his key is for."""

from __future__ import annotations

import logging
from threading import Lock

from sdi.declaration import Level
from sdi.service.access.caller import ANYBODY, Caller
from sdi.service.inventory import Inventory, Keeper
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

_MAXIMUM_NARROWED = 64
"""Sets of collections of which an inventory is kept."""


class Keepers:
    """One keeper for each access level, made when somebody of that level first asks.

    As long as only the public asks, nothing but the public publication is opened.

    Parameters
    ----------
    workspace : Workspace
        The city.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._turn = Lock()
        self._public = Keeper(workspace)
        self._others: dict[Level, Keeper] = {}
        self._narrowed: dict[tuple[Level, frozenset[str]], tuple[Inventory, Inventory]] = {}

    def shown_to(self, caller: Caller = ANYBODY) -> Inventory:
        """Return what is shown to somebody now.

        Parameters
        ----------
        caller : Caller
            Who asks.

        Returns
        -------
        Inventory
            Of his level; with the collections of his key alone, where it names some.

        Raises
        ------
        WorkspaceError
            If the publication of his level is missing.
        """
        whole = (self._public if caller.level == "public" else self._other(caller.level)).current()
        return whole if caller.collections is None else self._narrow(whole, caller.level, caller.collections)

    def shown_before(self, caller: Caller) -> Inventory | None:
        """Return what was shown last to somebody whose key is for everything; see :meth:`Keeper.before`.

        Parameters
        ----------
        caller : Caller
            Who asks.

        Returns
        -------
        Inventory or None
        """
        if caller.collections is not None:
            return None
        return (self._public if caller.level == "public" else self._other(caller.level)).before()

    def _other(self, level: Level) -> Keeper:
        """Return the keeper of a level that few ask for."""
        with self._turn:
            return self._others.setdefault(level, Keeper(self._workspace, level))

    def _narrow(self, whole: Inventory, level: Level, names: frozenset[str]) -> Inventory:
        """Return an inventory with some of its collections, the same one as long as the whole is the same."""
        with self._turn:
            of, narrow = self._narrowed.get((level, names), (None, None))
            if of is not whole or narrow is None:
                unknown = names - whole.collections.keys() - whole.coverages.keys()
                if unknown and of is None:  # once, and not again with every publication
                    logger.warning("a key or role is for %s, which is not published", ", ".join(sorted(unknown)))
                narrow = whole.only(names)
                if len(self._narrowed) >= _MAXIMUM_NARROWED:
                    self._narrowed.clear()
                self._narrowed[level, names] = whole, narrow
            return narrow
