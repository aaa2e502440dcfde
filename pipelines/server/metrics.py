"""What the workers count, shown to Prometheus by the parent on a port of its own.

The parent answers, because a worker knows only its own counts and may be busy when somebody has to know why. The port
is not that of the service, so that no proxy can pass it on by mistake.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from sdi.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Shown:
    """Counts that are shown, or are not."""

    environment: Mapping[str, str]
    """What workers must know to count into the same folder."""
    bury: Callable[[int], None]
    """Forgets what holds only as long as a process lives."""


@contextmanager
def shown(place: tuple[str, int] | None) -> Iterator[Shown]:
    """Show the counts of all workers together, for as long as they are served.

    Parameters
    ----------
    place : (str, int) or None
        Address and port to listen on; nothing is counted where absent.

    Yields
    ------
    Shown
        What workers must know.

    Raises
    ------
    SettingsError
        If the port cannot be had.
    """
    if place is None:
        yield Shown({}, lambda _: None)
        return
    folder = tempfile.mkdtemp(prefix="phusa-metrics-")
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    try:
        server, thread = start_http_server(place[1], place[0], registry)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise SettingsError(
            f"cannot show metrics on {place[0]}:{place[1]} ({error.strerror}); choose another port in PHUSA_METRICS"
        ) from error
    try:
        yield Shown({"PROMETHEUS_MULTIPROC_DIR": folder}, lambda pid: _bury(pid, folder))
    finally:
        server.shutdown()
        thread.join()
        shutil.rmtree(folder, ignore_errors=True)


def _bury(pid: int, folder: str) -> None:
    """Forget what a process counted that holds only as long as it lives."""
    mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
