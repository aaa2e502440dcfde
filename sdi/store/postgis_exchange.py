"""Where a publication lies in PostGIS: whether it is there, and how another one takes its place under whoever reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sdi.store.postgis import BUSY_TIMEOUT_S, LOCK
from sdi.store.postgis_publication import TEMPORARY, PostgisPublication, become_owner, told
from sdi.store.postgis_session import Connection, connect


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
                connection.execute(f'DROP SCHEMA IF EXISTS "{twin}" CASCADE'.encode())


def _exchange(connection: Connection, schema: str, twin: str) -> None:
    """Put a schema in the place of another, with the readers that the other one had."""
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
    connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'.encode())
    connection.execute(f'ALTER SCHEMA "{twin}" RENAME TO "{schema}"'.encode())


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
