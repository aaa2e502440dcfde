"""What is looked at from time to time, because no single request shows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime

from starlette.exceptions import HTTPException

from sdi.errors import PhusaError
from sdi.service.access.keepers import Keepers
from sdi.service.crew import Crew
from sdi.service.watch.counts import Counts

logger = logging.getLogger(__name__)

EVERY_S = 5.0
"""How often [s]."""


async def sample(counts: Counts, crews: Iterable[Crew], keepers: Keepers) -> None:
    """Note for ever how much there is to do and what is shown.

    Parameters
    ----------
    counts : Counts
        Where it is noted.
    crews : iterable of Crew
        All of them; the first one looks at the publication, because its threads have it open.
    keepers : Keepers
        What is shown.
    """
    known = list(crews)
    while True:
        for crew in known:
            counts.note_load(crew.name, crew.load, crew.refused)
        counts.note_memory()
        try:
            await known[0].run(_note_publication, counts, keepers)
        except (PhusaError, HTTPException, OSError) as error:
            logger.debug("the publication is not looked at: %s", error)
        await asyncio.sleep(EVERY_S)


def _note_publication(counts: Counts, keepers: Keepers) -> None:
    """Note which transaction everybody is shown."""
    stock = keepers.shown_to()
    recorded = stock.publication.recorded_at
    if recorded is not None:
        counts.note_publication(stock.publication.level, stock.sequence, datetime.fromisoformat(recorded).timestamp())
