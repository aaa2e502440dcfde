"""Whatever is split and merged: no part of a unit is lost, and two ways of reckoning agree."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdi.lineage.reexpression import reexpress
from sdi.lineage.step import Step
from tests import model

REFORMS = ("2021-07-01", "2023-07-01", "2025-07-01")
AT, TO = "2020-06-01", "2026-01-01"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    opened = model.opened(model.build(tmp_path_factory.mktemp("lineage")))
    yield opened
    opened.close()


def history(registry, seed):
    """Record four units and three reforms in which each unit goes, whole or in parts, to random new ones."""
    chance = random.Random(seed)
    with model.writing(registry) as tx:
        first = units = model.add(registry, "ward", tx, count=4)
        for day in REFORMS:
            new = model.add(registry, "ward", tx, count=chance.randint(1, 4), since=day)
            model.retire(registry, units, tx, day)
            steps = []
            for unit in units:
                heirs = chance.sample(new, chance.randint(1, len(new)))
                parts = [chance.uniform(0.05, 1) for _ in heirs]
                steps += [
                    Step(unit, to, "split", day, "gazette", area_share=part / sum(parts))
                    for to, part in zip(heirs, parts, strict=True)
                ]
            registry.lineage.record(steps, tx)
            units = new
    return first, units


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_the_parts_of_a_unit_are_the_whole_and_equal_what_its_figures_become(registry, seed):
    first, last = history(registry, seed)
    for unit in first:
        heirs = {heir.eid: heir.area_share for heir in registry.resolve(unit, TO)}
        assert set(heirs) <= set(last)
        assert math.fsum(heirs.values()) == pytest.approx(1, abs=1e-9)
        assert heirs == pytest.approx(reexpress(registry, {unit: 1.0}, AT, TO, weight="area").values)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_backward_and_forward_tell_the_same_shares_and_forward_is_never_surer(registry, seed):
    first, last = history(registry, seed)
    forward = {(unit, heir.eid): heir for unit in first for heir in registry.resolve(unit, TO)}
    backward = {(heir.eid, unit): heir for unit in last for heir in registry.resolve(unit, AT)}
    assert {pair: heir.area_share for pair, heir in backward.items()} == pytest.approx(
        {pair: heir.area_share for pair, heir in forward.items()}
    )
    # Forward a part of a mixture is a guess at once; backward it is none where all parts come together again.
    sure = {pair for pair, heir in forward.items() if heir.certainty == "stated"}
    assert sure <= {pair for pair, heir in backward.items() if heir.certainty == "stated"}
