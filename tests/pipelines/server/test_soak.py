"""A quarter of an hour of everything at once: clients ask, an editor publishes each second, each minute brings news.

The news are new workers, a killed worker, another title, a further collection, everything laid out anew, new files. A
variable says for how long: ``PHUSA_SOAK_S=60``.
"""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from sdi.workspace import Workspace
from tests.crowd import Crowd
from tests.soak import Street
from tests.workers import Served, connections_of, is_alive, memory_of, served, wait_until

SOAK_S = float(os.environ.get("PHUSA_SOAK_S", "900"))
SHARES = {"embedded": 1.0, "postgis": 1 / 3}
"""How much of that time each store has."""
WORKERS, CLIENTS = 2, 4
NEWS = 15
"""News of the whole time: one each minute of a quarter of an hour."""
EVERY_S = 1.0
"""From one edit to the next, where it does not take longer [s]."""
LOOKS = 300
"""How often the processes are looked at."""
FLAT = 1.1
"""How much larger a worker may be at the end than in the middle of its life [1]."""
GROWTH = 100_000
"""Room that a transaction may take [byte]."""
SPARE = 8
"""Files that may be open by chance."""
OLD_S = 1.0
"""How long a connection may be found broken after its worker ended [s]."""


@dataclass(slots=True)
class Watch:
    """What the processes take while they are asked."""

    service: Served
    size: Callable[[], int]
    """Tells how much room the publications take [byte]."""
    every: float
    memory: dict[int, list[int]] = field(default_factory=dict)
    """Resident memory by process [byte], as often as was looked."""
    files: dict[int, list[int]] = field(default_factory=dict)
    """Open files by process."""
    disk: list[int] = field(default_factory=list)
    """Room that the publications take [byte]."""
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def looking(self) -> Iterator[Watch]:
        """Look from time to time until the block ends."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def _look(self) -> None:
        while not self._over.wait(self.every):
            for pid in (self.service.process.pid, *self.service.workers()):
                try:
                    size, files = memory_of(pid), len(list(Path(f"/proc/{pid}/fd").iterdir()))
                except (FileNotFoundError, ProcessLookupError):
                    continue
                self.memory.setdefault(pid, []).append(size)
                self.files.setdefault(pid, []).append(files)
            self.disk.append(self.size())

    def steady(self) -> list[int]:
        """Return the processes that lived for at least half of the time."""
        longest = max(len(one) for one in self.memory.values())
        return [pid for pid, one in self.memory.items() if len(one) >= longest / 2]


@dataclass(slots=True)
class Editor:
    """Whoever edits and brings the news, and which broken connections that explains."""

    street: Street
    service: Served
    crowd: Crowd
    excused: list[tuple[float, float, int]] = field(default_factory=list)
    """From when to when connections may break, and how many."""
    killed: list[tuple[float, float, int]] = field(default_factory=list)
    """The same of workers that were killed."""

    def work(self, seconds: float) -> None:
        """Edit each second, with news from time to time; longer where these take longer."""
        began, news = time.monotonic(), self.news()
        while (now := time.monotonic()) < began + seconds or news:
            if news and now >= began + (NEWS - len(news) + 0.5) * seconds / NEWS:
                news.pop(0)()
            self.street.edit()
            time.sleep(max(0.0, now + EVERY_S - time.monotonic()))

    def news(self) -> list[Callable[[], None]]:
        """Return what happens one after the other; the workers after the third stay to the end but one."""
        street = self.street
        reloads = [street.retitle, street.extend, street.build_files, street.rebuild, street.build_files]
        reloads += [street.retitle, street.extend, street.build_files, street.retitle, street.build_files]
        return [self.renew, self.kill, self.renew, *reloads, self.renew, self.kill]

    def renew(self) -> None:
        """Put new workers in the place of all: a connection that idles may close just when it is written to."""
        before, began = self.service.workers(), time.monotonic()
        self.service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self._new(before) and not any(map(is_alive, before)), 120)
        time.sleep(OLD_S)
        self.excused.append((began, time.monotonic(), len(before) * CLIENTS))

    def kill(self) -> None:
        """Kill the worker that has more of the clients."""
        before = self.service.workers()
        held = {pid: connections_of(pid, self.service.port) for pid in before}
        victim, began = max(held, key=lambda pid: held[pid]), time.monotonic()
        os.kill(victim, signal.SIGKILL)
        time.sleep(OLD_S)
        self.killed.append((began, time.monotonic(), held[victim]))
        wait_until(lambda: self._new([victim]), 120)

    def _new(self, before: list[int]) -> bool:
        """Tell whether there are as many workers as there should be, none of them of before."""
        now = self.service.workers()
        return len(now) == WORKERS and not set(now) & set(before)

    def lost(self, windows: list[tuple[float, float, int]]) -> list[tuple[int, int]]:
        """Return for each window how many connections broke, and how many may have."""
        moments = [moment for moment, _ in self.crowd.broken]
        return [(sum(begin <= one <= end for one in moments), most) for begin, end, most in windows]

    def unexplained(self) -> list[str]:
        """Return what broke at any other time."""
        windows = self.excused + self.killed
        return [said for at, said in self.crowd.broken if not any(begin <= at <= end for begin, end, _ in windows)]


def room_of(city: Workspace) -> int:
    """Return how much room the publications take, without the files of whole collections, which stay for an hour."""
    if city.store:
        with psycopg.connect(city.store) as connection:
            ((size,),) = connection.execute("SELECT pg_database_size(current_database())").fetchall()
            return int(size)
    total, folder = 0, city.folder / "publications"
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() and "bulk" not in path.parts else 0
        except FileNotFoundError:
            continue
    return total


def thirds(values: list[int]) -> tuple[float, float]:
    """Return the medians of the middle and of the last third."""
    third = len(values) // 3
    return statistics.median(values[third : 2 * third]), statistics.median(values[-third:])


@pytest.mark.slow
@pytest.mark.both_stores
@pytest.mark.shows("service")
def test_a_quarter_of_an_hour_of_everything_at_once_shows_no_error_and_nothing_stale(store, tmp_path, figure):
    seconds = SOAK_S * SHARES["postgis" if store else "embedded"]
    street = Street.make(tmp_path, store)
    with served(street.city.folder, tmp_path / "errors.txt", workers=WORKERS) as service:
        crowd = Crowd(service.url, street.diary, CLIENTS)
        editor, watch = (
            Editor(street, service, crowd),
            Watch(service, lambda: room_of(street.city), max(0.2, seconds / 300)),
        )
        with crowd.asking(), watch.looking():
            editor.work(seconds)
    tell(figure, editor, watch, seconds)
    assert not crowd.wrong, f"{len(crowd.wrong)}: {crowd.wrong[:10]}"
    assert not editor.unexplained()
    assert all(lost <= most for lost, most in editor.lost(editor.killed) + editor.lost(editor.excused))
    assert "Traceback" not in service.errors.read_text(encoding="utf-8")
    for pid in watch.steady():
        middle, last = thirds(watch.memory[pid])
        assert last <= FLAT * middle
        middle, last = thirds(watch.files[pid])
        assert last <= middle + SPARE
    assert watch.disk[-1] <= 1.5 * watch.disk[0] + GROWTH * street.edits


def tell(figure, editor: Editor, watch: Watch, seconds: float) -> None:
    """Put what was found into the table."""
    crowd, street = editor.crowd, editor.street
    figure("answers compared with what was published", crowd.asked.total(), "1")
    figure("answers a second, beside an editor", crowd.asked.total() / seconds, "1/s")
    figure("transactions, published together by two", street.edits, "1")
    figure("publications and reloads", street.publications, "1")
    figure("wrong or stale answers", len(crowd.wrong), "1", "0")
    figure("requests lost without a reason", len(editor.unexplained()), "1", "0")
    for lost, most in editor.lost(editor.killed):
        figure("requests lost with a killed worker", lost, "1", f"≤ {most}, its connections")
    for lost, most in editor.lost(editor.excused):
        figure("requests lost while all workers were replaced", lost, "1", f"≤ {most}, connections that idled")
    for pid in watch.steady():
        middle, last = thirds(watch.memory[pid])
        name = "the parent" if pid == editor.service.process.pid else "a worker"
        figure(f"memory of {name}, last third of its life", last / 2**20, "MiB", f"≤ {FLAT} × {middle / 2**20:.1f}")
        figure(f"open files of {name}, at most and at the end", f"{max(watch.files[pid])}, {watch.files[pid][-1]}", "1")
    figure("publications on the disk, in the beginning", watch.disk[0] / 2**20, "MiB")
    figure("publications on the disk, at the end", watch.disk[-1] / 2**20, "MiB")
