"""How a service ends: when it is asked to, when its parent is killed, and when it could never begin."""

from __future__ import annotations

import os
import signal
import threading
import urllib.error
import urllib.request
from contextlib import closing
from urllib.parse import quote

import pytest

from pipelines.__main__ import main
from tests.sdi.conftest import alone
from tests.sdi.service.watch.test_leave import SLOW
from tests.town import town
from tests.workers import children, is_alive, served, wait_until

__all__ = ["town"]


def cpu(pid: int) -> int:
    """Return the processor time of a process [1/100 s]."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as told:  # noqa: PTH123
        return int(told.read().rpartition(")")[2].split()[11])


@pytest.mark.slow
def test_asked_twice_it_does_not_wait(town, tmp_path):
    with served(town.folder, tmp_path / "errors.txt", workers=1) as service:
        path = f"{service.url}/ogc/collections/landmarks/items?filter={quote(SLOW)}"
        lost: list[BaseException] = []

        def ask() -> None:
            try:
                urllib.request.urlopen(path, timeout=60)
            except OSError as error:
                lost.append(error)

        thread = threading.Thread(target=ask)
        (worker,) = service.workers()
        at_rest = cpu(worker)
        thread.start()
        wait_until(lambda: cpu(worker) > at_rest + 5)
        service.process.send_signal(signal.SIGTERM)
        service.process.send_signal(signal.SIGINT)
        service.stop()
        thread.join()
    assert len(lost) == 1
    assert not is_alive(worker)


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path):
    city = alone(tmp_path)
    with served(city.folder, tmp_path / "errors.txt", workers=2) as service:
        workers = service.workers()
        assert len(workers) == 2
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait(10)
        wait_until(lambda: not any(is_alive(pid) for pid in workers))


@pytest.mark.slow
def test_a_workspace_that_is_none_is_said_so_and_nobody_is_left(tmp_path, capfd):
    before = set(children(os.getpid()))
    assert main(["serve", "--workspace", str(tmp_path), "--port", "0"]) == 1
    assert "is no workspace: it has no workspace.yaml" in capfd.readouterr().err
    assert set(children(os.getpid())) <= before


@pytest.mark.slow
def test_workers_that_cannot_begin_end_the_service_with_their_reason(tmp_path, capfd, monkeypatch):
    city = alone(tmp_path)
    with closing(city.registry()):
        monkeypatch.setenv("PHUSA_ACCESS_LOG", str(tmp_path / "nowhere" / "access.log"))
        assert main(["serve", "--workspace", str(city.folder), "--port", "0", "--workers", "2"]) == 1
    assert "PHUSA_ACCESS_LOG is" in capfd.readouterr().err


@pytest.mark.slow
def test_metrics_on_a_port_in_use_are_refused(tmp_path, capfd, monkeypatch):
    with served(alone(tmp_path).folder, tmp_path / "errors.txt") as service:
        monkeypatch.setenv("PHUSA_METRICS", str(service.port))
        assert main(["serve", "--workspace", str(tmp_path / "city"), "--port", "0"]) == 1
    assert "choose another port in PHUSA_METRICS" in capfd.readouterr().err
