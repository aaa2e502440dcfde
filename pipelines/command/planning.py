"""Commands for planners: what applies at a place, and what a change of the plan would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines import lookup
from pipelines.command import console, flood, job, opened
from pipelines.command.console import Commands, Options, Parser


def add(commands: Commands[Parser]) -> None:
    """Add ``lookup`` and ``whatif``."""
    _lookup(commands)
    _whatif(commands)


def _lookup(commands: Commands[Parser]) -> None:
    made = console.command(commands, "lookup", "say what applies at a place", _run_lookup)
    place = made.add_mutually_exclusive_group(required=True)
    place.add_argument("--point", metavar="LON,LAT", help="or easting and northing; before a minus sign write --point=")
    place.add_argument("--parcel", metavar="P", help="code, identifier, or map sheet and number such as 7/12")
    place.add_argument("--address", metavar="A", help="house number and street, in any spelling")
    made.add_argument("--language", choices=("vi", "en"), default="en", help="of the text (default: %(default)s)")


def _run_lookup(options: Options) -> int:
    """Look a place up."""
    found = lookup.run(opened.workspace(options), point=options.point, parcel=options.parcel, address=options.address)
    return console.answer(options, found.document(), found.text(options.language))


def _whatif(commands: Commands[Parser]) -> None:
    made = console.command(
        commands, "whatif", "compare the flood before and after a plan zone is graded to another level", _run_whatif
    )
    made.add_argument("--zone", required=True, metavar="ID", help="identifier of a plan zone, or a code it carries")
    made.add_argument(
        "--ground-level", required=True, type=float, metavar="M", help="of the zone [m, datum of the terrain]"
    )
    made.add_argument("--scenario", required=True, help="scenario file, or the name of one in catalogs/scenarios")
    made.add_argument("--title", nargs=2, metavar=("VI", "EN"), help="name of the proposal")
    flood.data(made)


def _run_whatif(options: Options) -> int:
    """Compare two floods as a job."""
    _, content = flood.scenario_of(options, opened.workspace(options))
    inputs = {
        "zone": options.zone,
        "ground_level": options.ground_level,
        "scenario": content,
        "title": options.title and {"vi": options.title[0], "en": options.title[1]},
        "data": flood.folder_of(options),
    }
    return job.execute(options, "whatif", inputs, _compared)


def _compared(said: Mapping[str, Any]) -> str:
    """Say what a comparison gave."""
    text = f"""proposal {said["proposal"]} is published with coverage {said["coverage"]}
  fill {said["fill_volume"]:,.0f} m3, cut {said["cut_volume"]:,.0f} m3
  the depth rises by up to {said["largest_rise"]:.2f} m and falls by up to {said["largest_fall"]:.2f} m
  wetter, things by register: {_counted(said["wetter"])}
  drier, things by register: {_counted(said["drier"])}"""
    return console.noted(text, said)


def _counted(counts: Mapping[str, int]) -> str:
    """Say how many things of which register."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count) or "none"
