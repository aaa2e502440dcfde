"""A key of the service: a secret that a program sends, so that it is shown more than the public.

What is kept is a hash. The secret is 32 random bytes, which nobody guesses, so that a fast hash is as good as a slow
one here; it would not be for a password.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from sdi.declaration import Level

_WRITTEN = re.compile(r"phusa_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
"""What a whole key looks like; the first word lets programs that look for lost secrets find it."""


@dataclass(frozen=True, slots=True)
class Key:
    """Who has a key, what it opens and how long; not the secret."""

    identifier: str
    """Twelve hexadecimal digits, by which it is found and revoked."""
    digest: str
    """SHA-256 of the secret."""
    owner: str
    level: Level
    """Access level of the publication that it opens."""
    collections: tuple[str, ...]
    """Collections that it opens; all of the level where empty."""
    created: str
    """UTC, as all times here."""
    expires: str | None = None
    revoked: str | None = None
    used: str | None = None
    """About when it was last used, to within a few minutes."""

    def is_of(self, secret: str) -> bool:
        """Tell whether a secret is that of this key, in a time that does not depend on where it differs."""
        return compare_digest(self.digest, _digest(secret))

    def is_valid(self, now: str) -> bool:
        """Tell whether it opens anything at a moment.

        Parameters
        ----------
        now : str
            UTC, as `sdi.history.Clock` tells it.
        """
        return self.revoked is None and (self.expires is None or now < self.expires)


def parts(text: str) -> tuple[str, str] | None:
    """Return identifier and secret of a key as it is sent, ``None`` where it does not look like one.

    Parameters
    ----------
    text : str
        What was sent.
    """
    found = _WRITTEN.fullmatch(text)
    return (found[1], found[2]) if found else None


def names_one(text: str) -> bool:
    """Tell whether a text has a key in it.

    Parameters
    ----------
    text : str
        For example the query of an address.
    """
    return _WRITTEN.search(text) is not None


def drawn() -> tuple[str, str, str]:
    """Draw a new key.

    Returns
    -------
    (str, str, str)
        Its identifier, the digest to keep, and the whole key to be handed over once.
    """
    identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return identifier, _digest(secret), f"phusa_{identifier}_{secret}"


def _digest(secret: str) -> str:
    """Hash a secret."""
    return sha256(secret.encode()).hexdigest()
