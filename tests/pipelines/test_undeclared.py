"""A delivery without a CRS, or with a wrong one, meets a city that knows its streets."""

from __future__ import annotations

import re
from contextlib import closing

import numpy as np
import pytest
import shapely
import shapely.affinity

from catalogs import packaged
from pipelines import ingest
from sdi import crs, detection
from sdi.errors import RefusedError, WorkspaceError
from sdi.register import Batch
from sdi.workspace import Workspace
from tests.pipelines.test_kill import ENTRY, POST, WORKSPACE
from tests.sdi.readings import CANDIDATES, STORAGE
from tests.sdi.test_detection import block, lamps

DETECTION = """
detection:
  candidates: [EPSG:5897, EPSG:9209, EPSG:3405, EPSG:4326, {crs: EPSG:5897, datum: EPSG:4326}]
  areas: administrative_unit
  lines: [street, parcel]
"""
STREETS = block()


def city(folder, declared=DETECTION):
    """A city that knows its streets and nothing else."""
    folder.mkdir(exist_ok=True)
    (folder / "city.yaml").write_text(WORKSPACE + declared, encoding="utf-8")
    made = Workspace.make(folder / "city", folder / "city.yaml", packaged())
    (made.folder / "catalogs" / "registers").mkdir(parents=True)
    (made.folder / "catalogs" / "registers" / "post.yaml").write_text(POST, encoding="utf-8")
    made = Workspace.open(made.folder, packaged())
    with closing(made.registry()) as registry, registry.transaction("test", "streets") as tx:
        values = {"street_class": ["local"] * len(STREETS)}
        registry.register("street").add(Batch(values, STREETS), tx)
    return made


def delivered(folder, places, system, source=""):
    """Write posts in some CRS as a table of coordinates, and the entry that describes it."""
    xy = crs.transformed(shapely.get_coordinates(places), STORAGE.code, system, STORAGE.operation)
    rows = [f"{number},{x:.7f},{y:.7f}" for number, (x, y) in enumerate(xy)]
    (folder / "posts-1.csv").write_text("\n".join(["number,x,y", *rows]), encoding="utf-8")
    told = f"source: {{path: posts-1.csv, columns: {{x: x, y: y}}{source}}}"
    entry = ENTRY.format(number=1).replace("source: {path: posts-1.geojson}", told)
    (folder / "posts-1.yaml").write_text(entry, encoding="utf-8")


def loaded(made, folder):
    with closing(made.registry()) as registry:
        entry = registry.catalog.read_entries(folder / "posts-1.yaml")["posts-1"]
        found = ingest.run(entry, made, registry, folder)
        return found, registry.register("post").table().geometry


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("system", ["EPSG:9209", "EPSG:4326", "datum ignored"])
def test_a_delivery_that_declares_no_crs_is_loaded_where_it_is(tmp_path, system):
    definition = crs.on_datum("EPSG:5897", "EPSG:4326") if system == "datum ignored" else system
    delivered(tmp_path, lamps(STREETS), definition)
    found, places = loaded(city(tmp_path), tmp_path)
    assert "crs-detected" in {finding.code for finding in found.report.findings}
    assert shapely.distance(places, lamps(STREETS)).max() < 0.02


def test_the_report_says_what_told_the_crs(tmp_path):
    delivered(tmp_path, lamps(STREETS), "EPSG:9209")
    found, _ = loaded(city(tmp_path), tmp_path)
    (finding,) = [one for one in found.report.findings if one.code == "crs-detected"]
    assert finding.after == "EPSG:9209"
    assert "street" in finding.message
    assert re.search(r", told to (8|12|16) m$", finding.message)
    assert "Hệ tọa độ suy ra từ dữ liệu" in found.report.to_text("vi")


def test_where_nothing_tells_the_crs_the_delivery_is_refused_and_nothing_is_written(tmp_path):
    rng = np.random.default_rng(92)
    box = shapely.total_bounds(STREETS)
    delivered(tmp_path, shapely.points(rng.uniform(box[:2], box[2:], (200, 2))), "EPSG:5897")
    made = city(tmp_path)
    with pytest.raises(RefusedError) as caught:
        loaded(made, tmp_path)
    assert caught.value.code == "crs-undecided"
    with closing(made.registry()) as registry:
        assert len(registry.register("post")) == 0


def test_a_city_that_declares_no_candidates_refuses_as_ever(tmp_path):
    delivered(tmp_path, lamps(STREETS), "EPSG:9209")
    with pytest.raises(RefusedError) as caught:
        loaded(city(tmp_path, declared=""), tmp_path)
    assert caught.value.code == "crs-undeclared"


def test_a_wrong_declaration_is_refused_with_the_right_one_and_never_overridden(tmp_path):
    delivered(tmp_path, lamps(STREETS), crs.on_datum("EPSG:5897", "EPSG:4326"), ", crs: EPSG:5897")
    made = city(tmp_path)
    with pytest.raises(RefusedError, match="declared to be in EPSG:5897") as caught:
        loaded(made, tmp_path)
    assert caught.value.code == "crs-contradicted"
    # What the cure says can be written into the entry, and is then loaded where it is.
    wanted = caught.value.message.split("source: {crs: '")[1].split("'")[0]
    assert "+proj=tmerc" in wanted
    delivered(tmp_path, lamps(STREETS), crs.on_datum("EPSG:5897", "EPSG:4326"), f", crs: '{wanted}'")
    _, places = loaded(made, tmp_path)
    assert shapely.distance(places, lamps(STREETS)).max() < 0.02


def test_exchanged_axes_under_a_declared_crs_are_named(tmp_path):
    delivered(tmp_path, lamps(STREETS), "EPSG:4326", ", crs: EPSG:4326")
    rows = (tmp_path / "posts-1.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "posts-1.csv").write_text("\n".join(["number,y,x", *rows[1:]]), encoding="utf-8")
    with pytest.raises(RefusedError, match="axes: yx"):
        loaded(city(tmp_path), tmp_path)


def test_a_right_declaration_is_believed(tmp_path):
    delivered(tmp_path, lamps(STREETS), "EPSG:9209", ", crs: EPSG:9209")
    found, places = loaded(city(tmp_path), tmp_path)
    assert "crs-detected" not in {finding.code for finding in found.report.findings}
    assert shapely.distance(places, lamps(STREETS)).max() < 0.02


def test_wards_are_known_by_name_and_code_and_by_what_their_kind_is_called(tmp_path):
    made = city(tmp_path)
    ward = shapely.box(577_000, 1_116_000, 578_000, 1_117_000)
    with closing(made.registry()) as registry:
        with registry.transaction("test", "a ward") as tx:
            values = {"level": ["commune"], "unit_type": ["ward"]}
            named = {"identifiers": {"vn-gso-ward": ["31135"]}, "names": {"vi": ["Ninh Kiều"]}}
            registry.register("administrative_unit").add(Batch(values, np.array([ward]), **named), tx)
        known = detection.known(registry, made.detection)
    assert set(known.areas.shapes) == {"ninh kieu", "31135"}
    assert known.areas.find("Phường Ninh Kiều") == "ninh kieu"
    assert set(known.lines) == {"street"}


def test_what_a_city_knows_is_gathered_again_only_where_it_changed(tmp_path):
    made = city(tmp_path)
    with closing(made.registry()) as registry:
        first = detection.known(registry, made.detection).lines["street"]
        assert detection.known(registry, made.detection).lines["street"] is first
        with registry.transaction("test", "a street farther east") as tx:
            added = shapely.affinity.translate(STREETS[0], 5_000)
            registry.register("street").add(Batch({"street_class": ["local"]}, np.array([added])), tx)
        grown = detection.known(registry, made.detection).lines["street"]
    assert first.bounds[2] < added.bounds[2] <= grown.bounds[2]


@pytest.mark.parametrize("wrong", ["detection: [EPSG:5897]", "detection: {candidates: [EPSG:999999]}"])
def test_a_description_that_cannot_be_meant_is_refused(tmp_path, wrong):
    with pytest.raises(WorkspaceError, match="detection"):
        city(tmp_path, declared=f"\n{wrong}\n")


@pytest.mark.parametrize("name", ["cantho", "synthetic"])
def test_a_city_of_the_catalogue_tries_all_that_the_guide_measures(name, tmp_path):
    made = Workspace.make(tmp_path / name, packaged() / "cities" / name, packaged())
    assert made.detection.candidates == CANDIDATES
