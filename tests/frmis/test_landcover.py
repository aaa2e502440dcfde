"""Land cover decides roughness and what soaks away."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from catalogs import packaged
from frmis import landcover
from frmis.landcover import LandCover, Surface
from sdi.catalog import Catalog
from sdi.errors import CatalogError, InputError, NotFound
from tests.frmis.ground import grid

CELLS = grid(2, 4)
WEST, SOUTH, EAST, NORTH = CELLS.bounds
TABLE = """
table: plain
title: {vi: Bảng, en: Table}
default: {manning: 0.035, pervious: 0.5, source: ours, certainty: assumed}
codes:
  road: {manning: 0.02, pervious: 0, source: ours, certainty: assumed}
  park: {manning: 0.04, pervious: 1, source: ours, certainty: assumed}
  '7': {manning: 0.1, pervious: 0.25, source: ours, certainty: assumed}
"""


def table(tmp_path, text=TABLE):
    (tmp_path / "plain.yaml").write_text(text, encoding="utf-8")
    return landcover.find("plain", [tmp_path])


def test_a_cell_takes_the_mean_of_what_covers_it_and_the_rest_the_default(tmp_path):
    road = shapely.box(WEST, SOUTH, WEST + 14, NORTH)
    park = shapely.box(WEST + 14, SOUTH, WEST + 20, NORTH)
    laid = landcover.lay(table(tmp_path), [road, park, park], ["road", "park", None], CELLS)
    np.testing.assert_allclose(laid.roughness[0], [0.02, 0.4 * 0.02 + 0.6 * 0.04, 0.035, 0.035])
    np.testing.assert_allclose(laid.pervious[1], [0.0, 0.6, 0.5, 0.5])
    assert laid.unknown == pytest.approx(0.5)


def test_without_areas_all_ground_takes_the_default(tmp_path):
    laid = landcover.lay(table(tmp_path), [], [], CELLS)
    assert (laid.roughness == 0.035).all()
    assert laid.unknown == 1.0


def test_a_classified_raster_is_looked_up_cell_by_cell(tmp_path):
    codes = CELLS.array(np.array([[7.0, 7.0, np.nan, 7.0], [np.nan] * 4]))
    laid = landcover.classified(table(tmp_path), codes)
    np.testing.assert_allclose(laid.roughness, [[0.1, 0.1, 0.035, 0.1], [0.035] * 4])
    np.testing.assert_allclose(laid.pervious[0], [0.25, 0.25, 0.5, 0.25])
    assert laid.unknown == pytest.approx(5 / 8)
    with pytest.raises(InputError, match="does not know the code '8'"):
        landcover.classified(table(tmp_path), codes + 1)


def test_a_code_that_the_table_does_not_know_is_an_error(tmp_path):
    with pytest.raises(InputError, match="does not know the code 'moor'"):
        landcover.lay(table(tmp_path), [shapely.box(WEST, SOUTH, EAST, NORTH)], ["moor"], CELLS)


@pytest.mark.parametrize(
    ("found", "instead", "line", "said"),
    [
        ("manning: 0.02", "manning: 2", 6, "expected 0.005 to 1"),
        ("pervious: 1,", "pervious: 1.5,", 7, "expected 0 to 1"),
        ("certainty: assumed}\ncodes", "certainty: sure}\ncodes", 4, "read, recalled, assumed"),
        ("source: ours, certainty: assumed}\n  park", "certainty: assumed}\n  park", 6, "'source' is missing"),
        ("table: plain", "tabel: plain", 2, "did you mean 'table'"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_line(tmp_path, found, instead, line, said):
    assert found in TABLE
    with pytest.raises(CatalogError, match=said) as caught:
        table(tmp_path, TABLE.replace(found, instead, 1))
    assert caught.value.line == line


def test_a_table_that_is_not_there_is_named_with_those_that_are(tmp_path):
    table(tmp_path)
    with pytest.raises(NotFound, match="there are plain"):
        landcover.find("other", [tmp_path])


def test_land_cover_comes_from_one_place():
    with pytest.raises(InputError, match="expected one of them"):
        LandCover("land_use")
    with pytest.raises(InputError, match="expected one of them"):
        LandCover("land_use", register="parcel", coverage="landsat")


def test_every_land_use_of_the_catalogue_has_its_row_with_a_source():
    found = landcover.find("land_use", [packaged() / "landcover"])
    codes = {code.code for code in Catalog.read(packaged()).codes["land_use"].codes}
    assert set(found.surfaces) == codes
    assert all(len(surface.source) > 10 for surface in found.surfaces.values())
    water = [found.surfaces[code] for code in ("SON", "MNC")]
    assert [surface.pervious for surface in water] == [0, 0]
    assert found.surfaces["LUA"] == Surface(
        0.04, 1.0, "Chow (1959), table 5-6, cultivated areas, mature field crops", "read"
    )
