"""One statement of SQLite for many rows: several rows at a time, because a statement costs as much as its row.

Not for a virtual table such as an R*Tree, which takes one row after another faster.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import batched, chain

_VALUES = re.compile(r"VALUES (\((?:\?, )*\?\))")
MARKS = 600
"""Values in one statement [1]: SQLite takes 999 in every build, and is hardly faster with more."""


def run_many(connection: sqlite3.Connection, sql: str, rows: Iterable[Sequence[object]]) -> None:
    """Run a statement for every row.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    sql : str
        Statement with ``?`` marks; where it says ``VALUES (?, ...)``, several rows are written at once.
    rows : iterable of sequence (n, m)
        Values.
    """
    found = _VALUES.search(sql)
    if found is None:
        connection.executemany(sql, rows)
        return
    one = found.group(1)
    size = max(1, MARKS // one.count("?"))
    several = sql.replace(one, ", ".join([one] * size))
    for some in batched(rows, size):
        if len(some) == size:
            connection.execute(several, tuple(chain.from_iterable(some)))
        else:
            connection.executemany(sql, some)
