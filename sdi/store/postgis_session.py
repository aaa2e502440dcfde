"""A connection to a PostGIS database that speaks as the embedded store does: question marks, WKB, 0 and 1."""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from itertools import cycle
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Format
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from sdi.errors import WorkspaceError

Connection = psycopg.Connection[tuple[Any, ...]]

_SRID_FLAG = 0x20000000
EXTENSIONS = ("postgis", "btree_gist")


def connect(address: str, schema: str) -> Connection:
    """Connect to a database, with one schema in front.

    Parameters
    ----------
    address : str
        ``postgresql://user@host/database``; a password is better kept where libpq looks for it, in ``~/.pgpass``.
    schema : str
        Where tables without a schema are looked for; need not be there yet.

    Returns
    -------
    Connection
        In autocommit; transactions are begun in so many words. What is committed is on the disk.

    Raises
    ------
    WorkspaceError
        If nothing answers there, or it has no PostGIS.
    """
    try:
        connection = psycopg.connect(address, autocommit=True, application_name="phusa")
    except psycopg.Error as error:
        raise WorkspaceError(
            f"no PostgreSQL answers at {title(address)} ({said(error)}); is it running, is the address in "
            "workspace.yaml right?"
        ) from error
    try:
        homes = _extended(connection)
        listed = ", ".join(f'"{home}"' for home in dict.fromkeys((schema, *homes)))
        connection.execute(f"SET search_path TO {listed}".encode())
        connection.execute("SET synchronous_commit TO on")
        connection.execute("SET client_min_messages TO warning")
        _adapt(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def said(error: psycopg.Error) -> str:
    """Return what a database says of an error, on one line."""
    return " ".join(str(error).split())


def title(address: str) -> str:
    """Return what messages call a database: never its password.

    Examples
    --------
    >>> title("postgresql://writer:secret@db.example/city")
    'city at db.example'
    """
    parts = conninfo_to_dict(address)
    return f"{parts.get('dbname', 'the default database')} at {parts.get('host', 'the local socket')}"


def _extended(connection: Connection) -> list[str]:
    """Return the schemas of the extensions, made where they are missing and may be made."""
    try:
        for extension in EXTENSIONS:
            known = connection.execute("SELECT 1 FROM pg_extension WHERE extname = %s", (extension,)).fetchone()
            if not known:
                connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}".encode())
    except psycopg.Error as error:
        raise WorkspaceError(
            f"database {connection.info.dbname} lacks PostGIS or btree_gist ({said(error)}); as its "
            "administrator: CREATE EXTENSION postgis; CREATE EXTENSION btree_gist"
        ) from error
    homes = connection.execute(
        "SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = ANY(%s)",
        (list(EXTENSIONS),),
    )
    return [home for (home,) in homes]


@lru_cache(1024)
def translated(sql: str) -> bytes:
    """Write a query with question marks the way psycopg reads it.

    Parameters
    ----------
    sql : str
        The query; a question mark within quotes is text.

    Examples
    --------
    >>> translated("SELECT '100 %?' WHERE a = ?")
    b"SELECT '100 %%?' WHERE a = %s"
    """
    # Cut at the quotes, every second part lies within them, doubled quotes included.
    parts = zip(sql.replace("%", "%%").split("'"), cycle((True, False)), strict=False)
    return "'".join(part.replace("?", "%s") if outside else part for part, outside in parts).encode()


# values ----------------------------------------------------------------------------------------------------------


def with_srid(wkb: bytes, srid: int) -> str:
    """Return WKB as the hexadecimal text that PostGIS reads, with its CRS; every coordinate stays as it is."""
    order = "<" if wkb[0] else ">"
    (kind,) = struct.unpack_from(f"{order}I", wkb, 1)
    return (wkb[:1] + struct.pack(f"{order}II", kind | _SRID_FLAG, srid) + wkb[5:]).hex()


def without_srid(ewkb: bytes) -> bytes:
    """Return the WKB that PostGIS was given: the reverse of :func:`with_srid`."""
    order = "<" if ewkb[0] else ">"
    (kind,) = struct.unpack_from(f"{order}I", ewkb, 1)
    if not kind & _SRID_FLAG:
        return ewkb
    return ewkb[:1] + struct.pack(f"{order}I", kind & ~_SRID_FLAG) + ewkb[9:]


class _Wkb:
    """Reads a geometry; psycopg asks for one such class for each type."""

    format = Format.BINARY

    def __init__(self, oid: int, context: object = None) -> None:
        pass

    def load(self, data: Buffer) -> bytes:
        return without_srid(bytes(data))


class _Truth:
    """Reads a truth value as the embedded store keeps it, so that both give one canonical row."""

    format = Format.BINARY

    def __init__(self, oid: int, context: object = None) -> None:
        pass

    def load(self, data: Buffer) -> int:
        return bytes(data)[0]


def _adapt(connection: Connection) -> None:
    """Make a connection read geometry as WKB and truth as 0 or 1."""
    found = connection.execute("SELECT CAST('geometry' AS regtype)::oid").fetchone()
    connection.adapters.register_loader(found[0] if found else 0, _Wkb)
    connection.adapters.register_loader("bool", _Truth)


# reference systems -----------------------------------------------------------------------------------------------


@cache
def reference_systems() -> tuple[int, ...]:
    """Return the numbers of all plane and geographic systems of EPSG that PROJ knows."""
    kinds = [PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS]
    return tuple(sorted({int(one.code) for one in query_crs_info(auth_name="EPSG", pj_types=kinds)}))


def complete_reference_systems(connection: Connection) -> int:
    """Tell PostGIS the systems that PROJ knows and its own table lacks: Debian's has none after EPSG:9200.

    Parameters
    ----------
    connection : Connection
        Of a role that may write ``spatial_ref_sys``.

    Returns
    -------
    int
        How many were added.
    """
    known = {srid for (srid,) in connection.execute("SELECT srid FROM spatial_ref_sys")}
    missing = [(code, "EPSG", code) for code in reference_systems() if code not in known]
    # Authority and number are enough: PostGIS asks PROJ for the rest.
    connection.cursor().executemany(
        "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid) VALUES (%s, %s, %s)", missing
    )
    return len(missing)
