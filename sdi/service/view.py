"""Pages: templates of our own with local assets only, every value escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sdi.service.negotiation import LANGUAGES, Wish
from sdi.service.phrase import say

_TEMPLATES = Path(__file__).with_name("templates")
_GROUPED = 10_000
"""Whole number of a property from which on its digits are grouped."""
_EXPONENT = re.compile(r"(?<=[A-Za-z])-?[0-9]+(?![A-Za-z\]])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
STATIC = Path(__file__).with_name("static")
"""Folder of the stylesheet."""


@cache
def _environment() -> Environment:
    """Make the template environment once; pygeoapi makes one for each page, which costs 30 ms."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"number": _number, "moment": _moment, "shown": _shown, "unit": _unit}
    return made


def render(template: str, wish: Wish, **context: object) -> str:
    """Render a page.

    Parameters
    ----------
    template : str
        File in ``templates/``.
    wish : Wish
        The request, for language and addresses.
    **context : object
        What the template shows.

    Returns
    -------
    str
        HTML.
    """
    given = dict(wish.parameters)
    lang = {"lang": given["lang"]} if "lang" in given else {}
    values: dict[str, object] = {
        "say": partial(say, language=wish.language),
        "language": wish.language,
        "languages": [(one, wish.again(lang=one)) for one in LANGUAGES],
        "machine": wish.again(f="json"),
        "to": lambda below, **query: _address(wish.base + below, {**query, **lang}),
        "as_page": lambda href: _address(href, {"f": "html", **lang}),
        "base": wish.base,
        "site": wish.site,
        "kept_language": given.get("lang"),
    }
    return _environment().get_template(template).render(values | context)


def _address(address: str, query: Mapping[str, str]) -> str:
    """Write an address with a query."""
    return f"{address}?{urlencode(query, safe='/:,')}" if query else address


def _number(value: float, language: str) -> str:
    """Write a number with the separators of a language."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


def _unit(code: str) -> str:
    """Write a unit of UCUM as people do: ``m2`` has its exponent raised."""
    return _EXPONENT.sub(lambda found: found[0].translate(_RAISED), code)


def _moment(text: str | None) -> str:
    """Write a moment, without its time where that says nothing."""
    return (text or "").removesuffix("T00:00:00Z")


def _series(values: Sequence[float | None], language: str) -> str:
    """Write how many numbers there are, and between which two they lie."""
    known = [value for value in values if value is not None]
    span = f": {_number(min(known), language)} … {_number(max(known), language)}" if known else ""
    return say("count_of_values", language, count=_number(len(values), language)) + span


def _shown(value: object, language: str) -> str:
    """Write the value of a property."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    if isinstance(value, int) and abs(value) < _GROUPED:
        return str(value)  # it may be a year
    if isinstance(value, int | float):
        return _number(value, language)
    if isinstance(value, list):
        return _series(value, language)
    return _moment(value) if isinstance(value, str) else str(value)
