"""Scenarios as files of the catalogue: ``catalogs/scenarios/*.yaml``.

::

    scenario: storm
    title: {vi: ..., en: ...}
    terrain: terrain                       # name of a coverage of the workspace
    start: 2025-10-22T11:00:00+07:00
    duration: 6 h
    output_interval: 15 min
    rainfall: {intensity: 60 mm/h, start: 30 min, duration: 90 min}
                                           # or  steps: [[0 min, 20 mm/h], [30 min, 80 mm/h], [60 min, 0 mm/h]]
    infiltration: {initial: 60 mm/h, final: 8 mm/h, decay: 2 1/h}      # or one capacity:  10 mm/h
    boundary:
      vertical_datum: hon_dau
      north: {level: 1.80 m}               # or  level: [[0 h, 1.20 m], [3 h, 1.90 m], ...]
      south:                               # or from the constants of a tide, catalogs/tides/NAME.yaml
        level: {tide: vung_tau, mean_level: 0.2 m, residual: 0.3 m, sea_level_rise: 0.24 m, subsidence: 0.1 m}
      east: {level: 1.80 m, below: -1 m}   # only where the bed is lower: the river, not the land beside it
      west: {slope: 0.001}                 # water leaves freely; a side not named is closed
    initial: {level: 1.20 m, extent: connected}
    inflows:
      - {name: outfall, at: [582000, 1110200], radius: 10 m, discharge: 2 m3/s}
      - {name: breach, line: [[x, y], [x, y]], discharge: [[0 h, 0 m3/s], [1 h, 8 m3/s], [6 h, 0 m3/s]]}
    roughness: 0.035
    land_cover: {register: plan_zone, table: land_use}                 # roughness and pervious share of each cell
    obstacles: {register: building, method: raised, height: 3 m, minimum_share: 0.5}
    structures:                            # of the register flood_structure, by identifier
      - {scheme: ct-asset, value: K-12}    # a levee or flood wall
      - {scheme: ct-asset, value: C-3, state: automatic}               # a gate: open, closed, automatic,
                                           # or over time  [[0 h, open], [2 h, closed]]
    return_period: 10                      # years
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from frmis import form, tide_file
from frmis.forcing import Boundary, Edge, Infiltration, Inflow, Rainfall
from frmis.form import FLAG, LABEL, MOMENT, NUMBER, POINT, TEXT, Part
from frmis.landcover import LandCover
from frmis.level_form import LENGTH, LEVEL, TIME, Tides, series
from frmis.obstacle import Obstacles
from frmis.scenario import Scenario
from frmis.structure import Schedule, Structure
from frmis.tide import Constants
from sdi.catalog.document import Document
from sdi.errors import InputError

RAIN = form.measure("rain intensity")
Find = Callable[[str], Constants]


def read(path: Path, *, tides: Find | None = None) -> Scenario:
    """Read a scenario from its file.

    Parameters
    ----------
    path : Path
        A YAML file as the module describes it.
    tides : callable, optional
        Returns the constants of a tide by name; those of the catalogue the file stands in where absent.

    Returns
    -------
    Scenario
        Not yet pinned to the content of a terrain; levels of a tide are worked out, and what must be said of that tide
        stands among the notices.

    Raises
    ------
    CatalogError
        Naming file, line and cure: an unknown key, a missing one, a value without unit or out of its range.
    """
    beside = partial(tide_file.find, folders=[path.parent.parent / "tides"])
    return _scenario(Document.read(path), tides or beside)


def parse(values: Mapping[str, Any], *, tides: Find | None = None, name: str = "scenario") -> Scenario:
    """Read a scenario from values that were no file, a request for example.

    Parameters
    ----------
    values : mapping
        What a file says.
    tides : callable, optional
        Returns the constants of a tide by name; none are known where absent.
    name : str
        What errors call it.

    Returns
    -------
    Scenario

    Raises
    ------
    CatalogError
        As `read`.
    """
    return _scenario(Document(Path(name), values, {}), tides or partial(tide_file.find, folders=[]))


def schema() -> dict[str, Any]:
    """Return what a scenario file may say.

    Returns
    -------
    dict
        JSON Schema 2020-12, made of the forms that read it.
    """
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "phusa flood scenario"}
    return {**head, **SCENARIO.schema}


def _scenario(document: Document, find: Find) -> Scenario:
    """Read a scenario, and what must be said of the tides it names."""
    tides = Tides(find)
    part = Part(document, (), document.data, tides)
    values: dict[str, Any] = SCENARIO.reader(part)
    values["notices"] = tuple(dict.fromkeys((*values.get("notices", ()), *tides.notices())))
    values["terms"] = tides.terms()
    values |= values.pop("initial", {})
    values["name"] = values.pop("scenario")
    try:
        return Scenario(**values)
    except InputError as error:
        raise part.wrong(error) from error


def _steps(part: Part, values: dict[str, Any]) -> Rainfall:
    steps = values["steps"]
    if steps[-1][1] != 0 or len(steps) < 2:
        raise part.at("steps").error("the last step does not end the rain", "end with a row such as [60 min, 0 mm/h]")
    return Rainfall(tuple(row[0] for row in steps), tuple(row[1] for row in steps[:-1]))


def _free(_: Part, values: dict[str, Any]) -> Edge:
    return Edge("free", slope=values["slope"], highest_bed=values.get("below"))


def _held(_: Part, values: dict[str, Any]) -> Edge:
    return Edge("level", values["level"], highest_bed=values.get("below"))


def _inflow(_: Part, values: dict[str, Any]) -> Inflow:
    place = (values["at"],) if "at" in values else values["line"]
    return Inflow(values["name"], place, values["discharge"], values.get("radius"))


def _schedule(_: Part, rows: tuple[tuple[float, str], ...]) -> Schedule:
    return Schedule(tuple(row[0] for row in rows), tuple(float(row[1] == "open") for row in rows))


RAINFALL = form.either(
    intensity=form.mapping(
        {"intensity": RAIN, "duration": TIME, "start": TIME}, required=("intensity", "duration")
    ).then(lambda _, values: Rainfall.constant(**values)),
    steps=form.mapping({"steps": form.many(form.row(TIME, RAIN))}, required=("steps",)).then(_steps),
)
INFILTRATION = form.by_kind(
    plain=RAIN.then(lambda _, rate: Infiltration.constant(rate)),
    keys=form.mapping(
        {"initial": RAIN, "final": RAIN, "decay": form.measure("rate")}, required=("initial", "final", "decay")
    ).then(lambda _, values: Infiltration(**values)),
)
EDGE = form.by_kind(
    plain=form.choice("closed", cure="write closed, {level: ...} or {slope: ...}").then(lambda *_: Edge()),
    keys=form.either(
        level=form.mapping({"level": LEVEL, "below": LENGTH}, required=("level",)).then(_held),
        slope=form.mapping({"slope": NUMBER, "below": LENGTH}, required=("slope",)).then(_free),
    ),
)
BOUNDARY = form.mapping({**dict.fromkeys(("north", "east", "south", "west"), EDGE), "vertical_datum": TEXT}).then(
    lambda _, values: Boundary(**values)
)
INITIAL = form.mapping({"level": LENGTH, "extent": form.choice("connected", "everywhere")}, required=("level",)).then(
    lambda _, values: {f"initial_{key}": value for key, value in values.items()}
)
_BROUGHT = {"name": TEXT, "discharge": series(form.measure("discharge"))}
INFLOW = form.either(
    at=form.mapping({**_BROUGHT, "at": POINT, "radius": LENGTH}, required=("name", "at", "discharge")).then(_inflow),
    line=form.mapping({**_BROUGHT, "line": form.many(POINT, minimum=2)}, required=("name", "line", "discharge")).then(
        _inflow
    ),
)
LAND_COVER = form.mapping({"table": TEXT, "register": TEXT, "field": TEXT, "coverage": TEXT}, required=("table",)).then(
    lambda _, values: LandCover(**values)
)
OBSTACLES = form.mapping(
    {"register": TEXT, "method": form.choice("blocked", "raised"), "height": LENGTH, "minimum_share": NUMBER},
    required=("register",),
).then(lambda _, values: Obstacles(**values))
STATE = form.by_kind(
    plain=form.choice("open", "closed", "automatic"),
    items=form.many(form.row(TIME, form.choice("open", "closed"))).then(_schedule),
)
STRUCTURE = form.mapping(
    {"scheme": TEXT, "value": TEXT, "state": STATE, "line": form.many(POINT, minimum=2)}, required=("scheme", "value")
).then(lambda _, values: Structure(**values))
SCENARIO = form.mapping(
    {
        "scenario": TEXT.about("Name of the scenario and of its file"),
        "title": LABEL,
        "terrain": TEXT.about("Name of a coverage of the workspace"),
        "terrain_hash": TEXT,
        "ground_hash": TEXT,
        "start": MOMENT.about("With its offset from UTC"),
        "duration": TIME,
        "output_interval": TIME,
        "rainfall": RAINFALL,
        "infiltration": INFILTRATION.about("Capacity of open soil, Horton's or constant"),
        "boundary": BOUNDARY,
        "initial": INITIAL,
        "inflows": form.many(INFLOW),
        "roughness": NUMBER.about("Manning's coefficient [s m-1/3]"),
        "land_cover": LAND_COVER,
        "obstacles": OBSTACLES,
        "structures": form.many(STRUCTURE).about("Levees and gates of the register flood_structure"),
        "return_period": NUMBER.about("[year]"),
        "notices": form.many(LABEL),
        "courant": NUMBER,
        "blend": NUMBER,
        "unhindered_speed": form.measure("speed"),
        "maximum_step": TIME,
        "minimum_step": TIME,
        "wet_threshold": LENGTH,
        "precision": form.choice("float64", "float32"),
        "expected_ground": form.row(LENGTH, LENGTH),
        "allow_poor_terrain": FLAG,
    },
    required=("scenario", "terrain", "duration", "output_interval"),
)
