"""Many writers, killed writers, a killed database: nothing acknowledged is lost, and nothing is there in part."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from contextlib import closing
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import shapely

from catalogs import packaged
from sdi.entry import Accuracy
from sdi.errors import ConflictError, WorkspaceError
from sdi.lineage.step import Step
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.transaction import Transaction
from sdi.workspace import Workspace
from tests.killed import context
from tests.sdi.conftest import small

pytestmark = pytest.mark.both_stores

WRITERS, CONTESTED, ADDED = 4, 12, 2
VERBS = ("add", "change", "correct", "move", "retire", "replace")
TRIALS, ENOUGH = 50, 40
"""Writers killed, and the most transactions that one is let write before, of every kind."""
EXACT = Accuracy(1, method="photo")


def benches(registry: Registry, tag: str, tx) -> str:
    """Add one bench of four seats."""
    place = shapely.points([[584_000, 1_109_000]])
    batch = Batch(values={"seats": [4]}, geometry=place, identifiers={"bench-tag": [tag]}, valid_from="2020-01-01")
    return registry.register("bench").add(batch, tx)[0]


def contend(folder: Path, number: int) -> None:
    """Claim codes that the others claim too, and one of one's own each time; write down what became of it."""
    with (
        closing(Workspace.open(folder, packaged()).registry()) as registry,
        (folder / f"writer-{number}.txt").open("w", encoding="utf-8") as told,
    ):
        for one in range(CONTESTED):
            for tag in (f"B{one}", f"B{1000 * (number + 1) + one}"):
                try:
                    with registry.transaction(f"writer {number}", "claim") as tx:
                        eid = benches(registry, tag, tx)
                    told.write(f"{tag} {eid}\n")
                except ConflictError as error:
                    told.write(f"{tag} {error.code}\n")


@pytest.mark.shows("shared-model")
def test_of_four_writers_nothing_is_lost_nothing_doubled_and_the_loser_is_told(workspace, registry, figure):
    writers = [context.Process(target=contend, args=(workspace.folder, number)) for number in range(WRITERS)]
    run(writers)
    told = [line.split() for path in workspace.folder.glob("writer-*.txt") for line in path.read_text().splitlines()]
    won = {tag: eid for tag, eid in told if eid != "identifier-in-use"}
    lost = [tag for tag, eid in told if eid == "identifier-in-use"]
    assert len(told) == WRITERS * CONTESTED * 2
    assert len(won) == CONTESTED + WRITERS * CONTESTED == len(told) - len(lost)
    bench = registry.register("bench")
    assert {tag: bench.find_by("bench-tag", tag).eid for tag in won} == won
    assert len(bench.list()) == len(won)
    assert registry.verify() == 1 + len(won)
    figure("claims of four writers, won", len(won), "1", f"{len(lost)} told of the conflict, 0 lost, 0 doubled")


def count_up(folder: Path, number: int, looked: Barrier) -> None:
    """Add a seat to the one bench, again and again; whenever another writer was faster, look again. Tell how often.

    Nobody writes before all have looked, so that of the first round one wins.
    """
    told = []
    with closing(Workspace.open(folder, packaged()).registry()) as registry:
        bench = registry.register("bench")
        (eid,) = bench.list()
        while told.count("added") < ADDED:
            seen = registry.last_tx
            seats = bench.find(eid).values["seats"]
            if not told:
                looked.wait(timeout=60)
            try:
                with registry.transaction(f"writer {number}", "one seat more", seen=seen) as tx:
                    bench.correct(eid, tx, values={"seats": seats + 1})
                told.append("added")
            except ConflictError as error:
                told.append(error.code)
    (folder / f"writer-{number}.txt").write_text(" ".join(told), encoding="utf-8")


@pytest.mark.shows("shared-model")
def test_what_four_writers_add_to_one_thing_adds_up(workspace, registry, figure):
    with registry.transaction("test", "a bench") as tx:
        eid = benches(registry, "B1", tx)
    looked = context.Barrier(WRITERS)
    run([context.Process(target=count_up, args=(workspace.folder, number, looked)) for number in range(WRITERS)])
    told = " ".join(path.read_text() for path in workspace.folder.glob("writer-*.txt")).split()
    assert set(told) == {"added", "overtaken"}
    assert told.count("overtaken") >= WRITERS - 1
    assert registry.register("bench").find(eid).values["seats"] == 4 + WRITERS * ADDED
    assert registry.verify() == 2 + WRITERS * ADDED
    figure(
        "seats added by four writers to one bench",
        WRITERS * ADDED,
        "1",
        f"{told.count('overtaken')} told to look again",
    )


def run(processes: list[BaseProcess]) -> None:
    """Let processes do what they do, at the same time."""
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def mixed(folder: Path, seed: int) -> None:
    """Write without end; name every transaction that was acknowledged."""
    dice, mine = random.Random(seed), []
    with (
        closing(Workspace.open(folder, packaged()).registry()) as registry,
        (folder / f"acknowledged-{seed}.txt").open("ab", buffering=0) as acknowledged,
    ):
        for number in itertools.count():
            verb = dice.choice(VERBS) if mine else "add"
            with registry.transaction(f"seed {seed}", verb) as tx:
                write(registry, tx, verb, f"B{seed * 100_000 + number}", dice, mine)
            hashed = registry.store.select("SELECT hash FROM tx WHERE tx = ?", (tx.number,))[0][0]
            acknowledged.write(f"{tx.number} {hashed}\n".encode())


def write(registry: Registry, tx: Transaction, verb: str, tag: str, dice: random.Random, mine: list[str]) -> None:
    """Do one thing of all that may be done to benches of one's own."""
    bench, eid = registry.register("bench"), dice.choice(mine) if mine else ""
    if verb == "add":
        mine.append(benches(registry, tag, tx))
    elif verb == "change":
        bench.change(eid, {"seats": dice.randint(1, 12)}, tx, valid_from="2025-01-01")
    elif verb == "correct":
        bench.correct(eid, tx, values={"wood": dice.choice([True, False])}, names={"vi": f"Ghế {tag}"})
    elif verb == "move":
        place = shapely.Point(584_000 + dice.random(), 1_109_000)
        bench.move(eid, place, tx, valid_from="2025-01-01", accuracy=EXACT)
    else:
        bench.retire(eid, tx, valid_from="2026-01-01")
        mine.remove(eid)
        if verb == "replace":
            mine.append(benches(registry, tag, tx))
            registry.lineage.record([Step(eid, mine[-1], "replace", "2026-01-01", "a test")], tx)


def killed(workspace: Workspace, seed: int) -> dict[int, str]:
    """Let a writer go on for some transactions, kill it within one, and return what it had acknowledged."""
    dice = random.Random(seed)
    enough = dice.randint(1, ENOUGH)
    process = context.Process(target=mixed, args=(workspace.folder, seed))
    told = workspace.folder / f"acknowledged-{seed}.txt"
    process.start()
    until = time.monotonic() + 60
    while not (told.is_file() and told.read_bytes().count(b"\n") >= enough) and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(dice.uniform(0, 0.02))
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return {int(tx): root for tx, root in (line.split() for line in told.read_text().splitlines())}


def trials(workspace: Workspace, count: int) -> int:
    """Kill writers; prove after each that what they acknowledged is recorded as they said."""
    total = 0
    for seed in range(count):
        acknowledged = killed(workspace, seed)
        with closing(workspace.registry()) as registry:
            recorded = dict(registry.store.select("SELECT tx, hash FROM tx"))
            assert acknowledged.items() <= recorded.items()
            assert len(recorded) == registry.last_tx == registry.verify()
        total += len(acknowledged)
    return total


@pytest.mark.shows("shared-model")
def test_a_writer_killed_in_mixed_load_loses_nothing_it_acknowledged(workspace, figure):
    figure("transactions acknowledged by 3 killed writers, none lost", trials(workspace, 3), "1")


@pytest.mark.slow
@pytest.mark.shows("shared-model")
def test_fifty_writers_killed_in_mixed_load_lose_nothing_they_acknowledged(workspace, figure):
    figure(f"transactions acknowledged by {TRIALS} killed writers, none lost", trials(workspace, TRIALS), "1")


@pytest.mark.shows("shared-model")
def test_a_database_that_crashes_under_writers_comes_back_with_all_it_acknowledged(tmp_path, cluster, database, figure):
    workspace = small(tmp_path, database)
    processes = [context.Process(target=mixed, args=(workspace.folder, seed)) for seed in (1, 2)]
    for process in processes:
        process.start()
    told = [workspace.folder / f"acknowledged-{seed}.txt" for seed in (1, 2)]
    until = time.monotonic() + 60
    while not all(path.is_file() and path.stat().st_size > 1000 for path in told) and time.monotonic() < until:
        time.sleep(0.01)
    cluster.stop(signal.SIGQUIT)
    for process in processes:
        process.join(timeout=60)
    cluster.start()
    acknowledged = {int(tx): root for path in told for tx, root in map(str.split, path.read_text().splitlines())}
    with closing(workspace.registry()) as registry:
        assert len(acknowledged) > 10
        assert acknowledged.items() <= dict(registry.store.select("SELECT tx, hash FROM tx")).items()
        assert registry.verify() == registry.last_tx
    figure("transactions acknowledged before the database crashed, none lost", len(acknowledged), "1")


def test_a_connection_lost_in_a_transaction_is_told_and_nothing_is_kept(tmp_path, cluster, database):
    workspace = small(tmp_path, database)
    registry = workspace.registry()

    def cut_off() -> None:
        with registry.transaction("test", "cut off") as tx:
            benches(registry, "B1", tx)
            sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'phusa'"
            cluster.run("postgres", sql)
            benches(registry, "B2", tx)

    with pytest.raises(WorkspaceError, match="nothing was kept"):
        cut_off()
    with closing(workspace.registry()) as again:
        assert (len(again.register("bench")), again.verify()) == (0, 1)
