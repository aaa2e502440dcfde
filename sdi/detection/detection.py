"""The CRS of a delivery, told by what its attributes say and by what it lies beside.

Readings in the grids of one country differ by some hundred metres to some ten kilometres, and most of them stay inside
the city: a bounding box says nothing. Two kinds of witnesses do.

- A thing that names its ward lies in that ward. Each thing outside counts `OUTSIDE` against a reading. Wards are wide:
  a cluster of things in the middle of one cannot tell readings that are 225 m apart.
- A delivery *knows where the streets are*: read rightly, its things keep the distances to streets, parcels and houses
  that such things have; read wrongly, the distances of chance. It knows ``n · KL(f ‖ g)`` nats: *f* is the distribution
  of the distance classes of its *n* things in a reading, *g* that of the same things moved around there.

Things along one street are no independent witnesses, so odds alone would promise too much. What chance can do is
measured in place: a reading is also moved by some hundred metres in all directions, and the best one must beat every
other reading and *every move of itself* by `verdict.MARGIN`. A street that fits along its whole length fits moved along
itself as well, and a cluster fits moved inside its ward: both are refused. So is a delivery in a system that is no
candidate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sdi.crs import StorageCRS
from sdi.detection.candidate import Candidate, read_as
from sdi.detection.nearness import FAR, Nearness
from sdi.detection.reference import Reference
from sdi.detection.sample import Sample
from sdi.detection.verdict import Standing, Verdict

FloatArray = NDArray[np.float64]
Geometries = NDArray[np.object_]

OUTSIDE = 3.0
"""What a thing outside the area it names counts against a reading [nat]: 20 to 1, for such lists have errors."""
_ELSEWHERE = 0.5
"""A reading with fewer of its things near the city, or in the areas they name, is ruled out [1]."""
_THINGS = 256
"""Most things that are looked at where there are lines; each of them says much."""
_THINGS_IN_AREAS = 1024
"""Most things that are looked at where there are only areas; only those near a border say something."""
_RINGS = (160.0, 230.0, 310.0)
"""How far readings are moved to see whether they fit there as well [m]."""
_BEARINGS = 12


def detect(
    geometries: Geometries,
    names: Sequence[object],
    candidates: Sequence[Candidate],
    reference: Reference,
    storage: StorageCRS,
) -> Verdict:
    """Judge in which coordinate system a delivery was written.

    Parameters
    ----------
    geometries : ndarray (n,) of shapely geometry [unknown CRS]
        As they stand in the file; missing ones are left out.
    names : sequence of object (n,)
        What each says of the area it lies in; None, or no such area, where it says nothing. Empty where nothing does.
    candidates : sequence of Candidate
        Readings to try, at least one.
    reference : Reference
        What the city knows.
    storage : StorageCRS
        CRS of the city.

    Returns
    -------
    Verdict
        All readings, the best first; `Verdict.accepted` is None where there is doubt.
    """
    keys = {name: reference.areas.find(name) for name in set(names)}
    sample = Sample.of(geometries, [keys[one] for one in names], _THINGS if reference.lines else _THINGS_IN_AREAS)
    standings = [_standing(sample, one, reference, storage) for one in candidates]
    return Verdict(tuple(sorted(standings, key=lambda one: one.score, reverse=True)))


def _moves() -> FloatArray:
    """Return no move, then moves in all directions (copy, 1, 2) [m]; each ring begins at another bearing."""
    moves = [np.zeros((1, 2))]
    for number, radius in enumerate(_RINGS):
        angle = 2 * np.pi * (np.arange(_BEARINGS) + number / len(_RINGS)) / _BEARINGS
        moves.append(radius * np.column_stack([np.cos(angle), np.sin(angle)]))
    return np.concatenate(moves)[:, None, :]


_MOVES = _moves()


def _standing(sample: Sample, candidate: Candidate, reference: Reference, storage: StorageCRS) -> Standing:
    """Judge one reading, in place and moved."""
    xy = read_as(sample.xy, candidate, storage)
    if not sample.count or sample.share(reference.is_near(xy)) < _ELSEWHERE:
        return Standing(candidate)
    inside = None
    if sample.named.any():
        inside = 1.0 - float(_missing(sample, xy[None], reference)[0]) / sample.weigh(sample.named)
        if inside < _ELSEWHERE:
            return Standing(candidate, inside=inside)
    copies = xy + _MOVES
    knowledge = {name: _knowledge(sample, copies, lines) for name, lines in reference.lines.items()}
    score = sum(knowledge.values(), -OUTSIDE * _missing(sample, copies, reference))
    here = {name: float(one[0]) for name, one in knowledge.items()}
    return Standing(candidate, float(score[0]), float(score[1:].max()), inside, here)


def _missing(sample: Sample, copies: FloatArray, reference: Reference) -> FloatArray:
    """Count the things outside the areas they name (copy,) [1]."""
    outside = sample.named & ~reference.areas.contain(copies, sample.names)
    return np.asarray(outside @ sample.weight)


def _knowledge(sample: Sample, copies: FloatArray, lines: Nearness) -> FloatArray:
    """Measure what the sample knows of lines in each copy (copy,) [nat], by the nearest and the farthest corners."""
    classes = lines.at(copies)
    nearest = np.minimum.reduceat(classes, sample.first, axis=1)
    farthest = np.maximum.reduceat(classes, sample.first, axis=1)
    return (_gain(nearest) + _gain(farthest)) / 2


def _gain(classes: NDArray[np.uint8]) -> FloatArray:
    """Return ``n · KL(f ‖ g)`` of classes (copy, thing), for those that are near lines at all (copy,) [nat].

    How many are near is left out: that only says where the town is, as a bounding box does.
    """
    copies = len(classes)
    numbered = classes + (FAR + 1) * np.arange(copies)[:, None]
    counts = np.bincount(numbered.ravel(), minlength=copies * (FAR + 1)).reshape(copies, -1)[:, :FAR]
    chance = counts[1:].sum(axis=0) + 0.5
    chance /= chance.sum()
    # Two things of chance are added to each copy, so that a few things alone know nothing.
    share = (counts + 2 * chance) / (counts.sum(axis=1, keepdims=True) + 2)
    return np.asarray((counts * np.log(share / chance)).sum(axis=1))
