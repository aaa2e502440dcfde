"""From published runs to exposure and risk, in a city that can be reckoned by hand.

Two wards of 100 m, side by side. Eight houses of 8 m by 8 m stand in the western one, two in the eastern. The floods of
10 and of 100 years stand in the west only.
"""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing

import numpy as np
import pytest
import shapely
import xarray as xr
import yaml
from affine import Affine

from catalogs import packaged
from frmis.forcing import Boundary, Edge, Series
from frmis.obstacle import Obstacles
from frmis.scenario import Scenario
from pipelines import flood as simulated
from pipelines import risk
from pipelines.exposure import laid, things
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import Accuracy, Licence
from sdi.errors import InputError, NotFound
from sdi.grid import Grid
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.recording import Batch
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace
from tests.killed import context

WORKSPACE = """
name: two-wards
title: {vi: Hai phường, en: Two wards}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
X, Y = 585_000, 1_109_000
GRID = Grid((10, 20), Affine(10, 0, X, 0, -10, Y + 100), Grid.definition("EPSG:5897"))
LICENCE = Licence("CC0-1.0", "A", "Tests", bulk=True)
EXACT = Accuracy(0.5, method="derived")


def flood(workspace, name, depth, period=None, scenario_name=None, **more):
    """Publish a run that stands in the western half, with a river of 2 m in the southernmost row."""
    maximum = np.zeros(GRID.shape)
    maximum[:, :10] = depth
    maximum[-1] = 2.0
    standing = np.zeros((1, *GRID.shape))
    standing[:, -1] = 2.0
    time_axis = {"time": np.array(["2025-01-01"], dtype="datetime64[ns]")}
    data = xr.Dataset(
        {
            "water_depth": (("time", "y", "x"), standing, {"units": "m"}),
            "maximum_water_depth": (("y", "x"), maximum, {"units": "m"}),
        },
        coords=GRID.coords() | time_axis,
        attrs={"scenario_name": scenario_name or name.removeprefix("flood-")},
    )
    said = RasterDescription(
        name=name, title=Label("Lũ", "Flood"), kind="run", licence={"name": "CC0-1.0", "grade": "A", "url": None},
        attribution="Tests", bulk=True, scenario=f"{name:x<64}", return_period=period, **more,
    )  # fmt: skip
    return raster.write(workspace.rasters, data, said)


def square(column, row, side=8.0):
    """Return a square in the middle of a cell, counted from the south-west."""
    x, y = X + 10 * column + 5, Y + 10 * row + 5
    return shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def record(registry, name, geometry, **values):
    with registry.transaction("test", name) as tx:
        places = np.array(geometry, dtype=object)
        eids = registry.register(name).add(Batch(values, places, valid_from="2020-01-01", accuracy=EXACT), tx)
        provenance.record(tx, name, name, custodian="t", licence=LICENCE, sha256="0" * 64, accepted=len(eids))
    return eids


@pytest.fixture
def workspace(tmp_path):
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", description, packaged())
    registry = made.registry()
    halves = [shapely.box(X, Y, X + 100, Y + 100), shapely.box(X + 100, Y, X + 200, Y + 100)]
    record(registry, "administrative_unit", halves, level=["commune"] * 2, unit_type=["ward"] * 2)
    houses = [square(column, 5) for column in (0, 1, 2, 3, 4, 5, 6, 7, 15, 16)]
    record(
        registry, "building", houses, building_use=["house"] * 10, floor_height=[0.1] * 9 + [None], residents=[4] * 10
    )
    record(registry, "street", [shapely.LineString([(X, Y + 45), (X + 200, Y + 45)])], street_class=["local"])
    record(registry, "street_light", [shapely.Point(X + 5 + 60 * one, Y + 45) for one in range(4)])
    nodes = [shapely.Point(X + 15, Y + 25), shapely.Point(X + 35, Y + 25)]
    record(registry, "power_network", nodes, element=["transformer"] * 2, base_height=[0.2, 0.6])
    registry.close()
    flood(made, "flood-ten", 0.4, 10.0)
    flood(made, "flood-hundred", 1.1, 100.0)
    flood(made, "flood-storm", 0.25)
    return made


@pytest.fixture
def registry(workspace):
    opened = workspace.registry()
    yield opened
    opened.close()


def assessed(workspace, registry, **asked):
    """Assess and publish."""
    done = risk.run(workspace, registry, **asked)
    projector.refresh(workspace, registry)
    return done


def features(workspace, collection):
    publication = Publication.open(workspace.publication_path("public"))
    page = publication.items(collection, limit=1000)
    publication.close()
    return [json.loads(feature) for feature in page.features]


def rows(workspace, collection, **wanted):
    found = [feature["properties"] for feature in features(workspace, collection)]
    return [one for one in found if all(one[name] == value for name, value in wanted.items())]


SHARE_10 = 0.3266 * 0.3 / 0.5
"""JRC's residential curve at 0.4 m of water less 0.1 m of floor."""
SHARE_100 = 0.4941
"""The same at 1.1 m less 0.1 m."""
VALUE = 207.86 * 64


@pytest.mark.shows("first-flood")
def test_exposure_by_ward_and_class_is_what_can_be_counted_by_hand(workspace, registry, figure):
    done = assessed(workspace, registry)
    assert done.runs == ("flood-storm", "flood-ten", "flood-hundred")
    ward = rows(workspace, "flood-exposure", scenario="ten", entity_kind="administrative_unit")
    assert [one["depth_class"] for one in ward] == ["from_0_30"]
    found = {name: ward[0][name] for name in ("buildings", "people", "street_length", "street_light", "power_network")}
    figure(
        "wet in the western ward at 0.4 m", str(found), "1", "8 houses, 32 people, 100 m, 2 lamps, 1 of 2 transformers"
    )
    assert found == {"buildings": 8, "people": 30, "street_length": 100.0, "street_light": 2, "power_network": 1}
    houses = rows(workspace, "flood-exposure", scenario="ten", entity_kind="building")
    assert len(houses) == 8
    assert {(one["depth"], one["depth_above_floor"], one["wet_share"], one["people"]) for one in houses} == {
        (0.4, 0.3, 1.0, None)
    }
    assert {one["return_period"] for one in houses} == {10.0}


@pytest.mark.shows("first-flood")
def test_risk_is_the_integral_of_the_damages_by_the_rule_named(workspace, registry, figure):
    done = assessed(workspace, registry)
    house = rows(workspace, "flood-risk", entity_kind="building")
    assert len(house) == 8
    ten, hundred = SHARE_10 * VALUE, SHARE_100 * VALUE
    high, low = 0.1, 0.01
    first = high - (high - low) / np.log(high / low)
    wanted = first * ten + (high - low - first) * hundred + low * hundred
    figure("expected annual damage of one house", house[0]["expected_annual_damage"], "EUR/a", f"by hand {wanted:.2f}")
    assert house[0]["expected_annual_damage"] == pytest.approx(wanted, abs=0.005)
    assert house[0]["return_periods"] == [10.0, 100.0]
    assert house[0]["damages"] == pytest.approx([ten, hundred], abs=0.005)
    assert (house[0]["rule"], house[0]["currency"], house[0]["curve"]) == ("log-linear", "EUR2010", "residential")
    west, east = rows(workspace, "flood-risk", entity_kind="administrative_unit")
    assert west["expected_annual_damage"] == pytest.approx(8 * wanted, abs=0.01)
    assert (west["buildings"], east["buildings"], east["expected_annual_damage"]) == (8, 0, 0.0)
    assert done.expected_annual_damage == pytest.approx(8 * wanted, abs=0.01)
    assert done.return_periods == (10.0, 100.0)


def test_every_row_and_the_thing_it_is_about_resolve(workspace, registry):
    assessed(workspace, registry)
    publication = Publication.open(workspace.publication_path("public"))
    for collection in ("flood-exposure", "flood-risk"):
        for feature in features(workspace, collection):
            assert publication.thing(collection.replace("-", "_"), feature["id"]).collection == collection
            said = feature["properties"]
            assert publication.thing(said["entity_kind"], said["entity"]).eid == said["entity"]
    publication.close()


def test_a_row_of_a_building_stands_where_the_building_stands(workspace, registry):
    assessed(workspace, registry)
    place = {feature["id"]: feature["geometry"] for feature in features(workspace, "buildings")}
    for feature in features(workspace, "flood-risk"):
        about = feature["properties"]["entity"]
        assert feature["geometry"] == place.get(about)


def test_a_house_that_few_may_see_is_in_no_figure_and_its_delivery_in_no_attribution(workspace, registry):
    with registry.transaction("test", "a house for few") as tx:
        values = {"building_use": ["house"], "floor_height": [0.1], "residents": [777]}
        place = np.array([square(8, 5)], dtype=object)
        batch = Batch(values, place, valid_from="2020-01-01", accuracy=EXACT, access="restricted")
        (eid,) = registry.register("building").add(batch, tx)
        hushed = Licence("CC0-1.0", "A", "Ministry of Hush")
        provenance.record(tx, "hush", "building", custodian="t", licence=hushed, sha256="2" * 64, accepted=1)
    assessed(workspace, registry)
    for name in ("flood-exposure", "flood-risk"):
        about = [feature["properties"]["entity"] for feature in features(workspace, name)]
        assert about
        assert eid not in about
        with closing(Publication.open(workspace.publication_path("public"))) as publication:
            assert "Hush" not in publication.collection(name).attribution


def test_people_are_left_out_where_few_houses_stand_behind_the_figure(workspace, registry):
    houses = registry.register("building").table("residents")
    with registry.transaction("test", "four houses are empty now") as tx:
        for eid in houses.eids[:4]:
            registry.register("building").change(eid, {"residents": 0}, tx, valid_from="2024-01-01")
    assessed(workspace, registry)
    ward = rows(workspace, "flood-exposure", scenario="ten", entity_kind="administrative_unit")[0]
    assert (ward["buildings"], ward["people"]) == (8, None)


@pytest.mark.parametrize("residents", [None, 500])
def test_people_are_left_out_where_a_house_is_unknown_or_holds_nearly_all(workspace, registry, residents):
    # Seven houses of four people each are known besides; in the other flood, the storm, all is the same.
    with registry.transaction("test", "one house differs") as tx:
        register = registry.register("building")
        register.change(register.list()[0], {"residents": residents}, tx, valid_from="2024-01-01")
    assessed(workspace, registry)
    for scenario in ("ten", "storm"):
        ward = rows(workspace, "flood-exposure", scenario=scenario, entity_kind="administrative_unit")[0]
        assert (ward["buildings"], ward["people"]) == (8, None)


def test_rows_name_the_scenario_as_its_run_does(workspace, registry):
    flood(workspace, "flood-two-words", 0.25, scenario_name="two_words")
    assessed(workspace, registry, runs=["flood-two-words"])
    assert {one["scenario"] for one in rows(workspace, "flood-exposure")} == {"two_words"}


OBSTACLES = {
    "raised": Obstacles("building", "raised", height=3.0, minimum_share=0.6),
    "blocked": Obstacles("building", "blocked", minimum_share=0.6),
    "low": Obstacles("building", "raised", height=0.2, minimum_share=0.6),
}


@pytest.mark.shows("first-flood")
def test_a_run_with_raised_houses_and_one_with_blocked_ones_reach_the_same_houses(workspace, registry, figure):
    said = RasterDescription(
        name="flat", title=Label("Địa hình", "Terrain"), kind="elevation", vertical_datum="hon_dau",
        licence={"name": "CC0-1.0", "grade": "A", "url": None}, attribution="Tests", bulk=True,
    )  # fmt: skip
    ground = GRID.array(np.zeros(GRID.shape), units="m", vertical_datum="hon_dau")
    raster.write(workspace.rasters, ground.to_dataset(name="elevation"), said)
    # A house on three cells: it covers the one in the middle, which is an obstacle, and 40 % of those beside it.
    eid = record(registry, "building", [shapely.box(X + 96, Y + 70, X + 114, Y + 80)], building_use=["house"])[0]
    boundary = Boundary(
        west=Edge("level", Series((0.0, 7200.0, 10_800.0), (0.0, 0.45, 0.45))), vertical_datum="hon_dau"
    )
    for name, obstacles in OBSTACLES.items():
        case = Scenario(
            terrain="flat", name=name, duration=10_800.0, output_interval=10_800.0, boundary=boundary,
            obstacles=obstacles,
        )  # fmt: skip
        simulated.run(case, workspace, registry)
    assessed(workspace, registry, runs=["flood-raised", "flood-blocked", "flood-low"])
    house = {one["scenario"]: one for one in rows(workspace, "flood-exposure", entity=eid)}
    assert set(house) == set(OBSTACLES)
    for name, row in house.items():
        figure(f"depth of a house, its obstacles {name}", row["depth"], "m", "0.45")
        assert row["depth"] == pytest.approx(0.45, abs=0.01)
        assert row["wet_share"] == 1.0
    wet = {
        name: {one["entity"] for one in rows(workspace, "flood-exposure", scenario=name, entity_kind="building")}
        for name in OBSTACLES
    }
    assert wet["raised"] == wet["blocked"]


def test_the_very_same_assessment_again_writes_nothing(workspace, registry):
    first = assessed(workspace, registry)
    before, shown = registry.root_hash, features(workspace, "flood-risk")
    again = assessed(workspace, registry)
    assert first.transaction > 0
    assert (again.identifier, again.transaction) == (first.identifier, 0)
    assert registry.root_hash == before
    assert features(workspace, "flood-risk") == shown


def test_a_changed_run_curve_building_or_rule_makes_another_assessment(workspace, registry):
    seen = {assessed(workspace, registry).identifier}
    seen.add(assessed(workspace, registry, rule="trapezoid").identifier)
    flood(workspace, "flood-ten", 0.45, 10.0)
    seen.add(assessed(workspace, registry).identifier)
    table = yaml.safe_load((packaged() / "curves" / "default.yaml").read_text(encoding="utf-8"))
    table["classes"]["residential"]["maximum"] = 300.0
    own = workspace.folder / "catalogs" / "curves" / "default.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
    workspace = Workspace.open(workspace.folder, packaged())
    seen.add(assessed(workspace, registry).identifier)
    with registry.transaction("test", "a floor is raised") as tx:
        eid = registry.register("building").list()[0]
        registry.register("building").change(eid, {"floor_height": 2.0}, tx, valid_from="2024-01-01")
    seen.add(assessed(workspace, registry).identifier)
    assert len(seen) == 5
    registry.verify()
    projector.verified(workspace, registry)


def test_what_did_not_change_keeps_its_identifier(workspace, registry):
    assessed(workspace, registry)
    before = {one["id"]: one for one in features(workspace, "flood-exposure")}
    flood(workspace, "flood-ten", 0.05, 10.0)
    assessed(workspace, registry)
    after = {one["id"]: one for one in features(workspace, "flood-exposure")}
    gone = [one["properties"]["scenario"] for eid, one in before.items() if eid not in after]
    assert set(gone) == {"ten"}
    assert len(gone) == 9
    assert all(before[eid] == one for eid, one in after.items())


def test_a_house_beside_the_river_is_not_taken_for_flooded(workspace, registry):
    houses = [shapely.box(X + 182, Y + 2, X + 188, Y + 14)]
    eid = record(registry, "building", houses, building_use=["house"])[0]
    assessed(workspace, registry)
    assert rows(workspace, "flood-exposure", entity=eid) == []
    assert rows(workspace, "flood-risk", entity=eid) == []


def test_what_must_be_said_of_a_run_and_of_the_curves_is_said_in_every_row(workspace, registry):
    notice = Label("Không dùng để ra quyết định.", "Not fit for decisions.")
    flood(workspace, "flood-ten", 0.4, 10.0, fit_for_decisions=False, notice=notice)
    done = assessed(workspace, registry)
    assert not done.fit_for_decisions
    assert "Not fit for decisions." in done.notice
    for one in rows(workspace, "flood-risk"):
        assert not one["fit_for_decisions"]
        assert notice.vi in one["notice"]
        assert "Chưa được kiểm chứng" in one["notice"]
    said = {(one["scenario"], one["fit_for_decisions"], one["notice"]) for one in rows(workspace, "flood-exposure")}
    assert said == {("ten", False, notice.vi), ("hundred", True, None), ("storm", True, None)}


def test_runs_without_a_return_period_give_exposure_and_no_risk(workspace, registry):
    done = assessed(workspace, registry, runs=["flood-storm"])
    assert (done.at_risk, done.return_periods, done.expected_annual_damage) == (0, (), 0.0)
    assert {one["scenario"] for one in rows(workspace, "flood-exposure")} == {"storm"}


def test_two_runs_of_one_return_period_are_refused_until_one_is_named(workspace, registry):
    flood(workspace, "flood-other", 0.6, 10.0)
    before = registry.last_tx
    with pytest.raises(InputError, match="two runs have a return period of 10 years"):
        assessed(workspace, registry)
    assert registry.last_tx == before
    assert assessed(workspace, registry, runs=["flood-other", "flood-hundred"]).return_periods == (10.0, 100.0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"runs": ["flood-none"]}, "no run 'flood-none'"), ({"curves": "none"}, "no curves 'none'")],
)
def test_what_is_not_there_is_not_found_and_nothing_is_written(workspace, registry, asked, said):
    before = registry.last_tx
    with pytest.raises(NotFound, match=said):
        assessed(workspace, registry, **asked)
    assert registry.last_tx == before


def test_an_unknown_rule_is_refused_and_nothing_is_written(workspace, registry):
    before = registry.last_tx
    with pytest.raises(InputError, match="no rule 'guess'"):
        assessed(workspace, registry, rule="guess")
    assert registry.last_tx == before


def test_figures_are_free_as_far_as_all_their_sources_are(workspace, registry):
    with registry.transaction("test", "another delivery of houses") as tx:
        copyleft = Licence("ODbL-1.0", "A-copyleft", "© OpenStreetMap contributors", bulk=False)
        provenance.record(tx, "osm", "building", custodian="t", licence=copyleft, sha256="1" * 64, accepted=1)
    assessed(workspace, registry)
    publication = Publication.open(workspace.publication_path("public"))
    said = publication.collection("flood-risk")
    publication.close()
    assert not said.bulk
    assert "OpenStreetMap" in said.attribution


def test_an_overlay_is_taken_from_the_cache_and_made_anew_where_that_is_broken(workspace, registry):
    city = things(registry, registry.register("flood_exposure").declaration)
    first = laid(workspace, GRID, city)
    kept = sorted((workspace.folder / "cache").glob("overlay-*.npz"))
    assert len(kept) >= 3
    for path in kept:
        path.write_bytes(b"nothing to read")
    again = laid(workspace, GRID, city)
    np.testing.assert_array_equal(first.buildings.cell, again.buildings.cell)
    np.testing.assert_array_equal(first.streets.length, again.streets.length)


def killed(*_arguments, **_options):
    """Die as by a signal from outside: nothing after it runs."""
    os.kill(os.getpid(), signal.SIGKILL)


def assess(folder, where):
    """Assess in a process of its own, which is killed there."""
    replace = risk._replace
    deadly = {
        "while it computes": (risk.assessed, "exposure_rows", killed),
        "between the two registers": (
            risk, "_replace", lambda *given: killed() if given[1] == "flood_risk" else replace(*given),
        ),
        "before it publishes": (projector, "refresh", killed),
    }  # fmt: skip
    setattr(*deadly[where])
    workspace = Workspace.open(folder, packaged())
    registry = workspace.registry()
    risk.run(workspace, registry)
    projector.refresh(workspace, registry)


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("where", "kept"),
    [("while it computes", 0), ("between the two registers", 0), ("before it publishes", 1)],
)
def test_a_killed_assessment_leaves_the_old_one_or_the_new_one_complete(workspace, registry, where, kept, figure):
    old = assessed(workspace, registry)
    shown = features(workspace, "flood-risk")
    flood(workspace, "flood-ten", 0.3, 10.0)
    process = context.Process(target=assess, args=(workspace.folder, where))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert registry.last_tx == old.transaction + kept
    assert features(workspace, "flood-risk") == shown
    registry.verify()
    after = assessed(workspace, registry)
    assert (after.transaction == 0) == bool(kept)
    projector.verified(workspace, registry)
    assert features(workspace, "flood-risk") != shown
    figure(f"killed {where}", "complete", "", "old or new assessment")
