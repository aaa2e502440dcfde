"""Where a publication lies in PostGIS: whether it is there, and how another one takes its place under whoever reads."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import psycopg

from sdi.store.postgis import BUSY_TIMEOUT_S, LOCK
from sdi.store.postgis_publication import TEMPORARY, PostgisPublication, become_owner, told
from sdi.store.postgis_session import Connection, connect, said

logger = logging.getLogger(__name__)

_GIVE_WAY_S = 0.3
"""How long to wait for a reader before it is let through [s]; after a second servers look for circles."""


def exists(address: str, schema: str) -> bool:
    """Tell whether a schema holds a publication.

    Parameters
    ----------
    address : str
        The database.
    schema : str
        The schema.
    """
    with closing(connect(address, schema)) as connection, told(schema):
        found = connection.execute("SELECT to_regclass(%s)", (f'"{schema}".phusa_publication',)).fetchone()
        return found is not None and found[0] is not None


def trial(address: str) -> PostgisPublication:
    """Make an empty publication that vanishes when it is closed.

    Parameters
    ----------
    address : str
        The database.
    """
    return PostgisPublication(address, TEMPORARY, read_only=False)


@contextmanager
def beside(address: str, schema: str) -> Iterator[PostgisPublication]:
    """Build a publication beside its place and put it there, whatever became of the one that is there.

    Parameters
    ----------
    address : str
        The database.
    schema : str
        Its place.

    Yields
    ------
    PostgisPublication
        An empty one. Readers see the old one until the block has ended, then the new one, never parts of either.
    """
    twin = f"{schema}_rebuild"
    with closing(connect(address, schema)) as connection:
        become_owner(connection, schema)
        with told(schema):
            connection.execute(f"SET lock_timeout = '{BUSY_TIMEOUT_S}s'".encode())
            connection.execute(f"SELECT pg_advisory_lock({LOCK}, hashtext('{schema}'))".encode())
            connection.execute(f'DROP SCHEMA IF EXISTS "{twin}" CASCADE; CREATE SCHEMA "{twin}"'.encode())
        try:
            with closing(PostgisPublication(address, twin, read_only=False)) as package:
                yield package
            with told(schema), connection.transaction():
                _exchange(connection, schema, twin)
        finally:
            if not connection.closed:
                _drop(connection, twin)


def _exchange(connection: Connection, schema: str, twin: str) -> None:
    """Put a schema in the place of another, with the readers that the other one had, and that one in its place.

    Names alone change hands. To drop tables here would wait for readers of one statement, who hold the tables that they
    have come to and may be waiting for the lock that is held here.
    """
    readers = connection.execute(
        "SELECT DISTINCT pg_get_userbyid(grantee) FROM pg_namespace, aclexplode(nspacl) "
        "WHERE nspname = %s AND privilege_type = 'USAGE' AND grantee NOT IN (0, nspowner)",
        (schema,),
    ).fetchall()
    for (reader,) in readers:
        for statement in reading_rights(twin, str(reader)):
            connection.execute(statement.encode())
    there = connection.execute("SELECT to_regclass(%s)", (f'"{schema}".phusa_publication',)).fetchone()
    if there is not None and there[0] is not None:
        # Readers hold this table as long as they read: the exchange waits for them, and they wait for it.
        connection.execute(f'LOCK TABLE "{schema}".phusa_publication IN ACCESS EXCLUSIVE MODE'.encode())
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'.encode())
    for old, new in ((schema, f"{schema}_gone"), (twin, schema), (f"{schema}_gone", twin)):
        connection.execute(f'ALTER SCHEMA "{old}" RENAME TO "{new}"'.encode())
    for (reader,) in readers:  # what was withdrawn may stand in it, and it may be a while until it is dropped
        connection.execute(f'REVOKE USAGE ON SCHEMA "{twin}" FROM "{reader}"'.encode())


def _drop(connection: Connection, schema: str) -> None:
    """Drop a schema that nobody looks for any more, though some who found it may still read.

    It gives way before the server looks for circles, which it would break by ending whoever looks, a reader perhaps.
    Where somebody reads for long it is left to the next rebuild: readers may no longer use it.
    """
    statement = f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'.encode()
    until = time.monotonic() + BUSY_TIMEOUT_S
    connection.execute(f"SET lock_timeout = '{_GIVE_WAY_S}s'".encode())
    try:
        while time.monotonic() < until:
            with suppress(psycopg.errors.LockNotAvailable):
                connection.execute(statement)
                return
        logger.warning("%s is still read; the next `phusa publish --rebuild` drops it", schema)
    except psycopg.Error as error:
        logger.warning("%s is left to the next `phusa publish --rebuild` (%s)", schema, said(error))


def reading_rights(schema: str, reader: str) -> tuple[str, ...]:
    """Return the statements that let a role read a publication: what is there, and what its owner adds.

    Parameters
    ----------
    schema : str
        Its schema; the statements are run by its owner.
    reader : str
        The role.
    """
    return (
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{reader}"',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{reader}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT SELECT ON TABLES TO "{reader}"',
    )
