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
