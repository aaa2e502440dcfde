"""Who may do what in the database of a workspace: an owner makes tables, a writer adds rows, readers see publications.

The roles themselves are made by whoever administers the database; here they are given what they need and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

import psycopg

from sdi.errors import WorkspaceError
from sdi.store.postgis_session import connect, said


def assign(address: str, writer: str, readers: Mapping[str, str], *, schema: str = "registry") -> None:
    """Give roles their rights, in the tables there are and in those that come.

    Parameters
    ----------
    address : str
        The database, as the owner of the registry's tables.
    writer : str
        Role that records and publishes: it adds rows, closes them and makes publications; it deletes nothing, and
        switches no guard off.
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
            for statement in (*_writing(schema, writer), *_reading(writer, readers)):
                connection.execute(statement.encode())
        except psycopg.Error as error:
            raise WorkspaceError(
                f"rights were not given ({said(error)}); make the roles first (CREATE ROLE ... LOGIN) and come as the "
                "owner of the registry, who is a member of the writer's role"
            ) from error


def _writing(schema: str, role: str) -> Iterator[str]:
    """Yield what lets a role record; guards, which are the owner's, keep it from changing what is recorded."""
    yield f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"'
    yield f'GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"'
    yield f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT SELECT, INSERT, UPDATE ON TABLES TO "{role}"'


def _reading(writer: str, readers: Mapping[str, str]) -> Iterator[str]:
    """Yield what lets one role make publications, and others read one of them each."""
    for schema, reader in readers.items():
        yield f'CREATE SCHEMA IF NOT EXISTS "{schema}"'
        yield f'GRANT USAGE, CREATE ON SCHEMA "{schema}" TO "{writer}"'
        yield f'GRANT USAGE ON SCHEMA "{schema}" TO "{reader}"'
        yield f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{reader}"'
        yield f'ALTER DEFAULT PRIVILEGES FOR ROLE "{writer}" IN SCHEMA "{schema}" GRANT SELECT ON TABLES TO "{reader}"'
