"""schemathesis asks whatever the description allows, and whatever it forbids, and holds each answer against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import serving
from tests.town import moved

pytestmark = [pytest.mark.clients, pytest.mark.shows("service")]
ROOT = Path(__file__).resolve().parents[2]
A_FEW = r"^/(conformance|openapi|collections)?$|/collections/(landmarks|terrain)(/|$)|^/(?!collections)"
"""Every path of one collection of features and of one coverage, and every path that belongs to none."""
FUZZING = ("--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--seed", "92")
UNKNOWABLE = "positive_data_acceptance"
"""No schema says which texts are a time, a CQL2 filter or a pair of parameters that fit together: those are 400."""


def report(address: str, folder: Path, *options: str) -> dict[str, object]:
    """Run schemathesis over a service and return what it reports."""
    file = folder / "report.json"
    words = ["run", f"{address}/ogc/openapi", "--exclude-checks", UNKNOWABLE, "--continue-on-failure", "--no-color"]
    words += ["--no-shrink", "--warnings", "off", "--report", "json", "--report-json-path", str(file), *options]
    script = Path(sys.executable).with_name("schemathesis")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks"}
    environment |= {"NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [script, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=1_500
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    found: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return found


def told(said, figure, where):
    """Note how much was asked, and that nothing was wrong."""
    cases, operations = said["test_cases"], said["operations"]
    figure(f"schemathesis, {where}: requests", cases["generated"], "1", "")
    figure(f"schemathesis, {where}: operations", operations["tested"], "1", f"= {operations['selected']}")
    figure(f"schemathesis, {where}: answers that break the description", cases["with_failures"], "1", "= 0")
    assert (cases["with_failures"], cases["errored"], said["failures"], said["errors"]) == (0, 0, [], [])
    assert operations["tested"] == operations["selected"]


def test_what_is_described_is_what_is_answered(town, tmp_path, figure):
    with serving(town) as address:
        said = report(
            address, tmp_path, "--include-path-regex", A_FEW, "--phases", "examples,coverage",
            "--generation-deterministic",
        )  # fmt: skip
    told(said, figure, "one collection of each kind")
    assert said["test_cases"]["generated"] > 1_000


@pytest.mark.slow
def test_whatever_is_asked_of_any_collection_nothing_else_is_answered(town, tmp_path, figure):
    with serving(town) as address:
        said = report(address, tmp_path, *FUZZING)
    told(said, figure, "every operation, embedded")


@pytest.mark.slow
def test_whatever_is_asked_of_the_other_store_nothing_else_is_answered(town, tmp_path, figure, database):
    with serving(moved(town, tmp_path, database)) as address:
        said = report(address, tmp_path, *FUZZING, "--include-path-regex", A_FEW)
    told(said, figure, "one collection of each kind, postgis")
