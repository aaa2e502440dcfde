"""What a thing belonged to at a date, and what belonged to it."""

from __future__ import annotations

import pytest

from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.place import containment
from tests.model import add, retire, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]

DAY, EVE = "2025-07-01", "2025-06-30"


@pytest.fixture
def nested(book):
    """A province with a district with two wards until the reform; the city with the one that went on since then."""
    with writing(book) as tx:
        province, district, ended, lasting = add(book, "ward", tx, count=4)
        (city,) = add(book, "ward", tx, count=1, since=DAY)
        retire(book, [province, district, ended], tx, DAY)
        wards = book.register("ward")
        wards.relate(province, "contains", [district], tx, valid_to=DAY)
        wards.relate(district, "contains", [ended, lasting], tx, valid_to=DAY)
        wards.relate(city, "contains", [lasting], tx, valid_from=DAY)
    return province, district, ended, lasting, city


def test_a_ward_belongs_to_its_district_and_province_until_the_reform_and_to_the_city_since(book, nested):
    province, district, ended, lasting, city = nested
    assert containment.around(book, lasting, EVE) == (district, province)
    assert containment.around(book, lasting, DAY) == containment.around(book, lasting) == (city,)
    assert containment.around(book, ended) == (district, province)  # as of the last moment that it was there
    assert containment.around(book, ended, DAY) == ()
    assert containment.around(book, city) == ()


def test_the_parts_of_a_thing_are_those_of_a_date(book, nested):
    province, district, ended, lasting, city = nested
    assert containment.parts(book, district) == containment.parts(book, district, EVE) == (ended, lasting)
    assert containment.parts(book, province) == (district,)
    assert containment.parts(book, district, DAY) == ()
    assert containment.parts(book, city) == (lasting,)


def test_what_was_not_known_yet_is_not_said(book, nested):
    _, district, _, lasting, _ = nested
    before = book.last_tx
    with writing(book) as tx:
        (other,) = add(book, "ward", tx, count=1)
        book.register("ward").relate(other, "contains", [district], tx, valid_to=DAY)
    assert other in containment.around(book, lasting, EVE)
    assert other not in containment.around(book, lasting, EVE, recorded=before)


def test_what_ended_is_related_to_nothing_that_outlasts_it(book, nested):
    _, district, _, lasting, _ = nested
    wards = book.register("ward")
    for until in (None, "2025-07-02"):
        with pytest.raises(ConflictError, match="ended"), writing(book) as tx:
            wards.relate(district, "contains", [lasting], tx, valid_to=until)
    with pytest.raises(InputError, match="runs backwards"), writing(book) as tx:
        wards.relate(lasting, "contains", [district], tx, valid_from=DAY, valid_to=EVE)


def test_an_unknown_thing_is_refused(book):
    with pytest.raises(NotInRegister):
        containment.around(book, "019b0000-0000-7000-8000-000000000000")
