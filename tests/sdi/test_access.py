"""Who may see what: things and fields for few, what is withdrawn, and places that are shown roughly."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import orjson
import pytest
import shapely

from sdi import provenance
from sdi.access import level as access
from sdi.access import secret
from sdi.access.generalise import snapped
from sdi.entry import Licence
from sdi.errors import ConflictError, InputError, NotFound, WorkspaceError
from sdi.publishing import projector
from sdi.recording import Batch
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

SIGN = """
register: sign
version: 1.0.0
title: {vi: Biển báo, en: Signs}
location: {role: site, geometry: Point, required: true}
fields:
  at: {type: reference, register: post, title: {vi: Trụ, en: Post}}
  of: {type: reference, register: meter, title: {vi: Đồng hồ, en: Meter}}
publish: {collection: signs, fields: [at, of]}
"""
CAMERA = """
register: trap
version: 1.0.0
title: {vi: Bẫy ảnh, en: Camera traps}
location: {role: site, geometry: Point, required: true}
fields: {}
"""
"""A register that is not published."""


@pytest.fixture
def city(tmp_path, store):
    """Return a city that reads its meters for few, and shows the public about where they are."""
    made = model.build(tmp_path, store)
    for name, text in {"meter": METER, "sign": SIGN, "trap": CAMERA}.items():
        (tmp_path / "catalog" / "registers" / f"{name}.yaml").write_text(text, encoding="utf-8")
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


def post(book, *, few=False):
    """Record a post that all or few may see."""
    with writing(book) as tx:
        level = "restricted" if few else "public"
        place = np.array([point(7)], dtype=object)
        batch = Batch({"height": [7.0]}, place, valid_from="2020-01-01", accuracy=SURVEYED, access=level)
        return book.register("post").add(batch, tx)[0]


def withdraw(book, kind, eid, level):
    """Withdraw a thing."""
    with writing(book) as tx:
        book.register(kind).restrict(eid, tx, level=level)


@pytest.mark.both_stores
def test_what_an_audience_never_saw_is_withdrawn_without_its_publication_being_worked_out_again(city, book):
    unseen, seen = post(book, few=True), post(book)
    with writing(book) as tx:
        (trap,) = model.add(book, "trap", tx, places=[point(9)])
    (meter,) = meters(book, point(12, 34))
    last = book.last_tx
    withdraw(book, "trap", trap, "restricted")
    withdraw(book, "post", unseen, "secret")
    assert not access.withdrawn(book, "public", last)
    assert access.withdrawn(book, "restricted", last)
    for kind, eid, level in (("meter", meter, "secret"), ("post", seen, "restricted")):
        last = book.last_tx
        withdraw(book, kind, eid, level)
        assert access.withdrawn(book, "public", last)
    last = book.last_tx
    withdraw(book, "post", seen, "secret")
    assert not access.withdrawn(book, "public", last)


def test_the_public_file_is_not_touched_where_few_see_less(city, book):
    eid = post(book, few=True)
    projector.refresh(city, book)
    before = city.publication_path("public").read_bytes()
    withdraw(book, "post", eid, "secret")
    projector.refresh(city, book)
    projector.verified(city, book)
    assert city.publication_path("public").read_bytes() == before


@pytest.mark.both_stores
def test_a_reference_to_what_an_audience_may_not_see_is_empty_for_it(city, book):
    unseen, seen = post(book, few=True), post(book)
    (meter,) = meters(book, point(12, 34))
    with writing(book) as tx:
        values = {"at": [unseen, seen], "of": [meter, None]}
        first, second = model.add(book, "sign", tx, places=[point(1), point(2)], values=values)
    projector.refresh(city, book)
    projector.verified(city, book)

    def told(level):
        return {one["id"]: (one["properties"]["at"], one["properties"]["of"]) for one in shown(city, level, "signs")}

    assert told("public") == {first: (None, None), second: (seen, None)}
    assert told("restricted") == {first: (unseen, meter), second: (seen, None)}
    withdraw(book, "post", seen, "restricted")
    projector.refresh(city, book)
    projector.verified(city, book)
    assert told("public") == {first: (None, None), second: (None, None)}


def deliver(book, name, tx, accepted):
    """Say where meters came from."""
    licence = Licence("CC-BY-4.0", "A", name)
    provenance.record(tx, name, "meter", custodian=name, licence=licence, sha256="0" * 64, accepted=accepted)


def test_of_a_delivery_that_brought_nothing_nothing_is_told_and_of_what_is_shown_roughly_its_licence(city, book):
    with writing(book) as tx:
        deliver(book, "Ministry", tx, 0)
    with writing(book) as tx:
        values = {"size": [20], "where_to": ["7 Hòa Bình"]}
        model.add(book, "meter", tx, places=[point()], values=values)
        deliver(book, "Water company", tx, 1)
    assert [custodian for _, custodian in provenance.shown(book, "meter", "public")] == ["Water company"]
    assert [one.attribution for one in provenance.licences(book, "meter", "public")] == ["Water company"]
    assert [custodian for _, custodian in provenance.shown(book, "post", "restricted")] == []


def test_a_table_for_an_audience_leaves_out_what_it_may_not_see(book):
    unseen, seen = post(book, few=True), post(book)
    posts = book.register("post")
    assert posts.table().eids == posts.table(level="restricted").eids == (unseen, seen)
    assert posts.table(level="public").eids == (seen,)
    withdraw(book, "post", seen, "secret")
    assert posts.table(level="restricted").eids == (unseen,)


def test_a_register_file_that_becomes_narrower_is_refused_until_its_things_are_withdrawn(city, book, tmp_path):
    eid = post(book)
    file = tmp_path / "catalog" / "registers" / "post.yaml"
    open_to_all = file.read_text(encoding="utf-8")
    few = open_to_all + "access: restricted\n"
    file.write_text(few, encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"post .* is restricted, but 1 of its things .*phusa thing restrict post"):
        city.registry()
    file.write_text(open_to_all, encoding="utf-8")
    withdraw(book, "post", eid, "restricted")
    file.write_text(few, encoding="utf-8")
    with closing(city.registry()) as again:
        assert access.level_of(again, post(again)) == "restricted"
