"""A tide is predicted from its constants and its constants are found in a record."""

import numpy as np
import orjson
import pytest

from catalogs import packaged
from frmis import tide_file
from frmis.tide import Constants, Constituent, analyse, predict
from sdi.declaration import Label
from sdi.entry import Licence
from sdi.errors import InputError

HERE = Label("Đây", "Here")
YEAR = np.arange("2025-01-01", "2026-01-01", dtype="datetime64[h]")
STRONGEST = ("M2", "K1", "O1", "S2", "N2", "P1")


def constants(*harmonics, **changed):
    """Constants of an invented place; harmonics are name, amplitude [m] and phase [degree]."""
    said = {
        "name": "here", "title": HERE, "latitude": 10.0, "longitude": 105.8, "mean_level": 0.0,
        "vertical_datum": "synthetic", "epoch": "2025-01-01/2025-12-31", "source": "invented", "licence": "CC0-1.0",
    }  # fmt: skip
    return Constants(constituents=tuple(Constituent(*one) for one in harmonics), **(said | changed))


def found(times, level, **changed):
    """Analyse a record of that place."""
    said = {
        "name": "here", "title": HERE, "latitude": 10.0, "longitude": 105.8, "vertical_datum": "synthetic",
        "source": "invented", "licence": "CC0-1.0",
    }  # fmt: skip
    return analyse(times, level, **(said | changed))


def turned(one, other):
    """Difference of two phases [degree], the short way round."""
    return abs((one - other + 180) % 360 - 180)


@pytest.mark.shows("first-flood")
def test_the_year_at_honolulu_gives_the_constants_that_utide_and_noaa_publish(shared_data, figure):
    record = np.loadtxt(shared_data / "tide" / "honolulu_hourly_2010.asc")
    seconds = np.round(record[:, 0] * 86400).astype("timedelta64[s]")
    times, level = np.datetime64("1700-01-01", "s") + seconds, record[:, 1] / 1000
    made = found(times, level, latitude=21.0, longitude=-157.86, vertical_datum="station")
    station = orjson.loads((shared_data / "tide" / "noaa_1612340_honolulu_constituents.json").read_bytes())
    published = {one["name"]: one for one in station["harmonic_constituents"]}
    far = [abs(made.constituent(name).amplitude - published[name]["amplitude"]) for name in STRONGEST]
    late = [turned(made.constituent(name).phase, published[name]["phase"]) for name in STRONGEST]
    m2 = made.constituent("M2")
    figure("constituents found in the Honolulu year", len(made.constituents), bound="59")
    figure("M2 at Honolulu", f"{1000 * m2.amplitude:.2f} / {m2.phase:.2f}", "mm / degree", "176.92 / 58.83")
    figure("amplitude against the published one, worst of six", 1000 * max(far), "mm", "≤ 6")
    figure("phase against the published one, worst of six", max(late), "degree", "≤ 3")
    assert len(made.constituents) == 59
    assert (round(1000 * m2.amplitude, 2), round(m2.phase, 2)) == (176.92, 58.83)
    assert max(far) <= 0.006
    assert max(late) <= 3.0
    assert made.mean_level == pytest.approx(level.mean(), abs=0.01)


@pytest.mark.shows("first-flood")
def test_the_prediction_of_vung_tau_reaches_the_datums_of_its_own_record(shared_data, figure):
    station = tide_file.find("vung_tau", [packaged() / "tides"], shared_data)
    datums = orjson.loads((shared_data / "tide" / "ticon4_vung_tau-383-vnm-uhslc_fd.json").read_bytes())["datums"]
    times = np.arange("2007-10-15", "2025-07-01", dtype="datetime64[h]")
    level = predict(station, times) + station.mean_level
    days = level[: len(level) // 24 * 24].reshape(-1, 24)
    differences = {
        "HAT": level.max() - datums["HAT"], "LAT": level.min() - datums["LAT"],
        "MHHW": days.max(axis=1).mean() - datums["MHHW"], "MLLW": days.min(axis=1).mean() - datums["MLLW"],
    }  # fmt: skip
    bounds = {"HAT": 0.10, "LAT": 0.20, "MHHW": 0.05, "MLLW": 0.05}
    for name, difference in differences.items():
        figure(f"{name} of Vũng Tàu, predicted less published", float(difference), "m", f"within {bounds[name]}")
        assert abs(difference) <= bounds[name]


def test_what_is_predicted_is_found_again():
    given = constants(("M2", 0.42, 215.0), ("S2", 0.16, 255.0), ("K1", 0.28, 240.0), ("O1", 0.21, 190.0))
    again = found(YEAR, predict(given, YEAR) + 0.35, constituents=["M2", "S2", "K1", "O1"])
    for one in given.constituents:
        assert again.constituent(one.name).amplitude == pytest.approx(one.amplitude, abs=1e-9)
        assert turned(again.constituent(one.name).phase, one.phase) < 1e-6
    assert again.mean_level == pytest.approx(0.35, abs=1e-9)
    assert again.epoch == "2025-01-01/2025-12-31"


def test_a_record_with_gaps_gives_the_same_constants():
    given = constants(("M2", 0.42, 215.0), ("K1", 0.28, 240.0))
    level = predict(given, YEAR)
    level[1000:1500] = np.nan
    again = found(YEAR, level, constituents=["M2", "K1"])
    assert again.constituent("M2").amplitude == pytest.approx(0.42, abs=1e-9)


def test_the_solar_tide_comes_back_every_twelve_hours_and_the_lunar_one_twenty_five_minutes_later():
    times = np.datetime64("2025-03-01T00:00") + np.arange(1, 36 * 60).astype("timedelta64[m]")
    solar, lunar = (predict(constants((name, 1.0, 0.0)), times) for name in ("S2", "M2"))
    highs = [np.flatnonzero((one[1:-1] > one[:-2]) & (one[1:-1] >= one[2:])) for one in (solar, lunar)]
    assert set(np.diff(highs[0]).tolist()) == {720}
    assert set(np.diff(highs[1]).tolist()) <= {745, 746}


def test_the_lunar_tide_is_stronger_where_the_moons_node_stands_so():
    # The nodal factor of M2 swings by 3.7 % over 18.6 years and was smallest in 2006.
    months = [np.arange(year, year + np.timedelta64(59, "D"), np.timedelta64(10, "m"), dtype="datetime64[m]")
              for year in (np.datetime64("2006-05-01"), np.datetime64("2015-09-01"))]  # fmt: skip
    least, most = (np.abs(predict(constants(("M2", 1.0, 0.0)), times)).max() for times in months)
    assert least == pytest.approx(0.963, abs=0.003)
    assert most == pytest.approx(1.037, abs=0.003)


def test_the_parts_add_up_and_no_times_give_no_values():
    one, other = ("M2", 0.4, 100.0), ("K1", 0.2, 50.0)
    both = predict(constants(one, other), YEAR[:100])
    alone = predict(constants(one), YEAR[:100]) + predict(constants(other), YEAR[:100])
    np.testing.assert_allclose(both, alone, atol=1e-12)
    assert predict(constants(one), YEAR[:0]).shape == (0,)


def test_a_long_prediction_does_not_depend_on_how_it_is_cut(monkeypatch):
    given = constants(("M2", 0.4, 100.0), ("SA", 0.2, 290.0))
    whole = predict(given, YEAR)
    monkeypatch.setattr("frmis.tide.CHUNK", 777)
    np.testing.assert_allclose(predict(given, YEAR), whole, atol=1e-12)


def test_the_hash_changes_with_what_decides_the_prediction_and_with_nothing_else():
    given = constants(("M2", 0.4, 100.0), ("K1", 0.2, 50.0))
    assert constants(("K1", 0.2, 50.0), ("M2", 0.4, 100.0), title=Label("a", "b")).sha256 == given.sha256
    assert constants(("M2", 0.4, 100.1), ("K1", 0.2, 50.0)).sha256 != given.sha256
    assert constants(("M2", 0.4, 100.0), ("K1", 0.2, 50.0), mean_level=0.1).sha256 != given.sha256


@pytest.mark.parametrize(
    ("harmonics", "changed", "said"),
    [
        ([("M22", 0.4, 10.0)], {}, "'M22' is not known"),
        ([("M2", 420.0, 10.0)], {}, "is the unit right"),
        ([("M2", float("nan"), 10.0)], {}, "amplitude of M2"),
        ([("M2", 0.4, 1000.0)], {}, "phase of M2"),
        ([("M2", 0.4, 10.0), ("M2", 0.4, 10.0)], {}, "has M2 twice"),
        ([], {}, "has no constituent"),
        ([("M2", 0.4, 10.0)], {"latitude": 105.8}, "are they exchanged"),
    ],
)
def test_impossible_constants_are_refused(harmonics, changed, said):
    with pytest.raises(InputError, match=said):
        constants(*harmonics, **changed)


@pytest.mark.parametrize(
    ("times", "level", "said"),
    [
        (YEAR[:600], np.zeros(600), "covers 25.0 days"),
        (YEAR, np.full(len(YEAR), np.nan), "covers 0.0 days"),
        (YEAR, np.zeros(10), "8760 times and 10 levels"),
        (YEAR[::-1], np.zeros(len(YEAR)), "do not ascend"),
        (np.repeat(YEAR[:1000], 2), np.zeros(2000), "do not ascend"),
    ],
)
def test_a_record_that_cannot_be_analysed_is_refused(times, level, said):
    with pytest.raises(InputError, match=said):
        found(times, level)


def test_a_missing_moment_is_refused():
    with pytest.raises(InputError, match="NaT"):
        predict(constants(("M2", 0.4, 100.0)), np.array(["2025-01-01", "NaT"], dtype="datetime64[s]"))


@pytest.mark.parametrize(
    ("licence", "grade", "bulk"),
    [("CC BY 4.0", "A", True), ("CC0-1.0", "A", True), ("All rights reserved", "B", False)],
)
def test_constants_under_a_licence_nobody_knows_may_only_be_shown(licence, grade, bulk):
    assert constants(("M2", 0.5, 10.0), licence=licence).terms == Licence(licence, grade, "invented", bulk=bulk)
