"""Alternatives of a layer: of the things of several scenarios, a map shows one scenario at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sdi.publishing.collection import Collection
from sdi.publishing.publication import Publication
from sdi.store.description import RasterDescription
from spp.run import runs


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the alternatives."""

    value: str
    """Value of the field that tells the alternatives apart."""
    title: str
    count: int
    """Things of this alternative [1]."""


class Choices:
    """Counts the things of the alternatives, once per state of a collection.

    Parameters
    ----------
    rasters : Path
        Folder of the published rasters: the runs there say what the scenarios are called.
    """

    def __init__(self, rasters: Path) -> None:
        self._rasters = rasters
        self._counts: dict[str, tuple[tuple[str, int], Mapping[str, int]]] = {}
        self._turn = Lock()

    def of(
        self, publication: Publication, collections: tuple[Collection, ...], language: str
    ) -> dict[str, list[Choice]]:
        """Alternatives of every collection that has some.

        Parameters
        ----------
        publication : Publication
            Where the things are counted.
        collections : tuple of Collection
            What is published.
        language : str
            Language of the titles.

        Returns
        -------
        dict of str to list of Choice
            By collection, the one to show at first in front: a scenario without a return period where there is one.
        """
        apart = [one for one in collections if (one.style or {}).get("alternatives")]
        if not apart:
            return {}
        known = {one.name: one for one in runs(self._rasters)}
        return {
            one.name: sorted_choices(self._counted(publication, one), known, language) for one in apart if one.count
        }

    def _counted(self, publication: Publication, collection: Collection) -> Mapping[str, int]:
        """Count the things of each alternative, unless that was done for this state."""
        state = (publication.identity(), collection.version)
        with self._turn:
            kept = self._counts.get(collection.name)
            if kept is None or kept[0] != state:
                field = str((collection.style or {})["alternatives"])
                kept = self._counts[collection.name] = (state, publication.counts(collection.name, field))
            return kept[1]


def sorted_choices(counts: Mapping[str, int], known: Mapping[str, RasterDescription], language: str) -> list[Choice]:
    """Put alternatives in order and give them the titles of their runs.

    Parameters
    ----------
    counts : mapping of str to int
        Value to number of things [1].
    known : mapping of str to RasterDescription
        Published runs by name.
    language : str
        ``vi`` or ``en``.

    Returns
    -------
    list of Choice
        Without a return period first, then by return period, then by value.
    """
    found = {value: known.get(f"flood-{value.replace('_', '-')}") for value in counts}

    def order(value: str) -> tuple[float, str]:
        run = found[value]
        return (run.return_period or 0.0) if run else 0.0, value

    return [
        Choice(value, run.title.of(language) if run else value, counts[value])
        for value in sorted(counts, key=order)
        for run in (found[value],)
    ]
