"""What is served at this moment, and how it is noticed that it changed."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from threading import Lock

from sdi.bulk import shelf
from sdi.bulk.shelf import Holding
from sdi.declaration import Label, Level
from sdi.errors import Gone, NotFound
from sdi.finding.search import Found
from sdi.publishing.change import Version
from sdi.publishing.collection import Collection, Thing
from sdi.publishing.publication import Publication, nothing_of, refuse_unpublished
from sdi.service.coverage import Coverage, coverages, stamp
from sdi.service.library import Document, Library, configuration
from sdi.service.parameter import Box
from sdi.service.phrase import say
from sdi.service.query import Schema, queryables
from sdi.service.reference import offered
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

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
    """Differs between any two publications, those of two levels too; with the version of a collection it tells states
    of features apart."""
    sequence: int
    """Number of the last transaction that the publication shows [1]."""
    library: Library
    bulk: Mapping[str, Holding] = field(default_factory=dict)
    """Files of whole collections, where they may be given away."""
    documents: dict[tuple[str, ...], Document] = field(default_factory=dict)
    """Documents made for this state, kept because they cost more to make than to send."""
    is_whole: bool = True
    """Nothing was left out of the publication."""
    of_state: Hashable = None
    """State of the publication of which alone features are shown; any where absent."""

    def extents(self) -> list[Box]:
        """Return the boxes of everything that has a place [degree, CRS84]."""
        features = [one.extent for one in self.collections.values() if one.extent]
        return [*features, *(one.extent for one in self.coverages.values())]

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

    def only(self, names: frozenset[str]) -> Inventory:
        """Return an inventory in which there are some of these collections and no other.

        Parameters
        ----------
        names : frozenset of str
            Collections, of features or coverages.
        """
        state = blake2b(repr((self.state, sorted(names))).encode(), digest_size=12).hexdigest()
        return replace(
            self, collections=_some(self.collections, names), queryables=_some(self.queryables, names),
            coverages=_some(self.coverages, names), bulk=_some(self.bulk, names), state=state, documents={},
            is_whole=False,
        )  # fmt: skip

    def thing(self, kind: str, eid: str) -> Thing:
        """Return what is shown of a thing, whatever became of it.

        Raises
        ------
        NotFound
            If nothing is.
        """
        found = self.publication.thing(kind, eid)
        if self.is_whole:
            return found
        if found.collection not in self.collections:
            raise nothing_of(kind, eid)
        return replace(found, successors=self._shown(found.successors))

    def item(self, name: str, eid: str, *, datetime: str | None, recorded: str | None) -> bytes:
        """Return one feature, as :meth:`sdi.publishing.publication.Publication.item` does.

        Raises
        ------
        NotFound
            If nothing is shown of it.
        Gone
            If it has ended; what took its place is named where it is shown.
        Outdated
            If only one state is shown, and there is another.
        """
        try:
            return self.publication.item(name, eid, datetime=datetime, recorded=recorded, only=self.of_state)
        except Gone as gone:
            raise Gone(gone.message, self._shown(gone.successors)) from gone

    def _shown(self, successors: Mapping[str, str]) -> Mapping[str, str]:
        """Return those of some successors, kinds by identifier, whose collections are there."""
        if self.is_whole:
            return successors
        kinds = {one.kind for one in self.collections.values()}
        return {eid: kind for eid, kind in successors.items() if kind in kinds}

    def versions(self, kind: str, eid: str) -> tuple[Version, ...]:
        """Return every version of a thing.

        Raises
        ------
        NotFound
            If nothing is shown of it.
        """
        if not self.is_whole:
            self.thing(kind, eid)
        return self.publication.versions(kind, eid)

    def search(self, text: str, *, limit: int, kinds: Sequence[str], datetime: str | None) -> tuple[Found, ...]:
        """Find things by words, as :meth:`sdi.publishing.publication.Publication.search` does.

        Raises
        ------
        NotFound
            If nothing of a kind is shown.
        """
        if not self.is_whole:
            shown = {one.kind for one in self.collections.values()}
            refuse_unpublished(set(kinds) - shown)
            kinds = kinds or sorted(shown)
            if not kinds:
                return ()
        return self.publication.search(text, limit=limit, kinds=kinds, datetime=datetime)

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
    level : {'public', 'restricted'}
        Access level of the publication.
    """

    def __init__(self, workspace: Workspace, level: Level = "public") -> None:
        self._workspace = workspace
        self._level = level
        self._turn = Lock()
        self._publication: Publication | None = None
        self._looked: tuple[tuple[object, ...], Inventory | None, Inventory | None] = ((), None, None)
        """What was looked at when stock was taken last, what was found, and the same of that state alone."""

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
        publication = self._opened()
        touched_then, held, _ = self._looked
        touched = self._touched(publication)
        if held is not None and touched == touched_then:
            return held
        with self._turn:  # one takes stock, the others wait for him; to look needs no turn
            return self._take(self._opened())

    def before(self) -> Inventory | None:
        """Return what was served last, of its state alone, so that the publication need not be asked for its own.

        Returns
        -------
        Inventory or None
            None where files changed since, or where to ask for the state costs nothing.
        """
        touched_then, _, held = self._looked
        return held if held is not None and self._touched_files() == touched_then[2:] else None

    def _touched(self, publication: Publication) -> tuple[object, ...]:
        """Look at everything whose change makes another inventory."""
        return publication, publication.state(), *self._touched_files()

    def _touched_files(self) -> tuple[object, ...]:
        """Look at the files whose change makes another inventory."""
        return stamp(self._workspace.rasters), shelf.stamp(self._workspace.bulk(self._level))

    def _take(self, publication: Publication) -> Inventory:
        """Take stock, unless somebody else just did."""
        touched_then, held, _ = self._looked
        touched = self._touched(publication)
        if held is not None and touched == touched_then:
            return held
        taken = _taken(self._workspace, publication, held)
        if taken is not held:
            logger.info(
                "serving %d collections and %d coverages as of transaction %d to the %s",
                len(taken.collections), len(taken.coverages), taken.sequence, self._level,
            )  # fmt: skip
        self._looked = touched, taken, replace(taken, of_state=touched[1]) if publication.is_told else None
        return taken

    def _opened(self) -> Publication:
        """Open the publication, and open it again where another one took its place."""
        if self._publication is None or self._publication.is_replaced():
            self._publication = self._workspace.publication(self._level)
        return self._publication


def _taken(workspace: Workspace, publication: Publication, before: Inventory | None) -> Inventory:
    """Take stock; where nothing came of what was written, the inventory of before still holds."""
    file = f"{publication.level}-{publication.identity()}"
    sequence = publication.sequence
    found = {one.name: one for one in publication.collections()}
    bulk = _offered(workspace, publication, found)
    told = repr((file, sequence, found, stamp(workspace.rasters), bulk))
    state = blake2b(told.encode(), digest_size=12).hexdigest()
    if before is not None and before.state == state:
        return before
    rasters = {name: one for name, one in coverages(workspace.rasters, workspace.crs).items() if name not in found}
    systems = offered(workspace.crs.code, _extent(found, rasters))
    description = workspace.description or Label(*(say("service_description", one) for one in ("vi", "en")))
    settled = configuration(workspace.title, description, found, rasters, systems, publication.level)
    asked = {name: queryables(one) for name, one in found.items()}
    return Inventory(publication, found, asked, rasters, systems, state, file, sequence, Library(settled), bulk)


def _offered(
    workspace: Workspace, publication: Publication, collections: Mapping[str, Collection]
) -> dict[str, Holding]:
    """Return the files of whole collections that may be given away."""
    there, identity = shelf.holdings(workspace.bulk(publication.level)), publication.identity()
    found = {name: shelf.offered(there.get(name), one, identity) for name, one in collections.items()}
    return {name: one for name, one in found.items() if one is not None}


def _some[T](every: Mapping[str, T], names: frozenset[str]) -> dict[str, T]:
    """Return those of some names, in their order."""
    return {name: one for name, one in every.items() if name in names}


def _extent(collections: Mapping[str, Collection], rasters: Mapping[str, Coverage]) -> Box | None:
    """Box around everything that is served [degree, CRS84]; None where nothing is."""
    boxes = [one.extent for one in collections.values() if one.extent] + [one.extent for one in rasters.values()]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
