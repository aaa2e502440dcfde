"""A small city with a past: what was written, and what could be seen after each transaction."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import shapely

from sdi.entry import Accuracy
from sdi.errors import PhusaError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.registry import Registry
from sdi.workspace import Workspace
from tests.sdi.conftest import BENCH, SCHEMES, WORKSPACE
from tests.sdi.test_register import add, write

START = "2026-01-01T00:00:00Z"
DAY = 86_400


@dataclass(frozen=True)
class Then:
    """What a city was at a transaction."""

    tx: int
    root_hash: str
    shown: dict[str, str]
    """Content hash of each publication."""


def build(folder: Path, store: str | None = None) -> Workspace:
    """Make a city of one register, whose catalogue lies beside it."""
    for part, name, text in (("registers", "bench", BENCH), ("codes", "schemes", SCHEMES)):
        path = folder / "catalog" / part / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    description = folder / "description.yaml"
    description.write_text(WORKSPACE + (f"store: {store}\n" if store else ""), encoding="utf-8")
    return Workspace.make(folder / "city", description, folder / "catalog")


def opened(workspace: Workspace) -> Registry:
    """Open a registry whose clock goes on by a day at each look."""
    return workspace.registry(clock=Clock.fixed(START, DAY), ids=Ids.seeded(92))


def lived(workspace: Workspace, *, look: bool = False) -> list[Then]:
    """Let a city have a past of all five verbs; return what it was, and showed to who looks, at three transactions."""
    with closing(opened(workspace)) as registry:
        first, second, third = add(
            registry, 3, identifiers={"bench-tag": ["B1", "B2", "B3"]}, names={"vi": ["Ghế", None, "Ghế đá"]}
        )
        found = [then(workspace, registry, look=look)]
        write(registry, "change", first, {"seats": 6, "wood": True}, valid_from="2025-01-01")
        write(registry, "move", second, shapely.Point(584_500, 1_109_500), valid_from="2025-02-01", accuracy=EXACT)
        write(registry, "correct", first, values={"seats": 7})
        found.append(then(workspace, registry, look=look))
        write(registry, "correct", third, geometry=shapely.Point(584_021, 1_109_001), accuracy=EXACT)
        write(registry, "retire", second, valid_from="2026-01-01")
        add(registry, 2)
        found.append(then(workspace, registry, look=look))
        write(registry, "change", first, {"seats": 2, "inspector": "Bình"}, valid_from="2026-02-01")
    return found


def then(workspace: Workspace, registry: Registry, *, look: bool = True) -> Then:
    """Say what a city is now, and shows."""
    if not look:
        return Then(registry.last_tx, registry.root_hash, {})
    projector.refresh(workspace, registry)
    return Then(registry.last_tx, registry.root_hash, dict(projector.verified(workspace, registry)))


def refused(act) -> PhusaError:
    """Return the error that something is refused with."""
    try:
        act()
    except PhusaError as error:
        return error
    raise AssertionError("it was not refused")


EXACT = Accuracy(0.05, method="survey_gnss_rtk")
