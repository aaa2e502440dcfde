"""Pages: templates of our own with local assets only, every value escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sdi.service.negotiation import LANGUAGES, ROOT
from sdi.service.phrase import say

_TEMPLATES = Path(__file__).with_name("templates")
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
    made.filters |= {"number": _number, "moment": _moment, "shown": _shown}
    return made


def render(
    template: str, language: str, *, base: str, path: str, parameters: Mapping[str, str] | None = None, **context: object
) -> str:
    """Render a page.

    Parameters
    ----------
    template : str
        File in ``templates/``.
    language : str
        ``vi`` or ``en``.
    base : str
        Address of the landing page without its last slash.
    path : str
        Path of the page on the server.
    parameters : mapping of str to str, optional
        Query of the page, kept in links to its other language and format.
    **context : object
        What the template shows.

    Returns
    -------
    str
        HTML.
    """
    given = dict(parameters or {})
    site = base.removesuffix(ROOT)
    lang = {"lang": given["lang"]} if "lang" in given else {}
    return _environment().get_template(template).render(
        say=partial(say, language=language),
        language=language,
        languages=[(one, _address(site, path, given | {"lang": one})) for one in LANGUAGES],
        machine=_address(site, path, given | {"f": "json"}),
        here=_address(site, path, given),
        to=lambda below, **query: _address(base, below, {name: str(value) for name, value in query.items()} | lang),
        base=base,
        kept_language=given.get("lang"),
        **context,
    )


def _address(base: str, path: str, query: Mapping[str, str]) -> str:
    """Write an address."""
    return f"{base}{path}" + (f"?{urlencode(query, safe='/:,')}" if query else "")


def _number(value: float, language: str) -> str:
    """Write a number with the separators of a language."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


def _moment(text: str | None) -> str:
    """Write a moment, without its time where that says nothing."""
    return (text or "").removesuffix("T00:00:00Z")


def _shown(value: Any, language: str) -> str:  # noqa: ANN401 - whatever a property holds
    """Write the value of a property."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    if isinstance(value, int | float):
        return _number(value, language)
    return _moment(value) if isinstance(value, str) else str(value)
