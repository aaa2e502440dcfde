"""Identifiers: opaque for things, dated rows for every official code.

A thing is named by a UUIDv7 that means nothing. Ward codes, parcel numbers, asset tags and agency numbers are rows
with a scheme and dates, because all of them are reused, renamed or carried to other territory sooner or later.
"""

from __future__ import annotations

import random
import re
import secrets
import time
import unicodedata
from collections.abc import Callable

from sdi.errors import InputError

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Ids:
    """A source of UUIDv7 identifiers, ordered by the time they were made.

    Parameters
    ----------
    random_bytes : callable
        ``n -> bytes`` of that length.
    milliseconds : callable
        Unix time in ms.
    """

    def __init__(self, random_bytes: Callable[[int], bytes], milliseconds: Callable[[], int]) -> None:
        self._random = random_bytes
        self._milliseconds = milliseconds
        self._last = 0

    @classmethod
    def system(cls) -> Ids:
        """Draw from the system's random source and clock."""
        return cls(secrets.token_bytes, lambda: time.time_ns() // 1_000_000)

    @classmethod
    def seeded(cls, seed: int, start_ms: int = 1_767_225_600_000) -> Ids:
        """Draw the same identifiers in every build: for tests and the demonstration city."""
        return cls(random.Random(seed).randbytes, lambda: start_ms)  # noqa: S311 - names, not secrets

    def take(self, count: int) -> list[str]:
        """Make identifiers that sort in the order they are returned.

        Parameters
        ----------
        count : int
            How many.

        Returns
        -------
        list of str
            UUIDv7 in canonical form. A 12-bit counter keeps the order within a millisecond; where it runs over, the
            time part moves on by one.
        """
        first = max(self._milliseconds() << 12, self._last + 1)
        self._last = first + count - 1
        noise = self._random(8 * count).hex()
        made = []
        for number in range(count):
            stamp = f"{first + number:015x}"
            tail = noise[16 * number : 16 * number + 16]
            variant = "89ab"[int(tail[0], 16) & 3]
            made.append(f"{stamp[:8]}-{stamp[8:12]}-7{stamp[12:]}-{variant}{tail[1:4]}-{tail[4:]}")
        return made


def is_identifier(text: str) -> bool:
    """Tell whether a text is an identifier in canonical form."""
    return bool(_UUID.fullmatch(text))


def normalised(value: str) -> str:
    """Bring an official code to the form in which it is compared: NFC, no outer or doubled spaces, upper case.

    Examples
    --------
    >>> normalised(" ct-  tree 0012 ")
    'CT- TREE 0012'
    """
    return " ".join(unicodedata.normalize("NFC", value).split()).upper()


def check_code(scheme: str, pattern: str | None, value: str) -> str:
    """Return the official code as it is recorded, or say why it cannot be one.

    Parameters
    ----------
    scheme : str
        Name of the scheme, for the message.
    pattern : str, optional
        Regular expression that the whole code matches.
    value : str
        The code as delivered.

    Raises
    ------
    InputError
        If it is empty or does not match.
    """
    text = " ".join(unicodedata.normalize("NFC", str(value)).split())
    if not text:
        raise InputError(
            f"an identifier of scheme {scheme} is empty; leave it out where a thing has none", code="identifier-empty"
        )
    if pattern and not re.fullmatch(pattern, text):
        raise InputError(
            f"identifier {text!r} does not fit scheme {scheme}, which expects {pattern}; were leading zeros lost?",
            code="identifier-pattern",
        )
    return text
