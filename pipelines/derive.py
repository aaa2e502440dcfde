"""What follows from a city once its things are recorded: water levels, floods, and what they cost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from frmis.forcing import Series
from frmis.scenario import Scenario
from pipelines import ensemble, flood, level, risk, scenarios, simulated
from pipelines.ground import lay
from pipelines.ingest import Progress, silent
from sdi.registry import Registry
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

HOUR = 3600.0
"""[s]"""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A water level to be predicted at a gauge."""

    gauge: str
    """Identifier of the gauge, of any scheme."""
    tide: str
    """Name of tidal constants."""
    start: datetime
    duration: float
    """[s]"""
    residual: Series
    """What wind and river add [m], over seconds after the start."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What is derived from one city."""

    scenarios: tuple[str, ...] = ()
    """Floods to simulate, by their names in the catalogue."""
    ensembles: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Floods to simulate on several terrains side by side: name of the scenario, names of the terrains."""
    predictions: tuple[Prediction, ...] = ()
    risk: bool = False
    """Whether the floods are laid over its buildings, and those with a return period made a risk."""


NOTHING = Derived()
CITIES: Mapping[str, Derived] = {
    "synthetic": Derived(
        scenarios=("storm", "design_002", "design_010", "design_050", "design_100"),
        predictions=(
            Prediction(
                # The day of the storm and the one after, with the surge of its scenario.
                "MP-TD00001", "synthetic", datetime.fromisoformat("2025-10-08T00:00:00+07:00"), 48 * HOUR,
                Series.constant(0.2),
            ),
        ),
        risk=True,
    ),
    "cantho": Derived(
        scenarios=("cantho_may_2025",),
        ensembles=(("cantho_may_2025", ("ninhkieu-surface-srtm", "ninhkieu-surface-aster")),),
    ),
    "merewether": Derived(scenarios=("merewether",)),
}  # fmt: skip
"""By name of the city in the catalogue; of the others nothing is derived."""


def run(
    workspace: Workspace,
    registry: Registry,
    derived: Derived,
    *,
    data: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Predict the levels, simulate the floods and assess them.

    Parameters
    ----------
    workspace : Workspace
        The city, with its things recorded and its terrain published.
    registry : Registry
        Its registry.
    derived : Derived
        What is wanted.
    data : Path, optional
        Folder of delivered data, where tides keep their constants there.
    progress : callable
        Told the step, and the share of all steps that is done.
    """
    steps = len(derived.scenarios) + len(derived.ensembles) + int(derived.risk)
    for one in derived.predictions:
        level.run(
            workspace, registry, gauge=one.gauge, tide=one.tide, start=one.start, duration=one.duration,
            residual=one.residual, data=data,
        )  # fmt: skip
    cases = [(one, lay(one, workspace, registry)) for one in _scenarios(workspace, derived, data)]
    with closing(simulated.results(cases, progress=_named(progress, derived.scenarios, steps))) as results:
        for (scenario, ground), result in zip(cases, results, strict=True):
            flood.run(scenario, workspace, registry, ground=ground, result=result)
    for number, (name, terrains) in enumerate(derived.ensembles, start=len(derived.scenarios)):
        scenario, listener = scenarios.read(workspace, name, data), _share(progress, f"ensemble {name}", number, steps)
        ensemble.run(scenario, workspace, registry, terrains=terrains, progress=listener)
    if derived.risk:
        risk.run(workspace, registry, progress=_share(progress, "risk", steps - 1, steps))
    logger.info("%d levels, %d floods derived", len(derived.predictions), len(derived.scenarios))


def _scenarios(workspace: Workspace, derived: Derived, data: Path | None) -> list[Scenario]:
    """Read the floods that are wanted."""
    return [scenarios.read(workspace, name, data) for name in derived.scenarios]


def _named(progress: Progress, names: Sequence[str], steps: int) -> Callable[[int, float], None]:
    """Return a listener that reports floods that are simulated, several at a time, as a share of all steps."""
    return lambda number, done: progress(f"flood {names[number]}", done / steps)


def _share(progress: Progress, step: str, number: int, steps: int) -> Callable[[float], None]:
    """Return a listener that reports one of several steps as a share of all of them."""
    return lambda done: progress(step, (number + done) / steps)
