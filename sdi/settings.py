"""Settings: one frozen value, read from the environment where a command starts and handed on as an argument."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sdi.errors import SettingsError


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
    workers: int = 4
    """Threads that answer requests."""
    maximum_items: int = 10_000
    """Largest ``limit`` of one page of features."""
    default_items: int = 100
    """``limit`` where a request names none."""

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
            workers=_number(given, "PHUSA_WORKERS", 4, 64),
            maximum_items=_number(given, "PHUSA_MAXIMUM_ITEMS", 10_000, 100_000),
            default_items=_number(given, "PHUSA_DEFAULT_ITEMS", 100, 10_000),
        )


def _secret(text: str | None) -> str | None:
    """Return the secret, refusing one that is too short to be one."""
    if text is not None and len(text) < 32:
        raise SettingsError(
            f"PHUSA_SECRET has {len(text)} characters; expected at least 32, for example from `openssl rand -hex 32`"
        )
    return text


def _number(given: Mapping[str, str], name: str, default: int, largest: int) -> int:
    """Read a positive whole number."""
    text = given.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= largest:
        raise SettingsError(f"{name} is {text!r}; expected a whole number from 1 to {largest}")
    return int(text)
