"""What was found about the CRS of a delivery: the reading that was accepted, or why none was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sdi.detection.candidate import Candidate
from sdi.detection.spot import APART, MARGIN, Spot
from sdi.errors import refused

AGREEING = 0.8
"""Share of things that must lie in the areas they name [1]."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one reading did."""

    candidate: Candidate
    score: float = float("-inf")
    """What speaks for it [nat]; minus infinity where it lies elsewhere."""
    moved: float = float("-inf")
    """The best score of the same things moved by some hundred metres [nat]."""
    inside: float | None = None
    """Share of things in the areas they name [1]; None where none is named."""
    knowledge: Mapping[str, float] | None = None
    """By register of lines, how much the delivery knows of them in this reading [nat]."""
    spot: Spot | None = None
    """The place in which it fits best; None where it was not looked for, as the reading does not lead."""

    def searched(self, spot: Spot) -> Standing:
        """Judge it by all places around it."""
        return replace(self, score=spot.here, moved=max(self.moved, spot.apart), spot=spot)

    def __str__(self) -> str:
        """Say it in one line."""
        if self.score == float("-inf"):
            where = "elsewhere" if self.inside is None else f"{self.inside:.0%} in the areas they name"
            return f"{self.candidate}: {where}"
        parts = [] if self.inside is None else [f"{self.inside:.0%} in the areas they name"]
        parts += [f"{name} {value:.0f}" for name, value in (self.knowledge or {}).items()]
        told = f"{self.candidate}: score {self.score:.0f} ({', '.join(parts)}), moved {self.moved:.0f}"
        return f"{told}, told to {self.spot.accuracy:.0f} m" if self.spot and self.spot.accuracy <= APART else told


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found."""

    standings: tuple[Standing, ...]
    """All readings, the best first."""

    @property
    def margin(self) -> float:
        """By how much the best reading beats all others and all its moves [nat]; minus infinity where none fits."""
        best, *others = self.standings
        if best.score == float("-inf"):
            return best.score
        return best.score - max(best.moved, *(one.score for one in others))

    @property
    def accepted(self) -> Candidate | None:
        """The reading that is right beyond doubt, as far as its evidence is exact; None where there is doubt."""
        best = self.standings[0]
        agrees = best.inside is None or best.inside >= AGREEING
        placed = best.spot is not None and best.spot.is_here
        return best.candidate if self.margin >= MARGIN and agrees and placed else None

    def raise_if_unsure(self) -> Candidate:
        """Return the accepted reading.

        Raises
        ------
        RefusedError
            If none is accepted, with the ranking and with what would decide.
        """
        if (accepted := self.accepted) is not None:
            return accepted
        ranking = "; ".join(map(str, self.standings[:3]))
        found = f"the coordinate system cannot be told: {self._doubt()} ({ranking})"
        details = [
            {"crs": one.candidate.crs, "datum": one.candidate.datum, "axes": one.candidate.axes}
            | {"score": one.score, "moved": one.moved, "inside": one.inside, "knowledge": dict(one.knowledge or {})}
            | {"accuracy": one.spot.accuracy if one.spot else None}
            for one in self.standings
        ]
        raise refused("crs-undecided", found, self._cure(), ranking=details)

    def _doubt(self) -> str:
        """Say why no reading was accepted."""
        best = self.standings[0]
        if best.score == float("-inf"):
            return "in no reading do the things lie where the city is, and in the areas they name"
        if best.inside is not None and best.inside < AGREEING:
            return f"even in the best reading only {best.inside:.0%} of the things lie in the areas they name"
        if best.spot is not None and not best.spot.is_here:
            return f"the things fit better {best.spot} of where the best reading puts them, as of a system near it"
        return f"the best reading leads by {self.margin:.0f} only, {MARGIN:.0f} is needed"

    def _cure(self) -> str:
        """Say what would decide."""
        best = self.standings[0]
        ask = "ask the supplier and name the CRS as source.crs in the entry"
        if best.score == float("-inf"):
            return ask
        if best.spot is not None and not best.spot.is_here:
            return f"{ask}; and if it is in use here, list it among the candidates under detection in workspace.yaml"
        wanted = [] if best.inside is not None else ["a column that names the ward of each thing"]
        wanted += [] if best.knowledge else ["streets, parcels or buildings in the registry around them"]
        return f"{' or '.join(wanted) or 'more things over a wider area'} would decide; or {ask}"
