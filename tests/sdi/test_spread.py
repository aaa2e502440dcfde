"""A first look at a collection: some of its features, from all over it."""

from __future__ import annotations

from contextlib import closing

import orjson
import pytest

from sdi.publishing import projector
from tests.model import add, point, retire, writing

pytestmark = pytest.mark.both_stores


def looked_at(city, name, most):
    with closing(city.publication("public")) as publication:
        return [orjson.loads(one)["properties"] for one in publication.spread(name, most)]


def test_few_are_shown_whole_and_of_many_every_nth(city, book):
    with writing(book) as tx:
        add(book, "lamp", tx, count=3)
        heights = [float(one) for one in range(100)]
        posts = add(book, "post", tx, places=[point(one) for one in range(100)], values={"height": heights})
    projector.refresh(city, book)
    assert len(looked_at(city, "lamps", 600)) == 3
    assert [one["height"] for one in looked_at(city, "posts", 10)] == [float(one) for one in range(0, 100, 10)]
    assert len(looked_at(city, "posts", 30)) == 30
    assert looked_at(city, "pumps", 10) == []
    with writing(book) as tx:
        retire(book, posts[10:20], tx, "2021-01-01")
    projector.refresh(city, book)
    assert [one["height"] for one in looked_at(city, "posts", 10)] == [0, *(float(one) for one in range(20, 100, 10))]
