"""The functions behind the processes: each runs one chain and records what it gave, and one of them shows it.

Those of the processes have the form of `sdi.work.process.Function`: the workspace, the inputs as the schema of
the process completed them, and a listener for progress.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from frmis.quantity import quantity
from pipelines import ensemble, flood, publish, scenarios
from pipelines import level as water_level
from pipelines import risk as flood_risk
from pipelines import whatif as what_if
from sdi.declaration import Label
from sdi.errors import InputError
from sdi.work.process import Inputs, Outcome, Progress
from sdi.workspace import Workspace


def flood_run(workspace: Workspace, inputs: Inputs, progress: Progress) -> Outcome:
    """Simulate one scenario."""
    scenario = scenarios.read(workspace, inputs["scenario"], _data(inputs))
    with closing(workspace.registry()) as registry:
        done = flood.run(scenario, workspace, registry, progress=_named(progress, "simulate"))
    return Outcome(("flood-depth", "hydrographs"), (done.coverage,), asdict(done))


def flood_ensemble(workspace: Workspace, inputs: Inputs, progress: Progress) -> Outcome:
    """Simulate one scenario on several terrains and record where they disagree."""
    scenario = scenarios.read(workspace, inputs["scenario"], _data(inputs))
    with closing(workspace.registry()) as registry:
        done = ensemble.run(
            scenario, workspace, registry, terrains=inputs["terrains"], progress=_named(progress, "simulate")
        )
    return Outcome(("flood-agreement",), (done.coverage,), asdict(done))


def risk(workspace: Workspace, inputs: Inputs, progress: Progress) -> Outcome:
    """Work out what is wet and what it costs, over the published runs."""
    with closing(workspace.registry()) as registry:
        done = flood_risk.run(
            workspace,
            registry,
            runs=inputs.get("runs"),
            curves=inputs["curves"],
            rule=inputs["rule"],
            progress=_named(progress, "assess"),
        )
    return Outcome(("flood-exposure", "flood-risk"), (), asdict(done))


def whatif(workspace: Workspace, inputs: Inputs, progress: Progress) -> Outcome:
    """Compare the flood before and after a plan zone is graded to another level."""
    scenario = scenarios.read(workspace, inputs["scenario"], _data(inputs))
    with closing(workspace.registry()) as registry:
        done = what_if.run(
            workspace,
            registry,
            zone=inputs["zone"],
            ground_level=float(inputs["ground_level"]),
            scenario=scenario,
            title=Label(**inputs["title"]) if "title" in inputs else None,
            progress=_named(progress, "compare"),
        )
    return Outcome(("proposals", "flood-change"), (done.coverage,), asdict(done))


def level(workspace: Workspace, inputs: Inputs, progress: Progress) -> Outcome:
    """Predict the hydrograph of a gauge from tidal constants."""
    with closing(workspace.registry()) as registry:
        progress("predict", 0.0)
        done = water_level.run(
            workspace,
            registry,
            gauge=inputs["gauge"],
            tide=inputs["tide"],
            start=_moment(inputs["start"]),
            duration=quantity(inputs["duration"], "time"),
            mean_level=inputs.get("mean_level"),
            residual=inputs["residual"],
            sea_level_rise=inputs["sea_level_rise"],
            subsidence=inputs["subsidence"],
            epoch=inputs.get("epoch"),
            data=_data(inputs),
        )
    return Outcome(("hydrographs",), (), asdict(done))


def show(workspace: Workspace) -> None:
    """Bring the publications up to what was recorded.

    Parameters
    ----------
    workspace : Workspace
        The city.
    """
    with closing(workspace.registry()) as registry:
        publish.run(workspace, registry)


def _named(progress: Progress, step: str) -> Callable[[float], None]:
    """Return a listener that is told the share only."""
    return lambda done: progress(step, done)


def _data(inputs: Inputs) -> Path | None:
    """Return the folder of delivered data, where one was named."""
    return Path(inputs["data"]) if "data" in inputs else None


def _moment(text: str) -> datetime:
    """Read a time with its offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(
            f"start {text!r} is no time with its offset from UTC; write for example 2025-10-22T00:00:00+07:00",
            code="time-invalid",
        )
    return moment
