"""The village, its application with everything that can be attacked, and a witness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import jwt
import pytest

from pipelines.server.composition import compose
from sdi.settings import Settings
from tests.attack import inputs, payloads, village
from tests.attack.asker import Asker, asking
from tests.attack.inputs import Input
from tests.attack.payloads import Payload
from tests.attack.village import Village
from tests.attack.witness import Witness, watching
from tests.identity import Provider, claimed

SITE = "https://map.example.org"
"""The one other site whose pages may read answers."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where the attacks happen."""

    village: Village
    ask: Asker
    witness: Witness
    inputs: list[Input]
    payloads: list[Payload]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Village:
    """Return the village on the embedded store."""
    return village.build(tmp_path_factory.mktemp("village"))


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Provider:
    """Return the identity provider whose tokens count."""
    return Provider(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="session")
def ground(made: Village, provider: Provider) -> Iterator[Field]:
    """Return the village's application, every input of it, and everything that is written into them."""
    yield from opened(made, provider)


@pytest.fixture
def field(ground: Field) -> Field:
    """Return the same, with a witness that has forgotten what other tests and fixtures did."""
    ground.witness.found()
    return ground


def opened(made: Village, provider: Provider, threads: int = 4) -> Iterator[Field]:
    """Give the application of a village to be attacked."""
    settings = Settings(rate=100_000, key_rate=100_000, tokens=provider.settings, origins=(SITE,), threads=threads)
    with asking(compose(made.workspace, settings)) as ask:
        found = inputs.every(made, ask)
        with watching(made.markers) as witness:
            written = payloads.every(witness.port, tuple(map(str, made.markers)), forged(provider, witness.port))
            yield Field(made, ask, witness, found, written)


def forged(provider: Provider, port: int) -> tuple[str, ...]:
    """Return tokens that nobody signed for the provider; one says where its key is to be had."""
    claims, here = claimed(), f"http://127.0.0.1:{port}/keys"
    with pytest.MonkeyPatch.context() as patch:  # the library refuses to sign with a public key
        patch.setattr(jwt.algorithms.HMACAlgorithm, "prepare_key", lambda _, key: key)
        confused = jwt.encode(claims, provider.pem("r1"), "HS256", headers={"kid": "r1"})
    head, body, signature = provider.token().split(".")
    return (
        jwt.encode(claims, "", "none", headers={"kid": "r1"}), confused,
        f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}",
        provider.token(exp=1), provider.token(iss=here), provider.token(aud="another"),
        jwt.encode(claims, "x" * 32, "HS256", headers={"kid": here, "jku": here, "x5u": here}),
    )  # fmt: skip
