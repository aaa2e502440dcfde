"""Whether one catalogue file has the right shape: JSON Schema's verdict in the words of a person."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from sdi.catalog.document import Document, Pointer
from sdi.catalog.format import Schema

_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_FORMATS = FormatChecker(("date", "regex"))


def check(document: Document, schema: Schema) -> None:
    """Hold a file against its format.

    Parameters
    ----------
    document : Document
        The file as read.
    schema : dict
        One of the schemas of `sdi/catalog/format.py`.

    Raises
    ------
    CatalogError
        About the first line that does not conform.
    """
    validator = Draft202012Validator(schema, format_checker=_FORMATS)
    errors = [document.error(*described(error)) for error in validator.iter_errors(document.data)]
    if errors:
        raise min(errors, key=lambda error: error.line)


def suggestion(name: object, known: Iterable[object]) -> str:
    """Ask about the most similar name.

    Parameters
    ----------
    name : object
        What was written.
    known : iterable
        What could have been meant.

    Returns
    -------
    str
        ``did you mean 'species'?``, or the names to choose from where none is similar.
    """
    names = [str(value) for value in known]
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known here: {', '.join(names)}" if names else "there is none to choose from"


Description = tuple[Pointer, str, str]
"""Where, what stands there, what to write."""


def described(error: ValidationError) -> Description:
    """Say what a validator found in the words of a person.

    Parameters
    ----------
    error : ValidationError
        What it found.

    Returns
    -------
    tuple of (tuple, str, str)
        Keys and list positions that lead to the place, what stands there, what to write instead.
    """
    pointer: Pointer = tuple(error.absolute_path)
    if isinstance(error.schema, Mapping) and "x-found" in error.schema:
        return (*pointer, error.schema.get("x-key", "")), error.schema["x-found"], error.schema["x-cure"]
    if "propertyNames" in error.absolute_schema_path:
        pointer = (*pointer, error.instance)
    describe = _DESCRIBE.get(str(error.validator), _other)
    below, found, cure = describe(error)
    return (*pointer, *below), found, cure


def _what(error: ValidationError) -> str:
    """Name of the thing that is wrong."""
    keys = [str(part) for part in error.absolute_path]
    return f"'{'.'.join(keys)}'" if keys else "the file"


def _shown(value: Any) -> str:
    """Short form of a value for a message."""
    for kind, word in ((dict, "a mapping"), (list, "a list"), (type(None), "empty")):
        if isinstance(value, kind):
            return word
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _for_example(error: ValidationError) -> str:
    examples = error.schema.get("examples", []) if isinstance(error.schema, Mapping) else []
    return f", for example {examples[0]}" if examples else ""


def _unknown_key(error: ValidationError) -> Description:
    known = list(error.schema["properties"])
    strange = next(key for key in error.instance if key not in known)
    place = error.schema.get("x-what") or _what(error)
    return (strange,), f"unknown key '{strange}' in {place}", suggestion(strange, known)


def _missing_key(error: ValidationError) -> Description:
    missing = next(key for key in error.validator_value if key not in error.instance)
    place = error.schema.get("x-what") or _what(error)
    properties = error.schema.get("properties", {}).get(missing)
    examples = properties.get("examples", []) if isinstance(properties, Mapping) else []
    hint = f", for example {missing}: {examples[0]}" if examples else ""
    if missing == "unit":
        return (
            (),
            f"the number {_what(error)} has no unit",
            "add its UCUM unit, such as unit: cm, or unit: '1' for a ratio",
        )
    return (), f"{place} has no '{missing}'", f"add the key '{missing}'{hint}"


def _wrong_type(error: ValidationError) -> Description:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    expected = " or ".join(_KINDS[kind] for kind in wanted)
    quotes = wanted[0] == "string" and isinstance(error.instance, bool | int | float)
    cure = f"put it in quotes: '{_shown(error.instance)}'" if quotes else f"write {expected}{_for_example(error)}"
    return (), f"{_what(error)} is {_shown(error.instance)}, expected {expected}", cure


def _not_a_choice(error: ValidationError) -> Description:
    choices = [value for value in error.validator_value if value is not None]
    allowed = f"write one of {', '.join(map(str, choices))}"
    close = difflib.get_close_matches(str(error.instance), map(str, choices), n=1)
    cure = f"did you mean '{close[0]}'? {allowed}" if close else allowed
    return (), f"{_what(error)} holds {_shown(error.instance)}", cure


def _bad_text(error: ValidationError) -> Description:
    rule = {"pattern": "does not match", "format": "is no"}[str(error.validator)]
    found = f"{_what(error)}: {_shown(error.instance)} {rule} {error.validator_value}"
    return (), found, f"write it as the format asks{_for_example(error)}"


def _out_of_range(error: ValidationError) -> Description:
    side = "least" if error.validator == "minimum" else "most"
    found = f"{_what(error)} is {_shown(error.instance)}"
    return (), found, f"write a number of at {side} {error.validator_value}{_for_example(error)}"


def _repeated(error: ValidationError) -> Description:
    position = next(i for i, item in enumerate(error.instance) if item in error.instance[:i])
    return (position,), f"{_what(error)} holds {_shown(error.instance[position])} twice", "keep one of the two"


def _wrong_size(error: ValidationError) -> Description:
    if not error.instance:
        return (), f"{_what(error)} is empty", f"fill it in{_for_example(error)}, or remove the key"
    return (), f"{_what(error)} is too long", f"write at most {error.validator_value} characters"


def _other(error: ValidationError) -> Description:
    return (), f"{_what(error)}: {error.message}", "see docs/reference/register-file.md"


_DESCRIBE: Mapping[str, Callable[[ValidationError], Description]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_a_choice,
    "pattern": _bad_text,
    "format": _bad_text,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "uniqueItems": _repeated,
    "minLength": _wrong_size,
    "maxLength": _wrong_size,
    "minItems": _wrong_size,
}
