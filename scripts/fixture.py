"""Keep a small workspace of this version as a fixture that every later version must open, migrate and verify.

Run once per released version: ``.venv/bin/python scripts/fixture.py`` writes the packed workspace into
``tests/fixtures`` and, beside it, what it must answer. An existing fixture is never written again.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from pipelines import demo, publish

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "fixtures"


def main() -> int:
    """Build the workspace and pack it."""
    target = FOLDER / f"workspace-{version('phusa')}.tar.xz"
    if target.exists():
        print(f"{target.name} exists; a fixture of a version is written once")
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        workspace = demo.run(Path(scratch) / "workspace", scale=0.05)
        registry = workspace.registry()
        verified = publish.verify(workspace, registry)
        registry.close()
        said = {
            "transactions": verified.transactions,
            "root_hash": verified.root_hash,
            "counts": publish.status(workspace).counts,
            "coverages": publish.status(workspace).coverages,
        }
        FOLDER.mkdir(exist_ok=True)
        with tarfile.open(target, "w:xz", preset=9) as archive:
            archive.add(workspace.folder, "workspace")
    target.with_suffix("").with_suffix(".json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
