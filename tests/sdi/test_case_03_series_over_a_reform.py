"""Case 3: an indicator from 2020 to 2026 for a ward that exists since 2025."""

from __future__ import annotations

import math

import pytest

from sdi.lineage.reexpression import reexpress
from sdi.lineage.step import Step
from tests.model import add, retire, writing

pytestmark = [pytest.mark.both_stores, pytest.mark.shows("shared-model")]

DAY = "2025-07-01"
YEARS = range(2020, 2027)


def test_a_series_goes_through_the_reform_and_says_what_is_estimated(book, figure):
    """Indicator 2020-2026 for new Ninh Kiều computed, flagged estimated before 2025-07-01, total unchanged to 1e-9."""
    with writing(book, "before") as tx:
        old = add(book, "ward", tx, names={"vi": ["Tân An", "Thới Bình", "Xuân Khánh"]})
    with writing(book, "reform") as tx:
        new = add(book, "ward", tx, names={"vi": ["Ninh Kiều", "Cái Khế"]}, since=DAY)
        retire(book, old, tx, DAY, "merged_away")
        steps = [(0, 0, "merge", None), (1, 0, "split", 1 / 3), (1, 1, "split", 2 / 3), (2, 1, "merge", None)]
        book.lineage.record(
            [Step(old[a], new[b], verb, DAY, "gazette", population_share=share) for a, b, verb, share in steps], tx
        )
    series, drift = {}, 0.0
    for year in YEARS:
        units = old if year <= 2025 else new
        values = {eid: 1000.1 * (at + 1) + year for at, eid in enumerate(units)}
        said = reexpress(book, values, f"{year}-01-01", "2026-07-01", weight="population")
        series[year] = (said.values[new[0]], new[0] in said.estimated)
        total = math.fsum(values.values())
        drift = max(drift, abs(math.fsum(said.values.values()) - total) / total)
    figure("largest drift of the city's total over the reform", drift, bound="≤ 1e-9")
    assert [year for year, (_, estimated) in series.items() if estimated] == [2020, 2021, 2022, 2023, 2024, 2025]
    assert series[2020][0] == pytest.approx((1000.1 + 2020) + (2000.2 + 2020) / 3)
    assert series[2026] == (1000.1 + 2026, False)
    assert drift <= 1e-9
