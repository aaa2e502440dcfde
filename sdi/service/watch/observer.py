"""Everything that is noted about requests, as the settings ask for it; nothing where they ask for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.middleware import Middleware

from sdi.service.access.keepers import Keepers
from sdi.service.crew import Crew
from sdi.service.watch.counts import Counts
from sdi.service.watch.journal import Journal
from sdi.service.watch.sample import sample
from sdi.service.watch.watch import Watch
from sdi.settings import Settings


class Observer:
    """Access log and counts of one application.

    Parameters
    ----------
    settings : Settings
        Whether there is a log, and whether counts are shown.
    """

    def __init__(self, settings: Settings) -> None:
        self._journal = Journal(settings.access_log) if settings.access_log else None
        self.counts = Counts() if settings.metrics else None
        self._sampling: asyncio.Task[None] | None = None

    @property
    def middleware(self) -> list[Middleware]:
        """What stands before everything else."""
        if self._journal is None and self.counts is None:
            return []
        return [Middleware(Watch, journal=self._journal, counts=self.counts)]

    def start(self, crews: Iterable[Crew], keepers: Keepers) -> None:
        """Begin to look from time to time.

        Parameters
        ----------
        crews : iterable of Crew
            Those of the application.
        keepers : Keepers
            What is shown.
        """
        if self.counts is not None:
            self._sampling = asyncio.create_task(sample(self.counts, crews, keepers))

    def close(self) -> None:
        """Look no more, and let the log go."""
        if self._sampling is not None:
            self._sampling.cancel()
        if self._journal is not None:
            self._journal.close()
