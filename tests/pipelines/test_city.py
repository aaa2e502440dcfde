"""The synthetic city: the same in every process, whole, connected, on land, and never to be taken for a real one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
import shapely
import yaml

from catalogs import packaged
from pipelines import city
from sdi.catalog import Catalog
from sdi.errors import InputError
from sdi.expression import parse
from sdi.grid import Grid

NETWORKS = ("water_network", "drainage_network", "power_network")
REGISTERS = (
    "administrative_unit", "plan_zone", "parcel", "building", "street", "tree", "parking", *NETWORKS, "street_light",
    "flood_gauge", "flood_structure",
)  # fmt: skip
TOUCH = 0.01
"""What lies nearer to each other than this is one place [m]."""


@pytest.fixture(scope="session")
def town():
    """A small city, for everything that does not need the full size."""
    return city.generate(seed=92, scale=0.1)


@pytest.fixture(scope="session")
def full():
    """The full city and the time it took [s]."""
    start = time.perf_counter()
    return city.generate(), time.perf_counter() - start


@pytest.fixture(scope="session")
def catalog():
    return Catalog.read(packaged())


def shapes(made, register):
    return made.frames[register].geometry.to_numpy()


def largest_overlap(first, second=None):
    """Largest area shared by two polygons of one set, or of two sets [m2]."""
    left, right = shapely.STRtree(first).query(first if second is None else second, predicate="intersects")
    if second is None:
        left, right = left[left < right], right[left < right]
        other = first[right]
    else:
        left, right = right, left
        other = second[right]
    return max(shapely.area(shapely.intersection(first[left], other)), default=0.0)


def parts(count, pairs):
    """Number the connected parts of a graph; equal numbers are connected."""
    neighbours = [[] for _ in range(count)]
    for a, b in pairs:
        neighbours[a].append(b)
        neighbours[b].append(a)
    label = [-1] * count
    for start in range(count):
        waiting = [start] if label[start] < 0 else []
        while waiting:
            node = waiting.pop()
            if label[node] < 0:
                label[node] = start
                waiting += neighbours[node]
    return np.array(label)


def graph(table):
    """Nodes of a network register, and its lines as pairs of positions among them."""
    lines = table[table["from_node"].notna()]
    nodes = table[table["from_node"].isna()].reset_index(drop=True)
    place = {code: i for i, code in enumerate(nodes["identifier:synthetic-asset"])}
    ends = [(place[a], place[b]) for a, b in zip(lines["from_node"], lines["to_node"], strict=True)]
    return nodes, lines, np.array(ends)


# ---------------------------------------------------------------- the same city every time


@pytest.mark.shows("foundation")
@pytest.mark.slow
def test_two_builds_in_different_processes_are_equal_by_hash(full, figure):
    made, _ = full
    code = "from pipelines import city; print(city.generate().sha256())"
    other = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "TZ": "Pacific/Apia", "LC_ALL": "C"}
    answer = subprocess.run([sys.executable, "-c", code], env=other, capture_output=True, text=True, check=True)
    figure("city hash", made.sha256()[:16], bound="equal in two processes")
    assert answer.stdout.strip() == made.sha256()


def test_another_seed_makes_another_city_with_the_same_registers(town):
    other = city.generate(seed=93, scale=0.1)
    assert other.sha256() != town.sha256()
    assert {name: list(rows) for name, rows in other.frames.items()} == {
        name: list(rows) for name, rows in town.frames.items()
    }


@pytest.mark.parametrize("size", [{"scale": 0.0}, {"scale": 2.0}, {"cell": 100.0}])
def test_a_city_of_impossible_size_is_refused(size):
    with pytest.raises(InputError, match="expected"):
        city.generate(**size)


# ---------------------------------------------------------------- what is there


@pytest.mark.shows("foundation")
def test_a_full_city_has_what_the_foundation_asks_for(full, figure):
    made, seconds = full
    count = {name: len(rows) for name, rows in made.frames.items()}
    figure("generation of the city", round(seconds, 1), unit="s", bound="< 30 s")
    for name in ("parcel", "building", "tree", "plan_zone"):
        figure(f"synthetic {name}", count[name])
    assert tuple(count) == REGISTERS
    assert count["parcel"] >= 20_000
    assert count["tree"] >= 5_000
    assert 8 <= count["administrative_unit"] <= 12
    assert all(count.values())


def test_tube_houses_stand_on_narrow_lots(town):
    lots = town.frames["parcel"]
    urban = lots[lots["land_use"] == "ODT"]
    assert 4.0 <= urban["frontage"].median() <= 9.0
    assert 60.0 <= urban.area.median() <= 250.0


def test_everything_says_that_it_is_synthetic(town):
    workspace = yaml.safe_load((packaged() / "cities" / "synthetic" / "workspace.yaml").read_text(encoding="utf-8"))
    assert workspace["synthetic"] is True
    assert set(workspace["notice"]) == {"vi", "en"}
    schemes = {name for rows in town.frames.values() for name in rows if name.startswith("identifier:")}
    assert all(name.startswith("identifier:synthetic-") for name in schemes)
    assert town.frames["administrative_unit"]["name:vi"].str.contains("Mẫu").all()
    assert town.terrain.attrs["synthetic"] == "true"
    assert town.frames["plan_zone"]["decision"].str.contains("mô phỏng").all()


def test_the_city_lies_where_its_workspace_says(full):
    made, _ = full
    workspace = yaml.safe_load((packaged() / "cities" / "synthetic" / "workspace.yaml").read_text(encoding="utf-8"))
    assert workspace["crs"] == city.CRS
    assert all(rows.crs == city.CRS for rows in made.frames.values())
    assert shapely.box(*workspace["bounds"]).contains(shapely.box(*Grid.from_dataarray(made.terrain).bounds))


# ---------------------------------------------------------------- rows satisfy their registers


@pytest.mark.shows("foundation")
@pytest.mark.parametrize("register", REGISTERS)
def test_every_row_satisfies_its_register(full, catalog, register):
    rows, declared = full[0].frames[register], catalog.registers[register]
    known = {f.name for f in declared.fields} | {f"name:{n}" for n in declared.languages}
    known |= {f"identifier:{n}" for n in declared.schemes} | {"geometry"}
    assert set(rows) <= known
    for field in declared.fields:
        if field.name not in rows:
            assert not field.required, f"{field.name} is missing"
            continue
        assert problems(rows[field.name], field, catalog) == []
    assert broken_rules(rows, declared) == []


def problems(column, field, catalog):
    """What is wrong with the values of a column, by the words of its register file."""
    values = column[column.notna()]
    found = []
    if field.required and len(values) < len(column):
        found.append(f"{field.name}: {len(column) - len(values)} rows without a value")
    if field.codes:
        found += sorted(set(values) - {code.code for code in catalog.codes[field.codes].codes})
    if field.type in ("integer", "number"):
        low = -np.inf if field.minimum is None else field.minimum
        high = np.inf if field.maximum is None else field.maximum
        found += values[(values < low) | (values > high)].head(3).tolist()
    if field.type == "integer":
        found += values[values % 1 != 0].head(3).tolist()
    if field.type in ("text", "code", "date"):
        found += [value for value in values if not isinstance(value, str)][:3]
    if field.max_length:
        found += [value for value in values if len(value) > field.max_length][:3]
    if field.type == "date":
        found += [value for value in values if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)][:3]
    return found


def broken_rules(rows, declared):
    """Rules that rows break, warnings aside which a city may well give."""
    columns = {f.name: rows.get(f.name, None) for f in declared.fields} | {"status": "active"}
    errors = [rule for rule in declared.rules if rule.level == "error"]
    return [rule.id for rule in errors if parse(rule.expression, list(columns)).broken(columns).any()]


@pytest.mark.parametrize("register", REGISTERS)
def test_identifiers_fit_their_scheme_and_are_given_once(full, catalog, register):
    rows = full[0].frames[register]
    (column,) = [name for name in rows if name.startswith("identifier:")]
    pattern = re.compile(catalog.schemes[column.removeprefix("identifier:")].pattern)
    assert rows[column].is_unique
    assert all(pattern.fullmatch(value) for value in rows[column])


@pytest.mark.parametrize("register", REGISTERS)
def test_geometry_is_valid_and_of_the_declared_type(full, catalog, register):
    made, _ = full
    declared = catalog.registers[register].location.geometry
    assert shapely.is_valid(shapes(made, register)).all()
    kinds = set(made.frames[register].geom_type)
    assert declared == "Any" or kinds <= {declared, f"Multi{declared}"}


def test_asset_codes_are_unique_across_registers(town):
    column = "identifier:synthetic-asset"
    codes = [code for rows in town.frames.values() if column in rows for code in rows[column]]
    assert len(codes) == len(set(codes))


def test_streets_and_parcels_named_by_others_exist(town):
    streets = set(town.frames["street"]["identifier:synthetic-street"])
    parcels = set(town.frames["parcel"]["identifier:synthetic-parcel"])
    for register in ("parcel", "tree", "street_light"):
        assert set(town.frames[register]["street_code"].dropna()) <= streets
    assert set(town.frames["building"]["parcel_code"]) <= parcels


# ---------------------------------------------------------------- the land is divided without remainder


@pytest.mark.shows("foundation")
def test_wards_cover_the_city_without_gap_or_overlap(full):
    made, _ = full
    wards = shapes(made, "administrative_unit")
    assert shapely.coverage_is_valid(wards)
    whole = shapely.coverage_union_all(wards)
    assert shapely.get_num_interior_rings(whole) == 0
    assert shapely.area(wards).sum() == pytest.approx(whole.area, rel=1e-12)


@pytest.mark.shows("foundation")
def test_parcels_overlap_neither_each_other_nor_streets_nor_water(full, figure):
    made, _ = full
    parcels = shapes(made, "parcel")
    streets = made.frames["street"]
    roads = shapely.buffer(streets.geometry.to_numpy(), streets["carriageway_width"].to_numpy() / 2, cap_style="flat")
    overlap = largest_overlap(parcels)
    figure("largest overlap of two parcels", overlap, unit="m2", bound="≤ 1e-6")
    assert overlap <= 1e-6
    assert largest_overlap(parcels, roads) <= 1e-6
    assert largest_overlap(parcels, made.waters.geometry.to_numpy()) <= 1e-6


def test_plan_zones_are_a_coverage_that_some_parcels_straddle(full, figure):
    made, _ = full
    zones, parcels = shapes(made, "plan_zone"), shapes(made, "parcel")
    assert shapely.coverage_is_valid(zones)
    assert shapely.area(zones).sum() == pytest.approx(made.limit.area, rel=1e-3)
    zone, parcel = shapely.STRtree(parcels).query(zones, predicate="intersects")
    real = shapely.area(shapely.intersection(zones[zone], parcels[parcel])) > 1.0
    number = np.bincount(parcel[real], minlength=len(parcels))
    figure("parcels in two or more zones", round(float((number > 1).mean()), 3), unit="1")
    assert (number >= 1).all()
    assert 0.05 < (number > 1).mean() < 0.5


def test_buildings_stand_within_their_parcels(town):
    parcels = town.frames["parcel"].set_index("identifier:synthetic-parcel").geometry
    own = parcels.loc[town.frames["building"]["parcel_code"]].to_numpy()
    outside = shapely.area(shapely.difference(shapes(town, "building"), own))
    assert outside.max() <= 1e-6
    assert largest_overlap(shapes(town, "building")) <= 1e-6


@pytest.mark.shows("foundation")
def test_trees_stand_on_land_and_off_the_carriageway(full):
    made, _ = full
    trees = shapes(made, "tree")
    water = shapely.union_all(made.waters.geometry.to_numpy())
    shapely.prepare(water)
    assert not shapely.intersects(water, trees).any()
    assert shapely.intersects(made.limit, trees).all()
    streets = made.frames["street"]
    roads = shapely.buffer(streets.geometry.to_numpy(), streets["carriageway_width"].to_numpy() / 2 - 0.05)
    assert len(shapely.STRtree(trees).query(roads, predicate="contains")[1]) <= 0.002 * len(trees)


# ---------------------------------------------------------------- networks connect


@pytest.mark.shows("foundation")
@pytest.mark.parametrize("register", NETWORKS)
def test_lines_end_exactly_at_the_nodes_they_name(full, register):
    nodes, lines, ends = graph(full[0].frames[register])
    place, line = nodes.geometry.to_numpy(), lines.geometry.to_numpy()
    for end, position in ((ends[:, 0], 0), (ends[:, 1], -1)):
        assert shapely.distance(shapely.get_point(line, position), place[end]).max() == 0.0


@pytest.mark.shows("foundation")
@pytest.mark.parametrize("register", ["water_network", "power_network"])
def test_supply_reaches_every_node(full, register):
    nodes, _, ends = graph(full[0].frames[register])
    assert len(set(parts(len(nodes), ends))) == 1
    assert (
        nodes["element"] == {"water_network": "treatment_plant", "power_network": "substation"}[register]
    ).sum() == 1


def test_a_valve_closes_one_pipe_from_another(full):
    nodes, _, ends = graph(full[0].frames["water_network"])
    degree = np.bincount(ends.ravel(), minlength=len(nodes))
    assert (degree[nodes["element"] == "valve"] == 2).all()


def test_the_power_network_is_a_tree(full):
    nodes, _, ends = graph(full[0].frames["power_network"])
    assert len(ends) == len(nodes) - 1
    assert (np.bincount(ends[:, 1], minlength=len(nodes)) <= 1).all()


@pytest.mark.shows("foundation")
def test_drains_fall_all_the_way_to_an_outfall_in_the_water(full):
    made, _ = full
    nodes, lines, ends = graph(made.frames["drainage_network"])
    assert (lines["invert_up"] > lines["invert_down"]).all()
    outfall = (nodes["element"] == "outfall").to_numpy()
    downstream = np.arange(len(nodes))
    downstream[ends[:, 0]] = ends[:, 1]
    for _ in range(int(np.ceil(np.log2(len(nodes))))):
        downstream = downstream[downstream]
    assert outfall[downstream].all()
    shore = shapely.distance(shapely.union_all(made.waters.geometry.to_numpy()), nodes.geometry[outfall].to_numpy())
    assert shore.max() < 1.0
    level = nodes["invert_level"].to_numpy()
    np.testing.assert_array_equal(lines["invert_up"], level[ends[:, 0]])
    np.testing.assert_array_equal(lines["invert_down"], level[ends[:, 1]])


@pytest.mark.shows("foundation")
def test_one_can_drive_from_every_street_to_every_other(full):
    streets = shapes(full[0], "street")
    pairs = shapely.STRtree(streets).query(streets, predicate="dwithin", distance=TOUCH).T
    assert len(set(parts(len(streets), pairs))) == 1


# ---------------------------------------------------------------- the ground


@pytest.mark.shows("foundation")
def test_the_terrain_is_that_of_a_delta(full):
    made, _ = full
    level, grid = made.terrain.values, Grid.from_dataarray(made.terrain)
    assert np.isfinite(level).all()
    assert 10.0 <= grid.cell[0] <= 15.0
    river = made.waters.geometry[made.waters["kind"] == "river"].iloc[0]
    x, y = np.meshgrid(grid.x, grid.y)
    along = shapely.distance(shapely.points(x, y), river)
    bank, behind = made.limit.buffer(-60), made.limit.buffer(-60)
    shapely.prepare(bank)
    city_land = shapely.contains_xy(behind, x, y) & (level > 0)
    assert level[along == 0].max() < 1.2
    assert np.median(level[along == 0]) < -5.0
    levee = np.median(level[city_land & (along < 120)])
    basin = np.median(level[city_land & (along > 1200)])
    assert 1.4 < levee < 2.1
    assert 0.4 < basin < 0.9
    assert np.quantile(level[city_land], 0.02) < 0.55


def test_the_tide_can_enter_every_canal(town):
    level, grid = town.terrain.values, Grid.from_dataarray(town.terrain)
    deep = level < -0.4
    number = np.arange(level.size).reshape(level.shape)
    beside = [(number[:, :-1], number[:, 1:], deep[:, :-1] & deep[:, 1:]),
              (number[:-1], number[1:], deep[:-1] & deep[1:])]  # fmt: skip
    pairs = np.concatenate([np.stack([a[both], b[both]], axis=1) for a, b, both in beside])
    label = parts(level.size, pairs).reshape(level.shape)
    names = {}
    for row in town.waters[town.waters["kind"].isin(["river", "canal", "dug_canal"])].itertuples():
        place = shapely.get_coordinates(shapely.point_on_surface(row.geometry))
        names[row.name] = int(label[grid.index_of(place)][0])
    assert len(set(names.values())) == 1, names


def test_the_quay_is_high_but_for_the_old_landing_stage(full):
    made, _ = full
    structures = made.frames["flood_structure"]
    walls = structures[structures["structure_kind"] == "embankment"]
    grid = Grid.from_dataarray(made.terrain)
    for row in walls.itertuples():
        points = shapely.get_coordinates(shapely.segmentize(row.geometry, 5.0))
        dry = made.terrain.values[grid.index_of(points)]
        assert np.median(dry) >= row.crest_level - 0.01
    quay = walls[walls["name:vi"].str.startswith(("Kè sông", "Bến tàu"))]
    assert sorted(quay["crest_level"].unique()) == [1.95, 2.40]
