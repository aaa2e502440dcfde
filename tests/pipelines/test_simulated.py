"""Runs simulated side by side give what they give alone, and their processes end with whoever started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import pytest

from frmis.forcing import Rainfall
from frmis.ground import Ground
from frmis.simulation import simulate
from pipelines import simulated
from sdi.errors import PhusaError, RefusedError
from sdi.work.child import Child
from tests import killed
from tests.conftest import ROOT
from tests.frmis.ground import rough, scenario, terrain

PATIENCE_S = 120.0


def cases(*intensities, hours=1.0, bed=None):
    """Storms over one valley, a case for each intensity [m/s]."""
    ground = Ground.of(terrain(rough(20, 30)) if bed is None else bed)
    rain = [Rainfall.constant(intensity, 1800) for intensity in intensities]
    return [(replace(scenario(hours, rainfall=one), name=f"storm-{at}"), ground) for at, one in enumerate(rain)]


ENDLESS = 24 * 300.0
"""Nobody waits for this [h]."""


@pytest.fixture
def forked(monkeypatch):
    """Fork the processes from one that has imported everything: importing takes longer than what is simulated here."""
    monkeypatch.setattr(simulated, "CONTEXT", killed.context)


def quietly(number, done):
    pass


@pytest.mark.shows("first-flood")
def test_runs_simulated_side_by_side_give_what_they_give_alone_in_their_order(forked, figure):
    storms, told = cases(1e-5, 2e-5, 3e-5), []
    with closing(simulated.results(storms, progress=lambda *said: told.append(said), processes=2)) as results:
        beside = list(results)
    alone = [simulate(*storm) for storm in storms]
    differing = sum(not one.identical(other) for one, other in zip(beside, alone, strict=True))
    figure("results of runs simulated side by side that differ from those alone", differing, "1", "= 0")
    assert differing == 0
    assert len({one.attrs["scenario"] for one in beside}) == 3
    assert [number for number, _ in told] == sorted(number for number, _ in told)
    assert {number for number, _ in told} == {0, 1, 2}
    assert all(before <= after for (_, before), (_, after) in pairwise(told))
    assert told[-1] == (2, 3.0)
    assert multiprocessing.active_children() == []


def test_one_process_is_this_one(monkeypatch):
    monkeypatch.setattr(simulated, "cores", lambda: 1)
    told = []
    with closing(simulated.results(cases(1e-5, 2e-5), progress=lambda *said: told.append(said))) as results:
        for _ in results:
            assert multiprocessing.active_children() == []
    assert told[0] == (0, 0)
    assert told[-1][0] == 1
    assert 1 < told[-1][1] <= 2
    assert list(simulated.results([], progress=quietly)) == []


def test_an_error_of_a_simulation_arrives_as_it_is_and_ends_the_others(forked):
    poor = replace(cases(1e-5)[0][0], allow_poor_terrain=False), Ground.of(terrain(rough(20, 30), datum="unknown"))
    with pytest.raises(RefusedError) as alone:
        simulate(*poor)
    with (
        closing(simulated.results([poor, *cases(1e-5, hours=ENDLESS)], progress=quietly, processes=2)) as results,
        pytest.raises(RefusedError) as caught,
    ):
        next(results)
    assert (caught.value.message, caught.value.code) == (alone.value.message, alone.value.code)
    assert multiprocessing.active_children() == []


def test_a_process_that_is_killed_is_an_error_that_says_so(forked):
    def kill(_number, done):
        for child in multiprocessing.active_children()[:1] if done > 0 else ():
            os.kill(child.pid, signal.SIGKILL)

    endless = cases(1e-5, 2e-5, hours=ENDLESS)
    with (
        closing(simulated.results(endless, progress=kill, processes=2)) as results,
        pytest.raises(PhusaError, match="ended from outside before run storm-0") as caught,
    ):
        next(results)
    assert caught.value.code == "simulation-vanished"
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_processes_end_with_whoever_started_them(number):
    script = """
from tests.pipelines.test_simulated import *
def tell(number, done):
    if done > 0:
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)
for _ in simulated.results(cases(1e-5, 2e-5, hours=ENDLESS), progress=tell, processes=2):
    pass
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with parent:
        children = [Child.find(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(children) == 2
        os.kill(parent.pid, number)
        parent.stdout.close()
    end = time.monotonic() + PATIENCE_S
    while any(child is not None and child.is_running() for child in children):
        assert time.monotonic() < end, "a process goes on alone"
        time.sleep(0.05)
