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
    boundary:
      vertical_datum: hon_dau
      north: {level: 1.80 m}               # or  level: [[0 h, 1.20 m], [3 h, 1.90 m], ...]
      east: {level: 1.80 m, below: -1 m}   # only where the bed is lower: the river, not the land beside it
      west: {slope: 0.001}                 # water leaves freely; a side not named is closed
    initial: {level: 1.20 m, extent: connected}
    roughness: 0.035
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from frmis.forcing import Boundary, Edge, Rainfall, Series
from frmis.quantity import quantity
from frmis.scenario import Scenario
from sdi.catalog.document import Document, Pointer
from sdi.declaration import Label
from sdi.errors import CatalogError, InputError

Read = Callable[["_Part"], Any]


def read(path: Path) -> Scenario:
    """Read a scenario from its file.

    Parameters
    ----------
    path : Path
        A YAML file as the module describes it.

    Returns
    -------
    Scenario
        Not yet pinned to the content of a terrain.

    Raises
    ------
    CatalogError
        Naming file, line and cure: an unknown key, a missing one, a value without unit or out of its range.
    """
    document = Document.read(path)
    part = _Part(document, (), document.data)
    values = part.keys(_KEYS, required=("scenario", "terrain", "duration", "output_interval"))
    values |= values.pop("initial", {})
    values["name"] = values.pop("scenario")
    try:
        return Scenario(**values)
    except InputError as error:
        raise part.wrong(error) from error


@dataclass(frozen=True, slots=True)
class _Part:
    """One value of the file and where it stands."""

    document: Document
    pointer: Pointer
    value: Any

    def keys(self, known: Mapping[str, Read], required: tuple[str, ...] = ()) -> dict[str, Any]:
        """Read a mapping key by key."""
        if not isinstance(self.value, Mapping):
            raise self.error(f"{self.value!r} is no mapping", f"write {{key: value}} with keys of {', '.join(known)}")
        for key in self.value:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                cure = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
                raise self.at(key).error(f"unknown key '{key}'", cure)
        missing = [key for key in required if key not in self.value]
        if missing:
            raise self.error(f"the key '{missing[0]}' is missing", f"add '{missing[0]}: ...'")
        return {key: self.at(key).read(known[key]) for key in self.value}

    def rows(self, *readers: Read) -> list[tuple[Any, ...]]:
        """Read a list of rows with one reader for each column."""
        if not isinstance(self.value, list) or not self.value:
            raise self.error(f"{self.value!r} is no list of rows", "write [[time, value], ...]")
        return [self.at(index).row(readers) for index in range(len(self.value))]

    def row(self, readers: tuple[Read, ...]) -> tuple[Any, ...]:
        """Read one row."""
        if not isinstance(self.value, list) or len(self.value) != len(readers):
            raise self.error(f"{self.value!r} is no row of {len(readers)} values", "write [time, value]")
        return tuple(self.at(index).read(reader) for index, reader in enumerate(readers))

    def at(self, key: str | int) -> _Part:
        """Return the value below."""
        return _Part(self.document, (*self.pointer, key), self.value[key])

    def read(self, reader: Read) -> Any:
        """Read the value; what is wrong with it is wrong on this line."""
        try:
            return reader(self)
        except CatalogError:
            raise
        except InputError as error:
            raise self.wrong(error) from error

    def error(self, found: str, cure: str) -> CatalogError:
        """Return an error about this value."""
        return self.document.error(self.pointer, found, cure)

    def wrong(self, error: InputError) -> CatalogError:
        """Turn the error of a value into one that names file and line."""
        found, _, cure = error.message.partition("; ")
        return self.error(found, cure or "correct it")


def _quantity(kind: str) -> Read:
    return lambda part: quantity(part.value, kind)


def _number(part: _Part) -> float:
    if isinstance(part.value, bool) or not isinstance(part.value, int | float):
        raise part.error(f"{part.value!r} is no number", "write a plain number without unit")
    return float(part.value)


def _text(part: _Part) -> str:
    if not isinstance(part.value, str) or not part.value:
        raise part.error(f"{part.value!r} is no text", "write a name")
    return part.value


def _flag(part: _Part) -> bool:
    if not isinstance(part.value, bool):
        raise part.error(f"{part.value!r} is neither true nor false", "write true or false")
    return part.value


def _one_of(*allowed: str) -> Read:
    def read_choice(part: _Part) -> str:
        if part.value not in allowed:
            raise part.error(f"{part.value!r} is not possible here", f"write one of {', '.join(allowed)}")
        return str(part.value)

    return read_choice


def _start(part: _Part) -> datetime:
    try:
        return datetime.fromisoformat(_text(part))
    except ValueError:
        raise part.error(f"{part.value!r} is no time", "write for example 2025-10-22T11:00:00+07:00") from None


def _label(part: _Part) -> Label:
    return Label(**part.keys({"vi": _text, "en": _text}, required=("vi", "en")))


def _rainfall(part: _Part) -> Rainfall:
    time, intensity = _quantity("time"), _quantity("rain intensity")
    block = {"intensity": intensity, "duration": time, "start": time}
    values = part.keys({**block, "steps": lambda below: below.rows(time, intensity)})
    steps = values.pop("steps", None)
    if steps is None:
        return Rainfall.constant(**part.keys(block, required=("intensity", "duration")))
    if values:
        raise part.error(
            f"'steps' stands beside '{next(iter(values))}'", "give steps, or one intensity and its duration"
        )
    if steps[-1][1] != 0 or len(steps) < 2:
        raise part.at("steps").error("the last step does not end the rain", "end with a row such as [60 min, 0 mm/h]")
    return Rainfall(tuple(row[0] for row in steps), tuple(row[1] for row in steps[:-1]))


def _level(part: _Part) -> Series:
    length = _quantity("length")
    if not isinstance(part.value, list):
        return Series.constant(part.read(length))
    times, values = zip(*part.rows(_quantity("time"), length), strict=True)
    return Series(times, values)


def _edge(part: _Part) -> Edge:
    if part.value == "closed":
        return Edge()
    values = part.keys({"level": _level, "slope": _number, "below": _quantity("length")})
    if ("level" in values) == ("slope" in values):
        raise part.error("an edge has either a level or a slope", "write closed, {level: ...} or {slope: ...}")
    kind: Literal["level", "free"] = "level" if "level" in values else "free"
    return Edge(kind, values.get("level"), values.get("slope"), values.get("below"))


def _boundary(part: _Part) -> Boundary:
    sides = dict.fromkeys(("north", "east", "south", "west"), _edge)
    return Boundary(**part.keys({**sides, "vertical_datum": _text}))


def _initial(part: _Part) -> dict[str, Any]:
    keys = {"level": _quantity("length"), "extent": _one_of("connected", "everywhere")}
    return {f"initial_{key}": value for key, value in part.keys(keys, required=("level",)).items()}


def _ground(part: _Part) -> tuple[Any, ...]:
    return part.row((_quantity("length"), _quantity("length")))


_KEYS: Mapping[str, Read] = {
    "scenario": _text,
    "title": _label,
    "terrain": _text,
    "terrain_hash": _text,
    "start": _start,
    "duration": _quantity("time"),
    "output_interval": _quantity("time"),
    "rainfall": _rainfall,
    "boundary": _boundary,
    "initial": _initial,
    "roughness": _number,
    "courant": _number,
    "blend": _number,
    "unhindered_speed": _quantity("speed"),
    "maximum_step": _quantity("time"),
    "minimum_step": _quantity("time"),
    "wet_threshold": _quantity("length"),
    "precision": _one_of("float64", "float32"),
    "expected_ground": _ground,
    "allow_poor_terrain": _flag,
}
