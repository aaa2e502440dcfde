"""Descent: the steps of lineage that a registry holds, as each source states them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sdi.errors import ConflictError, NotInRegister
from sdi.history import OPEN, Moment
from sdi.lineage.life import Life, life
from sdi.lineage.step import (
    Conflict,
    Step,
    checked,
    differences,
    events,
    refuse_circles,
    refuse_shares,
    refuse_untimely,
)
from sdi.transaction import Transaction

if TYPE_CHECKING:
    from sdi.registry import Registry

_FACT = (
    "parent", "child", "verb", "source", "decision", "area_share", "population_share", "area_m2", "population",
    "method",
)  # fmt: skip
_SAME = "parent = ? AND child = ? AND source = ?"
_FEW = 500
"""Things asked about in one question."""


class Lineage:
    """What became of the things of a registry.

    Parameters
    ----------
    registry : Registry
        Where they are kept.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    # writing -----------------------------------------------------------------------------------------------------

    def record(self, steps: Sequence[Step], tx: Transaction) -> int:
        """Record what sources say; what they have said before is not written again.

        Parameters
        ----------
        steps : sequence of Step
            Whoever is split, merged or replaced has ended before.
        tx : Transaction
            The transaction that knows it.

        Returns
        -------
        int
            Number of rows written.

        Raises
        ------
        NotInRegister
            If a parent or a child is not known.
        InputError
            If a verb, a method or a number is none.
        ConflictError
            If a thing would descend from itself, a parent lives on that should have ended, shares do not make a
            whole, or a source says something else than before: that is a correction.
        """
        given = list(dict.fromkeys(checked(step, self._registry.zone) for step in steps))
        ends = dict.fromkeys(eid for step in given for eid in (step.parent, step.child))
        lives = {eid: life(self._store, eid, tx.number) for eid in ends}
        for step in given:
            refuse_untimely(step, lives[step.parent], lives[step.child])
        fresh = [step for step in given if not self._said(step)]
        rows = [(*(getattr(step, name) for name in _FACT), step.effective, tx.number) for step in fresh]
        tx.insert("lineage", (*_FACT, "valid_from", "tx_from"), rows)
        refuse_circles(self._downward(step.child for step in fresh))
        self._refuse_shares(fresh, lives)
        self._tell(fresh, lives, tx)
        return len(fresh)

    def correct(self, step: Step, tx: Transaction) -> None:
        """Record that a source was read wrongly: what it said of this parent and child stops being known.

        Parameters
        ----------
        step : Step
            What the source really says.
        tx : Transaction
            The transaction that knows it.

        Raises
        ------
        NotInRegister
            If the source is not known to say anything of the two.
        """
        found, meant = self._known(_SAME, (step.parent, step.child, step.source)), checked(step, self._registry.zone)
        same = [row for row, known in found if known.effective == meant.effective]
        self._close(same or [row for row, _ in found], step, tx)
        self.record([step], tx)

    def withdraw(self, step: Step, tx: Transaction) -> None:
        """Record that a source does not say so: a step stops being known, and nothing takes its place.

        Parameters
        ----------
        step : Step
            As `steps` returns it.
        tx : Transaction
            The transaction that knows it.

        Raises
        ------
        NotInRegister
            If the step is not known.
        """
        found = self._known(_SAME, (step.parent, step.child, step.source))
        self._close([row for row, known in found if known == checked(step, self._registry.zone)], step, tx)
        self._tell([step], {eid: life(self._store, eid, tx.number) for eid in (step.parent, step.child)}, tx)

    # reading -----------------------------------------------------------------------------------------------------

    def steps(self, eid: str, *, recorded: int | str | None = None) -> tuple[Step, ...]:
        """Return what all sources say of a thing, as parent and as child.

        Parameters
        ----------
        eid : str
            The thing.
        recorded : int or str, optional
            What shall have been known: a transaction, or a date.

        Returns
        -------
        tuple of Step
            In the order of time; empty where nothing is said of it.
        """
        found = self._known("(parent = ? OR child = ?)", (eid, eid), self._registry.known_at(recorded))
        return tuple(step for _, step in found)

    def told(self, eids: Iterable[str], of: str, *, recorded: int | str | None = None) -> list[Step]:
        """Return what all sources say of several things in one role.

        Parameters
        ----------
        eids : iterable of str
            The things.
        of : {'parent', 'child'}
            The role.
        recorded : int or str, optional
            What shall have been known: a transaction, or a date.

        Returns
        -------
        list of Step
            Empty where nothing is said.
        """
        tx = self._registry.known_at(recorded)
        found: list[Step] = []
        for few in itertools.batched(eids, _FEW):
            found += [step for _, step in self._known(f"{of} IN ({', '.join('?' * len(few))})", few, tx)]
        return found

    def upward(self, eids: Iterable[str]) -> set[str]:
        """Return everything that some things descend from, at any remove, themselves included."""
        seen: set[str] = set(eids)
        edge = list(seen)
        while edge:
            edge = list({step.parent for step in self.told(edge, "child")} - seen)
            seen.update(edge)
        return seen

    def conflicts(self, *, kind: str | None = None, recorded: int | str | None = None) -> tuple[Conflict, ...]:
        """Return where two sources state different things, with both values; estimates contradict nobody.

        Parameters
        ----------
        kind : str, optional
            Register of the parents; all where absent.
        recorded : int or str, optional
            What shall have been known: a transaction, or a date.

        Returns
        -------
        tuple of Conflict
            Parent by parent; empty where the sources agree.
        """
        tx = self._registry.known_at(recorded)
        said: dict[str, list[Step]] = {}
        for _, step in self._known("1 = 1", (), tx):
            said.setdefault(step.parent, []).append(step)
        lives = {parent: life(self._store, parent, tx) for parent in said}
        return tuple(
            conflict
            for parent, steps in said.items()
            if kind in (None, lives[parent].kind)
            for event in events(steps, lives[parent]).values()
            for conflict in differences(event)
        )

    # parts -------------------------------------------------------------------------------------------------------

    def _known(self, condition: str, parameters: Sequence[Any], tx: int = OPEN - 1) -> list[tuple[int, Step]]:
        """Return the rows known at a transaction that meet a condition."""
        found = self._store.select(
            f'SELECT "row", {", ".join(_FACT)}, valid_from FROM lineage WHERE {condition} '
            'AND tx_from <= ? AND ? < tx_to ORDER BY valid_from, "row"',
            (*parameters, tx, tx),
        )
        return [
            (row, Step(effective=Moment(since), **dict(zip(_FACT, fact, strict=True)))) for row, *fact, since in found
        ]

    def _said(self, step: Step) -> bool:
        """Tell whether a source has said exactly this before.

        Raises
        ------
        ConflictError
            If it has said something else of the same event.
        """
        found = [known for _, known in self._known(_SAME, (step.parent, step.child, step.source))]
        same = next((known for known in found if known.effective == step.effective), step)
        if same != step:
            raise ConflictError(
                f"{step.source} was recorded to say something else of {step.parent} and {step.child} from "
                f"{step.effective[:10]} on ({same.verb}); if it was read wrongly, correct it",
                code="lineage-differs",
            )
        return step in found

    def _downward(self, eids: Iterable[str]) -> list[Step]:
        """Return every step at or below some things."""
        edge = list(dict.fromkeys(eids))
        found, seen = self.told(edge, "child"), set(edge)
        while edge:
            steps = self.told(edge, "parent")
            found += steps
            edge = [eid for eid in dict.fromkeys(step.child for step in steps) if eid not in seen]
            seen.update(edge)
        return found

    def _refuse_shares(self, fresh: Sequence[Step], lives: Mapping[str, Life]) -> None:
        """Refuse sources by which more or less than a whole was given away."""
        touched = {(step.parent, step.source) for step in fresh}
        said: dict[tuple[str, str], list[Step]] = {}
        for step in self.told(dict.fromkeys(step.parent for step in fresh), "parent"):
            said.setdefault((step.parent, step.source), []).append(step)
        for about, steps in said.items():
            if about in touched:
                refuse_shares(steps, lives[about[0]])

    @staticmethod
    def _tell(steps: Sequence[Step], lives: Mapping[str, Life], tx: Transaction) -> None:
        """Tell the outbox of both ends."""
        touched = dict.fromkeys(eid for step in steps for eid in (step.parent, step.child))
        for kind in dict.fromkeys(lives[eid].kind for eid in touched):
            tx.note([eid for eid in touched if lives[eid].kind == kind], kind, "lineage")

    @staticmethod
    def _close(rows: Sequence[int], step: Step, tx: Transaction) -> None:
        """Say that rows stop being known.

        Raises
        ------
        NotInRegister
            If there are none.
        """
        if not rows:
            raise NotInRegister(
                f"{step.source} is not known to say that {step.child} carries on {step.parent}; "
                "Lineage.steps returns what it says"
            )
        tx.close("lineage", rows)
