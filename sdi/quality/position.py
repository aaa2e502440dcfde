"""Codes that tell a position, held against the place that came with them: a difference is said, and never mended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from sdi.crs import CRS84, StorageCRS
from sdi.declaration import Scheme
from sdi.place import geohash
from sdi.source import Finding

FAR_M = 10.0
"""Distance from which a code names another place, and not the same one measured otherwise [m]."""
_CODE = re.compile(f"[0-9b-hjkmnp-z]{{{geohash.LENGTH}}}")


def compared(
    scheme: Scheme, codes: Sequence[object], places: NDArray[np.object_], rows: Sequence[int], crs: StorageCRS
) -> Iterator[Finding]:
    """Yield what codes and places say differently.

    The point of a parcel that its code was made of is not delivered, and two valid operations between two datums put
    one point into different cells. So a difference is no error: the code stays as it was issued.

    Parameters
    ----------
    scheme : Scheme
        The codes' scheme; nothing is compared where its codes tell no position.
    codes : sequence (n,)
        Codes, ``None`` where a thing has none.
    places : ndarray of geometry (n,) [storage CRS]
        Where the things are.
    rows : sequence of int (n,)
        Numbers of the rows as delivered.
    crs : StorageCRS
        The storage CRS with its operation.

    Yields
    ------
    Finding
        One for all codes that are not those of the place, and one for each that names a place far away.
    """
    told = [
        at
        for at, code in enumerate(codes if scheme.position else ())
        if isinstance(code, str) and _CODE.fullmatch(code.lower()) and not shapely.is_missing(places[at])
    ]
    if not told:
        return
    said = [str(codes[at]).lower() for at in told]
    points = shapely.get_coordinates(crs.to_crs84(shapely.point_on_surface(places[told])))
    now = geohash.encode(points)
    away = shapely.distance(places[told], crs.to_storage(shapely.points(geohash.decode(said)), CRS84))
    others = [number for number, (one, two) in enumerate(zip(said, now, strict=True)) if one != two]
    if others:
        yield _differing(scheme, len(told), len(others), float(away[others].max()))
    for number in others:
        if away[number] > FAR_M:
            message = f"{scheme.name} {said[number]} names a place {away[number]:,.0f} m from this one; which is wrong?"
            yield Finding("identifier-elsewhere", rows[told[number]], message, "accepted", before=said[number])


def _differing(scheme: Scheme, all_: int, others: int, away: float) -> Finding:
    """Say how many codes are not those of the place."""
    message = (
        f"{others:,} of {all_:,} codes of {scheme.name} are not what the place would give today, at most {away:,.2f} m "
        "outside it: another point, survey or datum operation; they are kept as they were issued"
    )
    return Finding("identifier-recomputed", None, message, "accepted")
