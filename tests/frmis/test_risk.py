"""Expected annual damage, by rule."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine

from frmis.exposure import wet
from frmis.overlay import overlay
from frmis.risk import RULES, expected_annual_damage
from sdi.errors import InputError
from sdi.grid import Grid

PERIODS, DAMAGES = np.array([1.0, 2, 5, 25, 50, 100]), np.array([5.0, 10, 50, 300, 1200, 3000])


@pytest.mark.shows("first-flood")
def test_the_log_linear_rule_gives_the_figure_of_delft_fiat(figure):
    found = float(expected_annual_damage(PERIODS, DAMAGES))
    figure("expected annual damage, log-linear", f"{found:.4f}", "1", "98.5 in Delft-FIAT")
    assert round(found, 1) == 98.5
    assert found == pytest.approx(98.4934, abs=5e-5)


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize("rule", RULES)
def test_the_order_of_the_floods_does_not_matter(rule):
    mixed = np.random.default_rng(3).permutation(6)
    before = expected_annual_damage(PERIODS, DAMAGES, rule)
    assert float(expected_annual_damage(PERIODS[mixed], DAMAGES[mixed], rule)) == pytest.approx(
        float(before), rel=1e-14
    )


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize("rule", RULES)
def test_one_flood_of_ten_years_costs_a_tenth_a_year(figure, rule):
    found = float(expected_annual_damage(np.array([10.0]), np.array([5.0]), rule))
    figure(f"one return period, {rule}", found, "1", "0.50 in Delft-FIAT")
    assert found == 0.5


def test_each_rule_does_what_it_says_on_two_floods():
    periods, damages = np.array([2.0, 10.0]), np.array([100.0, 300.0])
    found = {rule: float(expected_annual_damage(periods, damages, rule)) for rule in RULES}
    assert found["sum-frequency"] == pytest.approx(0.5 * 100 + 0.1 * 300)
    assert found["trapezoid"] == pytest.approx(0.4 * 200 + 0.1 * 300)
    # The integral of 100 + 200 ln(f1 / f) / ln 5 from 0.1 to 0.5, and the tail.
    between = 0.4 * 100 + 200 / math.log(5) * (0.4 - 0.1 * math.log(5))
    assert found["log-linear"] == pytest.approx(between + 0.1 * 300)


@pytest.mark.parametrize("rule", ["log-linear", "trapezoid"])
def test_a_damage_that_is_always_the_same_is_that_damage_a_year(rule):
    assert float(expected_annual_damage(PERIODS, np.full(6, 7.0), rule)) == pytest.approx(7.0)


def test_things_are_integrated_one_by_one_and_their_sum_is_that_of_the_sums():
    costs = np.random.default_rng(1).uniform(0, 9, (6, 4))
    each = expected_annual_damage(PERIODS, costs)
    assert each.shape == (4,)
    assert each.sum() == pytest.approx(float(expected_annual_damage(PERIODS, costs.sum(axis=1))))


@pytest.mark.parametrize(
    ("periods", "damages", "said"),
    [
        ([0.5, 2], [1, 2], "return period of 0.5 years"),
        ([2, math.inf], [1, 2], "return period of inf years"),
        ([2, 2], [1, 2], "given twice"),
        ([2, 5], [1, -2], "negative or missing"),
        ([2, 5], [1, math.nan], "negative or missing"),
        ([2, 5], [1], "2 return periods stand beside"),
        ([], [], "0 return periods"),
    ],
)
def test_what_cannot_be_integrated_is_refused(periods, damages, said):
    with pytest.raises(InputError, match=said):
        expected_annual_damage(np.array(periods, dtype=float), np.array(damages, dtype=float))


def test_an_unknown_rule_is_refused():
    with pytest.raises(InputError, match="there are log-linear, trapezoid, sum-frequency"):
        expected_annual_damage(PERIODS, DAMAGES, "simpson")


# Delft-FIAT's own example: a plane of water over a lattice of 10 x 10 cells, four buildings, two curves.

WATER = 3.6 - 0.2 * np.add.outer(np.arange(10), np.arange(10))
LATTICE = Grid((10, 10), Affine(0.01, 0, 4.35, 0, -0.01, 52.05), Grid.definition("EPSG:4326"))
HOUSES = [
    [(4.355, 52.045), (4.355, 52.035), (4.365, 52.035), (4.365, 52.045)],
    [(4.395, 52.005), (4.395, 51.975), (4.415, 51.975), (4.415, 51.985), (4.405, 51.985), (4.405, 52.005)],
    [(4.365, 51.960), (4.375, 51.990), (4.385, 51.960)],
    [(4.410, 52.030), (4.440, 52.030), (4.435, 52.010), (4.415, 52.010)],
]
FACTORS, YEARS = np.array([1.5, 1.8, 1.9, 1.95]), np.array([2.0, 5, 10, 25])
STEPS = np.arange(0, 5.25, 0.25)


def logarithmic(base):
    """Curve of the example: the logarithm of the depth, at most 0.96, to two digits, every quarter of a metre."""
    return [0.0, *(round(min(max(math.log(one) / math.log(base), 0), 0.96), 2) for one in STEPS[1:])]


def house_damage(maps):
    """Damage of the four buildings; depths are rounded to 0.01 m, as Delft-FIAT does."""
    found = wet(overlay(LATTICE, np.array([shapely.Polygon(one) for one in HOUSES])), maps)
    curves = [logarithmic(5 if number % 2 == 0 else 3) for number in range(4)]
    rounded = np.round(found.depth, 2)
    return np.stack(
        [np.interp(rounded[:, at], STEPS, curves[at]) * 1000 * (at + 1) * found.share[:, at] for at in range(4)], axis=1
    )


@pytest.mark.shows("first-flood")
def test_the_example_of_delft_fiat_is_reproduced_from_geometry_to_damage(figure):
    event = house_damage(WATER)[0]
    figure("damage of buildings 2 and 3", f"{event[1]:.1f}, {event[2]:.1f}", "1", "740, 1038 in Delft-FIAT")
    assert (int(event[1] + 1e-9), int(event[2] + 1e-9)) == (740, 1038)
    risk = house_damage(FACTORS[:, np.newaxis, np.newaxis] * WATER)
    annual = float(expected_annual_damage(YEARS, risk[:, 2]))
    figure("damage of building 2 at 5 years, 4 at 10", f"{risk[1, 1]:.1f}, {risk[2, 3]:.1f}", "1", "1804, 3840")
    figure("expected annual damage of building 3", f"{annual:.2f}", "1", "1022.47 in Delft-FIAT")
    assert (int(risk[1, 1] + 1e-9), int(risk[2, 3] + 1e-9)) == (1804, 3840)
    assert round(annual, 2) == 1022.47


@pytest.mark.shows("first-flood")
def test_the_cells_of_delft_fiats_grid_example_are_reproduced(figure):
    rows, columns = np.array([2, 7, 1, 5]), np.array([4, 3, 2, 6])
    centres = shapely.points(LATTICE.x[columns], LATTICE.y[rows])
    value = 2000.0 + 100 * (rows + columns)
    cells = overlay(LATTICE, centres)
    event = wet(cells, WATER)
    risk = wet(cells, FACTORS[:, np.newaxis, np.newaxis] * WATER)
    damages = [np.interp(np.round(one.depth, 2), STEPS, logarithmic(5)) * value for one in (event, risk)]
    annual = expected_annual_damage(YEARS, damages[1])
    found = [damages[0][0, 0], damages[0][0, 1], annual[2], annual[3]]
    figure(
        "grid cells",
        ", ".join(f"{int(one * 10 + 1e-6) / 10}" for one in found),
        "1",
        "1409.2, 870.0, 1092.0, 846.8 in Delft-FIAT",
    )
    assert [int(one * 10 + 1e-6) for one in found] == [14092, 8700, 10920, 8468]
