"""A filter that was read, to be held against whatever collection it is asked of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from sdi.filter import older
from sdi.filter.condition import condition
from sdi.filter.place import ToCRS84
from sdi.filter.reading import Tree, read
from sdi.filter.term import Dialect, Term


def unmoved(place: shapely.Geometry) -> shapely.Geometry:
    """Return a place that is in CRS84 already."""
    return place


@dataclass(frozen=True, slots=True)
class Filter:
    """What must be true of a feature."""

    tree: Tree
    to_crs84: ToCRS84 = unmoved
    """From the CRS of the places in the filter."""
    older: bool = False
    """Written in the language before CQL2, whose times are texts and whose truths are numbers."""

    @classmethod
    def of(cls, text: str, language: str = "cql2-text", to_crs84: ToCRS84 = unmoved) -> Filter:
        """Read a filter.

        Parameters
        ----------
        text : str
            The filter.
        language : {'cql2-text', 'cql2-json', 'cql-text'}
            How it is written.
        to_crs84 : callable, optional
            From the CRS of its places.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        return cls(read(text, language), to_crs84, language == older.LANGUAGE)

    def condition(self, queryables: Mapping[str, Mapping[str, Any]], dialect: Dialect) -> Term:
        """Write the filter as a condition in SQL.

        Parameters
        ----------
        queryables : mapping of str to mapping
            What may be named, with its JSON Schema.
        dialect : Dialect
            The database that answers.

        Raises
        ------
        InputError
            If it does not fit the collection.
        """
        tree = older.fitted(self.tree, queryables) if self.older else self.tree
        return condition(tree, queryables, dialect, self.to_crs84)
