"""What every request passes first: its size, how often somebody asks, how long an answer may take."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sdi.access import key as keys
from sdi.service.access.bucket import Buckets
from sdi.service.access.gate import MAXIMUM_BODY, MAXIMUM_HEADERS, MAXIMUM_PARAMETERS, MAXIMUM_QUERY, Gate
from sdi.service.access.recognition import Recognition
from sdi.settings import Settings
from tests.identity import Provider

ITEMS = "/ogc/collections/posts/items"
HEALTH = "/healthz"


@pytest.fixture
def still(monkeypatch):
    """Let no time pass for the buckets, however slow the machine is."""
    monkeypatch.setattr("sdi.service.access.gate.Buckets", partial(Buckets, clock=lambda: 0.0))


@pytest.mark.shows("service")
@pytest.mark.usefixtures("still")
def test_an_address_that_asks_too_often_is_told_how_long_to_wait(asking, figure):
    with asking(rate=2) as client:
        answers = [client.get(HEALTH) for _ in range(25)]
    refused = [one for one in answers if one.status_code == 429]
    figure("requests answered of 25 at once, where 2 a second are allowed", 25 - len(refused), bound="20")
    assert len(refused) == 5
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    assert refused[0].json()["code"] == "TooManyRequests"
    assert refused[0].headers["x-content-type-options"] == "nosniff"


@pytest.mark.usefixtures("still")
def test_a_key_has_a_bucket_of_its_own_wherever_it_is_sent_from(asking, make):
    mine, other = {"X-API-Key": make("public")}, {"X-API-Key": make("public")}
    with asking(rate=1, key_rate=2) as client:
        assert [client.get(HEALTH).status_code for _ in range(11)][-1] == 429
        assert {client.get(HEALTH, headers=mine).status_code for _ in range(20)} == {200}
        assert client.get(HEALTH, headers=mine).status_code == 429
        assert client.get(HEALTH, headers=other).status_code == 200


@pytest.mark.usefixtures("still")
def test_whoever_guesses_keys_is_held_to_the_rate_of_his_address_and_so_is_whoever_sends_new_tokens(asking, tmp_path):
    provider = Provider(tmp_path)
    with asking(rate=1, tokens=provider.settings) as client:
        guesses = [{"X-API-Key": keys.drawn()[2]} for _ in range(8)]
        guesses += [{"Authorization": f"Bearer {provider.token(sub=str(number), exp=1)}"} for number in range(8)]
        assert [client.get(HEALTH, headers=one).status_code for one in guesses] == [401] * 10 + [429] * 6
        assert client.get(HEALTH).status_code == 429


@pytest.mark.usefixtures("still")
def test_this_machine_is_not_counted_but_whoever_comes_through_its_proxy_is(asking):
    here = ("127.0.0.1", 40_000)
    with asking(here, rate=1) as client:
        assert {client.get(HEALTH).status_code for _ in range(15)} == {200}
        far = {"X-Forwarded-For": "203.0.113.9"}
        assert [client.get(HEALTH, headers=far).status_code for _ in range(11)] == [200] * 10 + [429]
        lies = {"X-Forwarded-For": "127.0.0.1, 10.1.1.1, 203.0.113.9"}
        assert client.get(HEALTH, headers=lies).status_code == 429, "the proxy wrote the last one, he the others"
        assert client.get(HEALTH, headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 200


@pytest.mark.usefixtures("still")
def test_nobody_chooses_his_address_unless_he_is_a_proxy_that_the_operator_named(asking):
    with asking(rate=1) as client:
        lies = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(11)]
        assert [client.get(HEALTH, headers=one).status_code for one in lies] == [200] * 10 + [429]
    with asking(rate=1, proxies=("203.0.113.0/24",)) as client:
        told = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(15)]
        assert {client.get(HEALTH, headers=one).status_code for one in told} == {200}
        assert (
            client.get("/ogc/", headers={"X-Forwarded-Proto": "https"}).json()["links"][0]["href"].startswith("https:")
        )
    with asking(rate=1, proxies=()) as client:
        assert (
            client.get("/ogc/", headers={"X-Forwarded-Proto": "https"}).json()["links"][0]["href"].startswith("http:")
        )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("a=" + "x" * MAXIMUM_QUERY, 414), ("&".join(["a=1"] * (MAXIMUM_PARAMETERS + 1)), 414),
        ("&" * MAXIMUM_PARAMETERS, 414), ("a=" + "x" * 20_000, 400),
        ("&".join(f"a{number}=1" for number in range(MAXIMUM_PARAMETERS)), 400),
    ],
)  # fmt: skip
def test_a_query_is_as_long_as_anybody_needs_and_no_longer(asking, query, status):
    with asking() as client:
        answer = client.get(f"{ITEMS}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")


def test_headers_and_bodies_are_as_large_as_anybody_needs_and_no_larger(asking):
    with asking() as client:
        assert client.get(ITEMS, headers={"X-Large": "x" * 20_000}).status_code == 200
        assert client.get(ITEMS, headers={"X-Large": "x" * MAXIMUM_HEADERS}).status_code == 431
        assert client.get(ITEMS, headers={"X-Large": "x" * 1_000_000}).status_code == 431
        assert client.get(ITEMS, headers=[(f"X-{number}", "x" * 100) for number in range(400)]).status_code == 431
        assert client.request("GET", ITEMS, content=b"x" * (MAXIMUM_BODY + 1)).status_code == 413
        assert client.request("POST", ITEMS, content=b"x" * (MAXIMUM_BODY + 1)).status_code == 413
        assert client.request("POST", ITEMS, content=b"x").status_code == 405
        assert client.request("POST", ITEMS, content=iter([b"x"] * 3)).status_code == 411
        for length in ("-1", "1e3", "+7", "٣", "9" * 5_000, "", " 1"):
            headers = [(b"content-length", length.encode())]
            assert client.request("GET", ITEMS, headers=headers).status_code in {400, 413}, length


def test_a_key_in_an_address_is_refused_and_why_is_said(asking, make):
    written = make()
    with asking() as client:
        for path in (ITEMS, "/ogc/", HEALTH, "/ogc/static/page.css", "/nothing"):
            for query in (
                f"key={written}",
                f"x={written}&f=json",
                f"f=json&{written}",
                written.replace("phusa_", "phusa%5F"),
            ):
                answer = client.get(f"{path}?{query}")
                assert answer.status_code == 400, path
                assert "X-API-Key" in answer.json()["description"]
                assert written[19:] not in answer.text
        for name in ("key", "api_key", "apikey", "token", "access_token", "Authorization", "X-API-Key"):
            answer = client.get(ITEMS, params={name: "abc"})
            assert answer.status_code == 400
            assert "in a header" in answer.json()["description"]


def test_what_was_shown_in_vain_is_logged_without_the_secret_and_in_one_line(asking, make, caplog, tmp_path):
    right = make()
    shown = [
        right[:-1] + ("A" if right[-1] != "A" else "B"),
        "phusa_\x1b[31mred",
        "x\x85y\u2028z" * 40,
        "phusa_" + "s3cret" * 20,
    ]
    token = Provider(tmp_path).token(headers={"kid": "a\r\nWARNING root: An is admin\x1b[2J"})
    with asking(tokens=Provider(tmp_path).settings) as client, caplog.at_level(logging.INFO):
        for text in shown:
            assert client.get(HEALTH, headers=[(b"x-api-key", text.encode("utf-8"))]).status_code == 401
        assert client.get(HEALTH, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    lines = [one.getMessage() for one in caplog.records if one.name.startswith("sdi.service.access")]
    assert len(lines) == 5
    assert lines[0] == f"key {right[6:18]} from 203.0.113.7 is refused: it is not known, was revoked or has ended"
    assert all(line.isprintable() and len(line) < 300 for line in lines)
    said = "".join(one.getMessage() for one in caplog.records)
    assert not any(secret in said for secret in (right[19:], "s3cret", token[-40:], token.split(".")[1]))


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer {}"), ("Authorization", "Bearer {}")], [("X-API-Key", "{}"), ("X-API-Key", "{}")],
        [("Authorization", "Bearer {}"), ("X-API-Key", "{}")], [("X-API-Key", "{}"), ("x-api-key", "")],
    ],
)  # fmt: skip
def test_a_request_that_shows_two_things_is_refused_whichever_of_them_is_right(asking, make, headers):
    written = make()
    with asking() as client:
        answer = client.get(HEALTH, headers=[(name, value.format(written)) for name, value in headers])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "value",
    [
        "", "Bearer", "Bearer ", "bearer\t", "Basic YW46YW4=", "Bearer a b c", "Bearer \x00", "Negotiate x",
        "Bearer " + "A" * 30_000, "Bearer null", "Bearer undefined", "Bearer é", "Bearer phusa_", "Bearer ....",
        'Bearer {"alg":"none"}',
        "Bearer\x0bx", "Bearer ' OR 1=1 --", "Bearer ../../keys.db", "\xff\xfe", "Bearer " + "." * 7_000,
    ],
)  # fmt: skip
def test_a_credential_that_makes_no_sense_is_answered_401_and_says_what_would(asking, tmp_path, value):
    with asking(tokens=Provider(tmp_path).settings) as client:
        for name in (b"authorization", b"x-api-key"):
            answer = client.get(HEALTH, headers=[(name, value.encode("latin-1"))])
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith('Bearer realm="phusa"')
            assert answer.json()["code"] == "Unauthorized"


def test_an_answer_that_does_not_begin_in_time_never_does_and_one_that_has_begun_may_go_on(street):
    async def never(_):
        await asyncio.sleep(60)

    async def slowly(_):
        async def parts():
            for _ in range(2):
                yield b"x"
                await asyncio.sleep(0.7)

        return StreamingResponse(parts())

    async def late(_):
        raise TimeoutError("of another")

    routes = [
        Route("/never", never),
        Route("/slowly", slowly),
        Route("/late", late),
        Route("/", lambda _: PlainTextResponse("y")),
    ]
    settings = Settings(answer_s=1)
    gate = Middleware(Gate, recognition=Recognition(street[0], settings), settings=settings)
    with TestClient(Starlette(routes=routes, middleware=[gate]), raise_server_exceptions=False) as client:
        start = time.perf_counter()
        answer = client.get("/never")
        assert (answer.status_code, answer.json()["code"]) == (503, "Busy")
        assert "retry-after" in answer.headers
        assert 1 <= time.perf_counter() - start < 3
        assert client.get("/slowly").content == b"xx"
        assert client.get("/late").status_code == 500
        assert client.get("/").text == "y"
