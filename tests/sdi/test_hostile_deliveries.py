"""Whatever the file, the answer is a table or a refusal with its cure: never a traceback, never a silent loss."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import struct
import zipfile

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from sdi import source
from sdi.errors import InputError, RefusedError
from sdi.source import Limits
from sdi.source.georeference import check_definition
from tests.sdi.deliveries import CAN_THO, codes, feature, geojson, kilometres, options, refusal, write


@pytest.fixture(scope="module")
def table():
    return kilometres()


@pytest.mark.parametrize(
    "path",
    ["https://example.org/a.geojson", "/vsicurl/https://example.org/a.gpkg", "/vsizip/a.zip/b.shp", "s3://a/b",
     "PG:dbname=registry", "<OGRVRTDataSource>", "a\x00b"],
)  # fmt: skip
def test_only_local_files_are_opened(path):
    refusal(path, "path-refused")


def test_what_is_no_file_is_refused(tmp_path):
    refusal(tmp_path, "path-folder")
    refusal(tmp_path / "missing.gpkg", "path-missing")
    refusal(write(tmp_path, b""), "file-empty")


def test_a_reference_to_other_data_is_refused_whatever_its_name(tmp_path):
    vrt = '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
    refusal(write(tmp_path, vrt, "a.vrt"), "format-unsupported")
    for name in ("a.gpkg", "a.fgb", "a.shp", "a.parquet"):
        refusal(write(tmp_path, vrt, name), "format-differs")
    refusal(write(tmp_path, vrt, "b.geojson"), "json-syntax")
    with pytest.raises(RefusedError) as caught:
        source.read_raster(write(tmp_path, vrt, "a.tif"), options())
    assert caught.value.code == "format-unsupported"


def test_a_format_under_a_false_name_is_refused(tmp_path, table):
    table.to_file(tmp_path / "t.gpkg")
    shutil.copy(tmp_path / "t.gpkg", tmp_path / "t.fgb")
    refusal(tmp_path / "t.fgb", "format-differs")
    refusal(write(tmp_path, b"\x00\x01\x02binary", "t.csv"), "format-differs")


def test_sizes_are_limited_before_memory_is_spent(tmp_path, table):
    path = write(tmp_path, geojson(*[feature() for _ in range(5)]))
    refusal(path, "file-too-large", Limits(file_bytes=100))
    refusal(path, "file-too-large", Limits(text_bytes=100))
    refusal(path, "too-many-rows", Limits(rows=4))
    refusal(path, "too-many-vertices", Limits(vertices=4))
    table.to_file(tmp_path / "t.gpkg")
    refusal(tmp_path / "t.gpkg", "too-many-rows", Limits(rows=10))
    refusal(tmp_path / "t.gpkg", "too-many-vertices", Limits(vertices=10))
    refusal(tmp_path / "t.gpkg", "too-many-columns", Limits(columns=2))
    table.to_parquet(tmp_path / "t.parquet")
    refusal(tmp_path / "t.parquet", "too-many-rows", Limits(rows=10))
    refusal(write(tmp_path, "a\n1\n2\n", "t.csv"), "too-many-rows", Limits(rows=1))


def test_a_header_that_promises_more_than_the_file_holds_is_refused(tmp_path, table):
    table.to_file(tmp_path / "t.shp")
    dbf = bytearray((tmp_path / "t.dbf").read_bytes())
    dbf[4:8] = struct.pack("<I", 2**31)
    (tmp_path / "t.dbf").write_bytes(dbf)
    refusal(tmp_path / "t.shp", "shapefile-damaged")


def test_an_archive_that_swells_is_refused(tmp_path):
    bomb = tmp_path / "bomb.geojson.gz"
    bomb.write_bytes(gzip.compress(b" " * 200_000_000, 9))
    assert refusal(bomb, "archive-bomb").details["limit"] < 200_000_000
    packed = tmp_path / "bomb.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.geojson", b" " * 80_000_000)
    refusal(packed, "archive-bomb")
    refusal(packed, "file-too-large", Limits(file_bytes=1_000_000))


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ("../outside.geojson", "archive-hostile"),
        ("/etc/cron.d/outside.geojson", "archive-hostile"),
        ("folder\\..\\outside.geojson", "archive-hostile"),
        (".", "archive-hostile"),
        ("./.", "archive-hostile"),
        ("C:/outside.geojson", "archive-hostile"),
        ("inner.zip", "archive-nested"),
        ("readme.md", "format-unsupported"),
    ],
)
def test_an_archive_that_reaches_outside_is_refused(tmp_path, member, code):
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, geojson(feature()))
    refusal(path, code)
    assert not (tmp_path.parent / "outside.geojson").exists()


def test_a_link_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "link.zip"
    link = zipfile.ZipInfo("link.geojson")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    refusal(path, "archive-hostile")


@pytest.mark.parametrize("name", ["t.zip", "t.geojson.gz"])
def test_a_broken_archive_is_refused(tmp_path, name):
    whole = gzip.compress(geojson(feature()).encode()) if name.endswith("gz") else b"PK\x03\x04" + bytes(100)
    refusal(write(tmp_path, whole[:40], name), "archive-broken")


def test_a_cut_off_geopackage_is_refused(tmp_path, table):
    table.to_file(tmp_path / "t.gpkg")
    refusal(write(tmp_path, (tmp_path / "t.gpkg").read_bytes()[:5000], "cut.gpkg"), "file-unreadable")


def test_a_geopackage_that_is_open_elsewhere_is_refused(tmp_path, table):
    table.to_file(tmp_path / "t.gpkg")
    (tmp_path / "t.gpkg-wal").write_bytes(b"changes")
    refusal(tmp_path / "t.gpkg", "file-in-use")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["t.shp", "t.dbf", "t.shx", "t.gpkg", "t.fgb", "t.parquet", "t.geojson"])
def test_damaged_bytes_never_end_in_a_traceback(tmp_path, table, name, data):
    if not (tmp_path / "t.parquet").exists():
        small = table.head(5).assign(count=table["count"].head(5).astype(object))
        for written in ("t.shp", "t.gpkg", "t.fgb", "t.geojson"):
            small.to_file(tmp_path / written)
        small.to_parquet(tmp_path / "t.parquet")
        shutil.copytree(tmp_path, tmp_path / "whole")
    content = bytearray((tmp_path / "whole" / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(content)))
    (tmp_path / name).write_bytes(content[: length if data.draw(st.booleans()) else None])
    target = tmp_path / ("t.shp" if name in ("t.shx", "t.dbf") else name)
    try:
        delivery = source.read(target, options(crs="EPSG:4326"))
    except InputError:
        return
    coordinates = shapely.get_coordinates(delivery.table.geometry)
    assert np.isfinite(coordinates).all()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('{"type": "FeatureCollection", "features": [], "features": []}', "json-duplicate-key"),
        ('{"type": "Point", "coordinates": [NaN, 1]}', "json-not-a-number"),
        ('{"type": "Point", "coordinates": [Infinity, 1]}', "json-not-a-number"),
        ('{"type": "Point", "coordinates": [1, 1', "json-syntax"),
        ("[" * 100_000, "json-syntax"),
        ('{"type": "Point", "coordinates": [%s, 1]}' % ("1" * 5000), "json-syntax"),
        ('{"type": "Topology", "objects": {}}', "format-unsupported"),
        ('{"rings": [], "spatialReference": {}}', "format-unsupported"),
        ('{"type": "Point", "coordinates": [1, 2], "crs": null}', "crs-undeclared"),
        ('{"type": "Point", "coordinates": [1, 2], "crs": {"type": "link"}}', "geojson-structure"),
        (
            '{"features": [], "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:0"}}}',
            "crs-unknown",
        ),
        ('{"type": "Point", "coordinates": [true, 2]}', "geojson-structure"),
        ("null", "geojson-structure"),
    ],
)
def test_bad_json_is_refused_with_its_reason(tmp_path, document, code):
    refusal(write(tmp_path, document), code)


def test_a_number_beyond_all_bounds_puts_its_row_aside(tmp_path):
    path = write(tmp_path, '{"type": "Point", "coordinates": [1e999, 1]}')
    assert [(f.code, f.row) for f in source.read(path, options()).findings] == [("geometry-unreadable", 0)]
    path = write(tmp_path, '{"type": "Point", "coordinates": [1e300, 1]}')
    assert [(f.code, f.row) for f in source.read(path, options()).findings] == [("coordinate-not-finite", 0)]


@pytest.mark.parametrize(
    ("content", "line"), [("a,b\n1,2\n3\n", "Row #3"), ("a,b\n1,2,3\n", "Row #2"), ('a,b\n1,"2\n', "row 2")]
)
def test_a_ragged_table_is_refused_with_its_line(tmp_path, content, line):
    assert line in refusal(write(tmp_path, content, "t.csv"), "csv-ragged").message


def test_coordinates_that_are_no_numbers_put_their_row_aside(tmp_path):
    path = write(tmp_path, "x,y\n105.7,10\neast,10\n105.7,inf\n", "t.csv")
    delivery = source.read(path, options(crs="OGC:CRS84", columns={"x": "x", "y": "y"}))
    assert [(f.code, f.row) for f in delivery.findings] == [("coordinate-unreadable", 1), ("coordinate-unreadable", 2)]


# ---------------------------------------------------------------- shapefiles


def test_a_missing_or_wrong_index_is_rebuilt_without_touching_the_delivery(tmp_path, table):
    table.to_file(tmp_path / "t.shp")
    whole = source.read(tmp_path / "t.shp", options()).table
    (tmp_path / "t.shx").unlink()
    before = sorted(path.name for path in tmp_path.iterdir())
    delivery = source.read(tmp_path / "t.shp", options())
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert "shapefile-index-missing" in codes(delivery)
    assert delivery.table.geometry.geom_equals(whole.geometry).all()
    (tmp_path / "t.shx").write_bytes(bytes(100 + 8 * 60))
    delivery = source.read(tmp_path / "t.shp", options())
    assert "shapefile-index-wrong" in codes(delivery)
    assert delivery.table.geometry.geom_equals(whole.geometry).all()


def test_a_cut_off_shapefile_is_refused_with_its_record(tmp_path, table):
    table.to_file(tmp_path / "t.shp")
    content = (tmp_path / "t.shp").read_bytes()
    (tmp_path / "t.shp").write_bytes(content[:-10])
    assert refusal(tmp_path / "t.shp", "shapefile-damaged").details["record"] == 60


def test_shapes_and_attributes_must_agree_in_number(tmp_path, table):
    table.to_file(tmp_path / "t.shp")
    table.head(10).to_file(tmp_path / "u.shp")
    shutil.copy(tmp_path / "u.dbf", tmp_path / "t.dbf")
    refusal(tmp_path / "t.shp", "shapefile-rows-differ")


def test_a_record_that_counts_more_points_than_it_holds_is_refused(tmp_path):
    line = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.LineString([CAN_THO, (105.8, 10.1)])], crs=4326)
    line.to_file(tmp_path / "t.shp")
    content = bytearray((tmp_path / "t.shp").read_bytes())
    content[108 + 40 : 108 + 44] = struct.pack("<i", 1_000_000)
    (tmp_path / "t.shp").write_bytes(content)
    assert refusal(tmp_path / "t.shp", "shapefile-damaged").details["record"] == 1


def test_a_reference_behind_the_first_bytes_of_another_format_is_refused(tmp_path):
    vrt = b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
    for number, head in enumerate((b"fgb\x03", b"fgb\x03fgb\x01", b"fgb\x03fgb\x00\x01\x01\x01")):
        refusal(write(tmp_path, head + vrt, f"{number}.fgb"), "format-differs")


def test_a_mask_that_is_a_reference_to_other_data_is_refused(tmp_path):
    path = tmp_path / "dem.tif"
    place = rasterio.transform.from_origin(585_000, 1_109_400, 10, 10)
    said = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "float32", "crs": "EPSG:5897"}
    with rasterio.open(path, "w", **said, transform=place) as target:
        target.write(np.ones((1, 4, 4), dtype=np.float32))
    assert source.read_raster(path, options()).shape == (4, 4)
    write(tmp_path, '<VRTDataset rasterXSize="4" rasterYSize="4"/>', "dem.tif.MSK")
    with pytest.raises(RefusedError) as caught:
        source.read_raster(path, options())
    assert caught.value.code == "raster-mask"


def test_a_geopackage_that_computes_is_refused_before_it_does(tmp_path, table):
    path = tmp_path / "t.gpkg"
    table.to_file(path)
    endless = "WITH RECURSIVE c(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM c) SELECT fid FROM c WHERE fid < 0"
    with sqlite3.connect(path) as file:
        file.execute(f"CREATE VIEW endless AS {endless}")
    file.close()
    refusal(path, "layer-computed")


def test_a_long_text_that_a_dictionary_repeats_is_refused(tmp_path):
    index = pa.array(np.zeros(30_000, dtype=np.int32))
    repeated = pa.DictionaryArray.from_arrays(index, pa.array(["x" * 65_536]))
    pq.write_table(pa.table({"a": repeated}), tmp_path / "t.parquet", store_schema=False)
    assert (tmp_path / "t.parquet").stat().st_size < 10_000
    refusal(tmp_path / "t.parquet", "archive-bomb")


def test_wide_tables_are_refused_before_they_are_built(tmp_path):
    wide = Limits(columns=3)
    refusal(write(tmp_path, "a,b,c,d\n1,2,3,4\n", "t.csv"), "too-many-columns", wide)
    refusal(write(tmp_path, '"a\n",b,c,d\n1,2,3,4\n', "u.csv"), "too-many-columns", wide)
    document = geojson(feature(a=1, b=2), feature(c=3, d=4))
    refusal(write(tmp_path, document, "t.geojson"), "too-many-columns", wide)
    pq.write_table(pa.table({name: [1] for name in "abcd"}), tmp_path / "t.parquet")
    refusal(tmp_path / "t.parquet", "too-many-columns", wide)


def test_an_archive_with_a_damaged_stream_or_name_is_refused(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.geojson", geojson(feature()) * 50)
    whole = path.read_bytes()
    refusal(
        write(tmp_path, whole[:60] + bytes(byte ^ 0x5A for byte in whole[60:160]) + whole[160:], "u.zip"),
        "archive-broken",
    )
    entry = whole.rfind(b"PK\x01\x02") + 9
    flagged = whole[:entry] + bytes([whole[entry] | 8]) + whole[entry + 1 :]
    refusal(write(tmp_path, flagged.replace(b"a.geojson", b"\xff\xfe\x80eojson"), "v.zip"), "archive-broken")


# ---------------------------------------------------------------- systems that name a file

WKT1 = 'GEOGCS["a",DATUM["d",SPHEROID["s",6378137,298]{}],PRIMEM["G",0],UNIT["degree",0.0174532925199433]]'
BOUND = (
    'BOUNDCRS[SOURCECRS[GEOGCRS["a",DATUM["d",ELLIPSOID["s",6378137,298]],CS[ellipsoidal,2],AXIS["lon",east],'
    'AXIS["lat",north],ANGLEUNIT["degree",0.0174532925199433]]],TARGETCRS[GEOGCRS["WGS 84",DATUM["W",'
    'ELLIPSOID["WGS 84",6378137,298.257223563]],CS[ellipsoidal,2],AXIS["lat",north],AXIS["lon",east],'
    'ANGLEUNIT["degree",0.0174532925199433]]],ABRIDGEDTRANSFORMATION["a to b",METHOD["NTv2",ID["EPSG",9615]],{}]]'
)
DIFFERENCES = '"Latitude and longitude difference file"'
OPENING = [
    WKT1.format(',EXTENSION["PROJ4_GRIDS","/tmp/evil.gsb"]'),
    WKT1.format(',EXTENSION["PROJ4_GRIDS","@null,/tmp/evil.gsb"]'),
    WKT1.format(',EXTENSION [ "proj4_Grids" , "@nullify" ]'),
    WKT1.format(",EXTENSION[\u201cPROJ4_GRIDS\u201d,\u201c/tmp/evil.gsb\u201d]"),
    WKT1.format(',EXTENSION["PROJ4","+proj=longlat +nadgrids = @null,/tmp/evil.gsb"]'),
    BOUND.format(f'PARAMETERFILE[{DIFFERENCES},"/tmp/evil.gsb"]'),
    BOUND.format(f'PARAMETERFILE[{DIFFERENCES}, "/tmp/evil.gsb"]'),
    BOUND.format(f'ParameterFile\n[{DIFFERENCES},"/tmp/evil.gsb"]'),
    BOUND.format(f'PARAMETERFILE({DIFFERENCES},"@null,/tmp/evil.gsb")'),
    "+proj=longlat +ellps=bessel +NADGRIDS=@null,/tmp/evil.gsb",
    '+proj=longlat +ellps=bessel +nadgrids=@null",/tmp/evil.gsb',
    "proj=longlat ellps=bessel geoidgrids =/tmp/evil.gtx",
    "+init = /tmp/evil:1",
    '{"parameters": [{"name": "a file", "value" : "/tmp/evil.gsb"}]}',
    '{"parameters": [{"name": "a file", "v\\u0061lue": "/tmp/evil.gsb"}]}',
]
HARMLESS = [
    WKT1.format(""),
    WKT1.format(',EXTENSION["PROJ4_GRIDS","@null"]'),
    WKT1.format(',EXTENSION["PROJ4","+proj=longlat +nadgrids=@null +wktext"]'),
    BOUND.format(f'PARAMETERFILE[{DIFFERENCES}, "@null"]'),
    "+proj=longlat +ellps=bessel +nadgrids=@null",
    "+proj=longlat +ellps=bessel +nadgrids=@null +no_defs",
]

ASCII_GRID = "ncols 2\nnrows 2\nxllcorner 105\nyllcorner 10\ncellsize 1\n1 1\n1 1\n"


@pytest.mark.parametrize("definition", OPENING)
def test_a_system_that_names_a_file_is_refused_however_it_is_spelled(tmp_path, definition):
    with pytest.raises(RefusedError) as caught:
        check_definition(definition)
    assert caught.value.code == "crs-names-a-file"
    refusal(
        write(tmp_path, geojson(feature(), crs={"type": "name", "properties": {"name": definition}})), "crs-unknown"
    )


@pytest.mark.parametrize("definition", HARMLESS)
def test_a_system_that_names_no_file_is_read(definition):
    check_definition(definition)
    check_definition(CRS(definition).to_wkt())
    check_definition(CRS(definition).to_json())


@pytest.mark.parametrize(
    "name", ["EPSG:5897", "urn:ogc:def:crs:OGC:1.3:CRS84", "http://www.opengis.net/def/crs/EPSG/0/4326"]
)
def test_a_document_names_its_system_in_every_usual_way(tmp_path, name):
    place = [585_000.0, 1_109_400.0] if name == "EPSG:5897" else CAN_THO
    document = geojson(feature(place), crs={"type": "name", "properties": {"name": name}})
    assert len(source.read(write(tmp_path, document), options()).table) == 1


@pytest.mark.parametrize("definition", [one for one in OPENING if one.startswith(("GEOG", "BOUND"))])
def test_the_header_of_a_flatgeobuf_file_is_looked_at_before_gdal_does(tmp_path, monkeypatch, table, definition):
    path = flatgeobuf(tmp_path / "t.fgb", table, definition)
    monkeypatch.setattr("pyogrio.list_layers", lambda *_: pytest.fail("GDAL has opened the file"))
    refusal(path, "crs-names-a-file")


def flatgeobuf(path, table, definition):
    """A FlatGeobuf file whose CRS is this text, filled up with blanks to the length of that which GDAL wrote."""
    table.to_file(path)
    whole = path.read_bytes()
    start = whole.index(b'GEOGCRS["WGS 84"')
    (length,) = struct.unpack("<I", whole[start - 4 : start])
    said = definition.encode().ljust(length)
    assert len(said) == length
    path.write_bytes(whole[:start] + said + whole[start + length :])
    return path


def test_a_definition_that_is_longer_than_any_is_refused(tmp_path, table):
    """What names a file may stand behind a million blanks, where nobody looks."""
    table.to_file(tmp_path / "t.shp")
    (tmp_path / "t.prj").write_text(" " * 1_048_577 + OPENING[0])
    refusal(tmp_path / "t.shp", "file-too-large")
    (tmp_path / "t.prj").write_text(" " * 1_000_000 + OPENING[0])
    refusal(tmp_path / "t.shp", "crs-names-a-file")


@pytest.mark.parametrize("name", ["dem.prj", "dem.asc.aux.xml"])
def test_a_definition_beside_a_raster_that_is_longer_than_any_is_refused(tmp_path, name):
    path = write(tmp_path, ASCII_GRID, "dem.asc")
    write(tmp_path, HARMLESS[0].ljust(1_048_577), name)
    with pytest.raises(RefusedError) as caught:
        source.read_raster(path, options())
    assert caught.value.code == "file-too-large"


def test_a_header_that_is_longer_than_any_is_not_read(tmp_path, monkeypatch, table):
    path = tmp_path / "t.fgb"
    table.to_file(path)
    whole = bytearray(path.read_bytes())
    whole[8:12] = struct.pack("<I", 1_048_577)
    path.write_bytes(whole)
    monkeypatch.setattr("pyogrio.list_layers", lambda *_: pytest.fail("GDAL has opened the file"))
    refusal(path, "file-too-large")


def test_a_gzip_file_whose_beginning_packs_very_well_is_read(tmp_path):
    """The first 100 MB pack better than 1:200; the file as a whole does not."""
    letters = np.random.default_rng(1).integers(97, 123, 1_000_000, dtype=np.uint8).tobytes().decode()
    packed = gzip.compress(b" " * 100_000_000 + geojson(feature(text=letters)).encode(), 9)
    assert 64 * 1024**2 < 101_000_000 < 200 * len(packed)
    assert len(source.read(write(tmp_path, packed, "t.geojson.gz"), options()).table) == 1


def test_a_system_beside_a_raster_names_no_file(tmp_path):
    path = write(tmp_path, ASCII_GRID, "dem.asc")
    disguised = OPENING[0].replace("P", "&#80;")
    for name, said in (
        ("dem.prj", OPENING[0]),
        ("dem.asc.aux.xml", f"<PAMDataset><SRS>{disguised}</SRS></PAMDataset>"),
    ):
        beside = write(tmp_path, said, name)
        with pytest.raises(RefusedError) as caught:
            source.read_raster(path, options())
        assert caught.value.code == "crs-names-a-file"
        beside.unlink()
    write(tmp_path, HARMLESS[0], "dem.prj")
    assert source.read_raster(path, options()).shape == (2, 2)
