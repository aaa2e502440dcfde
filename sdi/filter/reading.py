"""A filter as a client writes it: CQL2 in text or JSON, brought to one tree.

The tree is that of CQL2 JSON (OGC 21-065r2, clause 9): ``{"op": ..., "args": [...]}`` with texts, numbers, truths,
properties, times and places as leaves. The grammar is read by a library; what it costs to read is bounded before.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import cql2

from sdi.errors import InputError
from sdi.filter import older

Language = Literal["cql2-text", "cql2-json", "cql-text"]
Tree = Any
"""What JSON can hold, as CQL2 JSON orders it."""

LANGUAGES: tuple[Language, ...] = ("cql2-text", "cql2-json", "cql-text")
_EXAMPLES: Mapping[Language, str] = {
    "cql2-text": "status = 'active' AND height > 10",
    "cql2-json": '{"op": ">", "args": [{"property": "height"}, 10]}',
    "cql-text": "status = 'active' AND height > 10",
}
MAXIMUM_LENGTH = 8_000
"""Longest filter [character]."""
MAXIMUM_DEPTH = 50
"""Deepest nesting of brackets, functions or signs, and of operations, which may nest without any: ``1 + 1 + 1``; the
reader of the grammar calls itself once for each, and so does whatever reads its tree."""
MAXIMUM_PARTS = 2_000
"""Most names, values and operations in one filter; each coordinate is a value."""

# A text that does not end goes on to the end of the filter, so that it is not looked for again from each quote in it.
_WRITTEN = re.compile(r"'(?:[^'\\]|\\.|'')*+(?P<end>'|\\?\Z)|\"[^\"]*\"", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_SIGNS = re.compile(rf"(?:(?:[-+]|\bNOT\b)\s*){{{MAXIMUM_DEPTH},}}", re.IGNORECASE)


def read(text: str, language: str = "cql2-text") -> Tree:
    """Read a filter.

    Parameters
    ----------
    text : str
        The filter.
    language : {'cql2-text', 'cql2-json', 'cql-text'}
        How it is written.

    Returns
    -------
    tree
        As CQL2 JSON orders it; whether names and kinds fit is decided by `sdi.filter.condition`.

    Raises
    ------
    InputError
        If the filter is too long, too deep, or does not follow the grammar.

    Examples
    --------
    >>> read("height > 10 AND species = 'sao đen'")["op"]
    'and'
    """
    if language not in LANGUAGES:
        raise _refused(f"filter-lang is {language!r}; expected one of {', '.join(LANGUAGES)}")
    if len(text) > MAXIMUM_LENGTH:
        raise _refused(f"the filter has {len(text)} characters; at most {MAXIMUM_LENGTH} are read")
    if language == older.LANGUAGE:
        text = older.as_cql2(text)
    elif language == "cql2-text":
        text = _WRITTEN.sub(_with_doubled_quotes, text)
    _check_depth(text)
    try:
        tree = (cql2.parse_json if language == "cql2-json" else cql2.parse_text)(text).to_json()
    except (cql2.ParseError, ValueError) as error:
        raise _refused(
            f"the filter is no {language} ({_where(str(error))}); expected one such as {_EXAMPLES[language]}"
        ) from error
    _check_parts(tree)
    return tree


def _with_doubled_quotes(quoted: re.Match[str]) -> str:
    r"""Write ``\'`` within a text as ``''``, the spelling that the reader of the grammar knows."""
    if quoted["end"] != "'":
        return quoted[0]
    return _ESCAPED.sub(lambda pair: "''" if pair[0] == r"\'" else pair[0], quoted[0])


def to_text(tree: Tree) -> str:
    """Write a filter as CQL2 text.

    Parameters
    ----------
    tree : tree
        A filter that was read.
    """
    text: str = cql2.parse_json(json.dumps(tree)).to_text()
    return text


def _check_depth(text: str) -> None:
    """Refuse what nests too deeply before the grammar is read, by recursion, in a language without a safety net.

    It looks at what that reader will see: for it, a backslash keeps no text open.
    """
    bare = _QUOTED.sub("''", text)
    depth = deepest = 0
    for sign in re.findall(r"[(\[{)\]}]", bare):
        depth += 1 if sign in "([{" else -1
        deepest = max(deepest, depth)
    if deepest > MAXIMUM_DEPTH or _SIGNS.search(bare):
        raise _too_deep()


def _check_parts(tree: Tree) -> None:
    """Refuse what has too many parts, operations too deep within each other, or a number that is none."""
    for number, (part, depth) in enumerate(_parts(tree)):
        if number > MAXIMUM_PARTS:
            raise _refused(
                f"the filter has more than {MAXIMUM_PARTS} names, values and operations; ask for less at once"
            )
        if depth > MAXIMUM_DEPTH:
            raise _too_deep()
        if isinstance(part, float) and not math.isfinite(part):
            raise _refused("the filter holds a number that is too large")


def _parts(tree: Tree) -> Iterator[tuple[Tree, int]]:
    """Yield every part of a tree with how many operations it lies in."""
    waiting = [(tree, 0)]
    while waiting:
        part, depth = waiting.pop()
        yield part, depth
        below = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        deeper = depth + (isinstance(part, dict) and "op" in part)
        waiting.extend((one, deeper) for one in below)


def _too_deep() -> InputError:
    """Make the error of a filter that nests too deeply."""
    return _refused(f"the filter is nested more than {MAXIMUM_DEPTH} levels deep; write it flatter")


def _where(message: str) -> str:
    """Say in one short line where the grammar was broken."""
    found = re.search(r"(?<!\d)(\d+):(\d+)", message)
    return f"line {found[1]}, character {found[2]}" if found else " ".join(message.split())[:80]


def _refused(message: str) -> InputError:
    """Make the error of a filter that is not read."""
    return InputError(message, code="filter-invalid")
