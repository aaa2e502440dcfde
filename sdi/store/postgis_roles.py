"""Who may do what in the database of a workspace: an owner makes tables, a writer records, readers see publications.

The roles themselves are made by whoever administers the database; here they are given what they need and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

import psycopg

from sdi.errors import WorkspaceError
from sdi.store.postgis_exchange import reading_rights
from sdi.store.postgis_session import Connection, connect, said


def assign(address: str, writer: str, readers: Mapping[str, str], *, schema: str = "registry") -> None:
    """Give roles their rights, in the tables there are and in those that come.

    Parameters
    ----------
    address : str
        The database, as the owner of the registry's tables.
    writer : str
        Role that records and publishes: it adds rows, closes them and owns the publications; it deletes nothing of the
        registry, and switches no guard off.
    readers : mapping of str to str
        For each schema of publications the role that reads it, and nothing else.
    schema : str
        Schema of the registry.

    Raises
    ------
    WorkspaceError
        If a role does not exist, or the address is not the owner's.
    """
    with closing(connect(address, schema)) as connection:
        try:
            with connection.transaction():
                for statement in (*_writing(schema, writer, connection.info.dbname), *_publishing(writer, [*readers])):
                    connection.execute(statement.encode())
                for published, reader in readers.items():
                    _hand_over(connection, published, writer)
                    _let_read(connection, published, writer, reader)
        except psycopg.Error as error:
            raise WorkspaceError(
                f"rights were not given ({said(error)}); make the roles first (CREATE ROLE ... LOGIN) and come as the "
                "owner of the registry, who is a member of the writer's role"
            ) from error


def _writing(schema: str, role: str, database: str) -> Iterator[str]:
    """Yield what lets a role record; guards, which are the owner's, keep it from changing what is recorded."""
    yield f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"'
    yield f'GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"'
    yield f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT SELECT, INSERT, UPDATE ON TABLES TO "{role}"'
    yield f'GRANT CREATE, TEMPORARY ON DATABASE "{database}" TO "{role}"'


def _publishing(role: str, schemas: Sequence[str]) -> Iterator[str]:
    """Yield what makes a role the owner of publications: whoever builds one anew puts it in the place of the old."""
    for schema in schemas:
        yield f'CREATE SCHEMA IF NOT EXISTS "{schema}"'
        yield f'ALTER SCHEMA "{schema}" OWNER TO "{role}"'


def _hand_over(connection: Connection, schema: str, role: str) -> None:
    """Make a role the owner of the tables that somebody else published."""
    sql = "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tableowner <> %s"
    for (table,) in connection.execute(sql, (schema, role)).fetchall():
        connection.execute(f'ALTER TABLE "{schema}"."{table}" OWNER TO "{role}"'.encode())


def _let_read(connection: Connection, schema: str, owner: str, reader: str) -> None:
    """Let a role read a publication."""
    connection.execute(f'SET LOCAL ROLE "{owner}"'.encode())
    for statement in reading_rights(schema, reader):
        connection.execute(statement.encode())
    connection.execute("RESET ROLE")
