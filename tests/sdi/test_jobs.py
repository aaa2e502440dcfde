"""Jobs with real children: they report, wait, are cancelled, are killed, and the row tells it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import pytest
from jsonschema import ValidationError

from sdi.errors import ConflictError, InputError, IntegrityError, NotFound, WorkspaceError
from sdi.work.child import Child
from sdi.work.jobs import MAXIMUM_UNFINISHED, RECORDED
from sdi.work.process import Outcome
from sdi.work.worker import Report
from tests.conformance.schemas import checker
from tests.conftest import ROOT
from tests.sdi import toil

PATIENCE_S = 60.0


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """Return the jobs of a folder; no child outlives the test."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = toil.jobs(tmp_path)
    yield made
    for job in made.list():
        if not job.is_finished:
            made.cancel(job.id, grace=0.0)


def quietly(step, done):
    pass


def until(reached, what):
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end, f"{what} did not happen within {PATIENCE_S:g} s"
        time.sleep(0.02)


def at_work(jobs, job, path):
    """Wait until a job has left a file."""
    until((jobs.folder / path).exists, path)
    return jobs.find(job.id)


def test_a_job_is_accepted_runs_and_tells_what_it_left(jobs):
    told = []
    job = jobs.submit("count", {"number": 4, "pause": 0.3})
    assert (job.status, job.started, job.outcome) == ("accepted", None, None)
    done = jobs.wait(job, lambda step, share: told.append((step, share)))
    assert (done.status, done.progress, done.message) == ("successful", 1.0, "done")
    assert done.outcome == Outcome(("numbers",), (), {"last": 4, "mean": 0.5})
    assert done.inputs == {"number": 4, "pause": 0.3, "names": []}
    assert done.created <= done.started <= done.finished == done.updated
    assert "counted to 4" in done.log
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert len({step for step, _ in told} & {f"number {number}" for number in range(4)}) >= 2
    assert done.child.pid != os.getpid()
    assert not done.child.is_running()
    assert jobs.list() == [done]


def test_a_job_that_refuses_or_stumbles_has_failed_with_the_reason(jobs):
    refused, stumbled = (jobs.submit(name, {}) for name in ("refuse", "stumble"))
    refused, stumbled = (jobs.wait(job, quietly) for job in (refused, stumbled))
    assert (refused.status, stumbled.status) == ("failed", "failed")
    assert refused.failure.document() == {
        "code": "bridge", "message": "the bridge is closed; take the ferry", "details": {"toll": 3},
    }  # fmt: skip
    assert stumbled.failure.code == "internal"
    assert "KeyError: 'nothing'" in stumbled.failure.message
    assert "Traceback" in stumbled.log


def test_inputs_are_checked_before_a_job_is_accepted(jobs):
    with pytest.raises(InputError, match="did you mean 'number'"):
        jobs.submit("count", {"nummer": 3})
    with pytest.raises(NotFound, match="there are cling, count, fall"):
        jobs.submit("fly", {})
    with pytest.raises(NotFound, match="no job 'x'"):
        jobs.find("x")
    assert jobs.list() == []
    assert list(jobs.folder.iterdir()) == []


def test_jobs_of_one_workspace_run_one_after_the_other_in_their_order(jobs):
    made = [jobs.submit("count", {"number": 2, "pause": 0.1}) for _ in range(3)]
    done = [jobs.wait(job, quietly) for job in made]
    assert [job.status for job in done] == ["successful"] * 3
    spans = [tuple(map(float, path.read_text().split())) for path in sorted(jobs.folder.glob("*.txt"))]
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert [job.started for job in done] == sorted(job.started for job in done)
    assert [job.id for job in jobs.list()] == [job.id for job in reversed(made)]


@pytest.mark.shows("first-flood")
def test_a_child_killed_from_outside_has_failed_and_the_next_job_runs(jobs, figure):
    first = jobs.submit("tidy", {})
    second = jobs.submit("count", {"number": 1})
    running = at_work(jobs, first, "half")
    assert running.status == "running"
    os.kill(running.child.pid, signal.SIGKILL)
    began = time.monotonic()
    until(lambda: jobs.find(first.id).is_finished, "the death was seen")
    figure("a job killed with signal 9 is found failed after", time.monotonic() - began, "s")
    failed = jobs.find(first.id)
    assert (failed.status, failed.failure.code) == ("failed", "job-vanished")
    assert "vanished at step 'start'" in failed.message
    assert jobs.wait(second, quietly).status == "successful"


def test_a_stranger_finds_that_a_child_has_vanished(jobs):
    job = jobs.wait(jobs.submit("fall", {}), quietly)
    assert job.failure.code == "job-vanished"
    assert "vanished at step 'at the edge': signal 9 ended it" in job.failure.message
    # The parent of this one is gone, as after a restart: nobody has its exit code.
    script = f"from pathlib import Path; from tests.sdi import toil; toil.jobs(Path({str(jobs.folder)!r})).submit"
    subprocess.run([sys.executable, "-c", f"{script}('tidy', {{}})"], check=True, cwd=ROOT)
    orphan = jobs.list()[0]
    orphan = at_work(jobs, orphan, "half")
    assert jobs.recover() == []
    os.kill(orphan.child.pid, signal.SIGKILL)
    until(lambda: not orphan.child.is_running(), "the end of the orphan")
    (found,) = toil.jobs(jobs.folder).recover()
    assert (found.id, found.status) == (orphan.id, "failed")
    assert "killed, or the machine was restarted" in found.failure.message
    assert jobs.recover() == []


def test_a_cancelled_job_tidies_up_and_is_dismissed(jobs):
    job = jobs.submit("tidy", {})
    at_work(jobs, job, "half")
    waiting = jobs.submit("count", {"number": 1})
    dismissed = toil.jobs(jobs.folder).cancel(job.id)
    assert dismissed.status == "dismissed"
    assert dismissed.failure is None
    assert not (jobs.folder / "half").exists()
    assert not dismissed.child.is_running()
    assert jobs.wait(waiting, quietly).status == "successful"
    with pytest.raises(ConflictError, match="is dismissed already"):
        jobs.cancel(job.id)


def test_a_job_that_does_not_listen_is_killed_after_the_grace(jobs):
    job = jobs.submit("cling", {})
    at_work(jobs, job, "clinging")
    began = time.monotonic()
    dismissed = jobs.cancel(job.id, grace=0.3)
    assert dismissed.status == "dismissed"
    assert 0.3 <= time.monotonic() - began < 10
    assert not dismissed.child.is_running()


def test_a_job_cancelled_before_its_turn_never_begins(jobs):
    first = jobs.submit("cling", {})
    at_work(jobs, first, "clinging")
    second = jobs.submit("count", {"number": 1})
    dismissed = jobs.cancel(second.id)
    assert (dismissed.status, dismissed.started) == ("dismissed", None)
    jobs.cancel(first.id, grace=0.0)
    assert list(jobs.folder.glob("*.txt")) == []


def test_a_process_that_has_got_the_number_of_a_child_is_left_alone(jobs):
    job = jobs.submit("tidy", {})
    running = at_work(jobs, job, "half")
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        jobs._own(job.id, replace(Child.find(stranger.pid), started="another time"))
        found = toil.jobs(jobs.folder).find(job.id)
        assert (found.status, found.failure.code) == ("failed", "job-vanished")
        Child(stranger.pid, "another time").stop(0.0)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        running.child.stop(0.0)


@pytest.mark.parametrize("number", [0, 2**22 + 1])
def test_a_number_without_a_moment_is_no_process(number):
    # Number 0 is the group of whoever sends a signal: taken for a child, cancelling it would end the caller.
    assert not Child(number, None).is_running()


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": "{"},
        {"status": "failed", "error": '{"toll": 3}'},
        {"created": "yesterday"},
        {"created": "2026-01-01"},
        {"updated": 7},
        {"finished": "never"},
        {"progress": "half"},
        {"pid": "mine"},
    ],
)
def test_a_row_that_somebody_else_has_written_in_is_named(jobs, wrong):
    row = {
        "id": "0", "process": "count", "version": "1.0.0", "inputs": "{}", "inputs_sha256": "", "status": "accepted",
        "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    jobs._store.add(row | wrong)
    for ask in (lambda: jobs.find("0"), jobs.list, lambda: jobs.cancel("0")):
        with pytest.raises(IntegrityError, match="the row of job 0 cannot be read"):
            ask()
    (jobs.folder / "jobs.db").unlink()


def test_a_job_in_a_copied_workspace_has_failed_and_its_process_is_left_alone(jobs, tmp_path_factory):
    job = jobs.submit("tidy", {})
    running = at_work(jobs, job, "half")
    copy = tmp_path_factory.mktemp("copied") / "city"
    subprocess.run(["cp", "-a", str(jobs.folder), str(copy)], check=True)
    with pytest.raises(ConflictError, match="is failed already"):
        toil.jobs(copy).cancel(job.id)
    copied = toil.jobs(copy).find(job.id)
    assert (copied.status, copied.failure.code) == ("failed", "job-vanished")
    assert "was copied while the job was under way" in copied.message
    assert running.child.is_running()
    assert jobs.find(job.id).status == "running"
    stranger = toil.jobs(copy)
    assert stranger.wait(stranger.submit("count", {"number": 1}), quietly).status == "successful"
    assert jobs.cancel(job.id).status == "dismissed"


def test_a_workspace_that_was_renamed_is_no_copy(jobs, tmp_path_factory):
    job = jobs.submit("tidy", {})
    at_work(jobs, job, "half")
    moved = tmp_path_factory.mktemp("moved") / "city"
    jobs.folder.rename(moved)
    assert toil.jobs(moved).find(job.id).status == "running"
    moved.rename(jobs.folder)
    assert jobs.cancel(job.id).status == "dismissed"


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize("end", ["killed", "cancelled"])
def test_a_job_that_is_ended_while_it_shows_what_it_recorded_was_successful(jobs, end, figure):
    (jobs.folder / "slowly").touch()
    job = jobs.submit("count", {"number": 2})
    running = at_work(jobs, job, "shown")
    assert (running.status, running.message, running.outcome.summary["last"]) == ("running", "publish", 2)
    if end == "killed":
        os.kill(running.child.pid, signal.SIGKILL)
        until(lambda: jobs.find(job.id).is_finished, "the death was seen")
    else:
        jobs.cancel(job.id)
    ended = toil.jobs(jobs.folder).find(job.id)
    figure(f"a job {end} after it recorded its result is", ended.status)
    assert (ended.status, ended.message, ended.failure) == ("successful", RECORDED, None)
    assert ended.outcome == Outcome(("numbers",), (), {"last": 2, "mean": 0.5})


def test_a_file_of_an_older_version_is_added_to_and_its_jobs_are_kept(jobs):
    done = jobs.wait(jobs.submit("count", {"number": 1}), quietly)
    with closing(sqlite3.connect(jobs.folder / "jobs.db")) as connection:
        connection.execute("ALTER TABLE job DROP COLUMN home")
        connection.execute("PRAGMA user_version=1")
        connection.commit()
    assert toil.jobs(jobs.folder).list() == [replace(done, home=None)]
    assert jobs.wait(jobs.submit("count", {"number": 1}), quietly).status == "successful"


def test_a_job_that_was_never_started_is_found_after_a_while(jobs):
    row = {
        "id": "0", "process": "count", "version": "1.0.0", "inputs": "{}", "inputs_sha256": "", "status": "accepted",
        "created": "2026-01-01T00:00:00.000Z", "updated": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    jobs._store.add(row)
    assert "never started" in jobs.find("0").failure.message
    fresh = jobs._clock.now()
    jobs._store.add({**row, "id": "1", "created": fresh, "updated": fresh})
    assert jobs.find("1").status == "accepted"
    assert jobs.cancel("1").stopping
    assert jobs.begin("1", Child.find(os.getpid())) is None
    assert jobs.find("1").status == "dismissed"


def test_one_job_too_many_is_refused(jobs):
    now = jobs._clock.now()
    for number in range(MAXIMUM_UNFINISHED):
        jobs._store.add({
            "id": str(number), "process": "count", "version": "1.0.0", "inputs": "{}", "inputs_sha256": "",
            "status": "accepted", "created": now, "updated": now,
        })  # fmt: skip
    with pytest.raises(ConflictError, match=f"{MAXIMUM_UNFINISHED} jobs wait or run already"):
        jobs.submit("count", {"number": 1})
    for number in range(MAXIMUM_UNFINISHED):
        jobs._end(str(number), "dismissed", "")


def test_how_a_job_ended_is_written_once(jobs):
    job = jobs.wait(jobs.submit("count", {"number": 1}), quietly)
    jobs._end(job.id, "dismissed", "too late")
    jobs.report(job.id, "too late", 0.0, "")
    assert jobs.find(job.id) == job


def test_progress_is_passed_on_twice_a_second_at_most():
    said, now = [], [0.0]
    report = Report(lambda *what: said.append((now[0], *what)), lambda: now[0])
    for step in range(100):
        now[0] = step / 50
        report("step", step / 100)
    report.flush()
    assert [moment for moment, *_ in said] == [0.0, 0.5, 1.0, 1.5, 1.98]
    assert said[-1][2] == 0.99


def test_many_readers_and_writers_of_the_rows_do_not_disturb_each_other(tmp_path):
    def write(number):
        store = toil.jobs(tmp_path)._store
        store.add({
            "id": f"{number:02d}", "process": "count", "version": "1", "inputs": "{}", "inputs_sha256": "",
            "status": "accepted", "created": "2026-01-01T00:00:00Z", "updated": "",
        })  # fmt: skip
        return [store.update(f"{number:02d}", {"progress": share / 10}) for share in range(11)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(write, range(16)))
    assert outcomes == [[True] * 11] * 16
    assert [row["progress"] for row in toil.jobs(tmp_path)._store.list()] == [1.0] * 16


def test_a_file_that_holds_no_jobs_is_refused(tmp_path):
    (tmp_path / "jobs.db").write_bytes(b"this is no database, but long enough to look like one" * 20)
    with pytest.raises(WorkspaceError, match=r"jobs\.db cannot be used"):
        toil.jobs(tmp_path).list()


def test_the_document_of_a_job_says_what_its_row_says(jobs):
    said = jobs.wait(jobs.submit("count", {"number": 1}), quietly).document()
    assert (said["processID"], said["status"], said["progress"]) == ("count", "successful", 100)
    assert said["outcome"]["summary"] == {"last": 1, "mean": 0.5}
    assert said["inputs"]["number"] == 1
    assert "error" not in said


def test_the_document_of_a_job_is_a_status_of_ogc_api_processes(jobs, shared_data):
    check = checker(shared_data.parent / "schemas")
    schema = "processes/part1-1.0.0/openapi/schemas/statusInfo.yaml"
    accepted = jobs.submit("refuse", {})
    check(schema, accepted.document())
    failed = jobs.wait(accepted, quietly).document()
    check(schema, failed)
    assert failed["error"]["code"] == "bridge"
    with pytest.raises(ValidationError):
        check(schema, {**failed, "status": "broken"})
