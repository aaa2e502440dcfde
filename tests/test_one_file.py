"""One register file, and nothing else: table, schema, collection, queryables, record, map layer, data dictionary."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import shapely
from starlette.testclient import TestClient

from catalogs import packaged
from pipelines.server.composition import compose
from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.publishing.handbook import data_dictionary
from sdi.publishing.publication import Publication
from sdi.recording import Batch
from sdi.settings import Settings
from sdi.workspace import Workspace

GOLDEN = Path(__file__).parent / "golden" / "one_file.json"
WORKSPACE = """
name: one-file
title: {vi: Một tệp, en: One file}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
LANDING = """
register: landing_stage
version: 1.0.0
title: {vi: Bến tàu, en: Landing stages}
description: {vi: Bến khách và bến hàng trên sông, en: Passenger and cargo landings on the river}
basis: [08/2021/NĐ-CP]
location: {role: site, geometry: Point, required: true, max_horizontal_error_m: 5}
names: [vi, en]
fields:
  length: {type: number, unit: m, min: 0, max: 500, required: true, title: {vi: Chiều dài, en: Length}}
  pontoon: {type: boolean, title: {vi: Cầu phao, en: Pontoon}}
  opened: {type: date, title: {vi: Ngày mở, en: Opened}}
  operator: {type: text, access: restricted, title: {vi: Đơn vị khai thác, en: Operator}}
rules: [{id: L1, expr: "length > 0", level: warn, title: {vi: Bến có chiều dài, en: A landing has a length}}]
on_bad_row: refuse
publish:
  {collection: landing-stages, fields: [length, pontoon, opened], tiles: true, keywords: [bến tàu, landing], order: 60}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a workspace to which one file was added, with two things of the new register."""
    folder = tmp_path_factory.mktemp("one-file")
    description = folder / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    Workspace.make(folder / "city", description, packaged())
    added = folder / "city" / "catalogs" / "registers" / "landing_stage.yaml"
    added.parent.mkdir(parents=True)
    added.write_text(LANDING, encoding="utf-8")
    made = Workspace.open(folder / "city", packaged())
    registry = made.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    with registry.transaction("test", "two landing stages") as tx:
        registry.register("landing_stage").add(
            Batch(
                values={
                    "length": [35.5, 60],
                    "pontoon": [True, None],
                    "opened": ["2019-05-01", None],
                    "operator": ["An", "Bình"],
                },
                names={"vi": ["Bến Ninh Kiều", "Bến Xóm Chài"], "en": ["Ninh Kieu landing", None]},
                geometry=shapely.points([[584_000, 1_109_000], [584_500, 1_109_200]]),
                valid_from="2020-01-01",
                accuracy=Accuracy(2, method="survey_gnss_rtk"),
            ),
            tx,
        )
    projector.refresh(made, registry)
    registry.close()
    return made


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> TestClient:
    """Return a client of the service and the map over that workspace."""
    return TestClient(compose(workspace, Settings()), base_url="http://city.test")


def yielded(workspace: Workspace, client: TestClient) -> dict[str, Any]:
    """Collect everything that the one file yields."""
    registry = workspace.registry()
    declaration = registry.catalog.registers["landing_stage"]
    table = [row[1:3] for row in registry.store.select('PRAGMA table_info("register_landing_stage")')]
    dictionary = {language: data_dictionary(declaration, registry.catalog, language) for language in ("vi", "en")}
    registry.close()
    publication = Publication.open(workspace.publication_path("public"))
    record = publication.collection("landing-stages").record
    publication.close()
    here = "/ogc/collections/landing-stages"
    layers = client.get("/portal/layers.json").json()
    return {
        "table": [list(row) for row in table],
        "schema": client.get(f"{here}/schema?f=json").json(),
        "collection": client.get(f"{here}?f=json").json(),
        "queryables": client.get(f"{here}/queryables?f=json").json(),
        "items": client.get(f"{here}/items?f=json").json() | {"timeStamp": "left out"},
        "record": record,
        "layer": next(one for one in layers["layers"] if one["id"] == "landing-stages"),
        "dictionary": dictionary,
    }


@pytest.mark.shows("foundation")
def test_one_register_file_yields_everything_that_the_golden_file_holds(workspace, client, figure):
    found = json.loads(json.dumps(yielded(workspace, client), ensure_ascii=False))
    if os.environ.get("PHUSA_GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for part, value in expected.items():
        assert found[part] == value, part
    assert found.keys() == expected.keys()
    figure("outputs of one register file equal to the golden file", len(expected), "1", "8")


def test_the_features_fit_the_schema_that_the_file_yields(client):
    schema = client.get("/ogc/collections/landing-stages/schema?f=json").json()
    items = client.get("/ogc/collections/landing-stages/items?f=json").json()
    validator = jsonschema.Draft202012Validator(schema)
    assert items["numberMatched"] == 2
    for feature in items["features"]:
        there = {name: value for name, value in feature["properties"].items() if value is not None}
        validator.validate({**there, "geometry": feature["geometry"]})
        assert "operator" not in feature["properties"]


def test_the_map_page_and_the_plain_page_know_the_layer_without_a_line_of_code(client):
    assert "Bến tàu" in client.get("/plain?lang=vi").text
    assert "Landing stages" in client.get("/plain?lang=en").text
    assert "Landing stages" in client.get("/ogc/collections?f=html&lang=en").text
