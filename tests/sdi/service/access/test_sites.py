"""Which pages of other web sites may read answers in a browser (CORS), and that no input makes us ask anybody."""

from __future__ import annotations

import socket

import pytest

from sdi.errors import SettingsError
from sdi.settings import Settings
from tests.identity import Provider

ITEMS = "/ogc/collections/posts/items"
MAP, OTHER = "https://map.example.org", "https://evil.example.org"
ADDRESSES = (
    "http://127.0.0.1:9/x", "http://169.254.169.254/latest/meta-data", "http://[::1]/x", "http://100.64.0.1/",
    "//evil.example.org/", "file:///etc/passwd", "ftp://evil.example.org/x", "https://evil.example.org/x.xsd",
    "http://www.opengis.net/def/crs/EPSG/0/9999999", "/vsicurl/http://evil.example.org/x", "gopher://127.0.0.1:70/_",
    "\\\\evil.example.org\\share", "http://0x7f000001/", "http://2130706433/",
)  # fmt: skip
PARAMETERS = (
    "crs", "bbox-crs", "filter-crs", "filter", "filter-lang", "datetime", "recorded", "lang", "f", "sortby",
    "properties", "q", "kind", "feed", "after", "subset", "url", "href", "profile", "bbox",
)  # fmt: skip
HEADERS = (
    "X-Forwarded-For", "X-Forwarded-Host", "X-Original-URL", "Referer", "Origin", "Accept",
    "If-None-Match", "Forwarded",
)  # fmt: skip


def allowed(answer):
    """Return what an answer says about other sites."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-allow")}


def asks(origin, headers="x-api-key", method="GET"):
    """Return the headers of a browser that asks before it sends a request."""
    return {
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers,
    }  # fmt: skip


def test_unless_the_operator_says_so_no_page_of_another_site_reads_anything(asking):
    with asking() as client:
        assert allowed(client.get(ITEMS, headers={"Origin": MAP})) == {}
        before = client.options(ITEMS, headers=asks(MAP))
    assert before.status_code == 405
    assert allowed(before) == {}


def test_a_site_on_the_list_reads_answers_and_errors_and_may_send_a_key(asking, make):
    with asking(origins=(MAP,)) as client:
        before = client.options(ITEMS, headers=asks(MAP))
        assert (before.status_code, before.headers["access-control-allow-origin"]) == (200, MAP)
        assert "X-API-Key" in before.headers["access-control-allow-headers"]
        assert before.headers["access-control-allow-methods"] == "GET, HEAD"
        for headers, status in (({}, 200), ({"X-API-Key": make()}, 200), ({"X-API-Key": "wrong"}, 401)):
            answer = client.get(ITEMS, headers={"Origin": MAP, **headers})
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, MAP)
            assert "Origin" in answer.headers["vary"]
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [OTHER, "null", f"{MAP}.evil.org", f"{MAP}:8443", "http://map.example.org", MAP.upper(), f"{MAP}/", "", "*"],
)
def test_a_site_that_is_not_on_the_list_reads_nothing(asking, origin):
    with asking(origins=(MAP,)) as client:
        answer = client.get(ITEMS, headers={"Origin": origin})
        assert allowed(answer) == {}
        before = client.options(ITEMS, headers=asks(origin))
        assert before.status_code == 400
        assert "access-control-allow-origin" not in before.headers


def test_a_site_on_the_list_may_read_and_do_nothing_else(asking):
    with asking(origins=(MAP,)) as client:
        assert client.options(ITEMS, headers=asks(MAP, method="DELETE")).status_code == 400
        assert client.options(ITEMS, headers=asks(MAP, headers="x-http-method-override")).status_code == 400
        assert client.options(ITEMS).status_code == 405


def test_where_every_site_may_read_none_may_send_a_key(asking):
    with asking(origins=("*",)) as client:
        answer = client.get(ITEMS, headers={"Origin": OTHER})
        assert allowed(answer) == {"access-control-allow-origin": "*"}
        assert client.options(ITEMS, headers=asks(OTHER, headers="if-none-match")).status_code == 200
        for header in ("x-api-key", "authorization", "Authorization, Accept"):
            assert client.options(ITEMS, headers=asks(OTHER, headers=header)).status_code == 400
        assert "access-control-allow-credentials" not in client.options(ITEMS, headers=asks(OTHER)).headers


@pytest.mark.parametrize(
    "text",
    ["*,https://map.example.org", "map.example.org", "https://map.example.org/", "https://*.example.org", "null"],
)
def test_a_site_that_no_browser_would_name_is_refused_as_a_setting(text):
    with pytest.raises(SettingsError, match="PHUSA_ORIGINS"):
        Settings.from_environment({"PHUSA_ORIGINS": text})
    with pytest.raises(SettingsError, match="PHUSA_PROXIES"):
        Settings.from_environment({"PHUSA_PROXIES": text})


def test_settings_are_read_as_they_are_written():
    given = Settings.from_environment(
        {"PHUSA_ORIGINS": f"{MAP}, http://[::1]:8080", "PHUSA_PROXIES": "", "PHUSA_RATE": "7", "PHUSA_TOKENS": "t.yaml"}
    )
    assert given.origins == (MAP, "http://[::1]:8080")
    assert (given.proxies, given.rate, str(given.tokens)) == ((), 7, "t.yaml")


@pytest.mark.shows("service")
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_no_address_in_any_input_makes_us_ask_anybody(asking, tmp_path, monkeypatch, figure, every):
    """No parameter of the API takes an address: CRS and filter CRS are names looked up in a list."""
    asked = []

    def refuse(*arguments, **_):
        asked.append(arguments)
        raise OSError("no network in this test")

    provider = Provider(tmp_path)
    paths = (ITEMS, "/ogc/collections/posts/schema", "/ogc/", "/changes", "/search", "/ogc/collections/posts/coverage")
    with asking(tokens=provider.settings, rate=10_000) as client:
        client.get(ITEMS)
        for name in ("connect", "connect_ex"):
            monkeypatch.setattr(socket.socket, name, refuse)
        for name in ("getaddrinfo", "create_connection", "gethostbyname"):
            monkeypatch.setattr(socket, name, refuse)
        sent = [(path, {"params": {name: one}}) for path in paths for name in PARAMETERS for one in ADDRESSES]
        sent += [(ITEMS, {"headers": {name: one}}) for name in HEADERS for one in ADDRESSES]
        statuses = [client.get(path, **said).status_code for path, said in sent[::every]]
        token = provider.token(headers={"jku": ADDRESSES[0], "x5u": ADDRESSES[1], "kid": ADDRESSES[2]})
        statuses.append(client.get(ITEMS, headers={"Authorization": f"Bearer {token}"}).status_code)
    assert asked == []
    figure("addresses sent in parameters and headers, none of which was asked for anything", len(statuses))
    assert set(statuses) <= {200, 304, 400, 401, 404, 406, 410}
    assert statuses.count(400) > len(statuses) / 2
