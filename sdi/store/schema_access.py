"""The tables of who may see what: things withdrawn from a wider audience, reads, and what publications have reached.

What publications have reached is no part of the hash chain: it says nothing of the city, and is made again where it is
lost.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sdi.store.schema_frame import known_since, row, thing


def tables(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe the tables.

    Parameters
    ----------
    metadata : MetaData
        Collection of tables to add them to.
    """
    return [*_withdrawn(metadata), *_reached(metadata)]


def _withdrawn(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe what was withdrawn, and who read what few may read."""
    return [
        sa.Table(
            "restriction",
            metadata,
            row(),
            thing(),
            sa.Column("access", sa.SmallInteger, nullable=False),
            known_since(),
            sa.Index("restriction_eid", "eid"),
            sa.Index("restriction_tx", "tx_from"),
        ),
        sa.Table(
            "reading",
            metadata,
            row(),
            *[_text(name) for name in ("read_at", "actor", "purpose", "kind", "eid", "level", "previous_hash", "hash")],
        ),
    ]


def _reached(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe how far publications are, and which numbers they gave to transactions."""
    key = ("level", "feed")
    return [
        sa.Table(
            "projected_number",
            metadata,
            row(),
            *[_text(name) for name in key],
            *[sa.Column(name, sa.BigInteger, nullable=False) for name in ("sequence", "tx")],
            sa.Index("projected_number_tx", *key, "tx"),
        ),
        sa.Table(
            "projected_reach",
            metadata,
            row(),
            *[_text(name) for name in key],
            *[sa.Column(name, sa.BigInteger, nullable=False) for name in ("sequence", "tx")],
            sa.Index("projected_reach_sequence", *key, "sequence", "tx"),
        ),
    ]


def _text(name: str) -> sa.Column[Any]:
    """Return a column of text."""
    return sa.Column(name, sa.Text, nullable=False)
