"""Case 11: a thing that was retired is there after all."""

from __future__ import annotations

import pytest

from sdi.errors import ConflictError
from sdi.lineage.step import Step
from tests.model import SURVEYED, add, point, retire, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]


@pytest.fixture
def post(book):
    with writing(book) as tx:
        (eid,) = add(book, "post", tx, places=[point()], identifiers={"light-tag": ["L17"]})
        retire(book, [eid], tx, "2024-01-01")
    return eid


@pytest.mark.parametrize(
    "revive",
    [
        lambda post, eid, tx: post.change(eid, {}, tx, valid_from="2025-01-01", status="active"),
        lambda post, eid, tx: post.move(eid, point(2), tx, valid_from="2025-01-01", accuracy=SURVEYED),
        lambda post, eid, tx: post.retire(eid, tx, valid_from="2026-01-01"),
        lambda post, eid, tx: post.relate(eid, "feeds", [], tx),
    ],
)
def test_nothing_brings_it_back(book, post, revive):
    """Refused."""
    with pytest.raises(ConflictError, match="is not brought back"), writing(book) as tx:
        revive(book.register("post"), post, tx)
    assert book.register("post").find(post).status == "retired"


def test_the_mistaken_one_is_voided_and_a_new_one_takes_its_place(book, post):
    """voided + new id with lineage correction."""
    with writing(book, "it still stands") as tx:
        book.register("post").void(post, tx)
        (again,) = add(book, "post", tx, places=[point()], identifiers={"light-tag": ["L17"]})
        book.lineage.record([Step(post, again, "correction", "2020-01-01", "site visit")], tx)
    posts = book.register("post")
    assert again != post
    assert (posts.find(post).status, posts.find(again).status) == ("voided", "active")
    for day in ("2021-01-01", "2025-01-01", None):
        assert [heir.eid for heir in book.resolve(post, day)] == [again]
        assert posts.list(valid=day) == [again]
    assert posts.find_by("light-tag", "L17", valid="2021-01-01").eid == again
    assert [heir.eid for heir in book.resolve(post, "2021-01-01", recorded=book.last_tx - 1)] == [post]
    assert book.verify() == book.last_tx
