"""Every file holds exactly the features that the API gives, whichever store they come from."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow.parquet as pq
import pytest
import shapely

from sdi.bulk.spreadsheet import MARK
from tests.fair import KEEPER, PLACELESS, STALLS
from tests.sdi.bulk.conftest import Built

COLLECTIONS = ("stalls", "lawns", "odd-things")
Feature = dict[str, Any]


def expected(fair: Built, collection: str) -> list[Feature]:
    """Return the features of the API: places multiple where the layer is, times as instants."""
    found = []
    for one in fair.items(collection):
        place = None if one["geometry"] is None else shapely.from_geojson(json.dumps(one["geometry"]))
        values = {name: moment(value) for name, value in one["properties"].items()}
        found.append({"id": one["id"], "place": None if place is None else shapely.normalize(place), **values})
    return found


def moment(value: Any) -> Any:
    """Return a time as an instant and a day as a day, anything else as it is."""
    if isinstance(value, str) and value[4:5] == "-" and "T" in value:
        return datetime.fromisoformat(value).astimezone(UTC)
    return date.fromisoformat(value) if isinstance(value, str) and value[4:5] == value[7:8] == "-" else value


def single(place: shapely.Geometry | None) -> shapely.Geometry | None:
    """Take a place that is alone out of the multiple one that a layer of one type makes of it."""
    if place is None:
        return None
    return shapely.normalize(place.geoms[0] if hasattr(place, "geoms") and len(place.geoms) == 1 else place)


def of_parquet(path: Path) -> list[Feature]:
    table = pq.read_table(path)
    rows = table.drop_columns(["geometry_bbox"]).to_pylist()
    return [{"place": single(shapely.from_wkb(one.pop("geometry"))), **one} for one in rows]


def of_layer(path: Path) -> list[Feature]:
    frame = gpd.read_file(path, engine="pyogrio")
    assert frame.crs.to_epsg() == 4326
    places = frame.geometry.to_numpy()
    rows = frame.drop(columns="geometry").astype(object).to_dict("records")
    return [{**_plain(one), "place": single(place)} for one, place in zip(rows, places, strict=True)]


def _plain(row: Feature) -> Feature:
    """Take away what pandas and a format without lists do to values."""
    plain: Feature = {}
    for name, value in row.items():
        missing = value is None or value != value or str(value) == "NaT"
        plain[name] = None if missing else value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
        if name == "visits" and isinstance(plain[name], str):
            plain[name] = json.loads(plain[name])
        if name in ("valid_from", "checked") and plain[name] is not None:
            plain[name] = plain[name].astimezone(UTC)
        if name == "opened" and isinstance(plain[name], datetime):
            plain[name] = plain[name].date()
    return plain


def of_csv(path: Path) -> list[Feature]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds: dict[str, Callable[[str], Any]] = {
        "seats": int, "number": int, "height": float, "covered": lambda text: text == "true", "visits": json.loads,
        "opened": moment, "checked": moment, "valid_from": moment,
    }  # fmt: skip
    found = []
    for row in rows:
        lon, lat, wkt = (row.pop(name, "") for name in ("longitude", "latitude", "WKT"))
        place = shapely.Point(float(lon), float(lat)) if lon else shapely.from_wkt(wkt) if wkt else None
        values = {
            name: kinds.get(name, lambda text: text.removeprefix(MARK))(text) if text else None
            for name, text in row.items()
        }
        found.append({**values, "place": single(place)})
    return found


READERS = {"parquet": of_parquet, "fgb": of_layer, "gpkg": of_layer, "csv": of_csv}


@pytest.mark.shows("service")
@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_file_holds_every_feature_of_the_api_and_nothing_else(fair: Built, collection: str, ending: str) -> None:
    found = sorted(READERS[ending](fair.path(collection, ending)), key=lambda one: one["id"])
    wanted = expected(fair, collection)
    assert len(wanted) == {"stalls": STALLS, "lawns": 2, "odd-things": 3}[collection]
    assert sum(one["place"] is None for one in wanted) == (PLACELESS if collection == "stalls" else 0)
    for one, other in zip(found, wanted, strict=True):
        assert one == other


@pytest.mark.parametrize("ending", READERS)
def test_a_file_of_one_level_holds_what_that_level_may_see(fair: Built, ending: str) -> None:
    assert "keeper" not in READERS[ending](fair.path("stalls", ending))[0]
    assert READERS[ending](fair.path("stalls", ending, "restricted"))[0]["keeper"] == KEEPER
    if ending != "parquet":  # which is packed
        assert KEEPER.encode() not in fair.path("stalls", ending).read_bytes()


@pytest.mark.clients
@pytest.mark.parametrize("ending", ["fgb", "gpkg"])
def test_gdal_of_the_system_knows_layer_types_and_titles(fair: Built, ogrinfo: Path, ending: str) -> None:
    path = fair.path("stalls", ending)
    said = subprocess.run([ogrinfo, "-so", path, "stalls"], check=True, capture_output=True, text=True).stdout
    assert "as_of=2026-01-01T00:00:01" in said or ending == "fgb"  # of which this GDAL reads no metadata
    for line in (
        f"Feature Count: {STALLS}", "Geometry: Point", 'ID["EPSG",4326]]', "remark: String", "seats: Integer64",
        "height: Real", "covered: Integer(Boolean)", "opened: Date", "checked: DateTime", "visits: String",
    ):  # fmt: skip
        assert line in said
    assert 'alternative name="Lượt khách"' in said or ending == "gpkg"  # this GDAL reads titles of columns of the one


@pytest.mark.clients
def test_gdal_of_the_system_reads_places_of_the_csv_by_their_column(fair: Built, ogrinfo: Path) -> None:
    path = fair.path("odd-things", "csv")
    said = subprocess.run([ogrinfo, "-al", path], check=True, capture_output=True, text=True).stdout
    assert "POINT (105." in said
    assert "LINESTRING (105." in said
    assert "POLYGON ((105." in said
