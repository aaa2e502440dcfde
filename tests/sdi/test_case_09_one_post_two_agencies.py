"""Case 9: the same lamp post is delivered by the lighting agency and by the power agency."""

from __future__ import annotations

import pytest

from sdi import custody, provenance
from sdi.custody import Custodian
from sdi.entry import Licence
from sdi.lineage import duplicate
from sdi.publishing import projector
from tests.model import add, point, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]

LICENCE = Licence("CC0-1.0", "A", "Model city")


def deliver(book, agency, tag, code, height):
    """An agency delivers one post."""
    with writing(book, f"delivery of {agency}") as tx:
        (eid,) = add(
            book, "post", tx, places=[point()], identifiers={tag: [code]}, names={"vi": [f"Trụ {code}"]},
            values={"height": [height], "owner": [agency]},
        )  # fmt: skip
        provenance.record(tx, agency, "post", custodian=agency, licence=LICENCE, sha256=code, accepted=1)
    return eid


@pytest.fixture
def agencies(book):
    return deliver(book, "lighting", "light-tag", "L17", 8.0), deliver(book, "power", "power-tag", "P9", 8.2)


def merge(book, agencies):
    with writing(book, "both agencies were there", actor="a person") as tx:
        duplicate.merge(book, agencies[1], agencies[0], tx, source="site visit")


def state(book, eids):
    """Everything that is known of some posts at some dates, and who answers to their codes."""
    post = book.register("post")
    facts = [post.find(eid, valid=day) for eid in eids for day in (None, "2020-06-01")]
    codes = [book.resolve_code(*code) for code in (("light-tag", "L17"), ("power-tag", "P9"))]
    return [(one.eid, one.status, one.values, one.identifiers, one.names, one.valid) for one in facts], codes, len(post)


def test_they_are_one_thing_with_two_codes(book, agencies):
    """One entity, two identifiers."""
    merge(book, agencies)
    light, power = agencies
    post = book.register("post")
    assert post.list() == [light]
    assert post.find(light).identifiers == {"light-tag": "L17", "power-tag": "P9"}
    assert post.find_by("power-tag", "P9", valid="2021-01-01").eid == light
    assert [heir.eid for heir in book.resolve(power, "2021-01-01")] == [light]


def test_what_each_agency_said_is_kept_under_its_name(book, agencies):
    """Two custodians of attributes."""
    merge(book, agencies)
    light, _ = agencies
    post, records = book.register("post"), duplicate.records(book, light)
    said = {custody.custodian(book, eid): post.find(eid, recorded=tx).values for eid, tx in records.items()}
    assert said == {Custodian(None, "power", None): {"height": 8.2, "owner": "power"}}
    assert custody.custodian(book, light) == Custodian(None, "lighting", None)
    assert post.find(light).values == {"height": 8.0, "owner": "lighting"}


def test_taking_them_apart_restores_both_exactly(city, book, agencies):
    """Un-merge exact."""
    before, known = state(book, agencies), book.last_tx
    merge(book, agencies)
    merged = book.last_tx
    assert state(book, agencies) != before
    with writing(book, "two posts after all") as tx:
        duplicate.take_apart(book, agencies[1], tx)
    assert state(book, agencies) == before
    post = book.register("post")
    assert [len(post.list(recorded=tx)) for tx in (known, merged, book.last_tx)] == [2, 1, 2]
    assert book.resolve(agencies[1])[0].eid == agencies[1]
    assert book.verify() == book.last_tx
    projector.refresh(city, book)
    projector.verified(city, book)
