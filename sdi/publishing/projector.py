"""The projector: it turns what the registry knows into what a publication shows.

It reads the outbox from where it stopped, works out every thing that changed anew, and stores the transaction it has
reached together with the rows. Applied twice it changes nothing; killed between, it goes on where it was.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from contextlib import closing

import orjson

from sdi.access import numbering
from sdi.access.level import shown_at, withdrawn
from sdi.access.numbering import Features, Numbers, Reached
from sdi.bulk import shelf
from sdi.declaration import Declaration, Level
from sdi.errors import IntegrityError
from sdi.lineage import heritage
from sdi.publishing import overview
from sdi.publishing.layer import Layer
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
        return min(_refresh(workspace, registry, level, rebuild=rebuild) for level in LEVELS)


def _refresh(workspace: Workspace, registry: Registry, level: Level, *, rebuild: bool) -> int:
    """Bring one publication up to the registry."""
    home = workspace.home(level)
    if not rebuild and home.exists() and _layout(home) == LAYOUT:
        with closing(home.open_to_write()) as package:
            if package.base.may_redefine or not _outgrown(workspace, registry, package, level):
                return _kept(registry, _bring_up(workspace, registry, package, level))
    with home.beside() as package:
        news = _bring_up(workspace, registry, package, level)
    if _kept(registry, news) == registry.last_tx:
        return news.tx
    return _refresh(workspace, registry, level, rebuild=False)  # others brought up the one whose place it took


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


def _bring_up(
    workspace: Workspace, registry: Registry, package: PublicationStore, level: Level, *, trial: bool = False
) -> Reached:
    """Apply what is missing; new numbers stand in the registry before they stand here, unless it is a trial."""
    with package.writing():
        with registry.store.reading():
            numbers = Numbers(registry, level, package, whole=_outgrown(workspace, registry, package, level))
            if numbers.whole:
                _clear(package)
                if not trial:
                    shelf.empty(workspace.bulk(level))  # what was withdrawn must not lie beside it
                    overview.empty(workspace.tiles(level))
            layers = _apply(workspace, registry, package, level, numbers)
            heritage.project(registry, package.successors, since=numbers.since, anew=numbers.whole)
            heritage.tell(registry, package.feed, numbers)
            news, final = numbers.finish([*layers])
            if _describe(package, layers, final) or package.get("level") != level:
                package.put("level", level)
                package.put("state", str(news.sequence))
        if news.leads and not trial:
            numbering.keep(registry, news)
    return news


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


def _apply(
    workspace: Workspace, registry: Registry, package: PublicationStore, level: Level, numbers: Numbers
) -> dict[str, Layer]:
    """Apply what happened since the projector stopped; return the layers of all collections."""
    known = {row[0] for row in package.collections()}
    layers = {name: Layer(one, level, registry, workspace) for name, one in _declared(registry).items()}
    todo, new = _todo(registry, layers, level, numbers)
    features = Features(package, new)
    for name, layer in layers.items():
        if name not in known:
            layer.define(package)
        rows = todo.get(layer.kind, [])
        for start in range(0, len(rows), CHUNK):
            layer.project(package, rows[start : start + CHUNK], numbers, features)
        if rows:
            logger.info("%s: %d things published in %s", level, len(rows), name)
    return layers


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
            _bring_up(workspace, registry, fresh, level, trial=True)
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
