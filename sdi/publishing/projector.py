"""The projector: it turns what the registry knows into what a publication shows.

It reads the outbox from where it stopped, works out every thing that changed anew, and stores the transaction it has
reached together with the rows. Applied twice it changes nothing; killed between, it goes on where it was.
"""

from __future__ import annotations

import hashlib
import logging
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise

import orjson

from sdi.access import numbering
from sdi.access.level import shown_at, withdrawn
from sdi.access.numbering import Features, Numbers, Reached
from sdi.bulk import shelf
from sdi.declaration import Declaration, Level
from sdi.errors import IntegrityError
from sdi.history import OPEN
from sdi.lineage import heritage
from sdi.publishing import overview
from sdi.publishing.layer import Layer
from sdi.publishing.shared import Shared
from sdi.registry import Registry
from sdi.store.choice import Home
from sdi.store.publication_store import LAYOUT, PublicationStore, recorded_extent
from sdi.sweep import unswept
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

LEVELS: tuple[Level, ...] = ("public", "restricted")
"""Levels that have a publication beside the registry."""
CHUNK = 5_000
"""Things worked out at a time: what is known of them stays in the caches of a processor."""


def refresh(workspace: Workspace, registry: Registry, *, rebuild: bool = False) -> int:
    """Bring every publication of a workspace up to its registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry; of a secret one nothing is published.
    rebuild : bool
        Start from nothing instead of from where the projector stopped.

    Returns
    -------
    int
        Transaction that all publications have reached.
    """
    if registry.beside is not None:
        return 0  # nothing of a secret registry is published
    with unswept():
        return _refresh(workspace, registry, LEVELS, rebuild=rebuild)


def _refresh(workspace: Workspace, registry: Registry, levels: Sequence[Level], *, rebuild: bool) -> int:
    """Bring some publications up to the registry side by side: what they have in common is worked out once."""
    with ExitStack() as opened:
        runs = []
        for level in levels:  # always in this order, so that no two processes wait for each other
            run = opened.enter_context(_opened(workspace, registry, level, rebuild=rebuild))
            opened.enter_context(run.package.writing())
            runs.append(run)
        _bring_up(registry, runs)
    told = min(_kept(registry, run.news) for run in runs)
    late = [run.level for run in runs if run.anew and run.news.tx != registry.last_tx]
    # others brought up the ones whose place they took
    return _refresh(workspace, registry, late, rebuild=False) if late else told


@contextmanager
def _opened(workspace: Workspace, registry: Registry, level: Level, *, rebuild: bool) -> Iterator[_Run]:
    """Open the publication of a level where it can be brought up, else one beside it that takes its place."""
    home = workspace.home(level)
    if not rebuild and home.exists() and _layout(home) == LAYOUT:
        with closing(home.open_to_write()) as package:
            if package.base.may_redefine or not _outgrown(workspace, registry, package, level):
                yield _Run(workspace, registry, level, package)
                return
    with home.beside() as package:
        yield _Run(workspace, registry, level, package, anew=True)


def _kept(registry: Registry, news: Reached) -> int:
    """Keep how far a publication is that readers see now, unless that is known; return its transaction."""
    if not news.leads and news.since < news.tx:
        numbering.keep(registry, news)
    return news.tx


def _layout(home: Home) -> str | None:
    """Return the version of the tables of a publication."""
    with closing(home.open()) as package:
        return package.get("layout")


def reached(workspace: Workspace, registry: Registry, level: Level) -> int:
    """Return the transaction of the registry up to which a publication is brought."""
    with closing(workspace.home(level).open()) as package:
        return numbering.reached(registry, level, package)[1]


class _Run:
    """One publication while it is brought up, within its write transaction.

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
        self._trial = trial
        self._workspace = workspace
        self._registry = registry
        self.layers: dict[str, Layer] = {}
        """How every register appears, by collection."""
        self.todo: dict[str, list[int]] = {}
        """Entity rows of the things to be worked out, by kind, in order."""

    def begin(self, shared: Shared) -> None:
        """Look at what happened since the projector stopped, and make the tables that are missing."""
        workspace, registry, package, level = self._workspace, self._registry, self.package, self.level
        self._numbers = Numbers(registry, level, package, whole=_outgrown(workspace, registry, package, level))
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


def _bring_up(registry: Registry, runs: Sequence[_Run]) -> None:
    """Apply what is missing; new numbers stand in the registry before they stand in a publication."""
    shared = Shared()
    with registry.store.reading():
        for run in runs:
            run.begin(shared)
        for name in runs[0].layers:
            kind = runs[0].layers[name].kind
            everything = [run.todo.get(kind, []) for run in runs]
            for part in _together(everything):
                shared.forget()
                for run, rows in zip(runs, part, strict=True):
                    if rows:
                        run.project(name, rows)
            for run, rows in zip(runs, everything, strict=True):
                if rows:
                    logger.info("%s: %d things published in %s", run.level, len(rows), name)
        for run in runs:
            run.end()
    for run in runs:
        run.keep()


def _together(everything: Sequence[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    """Cut the entity rows of each publication into parts, at the same rows in all of them."""
    longest = max(everything, key=len)
    bounds = [0, *longest[CHUNK::CHUNK], OPEN]
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


def _outgrown(workspace: Workspace, registry: Registry, package: PublicationStore, level: Level) -> bool:
    """Tell whether a publication is built as its collections are not declared any more, or shows what it may not."""
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


def verified(workspace: Workspace, registry: Registry) -> Mapping[str, str]:
    """Compare every publication with one built anew from the registry.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.

    Returns
    -------
    mapping of str to str
        Content hash by level.

    Raises
    ------
    IntegrityError
        If a publication is behind, damaged, or differs from what the registry says.
    """
    return {level: _verified(workspace, registry, level) for level in LEVELS}


def _verified(workspace: Workspace, registry: Registry, level: Level) -> str:
    """Compare one publication with one built anew; return its content hash."""
    home = workspace.home(level)
    # The publication is looked at first, so that the registry knows all that it has applied, whoever writes meanwhile.
    with closing(home.open()) as package, registry.store.reading():
        with package.reading():
            found = _sound(registry, package, level)
        with home.trial() as fresh:
            with fresh.writing():
                _bring_up(registry, [_Run(workspace, registry, level, fresh, trial=True)])
            built = content_hash(fresh)
        if found != built:
            raise IntegrityError(
                f"{package.name} differs from what the registry says; rebuild it with `phusa publish --rebuild`"
            )
    return found


def _sound(registry: Registry, package: PublicationStore, level: Level) -> str:
    """Check that a publication is whole and has applied everything; return its content hash."""
    if wrong := package.check():
        raise IntegrityError(f"{package.name}: {'; '.join(wrong)}; rebuild it with `phusa publish --rebuild`")
    applied = numbering.reached(registry, level, package)[1]
    if applied != registry.last_tx:
        raise IntegrityError(
            f"{package.name} has reached transaction {applied} of {registry.last_tx}; run `phusa publish`"
        )
    return content_hash(package)


def content_hash(package: PublicationStore) -> str:
    """Hash everything a publication shows, independent of how it came there."""
    digest = hashlib.sha256()
    for row in package.content():
        digest.update(repr(row).encode())
    return digest.hexdigest()
