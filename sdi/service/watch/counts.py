"""What is counted, for Prometheus; where several processes serve, in files that the parent of them adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from sdi.service.watch.seen import Seen

BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Upper bounds of the classes of duration [s]."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MEMORY = Path("/proc/self/statm")
_PAGE_BYTES = 4096


class Counts:
    """Counts of one process.

    Labels are few whatever is asked for: patterns of addresses, known methods, statuses, names of crews.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "phusa_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "phusa_request_seconds", "Time until the last byte was sent", ("route",), buckets=BOUNDS_S,
            registry=self.registry,
        )  # fmt: skip
        self.running = self._gauge("phusa_requests_running", "Requests at work", mode="livesum")
        self._load = self._gauge("phusa_crew_requests", "Requests run or kept waiting", "crew", mode="livesum")
        self._refused = Counter(
            "phusa_crew_refused", "Requests for which a crew had no room", ("crew",), registry=self.registry
        )
        self._transaction = self._gauge(
            "phusa_publication_transaction", "Last transaction that is shown, by the worker furthest behind",
            "level", mode="livemin",
        )  # fmt: skip
        self._recorded = self._gauge(
            "phusa_publication_recorded_seconds", "When it was recorded, in seconds since 1970", "level", mode="livemin"
        )
        self._memory = self._gauge("phusa_worker_memory_bytes", "Resident memory of a worker", mode="liveall")
        self._known: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._told: dict[str, int] = {}

    def note(self, seen: Seen) -> None:
        """Count one request."""
        method = seen.scope["method"] if seen.scope["method"] in METHODS else "other"
        key = (seen.route, method, seen.status)
        found = self._known.get(key)
        if found is None:
            labels = (self._requests.labels(key[0], key[1], str(key[2])), self._seconds.labels(key[0]))
            found = self._known[key] = labels
        found[0].inc()
        found[1].observe(seen.seconds)

    def note_load(self, crew: str, load: int, refused: int) -> None:
        """Note how much a crew has to do.

        Parameters
        ----------
        crew : str
            Its name.
        load : int
            Requests that it runs or keeps waiting [1].
        refused : int
            Requests that it has refused since it began [1].
        """
        self._load.labels(crew).set(load)
        self._refused.labels(crew).inc(refused - self._told.get(crew, 0))
        self._told[crew] = refused

    def note_publication(self, level: str, transaction: int, recorded: float) -> None:
        """Note which state of a publication is shown.

        Parameters
        ----------
        level : str
            Its access level.
        transaction : int
            The last transaction that it shows [1].
        recorded : float
            When that was recorded [s since 1970].
        """
        self._transaction.labels(level).set(transaction)
        self._recorded.labels(level).set(recorded)

    def note_memory(self) -> None:
        """Note how much memory this process has, where the system tells it."""
        if _MEMORY.exists():
            self._memory.set(int(_MEMORY.read_text(encoding="ascii").split()[1]) * _PAGE_BYTES)

    def _gauge(self, name: str, text: str, *labels: str, mode: Any) -> Gauge:
        """Make a gauge that forgets processes which have ended."""
        return Gauge(name, text, labels, multiprocess_mode=mode, registry=self.registry)
