"""Commands about jobs, and how a command runs its own work as one."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

from pipelines import processes, recovery
from pipelines.command import console, opened
from pipelines.command.console import Commands, Options, Parser
from sdi.errors import ConflictError, IntegrityError, PhusaError
from sdi.work.job import Job
from sdi.work.jobs import DONE, Jobs
from sdi.work.process import Inputs
from sdi.workspace import Workspace


def add(commands: Commands[Parser]) -> None:
    """Add ``job list``, ``job show`` and ``job cancel``."""
    inner = console.group(commands, "job", "look at the jobs of a workspace and cancel them")
    console.command(inner, "list", "name all jobs, the latest first", _run_list)
    for name, text, run in (
        ("show", "say everything about one job", _run_show),
        ("cancel", "stop a job that waits or runs", _run_cancel),
    ):
        made = console.command(inner, name, text, run)
        made.add_argument("job", help="identifier of the job, or a beginning that no other has")


def execute(options: Options, process: str, inputs: Inputs, text: Callable[[Mapping[str, Any]], str]) -> int:
    """Run a process as a job and wait for it; an interruption cancels it.

    Parameters
    ----------
    options : Namespace
        Those of the command.
    process : str
        Name of the process.
    inputs : mapping
        Its inputs; those that are None are left out.
    text : callable
        Says the summary of the outcome to a person.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    PhusaError
        If the job failed, with its code and message.
    """
    workspace = opened.workspace(options)
    jobs = processes.jobs(workspace)
    job = jobs.submit(process, {name: value for name, value in inputs.items() if value is not None})
    try:
        with _terminable(), console.progress(options) as progress:
            done = jobs.wait(job, progress)
    except KeyboardInterrupt:
        with suppress(ConflictError):  # it was faster
            jobs.cancel(job.id)
        _tidy(workspace)
        raise
    if options.verbose and done.log:
        console.remark(done.log)
    if done.message != DONE:
        _tidy(workspace)
    if done.outcome is None or done.failure is not None:
        raise _error(done)
    return console.answer(options, {"job": done.id, **done.outcome.document()["summary"]}, text(done.outcome.summary))


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a request to end be what the keyboard's is, so that the job does not go on alone."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tidy(workspace: Workspace) -> None:
    """Remove or show what a job left that was ended from outside."""
    with closing(workspace.registry()) as registry:
        recovery.run(workspace, registry)


def _error(job: Job) -> PhusaError:
    """Return the error of a job as if it had happened here."""
    if job.failure is None:
        return PhusaError(f"job {job.id} was dismissed: {job.message}", code="job-dismissed")
    kind = IntegrityError if job.failure.code == IntegrityError.code else PhusaError
    return kind(job.failure.message, code=job.failure.code, details={**job.failure.details, "job": job.id})


def _run_list(options: Options) -> int:
    """Name all jobs."""
    found = processes.jobs(opened.workspace(options)).list()
    lines = [
        f"{job.id}  {job.process:<14} {job.status:<10} {job.progress:>4.0%}  {job.created}  {job.message}"
        for job in found
    ]
    return console.answer(options, {"jobs": [job.document() for job in found]}, "\n".join(lines or ["no jobs yet"]))


def _run_show(options: Options) -> int:
    """Say everything about one job."""
    job = _named(processes.jobs(opened.workspace(options)), options.job)
    said = job.document()
    lines = [f"{name:<16} {value}" for name, value in said.items()]
    return console.answer(options, {**said, "log": job.log}, "\n".join([*lines, *job.log.splitlines()]))


def _run_cancel(options: Options) -> int:
    """Stop a job that waits or runs."""
    workspace = opened.workspace(options)
    jobs = processes.jobs(workspace)
    job = jobs.cancel(_named(jobs, options.job).id)
    _tidy(workspace)
    return console.answer(options, job.document(), f"job {job.id} is {job.status}")


def _named(jobs: Jobs, text: str) -> Job:
    """Return the job whose identifier begins with a text."""
    found = [job for job in jobs.list() if text and job.id.startswith(text)]
    return found[0] if len(found) == 1 else jobs.find(text)
