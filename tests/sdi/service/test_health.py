from __future__ import annotations

from starlette.testclient import TestClient

from sdi.service import application
from tests import town as towns


def test_health_says_what_is_served(client, town):
    answer = client.get("/healthz")
    health = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (health["status"], health["workspace"], health["level"]) == ("ok", "town", "public")
    assert health["sequence"] == 4
    assert health["features"] == towns.COUNT + towns.PLACELESS + 60
    assert health["coverages"] == 2
    assert health["uptime_s"] >= 0
    assert health["version"]


def test_health_is_unavailable_without_a_publication_and_names_no_folder(tmp_path):
    town = towns.build(tmp_path)
    town.publication_path("public").unlink()
    with TestClient(application(town)) as asking:
        answer, alive = asking.get("/healthz"), asking.get("/livez")
    assert (answer.status_code, alive.status_code) == (503, 200)
    assert answer.json()["status"] == "unavailable"
    assert str(tmp_path) not in answer.text


def test_a_missing_publication_is_no_secret_of_the_inside(tmp_path):
    town = towns.build(tmp_path)
    town.publication_path("public").unlink()
    with TestClient(application(town)) as asking:
        answer = asking.get("/ogc/")
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
