"""A process: one function that can be run as a job, with a name, a version and the schema of its inputs.

The words are those of OGC API Processes. A process names its function instead of holding it, so that whoever lists,
describes or submits one imports nothing of what it computes with.
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError

from sdi.catalog.conformity import described
from sdi.declaration import Label
from sdi.errors import InputError

if TYPE_CHECKING:
    from sdi.workspace import Workspace

Inputs = Mapping[str, Any]
"""Inputs of one execution by name: what JSON can say."""
Progress = Callable[[str, float], None]
"""Told the step and the share of the whole that is done [1]."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an execution left in the workspace."""

    collections: tuple[str, ...] = ()
    """Collections that hold what it gave."""
    coverages: tuple[str, ...] = ()
    """Coverages that hold what it gave."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """Its figures, as far as JSON can say them."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Outcome:
        """Read what `document` wrote."""
        return cls(tuple(document["collections"]), tuple(document["coverages"]), document["summary"])

    def document(self) -> dict[str, Any]:
        """Return what JSON says of it."""
        return {
            "collections": list(self.collections),
            "coverages": list(self.coverages),
            "summary": dict(self.summary),
        }


Function = Callable[["Workspace", Inputs, Progress], Outcome]
"""What a process runs."""


@dataclass(frozen=True, slots=True)
class Process:
    """One function that can be run as a job."""

    name: str
    """For example ``tide-table``."""
    version: str
    title: Label
    description: Label
    inputs: Mapping[str, Any]
    """JSON Schema 2020-12 of an object with the inputs; a ``default`` of a property is filled in."""
    function: str
    """Where it stands, ``module:function``."""

    def checked(self, inputs: Inputs) -> dict[str, Any]:
        """Return inputs complete with their defaults, or say why they cannot be used.

        Parameters
        ----------
        inputs : mapping
            As delivered.

        Returns
        -------
        dict
            What `run` takes.

        Raises
        ------
        InputError
            Naming the path of the first input that does not fit; ``details["path"]`` is its JSON pointer.
        """
        schema = {"x-what": f"the input of {self.name}", **self.inputs}
        errors = sorted(Draft202012Validator(schema).iter_errors(inputs), key=_rank)
        if errors:
            place, found, cure = described(errors[0])
            raise InputError(
                f"{self.name}: {found}; {cure}",
                code="process-input",
                details={"path": "".join(f"/{part}" for part in place)},
            )
        properties = self.inputs.get("properties", {})
        defaults = {name: said["default"] for name, said in properties.items() if "default" in said}
        return {**defaults, **inputs}

    def run(self, workspace: Workspace, inputs: Inputs, progress: Progress) -> Outcome:
        """Execute the function, here and now.

        Parameters
        ----------
        workspace : Workspace
            The city.
        inputs : mapping
            As `checked` returns them.
        progress : callable
            Told how far it is.

        Returns
        -------
        Outcome
            What it left in the workspace.
        """
        function: Function = pkgutil.resolve_name(self.function)
        return function(workspace, inputs, progress)


def _rank(error: ValidationError) -> tuple[bool, list[str]]:
    """Order errors by their place; a missing key comes last, for a misspelt one says more."""
    return error.validator == "required", [str(part) for part in error.absolute_path]


def fingerprint(inputs: Inputs) -> str:
    """Hash the inputs of an execution.

    Parameters
    ----------
    inputs : mapping
        What JSON can say; the order of its keys does not count.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.

    Raises
    ------
    InputError
        If one of them is no JSON: not a number, an infinite one, a value of Python's own.
    """
    try:
        text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the inputs cannot be written as JSON ({error}); give texts, finite numbers, lists and mappings",
            code="process-input",
        ) from error
    return hashlib.sha256(text.encode()).hexdigest()
