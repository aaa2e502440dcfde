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
from typing import Self
from uuid import UUID

from sdi import label
from sdi.declaration import Scheme
from sdi.errors import InputError

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Ids:
    """A source of UUIDv7 identifiers, ordered by the time they were made.

    Parameters
    ----------
    random_bytes : callable
        ``n -> bytes`` of that length.
    milliseconds : callable
        Unix time in ms.
    timeless : TimelessIds, optional
        Of the things that not everybody may see.
    """

    def __init__(
        self, random_bytes: Callable[[int], bytes], milliseconds: Callable[[], int], timeless: TimelessIds | None = None
    ) -> None:
        self._random = random_bytes
        self._milliseconds = milliseconds
        self._last = 0
        self.timeless = timeless or TimelessIds()
        """Where things get their identifiers that not everybody may see."""

    @classmethod
    def system(cls) -> Ids:
        """Draw from the system's random source and clock."""
        return cls(secrets.token_bytes, lambda: time.time_ns() // 1_000_000)

    @classmethod
    def seeded(cls, seed: int, start_ms: int = 1_767_225_600_000) -> Ids:
        """Draw the same identifiers in every build: for tests and the demonstration city."""
        timeless = TimelessIds(random.Random(~seed).randbytes)  # noqa: S311 - names, not secrets
        return cls(random.Random(seed).randbytes, lambda: start_ms, timeless)  # noqa: S311

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
            made.append(f"{stamp[:8]}-{stamp[8:12]}-7{stamp[12:]}-{_VARIANT[tail[0]]}{tail[1:4]}-{tail[4:]}")
        return made


class TimelessIds:
    """A source of UUIDv4 identifiers, which tell neither when they were made nor what was made between them.

    Parameters
    ----------
    random_bytes : callable
        ``n -> bytes`` of that length.
    """

    def __init__(self, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random = random_bytes

    @property
    def timeless(self) -> Self:
        """Where things get their identifiers that not everybody may see: here."""
        return self

    def take(self, count: int) -> list[str]:
        """Make identifiers in no order.

        Parameters
        ----------
        count : int
            How many.
        """
        noise = self._random(16 * count)
        return [str(UUID(bytes=noise[16 * at : 16 * at + 16], version=4)) for at in range(count)]


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


def sought(scheme: Scheme | None, value: str) -> str:
    """Return the form in which a code that somebody looks for is compared: of a label, with O read as 0."""
    return normalised(label.canonical(value) if scheme is not None and scheme.check else value)


def check_code(scheme: str, pattern: str | None, value: str, check: str | None = None) -> str:
    """Return the official code as it is recorded, or say why it cannot be one.

    Parameters
    ----------
    scheme : str
        Name of the scheme, for the message.
    pattern : str, optional
        Regular expression that the whole code matches.
    value : str
        The code as delivered.
    check : str, optional
        How typing errors are noticed.

    Raises
    ------
    InputError
        If it is empty, does not match or has a typing error.
    """
    text = " ".join(unicodedata.normalize("NFC", str(value)).split())
    if not text:
        raise InputError(
            f"an identifier of scheme {scheme} is empty; leave it out where a thing has none", code="identifier-empty"
        )
    text = label.read(text) if check else text
    if pattern and not re.fullmatch(pattern, text):
        raise InputError(
            f"identifier {text!r} does not fit scheme {scheme}, which expects {pattern}; were leading zeros lost?",
            code="identifier-pattern",
        )
    return text
