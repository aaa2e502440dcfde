"""Tiles mean the same on both stores: PostGIS writes them itself, and of a GeoPackage we do."""

from __future__ import annotations

from contextlib import ExitStack, closing

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from sdi.declaration import Label
from sdi.errors import InputError
from sdi.history import OPEN
from sdi.publishing import tiling
from sdi.publishing.collection import Collection
from sdi.store import publication_database
from sdi.store.choice import Home
from sdi.tile.quad import Tile, fraction

USES = ("ODT", "ONT", "LUC", "CLN")
COLUMNS = {"use": "TEXT", "floors": "INTEGER", "height": "REAL", "listed": "BOOLEAN", "remark": "TEXT"}
TYPES = {"use": "string", "floors": "integer", "height": "number", "listed": "boolean", "remark": "string"}
LON, LAT = 105.78, 10.03
OPTIONS = {"y_coord_down": True}


def collection(name: str, geometry: str = "Any") -> Collection:
    """Describe a collection as a publication would."""
    said = Label(name, name)
    return Collection(
        name=name, kind="thing", title=said, description=said, keywords=(), geometry=geometry, storage_crs="",
        schema={"properties": {name: {"type": kind} for name, kind in TYPES.items()}}, record={}, style={"by": "use"},
        attribution="", licence={}, bulk=False, notice=None, tiles=True, order=1, count=1, extent=(-180, -90, 180, 90),
        interval=(None, None), version=1,
    )  # fmt: skip


def fill(package, name, places, remark="") -> None:
    """Put places into a collection, each with values that follow from its number."""
    places = np.asarray(places, dtype=object)
    bounds = shapely.bounds(places)
    boxes = np.where(np.isnan(bounds), None, bounds.astype(object))
    package.define(name, COLUMNS, "GEOMETRY", name)
    rows = [
        (fid, f"id-{fid}", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 1, OPEN, *box, b"{}")
        for fid, box in enumerate(boxes.tolist(), 1)
    ]
    versions = package.add_history(name, rows)
    current = [
        (
            fid,
            place,
            f"id-{fid}",
            USES[fid % 4],
            fid % 9 - 4,
            fid / 4 if fid % 3 else None,
            fid % 2 == 0,
            remark and f"{fid} {remark}",
            version,
        )
        for fid, (place, version) in enumerate(zip(package.base.places(places), versions, strict=True), 1)
    ]
    package.add_current(name, current, bounds)


def parcels(count: int, size: float = 0.0002) -> np.ndarray:
    """Squares of some 20 m with a jitter, each third one with a hole, each fifth one with a second part."""
    dice = np.random.default_rng(1)
    row, column = np.divmod(np.arange(count), int(np.ceil(count**0.5)))
    x, y = LON + column * size + dice.uniform(0, size / 5, count), LAT + row * size + dice.uniform(0, size / 5, count)
    made = shapely.box(x, y, x + size * 0.75, y + size * 0.6)
    made[::3] = shapely.difference(made[::3], shapely.buffer(shapely.centroid(made[::3]), size / 8, quad_segs=2))
    made[::5] = shapely.union(
        made[::5], shapely.box(x[::5], y[::5] + size * 0.65, x[::5] + size / 2, y[::5] + size * 0.9)
    )
    return made


LINES = shapely.linestrings(
    LON + np.random.default_rng(2).normal(0, 0.02, (300, 7, 2)).cumsum(axis=1) * [1, 0.5] * 0.1 + [0, LAT - LON]
)
POINTS = shapely.points(
    LON + np.random.default_rng(3).uniform(0, 0.2, 12_000), LAT + np.random.default_rng(4).uniform(0, 0.2, 12_000)
)
ODD = [
    None, shapely.Point(), shapely.Polygon(), shapely.GeometryCollection(),
    shapely.Polygon([(LON, LAT), (LON + 0.01, LAT + 0.01), (LON + 0.01, LAT), (LON, LAT + 0.01), (LON, LAT)]),
    shapely.Polygon([(LON, LAT), (LON + 0.01, LAT), (LON + 0.01, LAT), (LON, LAT), (LON, LAT)]),
    shapely.LineString([(LON, LAT), (LON, LAT)]),
    shapely.GeometryCollection([shapely.Point(LON, LAT), shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)]),
    shapely.MultiPoint([(LON, LAT), (LON, LAT), (LON + 0.001, LAT)]),
    shapely.box(-180, -90, 180, 90),
    shapely.box(179.99, 9, 180, 11), shapely.box(-180, 9, -179.99, 11), shapely.LineString([(-180, 10), (180, 10)]),
    shapely.Point(180, 10), shapely.Point(-180, 10), shapely.Point(0, 90), shapely.Point(0, -90),
    shapely.Point(0, 85.06),
    shapely.box(10, 80, 20, 90),
]  # fmt: skip


@pytest.fixture(scope="module")
def bases(tmp_path_factory, cluster):
    """Return the databases of two publications that hold the same."""
    address, folder = cluster.database(), tmp_path_factory.mktemp("tiles")
    homes = [
        Home(folder / "public.gpkg", "publication_public"),
        Home(folder / "none", "publication_public", address, address),
    ]
    with ExitStack() as stack:
        for home in homes:
            with home.beside() as package, package.writing():
                fill(package, "parcels", parcels(20_000))
                fill(package, "few", parcels(900))
                fill(package, "lines", LINES)
                fill(package, "points", POINTS)
                fill(package, "odd", ODD)
                fill(package, "prose", parcels(300), "vô cùng dài " * 200)
        yield [stack.enter_context(closing(home.open())).base for home in homes]
    cluster.drop(address)


def at(level: int, lon: float = LON + 0.005, lat: float = LAT + 0.005) -> Tile:
    """Return the tile in which a place lies."""
    return Tile(level, int(fraction(lat) * 2**level), int((lon + 180) / 360 * 2**level))


def features(drawn, name):
    """Return the features of a tile by their number."""
    layers = mapbox_vector_tile.decode(drawn.content, default_options=OPTIONS) if drawn.content else {}
    assert set(layers) <= {name}
    read = {one["id"]: one for one in layers.get(name, {"features": []})["features"]}
    assert len(read) == drawn.shown
    return read


def both(bases, name, tile, geometry="Any"):
    """Return what both stores show of a tile; they must agree on how much."""
    (one, share), (two, same) = (tiling.tile(base, collection(name, geometry), tile) for base in bases)
    assert share == same
    assert max(len(one.content), len(two.content)) <= tiling.CAP
    return features(one, name), features(two, name), share


def told(read):
    return {fid: one["properties"] for fid, one in read.items()}


def apart(one, two):
    """Return the largest distance of what two stores show of the same feature within the tile itself [unit]."""
    tile = shapely.box(0, 0, 4096, 4096)
    pairs = ((shapely.geometry.shape(read[fid]["geometry"]) for read in (one, two)) for fid in one)
    seen = ((left.intersection(tile), right) for left, right in pairs)
    return max((_miss(left, right) for left, right in seen if not left.is_empty), default=0.0)


def _miss(left, right):
    """Return how far the corners of one geometry lie from another."""
    return float(shapely.distance(shapely.points(shapely.get_coordinates(left)), right).max())


@pytest.mark.shows("service")
@pytest.mark.parametrize("level", [11, 12, 14, 15, 16, 18])
@pytest.mark.parametrize(("name", "geometry"), [("few", "Polygon"), ("lines", "LineString"), ("points", "Point")])
def test_both_stores_show_the_same_features_with_the_same_properties(bases, level, name, geometry):
    one, two, _ = both(bases, name, at(level), geometry)
    assert told(one) == told(two)
    assert one
    assert apart(one, two) <= (0 if name == "points" else 2)


def test_features_keep_their_number_and_every_property_that_they_have(bases):
    one, _, share = both(bases, "few", at(16), "Polygon")
    assert share == "whole"
    for fid, feature in one.items():
        said = {"id": f"id-{fid}", "use": USES[fid % 4], "floors": fid % 9 - 4, "listed": fid % 2 == 0, "remark": ""}
        assert feature["properties"] == said | ({"height": fid / 4} if fid % 3 else {})
        assert type(feature["properties"]["listed"]) is bool


def test_holes_and_second_parts_arrive_on_both(bases):
    for read in both(bases, "few", at(16), "Polygon")[:2]:
        for fid, feature in read.items():
            area = shapely.geometry.shape(feature["geometry"])
            if area.bounds[0] > 0 and area.bounds[2] < 4096 and area.bounds[1] > 0 and area.bounds[3] < 4096:
                parts = shapely.get_parts(area)
                assert len(parts) == (2 if fid % 5 == 1 else 1)
                assert sum(len(one.interiors) for one in parts) == (fid % 3 == 1)


@pytest.mark.shows("service")
def test_a_tile_of_20_000_parcels_stays_small_and_shows_the_same_largest_ones(bases, figure):
    one, two, share = both(bases, "parcels", at(12), "Polygon")
    assert share == "largest"
    assert set(one) == set(two)
    assert len(one) == tiling.LEAN
    bounds = shapely.bounds(parcels(20_000))
    shown = np.isin(np.arange(1, 20_001), list(one))
    inside = shapely.intersects(shapely.box(*bounds.T), shapely.box(*at(12).box))
    sides = np.diff(bounds.reshape(-1, 2, 2), axis=1).sum(axis=(1, 2))
    assert sides[shown].min() >= sides[inside & ~shown].max()
    assert all(set(feature["properties"]) == {"use"} for feature in one.values())
    figure(
        "largest tile of 20,000 parcels",
        len(tiling.tile(bases[0], collection("parcels"), at(12))[0].content),
        "byte",
        "≤ 500,000",
    )


def test_with_more_features_each_has_its_class_alone(bases):
    beside = (at(level, LON + east) for level in (13, 14) for east in np.arange(0, 0.03, 0.005))
    tile = next(one for one in beside if tiling.WHOLE < bases[0].crowd("parcels", one, 99_999) <= tiling.LEAN)
    one, two, share = both(bases, "parcels", tile, "Polygon")
    assert share == "lean"
    assert told(one) == told(two)
    assert tiling.WHOLE < len(one) <= tiling.LEAN


def test_points_are_thinned_evenly_and_alike(bases):
    one, two, share = both(bases, "points", at(9), "Point")
    assert share == "largest"
    assert told(one) == told(two)
    assert apart(one, two) == 0
    kept = shapely.get_coordinates(POINTS[[fid - 1 for fid in one]])
    quarters = np.histogram2d(*kept.T, bins=2)[0].ravel()
    assert quarters.min() > 0.9 * quarters.max()


def test_long_texts_are_left_out_before_features_are(bases):
    one, two, share = both(bases, "prose", at(12), "Polygon")
    assert (share, len(one), len(two)) == ("lean", 300, 300)


@pytest.mark.parametrize("lon", [-180, 0, LON, 179.995])
@pytest.mark.parametrize("lat", [-85, 10, 85])
@pytest.mark.parametrize("level", [0, 1, 7, 14, 18])
def test_odd_places_and_the_edges_of_the_world_break_nothing(bases, level, lon, lat):
    tile = at(level, lon, lat)
    for read in both(bases, "odd", tile)[:2]:
        for feature in read.values():
            place = shapely.geometry.shape(feature["geometry"])
            assert place.is_valid
            assert shapely.get_coordinates(place).min() >= -64
            assert shapely.get_coordinates(place).max() <= 4160


def test_the_two_sides_of_the_antimeridian_lie_at_the_two_ends_of_the_world(bases):
    row = at(6, 0, 10).row
    for read in both(bases, "odd", Tile(6, row, 63))[:2]:
        assert {11, 13, 14} <= set(read)
        assert not {12, 15} & set(read)
    for read in both(bases, "odd", Tile(6, row, 0))[:2]:
        assert {12, 13, 15} <= set(read)
        assert not {11, 14} & set(read)


def test_a_pole_is_on_no_map_and_what_reaches_it_is_cut(bases):
    for read in both(bases, "odd", Tile(0, 0, 0))[:2]:
        assert not {16, 17} & set(read)
        assert 19 in read


def stars(count, corners, noise):
    """Return outlines with far more corners than a map shows."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = 0.01 * (1 + noise * np.random.default_rng(6).uniform(0, 1, (count, corners)))
    shift = LON + np.arange(count)[:, None] * 1e-5
    return shapely.polygons(np.stack([shift + radius * np.cos(angle), LAT + radius * np.sin(angle)], axis=2))


@pytest.mark.parametrize(("outlines", "extent"), [((1, 60_000, 0.4), 4096), ((400, 1_000, 0.02), 1024)])
def test_outlines_with_too_many_corners_are_drawn_coarser(tmp_path, outlines, extent):
    home = Home(tmp_path / "public.gpkg", "x")
    with home.beside() as package, package.writing():
        fill(package, "star", stars(*outlines))
    with closing(home.open()) as package:
        drawn, _ = tiling.tile(package.base, collection("star"), at(13, LON, LAT))
    layer = mapbox_vector_tile.decode(drawn.content)["star"]
    assert layer["extent"] == extent
    assert layer["features"]
    assert len(drawn.content) <= tiling.CAP


@pytest.mark.parametrize("store", [0, 1])
def test_to_choose_among_too_many_is_stopped(bases, store, monkeypatch):
    monkeypatch.setattr(publication_database, "QUESTION_S", 0.001)
    with pytest.raises(InputError, match=r"tile 12/\d+/\d+ of parcels takes longer") as caught:
        tiling.tile(bases[store], collection("parcels"), at(12))
    assert caught.value.code == "question-too-costly"
    monkeypatch.undo()
    assert tiling.tile(bases[store], collection("parcels"), at(12))[0].shown == tiling.LEAN


def test_crowds_are_counted_alike_and_no_further_than_asked(bases):
    for tile, most in ((at(12), 99_999), (at(15), 99_999), (at(12), 500)):
        counts = {base.crowd("parcels", tile, most) for base in bases}
        assert len(counts) == 1
        assert counts.pop() <= most + 1
