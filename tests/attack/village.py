"""A village made to be attacked: whatever can be asked for is there once, and beside it what nobody may ever get."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from catalogs import packaged
from sdi import provenance
from sdi.bulk import building
from sdi.declaration import Level
from sdi.entry import Accuracy, Licence
from sdi.history import Clock
from sdi.identity import Ids, TimelessIds
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.workspace import Workspace
from tests import town

CANARY = "canary-5d1e"
"""Stands in everything that nobody may get: restricted and secret things, and files beside those that are served."""
OPEN = 6
"""Landmarks that everybody may see; the third has hostile texts."""
HOSTILE = 3
CLOSED = 2
GIVEN = Licence("CC-BY-4.0", "A", "Village", "https://creativecommons.org/licenses/by/4.0/", bulk=True)
WELL = """
register: well
version: 1.0.0
title: {vi: Giếng, en: Wells}
location: {role: site, geometry: Point, required: true}
names: [vi]
fields:
  interval: {type: number, unit: min, min: 0, title: {vi: Nhịp, en: Interval}}
  datum: {type: text, title: {vi: Mốc, en: Datum}}
  levels: {type: series, unit: m, title: {vi: Mực nước, en: Levels}}
on_bad_row: refuse
publish: {collection: wells, fields: [interval, datum, levels], keywords: [giếng, well], tiles: true, order: 6}
"""


@dataclass(frozen=True, slots=True)
class Village:
    """The village, and what an address needs to name its things."""

    workspace: Workspace
    item: str
    """The landmark with hostile texts."""
    well: str
    hidden: tuple[str, ...]
    """Identifiers of what is restricted."""
    markers: tuple[Path, ...]
    """Files that nobody may read, beside those that are served and above them."""


def build(folder: Path, store: str | None = None) -> Village:
    """Record and publish the village; in PostGIS where an address is given."""
    description = folder / "description.yaml"
    description.write_text(town.DESCRIPTION + (f"store: {store}\n" if store else ""), encoding="utf-8")
    place = folder / "village"
    Workspace.make(place, description, packaged())
    files = {"registers/landmark.yaml": town.LANDMARK, "codes/landmark_grade.yaml": town.GRADE}
    files |= {"registers/well.yaml": WELL, "codes/schemes.yaml": town.SCHEMES}
    for name, text in files.items():
        (place / "catalogs" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "catalogs" / name).write_text(text, encoding="utf-8")
    workspace = Workspace.open(place, packaged())
    with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))) as registry:
        landmarks, hidden, well = _recorded(registry)
        projector.refresh(workspace, registry)
    if store is None:
        _hide(workspace)
    town.write_terrain(workspace)
    building.refresh(workspace, "public", lambda *_: None)
    return Village(workspace, landmarks[HOSTILE], well, hidden, tuple(_marked(folder, workspace)))


def _recorded(registry: Registry) -> tuple[list[str], tuple[str, ...], str]:
    """Record landmarks for all, landmarks for few, and a well; return their identifiers."""
    with registry.transaction(actor="test", reason="for all") as tx:
        landmarks = registry.register("landmark").add(_landmarks(registry, OPEN), tx)
        told = {"custodian": "Village", "licence": GIVEN, "sha256": "0" * 64, "accepted": OPEN}
        provenance.record(tx, "landmarks", "landmark", **told)
    with registry.transaction(actor="test", reason="for few") as tx:
        hidden = registry.register("landmark").add(_landmarks(registry, CLOSED, first=700, access="restricted"), tx)
    with registry.transaction(actor="test", reason="a well") as tx:
        values = {"interval": [60.0], "datum": [town.HOSTILE], "levels": [[1.0, None, 2.5]]}
        place = registry.crs.to_storage(shapely.points([town.LON], [town.LAT]), "OGC:CRS84")
        said = {
            "names": {"vi": [town.HOSTILE]},
            "valid_from": "2020-01-01",
            "accuracy": Accuracy(1, method="synthetic"),
        }
        (well,) = registry.register("well").add(Batch(values, place, **said), tx)
    return list(landmarks), tuple(hidden), well


def _landmarks(registry: Registry, count: int, first: int = 0, access: Level = "public") -> Batch:
    """Landmarks; of those for few every text says that nobody may get it."""
    made = town.batch(registry.crs, count, first)
    closed = access != "public"
    told = [f"{CANARY} {one}" if closed else None for one in range(count)]
    values = {**made.values, "keeper": [CANARY] * count}
    if closed:
        values["remark"] = told
    return Batch(
        values, made.geometry, made.identifiers, {"vi": told, "en": told} if closed else made.names,
        valid_from="2020-01-01", access=access,
    )  # fmt: skip


def _hide(workspace: Workspace) -> None:
    """Record something that is secret, which stands in a registry of its own."""
    ids = TimelessIds(random.Random(7).randbytes)
    with closing(workspace.secret_registry(clock=Clock.fixed(), ids=ids)) as secret:
        with secret.transaction("test", "for nobody") as tx:
            secret.register("landmark").add(_landmarks(secret, 1, first=800, access="secret"), tx)
        projector.refresh(workspace, secret)


def _marked(folder: Path, workspace: Workspace) -> list[Path]:
    """Leave files about that nobody may get: beside the workspace, in it, among the rasters and among the files."""
    made = []
    for place in (folder, workspace.folder, workspace.rasters, workspace.bulk("public")):
        place.mkdir(parents=True, exist_ok=True)
        path = place / "marker.txt"
        path.write_text(f"{CANARY}:x:0:0:{CANARY}\n", encoding="utf-8")
        made.append(path)
    return made


def lattice(side: int) -> np.ndarray:
    """Return points on a lattice over the village (side², 2) [degree, CRS84]."""
    x, y = np.meshgrid(np.linspace(town.LON, town.LON + 0.05, side), np.linspace(town.LAT, town.LAT + 0.05, side))
    return np.column_stack([x.ravel(), y.ravel()])
