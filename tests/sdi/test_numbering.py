"""A publication counts what it shows, by numbers that come out the same however it came there."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest

from sdi.access import numbering
from sdi.errors import IntegrityError
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
