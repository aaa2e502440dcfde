"""What a registry asks of the store that keeps it: the one interface of the embedded store and of PostGIS.

Queries are written once, in what SQLite and PostgreSQL have in common, with a question mark for every parameter. What
they do not have in common is a verb here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

Row = tuple[Any, ...]


class Store(Protocol):
    """Where a registry is kept. Geometry goes in and comes out as WKB, a truth value comes out as 0 or 1."""

    @property
    def name(self) -> str:
        """What messages call it; never a password."""

    @property
    def tables(self) -> Mapping[str, sa.Table]:
        """Tables by name."""

    def close(self) -> None:
        """Let go of it."""

    def ensure(self, tables: Iterable[sa.Table]) -> None:
        """Make the tables that are missing, with their indexes and guards; add the columns that are missing."""

    def recorded_tables(self) -> list[str]:
        """Return the tables that are there, those of registers that the catalogue no longer has included."""

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the column names of a table, in the order they are stored."""

    def kinds(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table with what they hold: integer, number, boolean or, for all else, text."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the one write transaction; all or nothing."""

    def reading(self) -> AbstractContextManager[None]:
        """Read one consistent state over several statements."""

    def last_row(self, table: str) -> int:
        """Return the number of the last row of a table, 0 where it is empty."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> range:
        """Add rows, numbering them."""

    def insert_header(self, header: Mapping[str, object]) -> None:
        """Add the header of a transaction."""

    def close_rows(self, table: str, rows: Sequence[int], tx: int) -> None:
        """Say that rows are no longer what we know."""

    def select(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and return all rows."""

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Run a query and yield its rows as they come."""

    def listed(self, kind: type[int] | type[str]) -> str:
        """Return a query of one column, ``value``: the values of the JSON list that is its one parameter."""

    def index_locations(self, rows: Sequence[int], bounds: NDArray[np.float64]) -> None:
        """Add location versions to the spatial index.

        Parameters
        ----------
        rows : sequence of int (n,)
            Numbers of rows of ``location_version``.
        bounds : ndarray (n, 4) [m, storage CRS]
            Boxes ``(xmin, ymin, xmax, ymax)``.
        """

    def unindex_locations(self, rows: Sequence[int]) -> None:
        """Take location versions that are no longer known out of the spatial index."""

    def check(self) -> list[str]:
        """Let the database check itself; return what is wrong."""
