"""An identity provider of the tests: it signs tokens as a real one does, rightly and wrongly."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://id.example.org/realms/city", "phusa"
SETTINGS = f"""
issuer: {ISSUER}
audience: {AUDIENCE}
algorithms: [RS256, ES256]
keys: KEYS
claim: realm_access.roles
roles:
  planner: restricted
  lamp-crew: {{level: restricted, collections: [lamps]}}
  citizen: public
leeway_s: 30
"""


class Provider:
    """A provider with a key of RSA and one of elliptic curves, and the files that an operator has of it.

    Parameters
    ----------
    folder : Path
        Where the files are.
    keys : str
        Where the operator says that the public keys are.
    """

    def __init__(self, folder: Path, keys: str = "jwks.json") -> None:
        self.folder = folder
        self.private: dict[str, Any] = {}
        self.settings = folder / "tokens.yaml"
        self.settings.write_text(SETTINGS.replace("KEYS", keys), encoding="utf-8")
        self.private["r1"] = rsa.generate_private_key(65537, 2048)
        self.private["e1"] = ec.generate_private_key(ec.SECP256R1())
        self.publish()

    @property
    def document(self) -> bytes:
        """The public keys, as the provider shows them to everybody."""
        return orjson.dumps({"keys": [_public(kid, key) for kid, key in self.private.items()]})

    def publish(self) -> None:
        """Write the public keys into the operator's file."""
        (self.folder / "jwks.json").write_bytes(self.document)

    def pem(self, kid: str) -> bytes:
        """Return a public key as a text that everybody knows."""
        made: bytes = self.private[kid].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return made

    def token(self, kid: str = "r1", *, headers: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """Sign a token for An, a planner; ``None`` takes a claim out."""
        algorithm = "RS256" if kid.startswith("r") else "ES256"
        said = {"kid": kid, **(headers or {})}
        return jwt.encode(claimed(**claims), self.private[kid], algorithm=algorithm, headers=said)


def claimed(**claims: Any) -> dict[str, Any]:
    """Return the claims of An, a planner, with some of them otherwise."""
    now = int(time.time())
    usual = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "an", "iat": now, "nbf": now, "exp": now + 300,
        "realm_access": {"roles": ["planner", "offline_access"]},
    }  # fmt: skip
    return {name: value for name, value in {**usual, **claims}.items() if value is not None}


def _public(kid: str, key: Any) -> dict[str, Any]:
    """Write a public key as RFC 7517 does."""
    kind = RSAAlgorithm if kid.startswith("r") else ECAlgorithm
    said = orjson.loads(kind.to_jwk(key.public_key()))
    return {**said, "kid": kid, "use": "sig", "alg": "RS256" if kid.startswith("r") else "ES256"}
