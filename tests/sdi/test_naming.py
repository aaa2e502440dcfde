"""Names of every kind: the official one in its language, and the others that people use beside it."""

from __future__ import annotations

from contextlib import closing

import pytest

from sdi import naming
from sdi.errors import InputError, NotInRegister
from sdi.history import FOREVER, Interval
from sdi.publishing import projector
from tests.model import add, point, writing

LOCAL = {"vi": ["Cầu Cái Khế"], "vi.local": ["Cầu Quay"], "vi.short": ["CK"]}


@pytest.fixture
def post(book):
    """A post with an official, a local and a short name."""
    with writing(book) as tx:
        (eid,) = add(book, "post", tx, places=[point()], names=LOCAL)
    return eid


def called(book, eid, day=None):
    return sorted((one.type, one.text) for one in naming.others(book, eid, valid=day))


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_thing_is_found_by_every_name_it_has_or_had_at_its_time(book, post):
    posts = book.register("post")
    with writing(book) as tx:
        posts.change(post, {}, tx, valid_from="2023-01-01", names={"vi.alias": "Cầu Xanh"})
        posts.change(post, {}, tx, valid_from="2024-01-01", names={"vi.alias": "Cầu Sắt", "vi": "Cầu Cái Khế mới"})
        naming.end(book, post, "Cầu Xanh", tx, valid_from="2025-01-01")
    assert posts.find(post).names == {"vi": "Cầu Cái Khế mới"}
    assert called(book, post, "2022-06-01") == [("local", "Cầu Quay"), ("short", "CK")]
    assert called(book, post, "2024-06-01")[:2] == [("alias", "Cầu Sắt"), ("alias", "Cầu Xanh")]
    assert called(book, post, "2025-06-01")[:2] == [("alias", "Cầu Sắt"), ("local", "Cầu Quay")]
    assert [one.eid for one in book.resolve_name("cau quay")] == [post]
    assert [one.eid for one in book.resolve_name("cau xanh", "2024-12-31")] == [post]
    assert book.resolve_name("cau xanh", "2025-01-01") == ()
    assert [one.value for one in book.resolve_name("cau cai khe")] == ["Cầu Cái Khế"]
    assert book.verify() == book.last_tx


@pytest.mark.both_stores
def test_a_name_that_never_was_is_corrected_and_still_read_as_of_before(book, post):
    known = book.last_tx
    with writing(book) as tx:
        naming.end(book, post, "Cầu Quay", tx)
    assert called(book, post) == [("short", "CK")]
    assert [one.text for one in naming.others(book, post, recorded=known)] == ["Cầu Quay", "CK"]
    assert naming.others(book, post)[0].valid == Interval("2020-01-01T00:00:00Z", FOREVER)
    with pytest.raises(NotInRegister, match="has no name 'Cầu Quay'"), writing(book) as tx:
        naming.end(book, post, "Cầu Quay", tx)


def test_a_correction_takes_the_time_of_the_fact_and_nothing_ends_all_of_a_kind(book, post):
    with writing(book) as tx:
        book.register("post").correct(post, tx, names={"vi.alias": "Cầu Gỗ"}, valid_at="2022-01-01")
        book.register("post").change(post, {}, tx, valid_from="2022-06-01", names={"vi.local": None})
    assert called(book, post, "2022-01-01") == [("alias", "Cầu Gỗ"), ("local", "Cầu Quay"), ("short", "CK")]
    assert called(book, post, "2022-07-01") == [("alias", "Cầu Gỗ"), ("short", "CK")]


@pytest.mark.parametrize(
    ("key", "said"), [("en", "keeps no names in 'en'"), ("vi.nick", "'vi.nick' is no kind of name; expected vi.former")]
)
def test_a_kind_or_language_that_is_not_there_is_refused(book, post, key, said):
    with pytest.raises(InputError, match=said), writing(book) as tx:
        book.register("post").change(post, {}, tx, valid_from="2024-01-01", names={key: "X"})


def test_the_search_of_a_publication_finds_other_names_and_says_which(city, book, post, capsys):
    with writing(book) as tx:
        book.register("post").change(post, {}, tx, valid_from="2023-01-01", names={"vi.local": "Cầu Tàu"})
        naming.end(book, post, "Cầu Quay", tx, valid_from="2024-01-01")
    projector.refresh(city, book)
    projector.verified(city, book)
    with closing(city.publication("public")) as publication:
        hits = {text: publication.search(text, limit=5) for text in ("cầu quay", "cau tau", "cái khế")}
    assert {text: [one.hit.eid for one in found] for text, found in hits.items()} == {text: [post] for text in hits}
    old, new = hits["cầu quay"][0].document("vi"), hits["cau tau"][0].document("vi")
    assert (old["field"], old["text"], old["title"]) == ("local_name", "Cầu Quay", "Cầu Cái Khế")
    assert new["text"] == "Cầu Tàu"
