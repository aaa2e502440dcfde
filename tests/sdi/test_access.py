"""Who may see what: things and fields for few, what is withdrawn, and places that are shown roughly."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import orjson
import pytest
import shapely

from sdi.access import level as access
from sdi.access import secret
from sdi.access.generalise import snapped
from sdi.errors import ConflictError, InputError, NotFound
from sdi.publishing import projector
from tests import model
from tests.model import SURVEYED, X, Y, point, writing

METER = """
register: meter
version: 1.0.0
title: {vi: Đồng hồ nước, en: Water meters}
access: restricted
location: {role: site, geometry: Point, required: true}
identity: {schemes: [valve-number]}
names: [vi]
fields:
  size: {type: integer, unit: mm, title: {vi: Cỡ, en: Size}}
  where_to: {type: text, max_length: 80, required: true, title: {vi: Địa chỉ, en: Place}}
  pipe: {type: reference, register: pipe, title: {vi: Ống, en: Pipe}}
  customer: {type: text, max_length: 80, access: secret, title: {vi: Khách, en: Customer}}
publish: {collection: meters, fields: [size, where_to, pipe], generalise_m: 50}
"""


@pytest.fixture
def city(tmp_path, store):
    """Return a city that reads its meters for few, and shows the public about where they are."""
    made = model.build(tmp_path, store)
    (tmp_path / "catalog" / "registers" / "meter.yaml").write_text(METER, encoding="utf-8")
    return made


def meters(book, *places, **values):
    """Record meters."""
    count = len(places)
    said = {"size": [20] * count, "where_to": ["7 Hòa Bình"] * count, **values}
    with writing(book) as tx:
        return model.add(book, "meter", tx, places=places, values=said, names={"vi": ["Nhà ông An"] * count})


def shown(city, level="public", name="meters"):
    """Return the features of a collection."""
    with closing(city.publication(level)) as publication:
        return [orjson.loads(one) for one in publication.items(name, limit=100).features]


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_the_public_sees_a_meter_in_the_centre_of_its_square_and_nothing_that_leads_to_it(city, book, figure):
    (eid,) = meters(book, point(12, 34))
    projector.refresh(city, book)
    projector.verified(city, book)
    (feature,) = shown(city)
    assert feature["id"] == eid
    expected = {"name": None, "status": "active", "size": 20, "where_to": None, "pipe": None, "generalised_m": 50.0}
    assert {key: value for key, value in feature["properties"].items() if key != "valid_from"} == expected
    told = city.crs.to_storage(np.array([shapely.Point(feature["geometry"]["coordinates"])]), "OGC:CRS84")[0]
    assert (round(told.x, 2), round(told.y, 2)) == (X + 25, Y + 25)
    (exact,) = shown(city, "restricted")
    assert exact["properties"]["where_to"] == "7 Hòa Bình"
    figure("distance of the centre shown from a meter 13 m and 9 m off it", told.distance(point(12, 34)), unit="m")


def test_a_meter_that_moves_within_its_square_moves_for_few_alone(city, book):
    (eid,) = meters(book, point(12, 34))
    projector.refresh(city, book)
    with writing(book) as tx:
        book.register("meter").move(eid, point(40, 2), tx, valid_from="2025-01-01", accuracy=SURVEYED)
    projector.refresh(city, book)
    projector.verified(city, book)
    counts = []
    for level in projector.LEVELS:
        with closing(city.publication(level)) as publication:
            counts.append((len(publication.versions("meter", eid)), publication.sequence))
    assert counts == [(1, 1), (3, 2)]


@pytest.mark.parametrize("x", [-0.001, 0.0, 12.5, 49.999])
def test_every_place_of_a_square_has_the_same_centre(x):
    assert shapely.from_wkb(snapped(shapely.to_wkb(shapely.Point(100 + x % 50, -20)), 50)).coords[0] == (125, -25)


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_post_that_is_withdrawn_was_never_seen_and_the_feed_begins_anew(city, book):
    with writing(book) as tx:
        kept, gone = model.add(book, "post", tx, places=[point(), point(9)], identifiers={"light-tag": ["L1", "L2"]})
    with writing(book) as tx:
        book.register("post").change(gone, {"height": 4.0}, tx, valid_from="2024-01-01")
    projector.refresh(city, book)
    with closing(city.publication("public")) as public:
        name, last = public.changes(limit=10).name, public.sequence
    with writing(book) as tx:
        book.register("post").restrict(gone, tx)
    projector.refresh(city, book)
    projector.verified(city, book)
    with closing(city.publication("public")) as public:
        feed = public.changes(limit=10)
        assert (last, feed.last, [one.eid for one in feed.changes]) == (2, 1, [kept])
        assert feed.name != name
        with pytest.raises(NotFound):
            public.thing("post", gone)
        assert public.search("L2", limit=5) == ()
    assert [one["id"] for one in shown(city, "restricted", "posts")] == [kept, gone]
    assert access.level_of(book, gone) == "restricted"
    with pytest.raises(ConflictError, match="only becomes narrower"), writing(book) as tx:
        book.register("post").restrict(gone, tx)


def test_a_post_withdrawn_as_secret_is_in_no_publication(city, book):
    with writing(book) as tx:
        (eid,) = model.add(book, "post", tx, places=[point()])
    projector.refresh(city, book)
    with writing(book) as tx:
        book.register("post").restrict(eid, tx, level="secret")
    projector.refresh(city, book)
    projector.verified(city, book)
    assert [shown(city, level, "posts") for level in projector.LEVELS] == [[], []]


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_secret_field_is_kept_beside_the_open_thing_and_read_with_it(city, book, store):
    (eid,) = meters(book, point())
    with closing(city.secret_registry(store)) as hidden:
        for day, who in (("2024-01-01", "An"), ("2025-01-01", "Bình")):
            with hidden.transaction("test", "customers") as tx:
                secret.change(hidden, "meter", eid, {"customer": who}, tx, valid_from=day)
        records = [secret.find(hidden, "meter", eid, valid=day) for day in ("2024-06-01", "2026-01-01")]
        assert [one.values["customer"] for one in records] == ["An", "Bình"]
        assert secret.find(hidden, "meter", eid).values["where_to"] == "7 Hòa Bình"
        assert hidden.verify() == 3
        with pytest.raises(InputError, match="is not secret"), hidden.transaction("test", "x") as tx:
            secret.change(hidden, "meter", eid, {"size": 3}, tx, valid_from="2025-01-01")
    assert book.register("meter").find(eid).values["customer"] is None
    with pytest.raises(InputError, match="--secret"), writing(book) as tx:
        book.register("meter").change(eid, {"customer": "An"}, tx, valid_from="2025-01-01")
    with pytest.raises(InputError, match="--secret"):
        meters(book, point(5), customer=["An"])
