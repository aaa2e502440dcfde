"""Overviews of collections, looked up once for each state of a collection and of its file."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from sdi.publishing import overview
from sdi.publishing.collection import Collection
from sdi.publishing.overview import Overview
from sdi.service.inventory import Inventory

_KEPT = 1_000


class Overviews:
    """Knows which overviews show what is served."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Overview | None] = {}

    def find(self, stock: Inventory, one: Collection, folder: Path) -> Overview | None:
        """Return the overview of a collection, None where there is none of this state.

        Parameters
        ----------
        stock : Inventory
            What is served.
        one : Collection
            The collection.
        folder : Path
            Folder of the overviews of its level of access.
        """
        if not overview.is_dissolved(one):
            return None
        path = overview.path_of(folder, one)
        try:
            file = path.stat()
        except FileNotFoundError:
            return None
        key = (stock.file, one.name, one.version, file.st_mtime_ns, file.st_ino, file.st_size)
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = overview.find(path, overview.state(stock.publication, one))
        return self._known[key]
