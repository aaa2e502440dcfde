"""Who may see some collections is told of what took the place of a thing only where it stands in one of them."""

from __future__ import annotations

from contextlib import closing

import pytest
from starlette.testclient import TestClient

from sdi.access.keyring import Keyring
from sdi.lineage.step import Step
from sdi.service import application
from tests.leaks import Street


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Return a street in which a lamp gave way to a post."""

    def replace(tx):
        lamp = made.known["lamp"]
        made.registry.register("lamp").retire(lamp, tx, valid_from="2025-07-01")
        made.registry.lineage.record([Step(lamp, made.known["post1"], "replace", "2025-07-01", "gazette")], tx)

    with closing(Street(tmp_path_factory.mktemp("street"), None, "restricted")) as made:
        for step in (made.wards, made.posts, made.lit, replace):
            made.step(step)
        yield made


@pytest.mark.shows("service")
@pytest.mark.parametrize(
    ("collections", "told"), [(["lamps"], False), ((), True), (["lamps", "posts"], True)], ids=["lamps", "all", "both"]
)
def test_a_successor_is_named_where_it_may_be_seen(street, collections, told):
    lamp, post = street.known["lamp"], street.known["post1"]
    keys = {"X-API-Key": Keyring(street.workspace.folder).add("T", "restricted", collections=collections)[1]}
    with TestClient(application(street.workspace)) as client:
        assert client.get(f"/id/post/{post}", headers=keys).status_code == (200 if told else 404)
        for address in (f"/id/lamp/{lamp}", f"/ogc/collections/lamps/items/{lamp}"):
            answer = client.get(address, headers=keys)
            assert answer.status_code == 410
            assert (post in answer.text) is told
