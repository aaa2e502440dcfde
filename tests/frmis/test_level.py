"""A water level is the sum of its parts, over one datum that everybody can read."""

from datetime import datetime

import numpy as np
import pytest

from frmis.forcing import Series
from frmis.level import WaterLevel
from frmis.tide import predict
from sdi.declaration import Label
from sdi.errors import InputError
from tests.frmis.test_tide import constants

START = datetime.fromisoformat("2025-10-22T13:00:00+07:00")
HOUR = 3600.0
STILL = constants(("M2", 0.0, 0.0), mean_level=0.35)
TIDE = constants(("M2", 0.42, 215.0), ("K1", 0.28, 240.0), mean_level=0.35, notice=Label("Bịa", "Invented"))


def level(tide=STILL, **parts):
    """Make a level over the synthetic datum."""
    return WaterLevel(tide=tide, vertical_datum="synthetic", **parts)


def test_the_parts_add_up():
    made = level(residual=Series((0.0, 2 * HOUR), (0.1, 0.3)), sea_level_rise=0.24, subsidence=0.06)
    found = made.series(START, 2 * HOUR, HOUR)
    assert found.times == (0.0, 3600.0, 7200.0)
    # 0.35 mean + 0.24 rise + 0.06 subsidence, and 0.1, 0.2, 0.3 residual
    assert found.values == (0.75, 0.85, 0.95)


def test_the_tide_is_that_of_the_moment_in_utc():
    found = level(TIDE).series(START, HOUR, 600.0)
    times = np.datetime64("2025-10-22T06:00") + np.arange(0, 61, 10).astype("timedelta64[m]")
    np.testing.assert_allclose(found.values, predict(TIDE, times) + 0.35, atol=5e-7)


def test_a_mean_level_that_is_given_takes_the_place_of_the_published_one():
    assert level(mean_level=-0.1).series(START, HOUR).values[0] == pytest.approx(-0.1)


def test_there_is_a_value_at_the_end_even_where_the_interval_does_not_fit():
    assert level().series(START, 1000.0, 600.0).times == (0.0, 600.0, 1000.0)


def test_every_part_says_over_which_datum_and_for_which_epoch_it_holds():
    found = level(TIDE, sea_level_rise=0.24, epoch="2020").dataset(START, HOUR)
    said = {name: (one.attrs.get("vertical_datum"), one.attrs.get("epoch")) for name, one in found.data_vars.items()}
    assert said == {
        "tide": ("mean level", "2025-01-01/2025-12-31"),
        "residual": ("mean level", None),
        "mean_level": ("synthetic", "2020"),
        "sea_level_rise": ("mean level", "since 2020"),
        "subsidence": ("mean level", "since 2020"),
        "water_level": ("synthetic", "2020"),
    }
    assert found["time"].values[0] == np.datetime64("2025-10-22T06:00")
    assert (found.attrs["notice_vi"], found.attrs["tide_sha256"]) == ("Bịa", TIDE.sha256)
    parts = sum(found[name] for name in ("tide", "residual", "mean_level", "sea_level_rise", "subsidence"))
    np.testing.assert_allclose(found["water_level"], parts, atol=1e-12)


def test_equal_parts_make_equal_levels():
    assert level(TIDE) == level(TIDE)
    assert level(TIDE).series(START, 6 * HOUR) == level(TIDE).series(START, 6 * HOUR)


def test_a_tide_over_another_datum_needs_a_mean_level():
    with pytest.raises(InputError, match=r"datum synthetic.*wanted over hon_dau.*give mean_level") as raised:
        WaterLevel(tide=TIDE, vertical_datum="hon_dau")
    assert raised.value.code == "vertical-datum-differs"
    made = WaterLevel(tide=TIDE, vertical_datum="hon_dau", mean_level=0.2)
    assert made.dataset(START, HOUR)["water_level"].attrs["vertical_datum"] == "hon_dau"


def test_a_tide_without_a_published_mean_level_needs_one():
    with pytest.raises(InputError, match="without a mean level"):
        level(constants(("M2", 0.4, 10.0), mean_level=None))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"mean_level": 350.0}, "mean_level of the water level is 350.0 m"),
        ({"sea_level_rise": float("nan")}, "sea_level_rise of the water level is nan m"),
        ({"subsidence": 45.0}, "subsidence of the water level is 45.0 m"),
        ({"residual": Series.constant(-30.0)}, "residual of the water level is -30.0 m"),
    ],
)
def test_a_part_in_another_unit_is_refused(parts, said):
    with pytest.raises(InputError, match=said):
        level(**parts)


@pytest.mark.parametrize(
    ("start", "duration", "interval", "residual", "said"),
    [
        (START.replace(tzinfo=None), HOUR, 600.0, Series.constant(0.0), "no offset from UTC"),
        (START, 0.0, 600.0, Series.constant(0.0), "0 s at every 600 s"),
        (START, float("nan"), 600.0, Series.constant(0.0), "nan s at every"),
        (START, 1e9, 600.0, Series.constant(0.0), "at most 400 days"),
        (START, HOUR, 0.0, Series.constant(0.0), "interval of 1 s or more"),
        (START, 2 * HOUR, 600.0, Series((0.0, HOUR), (0.0, 0.1)), "known from 0 to 3600 s; expected 0 to 7200 s"),
    ],
)
def test_a_level_that_cannot_be_made_is_refused(start, duration, interval, residual, said):
    with pytest.raises(InputError, match=said):
        level(residual=residual).series(start, duration, interval)
