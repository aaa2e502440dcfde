"""Tiles for looking from far away: dissolved once for a state of a collection, and never shown for another one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
import shapely
from starlette.testclient import TestClient

from catalogs import packaged
from pipelines import tiles
from pipelines.__main__ import main
from sdi.errors import ConflictError, NotFound
from sdi.publishing import overview, projector, tiling
from sdi.recording import Batch
from sdi.service import application
from sdi.store import tilefile
from sdi.tile.quad import Tile, fraction
from sdi.workspace import Workspace
from tests.sdi.conftest import WORKSPACE

LOT = """
register: lot
version: 1.0.0
title: {vi: Lô đất, en: Lots}
location: {role: site, geometry: Polygon, required: true}
identity: {schemes: []}
fields:
  use: {type: text, max_length: 3, title: {vi: Mục đích, en: Use}}
  scenario: {type: text, max_length: 9, title: {vi: Kịch bản, en: Scenario}}
on_bad_row: refuse
publish: {collection: lots, fields: [use, scenario], keywords: [lots], style: lot, tiles: true, order: 1}
"""
STYLE = """
style: lot
geometry: fill
by: use
alternatives: scenario
default: {color: '#888888', width: 1, opacity: 0.8}
classes:
  - {value: ODT, color: '#ffcc00', title: {vi: Đất ở, en: Housing}}
  - {value: CLN, color: '#00aa00', title: {vi: Cây lâu năm, en: Orchard}}
minzoom: 0
"""
SIDE, STEP, COUNT = 20.0, 24.0, 30
WEST, SOUTH = 585_000.0, 1_109_000.0


def lots() -> Batch:
    """Squares of 20 m with streets of 4 m between them; the western half is housing, the eastern one orchards."""
    row, column = np.divmod(np.arange(COUNT * COUNT), COUNT)
    x, y = WEST + STEP * column, SOUTH + STEP * row
    uses = np.where(column < COUNT // 2, "ODT", "CLN").tolist()
    return Batch({"use": uses, "scenario": ["dry"] * len(uses)}, shapely.box(x, y, x + SIDE, y + SIDE))


@pytest.fixture
def city(tmp_path, store, monkeypatch) -> Workspace:
    """Return a city of 900 lots, in which a tile with 300 of them has too many."""
    monkeypatch.setattr(tiling, "WHOLE", 150)
    monkeypatch.setattr(tiling, "LEAN", 300)
    monkeypatch.setattr(overview, "LEAN", 300)
    description, place = tmp_path / "description.yaml", tmp_path / "city"
    description.write_text(WORKSPACE + (f"store: {store}\n" if store else ""), encoding="utf-8")
    Workspace.make(place, description, packaged())
    for name, text in {"registers/lot.yaml": LOT, "styles/lot.yaml": STYLE}.items():
        (place / "catalogs" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "catalogs" / name).write_text(text, encoding="utf-8")
    workspace = Workspace.open(place, packaged())
    write(workspace, lots())
    return workspace


def write(workspace: Workspace, batch: Batch) -> None:
    with closing(workspace.registry()) as registry:
        with registry.transaction("test", "lots") as tx:
            registry.register("lot").add(batch, tx)
        projector.refresh(workspace, registry)


def middle(workspace: Workspace, level: int) -> Tile:
    with closing(workspace.publication("public")) as publication:
        west, south, east, north = publication.collection("lots").extent
    lon, lat = (west + east) / 2, (south + north) / 2
    return Tile(level, int(fraction(lat) * 2**level), int((lon + 180) / 360 * 2**level))


def asked(client, tile, **headers):
    return client.get(
        f"/ogc/collections/lots/tiles/WebMercatorQuad/{tile.level}/{tile.row}/{tile.column}", headers=headers
    )


def areas(content, tile):
    """Return the area of each class [m2 of the map]."""
    read = mapbox_vector_tile.decode(content)["lots"]["features"]
    found: dict[str, float] = {}
    for one in read:
        found[one["properties"]["use"]] = (
            found.get(one["properties"]["use"], 0) + shapely.geometry.shape(one["geometry"]).area
        )
    unit = (tile.metres[2] - tile.metres[0]) / 4096
    return {use: area * unit**2 for use, area in found.items()}


@pytest.mark.both_stores
@pytest.mark.shows("service")
def test_far_views_show_areas_of_a_class_until_the_collection_changes(city, figure):
    with TestClient(application(city)) as client:
        far, near = middle(city, 11), middle(city, 18)
        before = asked(client, far)
        assert before.headers["tile-content"] == "largest; features=300"
        deepest = tiles.run(city)["public/lots"]
        dissolved = asked(client, far, **{"If-None-Match": before.headers["etag"]})
        assert dissolved.status_code == 200
        assert dissolved.headers["tile-content"] == "dissolved"
        assert asked(client, near).headers["tile-content"].startswith("whole")
        assert deepest < 18
        assert asked(client, far, **{"If-None-Match": dissolved.headers["etag"]}).status_code == 304
        read = mapbox_vector_tile.decode(dissolved.content)["lots"]["features"]
        assert [one["properties"] for one in read] == [{"use": use, "scenario": "dry"} for use in ("CLN", "ODT")]
        stretch = 1 / np.cos(np.radians(10.03)) ** 2
        blocks = (COUNT // 2 * STEP - 4) * (COUNT * STEP - 4) * stretch
        for use, area in areas(dissolved.content, far).items():
            figure(
                f"area of {use} dissolved, of its blocks with their streets",
                round(area / blocks, 3),
                "1",
                "0.95 to 1.05",
            )
            assert area == pytest.approx(blocks, rel=0.05)
        write(
            city,
            Batch(
                {"use": ["CLN"], "scenario": ["dry"]}, np.array([shapely.box(WEST, SOUTH - 99, WEST + 90, SOUTH - 9)])
            ),
        )
        after = asked(client, far, **{"If-None-Match": dissolved.headers["etag"]})
        assert (after.status_code, after.headers["tile-content"]) == (200, "largest; features=300")
        tiles.run(city, ["lots"])
        assert asked(client, far).headers["tile-content"] == "dissolved"


def test_other_programs_read_the_file(city):
    tiles.run(city)
    path = city.tiles("public") / "lots.mbtiles"
    assert pyogrio.read_info(path)["layer_name"] == "lots"
    frame = pyogrio.read_dataframe(path)
    assert set(frame["use"]) == {"ODT", "CLN"}
    edges = frame.to_crs(4326).total_bounds
    with closing(city.publication("public")) as publication:
        extent = publication.collection("lots").extent
    assert edges == pytest.approx(extent, abs=1e-4)


def test_the_file_of_others_than_the_public_is_for_its_owner_alone(city):
    tiles.run(city)
    assert (city.tiles("restricted") / "lots.mbtiles").stat().st_mode & 0o077 == 0


def test_things_that_exclude_each_other_are_kept_apart(city):
    wet = lots()
    write(city, Batch({"use": wet.values["use"], "scenario": ["wet"] * COUNT**2}, wet.geometry))
    tiles.run(city)
    tile = middle(city, 11)
    read = mapbox_vector_tile.decode(tilefile.read(city.tiles("public") / "lots.mbtiles", tile))["lots"]["features"]
    assert sorted((one["properties"]["scenario"], one["properties"]["use"]) for one in read) == [
        ("dry", "CLN"), ("dry", "ODT"), ("wet", "CLN"), ("wet", "ODT"),
    ]  # fmt: skip


def test_a_damaged_file_is_not_used(city, caplog):
    tiles.run(city)
    path = city.tiles("public") / "lots.mbtiles"
    path.write_bytes(b"no database at all" * 100)
    with TestClient(application(city)) as client:
        assert asked(client, middle(city, 11)).headers["tile-content"].startswith("largest")
    assert "cannot be read" in caplog.text


def spoil(path):
    """Write something else in the place of every tile."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE tiles SET tile_data = ?", (b"not packed",))


def forget(path):
    """Leave out how deep the tiles go."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM metadata WHERE name = 'maxzoom'")


@pytest.mark.parametrize("harm", [spoil, forget])
def test_a_file_that_is_damaged_in_part_is_not_used(city, caplog, harm):
    tiles.run(city)
    harm(city.tiles("public") / "lots.mbtiles")
    with TestClient(application(city)) as client:
        first = asked(client, middle(city, 11))
        assert first.headers["tile-content"] == "largest; features=300"
        tiles.run(city)
        again = asked(client, middle(city, 11), **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.headers["tile-content"]) == (200, "dissolved")
    assert "cannot be read" in caplog.text


def test_a_file_that_goes_after_it_was_looked_up_is_not_used(city, caplog, monkeypatch):
    tiles.run(city)
    real = tilefile.read

    def late(path, square):
        path.unlink()
        return real(path, square)

    monkeypatch.setattr(tilefile, "read", late)
    with TestClient(application(city)) as client:
        assert asked(client, middle(city, 11)).headers["tile-content"] == "largest; features=300"
    assert "cannot be read" in caplog.text


def withdraw(workspace: Workspace) -> None:
    """Show one lot to few alone from now on."""
    with closing(workspace.registry()) as registry:
        eid = registry.store.select("SELECT eid FROM entity WHERE kind = 'lot' LIMIT 1")[0][0]
        with registry.transaction("test", "withdrawn") as tx:
            registry.register("lot").restrict(eid, tx)
        projector.refresh(workspace, registry)


def test_outlines_of_what_is_withdrawn_are_in_no_file_from_the_moment_it_is(city):
    tiles.run(city)
    withdraw(city)
    assert not list(city.tiles("public").iterdir())


def test_outlines_of_what_is_withdrawn_meanwhile_do_not_come_back(city, monkeypatch):
    real = overview._grouped

    def meanwhile(*arguments):
        withdraw(city)
        return real(*arguments)

    monkeypatch.setattr(overview, "_grouped", meanwhile)
    with pytest.raises(ConflictError, match="run `phusa tiles` again"):
        tiles.run(city)
    assert not list(city.tiles("public").iterdir())


def test_the_file_of_a_collection_that_is_not_dissolved_any_more_goes(city):
    tiles.run(city)
    other = city.tiles("public") / "gone.mbtiles"
    other.write_bytes((city.tiles("public") / "lots.mbtiles").read_bytes())
    tiles.run(city, ["lots"])
    assert [one.name for one in city.tiles("public").iterdir()] == ["lots.mbtiles"]


def test_where_no_tile_has_too_many_features_there_is_no_overview(city, monkeypatch):
    tiles.run(city)
    monkeypatch.setattr(overview, "LEAN", 10_000)
    assert tiles.run(city) == {}
    assert not (city.tiles("public") / "lots.mbtiles").exists()


def test_the_command_says_what_it_made_and_refuses_what_is_not_there(city, capsys):
    assert main(["tiles", "-w", str(city.folder), "lots"]) == 0
    assert "public/lots" in capsys.readouterr().out
    with pytest.raises(NotFound, match="expected one of lots"):
        tiles.run(city, ["nothing"])


def test_what_a_killed_process_left_half_written_is_swept(tmp_path):
    gone, own = tmp_path / ".lots.mbtiles-999999999", tmp_path / f".lots.mbtiles-{os.getpid()}"
    for one in (gone, own, tmp_path / "lots.mbtiles"):
        one.write_bytes(b"x")
    overview.empty(tmp_path, kept=["lots"])
    assert sorted(one.name for one in tmp_path.iterdir()) == [own.name, "lots.mbtiles"]
