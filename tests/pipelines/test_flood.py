"""A run from its scenario to the public."""

from __future__ import annotations

import json
import logging
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from catalogs import packaged
from frmis import scenario_file
from frmis.forcing import Boundary, Edge, Infiltration, Inflow, Series
from frmis.landcover import LandCover
from frmis.obstacle import Obstacles
from frmis.simulation import simulate
from frmis.structure import Structure
from pipelines import elevation, flood, recovery
from pipelines.ground import lay
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import Accuracy, Licence
from sdi.errors import InputError, NotFound, PhusaError, RefusedError
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.recording import Batch
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace
from tests.frmis.ground import MM_H, rain, rough, scenario, terrain

WORKSPACE = """
name: wet
title: {vi: Thành phố ngập, en: Wet city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
LICENCE = {"name": "CC0-1.0", "grade": "A", "url": None}
STORM = scenario(1, name="storm", title=Label("Bão", "Storm"), rainfall=rain(150, 0.5), output_interval=1200.0)


@pytest.fixture
def workspace(tmp_path):
    """Return a city with nothing but a terrain that is fit for decisions."""
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", description, packaged())
    publish(made, rough())
    return made


def publish(workspace, values, datum="hon_dau", **more):
    said = RasterDescription(
        name="test", title=Label("Địa hình", "Terrain"), kind="elevation", vertical_datum=datum, licence=LICENCE,
        attribution="Tests", **more,
    )  # fmt: skip
    raster.write(workspace.rasters, terrain(values, datum=datum).to_dataset(name="elevation"), said)


@pytest.fixture
def registry(workspace):
    opened = workspace.registry()
    yield opened
    opened.close()


def features(workspace):
    publication = Publication.open(workspace.publication_path("public"))
    page = publication.items("flood-depth", limit=1000)
    publication.close()
    return [json.loads(feature) for feature in page.features]


def test_a_run_becomes_a_coverage_and_a_collection(workspace, registry, caplog):
    caplog.set_level(logging.INFO)
    done = flood.run(STORM, workspace, registry)
    projector.refresh(workspace, registry)
    assert done.coverage == "flood-storm"
    assert done.volume_error <= 1e-10
    assert done.fit_for_decisions
    said = RasterDescription.read(workspace.rasters / "flood-storm")
    assert said.scenario == done.identifier
    assert said.licence == LICENCE
    data = raster.read(workspace.rasters, "flood-storm")
    assert data.water_depth.sizes["time"] == 4
    found = features(workspace)
    assert len(found) == done.areas > 0
    properties = found[0]["properties"]
    assert properties["scenario"] == "storm"
    assert properties["depth_class"].startswith("from_")
    assert properties["fit_for_decisions"] in (True, 1)
    assert "volume error" in caplog.text


def test_a_second_run_takes_the_place_of_the_first(workspace, registry):
    flood.run(STORM, workspace, registry)
    harder = flood.run(replace(STORM, rainfall=rain(300, 0.5)), workspace, registry)
    other = flood.run(replace(STORM, name="other"), workspace, registry)
    projector.refresh(workspace, registry)
    found = [feature["properties"]["scenario"] for feature in features(workspace)]
    assert found.count("storm") == harder.areas
    assert found.count("other") == other.areas
    assert RasterDescription.read(workspace.rasters / "flood-storm").scenario == harder.identifier
    registry.verify()


def test_a_scenario_that_would_take_the_coverage_of_another_is_refused(workspace, registry):
    first = flood.run(replace(STORM, name="storm_a"), workspace, registry)
    before = registry.root_hash
    with pytest.raises(InputError, match="coverage flood-storm-a of scenario storm_a"):
        flood.run(replace(STORM, name="storm-a", rainfall=rain(300, 0.5)), workspace, registry)
    assert registry.root_hash == before
    assert RasterDescription.read(workspace.rasters / "flood-storm-a").scenario == first.identifier


def test_the_very_same_run_again_writes_nothing(workspace, registry):
    first = flood.run(STORM, workspace, registry)
    before = registry.root_hash
    again = flood.run(STORM, workspace, registry)
    assert (again.identifier, again.transaction) == (first.identifier, 0)
    assert registry.root_hash == before


def test_a_run_on_a_poor_terrain_says_so_wherever_it_is_shown(workspace, registry):
    publish(workspace, rough(), datum="egm96")
    with pytest.raises(RefusedError, match="allow_poor_terrain"):
        flood.run(STORM, workspace, registry)
    done = flood.run(replace(STORM, allow_poor_terrain=True), workspace, registry)
    projector.refresh(workspace, registry)
    assert not done.fit_for_decisions
    assert "egm96" in done.notice
    assert "egm96" in RasterDescription.read(workspace.rasters / "flood-storm").notice.vi
    properties = features(workspace)[0]["properties"]
    assert not properties["fit_for_decisions"]
    assert "egm96" in properties["notice"]


def test_a_run_in_which_nothing_gets_wet_is_published_as_such(workspace, registry):
    done = flood.run(replace(STORM, rainfall=rain(1, 0.1)), workspace, registry)
    projector.refresh(workspace, registry)
    assert done.areas == 0
    assert RasterDescription.read(workspace.rasters / "flood-storm").scenario == done.identifier


def test_what_may_be_done_with_the_terrain_may_be_done_with_the_flood(workspace, registry):
    publish(workspace, rough(), bulk=True)
    flood.run(STORM, workspace, registry)
    projector.refresh(workspace, registry)
    publication = Publication.open(workspace.publication_path("public"))
    collection = publication.collection("flood-depth")
    publication.close()
    assert collection.bulk
    assert collection.attribution == "Tests"
    assert RasterDescription.read(workspace.rasters / "flood-storm").bulk


def test_a_scenario_whose_terrain_is_not_there_is_refused(workspace, registry):
    before = registry.last_tx
    with pytest.raises(NotFound, match="was it ingested"):
        flood.run(replace(STORM, terrain="elsewhere"), workspace, registry)
    assert registry.last_tx == before


def test_a_result_is_recorded_for_its_own_scenario_alone(workspace, registry):
    before, ground = registry.last_tx, lay(STORM, workspace, registry)
    wetter = simulate(replace(STORM, rainfall=rain(200, 0.5)), ground)
    with pytest.raises(InputError, match="expected that of storm"):
        flood.run(STORM, workspace, registry, result=wetter)
    assert registry.last_tx == before
    done = flood.run(STORM, workspace, registry, result=simulate(STORM, ground))
    assert done.transaction > before
    assert flood.run(STORM, workspace, registry) == replace(done, hydrographs=0, transaction=0)


def test_a_run_killed_before_its_commit_is_forgotten_and_after_it_completed(workspace, registry, monkeypatch):
    class Killed(BaseException):
        """As good as a signal: nothing after it runs."""

    def die(*_arguments, **_options):
        raise Killed

    flood.run(STORM, workspace, registry)
    before = RasterDescription.read(workspace.rasters / "flood-storm")
    wetter, wettest = (replace(STORM, rainfall=rain(rate, 0.5)) for rate in (200, 300))
    with monkeypatch.context() as patch:
        patch.setattr(flood, "_record", die)
        with pytest.raises(Killed):
            flood.run(wetter, workspace, registry)
    assert len(raster.list_pending(workspace.rasters)) == 1
    recovery.rasters(workspace, registry)
    assert RasterDescription.read(workspace.rasters / "flood-storm") == before
    with monkeypatch.context() as patch:
        patch.setattr(raster, "complete", die)
        with pytest.raises(Killed):
            flood.run(wettest, workspace, registry)
    assert RasterDescription.read(workspace.rasters / "flood-storm") == before
    recovery.rasters(workspace, registry)
    after = RasterDescription.read(workspace.rasters / "flood-storm")
    assert after.scenario != before.scenario
    assert raster.list_pending(workspace.rasters) == ()


def test_the_packaged_storm_floods_the_synthetic_ground(workspace, registry):
    storm = scenario_file.read(packaged() / "scenarios" / "storm.yaml")
    ground = np.full((40, 60), 0.8)
    ground[:6] = -6.0
    ground[:, 30:32] = -2.0
    ground += np.random.default_rng(2).normal(0, 0.01, ground.shape)
    said = elevation.publish_synthetic(workspace, terrain(ground, 15.0, datum="synthetic"))
    assert not said.fit_for_decisions
    short = replace(
        storm, duration=1800.0, output_interval=900.0, land_cover=None, structures=(), infiltration=None,
        boundary=Boundary(north=Edge("level", Series.constant(1.2), highest_bed=-1.0), vertical_datum="synthetic"),
    )  # fmt: skip
    done = flood.run(short, workspace, registry)
    assert done.areas > 0
    assert "invented" in done.notice


# one scenario, one result --------------------------------------------------------------------------------------------

RISEN = replace(
    STORM, start=datetime(2025, 10, 8, tzinfo=UTC), return_period=10.0,
    notices=(Label("Triều giả", "An invented tide"),),
    boundary=Boundary(west=Edge("level", Series((0.0, 3600.0), (0.2, 0.8))), vertical_datum="hon_dau"),
    inflows=(Inflow("outfall", ((580_205.0, 1_109_805.0),), Series.constant(1.0), 15.0),),
    infiltration=Infiltration(50 * MM_H, 6 * MM_H, 2 / 3600),
    land_cover=LandCover("land_use", register="plan_zone"), obstacles=Obstacles("building"),
    structures=(Structure("ct-asset", "D-1"), Structure("ct-asset", "D-2"), Structure("ct-asset", "G-1", "automatic")),
)  # fmt: skip


def furnish(registry):
    """Load what the scenario names: a dike with a gate, zones, a house, a gauge."""
    add(registry, "flood_structure", ["D-1", "D-2", "G-1"],
        [line((250, 10), (250, -180)), line((250, -230), (250, -410)), shapely.Point(580_250, 1_109_795)],
        structure_kind=["embankment", "embankment", "tide_gate"], datum=["hon_dau"] * 3,
        crest_level=[1.5, 1.5, 2.0], sill_level=[None, None, -2.0], opening_width=[None, None, 30.0])  # fmt: skip
    add(registry, "plan_zone", [], [line((0, 0), (0, -400), (240, -400), (240, 0)).convex_hull], land_use=["ODT"])
    add(registry, "building", [], [shapely.box(580_100, 1_109_900, 580_140, 1_109_940)], building_use=["house"])
    add(registry, "flood_gauge", ["T-1"], [shapely.Point(580_245, 1_109_700)],
        gauge_kind=["water_level"], datum=["hon_dau"])  # fmt: skip


def line(*points):
    return shapely.linestrings([(580_000 + x, 1_110_000 + y) for x, y in points])


def add(registry, register, codes, places, **values):
    identifiers = {"ct-asset": codes} if codes else {}
    batch = Batch(values, np.array(places, dtype=object), identifiers, accuracy=Accuracy(0.5, method="derived"))
    with registry.transaction("test", "load") as tx:
        registry.register(register).add(batch, tx)


def run_once(folder, case=RISEN):
    """Run a scenario on a furnished city of its own; return identifier and version of the result."""
    folder.mkdir()
    (folder / "description.yaml").write_text(WORKSPACE, encoding="utf-8")
    made = Workspace.make(folder / "city", folder / "description.yaml", packaged())
    publish(made, rough())
    opened = made.registry()
    furnish(opened)
    done = flood.run(case, made, opened)
    opened.close()
    return done.identifier, RasterDescription.read(made.rasters / done.coverage).version


@pytest.mark.shows("first-flood")
def test_two_runs_of_one_scenario_have_one_identifier_and_equal_bytes(tmp_path, figure):
    """In two processes, on two cities furnished alike."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as other:
        elsewhere = other.apply(run_once, (tmp_path / "other",))
    here = run_once(tmp_path / "here")
    figure("identifier of both runs", here[0][:16])
    figure("SHA-256 over the bytes of both results", here[1][:16])
    assert here == elsewhere


@pytest.mark.shows("first-flood")
def test_everything_on_is_published_with_its_frequency_its_gauges_and_its_notices(workspace, registry, figure):
    furnish(registry)
    done = flood.run(RISEN, workspace, registry)
    projector.refresh(workspace, registry)
    figure("volume error with every input on", done.volume_error, "1", "≤ 1e-10")
    assert done.volume_error <= 1e-10
    assert done.hydrographs == 1
    assert "An invented tide" in done.notice
    assert not done.fit_for_decisions
    said = RasterDescription.read(workspace.rasters / "flood-storm")
    assert said.return_period == 10
    assert "Triều giả" in said.notice.vi
    properties = features(workspace)[0]["properties"]
    assert properties["return_period"] == 10
    assert "Triều giả" in properties["notice"]
    data = raster.read(workspace.rasters, "flood-storm")
    assert float(data.water_depth[0].max()) == 0
    assert float(data.maximum_water_depth.max()) > 0.1
    assert float(data.maximum_speed.max()) > 0


def test_what_may_be_done_with_tide_and_registers_holds_for_the_run(workspace, registry):
    furnish(registry)
    with registry.transaction("test", "buildings") as tx:
        provenance.record(
            tx, "houses", "building", custodian="test", sha256="0" * 64, accepted=1,
            licence=Licence("ODbL-1.0", "A-copyleft", "OpenStreetMap contributors", bulk=True),
        )  # fmt: skip
    tide = Licence("CC BY 4.0", "A", "TICON-4", bulk=True)
    flood.run(replace(RISEN, terms=(tide,)), workspace, registry)
    said = RasterDescription.read(workspace.rasters / "flood-storm")
    assert said.attribution == "Tests; TICON-4; OpenStreetMap contributors"
    assert said.licence["grade"] == "A-copyleft"
    plain = replace(RISEN, name="plain", obstacles=None)
    flood.run(plain, workspace, registry)
    assert RasterDescription.read(workspace.rasters / "flood-plain").attribution == "Tests"


def test_a_run_again_replaces_its_gauges_with_its_areas(workspace, registry):
    furnish(registry)
    flood.run(RISEN, workspace, registry)
    flood.run(replace(RISEN, rainfall=rain(50, 0.5)), workspace, registry)
    assert len(registry.register("hydrograph")) == 1
    assert flood.run(replace(RISEN, rainfall=rain(50, 0.5)), workspace, registry).transaction == 0


@pytest.mark.shows("first-flood")
def test_a_changed_terrain_rain_register_or_table_changes_the_run(workspace, registry, tmp_path):
    furnish(registry)

    def identifier(case=RISEN, city=workspace):
        laid = lay(case, city, registry)
        return laid.pin(case).identifier

    before = identifier()
    assert before == identifier()
    found = {"rain": identifier(replace(RISEN, rainfall=rain(151, 0.5)))}
    found["tide"] = identifier(replace(RISEN, boundary=Boundary(
        west=Edge("level", Series((0.0, 3600.0), (0.2, 0.81))), vertical_datum="hon_dau"
    )))  # fmt: skip
    publish(workspace, rough() + 0.01)
    found["terrain"] = identifier()
    publish(workspace, rough())
    assert identifier() == before
    table = (packaged() / "landcover" / "land_use.yaml").read_text(encoding="utf-8")
    own = workspace.folder / "catalogs" / "landcover"
    own.mkdir(parents=True)
    (own / "land_use.yaml").write_text(table.replace("ODT: {manning: 0.08", "ODT: {manning: 0.09"), encoding="utf-8")
    found["table"] = identifier(city=Workspace.open(workspace.folder, packaged()))
    with registry.transaction("test", "heightened") as tx:
        structures = registry.register("flood_structure")
        structures.correct(structures.find_by("ct-asset", "D-1").eid, tx, values={"crest_level": 1.6})
    found["levee"] = identifier()
    add(registry, "building", [], [shapely.box(580_300, 1_109_900, 580_340, 1_109_940)], building_use=["house"])
    found["building"] = identifier()
    assert len({before, *found.values()}) == 1 + len(found)


# bad input -----------------------------------------------------------------------------------------------------------


FAR = Inflow("far", ((0.0, 0.0),), Series.constant(1.0))
GLOBAL = Boundary(west=Edge("level", Series.constant(1.0)), vertical_datum="egm96")


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("values", "attrs", "case", "said"),
    [
        (rough(), {"vertical_datum": None}, STORM, "vertical datum"),
        (rough(), {"units": "ft"}, STORM, "heights are in feet"),
        (np.full((40, 50), np.nan), {}, STORM, "no cell with an elevation|has no height"),
        (np.where(rough() < -1.9, np.nan, rough()), {"nodata_declared": 0}, STORM, "0 m"),
        (rough(), {}, replace(STORM, inflows=(FAR,)), "outside the grid"),
        (rough(), {}, replace(STORM, structures=(Structure("ct-asset", "D-9"),)), "no flood structure carries"),
        (rough(), {}, replace(STORM, boundary=GLOBAL), "egm96"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_and_nothing_is_written(workspace, registry, values, attrs, case, said):
    bed = terrain(values)
    bed.attrs = {name: value for name, value in (bed.attrs | attrs).items() if value is not None}
    before = registry.root_hash, sorted(path.name for path in workspace.rasters.rglob("*"))
    with pytest.raises(PhusaError, match=said):
        flood.run(case, workspace, registry, ground=lay(case, workspace, registry, terrain=bed))
    assert (registry.root_hash, sorted(path.name for path in workspace.rasters.rglob("*"))) == before


def test_a_terrain_with_a_hole_runs_around_it(workspace, registry):
    holed = rough()
    holed[10:14, 5:9] = np.nan
    publish(workspace, holed)
    done = flood.run(replace(STORM, allow_poor_terrain=True), workspace, registry)
    assert done.volume_error <= 1e-10
    assert np.isnan(raster.read(workspace.rasters, "flood-storm").maximum_water_depth.values[10:14, 5:9]).all()
