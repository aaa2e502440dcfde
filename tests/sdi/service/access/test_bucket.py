"""Token buckets: how often somebody may ask, and how little is remembered of him."""

from __future__ import annotations

import pytest

from sdi.service.access import bucket
from sdi.service.access.bucket import NAMELESS, Buckets, origin_of


class Watch:
    """A watch that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_whoever_asks_steadily_at_the_rate_is_never_sent_away():
    watch = Watch()
    buckets = Buckets(5, watch)
    waits = []
    for _ in range(500):
        watch.now += 0.2
        waits.append(buckets.take("An"))
    assert set(waits) == {0.0}


def test_a_full_bucket_holds_ten_seconds_and_then_one_token_comes_each_fifth_of_a_second():
    watch = Watch()
    buckets = Buckets(5, watch)
    assert [buckets.take("An") for _ in range(50)] == [0.0] * 50
    assert buckets.take("An") == pytest.approx(0.2)
    assert buckets.take("An") == pytest.approx(0.2), "to be sent away costs nothing"
    assert buckets.take("Bình") == 0.0
    watch.now += 0.1
    assert buckets.take("An") == pytest.approx(0.1)
    watch.now += 0.1
    assert buckets.take("An") == 0.0
    watch.now += 3600
    assert [buckets.take("An") > 0 for _ in range(51)] == [False] * 50 + [True]


def test_a_bounded_number_is_remembered_and_the_longest_unused_is_forgotten(monkeypatch):
    monkeypatch.setattr(bucket, "MAXIMUM_BUCKETS", 100)
    buckets = Buckets(0.1, Watch())
    assert [buckets.take("An") for _ in range(2)][1] > 0
    for number in range(99):
        buckets.take(number)
    assert buckets.take("An") > 0, "he is still remembered, and was seen just now"
    for number in range(1_000):
        buckets.take(number)
        assert len(buckets._held) <= 100
    assert buckets.take("An") == 0.0


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7"), ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"), ("127.0.0.1", None),
        ("127.8.8.8", None), ("::1", None), ("::ffff:127.0.0.1", None), (None, None), ("", None),
        ("unknown", NAMELESS), ("_hidden", NAMELESS), ("%", NAMELESS),
    ],
)  # fmt: skip
def test_a_household_has_one_bucket_and_this_machine_none(host, origin):
    assert origin_of(host) == origin
