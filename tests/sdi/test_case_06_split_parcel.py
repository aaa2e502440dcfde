"""Case 6: a parcel is split, and one of its parts is merged with the neighbour."""

from __future__ import annotations

import math

import pytest

from sdi.lineage.step import Step
from tests.model import add, retire, square, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]

SPLIT, MERGED = "2024-03-01", "2025-09-01"


@pytest.fixture
def plots(book):
    """Plot ``a`` of 100 × 100 m beside ``b``; a → a1 + a2, then a2 + b → c. A land use lies on ``a``."""
    with writing(book, "cadastre") as tx:
        a, b = add(
            book, "plot", tx, places=[square(0, 0), square(100, 0)],
            identifiers={"plot-code": ["w3g2vpys7rvt", "w3g2vpys7xgp"]},
        )  # fmt: skip
        (use,) = add(book, "land_use", tx, values={"use": ["park"]})
        book.register("land_use").relate(use, "affects", [a], tx, valid_from="2020-01-01")
    with writing(book, "split") as tx:
        a1, a2 = add(book, "plot", tx, places=[square(0, 0, 30), square(30, 0, 70)], since=SPLIT)
        retire(book, [a], tx, SPLIT)
        book.lineage.record(
            [Step(a, a1, "split", SPLIT, "cadastre", area_share=0.3, area_m2=3000),
             Step(a, a2, "split", SPLIT, "cadastre", area_share=0.7, area_m2=7000)], tx,
        )  # fmt: skip
    with writing(book, "merge") as tx:
        (c,) = add(book, "plot", tx, places=[square(30, 0, 170)], since=MERGED)
        retire(book, [a2, b], tx, MERGED)
        book.lineage.record([Step(one, c, "merge", MERGED, "cadastre", area_share=1) for one in (a2, b)], tx)
    return {"a": a, "b": b, "a1": a1, "a2": a2, "c": c, "use": use}


def test_the_whole_way_is_known_forward_and_backward(book, plots):
    """Full DAG."""
    name = {eid: key for key, eid in plots.items()}

    def told(key, at):
        return {name[heir.eid]: heir.area_share for heir in book.resolve(plots[key], at)}

    assert told("a", "2024-02-29") == {"a": 1}
    assert told("a", "2025-01-01") == {"a1": 0.3, "a2": 0.7}
    assert told("a", "2026-01-01") == {"a1": 0.3, "c": 0.7}
    assert told("b", "2026-01-01") == {"c": 1}
    assert told("c", "2025-01-01") == {"a2": 1, "b": 1}
    assert told("c", "2021-01-01") == {"a": 0.7, "b": 1}
    assert {(name[step.parent], name[step.child]) for key in plots for step in book.lineage.steps(plots[key])} == {
        ("a", "a1"), ("a", "a2"), ("a2", "c"), ("b", "c")
    }  # fmt: skip


def test_no_square_metre_is_lost(book, plots):
    """Areas conserve within tolerance."""
    plot = book.register("plot")
    area = {key: plot.find(eid, valid="2020-06-01").geometry.area for key, eid in plots.items() if key in "ab"}
    at_split = [plot.find(plots[key], valid="2024-06-01").geometry.area for key in ("a1", "a2")]
    at_end = [plot.find(heir.eid).geometry.area for heir in book.resolve(plots["a"])]
    assert math.fsum(at_split) == pytest.approx(area["a"], rel=1e-9)
    assert math.fsum(at_end) == pytest.approx(area["a"] + area["b"], rel=1e-9)
    stated = math.fsum(step.area_m2 for step in book.lineage.steps(plots["a"]))
    assert stated == pytest.approx(area["a"], rel=1e-9)


def test_the_plan_still_points_at_the_old_parcel_and_finds_the_new_ones(book, plots):
    """Plan zoning references resolve."""
    ((other,),) = book.store.select("SELECT other FROM relation WHERE eid = ?", (plots["use"],))
    assert other == plots["a"]
    assert {heir.eid for heir in book.resolve(other)} == {plots["a1"], plots["c"]}
    assert {heir.eid for heir in book.resolve(other, "2022-01-01")} == {plots["a"]}


def test_the_national_code_stays_with_the_old_parcel(book, plots):
    """National codes kept on the old parcel."""
    (match,) = book.resolve_code("plot-code", "w3g2vpys7rvt")
    assert (match.eid, match.valid_to[:10], match.ambiguous) == (plots["a"], SPLIT, False)
    assert book.resolve_code("plot-code", "w3g2vpys7rvt", "2025-01-01") == ()
    assert book.register("plot").find(plots["a1"]).identifiers == {}
