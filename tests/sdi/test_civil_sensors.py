"""Observations, events and notes of the first hours of a day belong to that day, wherever Greenwich is."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from sdi import event, happening
from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError
from sdi.observation import Observations, observe
from sdi.recording import Batch
from sdi.store.observations import ObservationStore
from tests.sdi.conftest import small

PHONE = Accuracy(5, method="phone")
DAY = "2025-07-01"
BURST = {"process": "immediate", "event_kind": "cành gãy", "severity": "high", "state": "reported"}
LEVEL = {"unit": "m", "datum": "hon_dau", "zero_level": -1.5, "minimum": -3.0, "maximum": 5.0, "name": "Mực nước"}


def place(metres):
    """Return a point along a bank [m]."""
    return shapely.Point(586_000 + metres, 1_109_000)


@pytest.fixture
def workspace(tmp_path, store):
    """Return a workspace seven hours ahead of UTC."""
    return small(tmp_path, store, zone="Asia/Ho_Chi_Minh")


@pytest.fixture
def pump(registry):
    """A pump that is towed 100 m away with the beginning of 1 July, and a datastream that begins on that day."""
    with registry.transaction("test", "sensors") as tx:
        batch = Batch({"mobile": [True]}, np.array([place(0)]), valid_from="2025-01-01", accuracy=PHONE)
        (station,) = registry.register("station").add(batch, tx)
        what = Batch({"definition": ["level of the water"]}, identifiers={"cf-name": ["water_surface_height"]})
        (observed,) = registry.register("observed_property").add(what, tx)
        said = LEVEL | {"observed_property": observed}
        streams = [observe(registry, station, said, tx, valid_from=since) for since in ("2025-01-01", DAY)]
    with registry.transaction("test", "towed away") as tx:
        registry.register("station").move(station, place(100), tx, valid_from=DAY, accuracy=PHONE)
    return streams


@pytest.fixture
def observations(workspace, registry):
    return Observations(ObservationStore(workspace.observations), registry)


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_an_observation_of_the_small_hours_belongs_to_its_own_day(pump, observations, figure):
    always, fresh = pump
    times = ["2025-06-30T16:59:59Z", "2025-07-01T00:00:00+07:00", "2025-06-30T19:00:00Z", "2025-07-01T00:00:00Z"]
    observations.append(always, times, [0.0, 1.0, 2.0, 3.0])
    found = observations.series(always)
    stood = [one.x - place(0).x for one in observations.places(found)]
    figure("observations around midnight at yesterday's place", stood[1:].count(0), bound="0")
    assert stood == [0, 100, 100, 100]
    assert found.time.astype("datetime64[s]").astype(str).tolist() == [
        "2025-06-30T16:59:59", "2025-06-30T17:00:00", "2025-06-30T19:00:00", "2025-07-01T00:00:00",
    ]  # fmt: skip
    assert observations.append(fresh, times[1:], [1.0, 2.0, 3.0]) == 3
    with pytest.raises(
        ConflictError, match="begins on 2025-07-01, but there are observations from 2025-06-30T23:59:59"
    ):
        observations.append(fresh, times[:1], [0.0])


def test_a_day_of_observations_is_the_day_of_the_city(pump, observations):
    hours = np.arange("2025-06-30", "2025-07-03", dtype="datetime64[h]")
    observations.append(pump[0], hours, np.arange(72.0))
    day = observations.series(pump[0], DAY, "2025-07-02")
    assert day.result.tolist() == list(np.arange(17.0, 41.0))
    assert observations.series(pump[0], "2025-07-01T00:00:00Z", "2025-07-01T02:00:00Z").result.tolist() == [24.0, 25.0]
    observations.append(pump[0], ["2025-07-05"], [9.0])
    assert str(observations.series(pump[0]).time[-1]) == "2025-07-04T17:00:00.000000"


def test_what_was_known_of_observations_on_a_day_is_asked_by_the_day_of_the_city(pump, observations):
    observations.append(pump[0], ["2025-07-01T12:00:00Z"], [1.0])  # recorded on 1 January 2026, 07:00 in the city
    known = {at: len(observations.series(pump[0], recorded=at)) for at in ("2026-01-01", "2026-01-02")}
    assert known == {"2026-01-01": 0, "2026-01-02": 1}


@pytest.mark.parametrize("moment", ["", "01/07/2025", "2025-02-30", None])
def test_a_moment_that_is_none_is_no_observation(pump, observations, moment):
    with pytest.raises(InputError, match=r"time .* is not"):
        observations.append(pump[0], [moment], [1.0])


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_an_event_of_the_small_hours_is_at_the_place_of_that_day(registry):
    with registry.transaction("test", "a tree that was transplanted") as tx:
        batch = Batch({"species": ["tilia_sp"]}, np.array([place(0)]), valid_from="2020-01-01", accuracy=PHONE)
        (tree,) = registry.register("tree").add(batch, tx)
        registry.register("tree").move(tree, place(50), tx, valid_from=DAY, accuracy=PHONE)
        told = [
            event.report(registry, BURST, tx, at=at, things=[tree])
            for at in ("2025-06-30T23:59:59+07:00", "2025-07-01T00:30:00+07:00", "2025-06-30T18:00:00Z")
        ]
        happening.note(registry, tree, "inspection", {"condition": "poor"}, tx, day="2025-06-30T19:00:00Z")
    assert [event.reported(registry, one).geometry.x - place(0).x for one in told] == [0, 50, 50]
    assert [one.day for one in happening.happenings(registry, tree)] == ["2025-07-01T02:00:00+07:00"]
    (one,) = happening.happenings(registry, tree)
    assert one.version == event.reported(registry, told[1]).version
    held = [registry.register("event").list(valid=at) for at in ("2025-06-30", DAY, "2025-07-01T00:45:00+07:00")]
    assert [len(one) for one in held] == [0, 1, 2]
    assert registry.verify() == registry.last_tx
