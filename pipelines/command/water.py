"""The command that predicts water levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.command import console, job
from pipelines.command.console import Commands, Options, Parser
from pipelines.command.flood import data, folder_of


def add(commands: Commands[Parser]) -> None:
    """Add ``level``."""
    made = console.command(commands, "level", "predict the hydrograph of a gauge from tidal constants", _run)
    made.add_argument("gauge", help="identifier of a gauge, or a code that it carries")
    made.add_argument("--tide", required=True, metavar="NAME", help="constants, by their name in catalogs/tides")
    made.add_argument("--start", required=True, metavar="TIME", help="with offset, such as 2025-10-22T00:00:00+07:00")
    made.add_argument("--duration", default="48 h", help="such as 48h (default: %(default)s)")
    made.add_argument("--mean-level", type=float, metavar="M", help="[m, datum of the gauge]; that of the constants")
    for name, text in (
        ("residual", "surge and river beside the tide"),
        ("sea-level-rise", "since the epoch of the mean level"),
        ("subsidence", "of the ground since then"),
    ):
        made.add_argument(f"--{name}", type=float, default=0.0, metavar="M", help=f"{text} [m] (default: 0)")
    made.add_argument("--epoch", help="when the mean level held, ISO 8601; that of the constants")
    data(made)


def _run(options: Options) -> int:
    """Predict the hydrograph of a gauge as a job."""
    names = ("gauge", "tide", "start", "duration", "mean_level", "residual", "sea_level_rise", "subsidence", "epoch")
    inputs = {name: getattr(options, name) for name in names}
    return job.execute(options, "level", {**inputs, "data": folder_of(options)}, _text)


def _text(said: Mapping[str, Any]) -> str:
    """Say what was predicted."""
    text = (
        f"{said['name']['vi']}: {said['values']} levels, highest {said['peak_level']:.2f} m ({said['vertical_datum']}) "
        f"at {said['peak_time']}, alarm {said['alarm'] or 'levels unknown'}; it is hydrograph {said['eid']}"
    )
    return console.noted(text, {"notice": said["notice"] and said["notice"]["en"]})
