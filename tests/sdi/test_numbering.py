"""A publication counts what it shows, by numbers that come out the same however it came there."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest

from sdi.access import numbering
from sdi.errors import IntegrityError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from tests.model import add, opened, point, writing


def shown(city, level="public"):
    """Return everything that a publication keeps."""
    with closing(city.home(level).open()) as package:
        return [*package.content(), *package.query("SELECT key, value FROM phusa_publication ORDER BY key")]


def posts(book, *steps, access="public"):
    """Record posts, in a transaction each."""
    found = []
    for x in steps:
        with writing(book) as tx:
            found += add(book, "post", tx, places=[point(x)], access=access)
    return found


def test_transactions_and_features_are_counted_without_those_that_do_not_show(city, book):
    for x, access in ((0, "restricted"), (1, "public"), (2, "restricted"), (3, "public")):
        posts(book, x, access=access)
    projector.refresh(city, book)
    with closing(city.home("public").open()) as package:
        assert package.query("SELECT sequence, tx FROM phusa_transaction ORDER BY 1") == [(1, 1), (2, 2)]
        assert package.query("SELECT fid, tx_from FROM posts_history ORDER BY 1") == [(1, 1), (2, 2)]
        assert package.query("SELECT tx FROM phusa_change ORDER BY 1") == [(1,), (2,)]
        assert package.collection("posts")[11] == 2
    projector.verified(city, book)


def test_a_write_that_shows_nothing_leaves_the_file_as_it_was(city, book):
    posts(book, 0)
    projector.refresh(city, book)
    before = city.publication_path("public").read_bytes()
    posts(book, 1, access="restricted")
    projector.refresh(city, book)
    assert city.publication_path("public").read_bytes() == before
    assert projector.reached(city, book, "public") == book.last_tx


@pytest.mark.parametrize("more", [(), (3,)])
def test_whoever_was_killed_before_the_publication_was_committed_is_caught_up_with(city, book, monkeypatch, more):
    posts(book, 0)
    projector.refresh(city, book)
    posts(book, 1, 2)
    kept = numbering.keep

    def dies(*given):
        kept(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(numbering, "keep", dies)
    with pytest.raises(KeyboardInterrupt):
        projector.refresh(city, book)
    monkeypatch.setattr(numbering, "keep", kept)
    posts(book, *more)
    projector.refresh(city, book)
    projector.verified(city, book)
    grown = shown(city)
    projector.refresh(city, book, rebuild=True)
    assert shown(city) == grown


@pytest.mark.both_stores
@pytest.mark.parametrize("late", [False, True])
def test_what_was_withdrawn_stays_withdrawn_wherever_the_projector_is_killed(city, book, monkeypatch, late):
    eid, _ = posts(book, 0, 1)
    projector.refresh(city, book)
    with writing(book) as tx:
        book.register("post").restrict(eid, tx)
    kept = numbering.keep

    def dies(*given):
        if late:
            kept(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(numbering, "keep", dies)
    with pytest.raises(KeyboardInterrupt):
        projector.refresh(city, book)
    monkeypatch.setattr(numbering, "keep", kept)
    projector.refresh(city, book)
    projector.verified(city, book)
    with closing(city.home("public").open()) as package:
        assert package.query("SELECT count(*) FROM phusa_thing WHERE id = ?", (eid,)) == [(0,)]


@pytest.mark.both_stores
def test_the_feed_begins_anew_where_a_thing_of_a_transaction_that_still_shows_is_withdrawn(city, book):
    with writing(book) as tx:
        eid, _ = add(book, "post", tx, places=[point(0), point(1)])
    projector.refresh(city, book)
    with closing(city.publication("public")) as public:
        before, tag = public.changes(limit=9), public.identity()
    with writing(book) as tx:
        book.register("post").restrict(eid, tx)
    projector.refresh(city, book)
    with closing(city.publication("public")) as public:
        after = public.changes(limit=9)
        assert (after.last, before.last) == (1, 1)
        assert after.name != before.name
        assert public.identity() != tag


@pytest.mark.both_stores
def test_a_collection_that_begins_again_tells_its_first_time_anew(city, book):
    (eid,) = posts(book, 0)
    with writing(book) as tx:
        add(book, "valve", tx, places=[point(1)])
    projector.refresh(city, book)
    with writing(book) as tx:
        book.register("post").restrict(eid, tx)
    projector.refresh(city, book)
    posts(book, 5)
    projector.refresh(city, book)
    projector.verified(city, book)


@pytest.mark.both_stores
def test_verifying_beside_a_writer_raises_no_alarm(city, book, monkeypatch):
    posts(book, 0)
    projector.refresh(city, book)
    hashed, looked = projector.content_hash, []

    def meanwhile(package):
        found = hashed(package)
        if not looked:
            looked.append(found)
            with closing(city.registry(clock=Clock.fixed("2026-06-01T00:00:00Z"), ids=Ids.seeded(7))) as other:
                posts(other, 7)
                projector.refresh(city, other)
        return found

    monkeypatch.setattr(projector, "content_hash", meanwhile)
    assert projector.verified(city, book)["public"] == looked[0]


def test_two_rebuilds_at_once_do_not_touch_each_other(city, book):
    posts(book, 0)
    projector.refresh(city, book)
    left = city.publication_path("public").with_name("public.rebuild-999999999-0")
    left.touch()
    with city.home("public").beside() as one, city.home("public").beside() as other:
        assert one.base.path != other.base.path
    assert not left.exists()


def test_an_older_registry_in_the_place_of_a_newer_one_is_refused(city, tmp_path):
    with closing(opened(city)) as book:
        posts(book, 0)
        projector.refresh(city, book)
        book.store.settle()
        shutil.copy(city.registry_path, tmp_path / "old.db")
        posts(book, 1)
        projector.refresh(city, book)
    shutil.copy(tmp_path / "old.db", city.registry_path)
    with closing(city.registry()) as older:
        with pytest.raises(IntegrityError, match="another registry"):
            projector.refresh(city, older)
        projector.refresh(city, older, rebuild=True)
        projector.verified(city, older)


def test_a_register_that_is_published_later_is_counted_among_the_others(city, tmp_path):
    path = tmp_path / "catalog" / "registers" / "plot.yaml"
    whole = path.read_text()
    path.write_text(whole.replace("publish:", "# publish:"))
    with closing(city.registry()) as early:
        with writing(early) as tx:
            add(early, "valve", tx, places=[point()])
            add(early, "plot", tx, places=[point().buffer(9)])
            add(early, "valve", tx, places=[point(3)])
        projector.refresh(city, early)
    path.write_text(whole)
    with closing(city.registry()) as late:
        projector.refresh(city, late)
        projector.verified(city, late)
    with closing(city.home("public").open()) as package:
        kinds = package.query("SELECT fid, kind FROM phusa_thing ORDER BY fid")
    assert kinds == [(1, "valve"), (2, "plot"), (3, "valve")]
