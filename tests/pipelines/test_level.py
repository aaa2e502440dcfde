"""Levels at the gauges are recorded from a run and predicted from the tide, once each."""

from datetime import timedelta

import numpy as np
import orjson
import pytest

from catalogs import packaged
from frmis.forcing import Series
from frmis.scenario import Scenario
from pipelines import level
from sdi.entry import Licence
from sdi.errors import InputError, NotFound, NotInRegister
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.workspace import Workspace
from tests.gauges import START, flood, make, populate

DAY = 86400.0


@pytest.fixture
def workspace(tmp_path):
    return make(tmp_path)


@pytest.fixture
def registry(workspace):
    opened = populate(workspace)
    yield opened
    opened.close()


def recorded(registry, scenario, result, **options):
    """Record the hydrographs of a run in a transaction of their own."""
    with registry.transaction("test", "run") as tx:
        return level.record(registry, tx, scenario, result, **options)


def predicted(workspace, registry, **changed):
    """Predict a day at the gauge in the river."""
    asked = {"gauge": "MP-TD00000", "tide": "synthetic", "start": START, "duration": DAY}
    return level.run(workspace, registry, **(asked | changed))


def published(workspace, registry):
    """Return the properties of the published hydrographs."""
    projector.refresh(workspace, registry)
    opened = Publication.open(workspace.publication_path("public"))
    found = [orjson.loads(one) for one in opened.items("hydrographs", limit=100).features]
    opened.close()
    return found


def test_a_run_is_recorded_at_the_gauges_of_level_that_it_covers(workspace, registry):
    assert recorded(registry, *flood()) == 3
    river, street, unknown = (one["properties"] for one in published(workspace, registry))
    assert river["name_en"] == "Gauge river: Surge"
    assert river["levels"] == [0.5, 1.3, 1.6, 1.4]
    assert (river["peak_level"], river["peak_time"], river["alarm"]) == (1.6, "2025-11-06T17:20:00Z", "II")
    assert (river["start"], river["utc_offset"], river["interval"]) == ("2025-11-06T17:00:00Z", 7.0, 600.0)
    assert (river["scenario"], river["run"], river["notice"]) == ("surge", "a" * 64, "Thử")
    assert (street["levels"], street["peak_level"], street["alarm"], street["wet_share"]) == ([None] * 4, None, None, 0)
    # Without a datum of its own a gauge is told the level, and no alarm is compared with it.
    assert (unknown["datum"], unknown["peak_level"], unknown["alarm"]) == ("synthetic", 1.6, None)


def test_a_hydrograph_stands_where_its_gauge_stands_and_names_it(workspace, registry):
    recorded(registry, *flood())
    projector.refresh(workspace, registry)
    opened = Publication.open(workspace.publication_path("public"))
    river = orjson.loads(opened.items("hydrographs", limit=1).features[0])
    gauge = orjson.loads(opened.item("flood-gauges", river["properties"]["gauge"]))
    assert river["geometry"] == gauge["geometry"]
    opened.close()


def test_a_later_run_of_the_same_name_takes_the_place_of_the_earlier_one(workspace, registry):
    recorded(registry, *flood())
    recorded(registry, *flood((0.5, 1.0, 1.1, 0.9)))
    found = published(workspace, registry)
    assert [one["properties"]["alarm"] for one in found] == ["none", None, None]


def test_a_run_that_stands_for_no_date_has_a_peak_but_no_moment(workspace, registry):
    scenario, result = flood()
    undated = Scenario(name="surge", terrain="terrain", duration=1800.0, output_interval=600.0)
    recorded(registry, undated, result)
    river = published(workspace, registry)[0]["properties"]
    assert (river["start"], river["peak_time"], river["peak_level"], river["interval"]) == (None, None, 1.6, 600.0)
    assert scenario.start == START


def test_a_run_beyond_all_gauges_records_nothing(registry):
    scenario, result = flood()
    away = result.assign_coords(x=result["x"] + 5000.0)
    assert recorded(registry, scenario, away, licence=Licence("CC0-1.0", "A", "nobody")) == 0


def test_what_may_be_done_with_a_run_is_said_of_its_hydrographs(workspace, registry):
    recorded(registry, *flood(), licence=Licence("CC BY 4.0", "A", "City survey"))
    projector.refresh(workspace, registry)
    opened = Publication.open(workspace.publication_path("public"))
    assert opened.collection("hydrographs").attribution == "City survey"
    opened.close()


def test_a_prediction_is_the_sum_of_its_parts_with_peak_and_alarm(workspace, registry):
    made = predicted(workspace, registry, residual=Series((0.0, DAY), (0.2, 0.4)), sea_level_rise=0.1)
    (feature,) = published(workspace, registry)
    found = feature["properties"]
    total = np.array(found["tide"]) + np.array(found["residual"]) + 0.35 + 0.1
    np.testing.assert_allclose(found["levels"], total, atol=2e-4)
    assert (found["residual"][0], found["residual"][-1]) == (0.2, 0.4)
    assert len(found["levels"]) == made.values == 145
    assert found["peak_level"] == max(found["levels"]) == made.peak_level
    assert found["alarm"] == made.alarm == "II"
    step = found["levels"].index(made.peak_level)
    assert made.peak_time == START + step * timedelta(minutes=10)
    assert made.peak_time.utcoffset() == START.utcoffset()
    assert (found["tide_source"], found["epoch"]) == ("Thủy triều mô phỏng (synthetic)", "2025-01-01/2025-12-31")
    assert (found["fit_for_decisions"], found["notice"]) == (False, made.notice.vi)


def test_the_same_prediction_is_recorded_once_and_another_one_takes_its_place(workspace, registry):
    first = predicted(workspace, registry)
    again = predicted(workspace, registry)
    assert (again.eid, again.transaction) == (first.eid, 0)
    other = predicted(workspace, registry, residual=0.1)
    assert other.transaction > first.transaction
    assert [one["id"] for one in published(workspace, registry)] == [other.eid]


def test_a_prediction_leaves_the_runs_of_the_gauge_alone(workspace, registry):
    recorded(registry, *flood())
    predicted(workspace, registry)
    kinds = [one["properties"]["hydrograph_kind"] for one in published(workspace, registry)]
    assert sorted(kinds) == ["predicted", "simulated", "simulated", "simulated"]


def test_a_gauge_answers_to_its_identifier_and_to_the_thing_itself(workspace, registry):
    eid = registry.register("flood_gauge").find_by("synthetic-asset", "MP-TD00000").eid
    assert predicted(workspace, registry, gauge=eid).gauge == eid


def test_constants_of_the_city_itself_are_found(workspace, registry):
    own = workspace.folder / "catalogs" / "tides"
    own.mkdir(parents=True)
    text = (packaged() / "tides" / "synthetic.yaml").read_text(encoding="utf-8")
    (own / "harbour.yaml").write_text(text.replace("tide: synthetic", "tide: harbour"), encoding="utf-8")
    again = Workspace.open(workspace.folder, packaged())
    assert predicted(again, registry, tide="harbour").peak_level == predicted(again, registry).peak_level


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"gauge": "MP-TD00003"}, NotInRegister, "names 0 gauges.*MP-TD00000"),
        ({"gauge": "MP-TD00004"}, InputError, "Gauge unknown has no vertical datum"),
        ({"tide": "synthetik"}, NotFound, "did you mean 'synthetic'"),
        ({"tide": "vung_tau"}, InputError, "folder of data"),
        ({"start": START.replace(tzinfo=None)}, InputError, "no offset"),
        ({"mean_level": 350.0}, InputError, "mean_level of the water level"),
    ],
)
def test_what_cannot_be_predicted_is_refused_and_nothing_is_written(workspace, registry, changed, error, said):
    before = registry.last_tx
    with pytest.raises(error, match=said):
        predicted(workspace, registry, **changed)
    assert registry.last_tx == before


def test_a_tide_of_another_place_carries_its_notice_and_its_licence(workspace, registry, shared_data):
    with pytest.raises(InputError, match="give mean_level over synthetic"):
        predicted(workspace, registry, tide="vung_tau", data=shared_data)
    made = predicted(workspace, registry, tide="vung_tau", mean_level=0.3, data=shared_data)
    assert "not of the city's own gauge" in made.notice.en
    (feature,) = published(workspace, registry)
    assert "không phải trạm đo của thành phố" in feature["properties"]["notice"]
    opened = Publication.open(workspace.publication_path("public"))
    said = opened.collection("hydrographs")
    opened.close()
    assert (said.licence["name"], said.attribution) == ("CC BY 4.0", "TICON-4, vung_tau-383-vnm-uhslc_fd")
