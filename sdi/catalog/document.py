"""A YAML file read without trust, which remembers on which line everything stands.

Plain values are read as YAML 1.2 does: only ``true``/``false``, ``null`` and numbers without leading zeros are anything
but text. A ward code such as ``01234`` and a code such as ``no`` therefore stay what their author wrote.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sdi.errors import CatalogError, NotFound

MAXIMUM_BYTES = 4 * 1024 * 1024
"""Largest file read [byte]."""
MAXIMUM_DEPTH = 16
"""Deepest nesting of lists and mappings."""
MAXIMUM_VALUES = 200_000
"""Most values in one file."""

Pointer = tuple[str | int, ...]

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_REAL = re.compile(r"[-+]?((0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+|(0|[1-9][0-9]*)(?=[eE]))([eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its values and their lines."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[Pointer, int]
    """Line, counted from 1, of the key or the list item that a pointer leads to."""

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a file.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Document
            Its content, text in Unicode normal form C.

        Raises
        ------
        CatalogError
            If the file is no single, plain YAML mapping in UTF-8 of sensible size: a repeated key, an alias, a tag,
            a second document and bad syntax are all refused.
        """
        return cls.parse(path, text_of(path))

    @classmethod
    def parse(cls, path: Path, text: str) -> Document:
        """Read the text of a file.

        Parameters
        ----------
        path : Path
            The file, for messages.
        text : str
            Its text, see :func:`text_of`.

        Returns
        -------
        Document
            As of :meth:`read`.
        """
        builder = _Builder(path, text)
        return cls(path, builder.document(), builder.lines)

    def line(self, pointer: Pointer) -> int:
        """Line on which something stands.

        Parameters
        ----------
        pointer : tuple of str and int
            Keys and list positions that lead to it.

        Returns
        -------
        int
            Line of the nearest thing above that exists, counted from 1.
        """
        while pointer and pointer not in self.lines:
            pointer = pointer[:-1]
        return self.lines.get(pointer, 1)

    def error(self, pointer: Pointer, found: str, cure: str) -> CatalogError:
        """Error about something in the file.

        Parameters
        ----------
        pointer : tuple of str and int
            Keys and list positions that lead to it.
        found : str
            What stands there.
        cure : str
            What to write instead.

        Returns
        -------
        CatalogError
            To be raised by the caller.
        """
        return CatalogError(self.path, self.line(pointer), found, cure)


def text_of(path: Path) -> str:
    """Return the whole text of a file of sensible size.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    CatalogError
        If it cannot be read, is too large or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise CatalogError(path, 1, f"the file cannot be read: {error.strerror}", "check its name and rights") from None
    if len(content) > MAXIMUM_BYTES:
        raise CatalogError(path, 1, f"the file is larger than {MAXIMUM_BYTES} bytes", "split it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogError(path, line, f"byte {error.start} is not UTF-8", "save the file as UTF-8") from None


class _Builder:
    """Turns the parser's events into plain values.

    Working on events leaves nothing to a constructor: a tag cannot name a Python object and an alias is never expanded.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines: dict[Pointer, int] = {}
        self._values = 0
        self._events = self._parsed(text)

    def _parsed(self, text: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(text, Loader=_PARSER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            cure = "check the indentation, and the quotes around text with ': ' or '#'"
            raise CatalogError(self.path, line, f"this is not YAML ({error.problem})", cure) from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise CatalogError(self.path, line, "a control character stands here", "remove it") from None

    def _error(self, event: yaml.Event, found: str, cure: str) -> CatalogError:
        return CatalogError(self.path, _line(event), found, cure)

    def document(self) -> dict[str, Any]:
        next(self._events)  # start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise CatalogError(self.path, 1, "the file is empty", "write 'key: value' lines, or remove the file")
        first = next(self._events)
        if not isinstance(first, yaml.MappingStartEvent):
            raise self._error(first, "the file does not hold a mapping", "write 'key: value' lines")
        data = self._mapping(first, ())
        next(self._events)  # end of the document
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise self._error(following, "a second document begins", "write one document per file")
        return data

    def _value(self, event: yaml.Event, pointer: Pointer) -> Any:
        self._check(event, pointer)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, pointer)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(pointer)
        return self._scalar(event)

    def _scalar(self, event: Any) -> str | int | float | bool | None:
        text = unicodedata.normalize("NFC", event.value)
        return _plain(text) if event.implicit[0] else text

    def _check(self, event: yaml.Event, pointer: Pointer) -> None:
        self._values += 1
        if isinstance(event, yaml.AliasEvent):
            raise self._error(event, f"the alias *{event.anchor} repeats another value", "write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._error(event, f"the tag {tag} asks for a special type", "write the plain value")
        if len(pointer) > MAXIMUM_DEPTH:
            raise self._error(event, f"values are nested more than {MAXIMUM_DEPTH} deep", "write the file flatter")
        if self._values > MAXIMUM_VALUES:
            raise self._error(event, f"the file holds more than {MAXIMUM_VALUES} values", "split it")

    def _mapping(self, start: yaml.Event, pointer: Pointer) -> dict[str, Any]:
        self.lines.setdefault(pointer, _line(start))
        data: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, pointer, data)
            self.lines[*pointer, key] = _line(event)
            data[key] = self._value(next(self._events), (*pointer, key))
        return data

    def _key(self, event: yaml.Event, pointer: Pointer, data: Mapping[str, Any]) -> str:
        self._check(event, pointer)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a key is a list or a mapping", "write a name as key")
        key = unicodedata.normalize("NFC", event.value)
        if key in data:
            first = self.lines[*pointer, key]
            raise self._error(event, f"the key '{key}' was already given on line {first}", "keep one of the two")
        return key

    def _list(self, pointer: Pointer) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*pointer, len(items))
            self.lines[here] = _line(event)
            items.append(self._value(event, here))
        return items


def _line(event: yaml.Event) -> int:
    """Line on which an event begins, counted from 1."""
    return event.start_mark.line + 1 if event.start_mark else 1


def _plain(text: str) -> str | int | float | bool | None:
    """Value of an unquoted scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def find_file(name: str, folders: Iterable[Path], unknown: str, *, code: str) -> Path:
    """Find a file of a catalogue by its name.

    Parameters
    ----------
    name : str
        Name of the file without its ending.
    folders : iterable of Path
        Where such files stand; a later folder goes before an earlier one.
    unknown : str
        How the error begins where there is no such file.
    code : str
        Code of that error.

    Returns
    -------
    Path

    Raises
    ------
    NotFound
        If no folder holds it; names the one that comes near, or those that there are.
    """
    files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}
    if name not in files:
        near = difflib.get_close_matches(name, files, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(files)) or 'none'}"
        raise NotFound(f"{unknown}; {hint}", code=code)
    return files[name]
