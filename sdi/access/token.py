"""Bearer tokens of an identity provider (OpenID Connect, RFC 9068): signed by it, meant for us, not yet ended.

What the provider is called, by which algorithms it signs, where its keys are and which of its roles may see what stands
in a file of the operator. Nothing of that is taken from a token: neither an address of keys nor a key nor an algorithm.

References
----------
RFC 8725, JSON Web Token Best Current Practices.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import yaml

from sdi.access.jwks import KeySet
from sdi.access.right import Right, widest
from sdi.errors import InputError, SettingsError, TokenRefused, WorkspaceError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those of public keys. With a shared secret, whoever checks a token could make one."""
MAXIMUM_LENGTH = 8_000
"""Longest token that is read [characters]."""
_TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
_REQUIRED = ("iss", "aud", "exp", "sub")
_MAXIMUM_KEPT = 1_000
_KEYS = {"issuer", "audience", "algorithms", "keys", "claim", "roles", "leeway_s"}


@dataclass(frozen=True, slots=True)
class Issuer:
    """An identity provider, and what its roles may see."""

    issuer: str
    """As it calls itself in ``iss``."""
    audience: str
    """As it calls us in ``aud``."""
    algorithms: tuple[str, ...]
    keys: str
    """File or address of its public keys."""
    claim: tuple[str, ...]
    """Where in a token the roles are: one name for each level of nesting."""
    roles: Mapping[str, Right]
    leeway_s: int = 60
    """How far the clocks may be apart [s]."""

    @classmethod
    def read(cls, path: Path) -> Issuer:
        """Read the file of the operator.

        Parameters
        ----------
        path : Path
            The file; the keys may lie beside it.

        Raises
        ------
        SettingsError
            Saying what is wrong in it.
        """
        try:
            said = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SettingsError(f"{path}, which PHUSA_TOKENS names, cannot be read ({error})") from error
        missing = ({"issuer", "audience", "keys", "roles"} - set(said)) if isinstance(said, dict) else _KEYS
        if missing or set(said) - _KEYS or not isinstance(said["roles"], dict):
            raise SettingsError(f"{path} is not about tokens; expected {', '.join(sorted(_KEYS))} and no other key")
        try:
            return cls._of(said, path.parent)
        except (InputError, TypeError, ValueError) as error:
            raise SettingsError(f"{path}: {error}") from error

    @classmethod
    def _of(cls, said: Mapping[str, Any], folder: Path) -> Issuer:
        """Check what stands in the file."""
        algorithms = tuple(said.get("algorithms", ("RS256", "ES256")))
        if not algorithms or set(algorithms) - set(ALGORITHMS):
            raise InputError(f"algorithms are {said['algorithms']!r}; expected some of {', '.join(ALGORITHMS)}")
        leeway = said.get("leeway_s", 60)
        if type(leeway) is not int or not 0 <= leeway <= 300:
            raise InputError(f"leeway_s is {leeway!r}; expected 0 to 300 seconds")
        keys = str(said["keys"])
        return cls(
            issuer=str(said["issuer"]), audience=str(said["audience"]), algorithms=algorithms,
            keys=keys if "://" in keys else str(folder / keys), claim=tuple(str(said.get("claim", "roles")).split(".")),
            roles={str(name): Right.read(one) for name, one in said["roles"].items()}, leeway_s=leeway,
        )  # fmt: skip

    def right_of(self, claims: Mapping[str, Any]) -> Right | None:
        """Return what somebody may see, ``None`` where his roles are not known here.

        Parameters
        ----------
        claims : mapping
            Claims of his token.
        """
        found: Any = claims
        for name in self.claim:
            found = found.get(name) if isinstance(found, Mapping) else None
        named = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return widest(self.roles[one] for one in named if isinstance(one, str) and one in self.roles)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever sent a token that holds."""

    subject: str
    """What the provider calls him."""
    right: Right | None
    """``None`` where the provider knows him, but gives him no role that is known here."""
    ends: float
    """When the token ends [s since 1970]."""


class Tokens:
    """Checks tokens of one provider.

    Parameters
    ----------
    issuer : Issuer
        Whose tokens.

    Raises
    ------
    SettingsError
        If there are no keys in the file that it names, or the address is none from which keys are taken.
    """

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        try:
            self.keys = KeySet(issuer.keys, issuer.algorithms)
        except InputError as error:
            raise SettingsError(error.message) from error
        self._kept: OrderedDict[bytes, tuple[int, Bearer]] = OrderedDict()

    def kept(self, text: str) -> Bearer | None:
        """Return who sent a token that was checked before and still holds; it costs next to nothing.

        Parameters
        ----------
        text : str
            The token.
        """
        name = _name(text)
        generation, found = self._kept.get(name, (-1, None))
        if found is None or generation != self.keys.generation or time.time() >= found.ends:
            self._kept.pop(name, None)
            return None
        return found

    def checked(self, text: str) -> Bearer:
        """Return who sent a token.

        Parameters
        ----------
        text : str
            The token.

        Raises
        ------
        TokenRefused
            If anything about it is not as it must be.
        WorkspaceError
            If the keys of the provider were not to be had so far.
        """
        if not self.keys.is_known:
            raise WorkspaceError(f"the keys of {self._issuer.issuer} in {self._issuer.keys} were not to be had so far")
        generation = self.keys.generation
        claims = self._claims(text)
        made = Bearer(claims["sub"], self._issuer.right_of(claims), claims["exp"] + self._issuer.leeway_s)
        self._kept[_name(text)] = generation, made
        if len(self._kept) > _MAXIMUM_KEPT:
            self._kept.popitem(last=False)
        return made

    def _claims(self, text: str) -> dict[str, Any]:
        """Check size, form, algorithm, key, signature, issuer, audience and times, in this order."""
        if len(text) > MAXIMUM_LENGTH or text.count(".") != 2 or not text.isascii():
            raise TokenRefused(f"{len(text)} characters with {text.count('.')} dots are no signed token")
        try:
            header = jwt.get_unverified_header(text)
            key = self._key(header)
            claims = jwt.decode(
                text, key, algorithms=[key.algorithm_name], audience=self._issuer.audience, issuer=self._issuer.issuer,
                leeway=self._issuer.leeway_s,
                options={"require": list(_REQUIRED), "enforce_minimum_key_length": True},
            )  # fmt: skip
            return claims | {"exp": float(claims["exp"])}
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenRefused(f"{type(error).__name__}: {error}") from error

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """Find the key that a token names, for the algorithm that it names."""
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ")
        if algorithm not in self._issuer.algorithms:
            raise TokenRefused(f"algorithm {algorithm!r}")
        if (
            "crit" in header
            or (kind is not None and not isinstance(kind, str))
            or (kind and kind.lower()) not in _TYPES
        ):
            raise TokenRefused(f"type {kind!r}, or something critical that is not known here")
        found = self.keys.find(kid) if isinstance(kid, str) else None
        if found is None or found.algorithm_name != algorithm:
            raise TokenRefused(f"no key {kid!r} for {algorithm}")
        return found


def _name(text: str) -> bytes:
    """Name a token without keeping it."""
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
