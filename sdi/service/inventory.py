"""What is served at this moment, and how it is noticed that it changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock

from sdi.declaration import Label
from sdi.errors import NotFound
from sdi.publishing.collection import Collection
from sdi.publishing.publication import Publication
from sdi.service.coverage import Coverage, coverages, stamp
from sdi.service.library import Document, Library, configuration
from sdi.service.parameter import Box
from sdi.service.phrase import say
from sdi.service.query import Schema, queryables
from sdi.service.reference import offered
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

LEVEL = "public"
"""Access level of the publication that is served."""
_MAXIMUM_DOCUMENTS = 256


@dataclass(frozen=True, slots=True)
class Inventory:
    """One state of everything that is served. Never changes; a later state is another inventory."""

    publication: Publication
    collections: Mapping[str, Collection]
    """Features, in the order of the map."""
    queryables: Mapping[str, Mapping[str, Schema]]
    """Of each collection of features, what may be asked for by a parameter of its name."""
    coverages: Mapping[str, Coverage]
    systems: tuple[str, ...]
    """Coordinate reference systems offered for features."""
    state: str
    """Differs between any two states; part of the entity tag of documents and pages."""
    file: str
    """Differs between any two publications; with the version of a collection it tells states of features apart."""
    sequence: int
    """Number of the last transaction that the publication shows [1]."""
    library: Library
    documents: dict[tuple[str, ...], Document] = field(default_factory=dict)
    """Documents made for this state, kept because they cost more to make than to send."""

    def collection(self, name: str) -> Collection:
        """Return the collection of features of one name.

        Raises
        ------
        NotFound
            If there is none.
        """
        if name not in self.collections:
            hint = "; it is a coverage without features" if name in self.coverages else ""
            raise NotFound(f"no collection of features {name!r}{hint}; see the list of collections")
        return self.collections[name]

    def coverage(self, name: str) -> Coverage:
        """Return the coverage of one name.

        Raises
        ------
        NotFound
            If there is none.
        """
        if name not in self.coverages:
            raise NotFound(f"no coverage {name!r}; see the list of collections")
        return self.coverages[name]

    def keep(self, key: tuple[str, ...], document: Document) -> Document:
        """Keep a document for the next request of its kind.

        Parameters
        ----------
        key : tuple of str
            Everything the document depends on besides this state.
        document : dict
            The document; not to be changed any more.
        """
        if len(self.documents) >= _MAXIMUM_DOCUMENTS:
            self.documents.clear()
        self.documents[key] = document
        return document


class Keeper:
    """Hands out the current inventory; makes a new one when publication or coverages changed.

    Parameters
    ----------
    workspace : Workspace
        The city.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._turn = Lock()
        self._touched: tuple[object, ...] = ()
        self._publication: Publication | None = None
        self._inventory: Inventory | None = None

    def current(self) -> Inventory:
        """Return what is served now.

        Returns
        -------
        Inventory
            Looking costs a few file times and one or two queries.

        Raises
        ------
        WorkspaceError
            If the publication is missing.
        """
        with self._turn:
            publication = self._opened()
            touched = (publication.state(), stamp(self._workspace.rasters))
            if self._inventory is None or touched != self._touched:
                taken = _taken(self._workspace, publication, self._inventory)
                if taken is not self._inventory:
                    logger.info(
                        "serving %d collections and %d coverages as of transaction %d",
                        len(taken.collections), len(taken.coverages), taken.sequence,
                    )  # fmt: skip
                self._inventory, self._touched = taken, touched
            return self._inventory

    def _opened(self) -> Publication:
        """Open the publication, and open it again where another one took its place."""
        if self._publication is None or self._publication.is_replaced():
            self._publication = self._workspace.publication(LEVEL)
        return self._publication


def _taken(workspace: Workspace, publication: Publication, before: Inventory | None) -> Inventory:
    """Take stock; where nothing came of what was written, the inventory of before still holds."""
    file = publication.identity()
    sequence = publication.sequence
    found = {one.name: one for one in publication.collections()}
    seen = repr((file, sequence, found, stamp(workspace.rasters)))
    state = blake2b(seen.encode(), digest_size=12).hexdigest()
    if before is not None and before.state == state:
        return before
    rasters = {name: one for name, one in coverages(workspace.rasters, workspace.crs).items() if name not in found}
    systems = offered(workspace.crs.code, _extent(found, rasters))
    description = workspace.description or Label(*(say("service_description", one) for one in ("vi", "en")))
    settled = configuration(workspace.title, description, found, rasters, systems, LEVEL)
    asked = {name: queryables(one) for name, one in found.items()}
    return Inventory(publication, found, asked, rasters, systems, state, file, sequence, Library(settled))


def _extent(collections: Mapping[str, Collection], rasters: Mapping[str, Coverage]) -> Box | None:
    """Box around everything that is served [degree, CRS84]; None where nothing is."""
    boxes = [one.extent for one in collections.values() if one.extent] + [one.extent for one in rasters.values()]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
