"""A street of which some things are for few, and everything that the world can ask about it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from pipelines.server.composition import compose
from sdi import provenance
from sdi.entry import Licence
from sdi.identity import TimelessIds
from sdi.lineage.step import Step
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.settings import Settings
from sdi.transaction import Transaction
from sdi.workspace import Workspace
from tests import model
from tests.model import SURVEYED, point, square

COLLECTIONS = ("wards", "plots", "posts", "lamps")
ASKED = (
    "/", "/lookup?at=105.77,10.03", "/ogc/", "/ogc/?f=html", "/ogc/conformance", "/ogc/openapi", "/ogc/collections",
    "/healthz", "/changes?since=0", "/changes?since=1&limit=2", "/changes?since=99", "/search?q=tr%E1%BB%A5",
    "/search?q=P7", "/search?q=bi+mat", "/ogc/collections/cameras", "/ogc/collections/cameras/items",
)  # fmt: skip
OF_A_COLLECTION = (
    "", "?f=html", "/schema", "/queryables", "/items", "/items?f=html", "/items?limit=2", "/items?limit=1&offset=1",
    "/items?bbox=105,9,107,11", "/items?bbox=105.7700,10.02,105.7706,10.04", "/items?datetime=2023-01-01",
    "/items?recorded=2026-01-04", "/items?sortby=height", "/items?filter=height%3E3", "/items?height=abc",
    "/items?nonsense=1", "/items?after=3", "/items?power_tag=P7", "/items?crs=http://www.opengis.net/def/crs/EPSG/0/5897",
)  # fmt: skip


GUARD = """
register: guard_camera
version: 1.0.0
title: {vi: Camera an ninh, en: Security cameras}
access: secret
location: {role: mounting, geometry: Point, required: false}
identity: {schemes: [power-tag]}
names: [vi]
fields:
  looks: {type: text, max_length: 40, title: {vi: Hướng, en: Direction}}
relations: {mounted_on: {register: post, on_retire: restrict}}
"""
"""A register of which everything is secret."""
Answers = dict[str, tuple[int, dict[str, str], bytes]]


@dataclass
class Told:
    """A clock that tells what it was told."""

    day: int = 1

    def now(self) -> str:
        """Return noon of the day it was told."""
        return f"2026-01-{self.day:02d}T12:00:00.000Z"


class Street:
    """A street that is built step by step, with what is for few between the steps.

    Parameters
    ----------
    folder : Path
        Where.
    store : str, optional
        Address of the database that keeps it.
    few : {'restricted', 'secret'}, optional
        Level of what is for few; there is none where absent.
    """

    def __init__(self, folder: Path, store: str | None, few: str | None) -> None:
        self.workspace = model.build(folder, store)
        (folder / "catalog" / "registers" / "guard_camera.yaml").write_text(GUARD, encoding="utf-8")
        self.few = few
        self.clock = Told()
        self.known: dict[str, str] = {}
        self.registry = model.opened(self.workspace, clock=self.clock)
        self.hidden: Registry | None = self.registry if few == "restricted" else None
        if few == "secret":
            ids = TimelessIds(random.Random(7).randbytes)
            self.hidden = self.workspace.secret_registry(clock=self.clock, ids=ids)

    def step(self, work: Callable[[Transaction], object]) -> None:
        """Record something that everybody may see, on a day of its own."""
        self.clock.day += 1
        with self.registry.transaction("test", "for all") as tx:
            work(tx)
        projector.refresh(self.workspace, self.registry)

    def between(self, work: Callable[[Registry, Transaction], object]) -> None:
        """Record something that is for few, where there is such a thing."""
        if self.hidden is not None:
            with self.hidden.transaction("test", "for few") as tx:
                work(self.hidden, tx)
            projector.refresh(self.workspace, self.hidden)

    def close(self) -> None:
        """Close what is open."""
        with ExitStack() as stack:
            stack.callback(self.registry.close)
            if self.few == "secret" and self.hidden is not None:
                stack.callback(self.hidden.close)

    # for all -------------------------------------------------------------------------------------------------------

    def wards(self, tx: Transaction) -> None:
        """Two wards."""
        shapes = np.array([square(), square(100)], dtype=object)
        batch = Batch({"people": [10, 20]}, shapes, valid_from="2020-01-01", accuracy=SURVEYED)
        self.known["ward0"], self.known["ward1"] = self.registry.register("ward").add(batch, tx)

    def posts(self, tx: Transaction) -> None:
        """Five posts with numbers and names."""
        numbers, names = [f"L{n}" for n in range(5)], [f"Trụ số {n}" for n in range(5)]
        said = {"identifiers": {"light-tag": numbers}, "names": {"vi": names}}
        eids = model.add(self.registry, "post", tx, places=[point(10 * n) for n in range(5)], **said)
        self.known |= {f"post{n}": eid for n, eid in enumerate(eids)}
        tell(tx, "posts", "post", "Lighting company")

    def reform(self, tx: Transaction) -> None:
        """One ward in the place of another."""
        register = self.registry.register("ward")
        (self.known["ward2"],) = model.add(self.registry, "ward", tx, places=[square()], since="2025-07-01")
        register.retire(self.known["ward0"], tx, valid_from="2025-07-01", status="merged_away")
        step = Step(self.known["ward0"], self.known["ward2"], "replace", "2025-07-01", "gazette")
        self.registry.lineage.record([step], tx)

    def grown(self, tx: Transaction) -> None:
        """Another height."""
        self.registry.register("post").change(self.known["post2"], {"height": 7.0}, tx, valid_from="2024-06-01")

    def moved(self, tx: Transaction) -> None:
        """Another place."""
        register = self.registry.register("post")
        register.move(self.known["post1"], point(12), tx, valid_from="2025-01-01", accuracy=SURVEYED)

    def gone(self, tx: Transaction) -> None:
        """A post that ended."""
        self.registry.register("post").retire(self.known["post3"], tx, valid_from="2025-01-01")

    def lit(self, tx: Transaction) -> None:
        """A lamp."""
        (self.known["lamp"],) = model.add(self.registry, "lamp", tx, places=[point(3)], values={"watts": [40]})

    # for few -------------------------------------------------------------------------------------------------------

    def strategic(self, hidden: Registry, tx: Transaction) -> None:
        """Posts far away and long ago, with a number of a scheme that no other post has."""
        batch = Batch(
            {"height": [99.0, 98.0]}, np.array([point(5000), point(-9000, 4000)], dtype=object),
            {"power-tag": ["P7", "P8"]}, {"vi": ["Bí mật", "Bí mật hai"]}, valid_from="1999-01-01",
            accuracy=SURVEYED, access=self.few,
        )  # fmt: skip
        self.known["few"], self.known["few2"] = hidden.register("post").add(batch, tx)
        tell(tx, "few", "post", "Ministry")

    def tied(self, hidden: Registry, tx: Transaction) -> None:
        """A lamp at the place of an open post, and mounted on it; a ward that ended."""
        at = self.registry.register("post").find(self.known["post1"]).location
        lamp = Batch({"watts": [60]}, locations=[at], valid_from="2021-01-01", access=self.few)
        (self.known["few_lamp"],) = hidden.register("lamp").add(lamp, tx)
        hidden.register("lamp").relate(self.known["few_lamp"], "mounted_on", [self.known["post1"]], tx)
        old = Batch({"people": [5, 6]}, np.array([None, None]), valid_from="2020-01-01", access=self.few)
        self.known["few_ward"], self.known["few_ward2"] = hidden.register("ward").add(old, tx)
        hidden.register("ward").retire(self.known["few_ward"], tx, valid_from="2025-07-01", status="merged_away")

    def descended(self, hidden: Registry, tx: Transaction) -> None:
        """A ward that came from one that few know; a height that changed."""
        child = self.known["ward2" if self.few == "restricted" else "few_ward2"]
        hidden.lineage.record([Step(self.known["few_ward"], child, "merge", "2025-07-01", "gazette")], tx)
        hidden.register("post").change(self.known["few"], {"height": 97.0}, tx, valid_from="2024-01-01")

    def ended(self, hidden: Registry, tx: Transaction) -> None:
        """The end of a post that few knew."""
        hidden.register("post").retire(self.known["few2"], tx, valid_from="2025-01-01")


def build(folder: Path, store: str | None = None, *, few: str | None = None) -> tuple[Workspace, dict[str, str]]:
    """Build the street; return it with the identifiers of its things."""
    with closing(Street(folder, store, few)) as street:
        street.step(street.wards)
        street.between(street.strategic)
        street.step(street.posts)
        street.between(street.tied)
        street.step(street.reform)
        street.between(street.descended)
        street.step(street.grown)
        street.step(street.moved)
        street.between(street.ended)
        street.step(street.gone)
        street.step(street.lit)
        projector.verified(street.workspace, street.registry)
        return street.workspace, street.known


def tell(tx: Transaction, entry: str, register: str, custodian: str) -> None:
    """Say where things came from."""
    licence = Licence("CC0-1.0", "A", custodian)
    provenance.record(tx, entry, register, custodian=custodian, licence=licence, sha256="0" * 64, accepted=1)


def answers(workspace: Workspace, things: dict[str, str], *, key: str | None = None, every: int = 1) -> Answers:
    """Ask for everything that can be asked for, or every third, say: status, headers and body by address."""
    asked = [*ASKED, *(f"/ogc/collections/{name}{rest}" for name in COLLECTIONS for rest in OF_A_COLLECTION)]
    for kind in ("post", "lamp", "ward"):
        rests = ("", "/v", "/v/1", "/v/2", "?f=html")
        asked += [f"/id/{kind}/{eid}{rest}" for eid in things.values() for rest in rests]
        asked += [f"/ogc/collections/{kind}s/items/{eid}" for eid in things.values()]
    said = {"Accept-Encoding": "identity"}  # the length of a zipped time differs from second to second
    said |= {"X-API-Key": key} if key else {}
    with TestClient(compose(workspace, Settings()), follow_redirects=False, headers=said) as client:
        found = {address: client.get(address) for address in asked[::every]}
    return {address: (one.status_code, dict(one.headers), untimed(one.content)) for address, one in found.items()}


def untimed(body: bytes) -> bytes:
    """Take out when an answer was given, and since when the service runs."""
    return re.sub(rb'"timeStamp":"[^"]*"|"uptime_s":[0-9.]+', b"", body)


def differing(one: Answers, other: Answers) -> list[str]:
    """Return the addresses whose answers differ."""
    return [address for address in one if one[address] != other[address]]
