"""Hostile deliveries to `phusa ingest`: entities, references to other data. Refused, or read as what they say, with
nobody asked and no other file opened.

Bombs are in `test_bombs`; archives that reach outside, damaged bytes, false names and limits of size in
tests/sdi/test_hostile_deliveries.py.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from pipelines import ingest
from sdi import source
from sdi.errors import PhusaError
from tests.attack.village import CANARY
from tests.sdi.deliveries import options
from tests.town import LAT, LON

ENTRY = """
entry: attack
title: {{vi: Tấn công, en: Attack}}
register: well
source: {{path: {path}}}
licence: {{name: CC0-1.0, grade: A, attribution: Test, bulk: true}}
custodian: Test
valid_from: 2025-01-01
accuracy: {{horizontal_m: 1, method: estimated}}
fields: {{datum: datum}}
"""
GRIDS = (
    'GEOGCS["a",DATUM["d",SPHEROID["s",6378137,298],EXTENSION["PROJ4_GRIDS","{}"]],PRIMEM["G",0],UNIT["degree",0.0174]]'
)
"""A coordinate system that is corrected by a file of the supplier's choice."""
MOST_S = 5.0
"""Processor time that a hostile delivery may take [s]."""


@pytest.fixture(scope="module")
def ingested(ground, tmp_path_factory) -> Iterator[Callable[[Path], str]]:
    """Return what brings a file into the village as far as a dry run goes, and tells how it ended."""
    folder = tmp_path_factory.mktemp("entries")
    workspace = ground.village.workspace
    with closing(workspace.registry()) as registry:

        def run(path: Path) -> str:
            (folder / "attack.yaml").write_text(ENTRY.format(path=path.name), encoding="utf-8")
            entry = registry.catalog.read_entries(folder)["attack"]
            if path.name.startswith("dem"):
                return str(source.read_raster(path, options(crs="EPSG:5897")).shape)
            return str(ingest.run(entry, workspace, registry, path.parent, dry_run=True).report)

        yield run


def hostile(folder: Path, marker: Path, port: int) -> Iterator[Path]:
    """Yield deliveries that refer to a file or to an address."""
    here = f"http://127.0.0.1:{port}/x"
    for number, (name, content) in enumerate(texts(marker, here)):
        path = folder / str(number) / name
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
        yield path
        if number % 3 == 0:
            packed = path.with_name(f"{path.stem}.zip")
            with zipfile.ZipFile(packed, "w") as made:
                made.write(path, path.name)
            yield packed
    yield from shapefiles(folder, marker, here)
    yield from rasters(folder, marker, here)
    yield from databases(folder, marker, here)
    yield from headers(folder, marker, here)


def texts(marker: Path, here: str) -> Iterator[tuple[str, str]]:
    """Yield names and contents of text files."""
    for target in (f"file://{marker}", here):
        entity = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{target}"><!ENTITY % p SYSTEM "{target}"> %p;]>'
        bodies = {
            "a.gml": f'<FeatureCollection xsi:schemaLocation="a {target}"><name>&e;</name></FeatureCollection>',
            "a.kml": f"<kml><NetworkLink><href>{target}</href></NetworkLink><name>&e;</name></kml>",
            "a.sld": "<StyledLayerDescriptor>&e;</StyledLayerDescriptor>", "a.xml": "<x>&e;</x>",
            "a.gpx": "<gpx>&e;</gpx>", "a.svg": "<svg>&e;</svg>",
            "a.vrt": f'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>{target}</SrcDataSource></OGRVRTLayer>'
            "</OGRVRTDataSource>",
        }  # fmt: skip
        yield from ((name, entity + body) for name, body in bodies.items())
        yield from (
            (name, entity + bodies["a.vrt"]) for name in ("a.geojson", "a.csv", "a.gpkg", "a.fgb", "a.shp", "dem.tif")
        )
        vrt = f'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand><SimpleSource><SourceFilename>{target}'
        yield "dem.asc", vrt
        for system in (
            target,
            f"+init={marker}:x",
            f"+proj=longlat +nadgrids={marker}",
            GRIDS.format(target),
            GRIDS.format(f"@null,{target}"),
            f"urn:ogc:def:crs:EPSG::{target}",
        ):
            said = {"type": "name", "properties": {"name": system}}
            yield "a.geojson", json.dumps(_one(crs=said))
        yield "a.geojson", json.dumps(_one(crs={"type": "link", "properties": {"href": target, "type": "proj4"}}))
        yield "a.geojson", json.dumps(_one() | {"$schema": target, "$ref": target, "links": [{"href": target}]})
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
    yield "a.kml", f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]><kml>&l12;</kml>'
    yield "a.csv", f"datum,x,y\n\"=cmd|'/c {marker}'!A1\",{LON},{LAT}\n"


def _one(**members: object) -> dict[str, object]:
    """A document with one point."""
    point = {"type": "Point", "coordinates": [LON, LAT]}
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"datum": "a"}, "geometry": point}],
        **members,
    }


def shapefiles(folder: Path, marker: Path, here: str) -> Iterator[Path]:
    """Yield shapefiles whose other parts refer to something."""
    said_by_others = (
        here,
        str(marker),
        f"+init={marker}:x",
        f'<!DOCTYPE x SYSTEM "{here}"><x/>',
        GRIDS.format(marker),
        GRIDS.format(here),
        GRIDS.format(f"@null,{marker}"),
        GRIDS.format(marker).replace(",", ", ").replace("[", " (").replace("]", ")"),
        " " * 1_048_576 + GRIDS.format(marker),
    )
    for number, said in enumerate(said_by_others):
        path = folder / f"shp{number}" / "a.shp"
        path.parent.mkdir()
        gpd.GeoDataFrame({"datum": ["a"]}, geometry=[shapely.Point(LON, LAT)], crs=4326).to_file(path)
        for ending in (".prj", ".qpj", ".shp.xml", ".qix", ".sbn", *((".cpg",) if number < 4 else ())):
            path.with_suffix(ending).write_text(said)
        yield path


def rasters(folder: Path, marker: Path, here: str) -> Iterator[Path]:
    """Yield terrains whose neighbours refer to something."""
    vrt = '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
    vrt += f"<SourceFilename>{marker}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    aux = f'<PAMDataset><SRS>{here}</SRS><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">'
    auxes = [f"{aux}{one}</MDI></Metadata></PAMDataset>" for one in (marker, f"/vsicurl/{here}")]
    beside = [(".ovr", vrt), (".msk", vrt), (".ovr", f"/vsicurl/{here}"), *((".aux.xml", one) for one in auxes)]
    for number, (ending, said) in enumerate(beside):
        path = folder / f"dem{number}" / "dem.tif"
        path.parent.mkdir()
        terrain(path, 4)
        path.with_name(f"dem.tif{ending}").write_text(said)
        path.with_name("dem.tfw").write_text(str(marker))
        yield path


def terrain(path: Path, side: int, **more: object) -> None:
    """Write a terrain; one that is sparse holds nothing."""
    place = rasterio.transform.from_origin(585_000, 1_109_400, 10, 10)
    said = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:5897",
        **more,
    }
    with rasterio.open(path, "w", **said, transform=place) as target:
        if "SPARSE_OK" not in more:
            target.write(np.ones((1, side, side), dtype=np.float32))


def databases(folder: Path, marker: Path, here: str) -> Iterator[Path]:
    """Yield GeoPackages that compute, attach or refer."""
    virtual = (
        "PRAGMA writable_schema = 1; INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE"
    )
    virtual += " v USING"
    statements = (
        f"CREATE VIEW a AS SELECT readfile('{marker}') AS datum, 1 AS fid",
        f"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT load_extension('{marker}'); END",
        f"UPDATE gpkg_spatial_ref_sys SET definition = '{here}', organization = '{here}'",
        f"UPDATE gpkg_spatial_ref_sys SET definition = '+init={marker}:x', organization_coordsys_id = -5",
        f"UPDATE gpkg_spatial_ref_sys SET organization = 'x', definition = '{GRIDS.format(marker)}'",
        f"UPDATE gpkg_spatial_ref_sys SET organization = 'x', definition = '{GRIDS.format(f'@null,{marker}')}'",
        f"{virtual} VirtualOGR(''{marker}'')')",
        f"{virtual} VirtualText(''{marker}'', ''UTF-8'', 0)')",
    )  # fmt: skip
    for number, statement in enumerate(statements):
        path = folder / f"gpkg{number}" / "a.gpkg"
        path.parent.mkdir()
        gpd.GeoDataFrame({"datum": ["a"]}, geometry=[shapely.Point(LON, LAT)], crs=4326).to_file(path, layer="a")
        harmless = path.read_bytes()
        with closing(sqlite3.connect(path)) as file:
            file.executescript(f"DROP TABLE a; {statement}" if "CREATE VIEW" in statement else statement)
            file.commit()
        assert path.read_bytes() != harmless, f"the attack was not written: {statement}"
        yield path


def headers(folder: Path, marker: Path, here: str) -> Iterator[Path]:
    """Yield FlatGeobuf files whose CRS refers to something; GDAL opens it when it reads the header."""
    for number, target in enumerate((marker, here, f"@null,{marker}")):
        path = folder / f"fgb{number}" / "a.fgb"
        path.parent.mkdir()
        gpd.GeoDataFrame({"datum": ["a"]}, geometry=[shapely.Point(LON, LAT)], crs=4326).to_file(path)
        whole = path.read_bytes()
        start = whole.index(b"GEOGCRS")
        length = int.from_bytes(whole[start - 4 : start], "little")
        said = GRIDS.format(target).encode().ljust(length)
        path.write_bytes(whole[:start] + said + whole[start + length :])
        assert len(said) == length
        yield path


@pytest.mark.shows("service")
@pytest.mark.filterwarnings("ignore")
def test_no_delivery_reads_another_file_or_asks_anybody(ingested, field, tmp_path, figure):
    marker = field.village.markers[0]
    wrong, count, refused, slowest = [], 0, 0, 0.0
    deliveries = list(hostile(tmp_path, marker, field.witness.port))
    field.witness.found()
    for path in deliveries:
        begun = time.process_time()
        try:
            told = ingested(path)
        except PhusaError as error:
            told, refused = error.message, refused + 1
        count, slowest = count + 1, max(slowest, time.process_time() - begun)
        seen = field.witness.found()
        wrong += [f"{path.parent.name}/{path.name}: {one}: {told[:100]}" for one in seen]
        wrong += [f"{path.name}: tells what nobody may get"] if CANARY in told else []
    figure("hostile deliveries that opened no other file and asked nobody", count, unit=f"{refused} of them refused")
    figure("the slowest hostile delivery", slowest, unit="s of the processor", bound=f"≤ {MOST_S:g}")
    assert wrong == []
    assert slowest <= MOST_S
    assert refused > count / 2
