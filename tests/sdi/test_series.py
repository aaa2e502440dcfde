"""A series is a row of numbers: kept as it was given, published as a JSON array, never asked for."""

import json
import sqlite3

import numpy as np
import orjson
import pytest
import shapely
from starlette.testclient import TestClient

from catalogs import packaged
from sdi import quality, source
from sdi.declaration import Field, Label
from sdi.errors import CatalogError, InputError
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.recording import Batch
from sdi.service import application
from sdi.value import checked, given
from sdi.workspace import Workspace

LEVELS = Field("levels", "series", Label("Mực nước", "Levels"), unit="m", minimum=-5, maximum=20)
POST = """
register: post
version: 1.0.0
title: {vi: Cọc đo, en: Posts}
location: {role: site, geometry: Point}
fields:
  levels: {type: series, unit: m, min: -5, max: 20, title: {vi: Mực nước, en: Levels}}
on_bad_row: quarantine
maximum_bad_share: 0.9
publish: {collection: posts, fields: [levels]}
"""
ENTRY = """
entry: posts
title: {vi: Cọc đo, en: Posts}
register: post
source: {path: posts.geojson}
licence: {name: CC BY 4.0, grade: A, attribution: Survey team}
custodian: Survey team
valid_from: 2024-01-01
accuracy: {horizontal_m: 1, method: survey_gnss_rtk}
fields: {levels: {column: levels, unit: cm}}
"""
GIVEN = [0.25, None, -1.5, 2]


@pytest.fixture
def posts(workspace, tmp_path):
    """Return the workspace with a register of posts."""
    (workspace.folder / "catalogs" / "registers" / "post.yaml").write_text(POST, encoding="utf-8")
    return Workspace.open(workspace.folder, packaged())


@pytest.fixture
def recorded(posts):
    """Return a post whose levels were recorded and published."""
    registry = posts.registry()
    with registry.transaction("test", "posts") as tx:
        batch = Batch({"levels": [GIVEN]}, np.array([shapely.Point(584_000, 1_109_000)], dtype=object))
        eid = registry.register("post").add(batch, tx)[0]
    projector.refresh(posts, registry)
    yield registry, eid
    registry.close()


@pytest.mark.parametrize("values", [GIVEN, tuple(GIVEN), np.array([0.25, np.nan, -1.5, 2])])
def test_numbers_in_a_row_come_back_as_they_were_given_and_a_gap_as_none(values):
    (kept,) = checked(LEVELS, [values])
    assert kept == "[0.25,null,-1.5,2.0]"
    assert given(LEVELS, kept) == GIVEN


def test_a_row_without_numbers_is_a_series_and_none_is_no_series():
    assert checked(LEVELS, [[], None]) == ["[]", None]
    assert given(LEVELS, None) is None


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ([0.0, 20.5], "lies above 20 m"),
        ([0.0, float("inf")], "is not finite"),
        ([True], "true or false"),
        ([[1.0], [2.0]], "float"),
        (["high"], "could not convert"),
        ("[1, 2]", "no list of numbers"),
        ({"a": 1}, "no list of numbers"),
        (3.5, "no list of numbers"),
    ],
)
def test_what_is_no_row_of_numbers_within_the_limits_is_refused(value, wrong):
    with pytest.raises(InputError, match=f"levels, row 0.*{wrong}"):
        checked(LEVELS, [value])


def test_the_register_gives_back_the_numbers(recorded):
    registry, eid = recorded
    assert registry.register("post").find(eid).values["levels"] == GIVEN


def test_a_series_is_published_as_a_json_array_and_kept_as_json_text_in_the_table(posts, recorded):
    registry, eid = recorded
    path = posts.publication_path("public")
    opened = Publication.open(path)
    assert orjson.loads(opened.item("posts", eid))["properties"]["levels"] == GIVEN
    opened.close()
    with sqlite3.connect(path) as package:
        assert package.execute("SELECT levels FROM posts").fetchall() == [("[0.25,null,-1.5,2.0]",)]
    projector.verified(posts, registry)


def test_a_series_is_described_and_cannot_be_asked_for(posts, recorded):
    with TestClient(application(posts), base_url="http://city.test") as client:
        schema = client.get("/ogc/collections/posts/schema?f=json").json()["properties"]["levels"]
        assert schema["type"] == "array"
        assert schema["items"] == {"type": ["number", "null"], "minimum": -5, "maximum": 20}
        assert schema["x-ogc-unit"] == "m"
        assert "levels" not in client.get("/ogc/collections/posts/queryables?f=json").json()["properties"]
        assert client.get("/ogc/collections/posts/items?levels=1").status_code == 400
        page = client.get("/ogc/collections/posts/items?f=html&lang=en").text
        assert "4 values: -1.5 … 2" in page


def test_a_delivered_array_is_read_in_the_unit_of_the_register(posts, tmp_path):
    def feature(levels):
        point = {"type": "Point", "coordinates": [105.78, 10.03]}
        return {"type": "Feature", "properties": {"levels": levels}, "geometry": point}

    rows = [feature([25, None, -150]), feature("high"), feature([9999])]
    delivered = {"type": "FeatureCollection", "features": rows}
    (tmp_path / "posts.geojson").write_text(json.dumps(delivered), encoding="utf-8")
    (tmp_path / "posts.yaml").write_text(ENTRY, encoding="utf-8")
    catalog = posts.catalog()
    entry = catalog.read_entries(tmp_path / "posts.yaml")["posts"]
    delivery = source.read(tmp_path / entry.source.path, entry.source)
    found = quality.check(delivery, catalog.registers["post"], catalog, entry)
    assert found.accepted["levels"].tolist() == [GIVEN[:3]]
    assert [one.code for one in found.report.findings if one.row is not None] == [
        "value-no-series", "value-out-of-range",
    ]  # fmt: skip


def test_a_rule_that_reads_a_series_is_refused_with_its_line(posts):
    rule = 'rules: [{id: P1, expr: "levels is None", level: warn}]\n'
    path = posts.folder / "catalogs" / "registers" / "post.yaml"
    path.write_text(POST + rule, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"post.yaml:\d+.*unknown name 'levels'"):
        posts.catalog()
