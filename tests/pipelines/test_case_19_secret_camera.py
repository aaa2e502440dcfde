"""A secret camera hangs on a public lamp post: nobody can tell it from what is open."""

from __future__ import annotations

from contextlib import closing

import pytest

from sdi.access import secret
from sdi.errors import InputError, NotInRegister
from sdi.publishing import projector
from sdi.recording import Batch
from tests.leaks import answers, build, differing
from tests.model import opened


@pytest.fixture
def street(tmp_path, store):
    return build(tmp_path, store)


def hang(workspace, known, **options):
    """Record a camera on a post, at its place."""
    with closing(workspace.secret_registry(**options)) as registry:
        at = registry.beside.register("post").find(known["post1"]).location
        batch = Batch({"looks": ["north"]}, locations=[at], names={"vi": ["Mắt thần"]}, valid_from="2024-01-01")
        with registry.transaction("police", "a camera") as tx:
            (eid,) = registry.register("guard_camera").add(batch, tx)
            registry.register("guard_camera").relate(eid, "mounted_on", [known["post1"]], tx)
        return eid


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_camera_on_a_lamp_post_changes_not_a_byte_of_any_answer_nor_of_the_open_registry(street, figure):
    workspace, known = street
    with closing(opened(workspace)) as registry:
        before = registry.root_hash, answers(workspace, known)
        eid = hang(workspace, known)
        projector.refresh(workspace, registry, rebuild=True)
        after = registry.root_hash, answers(workspace, known | {"camera": eid})
    assert before[0] == after[0]
    assert differing(before[1], after[1]) == []
    asked = [address for address in after[1] if eid in address]
    assert {after[1][address][0] for address in asked} == {404}
    figure("answers compared byte for byte before and after a secret camera was hung", len(before[1]))


def test_the_camera_is_found_where_the_post_was_at_any_moment(street):
    workspace, known = street
    eid = hang(workspace, known)
    with closing(workspace.secret_registry()) as registry:
        cameras = registry.register("guard_camera")
        assert [cameras.find(eid, valid=f"202{year}-06-01").geometry.x for year in (4, 5)] == [584_010, 584_012]
        assert secret.find(registry, "guard_camera", eid).values == {"looks": "north"}
        assert eid[14] == "4"
        assert registry.verify() == registry.last_tx


def test_the_open_registry_does_not_know_the_camera_and_lets_its_post_end(street):
    workspace, known = street
    eid = hang(workspace, known)
    with closing(opened(workspace)) as registry:
        with pytest.raises(NotInRegister):
            registry.register("guard_camera").find(eid)
        with registry.transaction("test", "the post is pulled down") as tx:
            registry.register("post").retire(known["post1"], tx, valid_from="2026-01-01")
        assert eid not in repr(registry.store.select("SELECT eid FROM entity"))


def test_what_is_secret_is_refused_by_the_open_registry(street):
    workspace, _ = street
    with closing(opened(workspace)) as registry:
        cameras = registry.register("guard_camera")
        with pytest.raises(InputError, match="--secret"), registry.transaction("test", "by mistake") as tx:
            cameras.add(Batch({"looks": ["south"]}), tx)
