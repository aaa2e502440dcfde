"""The pictures of levels are served from the publication, in both languages, for hydrographs and their gauges."""

from xml.etree import ElementTree as ET

import orjson
import pytest
from starlette.testclient import TestClient

from sdi.publishing.publication import Publication
from sdi.service import application
from sdi.settings import Settings
from spp.portal import pages
from tests.gauges import build

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build(tmp_path_factory.mktemp("gauged"))


@pytest.fixture(scope="module")
def client(city):
    with TestClient(application(city, pages=pages(city, Settings()))) as asking:
        yield asking


@pytest.fixture(scope="module")
def things(city):
    """Return identifiers by what they are: predicted, river, street, and their gauges."""
    opened = Publication.open(city.publication_path("public"))
    features = [orjson.loads(one) for one in opened.items("hydrographs", limit=10).features]
    opened.close()
    named = {one["properties"]["name_en"]: one for one in features}
    river, street = named["Gauge river: Surge"], named["Gauge street: Surge"]
    return {
        "predicted": named["Gauge river: tidal prediction"]["id"],
        "river": river["id"],
        "street": street["id"],
        "gauge": river["properties"]["gauge"],
    }


def picture(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer, ET.fromstring(answer.content)


def words(found):
    return [one.text for one in found.iter(f"{SVG}text")]


def test_a_prediction_is_drawn_with_alarms_datum_and_local_time(client, things):
    answer, found = picture(client, f"/portal/series/hydrographs/{things['predicted']}.svg?lang=en")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    said = words(found)
    assert {"m above Synthetic datum", "local time, hours (UTC+7)", "Alarm I", "Alarm II", "Alarm III"} <= set(said)
    assert {"Water level", "Tide alone", "07/11"} <= set(said)
    assert found.find(f"{SVG}title").text.startswith("Gauge river: tidal prediction. Peak 1.")


def test_the_same_picture_speaks_vietnamese(client, things):
    _, found = picture(client, f"/portal/series/hydrographs/{things['predicted']}.svg")
    said = words(found)
    assert {"m trên Mốc mô phỏng", "giờ địa phương (UTC+7)", "BĐ III", "Riêng thủy triều"} <= set(said)
    assert "0,5" in said


def test_a_dry_street_says_so(client, things):
    _, found = picture(client, f"/portal/series/hydrographs/{things['street']}.svg?lang=en")
    assert "Dry throughout, no level" in words(found)


def test_the_picture_of_a_gauge_is_that_of_its_prediction(client, things):
    one = client.get(f"/portal/series/flood-gauges/{things['gauge']}.svg")
    other = client.get(f"/portal/series/hydrographs/{things['predicted']}.svg")
    assert one.content == other.content


def test_a_picture_is_sent_once(client, things):
    path = f"/portal/series/hydrographs/{things['river']}.svg"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["parcels/1", "nothing/1", "hydrographs/1", "flood-gauges/1", "hydrographs/%3Cb%3E"])
def test_what_has_no_levels_is_not_found(client, path):
    assert client.get(f"/portal/series/{path}.svg").status_code == 404


def test_the_map_knows_where_charts_are(client):
    layers = {one["id"]: one for one in client.get("/portal/layers.json").json()["layers"]}
    pictures, items = "/portal/series/hydrographs", "/ogc/collections/hydrographs/items"
    assert layers["hydrographs"]["charts"] == {"pictures": pictures, "items": items, "by": None}
    assert layers["flood-gauges"]["charts"] == {"pictures": pictures, "items": items, "by": "gauge"}


def test_a_series_is_told_in_few_words_on_plain_pages_with_its_chart(client, things):
    page = client.get("/plain/hydrographs?lang=en").text
    assert "145 values, " in page
    assert f"/portal/series/hydrographs/{things['predicted']}.svg" in page
    lon, lat = client.get(f"/ogc/collections/flood-gauges/items/{things['gauge']}?f=json").json()["geometry"][
        "coordinates"
    ]
    found = client.get(f"/plain?lat={lat}&lon={lon}").text
    assert f'<img class="chart" src="/portal/series/hydrographs/{things["river"]}.svg?lang=vi"' in found
