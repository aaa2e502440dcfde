"""Keys of an identity provider, read over the network: what it may answer, and that nobody waits for it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sdi.access import jwks
from sdi.access.jwks import KeySet
from sdi.access.token import Issuer, Tokens
from sdi.errors import InputError, TokenRefused, WorkspaceError
from tests.identity import Provider

RSA = ("RS256",)


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    return Provider(tmp_path_factory.mktemp("provider"))


class Site:
    """A web site that answers what a test puts there, and remembers what it was asked for."""

    def __init__(self):
        self.pages, self.asked = {}, []
        site = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                status, headers, body = site.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for part in body if isinstance(body, list) else [body]:
                    if isinstance(part, float):
                        time.sleep(part)
                    else:
                        self.wfile.write(part)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self):
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield self
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site():
    with Site().serving() as made:
        yield made


def test_keys_are_read_from_an_address_and_again_when_they_change(site, provider, tmp_path):
    site.pages["/keys?tenant=city"] = 200, {}, provider.document
    keys = KeySet(f"{site.address}/keys?tenant=city", ("RS256", "ES256"))
    assert site.asked == [], "nothing is asked for before somebody starts it"
    keys.refresh()
    assert {kid for kid in ("r1", "e1", "r2") if keys.find(kid)} == {"r1", "e1"}
    assert keys.generation == 1
    keys.refresh()
    assert keys.generation == 1, "the same keys"
    other = Provider(tmp_path)
    other.private = {"r2": provider.private["r1"]}
    site.pages["/keys?tenant=city"] = 200, {}, other.document
    keys.refresh()
    assert (keys.find("r1"), keys.generation) == (None, 2)


def test_an_address_may_not_send_us_elsewhere_nor_answer_without_end(site, provider, monkeypatch):
    monkeypatch.setattr(jwks, "_FETCH_S", 0.6)
    site.pages = {
        "/moved": (302, {"Location": f"{site.address}/keys"}, b""),
        "/keys": (200, {}, provider.document),
        "/huge": (200, {}, [b"[" * 65_536] * 40),
        "/slow": (200, {}, [b"[", *([0.1, b"["] * 30)]),
        "/silent": (200, {}, [1.0]),
        "/page": (200, {}, b"<html>"),
        "/list": (200, {}, b"[]"),
        "/none": (200, {}, b'{"keys": []}'),
        "/odd": (200, {}, b'{"keys": [7, null, {"kty": "RSA"}, {"kty": "RSA", "kid": "a", "n": "AQAB", "e": "!"}]}'),
        "/deep": (200, {}, b'{"keys":' + b"[" * 100_000),
        "/gone": (404, {}, b""),
    }
    for path in site.pages.keys() - {"/keys"}:
        start = time.monotonic()
        keys = KeySet(site.address + path, RSA)
        with pytest.raises(InputError):
            keys.refresh()
        assert not keys.is_known
        assert time.monotonic() - start < 1.5
    assert "/keys" not in site.asked


def test_secret_keys_shared_secrets_and_keys_for_other_uses_are_left_out(tmp_path):
    private = rsa.generate_private_key(65537, 2048)
    public, whole = (orjson.loads(RSAAlgorithm.to_jwk(one)) for one in (private.public_key(), private))
    listed = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256"}, {**whole, "kid": "private"},
        {**public, "kid": "sealing", "use": "enc"}, {**public}, {**public, "kid": 7},
        {**public, "kid": "other", "alg": "RS512"},
        {**public, "kid": "good"},
    ]  # fmt: skip
    path = tmp_path / "jwks.json"
    path.write_bytes(orjson.dumps({"keys": listed}))
    keys = KeySet(str(path), ("RS256", "ES256"))
    found = [kid for kid in ("shared", "private", "sealing", "other", "good", "7", "None") if keys.find(kid)]
    assert found == ["good"]


def test_nobody_waits_for_the_network_and_keys_come_in_the_background(site, provider, monkeypatch):
    monkeypatch.setattr(jwks, "_SOON_S", 0.05)
    site.pages["/keys"] = 200, {}, [0.5, provider.document]
    provider.settings.write_text(
        provider.settings.read_text(encoding="utf-8").replace("keys: jwks.json", f"keys: {site.address}/keys"),
        encoding="utf-8",
    )
    tokens = Tokens(Issuer.read(provider.settings))
    tokens.keys.start()
    try:
        start = time.monotonic()
        with pytest.raises(WorkspaceError, match="not to be had so far"):
            tokens.checked(provider.token())
        assert time.monotonic() - start < 0.4, "it did not wait for the answer"
        assert wait(lambda: tokens.keys.is_known)
        assert tokens.checked(provider.token()).subject == "an"
        provider.private["r3"] = provider.private["r1"]
        site.pages["/keys"] = 200, {}, provider.document
        with pytest.raises(TokenRefused):
            tokens.checked(provider.token("r3"))
        assert wait(lambda: tokens.keys.find("r3") is not None), "a name that is not known makes it look soon"
        asked = len(site.asked)
        site.pages["/keys"] = 500, {}, b""
        tokens.keys.find("nobody")
        assert wait(lambda: len(site.asked) > asked)
        assert tokens.checked(provider.token("r3")).subject == "an", "the keys that are known stay"
    finally:
        tokens.keys.close()


def test_whoever_names_keys_that_are_not_known_cannot_make_us_ask_all_the_time(site, provider):
    site.pages["/keys"] = 200, {}, provider.document
    keys = KeySet(f"{site.address}/keys", RSA)
    keys.start()
    assert wait(lambda: keys.is_known)
    for number in range(200):
        keys.find(f"r{number}x")
    time.sleep(0.1)
    keys.close()
    assert len(site.asked) == 1


def wait(holds, most_s=5.0):
    """Wait until something holds; tell whether it does."""
    until = time.monotonic() + most_s
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()
