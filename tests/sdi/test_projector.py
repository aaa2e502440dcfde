"""A publication is a projection of the registry: nothing more, nothing less, nothing else."""

import gc
import sqlite3
from contextlib import closing, suppress

import orjson
import pytest
import shapely

from sdi.errors import ConflictError, Gone, InputError, IntegrityError, NotFound, WorkspaceError
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.store.geopackage import GeoPackage
from tests.sdi.conftest import alone
from tests.sdi.test_register import SURVEY, THERE, add, write
from tests.stores import outside

pytestmark = pytest.mark.both_stores


@pytest.fixture
def workspace(tmp_path, store):
    """Return a workspace of one register."""
    return alone(tmp_path, store)


@pytest.fixture
def publication(workspace, registry):
    """Return the public publication, kept up to date by ``publish``."""
    projector.refresh(workspace, registry)
    opened = workspace.publication("public")
    yield opened
    opened.close()


def properties(publication, **options):
    """Return the properties of the benches on a page."""
    return [orjson.loads(one)["properties"] for one in publication.items("benches", limit=100, **options).features]


def test_a_registry_without_things_publishes_empty_collections(publication):
    benches = publication.collection("benches")
    assert (benches.count, benches.extent, benches.title.vi) == (0, None, "Ghế đá")
    assert publication.items("benches", limit=10).features == ()


def test_what_was_recorded_is_published_in_both_levels_after_one_refresh(workspace, registry, publication):
    eid = add(registry, identifiers={"bench-tag": ["B1"]}, names={"vi": ["Ghế bên cầu"]}, values={"wood": [True]})[0]
    projector.refresh(workspace, registry)
    feature = orjson.loads(publication.item("benches", eid))
    assert feature["id"] == eid
    assert list(feature["properties"].items()) == [
        ("name", "Ghế bên cầu"), ("bench_tag", "B1"), ("status", "active"), ("seats", 4), ("wood", True),
        ("set_up", None), ("valid_from", "2020-01-01T00:00:00Z"),
    ]  # fmt: skip
    restricted = workspace.publication("restricted")
    assert orjson.loads(restricted.item("benches", eid))["properties"]["inspector"] == "An"
    restricted.close()


def test_a_restricted_value_stands_nowhere_in_the_public_file(workspace, registry, publication):
    add(registry, values={"inspector": ["Nguyễn Văn Bí Mật"]})
    projector.refresh(workspace, registry)
    publication.close()
    assert "Bí Mật".encode() not in outside.held(workspace, "public")
    assert "Bí Mật".encode() in outside.held(workspace, "restricted")


def test_a_change_of_a_restricted_value_leaves_no_trace_in_the_public_history(workspace, registry, publication):
    eid = add(registry)[0]
    write(registry, "change", eid, {"inspector": "Bình"}, valid_from="2025-01-01")
    projector.refresh(workspace, registry)
    with closing(workspace.home("public").open()) as public:
        assert public.query("SELECT count(*) FROM benches_history") == [(1,)]


def test_features_are_asked_for_as_they_were(workspace, registry, publication):
    eid = add(registry)[0]
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
    write(registry, "move", eid, THERE, valid_from="2025-09-01", accuracy=SURVEY)
    projector.refresh(workspace, registry)
    assert [one["seats"] for one in properties(publication, datetime="2025-06-30")] == [4]
    assert [one["seats"] for one in properties(publication, datetime="2025-07-01")] == [6]
    assert properties(publication, datetime="2019-12-31") == []
    assert [one["seats"] for one in properties(publication, datetime="2019-01-01/2025-01-01")] == [4]
    assert properties(publication, datetime="2025-06-30", where={"seats": "6"}) == []


def test_a_retired_thing_leaves_the_current_features_and_answers_gone(workspace, registry, publication):
    eid, other = add(registry, 2)
    write(registry, "retire", eid, valid_from="2025-01-01")
    projector.refresh(workspace, registry)
    assert publication.collection("benches").count == 1
    with pytest.raises(Gone, match="2025-01-01"):
        publication.item("benches", eid)
    assert publication.thing("bench", eid).valid_to == "2025-01-01T00:00:00Z"
    assert publication.thing("bench", other).valid_to is None
    assert len(properties(publication, datetime="2024-12-31")) == 2
    assert len(properties(publication, datetime="2025-01-01")) == 1


def test_paging_visits_every_feature_once_by_offset_and_by_key(workspace, registry, publication):
    eids = add(registry, 25)
    projector.refresh(workspace, registry)
    by_key, after = [], None
    while True:
        page = publication.items("benches", limit=7, after=after)
        by_key += [orjson.loads(one)["id"] for one in page.features]
        if page.next_key is None:
            break
        after = page.next_key
    by_offset = [
        orjson.loads(one)["id"]
        for offset in range(0, 30, 7)
        for one in publication.items("benches", limit=7, offset=offset).features
    ]
    assert by_key == by_offset == eids
    assert page.number_matched == 25


def test_a_box_finds_what_intersects_it_and_nothing_else(workspace, registry, publication):
    add(registry, 25)
    projector.refresh(workspace, registry)
    box = shapely.total_bounds(workspace.crs.to_crs84(shapely.points([[584_045, 1_108_999], [584_105, 1_109_001]])))
    page = publication.items("benches", limit=3, bbox=tuple(box))
    assert (len(page.features), page.number_matched) == (3, 6)
    following = publication.items("benches", limit=3, bbox=tuple(box), after=page.next_key)
    assert following.next_key is None
    assert not set(following.features) & set(page.features)
    assert publication.items("benches", limit=3, bbox=tuple(box), datetime="2021-01-01").number_matched == 6


def test_properties_select_by_value_and_type(workspace, registry, publication):
    add(registry, 3, values={"seats": [2, 4, 4], "wood": [True, False, None]})
    projector.refresh(workspace, registry)
    assert len(properties(publication, where={"seats": "4"})) == 2
    assert [one["seats"] for one in properties(publication, where={"wood": "true"})] == [2]
    for where in ({"seats": "four"}, {"wood": "1"}, {"inspector": "An"}, {"colour": "red"}, {"id": "x"}):
        with pytest.raises(InputError):
            publication.items("benches", limit=1, where=where)


def test_what_is_not_published_is_not_found(publication):
    with pytest.raises(NotFound):
        publication.collection("banks")
    with pytest.raises(NotFound):
        publication.item("benches", "019b76da-a800-7000-b5b1-65224a58b791")
    with pytest.raises(NotFound):
        publication.thing("bench", "x")


def test_applying_step_by_step_and_at_once_publishes_the_same(workspace, registry, publication):
    eids = add(registry, 10)
    projector.refresh(workspace, registry)
    write(registry, "change", eids[3], {"seats": 6}, valid_from="2025-07-01")
    projector.refresh(workspace, registry)
    projector.refresh(workspace, registry)
    write(registry, "retire", eids[4], valid_from="2025-07-01")
    write(registry, "correct", eids[5], geometry=THERE, accuracy=SURVEY)
    projector.refresh(workspace, registry)
    stepwise = projector.verified(workspace, registry)
    projector.refresh(workspace, registry, rebuild=True)
    assert projector.verified(workspace, registry) == stepwise


def test_a_publication_that_is_behind_or_was_changed_does_not_verify(workspace, registry, publication):
    add(registry, 2)
    with pytest.raises(IntegrityError, match="has reached transaction 1 of 2"):
        projector.verified(workspace, registry)
    projector.refresh(workspace, registry)
    projector.verified(workspace, registry)
    outside.tamper(workspace, "public", "UPDATE benches SET seats = 9")
    with pytest.raises(IntegrityError, match="differs"):
        projector.verified(workspace, registry)


def test_a_field_that_becomes_public_is_published_anew_and_one_that_becomes_restricted_disappears(
    workspace, registry, publication
):
    add(registry)
    projector.refresh(workspace, registry)
    registry.close()
    path = workspace.folder / "catalogs" / "registers" / "bench.yaml"
    path.write_text(
        path.read_text()
        .replace("fields: [seats, wood, set_up]", "fields: [wood, set_up]")
        .replace("version: 1.0.0", "version: 1.0.1")
    )
    again = workspace.registry()
    projector.refresh(workspace, again)
    assert "seats" not in properties(publication)[0]
    projector.verified(workspace, again)
    again.close()


def test_a_reader_sees_the_old_state_until_the_new_one_is_complete(workspace, registry, publication):
    add(registry)
    projector.refresh(workspace, registry)
    add(registry)
    package = workspace.home("public").open_to_write()
    with closing(package), suppress(KeyboardInterrupt), package.writing():
        package.run_many("DELETE FROM benches", [()])
        assert publication.collection("benches").count == 1
        assert len(publication.items("benches", limit=10).features) == 1
        raise KeyboardInterrupt
    projector.refresh(workspace, registry)
    assert publication.collection("benches").count == 2


def test_a_missing_or_foreign_publication_says_how_to_build_it(tmp_path):
    with pytest.raises(WorkspaceError, match="phusa publish"):
        Publication.open(tmp_path / "public.gpkg")
    with sqlite3.connect(tmp_path / "other.gpkg") as other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(WorkspaceError, match="no publication"):
        Publication.open(tmp_path / "other.gpkg")


def test_a_publication_ahead_of_a_restored_registry_is_refused_and_can_be_rebuilt(workspace, registry, publication):
    add(registry)
    outside.tamper(workspace, "public", "INSERT INTO phusa_transaction VALUES (99, 99, '2030-01-01T00:00:00Z')")
    with pytest.raises(IntegrityError, match="--rebuild"):
        projector.refresh(workspace, registry)
    assert projector.refresh(workspace, registry, rebuild=True) == registry.last_tx
    projector.verified(workspace, registry)


@pytest.mark.parametrize("tampering", ["version = 3", "geom = NULL", "geom = (SELECT max(geom) FROM benches)"])
def test_a_feature_that_points_elsewhere_does_not_verify(workspace, registry, publication, tampering):
    add(registry, 3)
    projector.refresh(workspace, registry)
    outside.tamper(workspace, "public", f"UPDATE benches SET {tampering}")
    with pytest.raises(IntegrityError, match="differs"):
        projector.verified(workspace, registry)


def test_an_index_that_is_not_whole_does_not_verify(workspace, registry, publication):
    add(registry, 3)
    projector.refresh(workspace, registry)
    spoiled = "UPDATE rtree_benches_geom SET minx = 0" if workspace.store is None else "DROP INDEX benches_geom"
    outside.tamper(workspace, "public", spoiled)
    with pytest.raises(IntegrityError, match=r"the index of benches .*rebuild it"):
        projector.verified(workspace, registry)


def test_a_thing_ended_when_it_was_retired_whatever_was_planned_for_later(workspace, registry, publication):
    eid = add(registry)[0]
    write(registry, "move", eid, THERE, valid_from="2026-01-01", accuracy=SURVEY)
    write(registry, "retire", eid, valid_from="2025-01-01")
    projector.refresh(workspace, registry)
    assert publication.thing("bench", eid).valid_to == "2025-01-01T00:00:00Z"


def test_a_collection_that_another_register_takes_over_holds_nothing_of_the_first(workspace, registry, publication):
    add(registry)
    projector.refresh(workspace, registry)
    registry.close()
    path = workspace.folder / "catalogs" / "registers" / "bench.yaml"
    path.with_name("seat.yaml").write_text(path.read_text().replace("register: bench", "register: seat"))
    path.unlink()
    again = workspace.registry()
    projector.refresh(workspace, again)
    assert (publication.collection("benches").kind, publication.collection("benches").count) == ("seat", 0)
    projector.verified(workspace, again)
    again.close()


def test_a_value_that_became_restricted_does_not_linger_in_free_pages(tmp_path):
    with closing(GeoPackage(tmp_path / "public.gpkg", read_only=False)) as package:
        assert list(package.rows("PRAGMA secure_delete")) == [(1,)]


def test_a_busy_publication_says_what_to_do(workspace, registry, publication, monkeypatch):
    add(registry)
    other = workspace.home("public").open_to_write()
    module = "geopackage" if workspace.store is None else "postgis_publication"
    monkeypatch.setattr(f"sdi.store.{module}.BUSY_TIMEOUT_S", 0.1)
    with other.writing(), pytest.raises(ConflictError, match="run `phusa publish`"):
        projector.refresh(workspace, registry)
    other.close()


def test_a_number_too_large_for_any_feature_is_refused(publication):
    with pytest.raises(InputError, match="seats"):
        publication.items("benches", limit=1, where={"seats": "9" * 30})


def test_a_damaged_publication_is_built_anew_from_the_registry(workspace, registry):
    add(registry, 20)
    projector.refresh(workspace, registry)
    outside.damage(workspace, "public")
    with pytest.raises((IntegrityError, WorkspaceError, sqlite3.DatabaseError)):
        projector.verified(workspace, registry)
    projector.refresh(workspace, registry, rebuild=True)
    projector.verified(workspace, registry)
    assert outside.homes(workspace) == ["public", "restricted"]


def test_a_rebuild_that_fails_leaves_what_was_there_and_nothing_beside_it(workspace, registry, publication):
    add(registry)
    projector.refresh(workspace, registry)
    with suppress(KeyboardInterrupt), workspace.home("public").beside() as package:
        package.put("level", "nobody")
        raise KeyboardInterrupt
    assert (publication.level, publication.collection("benches").count) == ("public", 1)
    assert outside.homes(workspace) == ["public", "restricted"]
    projector.verified(workspace, registry)


def test_another_registry_in_its_place_is_noticed_even_where_it_has_gone_further(workspace, registry):
    add(registry)
    projector.refresh(workspace, registry)
    registry.close()
    outside.empty(workspace)
    other = workspace.registry()
    for _ in range(3):
        add(other)
    with pytest.raises(IntegrityError, match="another registry"):
        projector.refresh(workspace, other)
    projector.refresh(workspace, other, rebuild=True)
    projector.verified(workspace, other)
    other.close()


def test_a_publication_that_was_just_built_is_one_file_that_others_read_while_one_writes(tmp_path):
    workspace = alone(tmp_path, None)
    registry = workspace.registry()
    add(registry)
    projector.refresh(workspace, registry)
    path = workspace.publication_path("public")
    assert outside.homes(workspace) == ["public", "restricted"]
    with closing(GeoPackage(path)) as reader, closing(GeoPackage(path, read_only=False)) as writer, reader.reading():
        assert list(reader.rows("SELECT count(*) FROM benches")) == [(1,)]
        with writer.writing():
            writer.run_many("DELETE FROM benches", [()])
        assert list(reader.rows("SELECT count(*) FROM benches")) == [(1,)]
    registry.close()


def test_python_looks_for_circles_of_objects_again_after_publishing_even_where_that_fails(workspace, registry):
    add(registry)
    projector.refresh(workspace, registry)
    assert gc.isenabled()
    registry.close()
    outside.empty(workspace)
    with closing(workspace.registry()) as other:
        add(other)
        add(other)
        with pytest.raises(IntegrityError):
            projector.refresh(workspace, other)
    assert gc.isenabled()
