"""The tables of a registry as PostGIS makes them: types, indexes, and the guards that keep them append-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from geoalchemy2 import Geometry as PostgisGeometry
from sqlalchemy.dialects import postgresql

from sdi.history import OPEN
from sdi.store.schema import Geometry

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

PREPARATION = (
    # Valid times are ISO 8601 texts, which sort as they are; a range over them needs no other type.
    'CREATE TYPE period AS RANGE (subtype = text, collation = "C")',
    """CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'rows are only added: %', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$""",
)
"""What the tables of a schema stand on, made before the first of them."""


def creation(table: sa.Table, srid: int) -> Iterator[str]:
    """Yield the statements that make a table with its indexes and guards.

    Parameters
    ----------
    table : Table
        Its description, shared with the embedded store.
    srid : int
        Number of the storage CRS, which the database knows it by.
    """
    yield str(sa.schema.CreateTable(_typed(table)).compile(dialect=_DIALECT))
    yield from indexes(table)
    yield from guards(table)
    for column in geometry_columns(table):
        # Not in the type, which would forbid a third dimension.
        yield f'ALTER TABLE "{table.name}" ADD CONSTRAINT "{table.name}_srid" CHECK (ST_SRID("{column}") = {srid})'
        live = f" WHERE (tx_to = {OPEN})" if "key" in table.info else ""
        yield f'CREATE INDEX "{table.name}_{column}" ON "{table.name}" USING gist ("{column}"){live}'
    if "key" in table.info:
        yield _no_overlap(table)


def geometry_columns(table: sa.Table) -> list[str]:
    """Return the columns that hold geometry in the storage CRS."""
    return [column.name for column in table.columns if isinstance(column.type, Geometry)]


def indexes(table: sa.Table) -> Iterator[str]:
    """Yield the statements that make the indexes of a table that are missing."""
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        yield str(sa.schema.CreateIndex(index, if_not_exists=True).compile(dialect=_DIALECT))


def additions(table: sa.Table, missing: Sequence[str]) -> Iterator[str]:
    """Yield the statements that add columns to a table; guards are made again, because they name the columns."""
    typed = _typed(table)
    for name in missing:
        kind = typed.columns[name].type.compile(dialect=_DIALECT)
        yield f'ALTER TABLE "{table.name}" ADD COLUMN "{name}" {kind}'
    if missing:
        yield from guards(table)
    yield from indexes(table)


def guards(table: sa.Table) -> Iterator[str]:
    """Yield the triggers that forbid deleting, changing anything but ``tx_to``, and reopening."""
    name = table.name
    frozen = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "tx_to")
    yield _trigger(name, "delete", "DELETE", "FOR EACH ROW")
    yield _trigger(name, "truncate", "TRUNCATE", "FOR EACH STATEMENT")
    yield _trigger(name, "update", f"UPDATE OF {frozen}", "FOR EACH ROW")
    if "key" in table.info:
        yield _trigger(name, "reopen", "UPDATE OF tx_to", f"FOR EACH ROW WHEN (OLD.tx_to <> {OPEN})")


def _trigger(table: str, what: str, event: str, scope: str) -> str:
    """Return the statement that makes one guard."""
    return (
        f'CREATE OR REPLACE TRIGGER "{table}_no_{what}" BEFORE {event} ON "{table}" {scope} '
        f"EXECUTE FUNCTION refuse_row('{what}')"
    )


def _no_overlap(table: sa.Table) -> str:
    """Return the constraint that no two facts known now hold at the same time of the same thing."""
    # One number for the whole key: an index of texts that begin alike is three times as slow and twice as large. Two
    # keys with one hash would be refused, never let in: one chance in 37 million among a million facts.
    key = " || chr(31) || ".join(f'"{column}"' for column in table.info["key"])
    return (
        f'ALTER TABLE "{table.name}" ADD CONSTRAINT "{table.name}_no_overlap" EXCLUDE USING gist '
        f"(hashtextextended({key}, 0) WITH =, period(valid_from, valid_to) WITH &&) WHERE (tx_to = {OPEN})"
    )


def _typed(table: sa.Table) -> sa.Table:
    """Return a description with PostgreSQL's own types: texts that sort by their bytes, as in the embedded store."""
    copied = table.to_metadata(sa.MetaData())
    for column in copied.columns:
        if isinstance(column.type, Geometry):
            column.type = PostgisGeometry(geometry_type=None, srid=-1, spatial_index=False)
        elif isinstance(column.type, sa.Text):
            column.type = postgresql.TEXT(collation="C")
    return copied
