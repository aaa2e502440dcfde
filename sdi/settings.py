"""Settings: one frozen value, read from the environment where a command starts and handed on as an argument."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from sdi.errors import SettingsError

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?", re.ASCII)
"""What a browser sends as ``Origin``: lower case, without a path."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set. Each field has an environment variable ``PHUSA_<FIELD>``."""

    shared: Path = Path("../shared")
    """Folder of the real data and schemas that tests read in place."""
    secret: str | None = None
    """Secret without which the server does not listen beyond this machine; at least 32 characters."""
    secret_store: str | None = None
    """File or address of the secret registry, instead of the one that the workspace names."""
    public_url: str | None = None
    """Address under which clients see the service, where a proxy stands before it."""
    workers: int = 1
    """Processes that answer requests."""
    threads: int = 4
    """Threads of each process that answer requests."""
    access_log: str | None = None
    """File to which every request is written as a line of JSON, ``-`` for the standard error; none where absent."""
    metrics: tuple[str, int] | None = None
    """Address and port on which counts are shown to Prometheus; none where absent."""
    tile_memory: int = 64
    """Memory in which a process keeps the tiles it sent lately [MiB]; it keeps none where 0."""
    maximum_items: int = 10_000
    """Largest ``limit`` of one page of features."""
    default_items: int = 100
    """``limit`` where a request names none."""
    tokens: Path | None = None
    """File that says whose bearer tokens count, see `sdi.access.token`; none do where absent."""
    rate: int = 50
    """Requests that one address may send without a key [1/s]; for a moment ten times as many."""
    key_rate: int = 200
    """Requests that one key, or one user with a token, may send [1/s]; for a moment ten times as many."""
    answer_s: int = 60
    """Time within which an answer must begin [s]."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses and networks of proxies, whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` count."""
    origins: tuple[str, ...] = ()
    """Web sites whose pages may read answers in a browser, or ``*`` for all."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables.

        Parameters
        ----------
        environment : mapping, optional
            Variables; the process's own where absent.

        Raises
        ------
        SettingsError
            If a value cannot be used; the message names the variable.
        """
        given = os.environ if environment is None else environment
        return cls(
            shared=Path(given.get("PHUSA_SHARED", "../shared")),
            secret=_secret(given.get("PHUSA_SECRET")),
            secret_store=given.get("PHUSA_SECRET_STORE") or None,
            public_url=given.get("PHUSA_PUBLIC_URL", "").rstrip("/") or None,
            workers=_number(given, "PHUSA_WORKERS", 1, 64),
            threads=_number(given, "PHUSA_THREADS", 4, 64),
            access_log=given.get("PHUSA_ACCESS_LOG") or None,
            metrics=_place(given.get("PHUSA_METRICS")),
            tile_memory=_number(given, "PHUSA_TILE_MEMORY", 64, 65_536, least=0),
            maximum_items=_number(given, "PHUSA_MAXIMUM_ITEMS", 10_000, 100_000),
            default_items=_number(given, "PHUSA_DEFAULT_ITEMS", 100, 10_000),
            tokens=Path(given["PHUSA_TOKENS"]) if given.get("PHUSA_TOKENS") else None,
            rate=_number(given, "PHUSA_RATE", 50, 100_000),
            key_rate=_number(given, "PHUSA_KEY_RATE", 200, 100_000),
            answer_s=_number(given, "PHUSA_ANSWER_S", 60, 3_600),
            proxies=_networks(given, "PHUSA_PROXIES", ("127.0.0.1", "::1")),
            origins=_origins(given, "PHUSA_ORIGINS"),
        )


def _secret(text: str | None) -> str | None:
    """Return the secret, refusing one that is too short to be one."""
    if text is not None and len(text) < 32:
        raise SettingsError(
            f"PHUSA_SECRET has {len(text)} characters; expected at least 32, for example from `openssl rand -hex 32`"
        )
    return text


def _place(text: str | None) -> tuple[str, int] | None:
    """Read an address with its port; a port alone is one of this machine."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise SettingsError(f"PHUSA_METRICS is {text!r}; expected a port, or an address with one: 127.0.0.1:9108")
    return host.strip("[]") or "127.0.0.1", int(port)


def _number(given: Mapping[str, str], name: str, default: int, largest: int, *, least: int = 1) -> int:
    """Read a whole number."""
    text = given.get(name, str(default))
    if not text.isdigit() or not least <= int(text) <= largest:
        raise SettingsError(f"{name} is {text!r}; expected a whole number from {least} to {largest}")
    return int(text)


def _listed(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Read values separated by commas."""
    return tuple(one.strip() for one in given.get(name, "").split(",") if one.strip())


def _networks(given: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Read addresses and networks; none where the variable is there and empty."""
    listed = _listed(given, name) if name in given else default
    for one in listed:
        try:
            ip_network(one)
        except ValueError as error:
            raise SettingsError(f"{name} has {one!r}; expected addresses or networks such as 10.0.0.0/8") from error
    return listed


def _origins(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Read origins of web pages."""
    listed = _listed(given, name)
    for one in listed:
        if not _ORIGIN.fullmatch(one) and listed != ("*",):
            raise SettingsError(f"{name} has {one!r}; expected origins such as https://map.example.org, or * alone")
    return listed
