"""What a delivery says of itself: where it lies, under which licence, how exact it is, which column is which field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sdi.declaration import Label, Level, OnBadRow

Scalar = str | int | float | bool
Method = Literal[
    "survey_gnss_rtk",
    "total_station",
    "as_built",
    "digitised_map",
    "photo",
    "phone",
    "estimated",
    "derived",
    "unknown",
]
Quality = Literal["QL-A", "QL-B", "QL-C", "QL-D"]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Where a delivery lies and what its file does not say of itself."""

    path: str
    """File, relative to the folder of deliveries."""
    layer: str | None = None
    crs: str | None = None
    """CRS such as ``EPSG:9209``, where the file declares none."""
    encoding: str | None = None
    axes: Literal["xy", "yx"] | None = None
    """Order of the coordinates in the file, where it is not the declared one."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns that hold the place of a table without geometry: ``x`` and ``y``, or ``wkt``."""
    rings: bool = False
    """The path is a CSV file, or a folder of them, whose lines are the corners of one polygon: x, y, no header."""
    where: str | None = None
    """Rows to take; None takes all."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What may be done with a delivery."""

    name: str
    grade: Literal["A", "A-copyleft", "B"]
    """A may be reused with attribution, A-copyleft only under the same terms, B may only be shown."""
    attribution: str
    url: str | None = None
    bulk: bool = False
    """Whole files may be offered for download."""


BETWEEN = "; "
"""Stands between those who are named together."""


def sources(attributions: Iterable[str]) -> list[str]:
    """Name everybody once.

    Parameters
    ----------
    attributions : iterable of str
        Each names one source, several, or nobody.

    Returns
    -------
    list of str
        In the order in which they first appear.
    """
    return list(dict.fromkeys(one for text in attributions for one in text.split(BETWEEN) if one))


def joined(licences: Sequence[Licence]) -> Licence:
    """Join the terms of everything that one result is made of.

    Parameters
    ----------
    licences : sequence of Licence
        At least one.

    Returns
    -------
    Licence
        The strictest grade and the names of the licences that have it, the attributions of all, each once; in bulk
        where every one of them is.
    """
    # Grades sort from the freest to the strictest.
    grade = max(one.grade for one in licences)
    holding = [one for one in licences if one.grade == grade]
    names = dict.fromkeys(one.name for one in holding)
    return Licence(
        "; ".join(names),
        grade,
        BETWEEN.join(sources(one.attribution for one in licences)),
        holding[0].url if len(names) == 1 else None,
        all(one.bulk for one in licences),
    )


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How exact places are, and how that is known."""

    horizontal_m: float | None = None
    """Horizontal error, 95 % [m]; None only where `method` is ``unknown``."""
    vertical_m: float | None = None
    """Vertical error, 95 % [m]."""
    method: Method = "unknown"
    vertical_datum: str | None = None
    """Name of the surface from which heights are counted."""
    epoch: str | None = None
    """Date for which the coordinates hold, ISO 8601."""
    quality: Quality | None = None
    """Class of the position of what is buried: A exposed, B detected, C inferred from what shows, D from records."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Where the values of one field come from.

    Either a column, possibly converted and translated, or one constant.
    """

    column: str | None = None
    value: Scalar | None = None
    """Constant for every row; `column` is then None."""
    unit: str | None = None
    """Unit of the column, converted to the unit of the field."""
    map: Mapping[str, Scalar | None] = field(default_factory=dict)
    """Value in the column, as text, to value of the field; empty takes values as they are."""
    default: Scalar | None = None
    """Value where the column is empty or `map` does not know the value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery, described completely.

    Exactly one of `register` and `raster` is set.
    """

    name: str
    title: Label
    source: SourceOptions
    licence: Licence
    custodian: str
    valid_from: str
    """First day on which the delivered state holds, ISO 8601."""
    path: Path
    register: str | None = None
    """Register that receives the rows of a table."""
    raster: str | None = None
    """What the cells of a raster hold, such as ``elevation``."""
    decision: str | None = None
    """Number of the decision behind the delivery."""
    accuracy: Accuracy = Accuracy()
    identifiers: Mapping[str, str] = field(default_factory=dict)
    """Scheme to source column."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Language to source column."""
    fields: Mapping[str, ColumnMapping] = field(default_factory=dict)
    address: Mapping[str, str] = field(default_factory=dict)
    """Part of an address to source column."""
    place: Mapping[str, ColumnMapping] = field(default_factory=dict)
    """Height, depth and measures along a route to where they come from [m]."""
    on_bad_row: OnBadRow = "refuse"
    maximum_bad_share: float = 0.0
    """Largest share of quarantined rows [1] with which a load still succeeds."""
    access: Level = "public"
    """Who may see its things, where their register does not say that fewer may."""
