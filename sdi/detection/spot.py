"""Where around a reading the things of a delivery fit best, and how exactly that can be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdi.detection.fit import OUTSIDE, Fit, rings

FloatArray = NDArray[np.float64]

MARGIN = 12.0
"""What fits worse by as much is ruled out [nat]: 160,000 to 1 were things independent."""
SHARP = 8.0
"""What lies nearer to each other is one place [m]: surveys err by metres, and nearness is counted in cells of 2 m."""
APART = 160.0
"""What lies farther off is another place, whatever the evidence [m]: readings in one country differ by 225 m."""
_LADDER = (SHARP, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, APART)
"""How exactly a place can be told [m]."""
_REACH = 512.0
"""How far around a reading places are sought [m]."""
_STEPS = np.arange(-_REACH, _REACH + SHARP, SHARP)
_SOUGHT = np.stack(np.meshgrid(_STEPS, _STEPS), axis=-1).reshape(-1, 2)
_AROUND = rings(*_LADDER, 192.0, 256.0, 320.0, 384.0, 448.0, _REACH)
"""Places where areas bear witness: they are wide, so their evidence fades and does not jump."""
_FOUND = 64
"""Most places near, and most apart, that are judged with all witnesses; around one in four it is looked closer."""
_SQUARE = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Spot:
    """The place around a reading in which things fit best."""

    score: float
    """What speaks for it [nat]."""
    east: float
    """How far it lies from where the reading puts them [m]."""
    north: float
    here: float
    """The best score where the reading puts them [nat]."""
    apart: float
    """The best score of another place [nat]."""
    accuracy: float
    """All that lies as far from the reading or farther is ruled out [m]; infinite where another place is not."""

    @classmethod
    def find(cls, fit: Fit) -> Spot:
        """Look for the place in which things fit best.

        Parameters
        ----------
        fit : Fit
            The things where a reading puts them.
        """
        moves, scores = _sought(fit) if fit.reference.lines else (_AROUND, -OUTSIDE * fit.outside(_AROUND))
        away = np.hypot(*moves.T)
        best = int(scores.argmax())
        # Between the places that were tried lie others that fit as well.
        left = away[scores > scores[best] - MARGIN].max() + SHARP / 2
        accuracy = next((one for one in _LADDER if one > left), APART if left < APART + SHARP / 2 else float("inf"))
        here, apart = (float(scores[those].max()) for those in (away <= SHARP, away >= APART))
        return cls(float(scores[best]), float(moves[best, 0]), float(moves[best, 1]), here, apart, accuracy)

    @property
    def is_here(self) -> bool:
        """Whether the place where the reading puts things is not ruled out."""
        return self.here > self.score - MARGIN

    def __str__(self) -> str:
        """Say where it lies."""
        bearing = round(float(np.degrees(np.arctan2(self.east, self.north))) / 45) % 8
        towards = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")[bearing]
        return f"{np.hypot(self.east, self.north):.0f} m to the {towards}"


def _sought(fit: Fit) -> tuple[FloatArray, FloatArray]:
    """Return places near and apart that fit best among lines, and those for areas (move, 2) [m]; and scores (move,)."""
    known, reach = fit.knowledge_around(_STEPS), np.hypot(*_SOUGHT.T) <= _REACH
    moves, known = _SOUGHT[reach], known[reach]
    found = _leading(moves, known, _FOUND)
    here = np.hypot(*moves.T) == 0
    least = float((known[here] - OUTSIDE * fit.outside(moves[here]))[0]) - MARGIN
    moves, scores = moves[found], fit.scores(moves[found], known[found], least)
    for step, count in ((SHARP / 2, _FOUND // 4), (SHARP / 4, 2)):
        around = moves[_leading(moves, scores, count)][:, None] + step * _SQUARE
        finer = np.concatenate([SHARP / 2 * _SQUARE, around.reshape(-1, 2)])
        moves, scores = np.concatenate([moves, finer]), np.concatenate([scores, _judged(fit, finer, least)])
    if not fit.sample.named.any():
        return moves, scores
    # Things that do not follow the lines lead anywhere among them; only areas then say how far off they still fit.
    return np.concatenate([moves, _AROUND]), np.concatenate([scores, _judged(fit, _AROUND, least)])


def _judged(fit: Fit, moves: FloatArray, least: float) -> FloatArray:
    """Return what all witnesses say of places (move,) [nat]; minus infinity below the least."""
    return fit.scores(moves, np.sum(list(fit.knowledge(moves).values()), axis=0), least)


def _leading(moves: FloatArray, scores: FloatArray, count: int) -> NDArray[np.intp]:
    """Choose the best places near, and as many apart."""
    order, near = np.argsort(-scores, kind="stable"), np.hypot(*moves.T) < APART
    return np.concatenate([order[near[order]][:count], order[~near[order]][:count]])
