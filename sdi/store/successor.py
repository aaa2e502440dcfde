"""What a publication keeps of things that ended: which of the things it shows took their place.

One SQL text for all stores, as in `feed`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sdi.store.feed import Row, Rows


class SuccessorTable:
    """Table ``phusa_successor(id, successor)``.

    Parameters
    ----------
    rows : Rows
        The publication it belongs to.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def clear(self) -> None:
        """Forget everything."""
        self._rows.run_many("DELETE FROM phusa_successor", [()])

    def put(self, found: dict[str, list[str]]) -> None:
        """Say what took the place of things; what was said of them before is forgotten.

        Parameters
        ----------
        found : dict of str to list of str
            Successors by thing; those that this publication does not show are left out.
        """
        self._rows.run_many("DELETE FROM phusa_successor WHERE id = ?", [(eid,) for eid in found])
        self._rows.run_many(
            "INSERT INTO phusa_successor (id, successor) SELECT g.id, s.id FROM phusa_thing g, phusa_thing s "
            "WHERE g.id = ? AND s.id = ?",
            [(eid, successor) for eid, successors in found.items() for successor in successors],
        )

    def of(self, eid: str) -> dict[str, str]:
        """Return what took the place of a thing: identifiers and kinds, in order."""
        found = self._rows.query(
            "SELECT s.successor, g.kind FROM phusa_successor s JOIN phusa_thing g ON g.id = s.successor "
            "WHERE s.id = ? ORDER BY s.successor",
            (eid,),
        )
        return dict(found)

    def content(self) -> Sequence[Row]:
        """Return everything, in order."""
        return self._rows.query("SELECT id, successor FROM phusa_successor ORDER BY id, successor")
