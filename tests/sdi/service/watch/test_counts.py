"""Counts have few names, whatever is asked for."""

from __future__ import annotations

from prometheus_client import generate_latest
from starlette.routing import Route

from sdi.service.watch.counts import Counts
from sdi.service.watch.seen import Seen


def seen(path, status=200, method="GET", seconds=0.003, route=None):
    scope = {"method": method, "path": path} | ({"route": Route(route, lambda _: None)} if route else {})
    return Seen(scope, "abc", status, 10, seconds)


def test_requests_are_counted_by_the_pattern_of_their_address():
    counts = Counts()
    for number in range(50):
        counts.note(seen(f"/items/{number}", route="/items/{item}"))
        counts.note(seen(f"/nowhere/{number}", 404, method=f"M{number}"))
    text = generate_latest(counts.registry).decode()
    assert 'phusa_requests_total{method="GET",route="/items/{item}",status="200"} 50.0' in text
    assert 'phusa_requests_total{method="other",route="none",status="404"} 50.0' in text
    assert text.count("phusa_requests_total{") == 2


def test_durations_fall_into_classes():
    counts = Counts()
    for seconds in (0.0005, 0.003, 0.3, 60.0):
        counts.note(seen("/", seconds=seconds, route="/"))
    text = generate_latest(counts.registry).decode()
    for bound, count in (("0.001", 1), ("0.005", 2), ("0.5", 3), ("30.0", 3), ("+Inf", 4)):
        assert f'phusa_request_seconds_bucket{{le="{bound}",route="/"}} {count}.0' in text


def test_refusals_of_a_crew_only_grow():
    counts = Counts()
    for load, refused in ((3, 0), (64, 5), (2, 7)):
        counts.note_load("features", load, refused)
    text = generate_latest(counts.registry).decode()
    assert 'phusa_crew_requests{crew="features"} 2.0' in text
    assert 'phusa_crew_refused_total{crew="features"} 7.0' in text


def test_memory_is_that_of_this_process():
    counts = Counts()
    counts.note_memory()
    (line,) = [one for one in generate_latest(counts.registry).decode().splitlines() if one.startswith("phusa_worker")]
    assert 20e6 < float(line.split()[1]) < 20e9
