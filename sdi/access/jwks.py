"""The public keys of an identity provider (JWKS, RFC 7517): read from a file or an address that the operator named.

They are read in a thread of their own, now and then and soon after a token named a key that is not known. Whoever asks
for a key never waits for a network.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Collection, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

import jwt
import orjson

from sdi.errors import InputError

logger = logging.getLogger(__name__)

MAXIMUM_BYTES = 262_144
MAXIMUM_KEYS = 100
_FETCH_S = 10.0
"""Longest time that an answer may take [s]."""
_EVERY_S = 600.0
"""How often the keys at an address are read again [s]."""
_FILE_EVERY_S = 5.0
_SOON_S = 10.0
"""Shortest time between two looks because of a key that is not known [s]."""


class KeySet:
    """Public keys by their ``kid``.

    Parameters
    ----------
    source : str
        A file, or an address: ``https``, or ``http`` on this machine.
    algorithms : collection of str
        Algorithms of which keys are taken.

    Raises
    ------
    InputError
        If the address is of another kind, or the file holds no such keys.
    """

    def __init__(self, source: str, algorithms: Collection[str]) -> None:
        self._source = source
        self._algorithms = frozenset(algorithms)
        self._address = _address(source) if "://" in source else None
        self._wanted, self._ending = Event(), Event()
        self._thread: Thread | None = None
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self.generation = 0
        """Counts how often the keys changed."""
        if self._address is None:
            self.refresh()

    @property
    def is_known(self) -> bool:
        """Some keys were read."""
        return bool(self._keys)

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return a key, ``None`` where it is not known; it is then looked for, for the next who asks."""
        found = self._keys.get(kid)
        if found is None:
            self._wanted.set()
        return found

    def refresh(self) -> None:
        """Read the keys again.

        Raises
        ------
        InputError
            If there are none to be had; those that are known stay.
        """
        body = _file(Path(self._source)) if self._address is None else _fetched(self._address)
        keys = _keys(self._source, body, self._algorithms)
        if {kid: one._jwk_data for kid, one in keys.items()} != {kid: one._jwk_data for kid, one in self._keys.items()}:  # noqa: SLF001 - it has no other name
            self._keys = keys
            self.generation += 1
            logger.info("%d keys of tokens read from %s", len(keys), self._source)

    def start(self) -> None:
        """Begin to keep them up to date."""
        self._ending.clear()
        self._thread = Thread(target=self._keep, name="jwks", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop it."""
        self._ending.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _keep(self) -> None:
        """Read them now and then, until the end."""
        while not self._ending.is_set():
            try:
                self.refresh()
            except InputError as error:
                logger.warning("%s; the %d keys that are known stay", error.message, len(self._keys))
            self._wanted.clear()
            self._ending.wait(_SOON_S if self._address else _FILE_EVERY_S)
            if self._address and self._keys:
                self._wanted.wait(_EVERY_S)


def _address(source: str) -> SplitResult:
    """Check the address of keys."""
    try:
        found = urlsplit(source)
        is_here = found.hostname == "localhost" or (
            bool(found.hostname) and ip_address(found.hostname or "").is_loopback
        )
    except ValueError:
        is_here = False
    if found.scheme != "https" and not (found.scheme == "http" and is_here):
        raise InputError(f"keys of tokens are at {source!r}; expected https://…, or http:// on this machine, or a file")
    if not found.hostname or found.username or found.password or found.fragment:
        raise InputError(f"keys of tokens are at {source!r}; expected a host and a path, without user or fragment")
    return found


def _file(path: Path) -> bytes:
    """Read a file of keys."""
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise InputError(f"the keys of tokens in {path} cannot be read ({error.strerror})") from error


def _fetched(address: SplitResult) -> bytes:
    """Fetch keys from an address, whatever it answers bounded in size and time; it may not send us elsewhere."""
    until = time.monotonic() + _FETCH_S
    host, port = address.hostname or "", address.port
    connection: HTTPConnection
    if address.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=_FETCH_S / 2, context=ssl.create_default_context())
    else:
        connection = HTTPConnection(host, port, timeout=_FETCH_S / 2)
    try:
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        connection.request("GET", path, headers={"Accept": "application/json", "User-Agent": "phusa"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise InputError(f"{address.geturl()} answered {answer.status}; expected 200 and keys")
        body = b""
        while (part := answer.read1(65_536)) and len(body) <= MAXIMUM_BYTES:
            body += part
            if time.monotonic() > until:
                raise InputError(f"{address.geturl()} did not answer within {_FETCH_S:.0f} s")
        return body
    except (OSError, HTTPException) as error:
        raise InputError(f"{address.geturl()} cannot be read ({error})") from error
    finally:
        connection.close()


def _keys(source: str, body: bytes, algorithms: Collection[str]) -> dict[str, jwt.PyJWK]:
    """Read keys; those of other kinds are left out, a secret one above all."""
    try:
        listed: Any = orjson.loads(body) if len(body) <= MAXIMUM_BYTES else None
        given = listed["keys"][:MAXIMUM_KEYS]
        found = [one for one in map(_key, given) if one is not None]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f'{source} holds no keys of tokens; expected {{"keys": […]}} as RFC 7517 writes it') from error
    keys = {str(one.key_id): one for one in found if one.algorithm_name in algorithms}
    if not keys:
        raise InputError(f"{source} holds no key with a kid for {', '.join(sorted(algorithms))}")
    return keys


def _key(said: Any) -> jwt.PyJWK | None:
    """Make a public key for signatures, ``None`` of anything else."""
    if not isinstance(said, dict) or said.get("kty") not in ("RSA", "EC", "OKP") or said.get("use", "sig") != "sig":
        return None
    if not isinstance(said.get("kid"), str) or "d" in said:
        return None
    try:
        return jwt.PyJWK(said)
    except jwt.PyJWTError as error:
        logger.warning("a key of tokens is left out: %s", ascii(str(error)[:200]))
        return None
