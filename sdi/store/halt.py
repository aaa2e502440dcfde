"""How one thread ends what another asks of a database: nobody needs an answer after he has gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sdi.errors import Abandoned


class Halt:
    """Ends the questions of one piece of work, now and later."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._end: Callable[[], object] | None = None
        self._asked = False

    def ask(self) -> None:
        """End the question that is asked now, if there is one, and let no other begin. Called from any thread."""
        with self._turn:  # what is asked next by this connection must not be what is ended
            self._asked = True
            if self._end is not None:
                self._end()

    @contextmanager
    def ended_by(self, end: Callable[[], object]) -> Iterator[None]:
        """Say how what is asked within can be ended.

        Parameters
        ----------
        end : callable
            Ends it; called from another thread.

        Raises
        ------
        Abandoned
            If nobody waits for the answer any more.
        """
        with self._turn:
            if self._asked:
                raise Abandoned("nobody waits for this answer any more")
            self._end = end
        try:
            yield
        finally:
            with self._turn:
                self._end = None


class _Present(threading.local):
    """The halt of what a thread does."""

    halt: Halt | None = None


_PRESENT = _Present()


def run[**P, T](halt: Halt, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Run a function whose questions a halt can end.

    Parameters
    ----------
    halt : Halt
        Kept by whoever may ask for the end.
    work : callable
        What to do.
    *arguments, **named
        With what.
    """
    _PRESENT.halt = halt
    try:
        return work(*arguments, **named)
    finally:
        _PRESENT.halt = None


@contextmanager
def ended_by(end: Callable[[], object]) -> Iterator[None]:
    """Let what this thread asks within be ended by the halt of its work, where it has one.

    Parameters
    ----------
    end : callable
        Ends it; called from another thread.

    Raises
    ------
    Abandoned
        If nobody waits for the answer any more.
    """
    halt = _PRESENT.halt
    if halt is None:
        yield
        return
    with halt.ended_by(end):
        yield
