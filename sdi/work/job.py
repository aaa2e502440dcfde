"""A job: one execution of a process, as its row tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sdi.errors import IntegrityError
from sdi.store.jobs import Row
from sdi.work.child import Child
from sdi.work.process import Outcome

FINISHED = frozenset({"successful", "failed", "dismissed"})
"""States that nothing leaves; before them come ``accepted`` and ``running``."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed."""

    code: str
    """Stable slug, that of the error."""
    message: str
    details: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Return what JSON says of it."""
        return {"code": self.code, "message": self.message, "details": dict(self.details)}


@dataclass(frozen=True, slots=True)
class Job:
    """One execution of a process, as its row tells it."""

    id: str
    """UUIDv7; sorts by the time of creation."""
    process: str
    version: str
    """Of the process."""
    inputs: Mapping[str, Any]
    """Complete with defaults."""
    inputs_sha256: str
    status: str
    """``accepted``, ``running``, ``successful``, ``failed`` or ``dismissed``."""
    created: str
    started: str | None
    finished: str | None
    updated: str
    progress: float
    """Share that is done, 0 to 1 [1]."""
    message: str
    """The step it is at; at the end, how it ended."""
    log: str
    """What it logged last, a line for each step."""
    child: Child | None
    """The process that does the work; None until it is started."""
    home: str | None
    """The file of jobs for which it does; that of a copied workspace is another one."""
    stopping: bool
    """Whether somebody asked it to stop."""
    outcome: Outcome | None
    """What it has recorded; None before, and where it failed."""
    failure: Failure | None
    """Why it failed, where it did."""

    @classmethod
    def of(cls, row: Row) -> Job:
        """Read a row of the store.

        Raises
        ------
        IntegrityError
            If somebody else wrote in it.
        """
        try:
            return cls._read(row)
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"the row of job {row['id']} cannot be read ({error}); restore jobs.db, or remove it: nothing but what "
                "is known of jobs stands in it"
            ) from error

    @classmethod
    def _read(cls, row: Row) -> Job:
        """Read a row of the store that nobody else has written in."""
        outcome = None if row["outcome"] is None else json.loads(row["outcome"])
        error = None if row["error"] is None else json.loads(row["error"])
        same = ("id", "process", "version", "inputs_sha256", "status", "message", "log", "home")
        return cls(
            **{name: row[name] for name in same},
            **{name: _moment(row[name]) for name in ("created", "updated")},
            **{name: row[name] and _moment(row[name]) for name in ("started", "finished")},
            inputs=json.loads(row["inputs"]), progress=float(row["progress"]),
            child=None if row["pid"] is None else Child(int(row["pid"]), row["pid_started"]),
            stopping=bool(row["stopping"]),
            outcome=None if outcome is None else Outcome.of(outcome),
            failure=None if error is None else Failure(**error),
        )  # fmt: skip

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINISHED

    def document(self) -> dict[str, Any]:
        """Describe the job as OGC API Processes does (``statusInfo``), with inputs, outcome and error beside.

        Returns
        -------
        dict
            Ready for JSON; what is not known yet is left out.
        """
        said = {
            "jobID": self.id, "processID": self.process, "type": "process", "status": self.status,
            "message": self.message, "created": self.created, "started": self.started, "finished": self.finished,
            "updated": self.updated, "progress": int(100 * self.progress), "inputs": dict(self.inputs),
            "inputs_sha256": self.inputs_sha256, "process_version": self.version,
            "outcome": self.outcome and self.outcome.document(),
            "error": self.failure and self.failure.document(),
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}


def _moment(text: str) -> str:
    """Return a time as it is written, once it has been seen to be one with its offset from UTC."""
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return text
