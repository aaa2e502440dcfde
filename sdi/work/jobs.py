"""The jobs of a workspace: one row each, and a child process that does the work.

The row is the truth and outlives everything: the child, the service or the command that asked for it, and the machine.
The child writes what it reaches; that it has vanished is seen by whoever looks next. One job of a workspace runs at a
time, the others wait in the order they came: what one run has prepared, another would take for left behind.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import Popen

import orjson

from sdi.errors import ConflictError, NotFound, PhusaError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.store.jobs import JobStore
from sdi.work import child
from sdi.work.child import Child
from sdi.work.job import Failure, Job
from sdi.work.process import Inputs, Outcome, Process, Progress, fingerprint

FILE = "jobs.db"
MAXIMUM_UNFINISHED = 16
"""Most jobs of a workspace that wait or run; each is a process of about 150 MB."""
GRACE_S = 10.0
"""How long a cancelled job may take to tidy up [s]."""
DONE = "done"
"""Last word of a job that went all its way."""
RECORDED = (
    "recorded, but its process vanished before all of it was shown; the next job, a start of the service or "
    "`phusa publish` shows it"
)
"""Last word of a job that was ended from outside when nothing but the publication was left to do."""
_COPIED = (
    "its process does not work for this workspace, which was copied while the job was under way; submit it again here"
)
_START_S = 60.0
"""After this time a job without a process was never started [s]."""
_POLL_S = 0.1


class Jobs:
    """The jobs of one workspace.

    Parameters
    ----------
    folder : Path
        Folder of the workspace.
    processes : iterable of Process
        What can be run.
    worker : str
        Module that does the work of one job: called with the folder and the identifier of the job.
    clock : Clock, optional
        Where times come from.
    ids : Ids, optional
        Where identifiers come from.
    """

    def __init__(
        self,
        folder: Path,
        processes: Iterable[Process],
        worker: str,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        self.folder = folder
        self.processes = {process.name: process for process in processes}
        self._worker = worker
        self._clock = clock or Clock()
        self._ids = ids or Ids.system()
        self._store = JobStore(folder / FILE)
        self._children: dict[str, Popen[bytes]] = {}

    # whoever asks ------------------------------------------------------------------------------------------------

    def process(self, name: str) -> Process:
        """Return one process.

        Raises
        ------
        NotFound
            If there is none of that name.
        """
        if name not in self.processes:
            raise NotFound(
                f"no process {name!r}; there are {', '.join(sorted(self.processes))}", code="no-such-process"
            )
        return self.processes[name]

    def submit(self, process: str, inputs: Inputs) -> Job:
        """Accept a job and start its child process.

        Parameters
        ----------
        process : str
            Name of the process.
        inputs : mapping
            Its inputs.

        Returns
        -------
        Job
            Accepted; it begins when the jobs before it have ended.

        Raises
        ------
        NotFound
            If there is no such process.
        InputError
            If the inputs do not fit its schema.
        ConflictError
            If too many jobs are waiting.
        """
        chosen = self.process(process)
        complete = chosen.checked(inputs)
        sha256 = fingerprint(complete)
        self._refuse_crowd()
        identifier, now = self._ids.take(1)[0], self._clock.now()
        self._store.add({
            "id": identifier, "process": chosen.name, "version": chosen.version, "status": "accepted",
            "inputs": json.dumps(complete, ensure_ascii=False), "inputs_sha256": sha256,
            "created": now, "updated": now, "message": "waiting for its turn",
        })  # fmt: skip
        # -P: what lies in the folder that somebody happens to be in is no module of ours.
        command = [sys.executable, "-P", "-m", self._worker, str(self.folder.absolute()), identifier]
        try:
            started = child.spawn(command)
        except OSError as error:
            self.fail(identifier, ConflictError(f"no process could be started ({error}); is the machine overloaded?"))
            return self.find(identifier)
        self._children[identifier] = started
        self._own(identifier, Child.find(started.pid))
        return self.find(identifier)

    def find(self, identifier: str) -> Job:
        """Return a job as it stands; one whose process has vanished has failed.

        Parameters
        ----------
        identifier : str
            The job.

        Raises
        ------
        NotFound
            If there is none.
        """
        row = self._store.find(identifier)
        if row is None:
            raise NotFound(f"no job {identifier!r} in {self.folder}; `phusa job list` names them", code="no-such-job")
        return self._settled(Job.of(row))

    def list(self) -> Sequence[Job]:
        """Return all jobs as they stand, the latest first."""
        return [self._settled(Job.of(row)) for row in self._store.list()]

    def recover(self) -> Sequence[Job]:
        """Find the jobs whose process has vanished.

        Returns
        -------
        sequence of Job
            Those that were taken for alive and have ended now, as failed or dismissed.
        """
        settled = [self._settled(Job.of(row)) for row in self._store.list(unfinished=True)]
        return [job for job in settled if job.is_finished]

    def wait(self, job: Job, progress: Progress) -> Job:
        """Wait until a job has ended.

        Parameters
        ----------
        job : Job
            As `submit` returned it.
        progress : callable
            Told how far it is.

        Returns
        -------
        Job
            Successful, failed or dismissed.
        """
        while True:
            now = self.find(job.id)
            progress(now.message, now.progress)
            if now.is_finished:
                if job.id in self._children:
                    self._children.pop(job.id).wait()  # it leaves as soon as it has written its last word
                return now
            time.sleep(_POLL_S)

    def cancel(self, identifier: str, *, grace: float = GRACE_S) -> Job:
        """Stop a job that waits or runs.

        Parameters
        ----------
        identifier : str
            The job.
        grace : float
            How long it may take to tidy up before it is killed [s].

        Returns
        -------
        Job
            Dismissed; or successful, where it was faster: what is recorded stays.

        Raises
        ------
        ConflictError
            If it has ended already.
        """
        job = self.find(identifier)
        if not self._store.update(identifier, {"stopping": 1}):
            ended = self.find(identifier).status
            raise ConflictError(
                f"job {identifier} is {ended} already; only one that waits or runs can be cancelled",
                code="job-ended",
            )
        if job.child is not None:
            job.child.stop(grace)
            if identifier in self._children:
                self._children[identifier].wait()  # its last thread outlives the first one by a moment
        return self.find(identifier)

    # the child ---------------------------------------------------------------------------------------------------

    def begin(self, identifier: str, this: Child) -> Job | None:
        """Wait for the turn of a job, in the process that shall do its work.

        Parameters
        ----------
        identifier : str
            The job.
        this : Child
            That process.

        Returns
        -------
        Job or None
            Running; None where it was cancelled meanwhile.
        """
        self._own(identifier, this)
        while True:
            job = self.find(identifier)
            if job.stopping:
                self._end(identifier, "dismissed", "cancelled before it began")
            if job.is_finished or job.stopping:
                return None
            self.recover()
            now = self._clock.now()
            if self._store.begin(identifier, {"status": "running", "started": now, "updated": now, "message": "start"}):
                return self.find(identifier)
            time.sleep(_POLL_S)

    def report(self, identifier: str, step: str, done: float, log: str) -> None:
        """Write how far a job is.

        Parameters
        ----------
        identifier : str
            The job.
        step : str
            What it is doing.
        done : float
            Share of the whole that is done [1].
        log : str
            What it logged last.
        """
        share = min(max(done, 0.0), 1.0)
        values = {"message": step, "progress": share, "log": log, "updated": self._clock.now()}
        self._store.update(identifier, values)

    def record(self, identifier: str, outcome: Outcome) -> None:
        """Write what a job has recorded: from here on it is successful, whatever happens to its process.

        Parameters
        ----------
        identifier : str
            The job.
        outcome : Outcome
            What it left, whether shown or not.
        """
        said = orjson.dumps(outcome.document(), option=orjson.OPT_SERIALIZE_NUMPY)
        values = {"message": "publish", "progress": 1.0, "outcome": said.decode(), "updated": self._clock.now()}
        self._store.update(identifier, values)

    def succeed(self, identifier: str) -> None:
        """Write that a job is done: what it has recorded is shown.

        Parameters
        ----------
        identifier : str
            The job.
        """
        self._end(identifier, "successful", DONE, progress=1.0)

    def fail(self, identifier: str, error: PhusaError) -> None:
        """Write that a job has failed.

        Parameters
        ----------
        identifier : str
            The job.
        error : PhusaError
            Why.
        """
        failure = Failure(error.code, error.message, error.details).document()
        self._end(identifier, "failed", error.message, error=json.dumps(failure, ensure_ascii=False, default=str))

    # both --------------------------------------------------------------------------------------------------------

    def _own(self, identifier: str, process: Child | None) -> None:
        """Write which process does the work of a job, and for which file of jobs."""
        if process is not None:
            values = {"pid": process.pid, "pid_started": process.started, "home": self._store.home}
            self._store.update(identifier, values)

    def _end(self, identifier: str, status: str, message: str, **values: object) -> None:
        """Write how a job ended, unless that is known already."""
        now = self._clock.now()
        said = {"status": status, "message": message, "finished": now, "updated": now, **values}
        self._store.update(identifier, said)

    def _settled(self, job: Job) -> Job:
        """Return a job as it stands, after a look at its process."""
        mine = self._children.get(job.id)
        code = None if mine is None else mine.poll()
        if code is not None:
            del self._children[job.id]
        vanished = self._has_vanished(job) if mine is None else code is not None
        if job.is_finished or not vanished:
            return job
        if job.outcome is not None:
            self._end(job.id, "successful", RECORDED, progress=1.0)
        elif job.stopping:
            self._end(job.id, "dismissed", "cancelled; nothing half done is shown")
        else:
            reason = _COPIED if self._is_copied(job) else _reason(job, code)
            self.fail(job.id, PhusaError(reason, code="job-vanished"))
        ended = self._store.find(job.id)
        return job if ended is None else Job.of(ended)

    def _has_vanished(self, job: Job) -> bool:
        """Tell whether nobody does the work of an unfinished job of another parent."""
        if job.child is not None:
            return self._is_copied(job) or not job.child.is_running()
        age = datetime.fromisoformat(self._clock.now()) - datetime.fromisoformat(job.created)
        return age > timedelta(seconds=_START_S)

    def _is_copied(self, job: Job) -> bool:
        """Tell whether the process of a job works for another workspace, of which this one is a copy."""
        return job.child is not None and job.home != self._store.home

    def _refuse_crowd(self) -> None:
        """Refuse one job too many."""
        count = len(self._store.list(unfinished=True)) - len(self.recover())
        if count >= MAXIMUM_UNFINISHED:
            raise ConflictError(
                f"{count} jobs wait or run already; expected less than {MAXIMUM_UNFINISHED}: wait for them, or cancel "
                "some with `phusa job cancel`",
                code="jobs-crowded",
            )


def _reason(job: Job, code: int | None) -> str:
    """Say why the process of a job has vanished, as far as that is known."""
    if job.child is None:
        return "its process was never started: whoever submitted it was interrupted; submit it again"
    how = "it was killed, or the machine was restarted" if code is None else f"it ended with exit code {code}"
    if code is not None and code < 0:
        how = f"signal {-code} ended it"
    memory = " (the system also sends it when memory runs out)" if code == -9 else ""
    return f"process {job.child.pid} vanished at step {job.message!r}: {how}{memory}; all or nothing of it is kept"
