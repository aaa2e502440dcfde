"""Speed of looking things up as of a moment, beside what the store gives for one row by its key in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from sdi.place import location
from tests.model import SURVEYED, add, build, opened, point, writing

pytestmark = pytest.mark.bench

THINGS, MOVED, ASKED, SINGLE = 20_000, 2_000, 200_000, 5_000


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    """Return a registry with posts of which every tenth has moved, and the posts."""
    book = opened(build(tmp_path_factory.mktemp("posts")))
    with writing(book) as tx:
        places = [point(number % 200, number // 200) for number in range(THINGS)]
        eids = add(book, "post", tx, places=places, values={"height": [8.0] * THINGS})
    with writing(book) as tx:
        for number in range(MOVED):
            book.register("post").move(
                eids[10 * number], point(number, 500), tx, valid_from="2025-01-01", accuracy=SURVEYED
            )
    yield book, eids
    book.close()


def spent(action: Callable[[], object]) -> float:
    """Return the time of one call [s]."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


@pytest.mark.shows("shared-model")
def test_places_as_of_a_moment_each_in_bulk(posts, figure):
    book, eids = posts
    dice = np.random.default_rng(92)
    asked = [eids[at] for at in dice.integers(0, THINGS, ASKED)]
    moments = [f"202{year}-0{month}-01T12:00:00Z" for year, month in dice.integers((3, 1), (7, 10), (ASKED, 2))]
    raw = spent(lambda: [book.store.select("SELECT kind FROM entity WHERE eid = ?", (eid,)) for eid in asked[:20_000]])
    figure("calibration: one row by its key", 20_000 / raw, unit="1/s")
    taken = min(spent(lambda: location.at_moments(book, asked, moments)) for _ in range(3))
    figure("as-of look-ups in bulk", ASKED / taken, unit="1/s", bound="≥ 50,000")
    found = location.at_moments(book, asked[:100], moments[:100])
    single = [
        book.register("post").find(eid, valid=moment).geometry
        for eid, moment in zip(asked[:100], moments[:100], strict=True)
    ]
    assert found.tolist() == single


def ranked(action: Callable[[str], object], eids: list[str], clock: Callable[[], float]) -> list[float]:
    """Return the time of a call for each of some things [ms], the shortest first."""
    taken = []
    for eid in eids:
        begun = clock()
        action(eid)
        taken.append(1e3 * (clock() - begun))
    return sorted(taken)


@pytest.mark.shows("shared-model")
def test_one_thing_as_of_both_times(posts, figure):
    book, eids = posts
    register, dice = book.register("post"), np.random.default_rng(7)
    asked = [eids[at] for at in dice.integers(0, THINGS, SINGLE)]
    looks = {
        "calibration: one row by its key": lambda eid: book.store.select(
            "SELECT kind FROM entity WHERE eid = ?", (eid,)
        ),
        "place of one thing": lambda eid: location.at_moments(book, [eid], ["2025-06-01"], recorded=2),
        "everything of one thing": lambda eid: register.find(eid, valid="2025-06-01", recorded=2),
    }
    for name, look in looks.items():
        bound = "" if name.startswith("calibration") else "≤ 0.2"
        wall, processor = (ranked(look, asked, clock) for clock in (time.perf_counter, time.thread_time))
        figure(f"{name}, median", wall[SINGLE // 2], unit="ms")
        figure(f"{name}, p99", wall[SINGLE * 99 // 100], unit="ms", bound=bound)
        figure(f"{name}, p99 of processor time", processor[SINGLE * 99 // 100], unit="ms", bound=bound)
    assert register.find(eids[0], valid="2025-06-01").geometry == point(0, 500)
    assert register.find(eids[0], valid="2025-06-01", recorded=2).geometry == point()
