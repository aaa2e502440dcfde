"""Reforms as files of a city: ``catalogs/cities/CITY/reforms/*.yaml``.

A file names the list of the units that there were, the tables that say what became of them, single statements, maps to
lay over the new units, and later lists. ``catalogs/cities/cantho/reforms/cantho-2025.yaml`` shows every key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sdi.catalog.conformity import check
from sdi.catalog.document import Document
from sdi.catalog.format import COLUMN, DATE, ENTRY, FIELD_NAME, KEBAB, LABEL, LANGUAGE, SCALAR, SNAKE, Schema
from sdi.declaration import Label
from sdi.entry import Licence, SourceOptions
from sdi.lineage.step import VERBS

FOLDER = "reforms"
"""Of a city in the catalogue."""
UNCHANGED = "unchanged"
"""Instead of a verb: the unit went on as it was."""


@dataclass(frozen=True, slots=True)
class Table:
    """A delivered table, or a part of it."""

    entry: str
    source: SourceOptions
    licence: Licence
    columns: Mapping[str, str]
    """What is wanted, to the column that holds it."""
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Column to the values of the rows that are taken."""
    digits: int | None = None
    """Length of the codes, where a table may have lost their leading zeros."""
    verbs: Sequence[Mapping[str, Any]] = ()
    """Columns with what their values mean; the first that says something counts."""


@dataclass(frozen=True, slots=True)
class Became:
    """The unit that took in all units of a level, and that the new units belong to."""

    code: str
    name: str
    """With its type."""
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A level of units above those of the reform; it ends with them."""

    scheme: str
    values: Mapping[str, Any]
    """Fields that every unit of it has."""
    types: Mapping[str, str]
    """First words of a full name to the type of the unit."""
    columns: Mapping[str, str]
    """Code and name, to the columns of the list of the old units that hold them."""
    became: Became | None
    """``None`` where nothing took its place."""

    @property
    def code(self) -> str:
        """What the code of a unit of it is called in a row of that list."""
        return f"{self.scheme} code"

    @property
    def name(self) -> str:
        """What its name is called there."""
        return f"{self.scheme} name"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source says of single units, without a table."""

    entry: str
    licence: Licence
    steps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Overlay:
    """A map of the units as they once were, and names under which it may call them."""

    table: Table
    aliases: Table | None


@dataclass(frozen=True, slots=True)
class Later:
    """A list of the units as of a later date."""

    table: Table
    effective: str
    decision: str | None
    members: str
    """Key of a row that holds its units."""


@dataclass(frozen=True, slots=True)
class Reform:
    """One reform, described completely."""

    name: str
    title: Label
    register: str
    scheme: str
    """Scheme of the codes by which the sources name units."""
    effective: str
    """First day of the new units, ISO 8601."""
    custodian: str
    decision: str | None
    language: str
    values: Mapping[str, Any]
    """Fields that every unit has."""
    type_field: str
    types: Mapping[str, str]
    """First words of a full name to the type of the unit."""
    before: Table
    above: tuple[Level, ...]
    """Levels of the units that the old ones belonged to, the nearest first; named in the list of the old ones."""
    tables: tuple[Table, ...]
    """The first lists the new units."""
    statements: tuple[Statement, ...]
    overlays: tuple[Overlay, ...]
    lists: tuple[Later, ...]


def _object(required: str, /, **properties: Any) -> Schema:
    """Allow exactly these keys."""
    return {"type": "object", "properties": properties, "required": required.split(), "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_TEXT: Schema = {"type": "string", "minLength": 1}
_VERB: Schema = {"enum": [*VERBS, UNCHANGED]}
_POSITIVE: Schema = {"type": "number", "minimum": 0}
_SOURCE, _LICENCE = ENTRY["properties"]["source"], ENTRY["properties"]["licence"]
_WHERE: Schema = {"type": "object", "propertyNames": COLUMN, "additionalProperties": _list(_TEXT)}
_WHOLE = {"entry": KEBAB, "source": _SOURCE, "licence": _LICENCE}
_FRAME = {**_WHOLE, "where": _WHERE}
_VALUES: Schema = {"type": "object", "propertyNames": FIELD_NAME, "additionalProperties": SCALAR}
_WORDS: Schema = {"type": "object", "additionalProperties": _TEXT}
_MEANINGS = _list(_object("column map", column=COLUMN, map={"type": "object", "additionalProperties": _VERB}))
_STEP = _object("old new verb", old=_TEXT, new=_TEXT, verb={"enum": list(VERBS)}, area_m2=_POSITIVE,
                population={"type": "integer", "minimum": 0},
                area_share={**_POSITIVE, "maximum": 1}, population_share={**_POSITIVE, "maximum": 1})  # fmt: skip


def _columns(required: str, optional: str = "") -> Schema:
    """Say which columns must be named, and which may."""
    return _object(required, **dict.fromkeys(f"{required} {optional}".split(), COLUMN))


FORMAT: Schema = _object(
    "reform title register scheme effective custodian units before tables",
    reform=KEBAB, title=LABEL, register=SNAKE, scheme=KEBAB, effective=DATE, decision=_TEXT, custodian=_TEXT,
    units=_object(
        "language values type", language=LANGUAGE,
        values=_VALUES, type=_object("field words", field=FIELD_NAME, words=_WORDS),
    ),
    before=_object("entry source licence columns", **_FRAME, columns=_columns("code name", "district province")),
    above=_list(
        _object("scheme values words columns", scheme=KEBAB, values=_VALUES, words=_WORDS,
                columns=_columns("code name"), became=_object("code name", code=_TEXT, name=_TEXT, decision=_TEXT))
    ),
    tables=_list(
        _object("entry source licence columns verbs", **_FRAME, columns=_columns("old new", "new_name"),
                digits={"type": "integer", "minimum": 1}, verbs=_MEANINGS)
    ) | {"minItems": 1},
    statements=_list(_object("entry licence steps", entry=KEBAB, licence=_LICENCE, steps=_list(_STEP))),
    overlays=_list(
        _object("entry source licence columns", **_WHOLE, columns=_columns("name", "district province"),
                aliases=_object("source columns", source=_SOURCE, columns=_columns("name unit", "district province")))
    ),
    lists=_list(
        _object("entry source licence columns effective members", **_FRAME, columns=_columns("code name"),
                effective=DATE, decision=_TEXT, members=COLUMN)
    ),
)  # fmt: skip
"""JSON Schema of a file of a reform."""


def read(path: Path) -> Reform:
    """Read a reform from its file.

    Parameters
    ----------
    path : Path
        A YAML file as `FORMAT` describes it.

    Returns
    -------
    Reform

    Raises
    ------
    CatalogError
        Naming file, line and cure.
    """
    document = Document.read(path)
    check(document, FORMAT)
    data = document.data
    units = data["units"]
    above = tuple(_level(one) for one in data.get("above", ()))
    before = _table(data["before"])
    extra = {key: one.columns[part] for one in above for key, part in ((one.code, "code"), (one.name, "name"))}
    return Reform(
        data["reform"], Label(**data["title"]), data["register"], data["scheme"], data["effective"],
        data["custodian"], data.get("decision"), units["language"], units["values"], units["type"]["field"],
        units["type"]["words"], replace(before, columns={**before.columns, **extra}), above,
        tuple(map(_table, data["tables"])),
        tuple(Statement(one["entry"], Licence(**one["licence"]), one["steps"]) for one in data.get("statements", ())),
        tuple(_overlay(one) for one in data.get("overlays", ())),
        tuple(
            Later(_table(one), one["effective"], one.get("decision"), one["members"]) for one in data.get("lists", ())
        ),
    )  # fmt: skip


def is_reform(path: Path) -> bool:
    """Tell whether a file of the catalogue describes a reform, and not a delivery.

    Parameters
    ----------
    path : Path
        A YAML file.
    """
    return "reform" in Document.read(path).data


def files(folder: Path) -> list[Path]:
    """Return the files of the reforms of a city, in the order of their names.

    Parameters
    ----------
    folder : Path
        Folder of the city in the catalogue.
    """
    return sorted((folder / FOLDER).glob("*.yaml"))


def _level(data: Mapping[str, Any]) -> Level:
    """Read what is said of a level above."""
    became = Became(**data["became"]) if "became" in data else None
    return Level(data["scheme"], data["values"], data["words"], data["columns"], became)


def _table(data: Mapping[str, Any]) -> Table:
    """Read what is said of a table."""
    return Table(
        data["entry"], SourceOptions(**data["source"]), Licence(**data["licence"]), data["columns"],
        data.get("where", {}), data.get("digits"), data.get("verbs", ()),
    )  # fmt: skip


def _overlay(data: Mapping[str, Any]) -> Overlay:
    """Read what is said of a map and of the names on it."""
    aliases = data.get("aliases")
    frame = {"entry": data["entry"], "licence": data["licence"]}
    return Overlay(_table(data), _table(frame | aliases) if aliases else None)
