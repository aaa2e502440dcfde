"""Commands that simulate floods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from frmis import scenario_file
from frmis.scenario import Scenario
from pipelines import scenarios
from pipelines.command import console, job, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.catalog.document import Document
from sdi.workspace import Workspace


def add(commands: Commands[Parser]) -> None:
    """Add ``flood run``, ``flood ensemble``, ``flood check`` and ``flood schema``."""
    inner = console.group(commands, "flood", "simulate floods")
    run = console.command(inner, "run", "run one scenario and publish it", _run)
    _scenario(run)
    several = console.command(inner, "ensemble", "run one scenario on several terrains and compare them", _run_ensemble)
    _scenario(several)
    several.add_argument(
        "--terrain",
        action="append",
        required=True,
        metavar="COVERAGE",
        help="name of a terrain; given at least twice, in the place of that of the file",
    )
    _scenario(console.command(inner, "check", "say what a scenario would run, write nothing", _run_check))
    console.command(inner, "schema", "write the JSON Schema of scenario files", _run_schema)


def scenario_of(options: Options, workspace: Workspace) -> tuple[Scenario, Mapping[str, Any]]:
    """Read the scenario that a command was given.

    Parameters
    ----------
    options : Namespace
        With ``scenario``, a file or a name of the catalogue, and ``data``.
    workspace : Workspace
        The city.

    Returns
    -------
    tuple of (Scenario, mapping)
        The scenario, and what its file says: a job takes its content, so that the file may change meanwhile.
    """
    given = Path(options.scenario)
    path = given if given.is_file() else scenarios.find(workspace, options.scenario)
    return scenarios.read(workspace, path, options.data), Document.read(path).data


def folder_of(options: Options) -> str | None:
    """Return the folder of delivered data as a job takes it."""
    return None if options.data is None else str(options.data.absolute())


def _scenario(command: Parser) -> None:
    """Add what names a scenario."""
    command.add_argument("scenario", help="scenario file, or the name of one in catalogs/scenarios")
    data(command)


def data(command: Parser) -> None:
    """Add the option that names the folder of delivered data."""
    command.add_argument("--data", type=Path, help="folder of delivered data, where a tide keeps its constants there")


def _run(options: Options) -> int:
    """Run one scenario as a job."""
    _, content = scenario_of(options, opened.workspace(options))
    inputs = {"scenario": content, "data": folder_of(options)}
    return job.execute(
        options, "flood-run", inputs,
        lambda said: console.noted(f"run {said['identifier']} is published as coverage {said['coverage']}", said),
    )  # fmt: skip


def _run_ensemble(options: Options) -> int:
    """Run one scenario on several terrains as a job."""
    _, content = scenario_of(options, opened.workspace(options))
    inputs = {"scenario": content, "terrains": options.terrain, "data": folder_of(options)}
    return job.execute(options, "flood-ensemble", inputs, _ensemble)


def _ensemble(said: Mapping[str, Any]) -> str:
    """Say what an ensemble gave."""
    lines = [f"ensemble of {', '.join(said['members'])} is published as coverage {said['coverage']}"]
    lines += [
        f"  {one['first']} and {one['second']}: critical success index {_number(one['critical_success_index'])}, "
        f"correlation {_number(one['correlation'])}, mean difference {_number(one['mean_difference'])} m"
        for one in said["agreements"]
    ]
    lines.append(f"  mean disagreement where any is flooded: {_number(said['mean_disagreement'])} m")
    return console.noted("\n".join(lines), said)


def _run_check(options: Options) -> int:
    """Say what a scenario would run."""
    workspace = opened.workspace(options)
    scenario, _ = scenario_of(options, workspace)
    with closing(workspace.registry()) as registry:
        found = scenarios.check(workspace, registry, scenario)
    head = (
        f"{found.scenario}: {found.rows} x {found.columns} cells of {found.terrain}, "
        f"{found.duration_s / 3600:g} h from {found.start}; it would be run {found.identifier}"
    )
    return console.answer(options, asdict(found), "\n".join([head, *(f"  notice: {note}" for note in found.notices)]))


def _run_schema(_options: Options) -> int:
    """Write the JSON Schema of scenario files."""
    console.say(json.dumps(scenario_file.schema(), ensure_ascii=False, indent=2))
    return 0


def _number(value: float | None) -> str:
    """Write a figure; what is not a number has no value in JSON."""
    return "none" if value is None else f"{value:.3f}"
