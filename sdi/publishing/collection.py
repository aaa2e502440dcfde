"""A collection: what the world sees of a register."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sdi.declaration import Label


@dataclass(frozen=True, slots=True)
class Collection:
    """One published collection, as a publication describes it."""

    name: str
    kind: str
    """Register it shows; the kind of its things."""
    title: Label
    description: Label
    keywords: tuple[str, ...]
    geometry: str
    """GeoJSON type, or ``Any``."""
    storage_crs: str
    """URI of the CRS the geometries are published in."""
    schema: Mapping[str, Any]
    """JSON Schema of a feature's properties and geometry."""
    record: Mapping[str, Any]
    """Metadata record."""
    style: Mapping[str, Any] | None
    attribution: str
    licence: Mapping[str, Any]
    bulk: bool
    """Whether whole files may be offered for download."""
    notice: Label | None
    tiles: bool
    order: int
    count: int
    """Number of current features, exact."""
    extent: tuple[float, float, float, float] | None
    """Box of all versions [degree, CRS84], ``None`` where there is no place."""
    interval: tuple[str | None, str | None]
    """Valid time covered; ``None`` where a side is open."""
    version: int
    """Transaction of the last change."""
    edition: str | None = None
    """Differs between any two states of its features; ``None`` where it never showed any."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some features of a collection."""

    features: tuple[bytes, ...]
    """Serialised GeoJSON features [CRS84], without links."""
    number_matched: int
    """Exact number of features that the whole selection has."""
    next_key: int | None
    """Where the next page begins; ``None`` on the last one."""
    of_state: Hashable = field(default=None, compare=False)
    """State of the publication that the one statement saw which read it; ``None`` where a transaction did."""


@dataclass(frozen=True, slots=True)
class Match:
    """A feature found by words."""

    feature: bytes
    """Serialised GeoJSON feature [CRS84]."""
    share: float
    """Share of the words asked for that it has [1]."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What a publication tells of one thing, whatever became of it."""

    kind: str
    eid: str
    collection: str
    status: str
    valid_from: str
    valid_to: str | None
    successors: Mapping[str, str] = field(default_factory=dict)
    """What took its place: kinds by identifier."""
