"""Functions of modules that take seconds and a hundred megabytes to import, and that many processes never need."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any


def late(name: str) -> Callable[..., Any]:
    """Return a function whose module is imported when it is called for the first time.

    Parameters
    ----------
    name : str
        Module and function, as ``package.module:function``.

    Returns
    -------
    callable
        Does what the function does.
    """
    module, _, function = name.partition(":")

    @cache
    def found() -> Callable[..., Any]:
        made: Callable[..., Any] = getattr(import_module(module), function)
        return made

    def call(*arguments: Any, **named: Any) -> Any:
        return found()(*arguments, **named)

    return call
