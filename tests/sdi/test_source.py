"""Deliveries of every format come back as they were meant, with their places and texts."""

from __future__ import annotations

import csv
import gzip
import hashlib
import zipfile

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from sdi import source
from sdi.errors import InputError, RefusedError
from sdi.source import Limits
from tests.sdi.deliveries import CAN_THO, codes, feature, geojson, kilometres, options, refusal, shapefile, write


@pytest.fixture(scope="module")
def table():
    return kilometres()


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("table.gpkg", "GeoPackage"),
        ("table.shp", "Shapefile"),
        ("table.fgb", "FlatGeobuf"),
        ("table.geojson", "GeoJSON"),
        ("table.parquet", "GeoParquet"),
    ],
)
def test_a_table_comes_back_from_every_format_as_it_was(tmp_path, table, name, kind):
    path = tmp_path / name
    if kind == "GeoParquet":
        table.to_parquet(path)
    else:
        table.to_file(path, **({"encoding": "UTF-8"} if kind == "Shapefile" else {}))
    delivery = source.read(path, options())
    assert delivery.format == kind
    read = delivery.table.sort_values("code", ignore_index=True)  # FlatGeobuf orders rows by place
    assert list(read["name"]) == list(table["name"])
    assert list(read["code"]) == list(table["code"])
    assert [None if pd.isna(value) else int(value) for value in read["count"]] == [None, *range(1, 60)]
    assert delivery.crs.to_epsg() == 4326 or delivery.crs_name == "OGC:CRS84"
    assert shapely.equals_exact(read.geometry, table.geometry, tolerance=1e-9).all()
    assert not [finding for finding in delivery.findings if finding.action != "accepted"]


def test_a_csv_keeps_codes_and_takes_its_places_from_columns(tmp_path):
    path = write(tmp_path, "\ufeffmã;kinh độ;vĩ độ\n00123;105,75;10,03\n00124;;\n", "trees.csv")
    delivery = source.read(path, options(crs="OGC:CRS84", columns={"x": "kinh độ", "y": "vĩ độ"}))
    assert list(delivery.table["mã"]) == ["00123", "00124"]
    assert delivery.table.geometry[0].equals(shapely.Point(105.75, 10.03))
    assert delivery.table.geometry[1] is None


def test_a_csv_takes_geometry_from_well_known_text(tmp_path):
    path = write(tmp_path, 'id,wkt\n1,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\n2,nonsense\n3,\n', "zones.csv")
    delivery = source.read(path, options(crs="OGC:CRS84", columns={"wkt": "wkt"}))
    assert delivery.table.geometry[0].area == 0.5
    assert [(f.code, f.row, f.action) for f in delivery.findings] == [("geometry-unreadable", 1, "quarantined")]


def test_a_table_without_places_is_a_table(tmp_path):
    delivery = source.read(write(tmp_path, "a,b\n1,2\n", "t.csv"), options())
    assert (delivery.crs, delivery.crs_name, len(delivery.table)) == (None, "", 1)


@pytest.mark.parametrize("packed", ["gz", "zip"])
def test_packed_deliveries_are_unpacked(tmp_path, packed):
    content = geojson(feature(name="Hòa Bình"))
    path = tmp_path / f"delivery.geojson.{packed}"
    if packed == "gz":
        path.write_bytes(gzip.compress(content.encode()))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("folder/delivery.geojson", content)
            archive.writestr("__MACOSX/delivery.geojson", "left behind")
    delivery = source.read(path, options())
    assert list(delivery.table["name"]) == ["Hòa Bình"]
    assert delivery.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_one_layer_of_an_archive_is_chosen_by_name(tmp_path):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("wards", "streets"):
            archive.writestr(f"{name}.geojson", geojson(feature(name=name)))
    assert "streets, wards" in refusal(path, "layer-ambiguous").message
    assert list(source.read(path, options(layer="wards")).table["name"]) == ["wards"]


def test_one_layer_of_a_geopackage_is_chosen_by_name(tmp_path, table):
    for layer in ("one", "two"):
        table.to_file(tmp_path / "two.gpkg", layer=layer)
    refusal(tmp_path / "two.gpkg", "layer-ambiguous")
    refusal(tmp_path / "two.gpkg", "layer-unknown", layer="three")
    assert len(source.read(tmp_path / "two.gpkg", options(layer="two")).table) == 60


def test_the_digest_of_a_shapefile_covers_all_its_parts(tmp_path, table):
    table.to_file(tmp_path / "t.shp")
    before = source.read(tmp_path / "t.shp", options()).sha256
    assert source.read(tmp_path / "t.dbf", options()).sha256 == before
    (tmp_path / "t.cpg").write_text("utf-8")
    assert source.read(tmp_path / "t.shp", options()).sha256 != before


def test_rows_are_selected_by_an_expression_and_keep_their_numbers(tmp_path, table):
    table.to_file(tmp_path / "t.gpkg")
    delivery = source.read(tmp_path / "t.gpkg", options(where="count > 57"))
    assert list(delivery.table.index) == [58, 59]
    assert "rows-selected" in codes(delivery)
    with pytest.raises(InputError):
        source.read(tmp_path / "t.gpkg", options(where="__import__('os')"))


# ---------------------------------------------------------------- texts


def test_names_with_control_characters_and_markup_do_no_harm(tmp_path):
    path = write(tmp_path, geojson(feature(name="Trần\u0000 Phú\u202e"), feature(name="<script>alert(1)</script>")))
    delivery = source.read(path, options())
    assert list(delivery.table["name"]) == ["Trần Phú", "<script>alert(1)</script>"]
    assert [(f.code, f.row, f.action) for f in delivery.findings] == [
        ("text-control-characters", 0, "repaired"),
        ("text-markup", 1, "accepted"),
    ]


def test_lost_letters_put_their_row_aside(tmp_path):
    delivery = source.read(write(tmp_path, geojson(feature(name="Nguy\ufffdn Trãi"))), options())
    assert [(f.code, f.action) for f in delivery.findings] == [("text-lost-letters", "quarantined")]


def test_columns_of_the_same_name_are_numbered(tmp_path):
    delivery = source.read(write(tmp_path, "a,b,a,geometry,\n1,2,3,4,5\n", "t.csv"), options())
    assert list(delivery.table.columns) == ["a_1", "b", "a_2", "column_geometry", "column_5", "geometry"]
    assert "field-duplicate" in codes(delivery)


@pytest.mark.parametrize(
    ("data", "cpg", "read", "code"),
    [
        ("Hòa Bình".encode(), None, "Hòa Bình", "encoding-detected"),
        ("Hòa Bình".encode(), "UTF-8", "Hòa Bình", ""),
        (b"H\xdfa B\xd7nh", None, "Hòa Bình", "encoding-tcvn3"),
        (b"H\xdfa B\xd7nh", "TCVN3", "Hòa Bình", ""),
        (b"Ho\xf8a Ba\xe9c", None, "Hòa Bắc", "encoding-vni"),
        ("Ñandú".encode("cp1252"), None, "Ñandú", "encoding-assumed"),
        ("國語".encode("big5"), "Big-5", "國語", ""),
        (b"Hoa Binh", None, "Hoa Binh", ""),
    ],
)  # fmt: skip
def test_the_encoding_of_a_shapefile_is_declared_or_told_by_its_bytes(tmp_path, data, cpg, read, code):
    delivery = source.read(shapefile(tmp_path, [data], cpg), options())
    assert delivery.table["name"][0] == read
    assert code in {*codes(delivery), ""}


def test_an_encoding_that_nothing_tells_is_refused(tmp_path):
    path = shapefile(tmp_path, ["русский язык".encode("koi8_r")])
    assert "source.encoding" in refusal(path, "encoding-undeclared").message
    assert source.read(path, options(encoding="koi8-r")).table["name"][0] == "русский язык"


def test_a_false_declaration_of_the_encoding_is_refused(tmp_path):
    refusal(shapefile(tmp_path, [b"H\xdfa B\xd7nh"], "UTF-8"), "encoding-contradicted")


def test_a_letter_cut_in_two_by_the_width_of_the_column_is_left_out(tmp_path):
    path = shapefile(tmp_path, [("a" * 39 + "ề").encode()[:40]], "UTF-8")
    assert source.read(path, options()).table["name"][0] == "a" * 39


def test_a_geojson_in_another_encoding_is_refused(tmp_path):
    refusal(write(tmp_path, geojson(feature(name="Ñandú")).encode("cp1252")), "encoding-contradicted")


# ---------------------------------------------------------------- places


def test_an_undeclared_crs_is_refused_unless_the_entry_declares_it(tmp_path, table):
    table.to_file(tmp_path / "t.shp")
    (tmp_path / "t.prj").unlink()
    assert "degrees" in refusal(tmp_path / "t.shp", "crs-undeclared").message
    assert source.read(tmp_path / "t.shp", options(crs="EPSG:4756")).crs_name == "EPSG:4756"


def test_the_entry_overrides_a_declared_crs_and_says_so(tmp_path, table):
    table.to_file(tmp_path / "t.gpkg")
    delivery = source.read(tmp_path / "t.gpkg", options(crs="EPSG:4756"))
    assert (delivery.crs_name, "crs-overridden" in codes(delivery)) == ("EPSG:4756", True)
    assert "crs-overridden" not in codes(source.read(tmp_path / "t.gpkg", options(crs="OGC:CRS84")))


@pytest.mark.parametrize(
    ("coordinates", "declared", "code"),
    [
        ([10.03, 105.75], {}, "axes-exchanged"),
        ([582_000.0, 1_109_000.0], {}, "crs-contradicted"),
        ([105.75, 10.03], {"crs": "EPSG:5897"}, "crs-contradicted"),
        ([1_109_000.0, 582_000.0], {"crs": "EPSG:5897"}, "axes-exchanged"),
        ([9_000_000.0, 9_000_000.0], {"crs": "EPSG:5897"}, "coordinates-outside"),
        ([-190.6, 52.3], {}, "coordinates-outside"),
    ],
)
def test_coordinates_that_contradict_their_crs_are_refused(tmp_path, coordinates, declared, code):
    refusal(write(tmp_path, geojson(feature(coordinates))), code, **declared)


def test_exchanged_axes_are_exchanged_back_where_the_entry_says_so(tmp_path):
    delivery = source.read(write(tmp_path, geojson(feature([10.03, 105.75]))), options(axes="yx"))
    assert delivery.table.geometry[0].equals(shapely.Point(CAN_THO))


def test_single_places_outside_are_put_aside(tmp_path):
    path = write(tmp_path, geojson(feature(), feature(), feature([200, 95])))
    assert [(f.code, f.row, f.action) for f in source.read(path, options()).findings] == [
        ("coordinate-outside", 2, "quarantined")
    ]


@pytest.mark.parametrize(
    ("stray", "code", "action", "place"),
    [
        ([-105.75, 10.03], "coordinate-slip", "repaired", CAN_THO),
        ([105.75, -10.03], "coordinate-slip", "repaired", CAN_THO),
        ([10.03, 105.75], "coordinate-outside", "quarantined", None),
        ([0, 0], "coordinate-outlier", "quarantined", None),
    ],
)
def test_a_place_far_from_all_others_is_judged_by_them(tmp_path, stray, code, action, place):
    others = [feature([105.7 + n / 1000, 10.0 + n / 1000]) for n in range(100)]
    delivery = source.read(write(tmp_path, geojson(*others, feature(stray))), options())
    assert [(f.code, f.row, f.action) for f in delivery.findings] == [(code, 100, action)]
    geometry = delivery.table.geometry[100]
    assert geometry is None if place is None else geometry.equals(shapely.Point(place))


def test_two_towns_in_one_delivery_are_no_outliers(tmp_path):
    north = [feature([105.8 + n / 1000, 21.0]) for n in range(50)]
    south = [feature([105.7 + n / 1000, 10.0]) for n in range(50)]
    assert not source.read(write(tmp_path, geojson(*north, *south)), options()).findings


def test_heights_are_kept_where_they_say_something(tmp_path):
    flat = source.read(write(tmp_path, geojson(feature([*CAN_THO, 0]))), options())
    high = source.read(write(tmp_path, geojson(feature([*CAN_THO, 1.2]))), options())
    assert (flat.table.geometry[0].has_z, codes(flat)) == (False, {"geometry-heights-dropped"})
    assert (high.table.geometry[0].has_z, codes(high)) == (True, {"geometry-heights-kept"})


# ---------------------------------------------------------------- real data


@pytest.mark.shows("foundation")
def test_the_streets_of_ninh_kieu_are_read_as_vietnamese(shared_data):
    delivery = source.read(shared_data / "osm/ninhkieu/roads.shp", options())
    assert (len(delivery.table), delivery.encoding, delivery.crs_name) == (1082, "UTF-8", "EPSG:4326")
    assert delivery.table.geometry.isna().sum() == 3
    assert delivery.table["name"][1] == "Hòa Bình"
    repaired = next(finding for finding in delivery.findings if finding.row == 1 and finding.column == "name")
    assert (repaired.before, repaired.after) == ("HÃ²a BÃ¬nh", "Hòa Bình")


def test_a_crs_without_code_is_matched(shared_data):
    delivery = source.read(shared_data / "osm/ninhkieu/building.shp", options())
    assert (len(delivery.table), delivery.crs_name) == (4839, "OGC:CRS84")
    assert {"crs-matched", "encoding-detected", "geometry-heights-dropped"} <= codes(delivery)


def test_a_crs_that_equals_no_other_is_kept_and_reported(shared_data):
    delivery = source.read(shared_data / "flood/hanoi_redriver/Dykes.shp", options())
    assert "crs-without-code" in codes(delivery)
    assert len(delivery.table) == 90


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("table", ["tcvn3", "vni"])
def test_legacy_names_equal_the_expected_ones(shared_data, table):
    folder = shared_data / "malformed/legacy_vn"
    with (folder / "cantho_wards_expected_utf8.csv").open(encoding="utf-8-sig", newline="") as file:
        expected = {row["CODE"]: row["NAME"] for row in csv.DictReader(file)}
    delivery = source.read(folder / f"cantho_wards_{table}.shp", options())
    assert dict(zip(delivery.table["CODE"], delivery.table["NAME"], strict=True)) == expected
    uncertain = [finding.after for finding in delivery.findings if finding.code == "text-case-uncertain"]
    assert uncertain == (["Xã Nhơn Ái"] if table == "tcvn3" else [])


def test_projected_geojson_is_read_by_its_old_crs_member(shared_data):
    delivery = source.read(shared_data / "utility/water/ky4_pipes.geojson", options())
    assert (len(delivery.table), delivery.crs_name) == (1156, "EPSG:3547")


@pytest.mark.parametrize(
    ("path", "rows"),
    [("utility/water/ky10_landslide_data.geojson", 1927), ("parking/Dresden.geojson", 61),
     ("parking/snapshots/park_raum_check_kehl.geojson", 235), ("admin/gso_wards_before_2025-07.csv", 10035)],
)  # fmt: skip
def test_deliveries_of_all_kinds_are_read_whole(shared_data, path, rows):
    assert len(source.read(shared_data / path, options()).table) == rows


# ---------------------------------------------------------------- rasters


def raster_file(folder, values, name="dem.tif", **profile):
    path = folder / name
    profile = {"crs": "EPSG:5897", "transform": Affine(30, 0, 580000, 0, -30, 1110000), "nodata": -9999.0} | profile
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype=values.dtype, **profile
    ) as dataset:
        dataset.write(values, 1)
    return path


def test_a_raster_is_read_with_missing_cells_and_cell_centres(tmp_path):
    path = raster_file(tmp_path, np.array([[1, -9999], [3, 4]], dtype="int16"))
    raster = source.read_raster(path, options())
    assert (raster.dims, raster.dtype, raster.name) == (("y", "x"), np.float32, "dem")
    np.testing.assert_array_equal(raster.values, [[1, np.nan], [3, 4]])
    np.testing.assert_array_equal(raster.x, [580015, 580045])
    np.testing.assert_array_equal(raster.y, [1109985, 1109955])
    assert (raster.attrs["nodata_declared"], raster.attrs["nodata_cells"]) == (-9999.0, 1)
    assert raster.rio.crs.to_epsg() == 5897


def test_a_raster_that_runs_northwards_is_turned(tmp_path):
    path = raster_file(tmp_path, np.array([[1.0], [2.0]]), transform=Affine(30, 0, 0, 0, 30, 0))
    raster = source.read_raster(path, options())
    np.testing.assert_array_equal(raster.values, [[2], [1]])
    assert raster.y[0] > raster.y[1]


@pytest.mark.parametrize(
    ("profile", "code"),
    [({"crs": None}, "crs-undeclared"), ({"transform": Affine(30, 5, 0, 5, -30, 0)}, "raster-not-aligned")],
)
def test_a_raster_without_place_is_refused(tmp_path, profile, code):
    path = raster_file(tmp_path, np.ones((2, 2)), **profile)
    with pytest.raises(RefusedError) as caught:
        source.read_raster(path, options())
    assert caught.value.code == code


def test_a_raster_that_announces_too_many_cells_is_refused(tmp_path):
    path = raster_file(tmp_path, np.ones((20, 20)))
    with pytest.raises(RefusedError) as caught:
        source.read_raster(path, options(), Limits(cells=399))
    assert caught.value.code == "too-many-cells"


def test_the_terrains_of_can_tho_and_cairns_are_read(shared_data):
    aster = source.read_raster(shared_data / "dem/cantho_1arcsec_aster.tif", options())
    srtm = source.read_raster(shared_data / "dem/cantho_utm48n_30m_nodata0.tif", options())
    cairns = source.read_raster(shared_data / "dem/cairns_270m_asc.zip", options(crs="EPSG:32755"))
    assert (aster.shape, float(aster.median()), aster.attrs["nodata_cells"]) == ((171, 211), 8.0, 0)
    assert (srtm.attrs["nodata_declared"], srtm.attrs["nodata_cells"]) == (0.0, 6036)
    assert (cairns.shape, float(cairns.min()), cairns.attrs["nodata_cells"]) == ((1188, 1584), -2153.0, 18234)
