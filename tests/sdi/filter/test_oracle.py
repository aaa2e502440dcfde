"""CQL2 gives the answers of the standard's own test suite, on both stores, now and in the history."""

from __future__ import annotations

import unicodedata
from contextlib import closing

import pytest

from sdi.store.geopackage import GeoPackage
from sdi.store.postgis_publication import PostgisPublication
from sdi.store.publication_store import PublicationStore
from tests.sdi.filter import oracle


@pytest.fixture(scope="module", params=["embedded", "postgis"])
def world(request, tmp_path_factory, shared_data):
    """Return a publication of the test data with its queryables and the schemas."""
    schemas = shared_data.parent / "schemas"
    if request.param == "embedded":
        base = GeoPackage(tmp_path_factory.mktemp("world") / "public.gpkg", read_only=False)
        address = None
    else:
        cluster = request.getfixturevalue("cluster")
        address = cluster.database()
        base = PostgisPublication(address, "publication_public", read_only=False)
    with closing(PublicationStore(base)) as package:
        yield package, oracle.publish(schemas, package), schemas
    if address:
        cluster.drop(address)


DOUBTED = {
    "ACCENTI(name) LIKE accenti('Ch%')": 3,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('Chiș%'))": 1,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('cHis%'))": 1,
}
"""Rows that contradict their own data: the layer has Chișinău, Chicago and Chengdu, and one name that begins with Chis.
The standard says 2 of each."""


@pytest.mark.shows("service")
@pytest.mark.parametrize("past", [False, True], ids=["now", "history"])
def test_every_filter_of_the_standard_finds_as_many_features_as_it_says(world, past, figure):
    package, fields, schemas = world
    said = oracle.oracles(schemas)
    told = {one: oracle.found(package, one.layer, one.filter, fields[one.layer], past=past) for one in said}
    as_said = sum(count == one.count for one, count in told.items())
    assert [(one, count) for one, count in told.items() if count != DOUBTED.get(one.filter, one.count)] == []
    figure("filters of the standard with the count it states", as_said, unit="of 274")
    assert (len(told), as_said) == (274, 274 - len(DOUBTED))


def test_the_filters_whose_counts_contradict_the_data_are_counted_by_looking(world):
    package, _, _ = world
    names = [name for (name,) in package.query('SELECT name FROM "ne_110m_populated_places_simple"')]
    bare = [unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode() for name in names]
    assert sorted(name for name in bare if name.startswith("Ch")) == ["Chengdu", "Chicago", "Chisinau"]
    assert [name for name in bare if name.casefold().startswith("chis")] == ["Chisinau"]
