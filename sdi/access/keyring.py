"""The keys of a workspace: made, listed, revoked, and recognised when a program sends one."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from sdi.access import key as keys
from sdi.access.key import Key
from sdi.declaration import Level
from sdi.errors import InputError, NotFound, PhusaError
from sdi.history import Clock
from sdi.store.keys import KeyStore, KeyWatch

logger = logging.getLogger(__name__)

FILE = "keys.db"
"""File of the workspace that keeps them."""
_LONGEST_OWNER = 100
_USE_EVERY_S = 300.0
"""How often it is noted at most that a key was used [s]."""


class Keyring:
    """The keys of a workspace, for whoever hands them out.

    Parameters
    ----------
    folder : Path
        Folder of the workspace.
    clock : Clock, optional
        Where times come from.
    """

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self._store = KeyStore(folder / FILE)
        self._clock = clock or Clock()

    def add(
        self, owner: str, level: Level, *, collections: Sequence[str] = (), expires: str | None = None
    ) -> tuple[Key, str]:
        """Make a key.

        Parameters
        ----------
        owner : str
            Who gets it.
        level : {'public', 'restricted'}
            What it opens; nothing opens what is secret.
        collections : sequence of str
            Collections that it opens; all of the level where empty.
        expires : str, optional
            Until when [UTC]; for ever where absent.

        Returns
        -------
        (Key, str)
            What is kept, and the whole key, which is told this once.

        Raises
        ------
        InputError
            If the owner has no name that a log can show, the level is not served, or the end has passed.
        """
        now = self._clock.now()
        if not owner.strip() or len(owner) > _LONGEST_OWNER or not owner.isprintable():
            raise InputError(f"owner {owner!r} is no name; expected 1 to {_LONGEST_OWNER} letters in one line")
        if level not in ("public", "restricted"):
            raise InputError(f"no key opens what is {level}; expected public or restricted", code="level-unknown")
        if expires is not None and expires <= now:
            raise InputError(f"the key would end on {expires}, which has passed")
        identifier, digest, written = keys.drawn()
        made = Key(identifier, digest, owner.strip(), level, tuple(sorted(set(collections))), now, expires)
        self._store.add(dataclasses.asdict(made) | {"collections": orjson.dumps(made.collections).decode()})
        return made, written

    def revoke(self, identifier: str) -> None:
        """Let a key open nothing from now on, in every process that serves the workspace.

        Raises
        ------
        NotFound
            If there is none, or it was revoked before.
        """
        if not self._store.revoke(identifier, self._clock.now()):
            raise NotFound(f"no key {identifier!r} opens anything; `phusa user list` names them", code="key-unknown")

    def list(self) -> tuple[Key, ...]:
        """Return all keys in the order in which they were made, revoked ones included."""
        return tuple(_read(row) for row in self._store.rows())


class Doorkeeper:
    """The keys of a workspace, for a service that recognises them.

    Nothing is opened before the first key is shown.

    Parameters
    ----------
    folder : Path
        Folder of the workspace.
    clock : Clock, optional
        Where times come from.
    """

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self._watch = KeyWatch(folder / FILE)
        self._store = KeyStore(folder / FILE)
        self._clock = clock or Clock()
        self._known: dict[str, Key] = {}
        self._used: dict[str, float] = {}
        self._notes: ThreadPoolExecutor | None = None

    def recognise(self, text: str) -> Key | None:
        """Return the key that was shown, ``None`` where it opens nothing, whatever the reason.

        Parameters
        ----------
        text : str
            What was sent.

        Raises
        ------
        WorkspaceError
            If the keys cannot be read.
        """
        shown = keys.parts(text)
        if shown is None:
            return None
        rows = self._watch.changed()
        if rows is not None:
            self._known = {one.identifier: one for one in map(_read, rows)}
        identifier, secret = shown
        found = self._known.get(identifier)
        if found is None or not found.is_of(secret) or not found.is_valid(self._clock.now()):
            return None
        self._note(identifier)
        return found

    def close(self) -> None:
        """Finish what is being noted and close the file."""
        if self._notes is not None:
            self._notes.shutdown(wait=True)
            self._notes = None
        self._watch.close()

    def _note(self, identifier: str) -> None:
        """Note that a key was used, now and then and in a thread of its own, because a disk may be slow."""
        now = time.monotonic()
        if now - self._used.get(identifier, -_USE_EVERY_S) >= _USE_EVERY_S:
            self._used[identifier] = now
            self._notes = self._notes or ThreadPoolExecutor(1, thread_name_prefix="keys")
            self._notes.submit(self._write, identifier)

    def _write(self, identifier: str) -> None:
        """Write it down; that it could not be is no reason to turn anybody away."""
        try:
            self._store.use(identifier, self._clock.now())
        except PhusaError as error:
            logger.warning("the use of key %s is not noted: %s", identifier, error.message)


def _read(row: Sequence[Any]) -> Key:
    """Make a key of a row."""
    identifier, digest, owner, level, collections, *times = row
    return Key(identifier, digest, owner, level, tuple(orjson.loads(collections)), *times)
