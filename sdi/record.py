"""A record: what is known of one thing as of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdi.entry import Accuracy
from sdi.history import Interval
from sdi.place.address import Address
from sdi.place.placement import NOWHERE, Height, Reference


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one thing as of a moment."""

    eid: str
    kind: str
    status: str
    values: Mapping[str, Any]
    identifiers: Mapping[str, str]
    names: Mapping[str, str]
    geometry: Any
    """shapely geometry [storage CRS], ``None`` where the thing has no place."""
    location: str | None
    accuracy: Accuracy
    valid: Interval
    reference: Reference | None = None
    """By what the place is told, where it is not by its coordinates."""
    height: Height = NOWHERE
    address: Address | None = None
    address_text: str | None = None
    """The address in one line, with the name that the street bore then."""
