"""The service follows what is published, without a restart and without ever showing half of it."""

from __future__ import annotations

import shutil
import threading
from contextlib import closing

import pytest
import shapely
from starlette.testclient import TestClient

from catalogs import packaged
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.recording import Batch
from sdi.service import application
from sdi.service.inventory import Keeper
from sdi.workspace import Workspace
from tests import town as towns
from tests.sdi import conftest

ITEMS = "/ogc/collections/landmarks/items"
ALL = towns.COUNT + towns.PLACELESS


@pytest.fixture
def own(tmp_path):
    """Return a town that a test may change."""
    return towns.build(tmp_path)


def add(town, count):
    registry = town.registry(clock=Clock.fixed("2026-02-01T00:00:00Z"), ids=Ids.seeded(7))
    with registry.transaction(actor="test", reason="more") as tx:
        registry.register("landmark").add(towns.batch(town.crs, count, first=5_000), tx)
    return registry


def test_new_data_are_served_without_a_restart(own):
    with TestClient(application(own)) as asking:
        before = asking.get(f"{ITEMS}?limit=1")
        registry = add(own, 10)
        assert asking.get(f"{ITEMS}?limit=1").json()["numberMatched"] == ALL
        projector.refresh(own, registry)
        registry.close()
        after = asking.get(f"{ITEMS}?limit=1", headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.json()["numberMatched"] == ALL + 10
        assert asking.get("/healthz").json()["sequence"] == 5


def test_a_change_elsewhere_leaves_the_tag_of_a_collection(own):
    with TestClient(application(own)) as asking:
        plots = asking.get("/ogc/collections/plots/items").headers["etag"]
        registry = add(own, 1)
        projector.refresh(own, registry)
        registry.close()
        again = asking.get("/ogc/collections/plots/items", headers={"If-None-Match": plots})
        assert again.status_code == 304


def test_the_old_state_is_served_while_the_projector_writes(own):
    with TestClient(application(own)) as asking:
        package = own.home("public").open_to_write()
        with package.writing():
            package.run_many("DELETE FROM landmarks WHERE fid % 2 = 0", [()])
            package.feed.number([(99, 1_000_000, "2026-03-01T00:00:00.000Z")])
            during = asking.get(f"{ITEMS}?limit=10000").json()
            assert during["numberMatched"] == during["numberReturned"] == ALL
            assert asking.get("/healthz").json()["sequence"] == 4
        package.close()
        assert asking.get("/healthz").json()["sequence"] == 99


def test_counts_and_features_agree_while_data_arrive(own):
    wrong: list[tuple[int, int]] = []
    done = threading.Event()
    with TestClient(application(own)) as asking:

        def look():
            while not done.is_set():
                page = asking.get(f"{ITEMS}?limit=10000").json()
                if page["numberMatched"] != len(page["features"]):
                    wrong.append((page["numberMatched"], len(page["features"])))

        watchers = [threading.Thread(target=look) for _ in range(2)]
        for watcher in watchers:
            watcher.start()
        registry = own.registry(clock=Clock.fixed("2026-02-01T00:00:00Z"), ids=Ids.seeded(8))
        for step in range(5):
            with registry.transaction(actor="test", reason="more") as tx:
                registry.register("landmark").add(towns.batch(own.crs, 50, first=6_000 + 50 * step), tx)
            projector.refresh(own, registry)
        registry.close()
        done.set()
        for watcher in watchers:
            watcher.join()
        assert asking.get(ITEMS).json()["numberMatched"] == ALL + 250
    assert not wrong


def test_a_new_title_is_served_though_no_transaction_changed(own):
    with TestClient(application(own)) as asking:
        tag = asking.get("/ogc/collections/landmarks").headers["etag"]
        path = own.folder / "catalogs" / "registers" / "landmark.yaml"
        path.write_text(towns.LANDMARK.replace("en: Landmarks", "en: Sights"), encoding="utf-8")
        registry = own.registry()
        projector.refresh(own, registry)
        registry.close()
        after = asking.get("/ogc/collections/landmarks?lang=en", headers={"If-None-Match": tag})
        assert after.json()["title"] == "Sights"


def test_a_publication_put_in_the_place_of_another_is_opened(own, tmp_path):
    path = own.publication_path("public")
    copy = tmp_path / "copy.gpkg"
    with TestClient(application(own)) as asking:
        registry = add(own, 3)
        shutil.copy(path, copy)
        projector.refresh(own, registry)
        registry.close()
        assert asking.get(ITEMS).json()["numberMatched"] == ALL + 3
        copy.rename(path)
        assert asking.get(ITEMS).json()["numberMatched"] == ALL


def test_a_new_coverage_appears_and_a_removed_one_goes(own):
    with TestClient(application(own)) as asking:
        assert asking.get("/ogc/collections/terrain").status_code == 200
        shutil.move(own.rasters / "terrain", own.folder / "elsewhere")
        assert asking.get("/ogc/collections/terrain").status_code == 404
        shutil.move(own.folder / "elsewhere", own.rasters / "terrain")
        assert asking.get("/ogc/collections/terrain/coverage").status_code == 200


def test_nothing_is_made_anew_while_nothing_changes(own):
    keeper = Keeper(own)
    first = keeper.current()
    assert keeper.current() is first


def test_a_write_that_changes_nothing_keeps_the_inventory(own):
    keeper = Keeper(own)
    first = keeper.current()
    registry = own.registry()
    projector.refresh(own, registry)
    registry.close()
    assert keeper.current() is first


def test_the_registry_is_never_opened(own):
    own.registry_path.unlink()
    with TestClient(application(own)) as asking:
        assert asking.get(ITEMS).status_code == 200


@pytest.mark.both_stores
def test_a_page_and_an_item_are_told_as_is_declared_now(tmp_path, store):
    own = conftest.alone(tmp_path, store)
    path = own.folder / "catalogs" / "registers" / "bench.yaml"
    with closing(own.registry(clock=Clock.fixed(), ids=Ids.seeded(7))) as registry:
        batch = Batch({"seats": [4, 6], "wood": [True, False]}, shapely.points([584_000, 584_020], [1_109_000] * 2))
        with registry.transaction(actor="test", reason="benches") as tx:
            eids = registry.register("bench").add(batch, tx)
        projector.refresh(own, registry)
    items = "/ogc/collections/benches/items"
    with TestClient(application(own)) as asking:

        def ask():
            answers = [asking.get(path) for path in (items, f"{items}/{eids[0]}", f"{items}?wood=true&limit=1")]
            told = [one.headers.get("etag") for one in answers] + [one.status_code for one in answers]
            return [*told, "Ghế nước" in asking.get(f"{items}?f=html").text]

        before = ask()
        assert before == ask(), "of the state of before, and of it alone"
        assert before[3:] == [200, 200, 200, False]
        text = path.read_text(encoding="utf-8").replace("fields: [seats, wood, set_up]", "fields: [seats, set_up]")
        path.write_text(text.replace("title: {vi: Ghế đá", "title: {vi: Ghế nước", 1), encoding="utf-8")
        with closing(Workspace.open(own.folder, packaged()).registry()) as registry:
            projector.refresh(Workspace.open(own.folder, packaged()), registry)
        after = ask()
        assert after[3:] == [200, 200, 400, True]
        assert not set(before[:2]) & set(after[:2])
