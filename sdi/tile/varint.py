"""Whole numbers as Protocol Buffers write them: seven bits to a byte, as many bytes as a number needs.

References
----------
Protocol Buffers, "Encoding", sections "Base 128 Varints" and "Signed Integers".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
_MOST = 9
"""Bytes of the largest number that fits a signed one of 64 bits [1]."""


def zigzag(numbers: Whole) -> Whole:
    """Return signed numbers as unsigned ones that are small where those are near 0.

    Parameters
    ----------
    numbers : ndarray (n,) of int64
        Signed numbers.

    Examples
    --------
    >>> zigzag(np.array([0, -1, 1, -2])).tolist()
    [0, 1, 2, 3]
    """
    return (numbers << 1) ^ (numbers >> 63)


def lengths(numbers: Whole) -> Whole:
    """Return how many bytes each number takes.

    Parameters
    ----------
    numbers : ndarray (n,) of int64
        Numbers of at least 0.

    Examples
    --------
    >>> lengths(np.array([0, 127, 128, 16_384])).tolist()
    [1, 1, 2, 3]
    """
    found = np.ones(len(numbers), dtype=np.int64)
    largest = int(numbers.max(initial=0))
    for count in range(1, _MOST):
        if largest >> 7 * count == 0:
            break
        found += numbers >= 1 << 7 * count
    return found


def encoded(numbers: Whole) -> bytes:
    """Write numbers one behind the other.

    Parameters
    ----------
    numbers : ndarray (n,) of int64
        Numbers of at least 0.

    Returns
    -------
    bytes
        As long as the sum of their `lengths`.

    Examples
    --------
    >>> encoded(np.array([1, 300])).hex()
    '01ac02'
    """
    long = lengths(numbers)
    ends = np.cumsum(long)
    starts = ends - long
    written = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    left, at, missing = numbers, starts, long
    while len(left):
        more = missing > 1
        written[at] = (left & 0x7F) | (more << 7)
        left, at, missing = left[more] >> 7, at[more] + 1, missing[more] - 1
    return written.tobytes()


def one(number: int) -> bytes:
    """Write one number of at least 0."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
