"""Case 10: a thing is retired while others refer to it."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from sdi.errors import ConflictError
from sdi.history import OPEN, TERMINAL
from sdi.lineage.step import Step
from sdi.publishing import projector
from sdi.service import application
from tests.model import add, point, retire, square, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]

DAY = "2025-07-01"


def tied(book, kind, verb, other):
    """A thing of a kind that is tied to another one."""
    with writing(book) as tx:
        (one,) = add(book, kind, tx)
        book.register(kind).relate(one, verb, [other], tx, valid_from="2021-01-01")
    return one


def orphans(book):
    """Ties that hold now between a thing that lasts and one that is not there and has no successor."""
    lost = []
    for eid, other in book.store.select(
        f"SELECT eid, other FROM relation WHERE tx_to = {OPEN} AND valid_to > ?", ("2026-01-01",)
    ):
        (kind,) = book.store.select("SELECT kind FROM entity WHERE eid = ?", (eid,))[0]
        if book.register(kind).find(eid).status in TERMINAL or not book.resolve(other):
            lost.append((eid, other))
    return lost


def test_each_relation_says_what_becomes_of_its_things(book):
    """Retire refused or cascaded per relation verb; no orphan rows."""
    with writing(book) as tx:
        guarded, lit = add(book, "post", tx, places=[point(), point(30)])
        old, new = add(book, "plot", tx, places=[square(), square(200)])
    gauge, lamp = tied(book, "gauge", "mounted_on", guarded), tied(book, "lamp", "mounted_on", lit)
    use = tied(book, "land_use", "affects", old)
    with pytest.raises(ConflictError, match="mounted_on"), writing(book) as tx:
        retire(book, [guarded], tx, DAY)  # restrict
    with writing(book) as tx:
        retire(book, [lit, old], tx, DAY)  # cascade, keep
        book.lineage.record([Step(old, new, "replace", DAY, "cadastre")], tx)
    state = {kind: book.register(kind).find(eid).status for kind, eid in
             (("post", guarded), ("gauge", gauge), ("lamp", lamp), ("land_use", use))}  # fmt: skip
    assert state == {"post": "active", "gauge": "active", "lamp": "retired", "land_use": "active"}
    assert [heir.eid for heir in book.resolve(old)] == [new]
    assert orphans(book) == []
    assert book.verify() == book.last_tx


def test_its_address_answers_gone_with_the_successors(city, book):
    """API 410 + successor."""
    with writing(book) as tx:
        (old,) = add(book, "plot", tx, places=[square()])
        parts = add(book, "plot", tx, places=[square(0, 0, 40), square(40, 0, 60)], since=DAY)
        retire(book, [old], tx, DAY)
        book.lineage.record([Step(old, one, "split", DAY, "cadastre") for one in parts], tx)
    projector.refresh(city, book)
    with TestClient(application(city), base_url="http://city.test") as client:
        for path in (f"/id/plot/{old}", f"/ogc/collections/plots/items/{old}"):
            answer = client.get(path)
            assert answer.status_code == 410
            assert answer.json()["successors"] == sorted(parts)
            assert [one["href"] for one in answer.json()["links"]] == [f"/id/plot/{one}" for one in sorted(parts)]
            assert all(client.get(one["href"]).json()["status"] == "active" for one in answer.json()["links"])
        page = client.get(f"/id/plot/{old}", headers={"Accept": "text/html"})
        assert parts[0] in page.text
