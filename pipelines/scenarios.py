"""The scenarios of a workspace: from a file, by their name in the catalogue, or as they came with a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from frmis import scenario_file, terrain, tide_file
from frmis.scenario import Scenario
from frmis.simulation import Run
from pipelines import ground, level
from sdi.catalog.document import find_file
from sdi.grid import Grid
from sdi.registry import Registry
from sdi.workspace import Workspace

Given = str | Mapping[str, Any]
"""The name of a scenario of the catalogue, or what its file would say."""


def read(workspace: Workspace, given: Given | Path, data: Path | None = None) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    workspace : Workspace
        The city, whose own catalogue goes before the packaged one.
    given : str, mapping or Path
        Its name in the catalogue, its content, or its file.
    data : Path, optional
        Folder of delivered data, where a tide keeps its constants there.

    Returns
    -------
    Scenario
        With the levels of its tides worked out.

    Raises
    ------
    NotFound
        If the catalogue has no scenario, or no tide, of that name.
    CatalogError
        Naming line and cure.
    """
    tides = partial(tide_file.find, folders=level.tides(workspace), data=data)
    if isinstance(given, Mapping):
        return scenario_file.parse(given, tides=tides)
    return scenario_file.read(given if isinstance(given, Path) else find(workspace, given), tides=tides)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a scenario would run."""

    scenario: str
    identifier: str
    """Of the run, pinned to its ground."""
    terrain: str
    rows: int
    columns: int
    start: str
    duration_s: float
    inflows: tuple[str, ...]
    gates: tuple[str, ...]
    fit_for_decisions: bool
    notices: tuple[str, ...]
    """What the result would have to say."""


def check(workspace: Workspace, registry: Registry, scenario: Scenario) -> Checked:
    """Lay a scenario on its ground without running it.

    Parameters
    ----------
    workspace : Workspace
        The city.
    registry : Registry
        Its registry.
    scenario : Scenario
        The run, described completely.

    Returns
    -------
    Checked
        What it would run.

    Raises
    ------
    PhusaError
        Where a run would refuse before its first step.
    """
    laid = ground.lay(scenario, workspace, registry)
    report = terrain.check(
        laid.source, expected_ground=scenario.expected_ground, datum=scenario.boundary.vertical_datum
    )
    report.raise_if_unusable()
    if not scenario.allow_poor_terrain:
        report.raise_if_unfit()
    Run.begin(laid.pin(scenario), laid, Grid.from_dataarray(laid.elevation))
    rows, columns = laid.elevation.shape
    notices = [note.en for note in (*scenario.notices, *laid.notices, report.notice()) if note.en]
    return Checked(
        scenario.name, laid.pin(scenario).identifier, scenario.terrain, rows, columns, scenario.start.isoformat(),
        scenario.duration, tuple(one.name for one in scenario.inflows), tuple(one.identifier for one in laid.gates),
        report.fit_for_decisions and not notices, tuple(notices),
    )  # fmt: skip


def find(workspace: Workspace, name: str) -> Path:
    """Return the file of a scenario of the catalogue.

    Parameters
    ----------
    workspace : Workspace
        The city.
    name : str
        Name of the file without its ending.

    Raises
    ------
    NotFound
        If there is none.
    """
    folders = [folder / "scenarios" for folder in workspace.catalogs]
    return find_file(
        name, folders, f"{name} is neither a file nor a scenario of the catalogue", code="scenario-unknown"
    )
