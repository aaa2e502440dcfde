import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal import pages
from spp.portal.asset import assets


def test_the_map_page_is_vietnamese_unless_english_is_asked_for(client: TestClient) -> None:
    assert '<html lang="vi"' in client.get("/", headers={"accept-language": "en"}).text
    assert '<html lang="en"' in client.get("/?lang=en").text
    assert '<html lang="vi"' in client.get("/?lang=xx").text


@pytest.mark.parametrize("path", ["/", "/plain", "/plain/parcels", "/plain?lat=10.08&lon=105.71", "/plain/nothing"])
def test_no_page_carries_a_script_a_style_or_another_host(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", answer.text)
    addresses = re.findall(r'(?:href|src|data-\w+)="([^"]*)"', answer.text)
    assert addresses
    assert not [one for one in addresses if re.match(r"(?:\w+:)?//", one)]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/plain", "/plain/parcels"])
def test_every_page_says_that_the_city_is_invented(client: TestClient, path: str) -> None:
    assert "Dữ liệu mô phỏng để thử nghiệm." in client.get(path).text
    assert "Not fit for decisions." in client.get(path, params={"lang": "en"}).text


def test_the_layers_are_described_in_one_document(client: TestClient) -> None:
    site = client.get("/portal/layers.json?lang=en").json()
    parcels = next(one for one in site["layers"] if one["id"] == "parcels")
    assert parcels["items"] == "/ogc/collections/parcels/items"
    assert next(one for one in parcels["fields"] if one["name"] == "legal_area") == {
        "name": "legal_area",
        "title": "Legal area",
        "unit": "m²",
        "codes": None,
    }
    west, south, east, north = site["extent"]
    assert 105 < west < east < 106
    assert 10 < south < north < 11


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    for path in ("/portal/layers.json", "/portal/city.svg", "/static/js/main.js"):
        first = client.get(path)
        assert client.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304


def test_files_are_sent_packed_and_nothing_else_can_be_asked_for(client: TestClient) -> None:
    answer = client.get("/static/js/main.js")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    for path in ("/static/../routes.py", "/static/%2e%2e/routes.py", "/static/none.js", "/static/"):
        assert client.get(path).status_code == 404


def test_a_layer_that_fits_the_map_has_no_generalised_picture(client: TestClient) -> None:
    answer = client.get("/portal/overview/parcels.json")
    assert answer.status_code == 404
    assert "no generalised picture" in answer.text


def test_a_list_is_paged_and_a_page_beyond_the_end_is_the_last(client: TestClient) -> None:
    first = client.get("/plain/parcels?lang=en").text
    assert "Objects 1–50 of 100" in first
    assert 'rel="prev"' not in first
    last = client.get("/plain/parcels?lang=en&page=99").text
    assert "Objects 51–100 of 100" in last
    assert 'rel="next"' not in last
    assert client.get("/plain/parcels?page=-1").status_code == 200


def test_an_unknown_layer_is_a_page_that_says_so(client: TestClient) -> None:
    answer = client.get("/plain/%3Cscript%3E")
    assert answer.status_code == 404
    assert "Không có lớp «&lt;script&gt;»" in answer.text


@pytest.mark.parametrize(("lat", "lon"), [("91", "105"), ("abc", "105"), ("nan", "105"), ("10", "")])
def test_coordinates_that_are_none_are_refused_with_an_example(client: TestClient, lat: str, lon: str) -> None:
    answer = client.get("/plain", params={"lat": lat, "lon": lon, "lang": "en"})
    assert answer.status_code == 400
    assert "for example 10.0345" in answer.text


def test_coordinates_in_the_vietnamese_manner_are_understood(client: TestClient) -> None:
    site = client.get("/portal/layers.json").json()
    west, south, *_ = next(one["extent"] for one in site["layers"] if one["id"] == "parcels")
    text = client.get(
        "/plain", params={"lat": f"{south + 5e-5:.6f}".replace(".", ","), "lon": f"{west + 5e-5:.6f}".replace(".", ",")}
    ).text
    assert "1.234,5 m²" in text
    assert text.index("Thửa đất") < text.index("<h4>Đơn vị hành chính")


def test_behind_a_proxy_addresses_carry_its_path(hamlet: Workspace) -> None:
    routes = pages(hamlet, Settings(public_url="https://city.example/map"))
    with TestClient(Starlette(routes=routes)) as client:
        assert 'src="/map/static/js/main.js"' in client.get("/").text
        site = client.get("/portal/layers.json").json()
        assert site["layers"][0]["items"].startswith("/map/ogc/collections/")


def test_without_files_there_is_nothing_to_serve(tmp_path) -> None:
    assert assets(tmp_path) == {}
