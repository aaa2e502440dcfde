"""Which pages of other web sites may read answers in a browser (CORS)."""

from __future__ import annotations

import pytest

from sdi.errors import SettingsError
from sdi.settings import Settings

ITEMS = "/ogc/collections/posts/items"
MAP, OTHER = "https://map.example.org", "https://evil.example.org"


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
