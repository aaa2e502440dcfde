"""How a restricted thing is shown to the public where its register allows that: where it is about, and little else.

The place becomes the centre of a square of a grid that never moves, so that many answers tell no more than one. What
would lead to the exact place is left out: names, codes, addresses, free text and ties to other things.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from sdi.declaration import Field
from sdi.publishing.timeline import ROW, Fact

GENERALISED = "generalised_m"
"""Property that says how wide the square is in whose centre a thing is shown [m]; it has none where it is exact."""
TELLING = ("text", "reference")
"""Types of fields that may lead to the exact place."""


def snapped(blob: bytes, width_m: float) -> bytes:
    """Return the centre of the square in which a place lies.

    Parameters
    ----------
    blob : bytes
        WKB of the place [m, storage CRS].
    width_m : float
        Width of the squares [m]; one of them has a corner at the origin of the storage CRS.

    Returns
    -------
    bytes
        WKB of a point [m, storage CRS], at most 0.71 times the width away from the middle of the place.

    Examples
    --------
    >>> shapely.from_wkb(snapped(shapely.to_wkb(shapely.Point(584012, 1109049.9)), 50)).wkt
    'POINT (584025 1109025)'
    """
    middle = shapely.from_wkb(blob).centroid
    corner = np.floor(np.array([middle.x, middle.y]) / width_m)
    centre: bytes = shapely.to_wkb(shapely.Point((corner + 0.5) * width_m))
    return centre


def veiled(facts: Sequence[Fact], fields: Sequence[Field], width_m: float) -> list[Fact]:
    """Return what the public may see of what is known of a restricted thing.

    Parameters
    ----------
    facts : sequence of Fact
        Everything recorded about it; the row's value is its status, then the values of the fields.
    fields : sequence of Field
        Those fields.
    width_m : float
        Width of the squares [m].
    """
    hidden = [False, *(field.type in TELLING for field in fields)]
    made = []
    for fact in facts:
        if fact.slot == ROW:
            shown = tuple(None if hide else value for value, hide in zip(fact.value, hidden, strict=True))
            made += [fact._replace(value=shown), fact._replace(slot=GENERALISED, value=width_m)]
        elif fact.slot == "geometry":
            made.append(fact._replace(value=snapped(fact.value, width_m)))
    return made
