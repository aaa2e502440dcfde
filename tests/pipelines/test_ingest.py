"""A delivery is loaded once, and what was recorded is published."""

from catalogs import packaged
from pipelines import ingest
from sdi.publishing import projector
from sdi.workspace import Workspace
from tests.pipelines.test_kill import ROWS, deliver, workspace

__all__ = ["workspace"]


def loaded(folder, data):
    """Load the second delivery and return the number of things recorded."""
    made = Workspace.open(folder, packaged())
    registry = made.registry()
    found = ingest.run(registry.catalog.read_entries(data / "entries")["posts-1"], made, registry, data)
    registry.close()
    return found.things


def test_loading_again_publishes_what_an_interrupted_load_recorded(workspace, tmp_path, monkeypatch):
    deliver(tmp_path, 1)
    with monkeypatch.context() as interrupted:
        interrupted.setattr(projector, "refresh", lambda *_, **__: 0)
        assert loaded(workspace.folder, tmp_path) == ROWS
    assert loaded(workspace.folder, tmp_path) == 0
    registry = workspace.registry()
    projector.verified(workspace, registry)
    registry.close()


def test_a_delivery_that_another_process_loads_meanwhile_is_not_loaded_twice(workspace, tmp_path, monkeypatch):
    deliver(tmp_path, 1)
    place, first = ingest.stored_places, []

    def meanwhile(frame, registry):
        if not first:
            first.append(True)
            first.append(loaded(workspace.folder, tmp_path))
        return place(frame, registry)

    monkeypatch.setattr(ingest, "stored_places", meanwhile)
    assert loaded(workspace.folder, tmp_path) == 0
    assert first[1] == ROWS


def test_the_report_of_a_refused_delivery_is_kept_where_it_was_asked_for(tmp_path, capsys):
    from pipelines.__main__ import main
    from tests.pipelines.test_kill import ENTRY, POST, WORKSPACE

    (tmp_path / "city.yaml").write_text(WORKSPACE, encoding="utf-8")
    folder = tmp_path / "city"
    assert main(["init", str(tmp_path / "city.yaml"), "-w", str(folder)]) == 0
    (folder / "catalogs" / "registers").mkdir(parents=True)
    (folder / "catalogs" / "registers" / "post.yaml").write_text(POST, encoding="utf-8")
    (tmp_path / "posts-1.yaml").write_text(ENTRY.format(number=1), encoding="utf-8")
    bad = '{"type": "Feature", "properties": {"number": -1}, "geometry": {"type": "Point", "coordinates": [105.7, 10]}}'
    (tmp_path / "posts-1.geojson").write_text('{"type": "FeatureCollection", "features": [' + bad + "]}")
    report = tmp_path / "report.txt"
    command = ["ingest", str(tmp_path / "posts-1.yaml"), "--data", str(tmp_path), "-w", str(folder)]
    assert main([*command, "--report", str(report)]) == 1
    assert "number" in report.read_text(encoding="utf-8")
    assert "number" in capsys.readouterr().err
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "row 0" in said
    assert "[" in said
