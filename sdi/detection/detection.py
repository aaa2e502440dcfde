"""The CRS of a delivery, told by what its attributes say and by what it lies beside.

Readings in the grids of one country differ by some hundred metres to some ten kilometres, and most of them stay inside
the city: a bounding box says nothing. Two kinds of witnesses do.

- A thing that names its ward lies in that ward. Each thing outside counts `OUTSIDE` against a reading. Wards are wide:
  a cluster of things in the middle of one cannot tell readings that are 225 m apart.
- A delivery *knows where the streets are*: read rightly, its things keep the distances to streets, parcels and houses
  that such things have; read wrongly, the distances of chance. It knows ``n · KL(f ‖ g)`` nats: *f* is the distribution
  of the distance classes of its *n* things in a reading, *g* that of the same things moved around there.

Things along one street are no independent witnesses, so odds alone would promise too much. What chance can do is
measured in place: the best reading must beat every other reading, and all places around it (`spot.Spot`), by
`spot.MARGIN`. A street that fits along its whole length fits moved along itself as well, and a cluster fits moved
inside its ward: both are refused. So is a delivery in a system that is no candidate: either its things fit better some
hundred metres off, where they truly are, or they fit here no better than chance has it elsewhere. What lies nearer than
the evidence can tell is not refused; how near that is, is said with the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sdi.crs import StorageCRS
from sdi.detection.candidate import Candidate, read_as
from sdi.detection.fit import CHANCE, OUTSIDE, Fit
from sdi.detection.reference import Reference
from sdi.detection.sample import Sample
from sdi.detection.spot import Spot
from sdi.detection.verdict import Standing, Verdict

FloatArray = NDArray[np.float64]
Geometries = NDArray[np.object_]

_ELSEWHERE = 0.5
"""A reading with fewer of its things near the city, or in the areas they name, is ruled out [1]."""
_THINGS = 256
"""Most things that are looked at where there are lines; each of them says much."""
_THINGS_IN_AREAS = 1024
"""Most things that are looked at where there are only areas; only those near a border say something."""


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
    (best, fit), *others = sorted(standings, key=lambda one: one[0].score, reverse=True)
    verdict = Verdict((best, *(one for one, _ in others)))
    if fit is None or verdict.margin <= 0:
        return verdict
    return Verdict((best.searched(Spot.find(fit)), *verdict.standings[1:]))


def _standing(
    sample: Sample, candidate: Candidate, reference: Reference, storage: StorageCRS
) -> tuple[Standing, Fit | None]:
    """Judge one reading in place; None where it lies elsewhere."""
    xy = read_as(sample.xy, candidate, storage)
    if not sample.count or sample.share(reference.is_near(xy)) < _ELSEWHERE:
        return Standing(candidate), None
    fit = Fit.of(sample, xy, reference)
    inside = None
    if sample.named.any():
        inside = 1.0 - float(fit.outside(CHANCE[:1])[0]) / sample.weigh(sample.named)
        if inside < _ELSEWHERE:
            return Standing(candidate, inside=inside), None
    knowledge = fit.knowledge(CHANCE)
    score = sum(knowledge.values(), -OUTSIDE * fit.outside(CHANCE))
    here = {name: float(one[0]) for name, one in knowledge.items()}
    return Standing(candidate, float(score[0]), float(score[1:].max()), inside, here), fit
