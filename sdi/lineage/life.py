"""How long a thing was there: since when, until when, in which states, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from sdi.errors import NotInRegister
from sdi.history import TERMINAL, Moment
from sdi.store.schema import REGISTER_PREFIX
from sdi.store.store import Store


@dataclass(frozen=True, slots=True)
class Life:
    """The life of one thing, as it was known at some transaction."""

    eid: str
    kind: str
    spans: tuple[tuple[Moment, Moment, str], ...]
    """Since when, until when, in which state; in the order of time."""

    @property
    def start(self) -> Moment:
        """First moment of which something is known."""
        return self.spans[0][0]

    @property
    def end(self) -> Moment:
        """First moment at which it was gone; ``FOREVER`` where it lasts."""
        return next((start for start, _, status in self.spans if status in TERMINAL), self.spans[-1][1])

    @property
    def status(self) -> str:
        """The last state known."""
        return self.spans[-1][2]

    def holds(self, moment: str) -> bool:
        """Tell whether it was there at a moment."""
        return self.start <= moment < self.end

    def status_at(self, moment: str) -> str:
        """Return its state at a moment; the last one where nothing is known of that moment."""
        return next((status for start, end, status in self.spans if start <= moment < end), self.status)


def life(store: Store, eid: str, tx: int) -> Life:
    """Return the life of a thing.

    Parameters
    ----------
    store : Store
        Where it is kept.
    eid : str
        The thing.
    tx : int
        Transaction up to which something shall have been known.

    Returns
    -------
    Life
        At least one span.

    Raises
    ------
    NotInRegister
        If the thing was not known then.
    """
    kind = store.select("SELECT kind FROM entity WHERE eid = ? AND tx_from <= ?", (eid, tx))
    spans = kind and store.select(
        f'SELECT valid_from, valid_to, status FROM "{REGISTER_PREFIX}{kind[0][0]}" '
        "WHERE eid = ? AND tx_from <= ? AND ? < tx_to ORDER BY valid_from",
        (eid, tx, tx),
    )
    if not spans:
        raise NotInRegister(f"no thing {eid} is known; was it recorded later or in another registry?")
    return Life(eid, kind[0][0], tuple((Moment(start), Moment(end), status) for start, end, status in spans))
