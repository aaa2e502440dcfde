"""Files of tidal constants are read, or refused with the line that is wrong."""

import json
import re

import pytest

from catalogs import packaged
from frmis import tide_file
from sdi.declaration import Label
from sdi.errors import CatalogError, InputError, NotFound

WRITTEN = """\
tide: harbour
title: {vi: Cảng, en: Harbour}
latitude: 10.0
longitude: 106.0
vertical_datum: hon_dau
mean_level: 20 cm
epoch: 2020-01-01/2020-12-31
source: {name: Survey of the harbour, licence: CC BY 4.0}
constituents:
  M2: {amplitude: 0.42 m, phase: 215}
  K1: {amplitude: 28 cm, phase: -120}
"""
NAMED = """\
tide: harbour
title: {vi: Cảng, en: Harbour}
vertical_datum: station
source: {path: tide/harbour.json}
notice: {vi: Không phải của thành phố., en: Not the city's own.}
"""
STATION = {
    "name": "Harbour", "latitude": 10.0, "longitude": 106.0, "datums": {"MSL": 2.5},
    "source": {"name": "TICON-4", "id": "harbour-1"}, "license": {"type": "cc-by-4.0"},
    "epoch": {"start": "2007-10-15", "end": "2025-06-30"},
    "harmonic_constituents": [
        {"name": "M2", "amplitude": 0.7, "phase": 190.0}, {"name": "LAMBDA2", "amplitude": 0.01, "phase": 5.0},
        {"name": "MSQM", "amplitude": 0.003, "phase": 7.0},
    ],
}  # fmt: skip


def written(folder, text, name="harbour.yaml"):
    """Write a file of constants."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path):
    """Return a folder of data with one station."""
    folder = tmp_path / "data"
    (folder / "tide").mkdir(parents=True)
    (folder / "tide" / "harbour.json").write_text(json.dumps(STATION), encoding="utf-8")
    return folder


def test_constants_that_are_written_out_are_read_in_si_units(tmp_path):
    found = tide_file.read(written(tmp_path, WRITTEN))
    assert found.constituent("K1").amplitude == pytest.approx(0.28)
    assert (found.mean_level, found.vertical_datum, found.epoch) == (0.2, "hon_dau", "2020-01-01/2020-12-31")
    assert (found.source, found.licence, found.notice) == ("Survey of the harbour", "CC BY 4.0", None)


def test_a_named_station_is_read_in_place_and_what_utide_does_not_know_is_said(tmp_path, data):
    found = tide_file.read(written(tmp_path, NAMED), data)
    assert [one.name for one in found.constituents] == ["M2", "LDA2"]
    assert found.left_out == ("MSQM",)
    assert (found.mean_level, found.epoch, found.licence) == (2.5, "2007-10-15/2025-06-30", "CC BY 4.0")
    assert found.title.vi == "Cảng"
    assert found.notice == Label("Không phải của thành phố.", "Not the city's own.")


def test_a_station_is_also_read_alone(data):
    assert tide_file.read(data / "tide" / "harbour.json").title.en == "Harbour"


def test_every_packaged_tide_is_read(shared_data):
    for path in (packaged() / "tides").glob("*.yaml"):
        assert tide_file.read(path, shared_data).constituents


def test_vung_tau_leaves_out_only_small_constituents(shared_data):
    found = tide_file.find("vung_tau", [packaged() / "tides"], shared_data)
    raw = json.loads((shared_data / "tide" / "ticon4_vung_tau-383-vnm-uhslc_fd.json").read_text())
    amplitudes = {one["name"]: one["amplitude"] for one in raw["harmonic_constituents"]}
    assert len(found.constituents) + len(found.left_out) == len(amplitudes)
    assert max(amplitudes[name] for name in found.left_out) <= 0.010
    assert "own gauge" in str(found.notice)


def test_a_city_puts_its_own_constants_in_the_place_of_packaged_ones(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    written(own, WRITTEN.replace("harbour", "synthetic", 1), "synthetic.yaml")
    assert tide_file.find("synthetic", [packaged() / "tides", own]).title.en == "Harbour"


def test_an_unknown_name_is_answered_with_the_most_similar_one():
    with pytest.raises(NotFound, match="did you mean 'vung_tau'"):
        tide_file.find("vungtau", [packaged() / "tides"])


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("0.42 m", "0.42", 10, "is 0.42, expected a text"),
        ("0.42 m", "0.42 s", 10, "expected a number and one of the units"),
        ("0.42 m", "420 m", 10, "is the unit right"),
        ("  M2:", "  M22:", 10, "'M22' is not known"),
        ("phase: 215", "phase: 500", 10, "at most 360"),
        ("mean_level: 20 cm", "mean_level: low", 6, "'low' is no length"),
        ("latitude: 10.0", "latitude: 106.0", 3, "at most 90"),
        ("epoch: 2020-01-01/2020-12-31", "epoch: 2020-01", 7, "for example 2007-10-15/2025-06-30"),
        ("vertical_datum: hon_dau\n", "", 1, "no 'vertical_datum'"),
        ("mean_level: 20 cm\n", "", 1, "no 'mean_level'"),
        ("tide: harbour\n", "tide: harbour\nnotise: {vi: a, en: b}\n", 2, "did you mean 'notice'"),
        ("tide: harbour", "tide: port", 1, "declares the tide 'port'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path, old, new, line, said):
    path = written(tmp_path, WRITTEN.replace(old, new, 1))
    with pytest.raises(CatalogError, match=rf"harbour\.yaml:{line}: .*{said}"):
        tide_file.read(path)


def test_a_station_needs_the_folder_of_data_and_stays_within_it(tmp_path, data):
    with pytest.raises(CatalogError, match=r"harbour\.yaml:4: .*folder of data.*--data"):
        tide_file.read(written(tmp_path, NAMED))
    with pytest.raises(CatalogError, match="leaves the folder of data"):
        tide_file.read(written(tmp_path, NAMED.replace("tide/harbour.json", "../harbour.json")), data)
    with pytest.raises(InputError, match="cannot be read"):
        tide_file.read(written(tmp_path, NAMED.replace("harbour.json", "port.json")), data)


@pytest.mark.parametrize(
    ("station", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "no station of the tide database"),
        (json.dumps(STATION | {"epoch": None}), "no station of the tide database"),
        (json.dumps(STATION | {"harmonic_constituents": [{"name": "M2", "phase": 1}]}), "amplitude"),
        (json.dumps(STATION | {"harmonic_constituents": []}), "has no constituent"),
        (json.dumps(STATION | {"latitude": 106.0, "longitude": 10.0}), "are they exchanged"),
        ('{"latitude": NaN}', "is no JSON"),
    ],
)
def test_a_broken_station_is_refused(data, station, said):
    path = data / "tide" / "harbour.json"
    path.write_text(station, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        tide_file.read(path)


def test_the_examples_of_the_reference_are_read(tmp_path, root, shared_data):
    page = (root / "docs" / "reference" / "tide-file.md").read_text(encoding="utf-8")
    names = []
    for block in re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL):
        name = re.search(r"^tide: (\w+)", block).group(1)
        names.append(tide_file.read(written(tmp_path, block, f"{name}.yaml"), shared_data).name)
    assert names == ["harbour", "vung_tau"]
