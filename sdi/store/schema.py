"""The tables of a registry, described once for both stores.

Every fact table has the same frame: a row number that orders all rows, the key of what the fact is about, the fact,
and the two times. Rows are only ever added; the one permitted update closes ``tx_to``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry as PostgisGeometry
from geoalchemy2.elements import WKBElement
from sqlalchemy.types import TypeDecorator

from sdi.declaration import Declaration, Field
from sdi.store import schema_access, schema_agency, schema_place, schema_vocabulary
from sdi.store.schema_frame import row, thing, times

REGISTER_PREFIX = "register_"


class Geometry(TypeDecorator[bytes]):
    """WKB on the embedded store, a real ``geometry`` on PostGIS.

    The implementation must be GeoAlchemy2's type on both, because its table hooks look for it.
    """

    impl = PostgisGeometry
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect | None) -> Any:
        """Return the column type of a dialect; GeoAlchemy2 also asks with ``None``."""
        if dialect is None or dialect.name == "postgresql":
            return self.impl_instance
        return dialect.type_descriptor(sa.LargeBinary())

    def process_bind_param(self, value: bytes | None, dialect: sa.Dialect) -> object:
        """Hand WKB to the driver as the dialect wants it."""
        return value if value is None or dialect.name != "postgresql" else WKBElement(value)

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> bytes | None:  # noqa: ARG002
        """Return WKB whatever the driver gave."""
        return bytes(value.data) if isinstance(value, WKBElement) else value


def core(metadata: sa.MetaData) -> dict[str, sa.Table]:
    """Describe the tables that all registers share.

    Parameters
    ----------
    metadata : MetaData
        Collection of tables to add them to.

    Returns
    -------
    dict of str to Table
        Fact tables carry ``info["key"]``: the columns that say what a fact is about.
    """
    tables = [*_bookkeeping(metadata), *_things(metadata), *_places(metadata)]
    tables += [*schema_vocabulary.tables(metadata), *schema_agency.tables(metadata), *schema_place.tables(metadata)]
    tables += schema_access.tables(metadata)
    return {table.name: table for table in tables}


def _bookkeeping(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe the tables about the registry itself."""
    return [
        sa.Table(
            "tx",
            metadata,
            sa.Column("tx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
            sa.Column("recorded_at", sa.Text, nullable=False),
            sa.Column("actor", sa.Text, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("decision", sa.Text),
            sa.Column("source_sha256", sa.Text),
            sa.Column("software", sa.Text, nullable=False),
            sa.Column("previous_hash", sa.Text, nullable=False),
            sa.Column("hash", sa.Text, nullable=False),
        ),
        sa.Table(
            "declaration",
            metadata,
            row(),
            sa.Column("register", sa.Text, nullable=False),
            sa.Column("version", sa.Text, nullable=False),
            sa.Column("columns", sa.Text, nullable=False),
            sa.Column("tx_from", sa.BigInteger, nullable=False),
            sa.Column("shape", sa.Text),
        ),
        sa.Table(
            "delivery",
            metadata,
            row(),
            sa.Column("entry", sa.Text, nullable=False),
            sa.Column("register", sa.Text, nullable=False),
            sa.Column("custodian", sa.Text, nullable=False),
            sa.Column("licence", sa.Text, nullable=False),
            sa.Column("sha256", sa.Text, nullable=False),
            sa.Column("accepted", sa.BigInteger, nullable=False),
            sa.Column("quarantined", sa.BigInteger, nullable=False),
            sa.Column("tx_from", sa.BigInteger, nullable=False),
            sa.Column("organisation", sa.Text),
        ),
        sa.Table(
            "outbox",
            metadata,
            row(),
            sa.Column("eid", sa.Text, nullable=False),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("change", sa.Text, nullable=False),
            sa.Column("tx_from", sa.BigInteger, nullable=False),
            sa.Index("outbox_tx", "tx_from"),
            sa.Index("outbox_kind", "kind", "tx_from"),
        ),
        sa.Table("clock", metadata, row(), sa.Column("zone", sa.Text, nullable=False)),  # outside the chain
    ]


def _where_known(table: str, column: str) -> sa.Index:
    """Return the index of a column that few rows have: the others cost nothing."""
    known = sa.text(f"{column} IS NOT NULL")
    return sa.Index(f"{table}_{column}", column, sqlite_where=known, postgresql_where=known)


def _places(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe the tables of locations."""
    return [
        sa.Table(
            "location",
            metadata,
            row(),
            sa.Column("lid", sa.Text, nullable=False, unique=True),
            sa.Column("type", sa.Text, nullable=False),
            sa.Column("tx_from", sa.BigInteger, nullable=False),
        ),
        sa.Table(
            "location_version",
            metadata,
            row(),
            thing("lid"),
            sa.Column("geometry", Geometry(srid=0, spatial_index=False), nullable=False),
            sa.Column("source_geometry", sa.LargeBinary),
            sa.Column("source_crs", sa.Text),
            sa.Column("horizontal_accuracy_m", sa.Double),
            sa.Column("vertical_accuracy_m", sa.Double),
            sa.Column("accuracy_method", sa.Text, nullable=False),
            sa.Column("vertical_datum", sa.Text),
            sa.Column("epoch", sa.Text),
            *times(),
            *(sa.Column(name, sa.Text) for name in ("quality", "route", "relative_to")),
            *(sa.Column(name, sa.Double) for name in ("z_m", "depth_m", "measure_from_m", "measure_to_m", "offset_m")),
            *(sa.Column(name, sa.Double) for name in ("dx_m", "dy_m", "dz_m")),
            sa.Index("location_version_lid", "lid", "valid_from"),
            *(_where_known("location_version", name) for name in ("route", "relative_to")),
            info={"key": ("lid",)},
        ),
        sa.Table(
            "locates",
            metadata,
            row(),
            thing(),
            sa.Column("lid", sa.Text, nullable=False),
            sa.Column("role", sa.Text, nullable=False),
            *times(),
            sa.Index("locates_eid", "eid", "role", "valid_from"),
            sa.Index("locates_lid", "lid"),
            info={"key": ("eid", "role")},
        ),
    ]


def _things(metadata: sa.MetaData) -> list[sa.Table]:
    """Describe the tables of things, their codes, names and ties."""
    return [
        sa.Table(
            "entity",
            metadata,
            row(),
            sa.Column("eid", sa.Text, nullable=False, unique=True),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("access", sa.SmallInteger, nullable=False, server_default="0"),
            sa.Column("tx_from", sa.BigInteger, nullable=False),
        ),
        sa.Table(
            "identifier",
            metadata,
            row(),
            thing(),
            sa.Column("scheme", sa.Text, nullable=False),
            sa.Column("value", sa.Text, nullable=False),
            sa.Column("value_norm", sa.Text, nullable=False),
            *times(),
            sa.Index("identifier_eid", "eid", "scheme", "valid_from"),
            sa.Index("identifier_value", "scheme", "value_norm", "valid_from"),
            info={"key": ("eid", "scheme", "value_norm")},
        ),
        sa.Table(
            "name",
            metadata,
            row(),
            thing(),
            sa.Column("language", sa.Text, nullable=False),
            sa.Column("type", sa.Text, nullable=False),
            sa.Column("text", sa.Text, nullable=False),
            sa.Column("folded", sa.Text, nullable=False),
            *times(),
            sa.Index("name_eid", "eid", "language", "valid_from"),
            sa.Index("name_folded", "folded"),
            info={"key": ("eid", "language", "type")},
        ),
        sa.Table(
            "relation",
            metadata,
            row(),
            thing(),
            sa.Column("verb", sa.Text, nullable=False),
            sa.Column("other", sa.Text, nullable=False),
            *times(),
            sa.Index("relation_eid", "eid", "verb", "other", "valid_from"),
            sa.Index("relation_other", "other"),
            info={"key": ("eid", "verb", "other")},
        ),
        sa.Table(
            "lineage",
            metadata,
            row(),
            thing("parent"),
            thing("child"),
            sa.Column("verb", sa.Text, nullable=False),
            sa.Column("source", sa.Text, nullable=False),
            sa.Column("decision", sa.Text),
            sa.Column("area_share", sa.Double),
            sa.Column("population_share", sa.Double),
            sa.Column("area_m2", sa.Double),
            sa.Column("population", sa.BigInteger),
            sa.Column("method", sa.Text, nullable=False),
            *times(),
            sa.Index("lineage_parent", "parent", "child", "valid_from"),
            sa.Index("lineage_child", "child"),
            info={"key": ("parent", "child", "source", "valid_from")},  # two transfers between two wards are two rows
        ),
    ]


_TYPES: dict[str, Any] = {
    "integer": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
}


def register_table(declaration: Declaration, metadata: sa.MetaData) -> sa.Table:
    """Describe the table of one register: one row per version of a thing.

    Parameters
    ----------
    declaration : Declaration
        The register.
    metadata : MetaData
        Collection of tables to add it to.

    Returns
    -------
    Table
        ``register_<name>(row, eid, status, fields..., valid_from, valid_to, tx_from, tx_to)``.
    """
    fields = {column_name(field): field.type for field in declaration.fields}
    return recorded_register(REGISTER_PREFIX + declaration.name, fields, metadata)


def recorded_register(name: str, fields: Mapping[str, str], metadata: sa.MetaData) -> sa.Table:
    """Describe the table of a register by its columns, whether a catalogue still declares it or not.

    Parameters
    ----------
    name : str
        Name of the table.
    fields : mapping of str to str
        Columns of the fields with what they hold: integer, number, boolean or anything else, which is kept as text.
    metadata : MetaData
        Collection of tables to add it to.
    """
    return sa.Table(
        name,
        metadata,
        row(),
        thing(),
        sa.Column("status", sa.Text, nullable=False),
        *[sa.Column(column, _TYPES.get(kind, sa.Text)) for column, kind in fields.items()],
        *times(),
        sa.Index(f"{name}_eid", "eid", "valid_from"),
        info={"key": ("eid",)},
    )


def column_name(field: Field) -> str:
    """Return the column of a field; prefixed, so that no field can take the name of a column of the frame."""
    return f"f_{field.name}"
