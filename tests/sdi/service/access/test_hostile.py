"""A real server under requests that no library would send, and other programs that send a key as theirs do."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from contextlib import suppress

import pytest

from sdi.service.access import gate
from sdi.settings import Settings
from tests.serving import serving

ITEMS = "/ogc/collections/posts/items"


@pytest.fixture(scope="module")
def address(street):
    with serving(street[0], settings=Settings()) as found:
        yield found


def told(address, request):
    """Send bytes and return what is answered; empty where the server closes the connection or waits for more."""
    host, port = address.removeprefix("http://").split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=2) as line, suppress(ConnectionError, TimeoutError):
        line.sendall(request)
        while part := line.recv(65_536):
            received += part
    return received


def get(path, *headers, host=b"127.0.0.1"):
    """Write a request by hand."""
    return b"\r\n".join(
        [b"GET " + path.encode() + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers, b"", b""]
    )


@pytest.mark.shows("service")
def test_no_hostile_request_gets_what_few_may_see_or_breaks_the_server(address, make, figure):
    key = make().encode()
    wrong = key[:-2] + (b"AA" if key[-2:] != b"AA" else b"BB")
    bearer, sent = b"Authorization: Bearer ", b"X-API-Key: "
    requests = {
        "two tokens": get(ITEMS, bearer + key, bearer + wrong),
        "two keys, the right one last": get(ITEMS, sent + wrong, sent + key),
        "key and token": get(ITEMS, bearer + key, sent + key),
        "another name for the header": get(ITEMS, b"X_API_Key: " + key, b"Proxy-Authorization: Bearer " + key),
        "a space before the colon": get(ITEMS, b"X-API-Key : " + key),
        "a line that goes on": get(ITEMS, b"X-API-Key:", b" " + key),
        "a zero byte": get(ITEMS, sent + key + b"\x00"),
        "a zero byte in front": get(ITEMS, b"X-API-Key: \x00" + key),
        "a bare line feed": get(ITEMS, b"X-Other: a\nX-API-Key: " + key),
        "no ASCII": get(ITEMS, sent + "khóa".encode(), b"X-\xff: 1"),
        "another text": get(ITEMS, bearer + "".join(chr(one) for one in range(160, 256)).encode("latin-1")),
        "large": get(ITEMS, bearer + b"A" * 1_000_000),
        "many": get(ITEMS, *[b"X-%d: %s" % (number, b"x" * 1_000) for number in range(1_000)]),
        "large name": get(ITEMS, b"X" * 40_000 + b": 1"),
        "long address": get(ITEMS + "?a=" + "x" * 1_000_000),
        "two lengths": get(ITEMS, b"Content-Length: 0", b"Content-Length: 40"),
        "length and pieces": get(ITEMS, b"Content-Length: 5", b"Transfer-Encoding: chunked")
        + b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "pieces": get(ITEMS, b"Transfer-Encoding: chunked") + b"5\r\nAAAAA\r\n0\r\n\r\n",
        "odd pieces": get(ITEMS, b"Transfer-Encoding: xchunked") + b"0\r\n\r\n",
        "negative length": get(ITEMS, b"Content-Length: -1"),
        "key in the address": get(f"{ITEMS}?key={key.decode()}"),
        "key in the host": get(ITEMS, host=key),
        "key as user": get(f"http://{key.decode()}@127.0.0.1{ITEMS}"),
        "whole address": get(f"http://169.254.169.254{ITEMS}"),
        "the path twice": get("//evil.example.org/%2e%2e" + ITEMS),
        "no version": b"GET " + ITEMS.encode() + b"\r\n\r\n",
        "binary": bytes(range(256)) * 20,
        "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "half a request": b"GET " + ITEMS.encode(),
        "an upgrade": get(ITEMS, b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: x"),
    }  # fmt: skip
    answers = {name: told(address, request) for name, request in requests.items()}
    few = told(address, get(ITEMS, sent + key))
    assert b'"numberMatched":5' in few, "the key is right"
    assert [name for name, one in answers.items() if b'"numberMatched":5' in one or "Bí mật".encode() in one] == []
    statuses = {name: (re.match(rb"HTTP/1.1 (\d{3})", one) or [b"", b"closed"])[1] for name, one in answers.items()}
    assert {name: one for name, one in statuses.items() if one.startswith(b"5")} == {}
    figure("hostile requests answered without a 5xx and without what few may see", len(statuses))
    assert {statuses[one] for one in ("two tokens", "two keys, the right one last", "key and token")} == {b"400"}
    assert b'"numberMatched":4' in told(address, get(ITEMS)), "it goes on answering"


def test_a_body_is_not_read_into_memory(address):
    size = gate.MAXIMUM_BODY + 1
    answer = told(address, get(ITEMS, b"Content-Length: %d" % size) + b"x" * size)
    assert answer.startswith(b"HTTP/1.1 413") or answer == b""


@pytest.mark.parametrize(
    ("name", "value"), [("GDAL_HTTP_HEADERS", "X-API-Key: {}"), ("GDAL_HTTP_HEADERS", "Authorization: Bearer {}")]
)
@pytest.mark.clients
def test_gdal_sends_a_key_as_the_guide_says(ogrinfo, address, make, name, value):
    def count(**environment):
        asked = [ogrinfo, "-ro", "-so", f"OAPIF:{address}/ogc", "posts"]
        told = subprocess.run(
            asked, capture_output=True, text=True, check=True, timeout=60, env=os.environ | environment
        )
        return re.search(r"Feature Count: (\d+)", told.stdout)[1]

    assert (count(), count(**{name: value.format(make())})) == ("4", "5")
