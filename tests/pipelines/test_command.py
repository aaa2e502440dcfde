"""How the command line answers: machines and people, readers that leave, and errors with their exit code."""

from __future__ import annotations

import argparse
import json
import os
import sys

import pytest

from pipelines.__main__ import main
from pipelines.command import console, job
from sdi.errors import IntegrityError, PhusaError
from sdi.work.job import Failure, Job

ROW = dict.fromkeys(("started", "finished", "pid", "pid_started", "outcome", "error", "home"), None) | {
    "id": "1", "process": "risk", "version": "1.0.0", "inputs": "{}", "inputs_sha256": "", "status": "failed",
    "created": "2026-01-01T00:00:00.000Z", "updated": "2026-01-01T00:00:00.000Z", "progress": 0.5, "message": "",
    "log": "", "stopping": 0,
}  # fmt: skip


def test_a_reader_that_has_seen_enough_is_no_error(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        console.say("nobody reads this")
        console.say("nor this")


def test_an_answer_is_one_object_for_a_machine_and_a_text_for_a_person(capsys):
    facts = {"depth": 0.3, "name": "Hậu"}
    for machine in (True, False):
        assert console.answer(argparse.Namespace(json=machine), facts, "0.3 m deep") == 0
    said, text = capsys.readouterr().out.splitlines()
    assert json.loads(said) == facts
    assert text == "0.3 m deep"


@pytest.mark.parametrize(("machine", "said"), [(True, []), (False, ["  0%  build", " 35%  flood", "100%  publish"])])
def test_a_log_gets_one_line_for_each_step_and_a_machine_none(machine, said, capsys):
    with console.progress(argparse.Namespace(json=machine)) as tell:
        for step, done in (("build", 0.0), ("build", 0.2), ("flood", 0.35), ("flood", 0.9), ("publish", 1.0)):
            tell(step, done)
    assert capsys.readouterr().err.splitlines() == said


def test_a_notice_is_said_where_there_is_one():
    assert console.noted("done", {"notice": "invented"}) == "done\n  notice: invented"
    assert console.noted("done", {"notice": ""}) == console.noted("done", {}) == "done"


@pytest.mark.parametrize(("code", "kind"), [("integrity", IntegrityError), ("catalogue", PhusaError)])
def test_the_error_of_a_job_is_raised_as_if_it_had_happened_here(code, kind):
    error = Failure(code, "it did not agree", {"tx": 3}).document()
    raised = job._error(Job.of({**ROW, "error": json.dumps(error)}))
    assert type(raised) is kind
    assert (raised.code, raised.message, raised.details) == (code, "it did not agree", {"tx": 3, "job": "1"})


def test_a_job_that_somebody_else_dismissed_is_told_so():
    assert job._error(Job.of({**ROW, "status": "dismissed"})).code == "job-dismissed"


@pytest.mark.parametrize(
    "words",
    [
        ["lookup", "--point", "105.7,10.0", "--parcel", "7/12"],
        ["lookup"],
        ["flood", "ensemble", "storm"],
        ["whatif", "--zone", "Z", "--ground-level", "high", "--scenario", "storm"],
        ["risk", "--rule", "guess"],
        ["job"],
    ],
)
def test_wrong_usage_leaves_with_2(words, capsys):
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage: phusa" in capsys.readouterr().err
