"""Token buckets: how often somebody may ask.

A bucket holds some tokens and is filled steadily; a request takes one. Whoever waits a while may ask often for a
moment; whoever never stops is held to the rate.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

BURST_S = 10.0
"""A full bucket holds what comes in this time [s]."""
NAMELESS = "nameless"
"""The bucket of all whose address a proxy does not tell."""
MAXIMUM_BUCKETS = 10_000
"""Beyond these the longest unused is forgotten; whoever has so many addresses needs no full bucket."""


class Buckets:
    """One bucket for each who asks.

    Parameters
    ----------
    rate : float [1/s]
        How often each may ask.
    clock : callable
        Tells a time that never goes back [s].
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._size = rate * BURST_S
        self._clock = clock
        self._held: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, who: Hashable) -> float:
        """Take a token.

        Parameters
        ----------
        who : hashable
            Whose bucket.

        Returns
        -------
        float [s]
            0 where there was one, else how long to wait for the next.
        """
        now = self._clock()
        held, since = self._held.pop(who, (self._size, now))
        held = min(self._size, held + (now - since) * self._rate)
        self._held[who] = (held - 1 if held >= 1 else held), now
        if len(self._held) > MAXIMUM_BUCKETS:
            self._held.popitem(last=False)
        return 0.0 if held >= 1 else (1 - held) / self._rate


@lru_cache(4096)
def origin_of(host: str | None) -> str | None:
    """Return whose bucket an address takes from, ``None`` where it is this machine.

    Parameters
    ----------
    host : str or None
        Address of a client; a socket of this machine has none. An IPv6 one counts as its /64, which is what one
        household gets.

    Examples
    --------
    >>> origin_of("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::/64'
    >>> origin_of("127.0.0.1") is None
    True
    """
    if not host:
        return None
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return NAMELESS  # what a proxy may write instead, such as `unknown` or `_hidden`
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return None if found.is_loopback else f"{IPv6Address(int(found) >> 64 << 64)}/64"
    plain = (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return None if plain.is_loopback else str(plain)
