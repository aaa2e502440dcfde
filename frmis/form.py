"""What a file of the catalogue may say: forms that read it, name what is wrong with file and line, and give its schema.

One form is both reader and schema, so that neither says what the other does not.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from frmis.quantity import UNITS, quantity
from sdi.catalog.document import Document, Pointer
from sdi.declaration import Label
from sdi.errors import CatalogError, InputError

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a file and where it stands."""

    document: Document
    pointer: Pointer
    value: Any
    context: Any = None
    """What readers further below need to know."""

    def at(self, key: str | int) -> Part:
        """Return the value below."""
        return Part(self.document, (*self.pointer, key), self.value[key], self.context)

    def top(self) -> Part:
        """Return the whole file."""
        return Part(self.document, (), self.document.data, self.context)

    def read(self, form: Form) -> Any:
        """Read the value; what is wrong with it is wrong on this line."""
        try:
            return form.reader(self)
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


@dataclass(frozen=True, slots=True)
class Form:
    """What may stand in a place."""

    reader: Callable[[Part], Any]
    schema: Schema
    """JSON Schema of the same."""
    keys: tuple[str, ...] = field(default=())
    """Keys, where a mapping stands there."""

    def then(self, make: Callable[[Part, Any], Any]) -> Form:
        """Make something of what was read.

        Parameters
        ----------
        make : callable
            Told the part and its value.

        Returns
        -------
        Form
            Which allows the same.
        """
        return Form(lambda part: make(part, self.reader(part)), self.schema, self.keys)

    def about(self, description: str) -> Form:
        """Say in the schema what it is."""
        return Form(self.reader, {**self.schema, "description": description}, self.keys)


def measure(kind: str) -> Form:
    """Take a number with its unit, as `frmis.quantity` reads it [SI unit of the kind]."""
    units = "|".join(unit.replace("/", "\\/") for unit in UNITS[kind])
    schema = {"type": "string", "pattern": rf"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*({units})\s*$"}
    return Form(lambda part: quantity(part.value, kind), schema)


def choice(*allowed: str, cure: str = "") -> Form:
    """Take one of some words."""

    def read(part: Part) -> str:
        if part.value not in allowed:
            raise part.error(f"{part.value!r} is not possible here", cure or f"write one of {', '.join(allowed)}")
        return str(part.value)

    return Form(read, {"enum": list(allowed)})


def row(*forms: Form) -> Form:
    """Take some values in a fixed order."""

    def read(part: Part) -> tuple[Any, ...]:
        if not isinstance(part.value, list) or len(part.value) != len(forms):
            raise part.error(f"{part.value!r} is no row of {len(forms)} values", "write [time, value]")
        return tuple(part.at(index).read(form) for index, form in enumerate(forms))

    count = len(forms)
    parts = [form.schema for form in forms]
    return Form(read, {"type": "array", "prefixItems": parts, "minItems": count, "maxItems": count})


def many(form: Form, *, minimum: int = 1) -> Form:
    """Take a list of which every item has one form."""

    def read(part: Part) -> tuple[Any, ...]:
        if not isinstance(part.value, list) or len(part.value) < minimum:
            raise part.error(f"{part.value!r} is no list of {minimum} or more", "write [..., ...]")
        return tuple(part.at(index).read(form) for index in range(len(part.value)))

    return Form(read, {"type": "array", "items": form.schema, "minItems": minimum})


def mapping(known: Mapping[str, Form], required: tuple[str, ...] = ()) -> Form:
    """Take some keys, of which some must be there; read into a dict."""

    def read(part: Part) -> dict[str, Any]:
        _check_keys(part, tuple(known))
        missing = [key for key in required if key not in part.value]
        if missing:
            raise part.error(f"the key '{missing[0]}' is missing", f"add '{missing[0]}: ...'")
        return {key: part.at(key).read(known[key]) for key in part.value}

    properties = {key: form.schema for key, form in known.items()}
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return Form(read, schema | ({"required": list(required)} if required else {}), tuple(known))


def named(form: Form) -> Form:
    """Take a mapping with any keys, of which every value has one form."""

    def read(part: Part) -> dict[str, Any]:
        if not isinstance(part.value, Mapping) or not part.value:
            raise part.error(f"{part.value!r} is no mapping", "write {name: value}")
        return {key: part.at(key).read(form) for key in part.value}

    return Form(read, {"type": "object", "additionalProperties": form.schema, "minProperties": 1})


def either(**forms: Form) -> Form:
    """Take one of some mappings, told apart by a key that each of them must have."""
    words = " or ".join(forms)

    def read(part: Part) -> Any:
        _check_keys(part, tuple(dict.fromkeys(key for form in forms.values() for key in form.keys)))
        found = [form for key, form in forms.items() if key in part.value]
        if len(found) != 1:
            raise part.error(
                f"{len(found)} of {words} stand here, expected one", f"write {{{next(iter(forms))}: ...}}, or another"
            )
        return found[0].reader(part)

    return Form(read, {"anyOf": [form.schema for form in forms.values()]})


def by_kind(*, plain: Form | None = None, items: Form | None = None, keys: Form | None = None) -> Form:
    """Tell a plain value, a list and a mapping apart."""
    forms = [form for form in (plain, items, keys) if form]

    def read(part: Part) -> Any:
        wanted = items if isinstance(part.value, list) else keys if isinstance(part.value, Mapping) else plain
        return (wanted or forms[-1]).reader(part)

    return Form(read, {"anyOf": [form.schema for form in forms]})


def _check_keys(part: Part, known: tuple[str, ...]) -> None:
    """Refuse what is no mapping, or has a key that nobody reads."""
    if not isinstance(part.value, Mapping):
        raise part.error(f"{part.value!r} is no mapping", f"write {{key: value}} with keys of {', '.join(known)}")
    for key in part.value:
        if key not in known:
            near = _near(str(key), known, part.value)
            raise part.at(key).error(
                f"unknown key '{key}'", f"did you mean '{near}'?" if near else f"known are {', '.join(known)}"
            )


def _near(key: str, known: tuple[str, ...], given: Mapping[str, Any]) -> str | None:
    """Return the key that was probably meant: rather one that is not given yet, and one that begins so."""
    left = [name for name in known if name not in given]
    close = [name for name in left if name.startswith(key)]
    close = close or difflib.get_close_matches(key, left, 1) or difflib.get_close_matches(key, known, 1)
    return close[0] if close else None


def _number(part: Part) -> float:
    if isinstance(part.value, bool) or not isinstance(part.value, int | float):
        raise part.error(f"{part.value!r} is no number", "write a plain number without unit")
    return float(part.value)


def _text(part: Part) -> str:
    if not isinstance(part.value, str) or not part.value:
        raise part.error(f"{part.value!r} is no text", "write a name")
    return part.value


def _flag(part: Part) -> bool:
    if not isinstance(part.value, bool):
        raise part.error(f"{part.value!r} is neither true nor false", "write true or false")
    return part.value


def _moment(part: Part) -> datetime:
    try:
        return datetime.fromisoformat(_text(part))
    except ValueError:
        raise part.error(f"{part.value!r} is no time", "write for example 2025-10-22T11:00:00+07:00") from None


NUMBER = Form(_number, {"type": "number"})
TEXT = Form(_text, {"type": "string", "minLength": 1})
FLAG = Form(_flag, {"type": "boolean"})
MOMENT = Form(_moment, {"type": "string", "format": "date-time"})
LABEL = mapping({"vi": TEXT, "en": TEXT}, required=("vi", "en")).then(lambda _, words: Label(**words))
POINT = row(NUMBER, NUMBER)
