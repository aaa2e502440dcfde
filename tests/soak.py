"""A street of lamps that is edited, published and asked for at the same time, and a diary that knows what may be said.

An answer may show every state that was published at some moment between its question and itself, and no other: a state
may be seen from when its publication began until the publication of the next one has returned.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from pipelines import publish, tiles
from pipelines.__main__ import main
from sdi import provenance
from sdi.bulk import building
from sdi.entry import Accuracy
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.workspace import Workspace
from tests.fair import GIVEN
from tests.sdi.conftest import small

LAMPS, PLOTS, WATCHED = 4_000, 2_000, 40
GRADES = 5
EDITS = 2
"""Transactions that are published together."""
BEGIN = "2024-01-01"
"""Since when everything stands."""
X, Y = 584_000.0, 1_109_000.0
"""South-western corner [m, EPSG:5897]."""
STEP, ROW = 25.0, 80
"""Distance of neighbouring lamps [m], and lamps of a row."""
LAMP = """
register: lamp
version: 1.0.0
title: {{vi: Đèn đường, en: {title}}}
description: {{vi: Đèn đường, en: Street lamps}}
location: {{role: site, geometry: Point, required: true}}
identity: {{schemes: []}}
names: [vi]
fields:
  watts: {{type: integer, unit: "1", min: 0, max: 1000, required: true, title: {{vi: Công suất, en: Watts}}}}
  grade: {{type: integer, unit: "1", min: 0, max: 9, required: true, title: {{vi: Hạng, en: Grade}}}}
on_bad_row: refuse
publish: {{collection: lamps, fields: [watts, grade], keywords: [lamp], tiles: true}}
"""
PLOT = """
register: plot
version: 1.0.0
title: {vi: Ô đất, en: Plots}
description: {vi: Ô đất, en: Plots}
location: {role: site, geometry: Polygon, required: true}
identity: {schemes: []}
fields:
  number: {type: integer, unit: "1", required: true, title: {vi: Số, en: Number}}
on_bad_row: refuse
publish: {collection: plots, fields: [number], keywords: [plot], tiles: true}
"""
PIER = PLOT.replace("register: plot", "register: pier").replace("collection: plots", "collection: piers")


@dataclass(frozen=True, slots=True)
class Lamp:
    """What is known of a lamp that stands."""

    watts: int
    grade: int
    west: bool
    """It stands in the western half."""


@dataclass(frozen=True, slots=True)
class State:
    """What is published at one time, as counted by whoever wrote it."""

    lamps: int
    watts: int
    """Of all lamps together."""
    grades: Mapping[int, int]
    """Lamps of each grade."""
    west: int
    """Lamps of the western half."""
    watched: Mapping[str, int | None]
    """Watts of some lamps, ``None`` where one has ended."""
    sequence: int = 0
    """Number of the last transaction that shows."""
    title: str = "Lamps 0"
    piers: bool = False
    """There is a further collection."""
    files: int | None = None
    """Lamps in the files of the whole collection, ``None`` where there are none."""


@dataclass(slots=True)
class Diary:
    """Which state may have been seen when."""

    _states: list[tuple[State, float, float]] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def now(self) -> State:
        """The state written last."""
        return self._states[-1][0]

    def begin(self, state: State) -> None:
        """Note that a state may be seen from now on; others may still be."""
        with self._turn:
            self._states.append((state, time.monotonic(), float("inf")))

    def settle(self) -> None:
        """Note that from now on nothing else may be seen: whoever publishes has returned."""
        now = time.monotonic()
        with self._turn:
            *before, (last, begun, _) = self._states
            self._states = [(one, since, min(end, now)) for one, since, end in before]
            self._states.append((last, begun, float("inf")))

    def possible(self, sent: float, received: float) -> list[State]:
        """Return the states that an answer may show."""
        with self._turn:
            return [one for one, begun, end in self._states if begun <= received and sent <= end]


@dataclass(slots=True)
class Street:
    """The workspace with its lamps, and whoever writes about them."""

    city: Workspace
    dice: random.Random
    lamps: dict[str, Lamp] = field(default_factory=dict)
    watched: list[str] = field(default_factory=list)
    diary: Diary = field(default_factory=Diary)
    edits: int = 0
    publications: int = 0

    @classmethod
    def make(cls, folder: Path, store: str | None) -> Street:
        """Record and publish everything, with its files."""
        street = cls(small(folder, store), random.Random(5))
        street.declare("lamp", LAMP.format(title="Lamps 0"))
        street.declare("plot", PLOT)
        with closing(street.city.registry()) as registry:
            street._add(registry, LAMPS)
            places = [shapely.box(X + x, Y + y, X + x + 15, Y + y + 15) for x, y in map(_place, range(PLOTS))]
            with registry.transaction("soak", "plots") as tx:
                registry.register("plot").add(Batch({"number": range(PLOTS)}, np.array(places), valid_from=BEGIN), tx)
            street.watched = street.dice.sample(sorted(street.lamps), WATCHED)
            publish.run(street.city, registry)
        street.diary.begin(replace(street.counted(), sequence=street.sequence()))
        street.build_files()
        return street

    def declare(self, name: str, text: str | None) -> None:
        """Write the description of a register, or take it away."""
        path = self.city.folder / "catalogs" / "registers" / f"{name}.yaml"
        path.unlink(missing_ok=True) if text is None else path.write_text(text, encoding="utf-8")

    def counted(self) -> State:
        """Count what stands."""
        stand = self.lamps
        return State(
            len(stand), sum(one.watts for one in stand.values()), Counter(one.grade for one in stand.values()),
            sum(one.west for one in stand.values()),
            {eid: stand[eid].watts if eid in stand else None for eid in self.watched},
        )  # fmt: skip

    def sequence(self) -> int:
        """Return the number of the last transaction that the public sees."""
        with closing(self.city.publication("public")) as publication:
            return publication.sequence

    def edit(self) -> None:
        """Add, change and end some lamps, each in a transaction of its own, and publish them together."""
        with closing(self.city.registry()) as registry:
            for verb in self.dice.sample((self._some, self._change, self._change, self._retire), EDITS):
                verb(registry)
                self.edits += 1
            with self.publishing(sequence=self.diary.now.sequence + EDITS):
                if self.publications % 10:
                    publish.run(self.city, registry)
                else:
                    self.command("publish")

    @contextmanager
    def publishing(self, **said: Any) -> Iterator[None]:
        """Note what is published meanwhile."""
        before = self.diary.now
        as_before = {name: getattr(before, name) for name in ("sequence", "title", "piers", "files")}
        self.diary.begin(replace(self.counted(), **as_before | said))
        yield
        self.diary.settle()
        self.publications += 1
        assert self.sequence() == self.diary.now.sequence

    def command(self, *words: str) -> None:
        """Run a command of the project."""
        assert main([*words, "--workspace", str(self.city.folder)]) == 0, words

    def retitle(self) -> None:
        """Give the collection another title."""
        title = f"Lamps {self.publications}"
        self.declare("lamp", LAMP.format(title=title))
        with self.publishing(title=title):
            self.command("publish")

    def extend(self) -> None:
        """Declare a further collection, or take it away again; files of before are not offered then."""
        more = not self.diary.now.piers
        self.declare("pier", PIER if more else None)
        with self.publishing(piers=more, files=None):
            self.command("publish")

    def rebuild(self) -> None:
        """Publish everything from nothing, without files."""
        with self.publishing(files=None):
            self.command("publish", "--rebuild")

    def build_files(self) -> None:
        """Build the files of whole collections and the tiles of far views."""
        with self.publishing(files=len(self.lamps)):
            building.refresh(self.city, "public", lambda *_: None)
            tiles.run(self.city)

    def _some(self, registry: Registry) -> None:
        """Add a few lamps."""
        self._add(registry, self.dice.randint(1, 20))

    def _change(self, registry: Registry) -> None:
        """Give a lamp, of those that are watched or any, other values."""
        known = [eid for eid in self.watched if eid in self.lamps]
        eid = self.dice.choice(known if known and self.dice.random() < 0.5 else sorted(self.lamps))
        other = (
            self.lamps[eid].watts + self.dice.randint(1, 999)
        ) % 1000  # what is the same changes nothing that shows
        new = replace(self.lamps[eid], watts=other, grade=self.dice.randrange(GRADES))
        with registry.transaction("soak", "change") as tx:
            registry.register("lamp").correct(eid, tx, values={"watts": new.watts, "grade": new.grade})
        self.lamps[eid] = new

    def _retire(self, registry: Registry) -> None:
        """End some lamps, rarely one that is watched."""
        with registry.transaction("soak", "retire") as tx:
            for eid in self.dice.sample(sorted(self.lamps), self.dice.randint(1, 20)):
                registry.register("lamp").retire(eid, tx, valid_from="2025-06-01")
                del self.lamps[eid]

    def _add(self, registry: Registry, count: int) -> None:
        """Record lamps at places of the street."""
        numbers = [self.dice.randrange(LAMPS) for _ in range(count)] if self.lamps else list(range(count))
        new = [Lamp(self.dice.randint(0, 999), self.dice.randrange(GRADES), one % ROW < ROW // 2) for one in numbers]
        batch = Batch(
            values={"watts": [one.watts for one in new], "grade": [one.grade for one in new]},
            geometry=shapely.points([(X + x, Y + y) for x, y in map(_place, numbers)]),
            names={"vi": [f"Đèn đường số {one}" for one in numbers]},
            valid_from=BEGIN, accuracy=Accuracy(1, method="synthetic"),
        )  # fmt: skip
        with registry.transaction("soak", "add") as tx:
            eids = registry.register("lamp").add(batch, tx)
            provenance.record(tx, "lamp", "lamp", custodian="Soak", licence=GIVEN, sha256="0" * 64, accepted=len(eids))
        self.lamps |= dict(zip(eids, new, strict=True))


def _place(number: int) -> tuple[float, float]:
    """Return where a lamp stands, from the corner [m]."""
    return number % ROW * STEP, number // ROW * STEP
