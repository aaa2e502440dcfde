"""Renewal: what happened since a publication was last brought up, worked out and written into it.

Several are brought up together, in parts cut at the same things, so that what they have in common is worked out once.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import orjson

from sdi.access import numbering
from sdi.access.level import shown_at, withdrawn
from sdi.access.numbering import Features, Numbers, Reached
from sdi.bulk import shelf
from sdi.declaration import Declaration, Level
from sdi.history import OPEN
from sdi.lineage import heritage
from sdi.publishing import overview
from sdi.publishing.layer import Layer
from sdi.publishing.shared import Shared
from sdi.registry import Registry
from sdi.store.publication_store import PublicationStore, recorded_extent
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

CHUNK = 5_000
"""Things worked out at a time: what is known of them stays in the caches of a processor."""


class Renewal:
    """One publication within its write transaction: its renewal is begun, projected part by part, ended and kept.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    level : {'public', 'restricted'}
        Whose publication.
    package : PublicationStore
        The publication.
    anew : bool
        It is built beside the one whose place it takes.
    trial : bool
        It is built to be compared, and nothing is kept of it.
    """

    def __init__(
        self,
        workspace: Workspace,
        registry: Registry,
        level: Level,
        package: PublicationStore,
        *,
        anew: bool = False,
        trial: bool = False,
    ) -> None:
        self.level: Level = level
        self.package = package
        self.anew = anew
        self.news: Reached
        """How far it was brought, once that is ended."""
        self._trial = trial
        self._workspace = workspace
        self._registry = registry
        self._numbers: Numbers
        self._features: Features
        self.layers: dict[str, Layer] = {}
        """How every register appears, by collection."""
        self.todo: dict[str, list[int]] = {}
        """Entity rows of the things to be worked out, by kind, in order."""

    def begin(self, shared: Shared) -> None:
        """Look at what happened since the projector stopped, and make the tables that are missing."""
        workspace, registry, package, level = self._workspace, self._registry, self.package, self.level
        self._numbers = Numbers(registry, level, package, whole=outgrown(workspace, registry, package, level))
        if self._numbers.whole:
            _clear(package)
            if not self._trial:
                shelf.empty(workspace.bulk(level))  # what was withdrawn must not lie beside it
                overview.empty(workspace.tiles(level))
        known = {row[0] for row in package.collections()}
        self.layers = {
            name: Layer(one, level, registry, workspace, shared) for name, one in _declared(registry).items()
        }
        self.todo, new = _todo(registry, self.layers, level, self._numbers)
        self._features = Features(package, new)
        for name, layer in self.layers.items():
            if name not in known:
                layer.define(package)

    def project(self, name: str, rows: Sequence[int]) -> None:
        """Work out some things of a collection."""
        self.layers[name].project(self.package, rows, self._numbers, self._features)

    def end(self) -> None:
        """Say what became of the collections, and give the transactions their numbers."""
        registry, package, numbers = self._registry, self.package, self._numbers
        heritage.project(registry, package.successors, since=numbers.since, anew=numbers.whole)
        heritage.tell(registry, package.feed, numbers)
        self.news, final = numbers.finish([*self.layers])
        if _describe(package, self.layers, final) or package.get("level") != self.level:
            package.put("level", self.level)
            package.put("state", str(self.news.sequence))

    def keep(self) -> None:
        """Let the registry know the new numbers before they are told here."""
        if self.news.leads and not self._trial:
            numbering.keep(self._registry, self.news)


def bring_up(registry: Registry, renewals: Sequence[Renewal]) -> None:
    """Apply what is missing to some publications; new numbers stand in the registry before they stand there.

    Parameters
    ----------
    registry : Registry
        What is known.
    renewals : sequence of Renewal
        The publications, one or more.
    """
    shared = Shared()
    with registry.store.reading():
        for one in renewals:
            one.begin(shared)
        for name in renewals[0].layers:
            kind = renewals[0].layers[name].kind
            everything = [one.todo.get(kind, []) for one in renewals]
            for part in _together(everything):
                shared.forget()
                for one, rows in zip(renewals, part, strict=True):
                    if rows:
                        one.project(name, rows)
            for one, rows in zip(renewals, everything, strict=True):
                if rows:
                    logger.info("%s: %d things published in %s", one.level, len(rows), name)
        for one in renewals:
            one.end()
    for one in renewals:
        one.keep()


def _together(everything: Sequence[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    """Cut the entity rows of each publication into parts, at the same rows in all of them."""
    bounds = [0, *sorted(set().union(*everything))[CHUNK::CHUNK], OPEN]
    for first, end in pairwise(bounds):
        yield [rows[bisect_left(rows, first) : bisect_left(rows, end)] for rows in everything]


def _clear(package: PublicationStore) -> None:
    """Take everything out of a publication."""
    for row in package.collections():
        package.drop(row[0])
    package.feed.clear()


def _declared(registry: Registry) -> dict[str, Declaration]:
    """Return the registers that are published, by collection."""
    return {one.publish.collection: one for one in registry.catalog.registers.values() if one.publish}


def outgrown(workspace: Workspace, registry: Registry, package: PublicationStore, level: Level) -> bool:
    """Tell whether a publication is built as its collections are not declared any more, or shows what it may not.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    package : PublicationStore
        The publication.
    level : {'public', 'restricted'}
        Whose.
    """
    known = {row[0]: row for row in package.collections()}
    declared = _declared(registry)
    since = numbering.reached(registry, level, package)[1]
    return (
        not known
        or any(
            name not in declared
            or known[name][1:3] != (declared[name].name, Layer(declared[name], level, registry, workspace).structure())
            for name in known
        )
        or any(_is_old(registry, declared[name].name, since) for name in set(declared) - set(known))
        or withdrawn(registry, level, since)
    )


def _is_old(registry: Registry, kind: str, tx: int) -> bool:
    """Tell whether a thing of a kind was known at a transaction."""
    return bool(registry.store.select("SELECT 1 FROM entity WHERE kind = ? AND tx_from <= ? LIMIT 1", (kind, tx)))


def _describe(package: PublicationStore, layers: Mapping[str, Layer], final: Mapping[int, int]) -> bool:
    """Say of every collection what it is now, where that is not said already; tell whether it was not."""
    written = False
    known = {row[0]: row for row in package.collections()}
    for name, layer in layers.items():
        told = known.get(name)
        first = package.get(f"first {name}") if told else None
        if first is None and layer.first:
            first = str(final[layer.first])
            package.put(f"first {name}", first)
        version = final[layer.last] if layer.last else told[11] if told else 0
        extent = package.extent(name) if layer.last or not told else recorded_extent(told)
        times = package.feed.time(int(first or 0)), package.feed.time(version)
        said = layer.description(extent, times)
        if layer.last or not told or orjson.loads(told[3]) != said:
            package.describe(name, layer.kind, layer.structure(), orjson.dumps(said).decode(), extent, version)
            written = True
    return written


def _todo(
    registry: Registry, layers: Mapping[str, Layer], level: Level, numbers: Numbers
) -> tuple[dict[str, list[int]], list[int]]:
    """Return the entity rows of the things to be worked out, by kind, and of those that are new to the publication."""
    kinds = {layer.kind for layer in layers.values()}
    seen = shown_at(level, [layer.kind for layer in layers.values() if layer.generalised])
    noted = "" if numbers.whole else "JOIN (SELECT DISTINCT eid FROM outbox WHERE tx_from > ?) AS o ON o.eid = e.eid"
    sql = f'SELECT e.kind, e."row", e.tx_from FROM entity e {noted} WHERE {seen} ORDER BY e."row"'
    found: dict[str, list[int]] = {}
    new: list[int] = []
    for kind, row, tx in registry.store.stream(sql, () if numbers.whole else (numbers.since,)):
        if kind in kinds:
            found.setdefault(kind, []).append(row)
            if tx > numbers.since:
                new.append(row)
    return found, new
