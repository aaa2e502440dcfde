"""Every error of the project, in one place.

An error says what was found, what was expected and what to do. Its ``code`` is a stable slug for machines; its
``details`` carry the values behind the sentence. The service turns each class into an answer by one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


class PhusaError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    message : str
        What was found, what was expected, what to do.
    code : str, optional
        Stable slug such as ``crs-undeclared``; the class's own where not given.
    details : mapping, optional
        Values behind the sentence, for machines.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = dict(details or {})


class InputError(PhusaError, ValueError):
    """A value from outside cannot be used as it is."""

    code = "invalid-input"


class RefusedError(InputError):
    """A delivery was refused as a whole; nothing was written."""

    code = "refused"


class CatalogError(InputError):
    """A catalogue file is wrong: names file, line and cure.

    Parameters
    ----------
    path : Path
        The file.
    line : int
        Line number, counted from 1.
    found : str
        What stands there.
    cure : str
        What to write instead.
    """

    code = "catalogue"

    def __init__(self, path: Path, line: int, found: str, cure: str) -> None:
        super().__init__(
            f"{path}:{line}: {found}; {cure}",
            details={"file": str(path), "line": line, "found": found, "cure": cure},
        )
        self.path = path
        self.line = line


class NotFound(PhusaError, LookupError):
    """Nothing of that name or identifier is known here."""

    code = "not-found"


class NotInRegister(NotFound):
    """The register does not know that thing."""

    code = "not-in-register"


class Gone(PhusaError, LookupError):
    """The thing existed and was retired; its successors are named.

    Parameters
    ----------
    message : str
        What was asked for and when it ended.
    successors : mapping of str to str
        What took its place: kinds by identifier; empty where nothing did.
    """

    code = "gone"

    def __init__(self, message: str, successors: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(message, details={"successors": list(successors)})
        self.successors = successors


class ConflictError(PhusaError):
    """Somebody else wrote first, or the write contradicts what is recorded."""

    code = "conflict"


class Outdated(PhusaError):
    """What a question was asked of is in another state by now; ask again."""


class IntegrityError(PhusaError):
    """Stored data do not agree with themselves: a broken chain, a publication that differs from its registry."""

    code = "integrity"


class Abandoned(PhusaError):
    """Nobody waits for the answer any more: whoever asked has gone, or it took too long."""

    code = "abandoned"


class TokenRefused(PhusaError):
    """A bearer token opens nothing here; the message is for the log, not for whoever sent it."""

    code = "token-refused"


class SettingsError(PhusaError):
    """A setting is missing or contradicts another; the message says how to set it."""

    code = "settings"


class WorkspaceError(PhusaError):
    """The folder is no workspace, or one that this version cannot open."""

    code = "workspace"


class NumericalError(PhusaError):
    """A computation left its range: not a number, no convergence, a step below the smallest."""

    code = "numerical"


def refused(code: str, found: str, cure: str, **details: object) -> RefusedError:
    """Build the error that ends a delivery.

    Parameters
    ----------
    code : str
        Stable slug.
    found : str
        What was found.
    cure : str
        What to do.
    **details : object
        Values behind the sentence.

    Returns
    -------
    RefusedError
        To be raised.
    """
    return RefusedError(f"{found}; {cure}", code=code, details={"found": found, "cure": cure, **details})
