"""What a publication asks of the database that keeps it: the interface of a GeoPackage and of a schema of PostGIS."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sdi.errors import InputError
from sdi.filter.term import Dialect
from sdi.store.feed import Row
from sdi.tile.cut import Cut, Drawn
from sdi.tile.quad import Tile

Box = tuple[float, float, float, float]
QUESTION_S = 5.0
"""How long a database works for one question that is filtered or sorted [s]."""


def too_costly() -> InputError:
    """Return the error of a question that was stopped."""
    return InputError(
        f"to filter or sort takes longer than {QUESTION_S:g} s here; ask for less at once, such as within a bbox",
        code="question-too-costly",
    )


def too_nested() -> InputError:
    """Return the error of a question that is too deep, or has too many parts, for what reads it."""
    return InputError(
        "the filter joins or nests more than this database reads; ask for less at once, or write it flatter",
        code="filter-invalid",
    )


class Database(Protocol):
    """What keeps the tables of one publication. Marks are ``?``, geometry comes out as WKB, truth as 0 or 1."""

    name: str
    """What messages call it; never a password."""
    wkb: str
    """SQL of the WKB of the current feature ``c``."""
    listed: str
    """SQL of a query of one column: the whole numbers of the JSON list that is its one parameter."""
    state_sql: str | None
    """SQL of the state, for a statement to tell which one it saw; ``None`` where `state` needs no question."""
    may_redefine: bool
    """Whether a collection may be laid out anew while others read; where not, all is built beside and put in place."""

    def close(self) -> None:
        """Close this thread's connection."""

    def state(self) -> Hashable:
        """Return what differs between any two states of whatever stands in this place; to ask costs little."""

    def is_replaced(self) -> bool:
        """Tell whether another one stands in its place, which is seen only where it is opened again."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the one write transaction; all or nothing."""

    def reading(self) -> AbstractContextManager[None]:
        """Read one consistent state over several statements."""

    def limited(self) -> AbstractContextManager[None]:
        """Stop each query that takes longer than `QUESTION_S`, because strangers wrote a part of it."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterable[Row]:
        """Run a query."""

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterable[Row]:
        """Run a query whose answer may not fit into memory."""

    def numbers(self, sql: str, parameters: Sequence[object]) -> NDArray[np.int64]:
        """Run a query of one column of whole numbers, which may be many.

        Returns
        -------
        ndarray (n,) of int64
            In the order of the query.
        """

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for every row."""

    def make(self, statements: Iterable[str]) -> None:
        """Make tables from statements as SQLite writes them."""

    def layer_type(self, geometry: str) -> str:
        """Return the type of the column of places for a geometry type of GeoPackage."""

    def places(self, geometries: NDArray[np.object_]) -> Sequence[object]:
        """Return geometries as the column of places takes them.

        Parameters
        ----------
        geometries : ndarray (n,) of shapely geometry [CRS84]
            Geometries, ``None`` where missing.
        """

    def announce(self, name: str, title: str) -> None:
        """Index the places of a new collection and tell other programs of it."""

    def withdraw(self, name: str) -> None:
        """Remove what `announce` made."""

    def index(self, name: str, fids: Sequence[int], bounds: NDArray[np.float64]) -> None:
        """Add places to the index of a collection.

        Parameters
        ----------
        name : str
            Collection.
        fids : sequence of int (n,)
            Features.
        bounds : ndarray (n, 4) [degree, CRS84]
            Their boxes.
        """

    def unindex(self, name: str, fids: Sequence[int]) -> None:
        """Take features out of the index of a collection."""

    def frame(self, name: str, box: Sequence[float | None]) -> None:
        """Tell other programs what a collection covers [degree, CRS84]."""

    def near(
        self,
        name: str,
        box: Box,
        condition: str,
        parameters: Sequence[object],
        more: str = "",
        limit: int | None = None,
    ) -> list[Row]:
        """Return the features whose boxes touch a box [degree, CRS84], in order.

        Parameters
        ----------
        name : str
            Collection.
        box : (float, float, float, float) [degree, CRS84]
            ``(xmin, ymin, xmax, ymax)``.
        condition : str
            Further condition on the feature table ``c``.
        parameters : sequence
            Its parameters.
        more : str
            Further columns, each behind a comma, of ``c`` and of its current piece of history ``h``.
        limit : int, optional
            Most of them; all where absent.

        Returns
        -------
        list of tuple
            Number, place as WKB where the feature sticks out of the box and ``None`` where it lies within, then
            what was asked for besides.
        """

    def crowd(self, name: str, tile: Tile, most: int) -> int:
        """Count the features whose boxes touch a tile, no further than one more than asked for."""

    def draw(self, name: str, cut: Cut) -> Drawn:
        """Cut a collection into a tile, which is a layer of its name."""

    def filtering(self, name: str, *, past: bool = False) -> Dialect:
        """Return how a filter of a collection is written, for current features ``c`` or pieces of history ``h``."""

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table, in order."""

    def check(self, collections: Sequence[str]) -> list[str]:
        """Let the database check itself and its indexes; return what is wrong."""
