"""Chains as jobs, with real children that are really killed: a row tells what happened, and nothing else is left."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import get_args

import jsonschema
import pytest

from catalogs import packaged
from frmis.risk import Rule
from pipelines import elevation, flood, processes, publish, scenarios
from pipelines.__main__ import main
from sdi.errors import CatalogError, InputError, NotFound
from sdi.publishing.publication import Publication
from sdi.store import raster
from sdi.work.jobs import RECORDED
from sdi.workspace import Workspace
from tests.frmis.ground import rough, terrain

PATIENCE_S = 120.0
DESCRIPTION = """
name: rainy
title: {vi: Thành phố mưa, en: Rainy city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
"""
STORM = {
    "scenario": "shower",
    "title": {"vi": "Mưa rào", "en": "Shower"},
    "terrain": "terrain",
    "duration": "30 min",
    "output_interval": "10 min",
    "rainfall": {"intensity": "60 mm/h", "duration": "20 min"},
    "allow_poor_terrain": True,
}
ENDLESS = {**STORM, "scenario": "monsoon", "duration": "300 d", "output_interval": "100 d"}
"""Nobody waits for this one."""


@pytest.fixture
def workspace(tmp_path):
    """Return a city with nothing but a terrain; no job outlives the test."""
    description = tmp_path / "description.yaml"
    description.write_text(DESCRIPTION, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", description, packaged())
    elevation.publish_synthetic(made, terrain(rough(40, 60), datum="synthetic"))
    yield made
    jobs = processes.jobs(made)
    for job in jobs.list():
        if not job.is_finished:
            jobs.cancel(job.id, grace=0.0)


@pytest.fixture
def jobs(workspace):
    return processes.jobs(workspace)


def quietly(step, done):
    pass


def at_work(jobs, identifier):
    """Wait until a job simulates."""
    end = time.monotonic() + PATIENCE_S
    while (job := jobs.find(identifier)).message != "simulate":
        assert time.monotonic() < end, f"the job is {job.status}: {job.message}"
        time.sleep(0.02)
    return job


def everything(workspace):
    """Return all that a workspace knows and shows, and every file in it but those of the jobs."""
    with closing(workspace.registry()) as registry:
        publish.run(workspace, registry)
        found = publish.verify(workspace, registry)
    files = (path for path in workspace.folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(workspace.folder)) for path in files}
    return {name for name in names if "db-" not in name and "gpkg-" not in name} - {"jobs.db"}, found


def file(folder, content):
    """Write a scenario; JSON is YAML too."""
    path = folder / f"{content['scenario']}.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_flood_run_as_a_job_is_the_run_itself(workspace, jobs):
    told = []
    done = jobs.wait(jobs.submit("flood-run", {"scenario": STORM}), lambda *said: told.append(said))
    assert done.status == "successful", done.message
    assert done.outcome.coverages == ("flood-shower",)
    assert "flood-depth" in done.outcome.collections
    assert raster.read(workspace.rasters, "flood-shower")["maximum_water_depth"].max() > 0
    with closing(Publication.open(workspace.publication_path("public"))) as publication:
        assert publication.collection("flood-depth").count == done.outcome.summary["areas"] > 0
    with closing(workspace.registry()) as registry:
        again = flood.run(scenarios.read(workspace, STORM), workspace, registry)
    assert (again.identifier, again.transaction) == (done.outcome.summary["identifier"], 0)
    assert "volume error" in done.log
    assert told[-1] == ("done", 1.0)


@pytest.mark.shows("first-flood")
def test_a_run_killed_with_signal_9_leaves_no_trace_but_its_row(workspace, jobs, figure):
    jobs.wait(jobs.submit("flood-run", {"scenario": STORM}), quietly)
    before = everything(workspace)
    job = jobs.submit("flood-run", {"scenario": ENDLESS})
    running = at_work(jobs, job.id)
    assert (running.status, running.child.is_running()) == ("running", True)
    os.kill(running.child.pid, signal.SIGKILL)
    failed = jobs.wait(job, quietly)
    assert (failed.status, failed.failure.code) == ("failed", "job-vanished")
    assert "signal 9 ended it" in failed.failure.message
    after = everything(workspace)
    figure("files and rows left by a killed run beside its job row", len(before[0] ^ after[0]), "1", "= 0")
    assert after == before
    assert [one.status for one in processes.jobs(workspace).list()] == ["failed", "successful"]
    assert jobs.wait(jobs.submit("flood-run", {"scenario": STORM}), quietly).outcome.summary["transaction"] == 0


def test_what_is_wrong_with_a_scenario_is_told_by_the_job_and_is_the_error_of_the_command(
    workspace, jobs, tmp_path, capsys
):
    before = everything(workspace)
    job = jobs.wait(jobs.submit("flood-run", {"scenario": {**STORM, "rain": "much"}}), quietly)
    assert (job.status, job.failure.code) == ("failed", "catalogue")
    assert "unknown key 'rain'" in job.failure.message
    path = file(tmp_path, {**STORM, "terrain": "elsewhere"})
    assert main(["flood", "run", str(path), "-w", str(workspace.folder), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["error"] == "not-found"
    assert "elsewhere" in said["message"]
    assert said["details"]["job"] == jobs.list()[0].id
    assert everything(workspace) == before


@pytest.mark.shows("first-flood")
def test_a_job_killed_while_it_publishes_was_successful_and_the_command_shows_its_result(
    workspace, jobs, tmp_path, capsys, figure
):
    def kill():
        end = time.monotonic() + PATIENCE_S
        while not any(job.message == "publish" for job in jobs.list()):
            assert time.monotonic() < end
            time.sleep(0.02)
        os.kill(jobs.list()[0].child.pid, signal.SIGKILL)
        held.rollback()

    everything(workspace)
    # Whoever holds the publication keeps the job from writing it: there it is killed.
    held = sqlite3.connect(workspace.publication_path("public"), isolation_level=None, check_same_thread=False)
    with closing(held), ThreadPoolExecutor() as pool:
        held.execute("BEGIN IMMEDIATE")
        killing = pool.submit(kill)
        assert main(["flood", "run", str(file(tmp_path, STORM)), "-w", str(workspace.folder), "--json"]) == 0
        killing.result()
    said = json.loads(capsys.readouterr().out)
    (job,) = jobs.list()
    assert (job.status, job.message) == ("successful", RECORDED)
    with closing(Publication.open(workspace.publication_path("public"))) as publication:
        shown = publication.collection("flood-depth").count
    figure("areas of a killed job's run that are published", shown, "1", f"= {said['areas']} recorded")
    assert shown == said["areas"] > 0
    assert raster.read(workspace.rasters, "flood-shower")["maximum_water_depth"].max() > 0


LISTENING = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("pipelines", run_name="__main__", alter_sys=True)
"""
"""The command as a terminal starts it: tests in the background of a shell inherit that Ctrl-C is ignored."""


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_command_that_is_interrupted_cancels_its_job(workspace, jobs, tmp_path, number):
    before = everything(workspace)
    words = ["flood", "run", str(file(tmp_path, ENDLESS)), "-w", str(workspace.folder)]
    command = subprocess.Popen(
        [sys.executable, "-c", LISTENING, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + PATIENCE_S
    while not any(job.message == "simulate" for job in jobs.list()):
        assert command.poll() is None, command.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.05)
    command.send_signal(number)
    _, said = command.communicate(timeout=PATIENCE_S)
    assert command.returncode == 130
    assert "interrupted" in said
    (job,) = jobs.list()
    assert job.status == "dismissed"
    assert not job.child.is_running()
    assert everything(workspace) == before


def test_the_commands_about_jobs_name_show_and_cancel_them(workspace, jobs, tmp_path, capsys):
    where = ["--workspace", str(workspace.folder)]
    assert main(["job", "list", *where]) == 0
    assert capsys.readouterr().out == "no jobs yet\n"
    assert main(["flood", "run", str(file(tmp_path, STORM)), *where, "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["coverage"] == "flood-shower"
    running = jobs.submit("flood-run", {"scenario": ENDLESS})
    at_work(jobs, running.id)
    assert main(["job", "cancel", running.id, *where]) == 0
    assert capsys.readouterr().out == f"job {running.id} is dismissed\n"
    assert main(["job", "cancel", running.id, *where]) == 1
    assert "dismissed already" in capsys.readouterr().err
    assert main(["job", "list", *where, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["jobs"]
    assert [(one["jobID"], one["status"]) for one in listed] == [(running.id, "dismissed"), (done["job"], "successful")]
    assert main(["job", "show", done["job"][:-4], *where]) == 0
    shown = capsys.readouterr().out
    assert "successful" in shown
    assert "run shower" in shown
    assert main(["job", "cancel", "", *where, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "no-such-job"
    assert main(["job", "show", "nothing", *where, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "no-such-job"


def test_a_scenario_is_checked_without_running_it(workspace, tmp_path, capsys):
    before = everything(workspace)
    words = ["-w", str(workspace.folder), "--json"]
    assert main(["flood", "check", str(file(tmp_path, STORM)), *words]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["columns"], said["duration_s"]) == (40, 60, 1800.0)
    assert everything(workspace) == before
    assert main(["flood", "run", str(file(tmp_path, STORM)), *words]) == 0
    assert json.loads(capsys.readouterr().out)["identifier"] == said["identifier"]
    path = file(tmp_path, {**STORM, "duration": "30"})
    assert main(["flood", "check", str(path), *words]) == 1
    assert f"{path}:" in json.loads(capsys.readouterr().out)["message"]
    far = {"name": "far", "at": [0, 0], "discharge": "1 m3/s"}
    assert main(["flood", "check", str(file(tmp_path, {**STORM, "inflows": [far]})), *words]) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "inflow-outside"


def test_the_schema_of_a_scenario_accepts_those_of_the_catalogue_and_no_other(workspace, capsys):
    assert main(["flood", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(STORM, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**STORM, "rain": "much"}, schema)


def test_a_scenario_is_found_by_file_name_and_content(workspace, tmp_path):
    own = workspace.folder / "catalogs" / "scenarios"
    own.mkdir(parents=True)
    file(own, STORM)
    city = Workspace.open(workspace.folder, packaged())
    found = [scenarios.read(city, given) for given in ("shower", STORM, file(tmp_path, STORM))]
    assert {one.identifier for one in found} == {found[0].identifier}
    with pytest.raises(NotFound, match="did you mean 'shower'"):
        scenarios.find(city, "shover")
    with pytest.raises(CatalogError, match="'duration'"):
        scenarios.read(city, {"scenario": "x", "terrain": "terrain", "output_interval": "1 h"})


@pytest.mark.parametrize("process", processes.PROCESSES, ids=lambda process: process.name)
def test_a_process_has_a_valid_schema_and_a_function(process):
    jsonschema.Draft202012Validator.check_schema(process.inputs)
    assert process.inputs["additionalProperties"] is False
    module, _, name = process.function.partition(":")
    assert hasattr(__import__(module, fromlist=[name]), name)
    with pytest.raises(InputError, match="unknown key 'strange'"):
        process.checked({"strange": 1})


def test_the_rules_of_the_risk_are_those_that_it_knows(jobs):
    assert jobs.process("risk").inputs["properties"]["rule"]["enum"] == list(get_args(Rule))


@pytest.mark.parametrize(
    ("process", "inputs", "path"),
    [
        ("flood-ensemble", {"scenario": "storm", "terrains": ["one"]}, "/terrains"),
        ("flood-ensemble", {"scenario": "storm", "terrains": ["one", "one"]}, "/terrains/1"),
        ("whatif", {"zone": "Z", "ground_level": "2 m", "scenario": "storm"}, "/ground_level"),
        ("level", {"gauge": "G", "tide": "t", "start": "now", "duration": 48}, "/duration"),
        ("risk", {"rule": "guess"}, "/rule"),
    ],
)
def test_a_wrong_input_is_refused_before_anything_starts(jobs, process, inputs, path):
    with pytest.raises(InputError) as caught:
        jobs.submit(process, inputs)
    assert caught.value.details == {"path": path}
    assert jobs.list() == []
