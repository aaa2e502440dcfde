"""``phusa bulk``: what cron calls every night."""

from __future__ import annotations

import json
import shutil

from pipelines.__main__ import main
from tests.fair import build


def test_it_builds_what_changed_at_each_level_and_says_what_is_not_offered(tmp_path, capsys):
    workspace = build(tmp_path)
    told = []
    for _ in range(2):
        assert main(["bulk", "--workspace", str(workspace.folder), "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out)["levels"])
    assert [one["level"] for one in told[0]] == ["public", "restricted"]
    for one in told[0]:
        assert sorted(one["built"]) == ["lawns", "odd-things", "stalls"]
        assert "visitors" in one["refused"]
        assert one["length"] > 0
    assert [(one["built"], len(one["kept"])) for one in told[1]] == [([], 3), ([], 3)]
    assert main(["bulk", "--workspace", str(workspace.folder), "--level", "public"]) == 0
    assert capsys.readouterr().out.startswith("public: 0 collections built, 3 unchanged")


def test_where_nothing_is_published_it_says_what_to_do(tmp_path, capsys):
    workspace = build(tmp_path)
    shutil.rmtree(workspace.folder / "publications")
    assert main(["bulk", "--workspace", str(workspace.folder)]) == 1
    assert "`phusa publish`" in capsys.readouterr().err
