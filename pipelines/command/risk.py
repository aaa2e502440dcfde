"""The command that works out what is at risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from frmis.risk import DEFAULT_RULE, Rule
from pipelines.command import console, job
from pipelines.command.console import Commands, Options, Parser


def add(commands: Commands[Parser]) -> None:
    """Add ``risk``."""
    made = console.command(commands, "risk", "say what is wet and what it costs, over the published runs", _run)
    made.add_argument(
        "--run", action="append", metavar="COVERAGE", help="one of the runs, may be repeated (default: all of them)"
    )
    made.add_argument("--rule", choices=get_args(Rule), default=DEFAULT_RULE, help="of the annual damage (%(default)s)")
    made.add_argument("--curves", default="default", metavar="NAME", help="depth-damage curves (default: %(default)s)")


def _run(options: Options) -> int:
    """Assess the risk as a job."""
    inputs = {"runs": options.run, "curves": options.curves, "rule": options.rule}
    return job.execute(options, "risk", inputs, _text)


def _text(said: Mapping[str, Any]) -> str:
    """Say what was assessed."""
    periods = ", ".join(f"{one:g}" for one in said["return_periods"])
    text = f"""assessment {said["identifier"]} of {", ".join(said["runs"])}
  {said["exposed"]} rows in flood-exposure, {said["at_risk"]} rows in flood-risk"""
    if periods:
        text += f"""
  expected annual damage {said["expected_annual_damage"]:,.0f} {said["currency"]}, by the rule {said["rule"]} over the
  return periods {periods} years"""
    return console.noted(text, said)
