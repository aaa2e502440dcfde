"""How well the things of a delivery fit where a reading puts them, and moved from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdi.detection.nearness import FAR
from sdi.detection.reference import Reference
from sdi.detection.sample import Sample

FloatArray = NDArray[np.float64]
Classes = NDArray[np.uint8]

OUTSIDE = 3.0
"""What a thing outside the area it names counts against a reading [nat]: 20 to 1, for such lists have errors."""
_RINGS = (160.0, 230.0, 310.0)
"""How far things are moved to measure the distances of chance [m]."""
_BEARINGS = 12
_BESIDE = np.array([0.02, 0.0625, 0.125, 0.25, 0.5, 1.0])
"""Share of places within each class beside a straight street with a few corners [1]; it counts as one more move."""


def rings(*radii: float) -> FloatArray:
    """Return no move, then moves in all directions; each ring begins at another bearing.

    Parameters
    ----------
    *radii : float [m]
        How far.

    Returns
    -------
    ndarray (move, 2) [m]
    """
    moves = [np.zeros((1, 2))]
    for number, radius in enumerate(radii):
        angle = 2 * np.pi * (np.arange(_BEARINGS) + number / 3) / _BEARINGS
        moves.append(radius * np.column_stack([np.cos(angle), np.sin(angle)]))
    return np.concatenate(moves)


CHANCE = rings(*_RINGS)
"""No move, then those that show what chance does (move, 2) [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """What chance does with the distances of things to lines."""

    shares: FloatArray
    """Share of things within each class (class,) [1]."""
    near: float
    """How many things are near a line where the reading puts them [1]."""

    @classmethod
    def of(cls, within: FloatArray, things: int) -> Chance:
        """Measure it with things that are moved.

        Parameters
        ----------
        within : ndarray (class, move) [1]
            Things within each class; the first move is none.
        things : int
            Number of things.
        """
        counts = within[:, 1:].sum(axis=1) + things * _BESIDE
        return cls(counts / counts[-1], float(within[-1, 0]))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The things of a delivery where a reading puts them."""

    sample: Sample
    xy: FloatArray
    """Their points (point, 2) [m, storage CRS]."""
    reference: Reference
    chance: Mapping[str, tuple[Chance, Chance]]
    """By register of lines, of nearest and of farthest corners."""

    @classmethod
    def of(cls, sample: Sample, xy: FloatArray, reference: Reference) -> Fit:
        """Measure what chance does in place, with the same things moved by some hundred metres.

        Parameters
        ----------
        sample : Sample
            The things.
        xy : ndarray (point, 2) [m, storage CRS]
            Their points.
        reference : Reference
            What the city knows.
        """
        moved = xy[:, None, :] + CHANCE
        within = {name: _within(sample, lines.at(moved)) for name, lines in reference.lines.items()}
        chance = {
            name: (Chance.of(near, sample.count), Chance.of(far, sample.count)) for name, (near, far) in within.items()
        }
        return cls(sample, xy, reference, chance)

    def knowledge(self, moves: FloatArray) -> dict[str, FloatArray]:
        """Measure what the delivery knows of lines when it is moved.

        Parameters
        ----------
        moves : ndarray (move, 2) [m]
            Moves.

        Returns
        -------
        dict of str to ndarray (move,) [nat]
            By register.
        """
        copies = self.xy[:, None, :] + moves
        return {
            name: self._gain(name, _within(self.sample, lines.at(copies)))
            for name, lines in self.reference.lines.items()
        }

    def knowledge_around(self, steps: FloatArray) -> FloatArray:
        """Measure what the delivery knows of all lines when it is moved along both axes by the same steps.

        Parameters
        ----------
        steps : ndarray (step,) [m]
            Even steps, as `Nearness.around` wants them.

        Returns
        -------
        ndarray (move,) [nat]
            Moved north from one run of steps to the next, and east within each.
        """
        known = np.zeros(len(steps) ** 2)
        for name, lines in self.reference.lines.items():
            classes = lines.around(self.xy, steps).reshape(len(self.xy), -1)
            known += self._gain(name, _within(self.sample, classes))
        return known

    def outside(self, moves: FloatArray) -> FloatArray:
        """Count the things outside the areas they name when the delivery is moved.

        Parameters
        ----------
        moves : ndarray (move, 2) [m]
            Moves.

        Returns
        -------
        ndarray (move,) [1]
        """
        if not self.sample.named.any():
            return np.zeros(len(moves))
        inside = self.reference.areas.contain(self.xy, moves, self.sample.names)
        return np.asarray((self.sample.named & ~inside) @ self.sample.weight)

    def scores(self, moves: FloatArray, known: FloatArray, least: float) -> FloatArray:
        """Return what speaks for the delivery when it is moved.

        Parameters
        ----------
        moves : ndarray (move, 2) [m]
            Moves.
        known : ndarray (move,) [nat]
            What it knows of all lines there.
        least : float [nat]
            A score that is not looked for more closely where it is lower.

        Returns
        -------
        ndarray (move,) [nat]
            Minus infinity below the least.
        """
        scores = np.where(known < least, -np.inf, known)
        worth = np.flatnonzero(known >= least)
        scores[worth] -= OUTSIDE * self.outside(moves[worth])
        return scores

    def _gain(self, name: str, within: tuple[FloatArray, FloatArray]) -> FloatArray:
        """Return the knowledge of one register (move,) [nat]: the mean of that of nearest and of farthest corners."""
        near, far = (gain(*pair) for pair in zip(within, self.chance[name], strict=True))
        return (near + far) / 2


def _within(sample: Sample, classes: Classes) -> tuple[FloatArray, FloatArray]:
    """Count the things within each class (class, move) [1], by their nearest and their farthest corners (point, move).

    The last class counts all that are near a line.
    """
    first, *others = sample.corners
    nearest = farthest = classes[first]
    for corner in others:
        nearest, farthest = np.minimum(nearest, classes[corner]), np.maximum(farthest, classes[corner])
    near = _cumulated(nearest)
    return near, _cumulated(farthest) if others else near


def _cumulated(classes: Classes) -> FloatArray:
    """Count the things (thing, move) within each class (class, move) [1]."""
    counts = [(classes <= k).view(np.uint8).sum(axis=0, dtype=np.uint16) for k in range(FAR)]
    return np.stack(counts).astype(np.float64)


def gain(within: FloatArray, chance: Chance) -> FloatArray:
    """Return ``n · KL(f ‖ g)`` of the things near lines, as far as *f* is nearer than *g*.

    How many are near is left out, for that only says where the town is, as a bounding box does: *n* is their number
    where the reading puts them, as long as half of them stay near. So is what lies farther from lines than chance has
    it, as everything does at the edge of a town: *f* is the likeliest distribution whose ratio to *g* falls with
    distance, the slopes of the least concave majorant of its sum over that of *g*.

    Parameters
    ----------
    within : ndarray (class, move) [1]
        Things within each class; the last counts all that are near a line.
    chance : Chance
        What chance does: *g*.

    Returns
    -------
    ndarray (move,) [nat]

    References
    ----------
    Robertson, Wright and Dykstra (1988), Order Restricted Statistical Inference, chapter 1.
    """
    # Two things of chance are added to each move, so that a few things alone know nothing.
    g = np.append(0.0, chance.shares)
    f = np.pad(within, ((1, 0), (0, 0))) + 2 * g[:, None]
    f /= f[-1]
    counts = np.diff(within, axis=0, prepend=0.0)
    knowledge = np.zeros(within.shape[1])
    for k in range(FAR):
        after = [[(f[b] - f[a]) / (g[b] - g[a]) for b in range(k + 1, FAR + 1)] for a in range(k + 1)]
        knowledge += counts[k] * np.log(np.min([np.max(slopes, axis=0) for slopes in after], axis=0))
    near = within[-1]
    return np.asarray(knowledge * np.where(2 * near >= chance.near, chance.near / np.maximum(near, 1.0), 1.0).clip(1.0))
