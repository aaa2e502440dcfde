"""Acceptance case 7: a parcel's code recomputed with another datum shift differs. That is a warning, never a write."""

from __future__ import annotations

from contextlib import closing

import geopandas as gpd
import numpy as np
import pytest
import shapely

from catalogs import packaged
from pipelines import ingest
from sdi.crs import StorageCRS
from sdi.place import geohash
from sdi.workspace import Workspace

X, Y = 614_816.03231732, 1_108_132.7366715
"""A point of Cần Thơ [m, EPSG:5897] that the reference gives both codes of."""
ISSUED, RECOMPUTED = "w3g2vpys7xgp", "w3g2vpys7rvt"
"""Its codes by the operations 1 and 2 from VN-2000 to WGS 84, both good to 1 m."""
ELSEWHERE = "w3g2vpyg0000"
CITY = """
name: parcels
title: {{vi: Thành phố thửa đất, en: City of parcels}}
crs: EPSG:5897
operation: VN-2000 to WGS 84 ({operation})
{store}
"""
ENTRY = """
entry: parcels
title: {vi: Thửa đất, en: Parcels}
register: parcel
source: {path: parcels.gpkg}
licence: {name: CC0-1.0, grade: A, attribution: Test, bulk: true}
custodian: Test
valid_from: 2025-09-01
accuracy: {horizontal_m: 0.1, method: total_station}
identifiers: {vn-parcel-gh12: code}
fields: {legal_area: area}
"""


def city(folder, operation: int, store: str | None = None) -> Workspace:
    """Make a city with one of the two operations pinned."""
    folder.mkdir(parents=True, exist_ok=True)
    told = CITY.format(operation=operation, store=f"store: {store}" if store else "")
    (folder / "city.yaml").write_text(told, encoding="utf-8")
    return Workspace.make(folder / "city", folder / "city.yaml", packaged())


def load(made: Workspace, folder, *codes: str):
    """Deliver parcels of 10 by 10 m in a row, with these codes; return the report and the city's registry."""
    places = [shapely.box(X - 5 + 20 * at, Y - 5, X + 5 + 20 * at, Y + 5) for at in range(len(codes))]
    frame = gpd.GeoDataFrame({"code": codes, "area": [100.0] * len(codes)}, geometry=places, crs="EPSG:5897")
    frame.to_file(folder / "parcels.gpkg")
    (folder / "parcels.yaml").write_text(ENTRY, encoding="utf-8")
    with closing(made.registry()) as registry:
        entry = registry.catalog.read_entries(folder / "parcels.yaml")["parcels"]
        loaded = ingest.run(entry, made, registry, folder)
        parcels = registry.register("parcel")
        kept = [parcels.find(eid).identifiers["vn-parcel-gh12"] for eid in parcels.list()]
    return loaded.report, kept


def told(report) -> dict[str, list[str]]:
    """Return what a report says of codes that tell a position."""
    found: dict[str, list[str]] = {}
    for one in report.findings:
        if one.code in {"identifier-recomputed", "identifier-elsewhere"}:
            assert one.action == "accepted"
            found.setdefault(one.code, []).append(one.message)
    return found


def test_two_valid_operations_put_one_point_81_centimetres_apart():
    point = np.array([shapely.Point(X, Y)], dtype=object)
    for operation, code in ((1, ISSUED), (2, RECOMPUTED)):
        placed = StorageCRS("EPSG:5897", f"VN-2000 to WGS 84 ({operation})").to_crs84(point)
        assert geohash.encode(shapely.get_coordinates(placed)) == [code]


@pytest.fixture
def workspace(tmp_path, store) -> Workspace:
    """Return a city that pins the other operation than the one that the code was issued with."""
    return city(tmp_path, 2, store)


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_code_recomputed_with_another_datum_shift_is_a_warning_and_no_write(tmp_path, workspace, figure):
    report, kept = load(workspace, tmp_path, ISSUED)
    assert report.outcome == "accepted"
    assert kept == [ISSUED]
    message = (
        "1 of 1 codes of vn-parcel-gh12 are not what the place would give today, at most 0.00 m outside it: another "
        "point, survey or datum operation; they are kept as they were issued"
    )
    assert told(report) == {"identifier-recomputed": [message]}
    figure("parcel codes rewritten after another datum shift", 0, "1", f"{ISSUED} kept, {RECOMPUTED} never written")


def test_a_code_of_another_place_is_named_with_its_row_and_loaded(tmp_path):
    report, kept = load(city(tmp_path, 2), tmp_path, RECOMPUTED, ELSEWHERE)
    assert kept == [RECOMPUTED, ELSEWHERE]
    (message,) = told(report)["identifier-elsewhere"]
    assert message.startswith(f"vn-parcel-gh12 {ELSEWHERE} names a place ")
    assert [one.row for one in report.findings if one.code == "identifier-elsewhere"] == [1]
    assert "1 of 2 codes" in told(report)["identifier-recomputed"][0]
