"""The tables of who answers for what, and of what was seen where."""

from __future__ import annotations

import sqlalchemy as sa

from sdi.history import OPEN
from sdi.store.schema_frame import known_since, row, thing, times


def tables(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe them.

    Parameters
    ----------
    metadata : MetaData
        Collection of tables to add them to.

    Returns
    -------
    list of Table
        ``custody``: which organisation answers for a thing, or for one of its fields. ``reported_on``: the version of
        a location on which an event was reported; what is surveyed or moved later does not change it. ``happening``:
        what a register keeps of inspections and the like, its values as JSON.
    """
    return [
        sa.Table(
            "custody",
            metadata,
            row(),
            thing(),
            sa.Column("field", sa.Text, nullable=False),
            sa.Column("organisation", sa.Text, nullable=False),
            *times(),
            sa.Index("custody_eid", "eid", "field", "valid_from"),
            sa.Index("custody_organisation", "organisation"),
            info={"key": ("eid", "field")},
        ),
        sa.Table(
            "reported_on",
            metadata,
            row(),
            thing(),
            sa.Column("other", sa.Text),
            sa.Column("lid", sa.Text, nullable=False),
            sa.Column("version", sa.BigInteger, nullable=False),
            known_since(),
            sa.Index("reported_on_eid", "eid"),
            sa.Index("reported_on_lid", "lid"),
        ),
        sa.Table(
            "happening",
            metadata,
            row(),
            thing(),
            sa.Column("history", sa.Text, nullable=False),
            sa.Column("day", sa.Text, nullable=False),
            sa.Column("said", sa.Text, nullable=False),
            sa.Column("version", sa.BigInteger),
            known_since(),
            sa.Column("tx_to", sa.BigInteger, nullable=False, server_default=str(OPEN)),
            sa.Index("happening_eid", "eid", "history", "day"),
        ),
    ]
