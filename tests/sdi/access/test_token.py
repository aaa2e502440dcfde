"""Tokens of an identity provider: what holds, and every way in which one does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sdi.access.right import Right
from sdi.access.token import Issuer, Tokens
from sdi.errors import SettingsError, TokenRefused
from tests.identity import AUDIENCE, ISSUER, Provider, claimed


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    return Provider(tmp_path_factory.mktemp("provider"))


@pytest.fixture(scope="module")
def tokens(provider):
    return Tokens(Issuer.read(provider.settings))


def segment(value):
    """Write a part of a token."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def by_hand(header, claims, sign=lambda _: b""):
    """Write a token that no library would."""
    signed = f"{segment(header)}.{segment(claims)}"
    return f"{signed}.{segment(sign(signed.encode()))}"


@pytest.mark.parametrize("kid", ["r1", "e1"])
def test_a_token_of_the_provider_tells_who_it_is_and_what_he_may_see(provider, tokens, kid):
    found = tokens.checked(provider.token(kid))
    assert (found.subject, found.right) == ("an", Right("restricted"))


@pytest.mark.parametrize(
    ("roles", "right"),
    [
        (["lamp-crew"], Right("restricted", frozenset({"lamps"}))),
        (["citizen"], Right("public")),
        ("citizen", Right("public")),
        (["lamp-crew", "citizen", "planner"], Right("restricted")),
        (["admin"], None),
        ([], None),
        ({"planner": True}, None),
        ([["planner"], 7, None], None),
    ],
)
def test_roles_are_those_that_the_operator_wrote_down(provider, tokens, roles, right):
    assert tokens.checked(provider.token(realm_access={"roles": roles})).right == right


NEXT_YEAR = int(time.time()) + 365 * 86_400
"""Far enough for a test that runs long after it was collected."""


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 31}, {"exp": None}, {"exp": "soon"}, {"exp": 10**400}, {"exp": [1]},
        {"nbf": NEXT_YEAR}, {"iat": NEXT_YEAR}, {"nbf": "x"},
        {"iss": "https://evil.example.org"}, {"iss": None}, {"iss": f"{ISSUER}/"},
        {"aud": "another"}, {"aud": None}, {"aud": ["another", "third"]}, {"aud": {"phusa": 1}},
        {"sub": None}, {"sub": 7},
    ],
)  # fmt: skip
def test_a_token_that_ended_or_has_not_begun_or_is_of_or_for_somebody_else_is_refused(provider, tokens, claims):
    header = {"alg": "RS256", "kid": "r1", "typ": "JWT"}
    rs256 = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    said = json.dumps(claimed(**claims)).encode()
    made = by_hand(header, said, lambda text: rs256.sign(text, provider.private["r1"]))
    with pytest.raises(TokenRefused):
        tokens.checked(made)


def test_clocks_may_be_apart_by_the_leeway_and_no_more(provider, tokens):
    now = int(time.time())
    assert tokens.checked(provider.token(exp=now - 20, nbf=None, iat=None)).subject == "an"
    assert tokens.checked(provider.token(nbf=now + 20)).subject == "an"


def test_a_token_for_several_that_names_us_too_holds(provider, tokens):
    assert tokens.checked(provider.token(aud=["another", AUDIENCE])).subject == "an"


def test_nobody_signs_for_the_provider(provider, tokens):
    stranger = rsa.generate_private_key(65537, 2048)
    public = provider.pem("r1")
    hs256 = lambda text: hmac.new(public, text, hashlib.sha256).digest()  # noqa: E731
    right = provider.token()
    head, body, signature = right.split(".")
    wrong = {
        "no algorithm": by_hand({"alg": "none", "typ": "JWT", "kid": "r1"}, claimed()),
        "no algorithm, spelled otherwise": by_hand({"alg": "nOnE", "kid": "r1"}, claimed()),
        "the public key as a shared secret": by_hand({"alg": "HS256", "kid": "r1"}, claimed(), hs256),
        "another key under the same name": jwt.encode(claimed(), stranger, "RS256", headers={"kid": "r1"}),
        "a name that is not known": jwt.encode(claimed(), provider.private["r1"], "RS256", headers={"kid": "r9"}),
        "no name": jwt.encode(claimed(), provider.private["r1"], "RS256"),
        "a name that is a path": jwt.encode(claimed(), stranger, "RS256", headers={"kid": "../../jwks.json"}),
        "an algorithm that is not on the list": jwt.encode(
            claimed(), provider.private["r1"], "PS256", headers={"kid": "r1"}
        ),
        "an algorithm of another key": by_hand({"alg": "ES256", "kid": "r1"}, claimed(), lambda _: b"\x00" * 64),
        "zeros for a signature": by_hand({"alg": "ES256", "kid": "e1"}, claimed(), lambda _: b"\x00" * 64),
        "nothing for a signature": f"{head}.{body}.",
        "other claims under the signature": f"{head}.{segment(claimed(sub='root'))}.{signature}",
        "a header that is critical": provider.token(headers={"crit": ["exp"]}),
        "a detached payload": provider.token(headers={"b64": True, "crit": ["b64"]}),
        "a token of another kind": provider.token(headers={"typ": "logout+jwt"}),
    }  # fmt: skip
    assert [name for name, one in wrong.items() if holds(tokens, one)] == []
    assert holds(tokens, right)


def test_a_token_that_brings_its_own_key_or_its_address_is_checked_with_ours(provider, tokens):
    stranger = rsa.generate_private_key(65537, 2048)
    own = orjson.loads(jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key()))
    brought = {"jwk": own, "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/c", "x5c": ["AAAA"]}
    forged = jwt.encode(claimed(), stranger, "RS256", headers={"kid": "r1", **brought})
    assert not holds(tokens, forged)
    assert holds(tokens, provider.token(headers=brought)), "what it says of keys is not read at all"


def test_anything_that_is_no_signed_token_is_refused_before_it_is_read(provider, tokens):
    right = provider.token()
    nested = jwt.encode(
        {**claimed(), "nested": right}, provider.private["r1"], "RS256", headers={"kid": "r1", "cty": "JWT"}
    )
    assert tokens.checked(nested).subject == "an", "what is inside a claim is never read as a token"
    wrong = [
        "", ".", "..", "...", "a.b.c", right + "." + right, ".".join([right, "x", "y"]), right[:-1] + "\n", right + "=",
        "é" * 100, "\x00.\x00.\x00", "A" * 10**6, right + "A" * 8_000, f"{segment([1])}.{segment({})}.AAAA",
        f"{segment(b'[' * 5_000)}.{segment({})}.AAAA", f"{segment(b'{"a":' * 900)}.{segment({})}.AAAA",
        f"{segment({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.AAAA.AAAA.AAAA.AAAA",
        *(f"{segment(one)}.AAAA.AAAA" for one in ({"alg": ["RS256"]}, {"alg": "RS256", "kid": {"a": 1}})),
        f"{segment({'alg': 'RS256', 'kid': 'r1', 'typ': 7})}.e30.AA",
    ]  # fmt: skip
    start = time.perf_counter()
    assert [one[:60] for one in wrong if holds(tokens, one)] == []
    assert time.perf_counter() - start < 1


def test_a_token_is_checked_once_and_again_when_keys_or_time_have_changed(tmp_path):
    provider = Provider(tmp_path)
    tokens = Tokens(Issuer.read(provider.settings))
    token = provider.token()
    assert tokens.kept(token) is None
    found = tokens.checked(token)
    assert tokens.kept(token) is found
    ended = provider.token(exp=int(time.time()) - 29)
    tokens.checked(ended)
    time.sleep(1.1)
    assert tokens.kept(ended) is None, "the leeway is over"
    provider.private["r2"] = rsa.generate_private_key(65537, 2048)
    del provider.private["r1"]
    assert not holds(tokens, provider.token("r2")), "the new key is not known yet"
    provider.publish()
    tokens.keys.refresh()
    assert tokens.kept(token) is None
    assert not holds(tokens, token), "its key was withdrawn"
    assert holds(tokens, provider.token("r2"))


def holds(tokens, text):
    """Tell whether a token opens anything."""
    try:
        return tokens.checked(text).right is not None
    except TokenRefused:
        return False


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[RS256, ES256]", "[HS256]"), ("[RS256, ES256]", "[none]"), ("[RS256, ES256]", "[]"), ("[RS256, ES256]", "7"),
        ("planner: restricted", "planner: secret"), ("leeway_s: 30", "leeway_s: 86400"),
        ("leeway_s: 30", "jku: allowed"),
        ("keys: jwks.json", "keys: http://id.example.org/keys"), ("keys: jwks.json", "keys: file:///etc/passwd"),
        ("keys: jwks.json", "keys: https://user:word@id.example.org/keys"), ("keys: jwks.json", "keys: nothing.json"),
        (f"audience: {AUDIENCE}", ""), ("roles:", "roles: []\nclaims:"),
    ],
)  # fmt: skip
def test_what_the_operator_writes_is_checked_when_the_service_starts(provider, tmp_path, old, new):
    said = provider.settings.read_text(encoding="utf-8")
    assert old in said
    path = tmp_path / "tokens.yaml"
    path.write_text(said.replace(old, new), encoding="utf-8")
    (tmp_path / "jwks.json").write_bytes(provider.document)
    with pytest.raises(SettingsError, match="tokens"):
        Tokens(Issuer.read(path))
