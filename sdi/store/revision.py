"""What every version of the core tables added to the one before.

A table only grows: new tables, new columns that may be empty, new indexes. So a registry of any earlier version is
brought up by making what it lacks, which is seen by looking at it. Written down here is which version knows what, so
that an older phusa refuses a newer registry instead of overlooking a part of it; a test compares it with the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Revision:
    """What one version of the core tables added."""

    version: int
    purpose: str
    tables: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """New columns of tables that were there, by table."""


REVISIONS = (
    Revision(
        1,
        "things, places and their history (0.1.0)",
        tables=(
            "tx", "declaration", "delivery", "outbox", "entity", "identifier", "name", "relation", "location",
            "location_version", "locates",
        ),
    ),
    Revision(2, "what took the place of what", tables=("lineage",)),
    Revision(
        3,
        "the shared model: addresses and derived places, code lists, custody, access, shapes of declarations",
        tables=(
            "address", "membership", "derivation", "code_list", "code", "other_name", "custody", "reported_on",
            "happening", "restriction", "reading", "projected_number", "projected_reach",
            "clock",
        ),
        columns={
            "declaration": ("shape",),
            "delivery": ("organisation",),
            "location_version": (
                "quality", "route", "relative_to", "z_m", "depth_m", "measure_from_m", "measure_to_m", "offset_m",
                "dx_m", "dy_m", "dz_m",
            ),
        },
    ),
)  # fmt: skip
"""Every version, the oldest first. A registry with a newer one is not opened."""
VERSION = REVISIONS[-1].version


def gained(since: int) -> str:
    """Return what the versions after one added, in order."""
    return "; ".join(one.purpose for one in REVISIONS if one.version > since)
