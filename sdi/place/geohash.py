"""GeoHash: a position on WGS 84 written as a text, as Việt Nam numbers its parcels.

A code is issued once and stays, however well the position is measured later. It is therefore read and compared here,
and never written into the registry.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LENGTH = 12
"""Characters of a parcel's code: a cell of about 3.7 by 1.9 cm at the equator."""
_ALPHABET = np.array(list("0123456789bcdefghjkmnpqrstuvwxyz"))
_BITS = 5 * LENGTH // 2
"""Bits of each coordinate."""
_LOW, _SPAN = np.array([-180.0, -90.0]), np.array([360.0, 180.0])


def encode(positions: NDArray[np.float64]) -> list[str]:
    """Write positions as GeoHash of 12 characters.

    Parameters
    ----------
    positions : ndarray (n, 2) [degree, WGS 84]
        Longitude, latitude.

    Returns
    -------
    list of str (n,)
        Codes; empty for no positions.

    References
    ----------
    Niemeyer (2008), geohash.org: bits of longitude and latitude in turn, longitude first, five to a character.

    Examples
    --------
    >>> encode(np.array([[10.40744, 57.64911]]))
    ['u4pruydqqvj8']
    """
    share = (np.asarray(positions, dtype=np.float64).reshape(-1, 2) - _LOW) / _SPAN
    cells = np.clip(np.floor(share * 2.0**_BITS), 0, 2**_BITS - 1).astype(np.int64)
    bits = cells[:, None, :] >> np.arange(_BITS - 1, -1, -1)[None, :, None] & 1
    numbers = bits.reshape(len(cells), LENGTH, 5) @ (1 << np.arange(4, -1, -1))
    return ["".join(row) for row in _ALPHABET[numbers]]


def decode(codes: Sequence[str]) -> NDArray[np.float64]:
    """Return the middle of the cells that codes of 12 characters name.

    Parameters
    ----------
    codes : sequence of str (n,)
        Codes of this alphabet and length.

    Returns
    -------
    ndarray (n, 2) [degree, WGS 84]
        Longitude, latitude.

    Examples
    --------
    >>> decode(["u4pruydqqvj8"]).round(5).tolist()
    [[10.40744, 57.64911]]
    """
    letters = np.array([list(code) for code in codes]).reshape(-1, LENGTH)
    numbers = np.searchsorted(_ALPHABET, letters)
    bits = (numbers[:, :, None] >> np.arange(4, -1, -1) & 1).reshape(-1, _BITS, 2)
    cells = (bits * (1 << np.arange(_BITS - 1, -1, -1))[None, :, None]).sum(axis=1)
    middle: NDArray[np.float64] = _LOW + (cells + 0.5) / 2.0**_BITS * _SPAN
    return middle
