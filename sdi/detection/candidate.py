"""The coordinate systems that deliveries of a city may have been written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sdi import crs as systems
from sdi.crs import StorageCRS

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read the coordinates of a delivery."""

    crs: str
    """``EPSG:n`` or ``OGC:CRS84``."""
    datum: str | None = None
    """Geographic CRS that the grid of `crs` was laid over, where the writer ignored its own datum."""
    swapped: bool = False
    """Northing or latitude stands first in the file."""

    @property
    def definition(self) -> str:
        """The CRS as PROJ reads it: its code, or its full text where no code has this datum."""
        return systems.on_datum(self.crs, self.datum) if self.datum else self.crs

    @property
    def axes(self) -> Literal["xy", "yx"]:
        """Order of the coordinates in the file, as an entry writes it."""
        return "yx" if self.swapped else "xy"

    def __str__(self) -> str:
        """Name it for people."""
        grid = f"{self.crs} on the datum of {self.datum}" if self.datum else self.crs
        return f"{grid}, axes exchanged" if self.swapped else grid


@dataclass(frozen=True, slots=True)
class Detection:
    """What a city declares so that an undeclared CRS can be told: key ``detection`` of its ``workspace.yaml``."""

    candidates: tuple[Candidate, ...]
    """Every reading that is tried, with its axes as they should be and exchanged."""
    areas: str | None = None
    """Register of the areas that attributes name."""
    lines: tuple[str, ...] = ()
    """Registers of what things lie along: streets, parcels, buildings."""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Detection:
        """Read it from a city's description.

        Parameters
        ----------
        document : mapping
            ``candidates``: codes, or pairs of ``crs`` and ``datum``; ``areas``: a register; ``lines``: registers.

        Raises
        ------
        InputError
            If PROJ does not know a candidate.
        """
        listed = [Candidate(one) if isinstance(one, str) else Candidate(**one) for one in document["candidates"]]
        for one in listed:
            systems.known(one.definition)
        return cls(with_exchanged_axes(*listed), document.get("areas"), tuple(document.get("lines", ())))


def with_exchanged_axes(*candidates: Candidate) -> tuple[Candidate, ...]:
    """Return candidates, each as it is and with its axes exchanged."""
    return tuple(replace(one, swapped=swapped) for one in candidates for swapped in (False, True))


def read_as(xy: FloatArray, candidate: Candidate, storage: StorageCRS) -> FloatArray:
    """Read coordinates as a candidate says, and bring them to the storage CRS.

    Parameters
    ----------
    xy : ndarray (n, 2) [any unit]
        As they stand in the file.
    candidate : Candidate
        How to read them.
    storage : StorageCRS
        CRS of the city.

    Returns
    -------
    ndarray (n, 2) [m, storage CRS]
        Infinite where a coordinate means no place in that reading.
    """
    written = xy[:, ::-1] if candidate.swapped else xy
    return systems.transformed(written, candidate.definition, storage.code, storage.operation)
