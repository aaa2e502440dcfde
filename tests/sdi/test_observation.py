"""Sensors and what they measured: series that are revised and never rewritten, joined to where the instrument stood."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import shapely

from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import Clock
from sdi.observation import Latest, Observations, observe, succeed
from sdi.recording import Batch
from sdi.store.observations import ObservationStore

PHONE = Accuracy(5, method="phone")
NOON = "2025-10-01T12:00:00Z"
LEVEL = {"unit": "m", "datum": "hon_dau", "zero_level": -1.5, "minimum": -3.0, "maximum": 5.0, "name": "Mực nước"}


def place(metres):
    return shapely.Point(586_000 + metres, 1_109_000)


@pytest.fixture
def pump(registry):
    """A mobile pump that is towed 100 m away at noon, with a datastream of its water level."""
    with registry.transaction("test", "sensors") as tx:
        batch = Batch({"mobile": [True]}, np.array([place(0)]), valid_from="2025-01-01", accuracy=PHONE)
        (station,) = registry.register("station").add(batch, tx)
        what = Batch({"definition": ["level of the water"]}, identifiers={"cf-name": ["water_surface_height"]})
        (observed,) = registry.register("observed_property").add(what, tx)
        stream = observe(registry, station, LEVEL | {"observed_property": observed}, tx, valid_from="2025-01-01")
    with registry.transaction("test", "towed away") as tx:
        registry.register("station").move(station, place(100), tx, valid_from=NOON, accuracy=PHONE)
    return station, stream


@pytest.fixture
def observations(workspace, registry):
    return Observations(ObservationStore(workspace.observations), registry)


def hours(*numbers, day="2025-10-01"):
    return [f"{day}T{number:02}:00:00Z" for number in numbers]


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_observations_lie_where_the_pump_stood_when_they_were_made(registry, pump, observations):
    _, stream = pump
    observations.append(stream, hours(13, 11, 12), [1.3, 1.1, 1.2])
    found = observations.series(stream)
    assert found.result.tolist() == [1.1, 1.2, 1.3]
    assert (found.unit, found.datum) == ("m", "hon_dau")
    assert [one.x - place(0).x for one in observations.places(found)] == [0, 100, 100]
    assert observations.series(stream, NOON, "2025-10-01T13:00:00Z").result.tolist() == [1.2]


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_another_datum_is_another_datastream_and_the_old_series_stays(registry, pump, observations):
    _, old = pump
    observations.append(old, hours(11), [1.1])
    streams = registry.register("datastream")
    with pytest.raises(ConflictError) as caught, registry.transaction("test", "new zero") as tx:
        streams.change(old, {"zero_level": -2.0}, tx, valid_from=NOON)
    assert caught.value.code == "field-fixed"
    with registry.transaction("test", "new zero") as tx:
        new = succeed(registry, old, {"zero_level": -2.0, "datum": "mui_nai"}, tx, valid_from=NOON)
    assert [one.eid for one in registry.resolve(old)] == [new]
    assert streams.find(new).values["unit"] == "m"
    with pytest.raises(ConflictError, match="ended on 2025-10-01"):
        observations.append(old, hours(12), [1.2])
    with pytest.raises(ConflictError, match="begins on 2025-10-01"):
        observations.append(new, hours(11), [1.6])
    observations.append(new, hours(12), [1.7])
    series = [observations.series(one) for one in (old, new)]
    assert [(one.result.tolist(), one.datum) for one in series] == [([1.1], "hon_dau"), ([1.7], "mui_nai")]
    assert observations.places(series[1])[0].x == place(100).x
    assert registry.verify() == registry.last_tx


def test_the_interval_may_change_and_a_wrong_datum_is_corrected(registry, pump):
    _, stream = pump
    with registry.transaction("test", "sooner") as tx:
        registry.register("datastream").change(stream, {"interval": 60, "unit": "m"}, tx, valid_from=NOON)
        registry.register("datastream").correct(stream, tx, values={"datum": "mui_nai"})
    assert registry.register("datastream").find(stream).values["datum"] == "mui_nai"


def test_a_revision_is_the_latest_and_what_was_known_before_is_still_read(pump, observations):
    _, stream = pump
    observations.append(stream, hours(1, 2, 3), [1.0, 2.0, None], clock=Clock.fixed("2026-01-01T00:00:00Z"))
    observations.append(stream, hours(2, 3), [2.5, 3.0], quality="checked", clock=Clock.fixed("2026-02-01T00:00:00Z"))
    now, before = observations.series(stream), observations.series(stream, recorded="2026-01-15")
    assert now.result.tolist() == [1.0, 2.5, 3.0]
    assert now.revision.tolist() == [1, 2, 2]
    assert now.quality.tolist() == ["raw", "checked", "checked"]
    np.testing.assert_array_equal(before.result, [1.0, 2.0, np.nan])
    assert before.revision.tolist() == [1, 1, 1]
    assert len(observations.series(stream, recorded="2025-12-31")) == 0


def test_the_latest_of_every_datastream_is_at_hand_and_can_be_made_anew(workspace, pump, observations):
    _, stream = pump
    assert observations.latest() == {}
    observations.append(stream, hours(5), [5.0])
    observations.append(stream, hours(4), [4.0])  # late: not the latest
    expected = {stream: Latest(stream, np.datetime64("2025-10-01T05:00:00", "us"), 5.0, "raw")}
    assert observations.latest() == expected
    observations.append(stream, hours(5), [4.9], quality="checked")
    assert observations.latest([stream])[stream].result == 4.9
    assert observations.latest(["other"]) == {}
    (workspace.observations / "latest.db").unlink()
    assert ObservationStore(workspace.observations).rebuild_latest() == 1
    assert observations.latest()[stream].result == 4.9


def test_results_out_of_range_are_kept_as_doubtful_and_gaps_as_gaps(pump, observations):
    _, stream = pump
    observations.append(stream, hours(1, 2, 3, 4), [-3.1, 0.0, 5.1, float("nan")])
    observations.append(stream, hours(6), [9.0], quality="checked")
    found = observations.series(stream)
    assert found.quality.tolist() == ["doubtful", "raw", "doubtful", "raw", "checked"]
    assert np.isnan(found.result[3])


@pytest.mark.parametrize(
    ("moments", "results", "more", "said"),
    [
        (hours(1), [1.0, 2.0], {}, "do not go together"),
        (hours(1, 1), [1.0, 2.0], {}, "a moment comes twice"),
        (hours(1), [float("inf")], {}, "is infinite"),
        (hours(1), [1.0], {"quality": "good"}, "quality 'good' is none of"),
        (["yesterday"], [1.0], {}, "is not understood"),
    ],
)
def test_observations_that_contradict_themselves_are_refused(pump, observations, moments, results, more, said):
    with pytest.raises(InputError, match=said):
        observations.append(pump[1], moments, results, **more)
    assert len(observations.series(pump[1])) == 0


def test_a_thing_that_is_no_datastream_has_no_observations(pump, observations):
    with pytest.raises(NotInRegister, match="is a station, no datastream"):
        observations.append(pump[0], hours(1), [1.0])
    assert observations.append(pump[1], [], []) == 0


def test_parts_that_are_joined_say_what_they_said(workspace, pump, observations):
    _, stream = pump
    for hour in range(6):
        observations.append(stream, hours(hour, 23), [float(hour), 100.0 + hour])
    before, store = observations.series(stream), ObservationStore(workspace.observations)
    rows = store.read(stream)
    assert store.join(stream) == 6
    assert store.join(stream) == 0
    assert [path.name for path in (workspace.observations / stream).iterdir()] == ["00000001-00000006.parquet"]
    assert store.read(stream).equals(rows)
    observations.append(stream, hours(23), [200.0])
    after = observations.series(stream)
    assert after.result.tolist() == [*before.result.tolist()[:-1], 200.0]
    assert after.revision.tolist() == [1] * 6 + [7]


def test_a_join_that_was_killed_before_it_swept_counts_nothing_twice(workspace, pump, observations):
    _, stream = pump
    for hour in range(3):
        observations.append(stream, hours(hour), [float(hour)])
    store, home = ObservationStore(workspace.observations), workspace.observations / stream
    singles = {path.name: path.read_bytes() for path in home.iterdir()}
    store.join(stream)
    for name, content in singles.items():
        (home / name).write_bytes(content)
    assert observations.series(stream).revision.tolist() == [1, 1, 1]
    observations.append(stream, hours(3), [3.0])
    assert store.join(stream) == 2
    assert observations.series(stream).result.tolist() == [0, 1, 2, 3]
    assert [path.name for path in home.iterdir()] == ["00000001-00000004.parquet"]


def test_a_part_that_was_not_finished_is_not_there(workspace, pump, observations, monkeypatch):
    _, stream = pump
    observations.append(stream, hours(1), [1.0])

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        observations.append(stream, hours(2), [2.0])
    monkeypatch.undo()
    assert observations.series(stream).result.tolist() == [1.0]
    assert observations.latest()[stream].result == 1.0
    assert [path.name for path in (workspace.observations / stream).iterdir()] == ["00000001.parquet"]


def test_writers_at_the_same_time_lose_nothing_while_parts_are_joined(workspace, pump, observations):
    _, stream = pump

    def write(writer):
        store = ObservationStore(workspace.observations)
        with closing(workspace.registry()) as registry:
            for number in range(7):
                moment = f"2025-10-{writer + 1:02}T{number:02}:00:00Z"
                Observations(store, registry).append(stream, [moment], [float(number)], clock=Clock())
                store.join(stream) if number % 3 == 2 else None

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert observations.series(stream).result.tolist() == [float(number) for number in range(7)] * 3
    assert set(observations.series(stream).revision.tolist()) == {1}


@pytest.mark.shows("shared-model")
def test_a_year_of_minutes_is_recorded_and_read(pump, observations, figure):
    _, stream = pump
    moments = np.arange(np.datetime64("2025-01-01", "us"), np.datetime64("2026-01-01", "us"), np.timedelta64(1, "m"))
    begun = time.perf_counter()
    observations.append(stream, moments, np.sin(np.arange(len(moments))))
    written, begun = time.perf_counter() - begun, time.perf_counter()
    day = observations.series(stream, "2025-07-01", "2025-07-02")
    figure("observations recorded", len(moments) / written, unit="1/s")
    figure("a day of minutes out of a year read", 1000 * (time.perf_counter() - begun), unit="ms")
    assert len(day) == 1440
    assert day.result[0] == np.sin(np.searchsorted(moments, np.datetime64("2025-07-01", "us")))
