"""Areas by name: where a thing must lie whose attributes name its ward, by a present or a former name or code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sdi import text

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BORDER = 25.0
"""How far a thing may lie outside the area it names: drawn borders and lists of addresses are not exact [m]."""
_NAMING = 0.8
"""Share of different values that must be names for a column to be one of names [1]."""
_LOOKED_AT = 500
"""Most values of a column that are looked at."""
_SCALARS = (str, int, float)


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """Areas by the names under which attributes know them, former ones included."""

    shapes: Mapping[str, BaseGeometry] = field(default_factory=dict)
    """Key to area [m, storage CRS]: all areas together that ever bore the name, so that an old name is never wrong."""
    borders: Mapping[str, BaseGeometry] = field(default_factory=dict)
    """Key to the border of the area [m, storage CRS]."""
    kinds: frozenset[str] = frozenset()
    """Words for the kind of area, such as «phuong»; they are no part of a key."""

    @classmethod
    def of(cls, named: Iterable[tuple[str, BaseGeometry]], kinds: Iterable[str] = ()) -> Areas:
        """Gather areas under their names.

        Parameters
        ----------
        named : iterable of (str, geometry)
            Names and codes, present and former, each with its area [m, storage CRS].
        kinds : iterable of str
            What such areas are called in general.
        """
        words = frozenset(" ".join(text.words(one)) for one in kinds)
        gathered: dict[str, list[BaseGeometry]] = {}
        for name, shape in named:
            gathered.setdefault(_key(name, words), []).append(shape)
        shapes = {key: shapely.buffer(shapely.union_all(found), BORDER) for key, found in gathered.items() if key}
        borders = {key: shapely.boundary(shape) for key, shape in shapes.items()}
        shapely.prepare([*shapes.values(), *borders.values()])
        return cls(shapes, borders, words)

    def find(self, value: object) -> str | None:
        """Return the key of the area that a value names, None where it names none.

        The kind of area may be written out, shortened («P. Tân An») or left out.
        """
        if value is None or value != value:  # a missing number is not itself
            return None
        whole = isinstance(value, float) and value.is_integer()  # a code that was read as a number
        name = _key(str(int(value)) if whole else str(value), self.kinds)  # type: ignore[call-overload]
        return next((one for one in (name, name.partition(" ")[2]) if one in self.shapes), None)

    def contain(self, xy: FloatArray, moves: FloatArray, keys: Sequence[str | None]) -> BoolArray:
        """Tell which points lie in the area they name, when they are moved.

        Parameters
        ----------
        xy : ndarray (n, 2) [m, storage CRS]
            Points.
        moves : ndarray (move, 2) [m]
            Moves.
        keys : sequence of str (n,)
            Key of the area that each names, or None.

        Returns
        -------
        ndarray (move, n) of bool
            False where none is named.
        """
        inside = np.zeros((len(moves), len(xy)), dtype=bool)
        names = np.array([one or "" for one in keys], dtype=str)
        reach = np.hypot(*moves.T).max(initial=0.0)
        for name in np.unique(names[names != ""]):
            at, shape = np.flatnonzero(names == name), self.shapes[str(name)]
            inside[:, at] = shapely.contains_xy(shape, *xy[at].T)
            # What lies deep inside an area, or far outside, stays there however it is moved.
            near = at[shapely.dwithin(self.borders[str(name)], shapely.points(xy[at]), reach)]
            x, y = np.moveaxis(xy[near] + moves[:, None, :], -1, 0)
            inside[:, near] = shapely.contains_xy(shape, x, y)
        return inside


def _key(name: str, kinds: frozenset[str]) -> str:
    """Return the key of a name: folded words, without those that only say the kind."""
    words = text.words(name.replace(".", " "))
    for count in (2, 1):
        if len(words) > count and " ".join(words[:count]) in kinds:
            return " ".join(words[count:])
        if len(words) > count and " ".join(words[-count:]) in kinds:
            return " ".join(words[:-count])
    return " ".join(words)


def naming(columns: pd.DataFrame, areas: Areas) -> list[object]:
    """Return the column of a table that names the area of each row.

    Parameters
    ----------
    columns : DataFrame
        Attributes as delivered.
    areas : Areas
        The areas.

    Returns
    -------
    list of object (row,)
        Values of the column in which most values are names of areas; empty where no column holds them as a rule.
    """
    shares = {place: _share(columns.iloc[:, place], areas) for place in range(columns.shape[1])}
    best = max(shares, key=lambda place: shares[place], default=None)
    if best is None or shares[best] < _NAMING:
        return []
    return [one if isinstance(one, _SCALARS) and one == one else None for one in columns.iloc[:, best].tolist()]


def _share(values: pd.Series[Any], areas: Areas) -> float:
    """Return which share of the values of a column, those missing left out, are names of areas [1]."""
    some = {one for one in values.dropna().head(_LOOKED_AT).tolist() if isinstance(one, _SCALARS)}
    return sum(areas.find(one) is not None for one in some) / len(some) if some else 0.0
