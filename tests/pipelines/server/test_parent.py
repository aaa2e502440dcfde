"""The parent alone: how many workers it keeps, and what they load; the workers are told by hand when to die."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import DEVNULL
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.server import parent as parents
from pipelines.server.parent import Parent
from pipelines.server.task import LISTENING

COUNT = 2
NUMBERS = count(1)


class Pipe:
    """Takes what is written and says, a moment later, that the worker answers."""

    def write(self, data: str) -> None:
        assert data

    async def drain(self) -> None:
        pass

    async def readline(self) -> bytes:
        await asyncio.sleep(0.02)
        return LISTENING


@dataclass(eq=False)
class Program:
    """Stands for a process; it ends at any signal."""

    pid: int = field(default_factory=lambda: next(NUMBERS))
    stdin: Pipe = field(default_factory=Pipe)
    stdout: Pipe = field(default_factory=Pipe)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> int:
        await self.over.wait()
        return 0

    def send_signal(self, number: signal.Signals) -> None:
        assert number == signal.SIGTERM
        self.over.set()


@pytest.fixture
def parent(monkeypatch) -> Parent:
    """Return a parent whose workers are no processes."""

    async def run(*arguments: str, **options: object) -> Program:
        return Program()

    async def prepare(self: Parent) -> None:
        pass

    monkeypatch.setattr(parents, "_run", run)
    monkeypatch.setattr(parents, "pickle", SimpleNamespace(dumps=repr))
    monkeypatch.setattr(Parent, "_prepare", prepare)
    task = SimpleNamespace(listener=3)
    return Parent(SimpleNamespace(), task, COUNT, {}, ready=lambda: None, buried=lambda _: None)


async def until(wanted) -> None:
    async with asyncio.timeout(5):
        while not wanted():  # noqa: ASYNC110 - nothing else tells when
            await asyncio.sleep(0.005)


def told(parent: Parent, story) -> None:
    """Let a parent serve while a story is told."""

    async def whole() -> None:
        serving = asyncio.create_task(parent._serve())
        await until(lambda: sum(one.listens for one in parent._workers) == COUNT)
        await story()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(whole())


def numbers(parent: Parent) -> set[int]:
    return {one.process.pid for one in parent._workers}


def test_however_often_new_workers_are_asked_for_there_are_as_many_as_before(parent):
    async def story() -> None:
        before, first = numbers(parent), max(numbers(parent))
        for _ in range(3):
            parent._renew()
        most = 0
        async with asyncio.timeout(5):
            while parent._renewing:
                most = max(most, len(parent._workers))
                await asyncio.sleep(0.005)
        await until(lambda: len(parent._workers) == COUNT)
        assert most <= COUNT + 1
        assert not numbers(parent) & before
        # The wishes came at once, before the first renewal had begun, so all of them are met by that one.
        assert max(numbers(parent)) == first + COUNT

    told(parent, story)


def test_a_wish_while_workers_are_renewed_has_them_renewed_once_more(parent):
    async def story() -> None:
        first = max(numbers(parent))
        parent._renew()
        await until(lambda: len(parent._workers) > COUNT)
        for _ in range(3):
            parent._renew()
        await until(lambda: not parent._renewing and len(parent._workers) == COUNT)
        assert max(numbers(parent)) == first + 2 * COUNT

    told(parent, story)


def test_a_worker_that_dies_while_it_is_replaced_leaves_one_successor(parent):
    async def story() -> None:
        parent._renew()
        await until(lambda: len(parent._workers) > COUNT)
        for one in [one for one in parent._workers if not one.spare]:
            one.process.over.set()
        await until(lambda: not parent._renewing)
        await asyncio.sleep(0.5)  # longer than the pause before a successor is started
        assert [one.spare for one in parent._workers] == [False] * COUNT

    told(parent, story)


def test_what_lies_in_the_folder_where_the_service_is_started_is_not_executed(tmp_path, monkeypatch):
    (tmp_path / "uvicorn.py").write_text("open('executed', 'w').close()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    async def run() -> bytes:
        process = await parents._run("uvicorn", "--version", stdin=DEVNULL)
        return (await process.communicate())[0]

    assert asyncio.run(run()).startswith(b"Running uvicorn")
    assert not Path("executed").exists()
