"""The page of a list of items: what they were chosen by, where they lie, and a table of their properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sdi.publishing.collection import Collection, Page
from sdi.publishing.dictionary import localised
from sdi.service.context import Context
from sdi.service.feature import geometries_of, parsed
from sdi.service.negotiation import COMMON, Wish
from sdi.service.parameter import codes
from sdi.service.phrase import say
from sdi.service.query import ItemsQuery, queryables
from sdi.service.sketch import sketch
from sdi.service.view import render

_COLUMNS = 8
"""Properties shown in the table."""
_CHOICES = 60
"""Longest list of codes offered in the filter."""
_NARROW = 24
"""Letters up to which a text stands in a column as narrow as it; a longer one is broken into lines."""
_LONG = 60
"""Letters from which on a text does not fit into its cell; one that all rows share is said once above the table."""
_WRITTEN = ("bbox", "datetime", "recorded")
"""Parameters that the form has a field for, besides those with a short list of codes."""
_PLACE = ("offset", "after")
"""Parameters that say where in the list a page begins: another choice of items begins at its first page."""
_WITH: Mapping[str, tuple[str, ...]] = {"filter": ("filter-lang", "filter-crs"), "bbox": ("bbox-crs",)}
"""Parameters that say how another is written, and go with it."""


def listing(context: Context, wish: Wish, one: Collection, query: ItemsQuery, found: Page) -> str:
    """Render a page of items; paged by offset, so that it can go back.

    Parameters
    ----------
    context : Context
        City and settings.
    wish : Wish
        The request.
    one : Collection
        What the items are of.
    query : ItemsQuery
        What was asked for.
    found : Page
        The items.

    Returns
    -------
    str
        HTML.
    """
    features = parsed(found.features)
    schema = localised(one.schema["properties"], wish.language)
    filled = {name for each in features for name, value in each["properties"].items() if value is not None}
    shared = {name: text for name in schema if (text := _shared(features, name))}
    wanted = filled.intersection(schema if query.properties is None else query.properties)
    columns = [name for name in schema if name in wanted and name not in shared][:_COLUMNS]
    rows = [{"id": each["id"], "cells": cells(each["properties"], columns, schema, wish.language)} for each in features]
    filters = _filters(schema, one, wish)
    last = query.offset + len(features)
    onward = wish.again(after=None, offset=str(last)) if query.after is None else wish.again(after=str(found.next_key))
    return render(
        "items.html", wish, workspace=context.workspace,
        one=one, rows=rows, columns=[_title(schema, name) for name in columns], found=found,
        shared=[(_title(schema, name), text) for name, text in shared.items()],
        first=query.offset + 1 if query.after is None else None, last=last,
        next=onward if found.next_key is not None else None,
        previous=wish.again(offset=str(max(0, query.offset - query.limit))) if query.offset else None,
        sketch=sketch(geometries_of(features)), filters=filters, kept=_kept(wish, filters), given=wish.parameters,
        chosen=_chosen(wish, query, schema), source=wish.again(f="json", crs=None, skipGeometry=None),
        has_map=context.has_map, narrow=_NARROW, long=_LONG,
    )  # fmt: skip


def cells(
    properties: Mapping[str, Any], names: Sequence[str], schema: Mapping[str, Any], language: str
) -> list[dict[str, Any]]:
    """Values for a table: codes by their titles, numbers with their units.

    Parameters
    ----------
    properties : mapping
        Of a feature.
    names : sequence of str
        Which of them, in this order.
    schema : mapping
        Their schemas, in the language of the page.
    language : {'vi', 'en'}
        Language of the page.

    Returns
    -------
    list of dict
        Each with ``value``, ``unit`` and ``language``.
    """
    told = []
    for name in names:
        value, unit = properties.get(name), schema.get(name, {}).get("x-ogc-unit", "")
        shown = _titles(schema.get(name, {})).get(value, value) if isinstance(value, str) else value
        told.append({"value": shown, "unit": "" if unit == "1" or value is None else unit, "language": language})
    return told


def _shared(features: Sequence[Mapping[str, Any]], name: str) -> str | None:
    """Return the long text that a property has in all of several features."""
    first, *others = [each["properties"].get(name) for each in features] or [None]
    is_long = isinstance(first, str) and len(first) > _LONG
    return first if is_long and others and all(one == first for one in others) else None


def _title(schema: Mapping[str, Any], name: str) -> str:
    """Return the title of a property."""
    return str(schema.get(name, {}).get("title", name))


def _titles(declared: Mapping[str, Any]) -> dict[str, str]:
    """Return the titles of the codes of a property."""
    listed = declared.get("oneOf") or []
    return {str(each["const"]): each["title"] for each in listed if "const" in each and "title" in each}


def _filters(schema: Mapping[str, Any], one: Collection, wish: Wish) -> list[dict[str, Any]]:
    """Queryables with a short list of codes, for the form."""
    filters = []
    for name in queryables(one):
        if 0 < len(choices := codes(schema[name])) <= _CHOICES:
            titles = _titles(schema[name])
            options = [(code, titles.get(code, code)) for code in choices]
            chosen = wish.parameters.get(name)
            filters.append({"name": name, "title": _title(schema, name), "options": options, "chosen": chosen})
    return filters


def _kept(wish: Wish, filters: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return parameters that the form has no field for; it would lose them."""
    shown = {*COMMON, *_PLACE, *_WRITTEN, *(one["name"] for one in filters)}
    return [(name, text) for name, text in wish.parameters.items() if name not in shown]


def _chosen(wish: Wish, query: ItemsQuery, schema: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Say what items were chosen and sorted by: its title, its value, and the address without it."""
    told = {
        name: (say(name, wish.language) if name in _WRITTEN else say("condition", wish.language), wish.parameters[name])
        for name in ("filter", *_WRITTEN)
        if name in wish.parameters
    }
    for name in query.where:
        value = wish.parameters[name]
        told[name] = (_title(schema, name), _titles(schema[name]).get(value, value))
    if query.sortby:
        told["sortby"] = (say("sorted_by", wish.language), _order(query, schema, wish.language))
    return [
        (title, text, wish.again(**dict.fromkeys((name, *_PLACE, *_WITH.get(name, ())))))
        for name, (title, text) in told.items()
    ]


def _order(query: ItemsQuery, schema: Mapping[str, Any], language: str) -> str:
    """Say by what items are sorted."""
    ways = {True: say("descending", language), False: say("ascending", language)}
    return ", ".join(f"{_title(schema, name)} ({ways[descends]})" for name, descends in query.sortby)
