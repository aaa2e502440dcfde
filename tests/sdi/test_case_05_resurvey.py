"""Acceptance case 5: a resurvey that is 0.4 m better.

Valid time unchanged; a flood run made before is still reproducible from its recorded time.
"""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from catalogs import packaged
from frmis.forcing import Boundary, Edge, Series
from frmis.simulation import simulate
from frmis.structure import Structure
from pipelines import ground
from sdi.declaration import Label
from sdi.entry import Accuracy
from sdi.history import FOREVER, OPEN, Interval
from sdi.recording import Batch
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace
from tests.frmis.ground import grid, scenario, terrain
from tests.model import add, point, writing

pytestmark = pytest.mark.both_stores

MAPPED = Accuracy(0.5, method="digitised_map")
RESURVEYED = Accuracy(0.1, method="survey_gnss_rtk")
CELLS = grid(12, 10)
CITY = """
name: dikes
title: {vi: Thành phố sau đê, en: City behind dikes}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""


@pytest.mark.shows("shared-model")
def test_a_resurvey_replaces_what_we_believed_and_not_what_was(book, figure):
    register = book.register("post")
    with writing(book, "from a map") as tx:
        (eid,) = add(book, "post", tx, places=[point()])
    with writing(book, "resurvey") as tx:
        register.correct(eid, tx, geometry=point(0.3, 0.2), accuracy=RESURVEYED)
    now, then = register.find(eid), register.find(eid, recorded=book.last_tx - 1)
    assert (now.geometry, then.geometry) == (point(0.3, 0.2), point())
    assert now.valid == then.valid == Interval("2020-01-01T00:00:00Z", FOREVER)
    rows = book.store.select(
        "SELECT valid_from, valid_to, tx_to FROM location_version WHERE lid = ? ORDER BY tx_from", (now.location,)
    )
    assert [(start[:10], end, closed == OPEN) for start, end, closed in rows] == [
        ("2020-01-01", FOREVER, False),
        ("2020-01-01", FOREVER, True),
    ]
    figure(
        "versions whose valid time the resurvey changed", sum(one[0][:10] != "2020-01-01" for one in rows), bound="0"
    )


@pytest.fixture
def workspace(tmp_path, store):
    """Return a city with nothing in it."""
    description = tmp_path / "description.yaml"
    description.write_text(CITY + (f"store: {store}\n" if store else ""), encoding="utf-8")
    return Workspace.make(tmp_path / "city", description, packaged())


@pytest.fixture
def dike(workspace):
    """Return the city with a dike as it was taken from a map, its registry and the dike."""
    city = workspace
    said = RasterDescription(
        name="test", title=Label("Địa hình", "Terrain"), kind="elevation", vertical_datum="hon_dau"
    )
    raster.write(city.rasters, terrain(np.zeros(CELLS.shape)).to_dataset(name="elevation"), said)
    registry = city.registry()
    values = {"structure_kind": ["embankment"], "datum": ["hon_dau"], "crest_level": [2.0]}
    batch = Batch(values, np.array([line(5.48)]), {"ct-asset": ["D-1"]}, valid_from="2020-01-01", accuracy=MAPPED)
    with registry.transaction("test", "from a map") as tx:
        (eid,) = registry.register("flood_structure").add(batch, tx)
    yield city, registry, eid
    registry.close()


def line(x):
    """Return a dike from north to south, counted in cells of 10 m from the west."""
    west, north = CELLS.bounds[0], CELLS.bounds[3]
    return shapely.LineString([(west + 10 * x, north + 10), (west + 10 * x, CELLS.bounds[1] - 10)])


@pytest.mark.shows("shared-model")
def test_a_flood_run_of_before_the_resurvey_is_made_again_from_its_recorded_time(dike, figure):
    city, registry, eid = dike
    outer = Boundary(west=Edge("level", Series.constant(1.0)), vertical_datum="hon_dau")
    run = scenario(0.2, boundary=outer, structures=(Structure("ct-asset", "D-1"),))
    before, known = depth(run, ground.lay(run, city, registry)), registry.last_tx
    with registry.transaction("test", "resurvey") as tx:
        registry.register("flood_structure").correct(eid, tx, geometry=line(5.52), accuracy=RESURVEYED)
    again = depth(run, ground.lay(run, city, registry, recorded=known))
    now = depth(run, ground.lay(run, city, registry))
    assert (np.count_nonzero(before.max(axis=0)), np.count_nonzero(now.max(axis=0))) == (5, 6)
    figure("cells that differ from the run made before", int(np.count_nonzero(again != before)), bound="0")
    np.testing.assert_array_equal(again, before)


def depth(run, laid):
    """Return the largest depth of a run [m]."""
    return simulate(run, laid)["maximum_water_depth"].values
