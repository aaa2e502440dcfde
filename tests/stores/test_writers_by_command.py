"""Four people at four keyboards change one thing by the command; one is recorded, the others are told what to do."""

from __future__ import annotations

import json
from contextlib import closing, redirect_stdout
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from pipelines.__main__ import main
from sdi.workspace import Workspace
from tests.killed import context
from tests.stores.test_crash import benches, run

pytestmark = pytest.mark.both_stores

WRITERS = 4
CONFLICT = 1
"""Exit code of a write that was refused."""


def told(folder: Path, name: str, *words: str) -> tuple[int, dict[str, object]]:
    """Run a command; return its exit code and what it said."""
    path = folder / f"{name}.json"
    with path.open("w", encoding="utf-8") as out, redirect_stdout(out):
        code = main([*words, "--workspace", str(folder), "--json"])
    return code, json.loads(path.read_text(encoding="utf-8"))


def change(folder: Path, number: int, looked: Barrier) -> None:
    """Look at the bench, wait until all have looked, and write what was decided by that; keep the answer."""
    _, seen = told(folder, f"seen-{number}", "thing", "show", "bench", "B1")
    looked.wait(timeout=60)
    code, answer = told(
        folder, f"answer-{number}", "thing", "change", "bench", "B1", f"seats={number + 5}", "--valid-from",
        "2026-01-01", "--seen", str(seen["transaction"]), "--actor", f"writer {number}", "--reason", "counted",
    )  # fmt: skip
    (folder / f"answer-{number}.json").write_text(json.dumps([code, answer]), encoding="utf-8")


@pytest.mark.shows("shared-model")
def test_of_four_commands_about_one_thing_one_is_recorded_and_three_are_told(workspace: Workspace, figure):
    with closing(workspace.registry()) as registry, registry.transaction("test", "a bench") as tx:
        eid = benches(registry, "B1", tx)
    looked = context.Barrier(WRITERS)
    run([context.Process(target=change, args=(workspace.folder, number, looked)) for number in range(WRITERS)])
    answers = [json.loads((workspace.folder / f"answer-{number}.json").read_text()) for number in range(WRITERS)]
    (winner,) = [number for number, (code, _) in enumerate(answers) if code == 0]
    for number in {0, 1, 2, 3} - {winner}:
        code, answer = answers[number]
        assert (code, answer["error"]) == (CONFLICT, "overtaken")
        assert answer["message"].startswith(
            f"bench {eid} is not what was seen in transaction 2: writer {winner} has changed it in transaction 3 at "
        )
        assert answer["message"].endswith("look at it again, and write what still holds")
    with closing(workspace.registry()) as registry:
        assert registry.register("bench").find(eid).values["seats"] == winner + 5
        assert registry.verify() == 3
    figure("commands of four writers recorded", 1, "1", "3 told by whom and what to do; none lost, none doubled")
