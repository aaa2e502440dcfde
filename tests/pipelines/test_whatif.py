"""What if a zone were graded: two runs, their difference, and who gets wetter. Figures that fit on the back of a hand.

A flat basin of 10 x 10 cells of 10 m with walls around it, 0.30 m of rain: 3,000 m3, 0.30 m deep everywhere. A zone of
20 cells raised by 1 m takes no part in the pond: the water stands in 80 cells, 0.375 m deep.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely

from catalogs import packaged
from frmis.obstacle import Obstacles
from frmis.structure import Structure
from pipelines import compared, flood, recovery, whatif
from sdi.declaration import Label
from sdi.entry import Accuracy
from sdi.errors import InputError, NotInRegister
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.recording import Batch
from sdi.store import raster
from sdi.store.description import RasterDescription, list_coverages
from sdi.workspace import Workspace
from tests.frmis.ground import rain, scenario, terrain

WORKSPACE = """
name: wet
title: {vi: Thành phố ngập, en: Wet city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
WEST, NORTH, BED = 580_000, 1_110_000, 1.05
CODE = "251112100001"
POUR = scenario(2, name="pour", title=Label("Mưa rào", "Downpour"), rainfall=rain(600, 0.5), output_interval=1200.0)
ACCURACY = Accuracy(1.0, method="total_station")


def box(left, top, right, bottom):
    """Return a rectangle in metres from the north-west corner."""
    return shapely.box(WEST + left, NORTH - bottom, WEST + right, NORTH - top)


def add(registry, name, shapes, **more):
    with registry.transaction("test", name) as tx:
        places = np.array(shapes, dtype=object)
        return registry.register(name).add(Batch(geometry=places, accuracy=ACCURACY, **more), tx)


@pytest.fixture
def workspace(tmp_path):
    """Return a basin with two wards, a zone, houses, a street and parcels."""
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", description, packaged())
    said = RasterDescription(
        name="test", title=Label("Địa hình", "Terrain"), kind="elevation", vertical_datum="hon_dau", bulk=True,
        licence={"name": "CC0-1.0", "grade": "A", "url": None}, attribution="Tests",
    )  # fmt: skip
    raster.write(made.rasters, terrain(np.full((10, 10), BED)).to_dataset(name="elevation"), said)
    return made


@pytest.fixture
def registry(workspace):
    opened = workspace.registry()
    add(
        opened, "plan_zone", [box(0, 0, 20, 100)], identifiers={"vn-plan-info": [CODE]},
        values={"land_use": ["ODT"], "ground_level": [2.0]},
    )  # fmt: skip
    add(opened, "administrative_unit", [box(0, 0, 60, 100), box(60, 0, 100, 100)], values={"level": ["commune"] * 2})
    # One house in the zone; five in the western ward and two in the eastern one, beside it.
    houses = [
        box(2, 2, 8, 8),
        *(box(42, 2 + 10 * n, 48, 8 + 10 * n) for n in range(5)),
        box(72, 2, 78, 8),
        box(82, 2, 88, 8),
    ]
    add(opened, "building", houses, values={"building_use": ["house"] * 8, "residents": [3, 4, 4, 4, 4, 7, 5, 6]})
    add(
        opened,
        "street",
        [shapely.LineString([(WEST + 30, NORTH - 5), (WEST + 90, NORTH - 5)])],
        values={"street_class": ["local"]},
    )
    add(opened, "parcel", [box(0, 0, 20, 50), box(20, 0, 100, 50)])
    yield opened
    opened.close()


def features(workspace, collection):
    publication = Publication.open(workspace.publication_path("public"))
    page = publication.items(collection, limit=1000)
    publication.close()
    return [json.loads(feature) for feature in page.features]


def raised(workspace, registry, level=BED + 1, **more):
    return whatif.run(workspace, registry, **({"zone": CODE, "ground_level": level, "scenario": POUR} | more))


@pytest.mark.shows("first-flood")
def test_raising_a_fifth_of_a_basin_lifts_the_water_in_the_rest(workspace, registry, figure):
    done = raised(workspace, registry)
    assert done.fill_volume == pytest.approx(2000, rel=1e-6)
    assert done.cut_volume == 0
    change = raster.read(workspace.rasters, done.coverage)
    beside, inside = change.depth_change.values[:, 2:], change.depth_change.values[:, :2]
    figure("rise beside the raised zone", float(beside.mean()), unit="m", bound="0.075 by hand")
    np.testing.assert_allclose(beside, 0.075, atol=0.003)
    assert (inside < -0.2).all()
    assert done.largest_rise == pytest.approx(0.075, abs=0.005)
    assert done.fit_for_decisions


@pytest.mark.shows("first-flood")
def test_a_proposal_says_who_gets_wetter_by_name(workspace, registry, figure):
    done = raised(workspace, registry)
    projector.refresh(workspace, registry)
    assert done.wetter == {"building": 7, "parcel": 1, "street": 1}
    assert done.drier == {"building": 1, "parcel": 1, "street": 0}
    rows = [one["properties"] for one in features(workspace, "flood-change")]
    buildings = registry.register("building").list()
    house = next(row for row in rows if row["entity"] == buildings[1])
    assert (house["proposal"], house["entity_kind"], house["change"]) == (done.proposal, "building", "wetter")
    assert house["depth_before"] == pytest.approx(0.300, abs=0.001)
    assert house["depth_after"] == pytest.approx(0.375, abs=0.003)
    assert house["depth_change"] == pytest.approx(house["depth_after"] - house["depth_before"], abs=1e-6)
    assert house["comparison"] == f"San nền ô {CODE} tới {BED + 1:g} m (pour)"
    lifted = next(row for row in rows if row["entity"] == buildings[0])
    assert lifted["change"] == "no_longer_flooded"
    wards = {row["entity"]: row for row in rows if row["entity_kind"] == "administrative_unit"}
    west, east = (wards[eid] for eid in registry.register("administrative_unit").list())
    figure("people who get wetter in the western ward", west["people_wetter"], bound="23, to tens")
    assert (west["buildings_wetter"], west["buildings_drier"], west["people_wetter"]) == (5, 1, 20)
    assert (east["buildings_wetter"], east["people_wetter"]) == (2, None)
    ranks = [row["rank"] for row in rows if row["entity_kind"] == "building" and row["change"] == "wetter"]
    assert sorted(ranks) == list(range(1, 8))
    publication = Publication.open(workspace.publication_path("public"))
    for row in rows:
        assert publication.thing(row["entity_kind"], row["entity"]).eid == row["entity"]
    assert publication.thing("proposal", done.proposal).status == "planned"
    publication.close()


@pytest.mark.parametrize("residents", [None, 200])
def test_people_are_not_told_where_a_wetter_house_is_unknown_or_holds_nearly_all(workspace, registry, residents):
    register = registry.register("building")
    with registry.transaction("test", "one house differs") as tx:
        register.change(register.list()[1], {"residents": residents}, tx, valid_from=tx.recorded_at)
    raised(workspace, registry)
    projector.refresh(workspace, registry)
    rows = [one["properties"] for one in features(workspace, "flood-change")]
    west = next(row for row in rows if row["entity"] == registry.register("administrative_unit").list()[0])
    assert (west["buildings_wetter"], west["people_wetter"]) == (5, None)


def test_the_register_stays_as_it_is_and_the_proposal_names_what_it_affects(workspace, registry):
    before = registry.register("plan_zone").find_by("vn-plan-info", CODE)
    ground = raster.fingerprint(raster.read(workspace.rasters, "test")["elevation"])
    done = raised(workspace, registry)
    assert registry.register("plan_zone").find_by("vn-plan-info", CODE) == before
    assert raster.fingerprint(raster.read(workspace.rasters, "test")["elevation"]) == ground
    said = registry.register("proposal").find(done.proposal)
    assert (said.status, said.values["zone"], said.values["zone_code"]) == ("planned", before.eid, CODE)
    assert said.values["ground_level_before"] == pytest.approx(BED, abs=1e-3)
    assert said.values["ground_level_planned"] == 2.0
    assert said.values["datum"] == "hon_dau"
    assert said.names["en"] == f"Zone {CODE} graded to {BED + 1:g} m"
    related = registry.store.select("SELECT verb, other FROM relation WHERE eid = ?", (done.proposal,))
    assert related == [("affects", before.eid)]
    registry.verify()


def test_the_run_before_is_the_published_one_where_it_is_the_very_same(workspace, registry, monkeypatch):
    alone = raised(workspace, registry)
    published = flood.run(POUR, workspace, registry)
    assert alone.run_before == published.identifier
    started = []
    simulate = whatif.simulate
    monkeypatch.setattr(whatif, "simulate", lambda *a, **k: started.append(1) or simulate(*a, **k))
    again = raised(workspace, registry, level=BED + 2)
    assert len(started) == 1
    assert again.run_before == published.identifier
    assert again.proposal != alone.proposal


def test_a_run_read_back_compares_like_the_one_just_made(workspace, registry):
    fresh = raised(workspace, registry)
    first = RasterDescription.read(workspace.rasters / fresh.coverage).version
    with registry.transaction("test", "forget") as tx:
        registry.register("proposal").change(fresh.proposal, {"content": None}, tx, valid_from=tx.recorded_at)
    flood.run(POUR, workspace, registry)
    again = raised(workspace, registry)
    assert (again.proposal, again.transaction > 0) == (fresh.proposal, True)
    assert RasterDescription.read(workspace.rasters / again.coverage).version == first


def test_the_very_same_comparison_again_writes_nothing(workspace, registry):
    first = raised(workspace, registry)
    before = registry.root_hash
    again = raised(workspace, registry)
    assert again == replace(first, transaction=0)
    assert registry.root_hash == before


def test_another_rain_or_a_new_house_makes_the_comparison_anew_in_its_place(workspace, registry):
    first = raised(workspace, registry)
    add(registry, "building", [box(52, 2, 58, 8)], values={"building_use": ["house"], "residents": [9]})
    housed = raised(workspace, registry)
    assert housed.proposal == first.proposal
    assert housed.wetter["building"] == first.wetter["building"] + 1
    harder = raised(workspace, registry, scenario=replace(POUR, rainfall=rain(800, 0.5)))
    assert harder.proposal == first.proposal
    assert harder.largest_rise > first.largest_rise
    projector.refresh(workspace, registry)
    assert len(features(workspace, "proposals")) == 1
    rows = features(workspace, "flood-change")
    assert len(rows) == sum(harder.wetter.values()) + sum(harder.drier.values()) + 2
    registry.verify()


def test_lowering_a_zone_is_a_cut(workspace, registry):
    done = raised(workspace, registry, level=BED - 0.5)
    assert (done.fill_volume, done.cut_volume) == (0, pytest.approx(1000, rel=1e-6))
    assert done.drier["building"] == 7


def test_a_comparison_on_a_poor_terrain_says_so_everywhere(workspace, registry):
    said = RasterDescription.read(workspace.rasters / "test")
    poor = terrain(np.full((10, 10), BED), datum="egm96").to_dataset(name="elevation")
    raster.write(workspace.rasters, poor, replace(said, vertical_datum="egm96"))
    done = raised(workspace, registry, scenario=replace(POUR, allow_poor_terrain=True))
    projector.refresh(workspace, registry)
    assert not done.fit_for_decisions
    assert "egm96" in done.notice
    for collection in ("proposals", "flood-change"):
        for one in features(workspace, collection):
            assert not one["properties"]["fit_for_decisions"]
            assert "egm96" in one["properties"]["notice"]


def test_what_stands_on_the_ground_is_lifted_with_it_and_is_no_fill(workspace, registry):
    # The house in the zone is a wall of 3 m over one cell, on the old ground and on the new.
    built = replace(POUR, obstacles=Obstacles("building", "raised", height=3.0, minimum_share=0.3))
    done = raised(workspace, registry, scenario=built)
    assert done.fill_volume == pytest.approx(2000, rel=1e-6)
    depth = raster.read(workspace.rasters, done.coverage)
    # The wall stays dry before and after: how deep the water stands there, only that beside it can tell.
    assert np.isnan([depth.depth_before.values[0, 0], depth.depth_after.values[0, 0]]).all()
    assert depth.depth_change.values[5, 9] > 0.07


def test_a_levee_keeps_its_crest_when_the_ground_beside_it_is_raised(workspace, registry):
    # A wall of 3 m between the zone and the rest: what the zone does is nobody's business beyond it.
    wall = [shapely.LineString([(WEST + 20, NORTH + 1), (WEST + 20, NORTH - 101)])]
    add(
        registry, "flood_structure", wall, identifiers={"ct-asset": ["K-1"]},
        values={"structure_kind": ["flood_wall"], "datum": ["hon_dau"], "crest_level": [BED + 3.0]},
    )  # fmt: skip
    walled = replace(POUR, structures=(Structure("ct-asset", "K-1"),))
    done = raised(workspace, registry, level=BED + 0.5, scenario=walled)
    assert (done.wetter, done.largest_rise) == ({"building": 0, "parcel": 0, "street": 0}, 0.0)
    change = raster.read(workspace.rasters, done.coverage)
    np.testing.assert_array_equal(change.depth_change.values, 0.0)
    # The same depth of rain stands 0.5 m higher on the raised ground.
    np.testing.assert_allclose(change.level_change.values[:, :2], 0.5, atol=1e-5)


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"zone": "250000000000"}, NotInRegister, "no plan zone carries"),
        ({"zone": "019b76da-a800-7020-a949-80e85f1f052a"}, NotInRegister, "no plan_zone"),
        ({"ground_level": 250.0}, InputError, "is it in metres"),
        ({"ground_level": float("nan")}, InputError, "expected a height"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_nothing_written(workspace, registry, more, error, said):
    before = registry.last_tx
    with pytest.raises(error, match=said):
        raised(workspace, registry, **more)
    assert registry.last_tx == before
    assert [one.name for one in list_coverages(workspace.rasters)] == ["test"]
    assert raster.list_pending(workspace.rasters) == ()


def test_a_zone_that_few_may_see_is_not_compared_for_all(workspace, registry):
    register = registry.register("plan_zone")
    with registry.transaction("test", "for few") as tx:
        register.restrict(register.find_by("vn-plan-info", CODE).eid, tx)
    with pytest.raises(InputError, match="is restricted, and a comparison shows everybody"):
        raised(workspace, registry)


def test_a_house_that_few_may_see_is_not_among_those_that_get_wetter(workspace, registry):
    houses = registry.register("building")
    with registry.transaction("test", "for few") as tx:
        for eid in houses.list():
            houses.restrict(eid, tx)
    assert raised(workspace, registry).wetter["building"] == 0


def test_a_comparison_killed_before_its_commit_is_forgotten_and_after_it_completed(workspace, registry, monkeypatch):
    class Killed(BaseException):
        """As good as a signal: nothing after it runs."""

    def die(*_arguments, **_options):
        raise Killed

    before = registry.last_tx
    with monkeypatch.context() as patch:
        patch.setattr(compared, "_record_changes", die)
        with pytest.raises(Killed):
            raised(workspace, registry)
    assert registry.last_tx == before
    assert len(raster.list_pending(workspace.rasters)) == 1
    recovery.rasters(workspace, registry)
    assert raster.list_pending(workspace.rasters) == ()
    assert [one.name for one in list_coverages(workspace.rasters)] == ["test"]
    with monkeypatch.context() as patch:
        patch.setattr(raster, "complete", die)
        with pytest.raises(Killed):
            raised(workspace, registry)
    recovery.rasters(workspace, registry)
    shown = [one.name for one in list_coverages(workspace.rasters)]
    assert shown == [f"proposal-{registry.register('proposal').list()[0]}", "test"]


def test_progress_runs_once_from_nothing_to_all(workspace, registry):
    told = []
    raised(workspace, registry, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
