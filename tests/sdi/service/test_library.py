from __future__ import annotations

import logging

from pygeoapi import api as core
from pygeoapi.openapi import get_oas_30

from sdi.declaration import Label
from sdi.service.inventory import Keeper
from sdi.service.landing import PROVED
from sdi.service.library import Library, configuration
from sdi.service.negotiation import Wish

WISH = Wish("json", "application/json", "en", "http://city.test/ogc", "/ogc/", {})


def test_pygeoapi_does_not_set_up_logging_for_the_process(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    Library(configuration(Label("a", "a"), Label("b", "b"), {}, {}, ("OGC:CRS84",), "none.gpkg"))
    assert root.handlers == []
    assert root.level == level


def test_pygeoapi_speaks_the_language_and_the_address_of_each_request(town):
    library = Keeper(town).current().library
    first = library.document(core.landing_page, WISH)
    second = library.document(core.landing_page, Wish("json", "", "vi", "https://other.test/ogc", "/ogc/", {}))
    assert (first["title"], second["title"]) == ("Ben Thu Town", "Thị trấn Bến Thử")
    assert all("city.test" not in link["href"] for link in second["links"])


def test_classes_of_common_and_features_are_spelled_as_pygeoapi_spells_them(town):
    claimed = Keeper(town).current().library.document(core.conformance, WISH)["conformsTo"]
    # pygeoapi claims some classes of these standards, by the same names, and not all that we do.
    shared = ("/ogcapi-common-1/", "/ogcapi-features-1/", "/ogcapi-features-2/", "/conf/schemas", "-property-roles")
    assert set(claimed) >= {one for one in PROVED if any(part in one for part in shared)}
    assert {one for one in PROVED if "/ogcapi-features-3/" in one} - set(claimed) == {
        f"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{one}" for one in ("filter", "features-filter")
    }


def test_pygeoapi_reads_fields_of_features_and_coverages_through_our_providers(town):
    description = get_oas_30(Keeper(town).current().library.configuration)
    properties = description["paths"]["/collections/flood/coverage"]["get"]["parameters"][-1]
    assert set(properties["schema"]["items"]["enum"]) == {"water_depth", "maximum_water_depth"}
    fields = next(
        one
        for one in description["paths"]["/collections/landmarks/items"]["get"]["parameters"]
        if one.get("name") == "properties"
    )
    assert fields["schema"]["items"]["enum"][:3] == ["name", "name_en", "landmark_tag"]


def test_what_a_client_asked_for_in_vain_is_no_error_of_the_log(client, caplog):
    assert client.get("/ogc/collections/terrain/coverage?bbox=1,1,2,2").status_code == 204
    assert client.get("/ogc/collections/terrain/coverage?subset=z(1)").status_code == 400
    assert [one.getMessage() for one in caplog.records if one.name.startswith("pygeoapi")] == []
