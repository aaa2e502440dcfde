"""A shelf that others change while it is read."""

from __future__ import annotations

from pathlib import Path

from sdi.bulk import shelf
from sdi.bulk.shelf import Holding


def test_a_description_that_goes_while_a_shelf_is_read_is_not_on_it(tmp_path: Path, monkeypatch) -> None:
    for name in ("lawns", "stalls"):
        shelf.put(tmp_path, Holding(name, "publication", "state", 1, "", 0, ()))
    real = Path.iterdir

    def meanwhile(folder: Path) -> list[Path]:
        found = list(real(folder))
        (folder / "lawns.json").unlink()
        return found

    monkeypatch.setattr(Path, "iterdir", meanwhile)
    assert set(shelf.holdings(tmp_path)) == {"stalls"}
