"""The same writes leave the same rows, the same chain and the same answers, whichever store keeps them."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import shapely

from pipelines import demo
from sdi.entry import Accuracy
from sdi.errors import PhusaError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.workspace import Workspace
from tests.sdi.conftest import small

VERBS = ("add", "change", "correct", "move", "retire", "rename")
TEXTS = ("Nguyễn Ái\tQuốc", 'a \\N "quoted" \\ name', "Đường\nTrần Hưng Đạo", "D\u031bu\u031b\u0300ng", "🌳", "'")
STEPS = 60


@pytest.fixture
def pair(tmp_path: Path, database: str) -> list[Workspace]:
    """Return two workspaces that differ in nothing but their store."""
    made = []
    for name, store in (("embedded", None), ("postgis", database)):
        (tmp_path / name).mkdir()
        made.append(small(tmp_path / name, store))
    return made


def toil(registry: Registry, seed: int) -> list[str]:
    """Write whatever chance brings; return what was refused and why, without what the database itself says."""
    dice, living, refused = random.Random(seed), [], []
    for _ in range(STEPS):
        verb = dice.choice(VERBS) if living else "add"
        eid = dice.choice(living) if living else ""
        try:
            with registry.transaction("chance", verb) as tx:
                step(registry, tx, verb, eid, dice, living)
        except PhusaError as error:
            refused.append(f"{verb}: {type(error).__name__}, {error.code}")
    return refused


def step(registry, tx, verb, eid, dice, living):
    """Use one verb, in any order of time."""
    bench, day = registry.register("bench"), f"20{dice.randint(10, 30)}-0{dice.randint(1, 9)}-01"
    exact = Accuracy(dice.choice([None, 0.1 + 0.2, 5]), dice.choice([None, 1e-9]), method="photo", epoch="2020.0")
    place = shapely.Point(584_000 + dice.uniform(-900, 900), 1_109_000 + dice.random() / 3, *dice.choice([(), (-0.0,)]))
    values = {"seats": dice.randint(1, 12), "wood": dice.choice([True, False, None]), "inspector": dice.choice(TEXTS)}
    if verb == "add":
        count = dice.randint(1, 3)
        sure = {name: [value] * count for name, value in values.items()}
        tags = [dice.choice([None, f"B{dice.randint(1, 40)}"]) for _ in range(count)]
        source = {"source_geometry": np.array([place] * count, object), "source_crs": "EPSG:3405"}
        batch = Batch(
            values=sure, geometry=np.array([place] * count, object), identifiers={"bench-tag": tags},
            names={"vi": [dice.choice(TEXTS)] * count}, valid_from=day, accuracy=exact, **dice.choice([{}, source]),
        )  # fmt: skip
        living += bench.add(batch, tx)
    elif verb == "change":
        bench.change(eid, values, tx, valid_from=day)
    elif verb == "correct":
        bench.correct(eid, tx, values=values, **dice.choice([{}, {"geometry": place, "accuracy": exact}]))
    elif verb == "move":
        bench.move(eid, place, tx, valid_from=day, accuracy=exact)
    elif verb == "retire":
        bench.retire(eid, tx, valid_from=day, status=dice.choice(["retired", "voided"]))
    else:
        bench.change(eid, {}, tx, valid_from=day, names={"vi": dice.choice(TEXTS)}, identifiers={"bench-tag": None})


def answers(registry: Registry) -> list[object]:
    """Return what the register answers for some dates, as of some transactions."""
    bench, found = registry.register("bench"), []
    for valid in (None, "2012-05-01", "2024-01-01"):
        for recorded in (None, 3, 20):
            table = bench.table("seats", "wood", "inspector", valid=valid, recorded=recorded)
            found += [bench.find(eid, valid=valid, recorded=recorded) for eid in table.eids]
            found.append((bench.list(valid=valid, recorded=recorded), table.eids, table.values, table.locations))
    return found


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_writes_give_the_same_hash_and_the_same_answers_on_both_stores(pair, seed, figure):
    hashes, told, shown, refusals = [], [], [], []
    for workspace in pair:
        with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(seed))) as registry:
            refusals.append(toil(registry, seed))
            projector.refresh(workspace, registry)
            registry.verify()
            hashes.append(registry.root_hash)
            told.append(answers(registry))
            shown.append(projector.verified(workspace, registry))
    assert hashes[0] == hashes[1]
    assert told[0] == told[1]
    assert shown[0] == shown[1]
    assert refusals[0] == refusals[1]
    figure("writes with one root hash on both stores", STEPS - len(refusals[0]), "1", f"{len(refusals[0])} refused")


@pytest.mark.slow
@pytest.mark.shows("shared-model")
def test_the_demonstration_city_has_one_hash_on_both_stores(tmp_path, database, monkeypatch, figure):
    made = Workspace.make
    hashes, shown = [], []
    for name, store in (("embedded", None), ("postgis", database)):

        def kept(folder, source, catalogs, store=store):
            workspace = made(folder, source, catalogs)
            if store:
                path = folder / "workspace.yaml"
                path.write_text(path.read_text(encoding="utf-8") + f"\nstore: {store}\n", encoding="utf-8")
            return Workspace.open(folder, catalogs) if store else workspace

        monkeypatch.setattr(Workspace, "make", kept)
        workspace = demo.run(tmp_path / name, scale=0.1)
        assert workspace.store == store
        with closing(workspace.registry()) as registry:
            registry.verify()
            hashes.append(registry.root_hash)
            shown.append(projector.verified(workspace, registry))
            figure("transactions of the demonstration city", registry.last_tx, "1", name)
    assert hashes[0] == hashes[1]
    assert shown[0] == shown[1]
