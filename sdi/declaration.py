"""What a register, its codes and its identifier schemes are declared to be.

These are plain values: `sdi/catalog/` reads and checks them, everything else (tables, schemas, collections, loaders)
is derived from them. What a delivery says of itself stands in `sdi/entry.py`, how a layer is drawn in `sdi/style.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["public", "restricted", "secret"]
FieldType = Literal["text", "integer", "number", "boolean", "date", "datetime", "code", "reference", "series"]
GeometryType = Literal["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "Any"]
Role = Literal["site", "footprint", "centreline", "entrance", "service_area", "mounting", "extent"]
OnBadRow = Literal["refuse", "quarantine"]
OnRetire = Literal["restrict", "cascade", "keep"]

LEVELS: tuple[Level, ...] = ("public", "restricted", "secret")
"""Access levels, from the widest audience to the narrowest."""


@dataclass(frozen=True, slots=True)
class Label:
    """One text in the two languages of the platform."""

    vi: str
    en: str

    def of(self, language: str) -> str:
        """Text in one language.

        Parameters
        ----------
        language : str
            Language tag; ``vi-VN`` counts as ``vi``. Anything but Vietnamese is answered in English.

        Returns
        -------
        str
            The text.
        """
        return self.vi if language.split("-", maxsplit=1)[0].lower() == "vi" else self.en


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list."""

    code: str
    title: Label
    color: str | None = None
    """Colour on maps and in legends, ``#rrggbb``."""
    valid_from: str | None = None
    """First day of validity, ISO 8601."""
    valid_to: str | None = None
    """First day on which the code is no longer valid, ISO 8601."""
    replaced_by: str | None = None
    """Code of the same list that took its place."""


@dataclass(frozen=True, slots=True)
class CodeList:
    """A closed list of values, with its version."""

    name: str
    version: str
    title: Label
    codes: tuple[Code, ...]
    source: str | None = None
    """Text from which the codes were taken."""
    verified: bool = True
    """False where the codes were not compared with the official text."""

    def code(self, value: str) -> Code | None:
        """Entry of one value.

        Parameters
        ----------
        value : str
            The code as stored.

        Returns
        -------
        Code or None
            None where the list does not hold the value.
        """
        return next((code for code in self.codes if code.code == value), None)

    def expired(self, since: str) -> dict[str, str]:
        """Codes that do not hold at a moment, with the reason and what to write instead.

        Parameters
        ----------
        since : str
            Since when a fact holds, ISO 8601.

        Returns
        -------
        dict of str to str
            Empty where every code holds, as it does where the codes have no dates.
        """
        found = {}
        for code in self.codes:
            if code.valid_to is not None and code.valid_to <= since[:10]:
                instead = f"; use {code.replaced_by}" if code.replaced_by else ""
                found[code.code] = f"code {code.code} ended on {code.valid_to}{instead}"
            elif code.valid_from is not None and code.valid_from > since[:10]:
                found[code.code] = f"code {code.code} holds from {code.valid_from} on only"
        return found


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Return what versions such as ``1.10.0`` sort by; one that is not final (``1.0.0-draft``) comes before the final.

    Examples
    --------
    >>> version_key("1.9.0") < version_key("1.10.0-draft") < version_key("1.10.0")
    True
    """
    numbers, _, draft = version.partition("-")
    return tuple(int(part) for part in numbers.split(".")), not draft, draft


def property_of(scheme: str) -> str:
    """Return the name of a scheme as a property of a published feature: hyphens become underscores."""
    return scheme.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way in which somebody numbers things: ward codes, tree tags."""

    name: str
    title: Label
    pattern: str
    """Regular expression that a whole value must match."""
    authority: str
    """Who issues the values."""
    unique_live: bool = True
    """Two live things never carry the same value at the same time."""
    single: bool = True
    """A thing carries at most one value at a time."""
    reusable: bool = False
    """A value may be given to another thing after the first one ended."""
    check: Literal["crockford"] | None = None
    """How typing errors are noticed: by the last character of a label; not at all where absent."""
    position: Literal["geohash"] | None = None
    """How a value tells where a thing is, which is compared and never written; it does not where absent."""

    @property
    def property_name(self) -> str:
        """Name of the scheme as a property of a published feature: hyphens become underscores."""
        return property_of(self.name)


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute of the things in a register."""

    name: str
    type: FieldType
    title: Label
    description: Label | None = None
    unit: str | None = None
    """UCUM code of a number's unit; ``1`` where it has none."""
    minimum: float | None = None
    """Smallest value allowed, in `unit`; of a ``series``, of each of its values."""
    maximum: float | None = None
    """Largest value allowed, in `unit`."""
    max_length: int | None = None
    """Longest text allowed [character]."""
    pattern: str | None = None
    """Regular expression that a whole text must match."""
    codes: str | None = None
    """Code list of a ``code`` field."""
    codes_version: str | None = None
    """Oldest version of the list that will do; any where absent."""
    register: str | None = None
    """Register whose things a ``reference`` field names."""
    required: bool = False
    observed: bool = False
    """The value is also kept as a dated observation with a method."""
    fixed: bool = False
    """It never changes: another value makes another thing. A wrong one may be corrected."""
    access: Level = "restricted"


@dataclass(frozen=True, slots=True)
class LocationRule:
    """What kind of place the things of a register have."""

    role: Role
    geometry: GeometryType
    """A simple type also admits its Multi form and the other way round."""
    required: bool = True
    max_horizontal_error_m: float | None = None
    """Poorest horizontal accuracy accepted [m]; None accepts any."""
    routes: str | None = None
    """Register of the routes along which places may be told by a measure."""


@dataclass(frozen=True, slots=True)
class AddressRule:
    """Whether the things of a register have addresses."""

    streets: str
    """Register whose things the addresses name as streets."""
    access: Level = "restricted"
    """Who may read the addresses; ``public`` or ``restricted``."""


@dataclass(frozen=True, slots=True)
class Match:
    """When two rows of different deliveries are taken for the same thing."""

    within_m: float
    """Largest distance in the storage CRS [m]."""
    same: tuple[str, ...] = ()
    """Fields that must be equal."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A kind of tie from the things of this register to those of another."""

    verb: str
    register: str
    on_retire: OnRetire = "keep"
    """What becomes of the things of this register when the thing at the other end is retired."""


@dataclass(frozen=True, slots=True)
class History:
    """What happens to the things of a register again and again, such as inspections: a list that only grows."""

    name: str
    title: Label
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence every row must satisfy; see `sdi/expression/` for what it may say."""

    id: str
    expression: str
    level: Literal["warn", "error"]
    title: Label


@dataclass(frozen=True, slots=True)
class PublishRule:
    """How a register appears to the world."""

    collection: str
    fields: tuple[str, ...]
    """Names of the public fields, in the order of the register file."""
    tiles: bool = False
    keywords: tuple[str, ...] = ()
    style: str | None = None
    order: int = 100
    """Place among the layers of the map; smaller is nearer to the ground."""
    generalise_m: float | None = None
    """Width of the squares in whose centre the public sees restricted things [m]; it sees none where absent."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One register, described completely."""

    name: str
    version: str
    """Semantic version of the declaration."""
    title: Label
    location: LocationRule
    fields: tuple[Field, ...]
    path: Path
    description: Label | None = None
    basis: tuple[str, ...] = ()
    """Legal basis, one act each."""
    schemes: tuple[str, ...] = ()
    match: Match | None = None
    address: AddressRule | None = None
    """None where the things have no addresses."""
    languages: tuple[str, ...] = ()
    """Languages of the official names kept; empty for things without names."""
    relations: tuple[Relation, ...] = ()
    lineage: tuple[str, ...] = ()
    """Sources of lineage, the most trusted first."""
    events: tuple[History, ...] = ()
    """What is kept of what happens to the things."""
    rules: tuple[Rule, ...] = ()
    on_bad_row: OnBadRow = "refuse"
    maximum_bad_share: float = 0.0
    """Largest share of quarantined rows [1] with which a load still succeeds."""
    publish: PublishRule | None = None
    access: Level = "public"
    """Widest audience of its things."""

    def field(self, name: str) -> Field | None:
        """Field of one name.

        Parameters
        ----------
        name : str
            Name of the field.

        Returns
        -------
        Field or None
            None where the register has no such field.
        """
        return next((field for field in self.fields if field.name == name), None)

    def shows_address(self, level: Level) -> bool:
        """Tell whether readers of one access level see the addresses of the things."""
        return self.address is not None and LEVELS.index(self.address.access) <= LEVELS.index(level)

    def published(self, level: Level) -> tuple[Field, ...]:
        """Fields visible at one access level, in file order.

        Parameters
        ----------
        level : {'public', 'restricted', 'secret'}
            Level of the reader.

        Returns
        -------
        tuple of Field
            Empty where nothing is visible.
        """
        visible = LEVELS[: LEVELS.index(level) + 1]
        return tuple(field for field in self.fields if field.access in visible)
