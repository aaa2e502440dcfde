"""The tables of what things are called and what codes mean: code lists by version, and names beside the official."""

from __future__ import annotations

import sqlalchemy as sa

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
        ``code_list`` and ``code`` (one row for each code of each version of a list), ``other_name``.
    """
    return [
        sa.Table(
            "code_list",
            metadata,
            row(),
            sa.Column("list", sa.Text, nullable=False),
            sa.Column("version", sa.Text, nullable=False),
            sa.Column("title_vi", sa.Text, nullable=False),
            sa.Column("title_en", sa.Text, nullable=False),
            sa.Column("source", sa.Text),
            known_since(),
            sa.Index("code_list_version", "list", "version"),
        ),
        sa.Table(
            "code",
            metadata,
            row(),
            sa.Column("list", sa.Text, nullable=False),
            sa.Column("version", sa.Text, nullable=False),
            sa.Column("code", sa.Text, nullable=False),
            sa.Column("title_vi", sa.Text, nullable=False),
            sa.Column("title_en", sa.Text, nullable=False),
            sa.Column("valid_from", sa.Text),
            sa.Column("valid_to", sa.Text),
            sa.Column("replaced_by", sa.Text),
            known_since(),
            sa.Index("code_value", "list", "code"),
        ),
        sa.Table(
            "other_name",
            metadata,
            row(),
            thing(),
            sa.Column("language", sa.Text, nullable=False),
            sa.Column("type", sa.Text, nullable=False),
            sa.Column("text", sa.Text, nullable=False),
            sa.Column("folded", sa.Text, nullable=False),
            *times(),
            sa.Index("other_name_eid", "eid", "valid_from"),
            sa.Index("other_name_folded", "folded"),
            info={"key": ("eid", "language", "type", "text")},
        ),
    ]
