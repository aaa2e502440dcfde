"""What a key is shown that names a collection which nobody published."""

from __future__ import annotations

from sdi.service.access.caller import Caller
from sdi.service.access.keepers import Keepers
from tests import town as towns


def test_a_collection_that_is_not_published_is_told_once_and_not_again_after_every_change(tmp_path, caplog):
    town = towns.build(tmp_path)
    keepers, caller = Keepers(town), Caller("somebody", "public", frozenset({"landmarks", "lamps"}))
    first = keepers.shown_to(caller)
    assert set(first.collections) == {"landmarks"}
    towns.write_terrain(town, level=7)
    second = keepers.shown_to(caller)
    assert second is not first
    assert [one.getMessage() for one in caplog.records if "not published" in one.getMessage()] == [
        "a key or role is for lamps, which is not published"
    ]
