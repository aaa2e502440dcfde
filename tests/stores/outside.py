"""Hands that reach into a store past the registry, with the rights of whoever owns it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg

from sdi.workspace import Workspace

REFUSED = (sqlite3.IntegrityError, psycopg.IntegrityError)
"""What a guard raises."""


def run(workspace: Workspace, *statements: str, guarded: bool = True) -> None:
    """Run statements on the registry of a workspace; without its guards, where somebody switched them off."""
    if workspace.store is None:
        with closing(sqlite3.connect(workspace.registry_path)) as connection, connection:
            for (name,) in [] if guarded else connection.execute(TRIGGERS).fetchall():
                connection.execute(f'DROP TRIGGER "{name}"')
            for statement in statements:
                connection.execute(statement)
        return
    with psycopg.connect(workspace.store, options="-c search_path=registry,public") as connection:
        for statement in ("SET session_replication_role = replica", *statements) if not guarded else statements:
            connection.execute(statement.encode())


def empty(workspace: Workspace) -> None:
    """Take the registry away, as if none had been there."""
    if workspace.store is None:
        for end in ("", "-wal", "-shm"):
            workspace.registry_path.with_name(workspace.registry_path.name + end).unlink(missing_ok=True)
        return
    with psycopg.connect(workspace.store) as connection:
        connection.execute("DROP SCHEMA registry CASCADE")


TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


# publications --------------------------------------------------------------------------------------------------------


def tamper(workspace: Workspace, level: str, *statements: str) -> None:
    """Run statements on a publication, which no guard protects."""
    if workspace.store is None:
        with closing(sqlite3.connect(workspace.publication_path(level))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    with psycopg.connect(workspace.store, options=f"-c search_path=publication_{level},public") as connection:
        for statement in statements:
            connection.execute(statement.encode())


def held(workspace: Workspace, level: str) -> bytes:
    """Return everything that is kept of a publication: the file, or every row of the schema as text."""
    if workspace.store is None:
        return workspace.publication_path(level).read_bytes()
    schema = f"publication_{level}"
    with psycopg.connect(workspace.store) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
        rows = [
            row
            for (table,) in tables
            for row in connection.execute(f'SELECT * FROM "{schema}"."{table}"'.encode()).fetchall()
        ]
    return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)


def damage(workspace: Workspace, level: str) -> None:
    """Spoil a publication, in the way its store can be spoiled."""
    if workspace.store is not None:
        return tamper(workspace, level, "DROP TABLE phusa_thing")
    path = workspace.publication_path(level)
    damaged = bytearray(path.read_bytes())
    damaged[20_000:60_000] = b"\xff" * 40_000
    path.write_bytes(damaged)
    return None


def homes(workspace: Workspace) -> list[str]:
    """Return the publications that are there, what was left half built included."""
    if workspace.store is None:
        names = (path.name for path in workspace.publication_path("public").parent.iterdir())
        return sorted(name.removesuffix(".gpkg") for name in names if not name.endswith(("-wal", "-shm")))
    with psycopg.connect(workspace.store) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'publication%'").fetchall()
    return sorted(name.removeprefix("publication_") for (name,) in found)
