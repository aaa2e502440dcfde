"""The tables of where things are beside their locations: addresses, and the units in which they lie."""

from __future__ import annotations

import sqlalchemy as sa

from sdi.store.schema_frame import known_since, row, thing, times


def tables(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe the tables.

    Parameters
    ----------
    metadata : MetaData
        Collection of tables to add them to.

    Returns
    -------
    list of Table
        ``address``, ``membership`` and ``derivation``: up to which transaction memberships were derived.
    """
    return [
        sa.Table(
            "address",
            metadata,
            row(),
            thing(),
            *(sa.Column(name, sa.Text) for name in ("house_number", "alley", "street", "residential_group", "text")),
            *times(),
            sa.Index("address_eid", "eid", "valid_from"),
            sa.Index("address_street", "street"),
            info={"key": ("eid",)},
        ),
        sa.Table(
            "membership",
            metadata,
            row(),
            thing(),
            *(sa.Column(name, sa.Text, nullable=False) for name in ("units", "level", "unit", "method")),
            sa.Column("confidence", sa.Double, nullable=False),
            *times(),
            sa.Index("membership_eid", "eid", "units", "level", "valid_from"),
            sa.Index("membership_unit", "unit"),
            info={"key": ("eid", "units", "level")},
        ),
        sa.Table(
            "derivation",
            metadata,
            row(),
            sa.Column("units", sa.Text, nullable=False),
            sa.Column("field", sa.Text),
            sa.Column("reached", sa.BigInteger, nullable=False),
            known_since(),
        ),
    ]
