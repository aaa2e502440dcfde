"""Every route of the application: it is described, and no odd request gets more than a short answer that says why.

The table of routes is the list of cases, so that a route added later is tested by being there.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from starlette.testclient import TestClient

from sdi.service import application, description
from sdi.service.application import ROUTES
from sdi.service.negotiation import ROOT
from sdi.workspace import Workspace
from tests.serving import serving

_NAME = re.compile(r"{(\w+)(?::\w+)?}")
PATHS = tuple(path for path, *_ in ROUTES)
IDENTIFIERS = tuple((path, name) for path in PATHS for name in _NAME.findall(path))
WAYS = {ROOT, "/", "/livez"}
"""Beside the table and the pictures: ways to the landing page, and what tells a supervisor that the process lives."""
SKELETON = Path(description.__file__).with_name("openapi.yaml")
STRANGE = (
    "..%2F..%2F..%2Fetc%2Fpasswd", "%2e%2e%2f", "..%5C..%5Cwin.ini", "a%2Fb", "%2F", "%00", "x%00.json", "%FF%FE",
    "%C0%AF", "x" * 6_000, "'", "%27%20OR%201=1--", "%25", "%25s%25n", "%0d%0aSet-Cookie:x", "*", "%3Cscript%3E",
    "%F0%9F%8C%B3", "-1", "1e999", "{collection}", "None", "landmarks.json", "LANDMARKS", "%20landmarks",
    "landmarks%20",
)  # fmt: skip
"""Names that nothing has."""
QUERIES = (
    "unknown=1", "f=", "f=xml", "f=pjson", "f=%FF", "f=json&f=json", "lang=xx", "lang=", "lang=%00", "%00=1", "a=%FF",
    "=", "&&&", "?", ";", "a" * 9_000 + "=1", "callback=alert(1)", "limit=0", "limit=-1", "limit=1e9",
    "limit=" + "9" * 400, "limit=٣", "offset=" + "9" * 30, "offset=-1", "after=x", "bbox=nan,nan,nan,nan",
    "bbox=inf,0,0,0", "bbox=0,0,0", "bbox=1,2,3,4,5", "bbox=105,10,9,106,11,1", "bbox=170,-10,-170,10",
    "bbox=180,90,-180,-90", "bbox=" + "1," * 5_000, "bbox=1e308,0,1e309,1", "datetime=", "datetime=../..",
    "datetime=/", "datetime=///", "datetime=0000-00-00", "datetime=9999-12-31/0001-01-01", "datetime=2024-02-30",
    "datetime=" + "1" * 3_000, "recorded=x", "filter=(", "filter=" + "(" * 9_000, "filter=%00", "filter-lang=x",
    "crs=", "crs=urn:x", "bbox-crs=x", "sortby=,", "sortby=-", "properties=,,", "skipGeometry=maybe", "since=x",
    "q=%00", "kind=..", "resultType=hits",
)  # fmt: skip
"""Queries of which each is wrong for some resource; of the right form, but absurd, for others."""
HEADERS = (
    {"Accept": "x"}, {"Accept": "text/html;q=nan"}, {"Accept": b"\xff"}, {"Accept": "a," * 3_000},
    {"Accept-Language": "x" * 8_000}, {"Host": 'evil"<>'}, {"Host": ""}, {"If-None-Match": "*"}, {"If-None-Match": '"'},
    {"Range": "bytes=9-1"}, {"Range": "x"}, {"Accept-Encoding": "br;q=x"}, {"Content-Type": "x"},
    {"X-HTTP-Method-Override": "DELETE"}, {"X-Forwarded-Host": "evil.test"}, {"Authorization": "x"},
)  # fmt: skip


@pytest.fixture(scope="module")
def client(town: Workspace) -> Iterator[TestClient]:
    """Return a client that is answered 500 where a handler breaks."""
    with TestClient(application(town), base_url="http://city.test", raise_server_exceptions=False) as asking:
        yield asking


@pytest.fixture(scope="module")
def filled(client):
    """Return a function that puts names of the town, or another one, in the place of the names of a path."""
    eid = client.get(f"{ROOT}/collections/landmarks/items?limit=1").json()["features"][0]["id"]
    known = {"item": eid, "featureId": eid, "kind": "landmark", "uuid": eid, "n": "1"}
    known |= dict.fromkeys(("grid", "tileMatrixSetId"), "WebMercatorQuad")
    known |= dict.fromkeys(("matrix", "row", "column", "tileMatrix", "tileRow", "tileCol"), "0")

    def fill(path: str, **other: str) -> str:
        names = known | {"collection": "terrain" if path.endswith("/coverage") else "landmarks"} | other
        return _NAME.sub(lambda found: names.get(found[1], "x"), path)

    return fill


def problem(answer):
    """Hold an error against the one shape that all have, and return its status."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.headers["content-type"] == "application/json"
        assert {"code", "type", "description"} <= set(answer.json())
        assert 0 < len(answer.json()["description"]) < 13_000
        assert answer.headers["cache-control"] == "no-store"
    return answer.status_code


def as_template(path):
    return _NAME.sub("{}", path)


def described(client):
    """Return method and path, names left out, of everything that the definition describes."""
    found = {}
    for path, item in client.get(f"{ROOT}/openapi").json()["paths"].items():
        root = urlsplit(item["servers"][0]["url"]).path.rstrip("/") if "servers" in item else ROOT
        found[root + path] = item
    return found


def test_every_route_is_described_and_everything_described_has_a_route(client):
    routed, templates = {as_template(path) for path in PATHS}, yaml.safe_load(SKELETON.read_text(encoding="utf-8"))
    written = {as_template(path if part == "outside" else ROOT + path) for part, said in templates.items()
               if part not in {"tags", "components"} for path in said}  # fmt: skip
    assert written == routed
    of_all = {re.sub(r"/collections/[^/{]+", "/collections/{collection}", path) for path in described(client)}
    assert {as_template(path) for path in of_all} <= routed
    beside = {getattr(one, "path", "") for one in client.app.routes} - set(PATHS) - {"/{path:path}/"}
    assert {one for one in beside if not one.startswith(f"{ROOT}/static")} <= WAYS


def test_everything_described_answers_in_the_types_and_formats_described(client, filled):
    document = client.get(f"{ROOT}/openapi").json()
    parts = document["components"]
    for path, item in described(client).items():
        get = item.get("get")
        if get is None or re.search("/collections/(?!landmarks|terrain)", path):
            continue
        given = get.get("parameters", [])
        asked = [parts["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in given]
        needed = {one["name"]: one["example"] for one in asked if one["in"] == "query" and one.get("required")}
        formats = next((one["schema"]["enum"] for one in asked if one["name"] == "f"), [None])
        content = parts["responses"][get["responses"]["200"]["$ref"].rpartition("/")[2]]["content"]
        only = {
            one["name"]: one["schema"]["enum"][0] for one in asked if one["in"] == "path" and "enum" in one["schema"]
        }
        for one in formats:
            answer = client.get(filled(path, **only), params=needed | ({"f": one} if one else {}))
            assert answer.status_code == 200, (path, one)
            assert answer.headers["content-type"].removesuffix("; charset=utf-8") in content, (path, one)


@pytest.mark.parametrize("path", PATHS)
def test_head_says_what_get_says_without_the_body(client, filled, path):
    head, get = client.head(filled(path)), client.get(filled(path))
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("content-type", "etag", "content-language", "content-crs", "vary"):
        assert head.headers.get(name) == get.headers.get(name)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_what_is_not_answered_here_is_405_with_what_is(client, filled, path, method):
    answered = {one for route in client.app.routes if getattr(route, "path", None) == path for one in route.methods}
    answer = client.request(method, filled(path))
    if method not in answered:
        assert problem(answer) == 405
        assert {one.strip() for one in answer.headers["allow"].split(",")} == answered


@pytest.mark.parametrize(("path", "name"), IDENTIFIERS)
def test_a_name_that_nothing_has_is_404_however_it_is_written(client, filled, path, name):
    for strange in STRANGE:
        answer = client.get(filled(path, **{name: strange}), follow_redirects=False)
        if answer.status_code == 307:
            assert answer.headers["location"].startswith("/")
            continue
        assert problem(answer) in {400, 404}, strange
        assert "root:" not in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_no_query_breaks_a_resource(client, filled, path):
    for query in QUERIES:
        answer = client.get(f"{filled(path)}?{query}", follow_redirects=False)
        assert problem(answer) in {200, 204, 400, 404}, query
    assert problem(client.get(f"{filled(path)}?unknown=1")) in {400, 404} or path == "/healthz"


@pytest.mark.parametrize("path", PATHS)
def test_no_header_breaks_a_resource(client, filled, path):
    for one in HEADERS:
        raw = [(name.encode(), text if isinstance(text, bytes) else text.encode()) for name, text in one.items()]
        answer = client.get(filled(path), headers=raw)
        assert problem(answer) in {200, 206, 304, 400, 401, 404, 406, 416}, one
        assert "evil" not in answer.text or answer.status_code == 400


@pytest.mark.parametrize("path", PATHS)
def test_a_slash_too_many_leads_to_the_address_without_it_on_the_same_host(client, filled, path):
    address = filled(path)
    for end in ("/", "//", "%2F", "/?f=json"):
        answer = client.get(address.rstrip("/") + end, follow_redirects=False, headers={"Host": "evil.test"})
        if address.endswith("/") and end in {"/", "%2F", "/?f=json"}:
            assert problem(answer) == 200
        else:
            assert answer.status_code == 307
            assert answer.headers["location"].partition("?")[0] == (address.rstrip("/") or "/")
    first, last = address.rstrip("/").rsplit("/", 1)
    assert problem(client.get(f"http://city.test{first}//{last}")) == 404


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("f=pjson", "expected one of json, html"),
        ("resultType=hits", "is not known here"),
        ("f=json&outFields=*", "is not known here"),
        ("limit=0", "expected a whole number of at least 1"),
        ("bbox=105,10,106", "expected 4, or 6 with heights"),
        ("bbox=105,11,106,10", "southern edge before the northern one"),
        ("bbox=200,10,210,11", "leaves the globe"),
        ("datetime=yesterday", "expected 2025-07-01"),
        ("crs=EPSG:4326", "did you mean"),
        ("floors=many", "expected a whole number"),
        ("filter=hight>3", "did you mean height"),
    ],
)
def test_what_other_servers_understand_is_refused_with_what_to_write_instead(client, query, named):
    answer = client.get(f"{ROOT}/collections/landmarks/items?{query}")
    assert problem(answer) == 400
    assert named in answer.json()["description"]


@pytest.mark.parametrize(
    "query",
    [
        "f=json&limit=99999999", "limit=1&offset=0", "datetime=2024-01-01T00:00:00Z/..", "datetime=../2024-01-01",
        "bbox=105.0,10.0,106.0,11.0", "bbox=105%2C10%2C106%2C11", "bbox=170,-10,-170,10", "bbox=105,10,0,106,11,9",
        "crs=http://www.opengis.net/def/crs/EPSG/0/5897",
        "crs=http%3A%2F%2Fwww.opengis.net%2Fdef%2Fcrs%2FOGC%2F1.3%2FCRS84",
        "sortby=%2Bname", "properties=&limit=1",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "accept", ["*/*", "application/geo+json, application/json", "application/json;q=0.9,*/*;q=0.8"]
)
def test_what_programs_send_is_answered_with_features(client, query, accept):
    answer = client.get(f"{ROOT}/collections/landmarks/items?{query}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.json()["type"] == "FeatureCollection"


def test_a_box_over_the_antimeridian_finds_what_has_no_place_and_nothing_here(client):
    found = client.get(f"{ROOT}/collections/landmarks/items?bbox=170,-10,-170,20").json()
    assert [one["geometry"] for one in found["features"]] == [None, None]
    around = client.get(f"{ROOT}/collections/landmarks/items?bbox=100,0,99,20").json()
    assert around["numberMatched"] == client.get(f"{ROOT}/collections/landmarks/items").json()["numberMatched"]


@pytest.mark.parametrize(
    "line",
    [
        b"GET /ogc/\xff HTTP/1.1", b"GET /ogc/collections/../../../etc/passwd HTTP/1.1", b"GET /ogc/\x00 HTTP/1.1",
        b"GET //evil.test/ogc/ HTTP/1.1", b"GET http://evil.test/ogc/ HTTP/1.1", b"GET /ogc/collections/.. HTTP/1.1",
        b"GET /ogc/?f=\xc3\x28 HTTP/1.1", b"G\x00T /ogc/ HTTP/1.1", b"GET /ogc/ HTTP/9.9",
        b"GET /ogc/" + b"x" * 70_000 + b" HTTP/1.1", b"GET /" + b"/" * 3_000 + b" HTTP/1.1",
    ],
)  # fmt: skip
def test_bytes_that_no_client_sends_are_refused(town_address, line):
    host, port = urlsplit(town_address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(line + b"\r\nHost: city.test\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert re.match(rb"HTTP/1\.1 (307|400|404|414|431)", said) or (said.startswith(b"HTTP/1.1 200") and b"evil" in line)
    assert b"root:" not in said
    assert b"ocation: //" not in said


@pytest.fixture(scope="module")
def town_address(town: Workspace) -> Iterator[str]:
    """Return the address of the town on a real port."""
    with serving(town) as address:
        yield address
