"""What each quarter is used for: parks, schools, markets and the rest find their places before the houses do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from pipelines.city.frame import BoolArray, FloatArray, Frame, Geometries, IntArray


@dataclass(frozen=True, slots=True)
class Wish:
    """Quarters wanted for one use."""

    use: str
    """Land use code."""
    count: int
    """How many in the full city [1]."""
    area: tuple[float, float]
    """Smallest and largest area [m2]."""
    places: tuple[tuple[float, float], ...]
    """Where they belong, as shares of the city's length and depth; empty spreads them over the town."""
    urban: tuple[float, float] = (0.0, 1.0)
    """Range of intensity [1]."""
    together: bool = False
    """Whether all stay near the places, instead of spreading once every place has one."""


WISHES = (
    Wish("DCH", 5, (6_000, 30_000), ((0.40, 0.05), (0.20, 0.10), (0.62, 0.12), (0.89, 0.12), (0.68, 0.65)), (0.2, 1.0)),
    Wish("DKV", 14, (12_000, 60_000), ((0.44, 0.04), (0.33, 0.22)), (0.25, 1.0)),
    Wish("DYT", 3, (15_000, 50_000), ((0.47, 0.20), (0.30, 0.35), (0.86, 0.20)), (0.2, 1.0)),
    Wish("TSC", 4, (6_000, 40_000), ((0.39, 0.10), (0.42, 0.14)), (0.3, 1.0)),
    Wish("DTT", 2, (20_000, 60_000), ((0.52, 0.30), (0.30, 0.12)), (0.2, 0.9)),
    Wish("DVH", 3, (5_000, 30_000), ((0.43, 0.09), (0.35, 0.07)), (0.3, 1.0)),
    Wish("DGD", 20, (8_000, 40_000), (), (0.2, 1.0)),
    Wish("TON", 9, (2_500, 15_000), (), (0.15, 1.0)),
    Wish("TMD", 11, (8_000, 45_000), ((0.41, 0.04), (0.46, 0.10), (0.36, 0.14), (0.50, 0.16)), (0.4, 1.0)),
    Wish(
        "SKN",
        12,
        (20_000, 160_000),
        ((0.90, 0.55), (0.92, 0.60), (0.88, 0.62), (0.94, 0.55)),
        (0.0, 0.3),
        together=True,
    ),
    Wish("DNL", 1, (8_000, 60_000), ((0.55, 0.62),), (0.0, 0.6)),
    Wish("DTL", 1, (8_000, 60_000), ((0.12, 0.06),), (0.0, 0.7)),
    Wish("NTD", 2, (10_000, 90_000), ((0.15, 0.85), (0.60, 0.92)), (0.0, 0.2)),
    Wish("DGT", 2, (10_000, 60_000), ((0.45, 0.58), (0.26, 0.60)), (0.0, 0.8)),
)
"""Wishes in the order in which they choose."""
HOMES = 0.17
"""Intensity above which a quarter nobody wished for becomes a quarter of town houses [1]."""


def assign(frame: Frame, quarters: Geometries, urban: FloatArray, rng: np.random.Generator) -> Geometries:
    """Give every quarter its use.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    quarters : ndarray (quarter,) of Polygon [EPSG:5897]
        Pieces of land.
    urban : ndarray (quarter,) [1]
        Intensity of each.
    rng : Generator
        Source of small preferences.

    Returns
    -------
    ndarray (quarter,) of str
        Land use codes: what was wished for, houses in the town, gardens and rice behind it.
    """
    along, inland = frame.locate(shapely.centroid(quarters))
    place = np.stack([along / frame.length, inland / frame.depth], axis=1)
    area, shape = shapely.area(quarters), _compactness(quarters)
    use = np.where(urban >= HOMES, "ODT", "ONT").astype(object)
    free = shape > 0.58
    for wish in WISHES:
        least, most = wish.area[0] * frame.unit, wish.area[1] * max(0.45, frame.unit)
        fits = (area >= least) & (area <= most) & (urban >= wish.urban[0]) & (urban <= wish.urban[1])
        for number in range(max(1, round(wish.count * frame.unit**2))):
            candidates = np.flatnonzero(fits & free)
            if len(candidates) == 0:
                break
            targeted = number < len(wish.places) or wish.together
            target = wish.places[number % len(wish.places)] if targeted else None
            score = _distance(place, candidates, target, use == wish.use) + rng.uniform(0, 0.02, len(candidates))
            chosen = candidates[score.argmin()]
            use[chosen], free[chosen] = wish.use, False
    return use


def _compactness(polygons: Geometries) -> FloatArray:
    """Share of the circle of equal girth that a polygon fills [1]."""
    return np.asarray(4 * np.pi * shapely.area(polygons) / shapely.length(polygons) ** 2)


def _distance(
    place: FloatArray, candidates: IntArray, target: tuple[float, float] | None, taken: BoolArray
) -> FloatArray:
    """Score of candidates, lower is better: near the target, or else far from those that serve already."""
    here = place[candidates]
    if target is not None:
        return np.asarray(np.hypot(*(here - np.array(target)).T))
    others = place[taken] if taken.any() else np.array([[0.41, 0.05]])
    gap = np.hypot(here[:, None, 0] - others[None, :, 0], here[:, None, 1] - others[None, :, 1])
    return np.asarray(-np.minimum(gap.min(axis=1), 0.25))
