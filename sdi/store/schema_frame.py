"""The columns that frame every fact: its row number, what it is about, and the two times."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sdi.history import FOREVER, OPEN


def times() -> list[sa.Column[Any] | sa.CheckConstraint]:
    """Return the columns of the two times, and that they do not run backwards."""
    return [
        sa.Column("valid_from", sa.Text, nullable=False),
        sa.Column("valid_to", sa.Text, nullable=False, server_default=FOREVER),
        sa.Column("tx_from", sa.BigInteger, nullable=False),
        sa.Column("tx_to", sa.BigInteger, nullable=False, server_default=str(OPEN)),
        sa.CheckConstraint("valid_from < valid_to"),
        sa.CheckConstraint("tx_from <= tx_to"),  # equal: written and replaced in one transaction, never known
    ]


def row() -> sa.Column[Any]:
    """Return the row number, the same in both stores."""
    return sa.Column("row", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False)


def thing(name: str = "eid") -> sa.Column[Any]:
    """Return a column that names a thing."""
    return sa.Column(name, sa.Text, nullable=False)


def known_since() -> sa.Column[Any]:
    """Return the transaction that wrote a row, of rows that nothing ends."""
    return sa.Column("tx_from", sa.BigInteger, nullable=False)
