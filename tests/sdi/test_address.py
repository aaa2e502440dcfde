"""Addresses: given and replaced, read with the name that the street bore then, and found by old and new ones."""

from __future__ import annotations

from contextlib import closing

import orjson
import pytest
import shapely

from sdi.errors import InputError, NotInRegister
from sdi.place.address import Address
from sdi.publishing import projector
from tests.model import SURVEYED, add, point, retire, writing

pytestmark = pytest.mark.both_stores
RENAMED = "2025-01-01"


@pytest.fixture
def street(book):
    """Return a street."""
    with writing(book, "street") as tx:
        line = shapely.LineString([point(), point(1000)])
        return add(book, "road", tx, places=[line], names={"vi": ["Đường Lộ 20"]}, identifiers={"road-code": ["R1"]})[0]


@pytest.fixture
def house(book, street):
    """Return a house along the street."""
    with writing(book, "house") as tx:
        address = Address("12", None, street, "Khu vực 3")
        return add(book, "house", tx, places=[point(10, 5)], addresses=[address])[0]


def rename(book, street, name="Đường Trần Hoàng Na"):
    """Give the street another name."""
    with writing(book, "renamed") as tx:
        book.register("road").change(street, {}, tx, valid_from=RENAMED, names={"vi": name})


def read(book, house, day=None, **options):
    """Return the address of the house in one line."""
    return book.register("house").find(house, valid=day, **options).address_text


@pytest.mark.shows("shared-model")
def test_a_renamed_street_changes_addresses_without_touching_them(book, street, house, figure):
    rows = book.store.select("SELECT * FROM address")
    rename(book, street)
    assert read(book, house, "2024-12-31") == "12 Đường Lộ 20, Khu vực 3"
    assert read(book, house, RENAMED) == "12 Đường Trần Hoàng Na, Khu vực 3"
    assert read(book, house, RENAMED, recorded=book.last_tx - 1) == "12 Đường Lộ 20, Khu vực 3"
    assert book.store.select("SELECT * FROM address") == rows
    figure("rows of addresses written by renaming their street", len(rows) - 1, bound="0")


@pytest.mark.shows("shared-model")
def test_the_old_and_the_new_address_are_found_and_published_with_their_dates(city, book, street, house):
    projector.refresh(city, book)
    rename(book, street)
    with writing(book, "renumbered") as tx:
        book.register("house").change(house, {}, tx, valid_from="2025-02-01", address={"house_number": "35"})
    projector.refresh(city, book)
    with closing(city.publication("public")) as public:
        found = {asked: public.search(asked, limit=5)[0].hit for asked in ("12 duong lo 20", "35 tran hoang na")}
        assert [(one.eid, one.field, (one.valid_to or "")[:10]) for one in found.values()] == [
            (house, "address", RENAMED), (house, "address", ""),
        ]  # fmt: skip
        told = [orjson.loads(public.item("houses", house, datetime=day)) for day in ("2024-06-01", "2025-01-15", None)]
        assert [one["properties"]["address"] for one in told] == [
            "12 Đường Lộ 20, Khu vực 3", "12 Đường Trần Hoàng Na, Khu vực 3", "35 Đường Trần Hoàng Na, Khu vực 3",
        ]  # fmt: skip


def test_parts_that_are_not_given_stay_and_an_address_without_parts_is_none(book, street, house):
    register = book.register("house")
    with writing(book, "alley") as tx:
        register.correct(house, tx, address={"alley": "Hẻm 45", "residential_group": None})
    assert read(book, house) == "12 Hẻm 45, Đường Lộ 20"
    assert register.find(house).address == Address("12", "Hẻm 45", street)
    with writing(book, "no address any more") as tx:
        register.change(
            house, {}, tx, valid_from="2024-01-01", address=dict.fromkeys(("house_number", "alley", "street"))
        )
    assert read(book, house) is None
    assert read(book, house, "2023-12-31") == "12 Hẻm 45, Đường Lộ 20"
    assert book.verify() == book.last_tx


def test_what_cannot_be_an_address_is_refused_and_nothing_is_written(book, street, house):
    register = book.register("house")
    last = book.last_tx
    with pytest.raises(InputError, match="no 'ward'; it has house_number"), writing(book) as tx:
        register.correct(house, tx, address={"ward": "Tân An"})
    with pytest.raises(NotInRegister, match="record the street before"), writing(book) as tx:
        register.correct(house, tx, address={"street": house})
    with pytest.raises(InputError, match="more than 200 characters"), writing(book) as tx:
        register.correct(house, tx, address={"text": "x" * 201})
    with pytest.raises(InputError, match="keeps no addresses"), writing(book) as tx:
        add(book, "post", tx, places=[point()], addresses=[Address("1")])
    assert book.last_tx == last


def test_a_house_of_which_only_the_address_is_known_is_surveyed_later(book, street):
    with writing(book, "by its address") as tx:
        (house,) = add(book, "house", tx, addresses=[Address("14", street=street)], values={"floors": [1]})
    register = book.register("house")
    assert register.find(house).geometry is None
    assert book.store.select("SELECT count(*) FROM location WHERE type = 'address'") == [(1,)]
    with writing(book, "surveyed") as tx:
        register.correct(house, tx, geometry=point(30, 5), accuracy=SURVEYED)
    assert register.find(house, valid="2020-01-01").geometry == point(30, 5)
    assert register.find(house, recorded=book.last_tx - 1).geometry is None
    assert book.verify() == book.last_tx


def test_a_house_that_is_gone_has_kept_the_address_it_had(book, street, house):
    with writing(book, "torn down") as tx:
        retire(book, [house], tx, "2024-01-01")
    rename(book, street)
    assert read(book, house, "2023-12-31") == "12 Đường Lộ 20, Khu vực 3"
    assert book.verify() == book.last_tx


def test_an_address_is_written_as_it_is_read():
    assert Address("12").written("Đường Lộ 20") == "12 Đường Lộ 20"
    assert Address("12", "Hẻm 45").written("Đường Lộ 20") == "12 Hẻm 45, Đường Lộ 20"
    assert Address(text="đối diện chợ").written(None) == "đối diện chợ"
    assert Address().written(None) == ""
