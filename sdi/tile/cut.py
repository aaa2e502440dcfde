"""How a collection is cut into a tile, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from sdi.tile.layer import Kind, layer
from sdi.tile.quad import UNITS, Tile
from sdi.tile.shape import SMALLEST, shapes


@dataclass(frozen=True, slots=True)
class Cut:
    """What is wanted of a collection for a tile."""

    tile: Tile
    columns: Mapping[str, Kind] = field(default_factory=dict)
    """Properties to write, each with the kind of its values."""
    most: int | None = None
    """So many features at most, the largest first; all where absent."""
    side: int = UNITS
    """Units along the side of the tile [1]."""
    sized: bool = True
    """Whether every feature has a size, so that those too small to be seen need not be looked at."""

    @property
    def smallest(self) -> tuple[float, float]:
        """Width and height of which a line or an area must have one to be seen [degree, CRS84]."""
        west, south, east, north = self.tile.box
        return SMALLEST * (east - west) / self.side, SMALLEST * (north - south) / self.side


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tile, and how many features it shows."""

    content: bytes
    """Empty where nothing is there."""
    shown: int


def drawn(name: str, rows: Sequence[Sequence[Any]], cut: Cut) -> Drawn:
    """Write a tile of features.

    Parameters
    ----------
    name : str
        Name of the layer.
    rows : sequence of sequence (n, 2 + columns)
        Of each feature its number, the WKB of its place [CRS84] and its properties.
    cut : Cut
        What is wanted.

    Returns
    -------
    Drawn
        The features in the order of the rows.
    """
    if not rows:
        return Drawn(b"", 0)
    fids, blobs, *given = zip(*rows, strict=True)
    places = np.asarray(shapely.from_wkb(blobs), dtype=object)
    units = shapely.transform(places, lambda corners: cut.tile.units(corners, cut.side))
    found = shapes(units, cut.side)
    seen = found.index.tolist()
    values = [[column[at] for at in seen] for column in given]
    columns = {key: (kind, column) for (key, kind), column in zip(cut.columns.items(), values, strict=True)}
    return Drawn(layer(name, np.array(fids, dtype=np.int64)[found.index], found, columns, cut.side), len(found.index))
