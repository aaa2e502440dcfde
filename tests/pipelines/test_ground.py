"""From the registers to the ground of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from catalogs import packaged
from frmis.forcing import Boundary, Edge, Series
from frmis.landcover import LandCover
from frmis.obstacle import Obstacles
from frmis.structure import CLOSED, OPEN, Schedule, Structure
from pipelines import ground
from sdi.declaration import Label
from sdi.entry import Accuracy
from sdi.errors import InputError, NotFound, NotInRegister
from sdi.recording import Batch
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.store.raster import fingerprint
from sdi.workspace import Workspace
from tests.frmis.ground import grid, scenario, terrain

WORKSPACE = """
name: dikes
title: {vi: Thành phố sau đê, en: City behind dikes}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
CELLS = grid(12, 10)
WEST, NORTH = CELLS.bounds[0], CELLS.bounds[3]
LEVEES = (Structure("ct-asset", "D-1"), Structure("ct-asset", "D-2"))
GATE = Structure("ct-asset", "G-1")
OUTER = Boundary(west=Edge("level", Series.constant(1.0)), vertical_datum="hon_dau")
LAID = scenario(1, boundary=OUTER, structures=(*LEVEES, GATE))


def at(x, y):
    """Place counted in cells from the north-west corner, y downwards."""
    return WEST + 10 * x, NORTH - 10 * y


def box(x0, y0, x1, y1):
    return shapely.box(*at(x0, y1), *at(x1, y0))


@pytest.fixture
def workspace(tmp_path):
    description = tmp_path / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", description, packaged())
    said = RasterDescription(
        name="test", title=Label("Địa hình", "Terrain"), kind="elevation", vertical_datum="hon_dau"
    )
    raster.write(made.rasters, terrain(np.zeros(CELLS.shape)).to_dataset(name="elevation"), said)
    return made


@pytest.fixture
def registry(workspace):
    opened = workspace.registry()
    add(opened, "flood_structure", {
        "ct-asset": ["D-1", "D-2", "G-1", "P-1"],
    }, [
        shapely.linestrings([at(5, -1), at(5, 4.6)]), shapely.linestrings([at(5, 7.4), at(5, 13)]),
        shapely.Point(at(5, 6)), shapely.Point(at(2, 2)),
    ],
        structure_kind=["embankment", "flood_wall", "tide_gate", "pump_station"], datum=["hon_dau"] * 4,
        crest_level=[2.0, 2.2, 2.5, None], sill_level=[None, None, -1.0, None], opening_width=[None, None, 12.0, None],
        gate_state=[None, None, "open", None],
    )  # fmt: skip
    add(opened, "plan_zone", {}, [box(0, 0, 5, 12), box(5, 0, 10, 6)], land_use=["SON", "DGT"])
    add(opened, "building", {}, [box(7, 7, 9, 9), box(1, 1, 1.3, 1.3)], building_use=["house", "house"])
    yield opened
    opened.close()


def add(registry, register, identifiers, places, **values):
    batch = Batch(values, np.array(places, dtype=object), identifiers, accuracy=Accuracy(0.5, method="derived"))
    with registry.transaction("test", "load") as tx:
        return registry.register(register).add(batch, tx)


def correct(registry, value, **values):
    with registry.transaction("test", "correct") as tx:
        eid = registry.register("flood_structure").find_by("ct-asset", value).eid
        registry.register("flood_structure").correct(eid, tx, values=values)


def test_a_scenario_that_names_nothing_runs_on_its_bare_terrain(workspace, registry):
    laid = ground.lay(scenario(1), workspace, registry)
    assert laid.is_bare
    assert laid.elevation.attrs["vertical_datum"] == "hon_dau"


@pytest.mark.shows("first-flood")
def test_levees_and_a_gate_come_from_the_register_by_identifier(workspace, registry):
    laid = ground.lay(LAID, workspace, registry)
    np.testing.assert_array_equal(laid.crest_x[[0, 4, 7, 11], 5], [2.0, 2.0, 2.2, 2.2])
    (gate,) = laid.gates
    assert gate.identifier == "G-1"
    assert (gate.sill, gate.crest) == (-1.0, 2.5)
    assert gate.faces_x == ((5, 5), (6, 5))
    assert gate.inner_is_after == (True, True)
    assert laid.elevation is laid.source


def test_a_gate_does_what_the_scenario_says_and_else_what_the_register_says(workspace, registry):
    schedule = Schedule((0.0, 600.0), (1.0, 0.0))
    states = {None: OPEN, "closed": CLOSED, "automatic": "automatic", schedule: schedule}
    for state, openings in states.items():
        case = replace(LAID, structures=(*LEVEES, replace(GATE, state=state)))
        assert ground.lay(case, workspace, registry).gates[0].openings == openings
    correct(registry, "G-1", gate_state="closed")
    assert ground.lay(LAID, workspace, registry).gates[0].openings == CLOSED
    correct(registry, "G-1", gate_state="partly")
    with pytest.raises(InputError, match="is partly in the register; give its state"):
        ground.lay(LAID, workspace, registry)


def test_land_cover_decides_roughness_and_what_soaks_away(workspace, registry):
    case = scenario(1, land_cover=LandCover("land_use", register="plan_zone"))
    laid = ground.lay(case, workspace, registry)
    np.testing.assert_allclose(laid.roughness[[0, 0, 11], [0, 9, 9]], [0.03, 0.02, 0.035])
    np.testing.assert_allclose(laid.pervious[[0, 0, 11], [0, 9, 9]], [0.0, 0.1, 0.3])
    assert laid.crest_x is None


def test_land_cover_may_come_from_a_coverage_of_codes(workspace, registry, tmp_path):
    folder = tmp_path / "city" / "catalogs" / "landcover"
    folder.mkdir(parents=True)
    row = "{manning: %s, pervious: 1, source: a test, certainty: assumed}"
    table = f"table: classes\ntitle: {{vi: a, en: b}}\ndefault: {row % 0.03}\ncodes: {{'11': {row % 0.05}}}\n"
    (folder / "classes.yaml").write_text(table, encoding="utf-8")
    own = Workspace.open(workspace.folder, packaged())
    half = grid(6, 5, 20.0)
    codes = half.array(np.where(half.y[:, None] > NORTH - 60, 11.0, np.nan) * np.ones(5), units="1")
    said = RasterDescription(name="classes", title=Label("Lớp phủ", "Land cover"), kind="elevation")
    raster.write(own.rasters, codes.to_dataset(name="code"), said)
    case = scenario(1, land_cover=LandCover("classes", coverage="classes"))
    laid = ground.lay(case, own, registry)
    np.testing.assert_allclose(laid.roughness[:, 3], [0.05] * 6 + [0.03] * 6)


def test_obstacles_stand_on_the_terrain_that_the_run_still_names(workspace, registry):
    case = scenario(1, obstacles=Obstacles("building"))
    laid = ground.lay(case, workspace, registry)
    raised = laid.elevation.values
    assert raised[7:9, 7:9].min() == 3.0
    assert raised.sum() == 12.0
    assert (laid.source.values == 0).all()
    assert laid.pin(case).terrain_hash == fingerprint(laid.source)
    blocked = ground.lay(replace(case, obstacles=Obstacles("building", "blocked")), workspace, registry)
    assert int(np.isnan(blocked.elevation.values).sum()) == 4


def test_a_planned_terrain_takes_the_place_of_the_present_one(workspace, registry):
    planned = terrain(np.full(CELLS.shape, 1.5))
    laid = ground.lay(replace(LAID, obstacles=Obstacles("building")), workspace, registry, terrain=planned)
    assert float(laid.source.max()) == 1.5
    assert float(laid.elevation.max()) == 4.5


@pytest.mark.parametrize(
    "change",
    [{"crest_level": 2.1}, {"datum": "hon_dau", "crest_level": 3.0}],
)
def test_a_changed_register_gives_another_run(workspace, registry, change):
    before = ground.lay(LAID, workspace, registry).pin(LAID)
    correct(registry, "D-1", **change)
    assert ground.lay(LAID, workspace, registry).pin(LAID).identifier != before.identifier


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    ("structures", "error", "said"),
    [
        ((Structure("ct-asset", "D-9"),), NotInRegister, "no flood structure carries ct-asset 'D-9'"),
        ((Structure("asset", "D-1"),), InputError, "no identifier scheme 'asset'"),
        ((Structure("ct-asset", "P-1"),), InputError, "P-1 is a pump_station; a run can use embankment"),
        ((Structure("ct-asset", "D-1", "closed"),), InputError, "cannot be opened"),
        ((GATE,), InputError, "no levee of the scenario within"),
        ((LEVEES[0], GATE), InputError, "a levee on one side only"),
    ],
)
def test_a_structure_that_cannot_be_used_says_why(workspace, registry, structures, error, said):
    with pytest.raises(error, match=said):
        ground.lay(replace(LAID, structures=structures), workspace, registry)


@pytest.mark.parametrize(
    ("value", "change", "said"),
    [
        ("D-1", {"datum": "egm2008"}, "over datum egm2008, the terrain over hon_dau"),
        ("D-1", {"datum": None}, "state no vertical datum"),
        ("D-1", {"datum": "unknown"}, "state no vertical datum"),
        ("D-1", {"crest_level": None}, "has no crest_level"),
        ("G-1", {"sill_level": None}, "has no sill_level"),
        ("D-1", {"structure_kind": "sluice"}, "has no sill_level"),
        ("G-1", {"structure_kind": "embankment"}, "is no line in the register"),
        ("G-1", {"gate_state": None}, "in no known state"),
    ],
)
def test_a_structure_badly_known_is_not_guessed_at(workspace, registry, value, change, said):
    correct(registry, value, **change)
    with pytest.raises(InputError, match=said):
        ground.lay(LAID, workspace, registry)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"land_cover": LandCover("land_use", register="parcels")}, InputError, "no register 'parcels'; known are"),
        ({"land_cover": LandCover("land_use", register="building")}, InputError, "has no field 'land_use'"),
        ({"land_cover": LandCover("land_use", register="building", field="building_use")}, InputError, "code 'house'"),
        ({"land_cover": LandCover("soil", register="plan_zone")}, NotFound, "no land-cover table 'soil'"),
        ({"land_cover": LandCover("land_use", coverage="soil")}, NotFound, "was it ingested"),
        ({"obstacles": Obstacles("flood_structure")}, InputError, "have no area"),
        ({"obstacles": Obstacles("house")}, InputError, "no register 'house'"),
    ],
)
def test_what_is_not_there_is_named(workspace, registry, change, error, said):
    with pytest.raises(error, match=said):
        ground.lay(scenario(1, **change), workspace, registry)


@pytest.mark.parametrize(("register", "field"), [("parcel", "holder"), ("building", "residents")])
def test_a_field_that_is_not_public_is_refused_and_nothing_of_it_is_told(workspace, registry, register, field):
    value = {"holder": "Nguyễn Thị Bí Mật", "residents": 4711}[field]
    add(registry, register, {}, [box(7, 1, 9, 3)], **{field: [value]})
    case = scenario(1, land_cover=LandCover("land_use", register=register, field=field))
    with pytest.raises(InputError, match=f"field {field} of register {register} is restricted") as caught:
        ground.lay(case, workspace, registry)
    assert caught.value.code == "field-restricted"
    assert str(value) not in caught.value.message


def test_a_terrain_in_another_crs_is_refused(workspace, registry):
    elsewhere = terrain(np.zeros(CELLS.shape)).rio.write_crs("EPSG:32648")
    with pytest.raises(InputError, match="EPSG:32648, the registers in EPSG:5897"):
        ground.lay(LAID, workspace, registry, terrain=elsewhere)
