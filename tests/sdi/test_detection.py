"""Which CRS a delivery was written in: told beyond doubt by wards, streets and parcels, or refused."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from sdi.crs import CRS84, StorageCRS, on_datum, transformed
from sdi.detection import Candidate, Detection, Reference, detect, naming
from sdi.detection.areas import Areas
from sdi.detection.candidate import read_as, with_exchanged_axes
from sdi.detection.fit import Chance, Fit, gain
from sdi.detection.nearness import FAR, Nearness
from sdi.detection.sample import Sample
from sdi.detection.spot import Spot
from sdi.errors import InputError, RefusedError
from tests.sdi import readings
from tests.sdi.readings import CANDIDATES, LISTED, STORAGE, written

WARDS = Areas.of([("Phường Bến Mẫu", shapely.box(0, 0, 1000, 1000)), ("Tân An", shapely.box(1000, 0, 2000, 1000))],
                 ["Phường", "Xã"])  # fmt: skip
X, Y = 577_000.0, 1_116_000.0
"""A place in Cần Thơ [m, EPSG:5897]."""


@pytest.fixture(scope="session")
def city():
    return readings.synthetic()


@pytest.fixture(scope="session")
def sampled(city):
    """Deliveries of the guide, 60 of each kind of evidence with lines that can say something."""
    return readings.outcomes(city, [one for one in readings.EVIDENCE if one not in readings.SILENT], 60)


def block(count=12, step=70.0):
    """Streets of an uneven grid: no move of it fits it."""
    at = np.cumsum(np.random.default_rng(92).uniform(0.6 * step, 1.4 * step, count))
    along = [shapely.LineString([(X + x, Y), (X + x, Y + at[-1])]) for x in at]
    across = [shapely.LineString([(X, Y + y), (X + at[-1], Y + y)]) for y in at]
    return np.array([*along, *across], dtype=object)


def lamps(lines, every=25.0, beside=5.0):
    """Posts beside streets."""
    sides = shapely.offset_curve(lines, beside)
    return np.concatenate([shapely.line_interpolate_point(one, np.arange(5, one.length, every)) for one in sides])


# ---------------------------------------------------------------- readings


def test_a_grid_laid_over_wgs_84_lies_225_metres_beside_its_own():
    ignored = transformed(np.array([[X, Y]]), on_datum("EPSG:5897", "EPSG:4326"), "EPSG:5897", STORAGE.operation)
    assert np.hypot(*(ignored - [X, Y])[0]) == pytest.approx(225.5, abs=0.5)


def test_only_a_projected_crs_can_be_laid_over_another_datum():
    with pytest.raises(InputError, match="no projected CRS"):
        on_datum("EPSG:4756", "EPSG:4326")


@pytest.mark.parametrize("candidate", CANDIDATES, ids=str)
def test_a_delivery_read_as_it_was_written_is_where_it_was(candidate):
    there = np.array([[X, Y], [X + 3000, Y - 4000]])
    raw = transformed(there, STORAGE.code, candidate.definition, STORAGE.operation)
    again = read_as(raw[:, ::-1] if candidate.swapped else raw, candidate, STORAGE)
    np.testing.assert_allclose(again, there, atol=1e-3)


def test_coordinates_that_are_no_place_in_a_reading_are_infinite_there():
    assert not np.isfinite(read_as(np.array([[X, Y]]), Candidate(CRS84), STORAGE)).any()


def test_every_candidate_is_tried_with_its_axes_exchanged_too():
    found = Detection.read({"candidates": ["EPSG:5897", {"crs": "EPSG:5897", "datum": "EPSG:4326"}]}).candidates
    assert [str(one) for one in found] == [
        "EPSG:5897",
        "EPSG:5897, axes exchanged",
        "EPSG:5897 on the datum of EPSG:4326",
        "EPSG:5897 on the datum of EPSG:4326, axes exchanged",
    ]


def test_a_candidate_that_nobody_knows_is_refused():
    with pytest.raises(InputError, match="not known"):
        Detection.read({"candidates": ["EPSG:999999"]})


# ---------------------------------------------------------------- witnesses


@pytest.mark.parametrize("name", ["Bến Mẫu", "phường bến mẫu", "BEN MAU", "P. Bến Mẫu", "P.Bến Mẫu", "Xã Bến Mẫu"])
def test_a_ward_is_known_in_every_usual_spelling(name):
    assert WARDS.find(name) == WARDS.find("Phường Bến Mẫu")


@pytest.mark.parametrize("name", [None, float("nan"), "", "Sen Mẫu", 7, "Mẫu"])
def test_what_names_no_area_names_none(name):
    assert WARDS.find(name) is None


def test_a_code_is_a_name_also_where_it_was_read_as_a_number():
    areas = Areas.of([("31135", shapely.box(0, 0, 1, 1))])
    assert areas.find("31135") == areas.find(31135) == areas.find(31135.0) == "31135"


def test_a_name_borne_by_two_areas_means_either():
    areas = Areas.of([("Tân An", shapely.box(0, 0, 100, 100)), ("Tan An", shapely.box(900, 0, 1000, 100))])
    key = areas.find("Tân An")
    points = np.array([[50.0, 50.0], [950.0, 50.0], [500.0, 50.0]])
    found = areas.contain(points, np.array([[0.0, 0.0], [400.0, 0.0]]), [key, key, None])
    assert found.tolist() == [[True, True, False], [False, False, False]]
    assert areas.contain(points, np.array([[0.0, 0.0], [-450.0, 0.0]]), [key] * 3).tolist()[1] == [False, False, True]


def test_the_column_that_names_wards_is_found_among_others():
    rows = pd.DataFrame({"id": [1, 2, 3], "street": ["Hòa Bình"] * 3, "ward": ["Bến Mẫu", "Tân An", None]})
    assert naming(rows, WARDS) == ["Bến Mẫu", "Tân An", None]
    assert naming(rows[["id", "street"]], WARDS) == []
    assert naming(pd.DataFrame({"nested": [{"a": 1}, [2]]}), WARDS) == []


@pytest.mark.parametrize(("beside", "class_"), [(0.5, 1), (5.0, 2), (11.0, 3), (70.0, FAR)])
def test_nearness_is_counted_in_classes_that_double(beside, class_):
    line = Nearness.of(np.array([shapely.LineString([(0, 1), (900, 1)])], dtype=object))
    assert line.at(np.array([[450.0, 1 + beside]])).tolist() == [class_]


def test_a_corner_is_nearer_than_any_line():
    square = Nearness.of(np.array([shapely.box(100, 100, 200, 200), None], dtype=object))
    assert square.at(np.array([[101.0, 99.5], [1e7, -1e7], [np.inf, 0.0]])).tolist() == [0, FAR, FAR]


def test_each_thing_weighs_the_same_however_many_corners_it_has():
    shapes = np.array([shapely.Point(0, 0), None, shapely.Point(9, 9).buffer(1, quad_segs=64), shapely.Point()])
    sample = Sample.of(shapes, ["a", "b", None, "d"], things=10)
    assert sample.count == 2
    assert len(sample.xy) == 7
    assert sample.weight.sum() == pytest.approx(2)
    assert sample.weigh(sample.named) == 1


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize("error", LISTED)
def test_lamps_tell_their_grid_by_the_streets_they_stand_at(error):
    lines, candidate = block(), LISTED[error]
    raw = written(lamps(lines), candidate.definition)
    verdict = detect(raw, (), CANDIDATES, Reference(lines={"street": Nearness.of(lines)}), STORAGE)
    assert verdict.raise_if_unsure() == candidate


def test_lamps_along_one_street_fit_moved_along_it_and_are_refused():
    street = np.array([shapely.LineString([(X, Y), (X + 2000, Y)])], dtype=object)
    posts = lamps(street)[20:60]
    reference = Reference(lines={"street": Nearness.of(street)})
    with pytest.raises(RefusedError, match="leads by") as caught:
        detect(posts, (), CANDIDATES, reference, STORAGE).raise_if_unsure()
    assert caught.value.code == "crs-undecided"
    assert "a column that names the ward" in caught.value.message


def test_a_cluster_in_the_middle_of_its_ward_cannot_be_told_and_one_all_over_it_can():
    areas = Areas.of([("Bến Mẫu", shapely.box(X, Y, X + 2000, Y + 2000))])
    rng = np.random.default_rng(92)
    for low, high, accepted in ((900, 1100, None), (0, 2000, LISTED["EPSG:3405"])):
        raw = written(shapely.points(np.array([X, Y]) + rng.uniform(low, high, (200, 2))), "EPSG:3405")
        assert detect(raw, ["Bến Mẫu"] * 200, CANDIDATES, Reference(areas), STORAGE).accepted == accepted


def test_the_225_metres_of_an_ignored_datum_are_seen_by_streets():
    lines = block()
    raw = written(lamps(lines), on_datum("EPSG:5897", "EPSG:4326"))
    verdict = detect(raw, (), CANDIDATES, Reference(lines={"street": Nearness.of(lines)}), STORAGE)
    assert verdict.accepted == Candidate("EPSG:5897", datum="EPSG:4326")
    own = next(one for one in verdict.standings if one.candidate == Candidate("EPSG:5897"))
    assert own.score < verdict.standings[0].score / 5


def test_wards_that_contradict_the_streets_are_no_proof_of_either():
    lines = block()
    areas = Areas.of([("Bến Mẫu", shapely.box(X + 5000, Y, X + 6000, Y + 1000))])
    raw = lamps(lines)
    reference = Reference(areas, {"street": Nearness.of(lines)})
    assert detect(raw, ["Bến Mẫu"] * len(raw), CANDIDATES, reference, STORAGE).accepted is None


@pytest.mark.parametrize("geometries", [np.array([], dtype=object), np.array([None]), lamps(block())])
def test_without_anything_to_go_by_nothing_is_accepted(geometries):
    verdict = detect(geometries, (), CANDIDATES, Reference(), STORAGE)
    assert verdict.accepted is None
    with pytest.raises(RefusedError, match="ask the supplier"):
        verdict.raise_if_unsure()


def test_a_refusal_ranks_the_readings_for_machines():
    street = np.array([shapely.LineString([(X, Y), (X + 2000, Y)])], dtype=object)
    with pytest.raises(RefusedError) as caught:
        detect(
            lamps(street), (), CANDIDATES, Reference(lines={"street": Nearness.of(street)}), STORAGE
        ).raise_if_unsure()
    ranking = caught.value.details["ranking"]
    assert len(ranking) == len(CANDIDATES)
    assert [one["score"] for one in ranking] == sorted((one["score"] for one in ranking), reverse=True)


def test_two_candidates_that_are_one_cannot_be_told_apart():
    lines = block()
    twins = with_exchanged_axes(Candidate("EPSG:4326"), Candidate(CRS84))
    raw = written(lamps(lines), CRS84)
    verdict = detect(raw, (), twins, Reference(lines={"street": Nearness.of(lines)}), STORAGE)
    assert verdict.accepted is None
    assert verdict.margin == 0


# ---------------------------------------------------------------- how exactly


def away_from(verdict):
    """Where the things of the best reading fit best: east and north of where it puts them [m]."""
    spot = verdict.standings[0].spot
    return np.array([spot.east, spot.north])


def fitting(places, reference):
    """Places of the storage CRS as a reading puts them."""
    sample = Sample.of(places, (), 256)
    return Fit.of(sample, sample.xy, reference)


@pytest.mark.parametrize("offset", [(30.0, -40.0), (-180.0, 90.0), (0.0, 400.0)])
def test_things_that_lie_elsewhere_around_are_found_there(offset):
    lines = block()
    moved = shapely.points(shapely.get_coordinates(lamps(lines)) + offset)
    spot = Spot.find(fitting(moved, Reference(lines={"street": Nearness.of(lines)})))
    np.testing.assert_allclose([spot.east, spot.north], np.negative(offset), atol=8)
    assert not spot.is_here


@pytest.mark.parametrize(
    ("beside", "accepted"), [(0.0, True), (5.0, True), (25.0, False), (50.0, False), (190.0, False)]
)
def test_what_lies_beside_a_grid_is_refused_unless_the_verdict_says_that_it_is_no_more_exact(beside, accepted):
    lines = block()
    posts = lamps(np.concatenate([lines, shapely.reverse(lines)]))
    posts = shapely.points(shapely.get_coordinates(posts) + np.array([0.6, 0.8]) * beside)
    verdict = detect(posts, (), CANDIDATES, Reference(lines={"street": Nearness.of(lines)}), STORAGE)
    assert (verdict.accepted is not None) == accepted
    assert not accepted or beside < verdict.standings[0].spot.accuracy <= 16


def test_a_ward_tells_the_grid_less_exactly_than_streets_and_says_so():
    areas = Areas.of([("Bến Mẫu", shapely.box(X, Y, X + 2000, Y + 2000))])
    inside = np.array([X, Y]) + np.random.default_rng(92).uniform(0, 2000, (400, 2))
    verdict = detect(
        shapely.points(inside + np.array([30, 0])), ["Bến Mẫu"] * 400, CANDIDATES, Reference(areas), STORAGE
    )
    assert verdict.accepted == Candidate("EPSG:5897")
    assert 30 < verdict.standings[0].spot.accuracy <= 96
    assert str(verdict.standings[0]).endswith(f"told to {verdict.standings[0].spot.accuracy:.0f} m")


def test_a_street_that_ends_where_its_lamps_end_is_no_more_telling_than_another():
    street = np.array([shapely.LineString([(X, Y), (X + 2000, Y)])], dtype=object)
    spot = Spot.find(fitting(lamps(street), Reference(lines={"street": Nearness.of(street)})))
    assert spot.accuracy == np.inf


def test_a_street_far_from_all_things_makes_the_bound_of_their_ward_no_smaller():
    """They end 100 m below its northern border, so that 100 m to the north they fit as well."""
    areas = Areas.of([("Bến Mẫu", shapely.box(X, Y, X + 1000, Y + 1000))])
    street = np.array([shapely.LineString([(X + 5000, Y + 4000), (X + 5300, Y + 4000)])], dtype=object)
    inside = np.array([X, Y]) + np.random.default_rng(92).uniform(0, (1000, 900), (256, 2))
    sample = Sample.of(shapely.points(inside), [areas.find("Bến Mẫu")] * 256, 256)
    ward, far = (
        Spot.find(Fit.of(sample, sample.xy, Reference(areas, lines))) for lines in ({}, {"street": Nearness.of(street)})
    )
    assert far.accuracy >= ward.accuracy > 100
    assert far.apart >= ward.apart


@pytest.mark.parametrize(("evidence", "numbers"), [("elsewhere", range(8)), ("astray", range(26, 34))])
def test_what_is_accepted_lies_within_its_bound_also_where_streets_say_nothing(city, evidence, numbers):
    cases = [readings.draw(city, evidence, number) for number in numbers]
    verdicts = [case.verdict() for case in cases]
    assert sum(verdict.accepted is not None for verdict in verdicts) >= 4
    assert all(case.is_right(verdict) for case, verdict in zip(cases, verdicts, strict=True))


def test_lying_farther_from_lines_than_chance_has_it_says_nothing():
    chance = Chance(np.linspace(1, FAR, FAR) / FAR, 60)
    nearest, farthest, chancy = np.full(FAR, 60.0), np.zeros(FAR), 10 * np.arange(1.0, FAR + 1)
    farthest[-1] = 60
    told = gain(np.stack([nearest, farthest, chancy], axis=1), chance)
    np.testing.assert_allclose(told, [60 * np.log((60 + 2 / FAR) / 62 * FAR), 0, 0], atol=1e-9)


def test_how_many_are_near_says_nothing_as_long_as_half_of_them_are():
    chance = Chance(np.linspace(1, FAR, FAR) / FAR, 60)
    told = gain(np.stack([np.full(FAR, 60.0), np.full(FAR, 31.0), np.full(FAR, 20.0)], axis=1), chance)
    assert told[1] == pytest.approx(told[0], rel=0.03)
    assert told[2] < told[0] / 2.5


def test_a_search_all_around_knows_what_each_of_its_places_does():
    lines = {"street": Nearness.of(block()), "house": Nearness.of(shapely.buffer(lamps(block(4)), 6, quad_segs=1))}
    fit = fitting(np.concatenate([lamps(block(5)), shapely.buffer(lamps(block(3)), 5)]), Reference(lines=lines))
    steps = np.array([-512.0, 0.0, 512.0])
    moves = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(fit.knowledge_around(steps), sum(fit.knowledge(moves).values()))


# ---------------------------------------------------------------- what nobody should deliver


REPEATED = np.repeat(shapely.points([[X + 70, Y + 5], [X + 400, Y + 311]]), 150)
SCATTER = np.random.default_rng(92).normal(0, 0.5, (300, 2))


@pytest.mark.parametrize(
    "places",
    [
        REPEATED[:1],
        REPEATED[:150],
        REPEATED,
        shapely.points(shapely.get_coordinates(REPEATED) + SCATTER),
        shapely.points(np.full((50, 2), np.nan)),
        shapely.points(np.full((50, 2), np.inf)),
        shapely.points(1e9 + SCATTER),
        shapely.points(0 * SCATTER),
    ],
    ids=["one", "one many times", "two many times", "two clusters", "no number", "infinite", "1e9", "origin"],
)
@pytest.mark.parametrize("system", ["EPSG:5897", "EPSG:32648"])
def test_what_is_no_independent_witness_decides_nothing(places, system):
    lines = {"street": Nearness.of(block())}
    assert detect(written(places, system), (), CANDIDATES, Reference(lines=lines), STORAGE).accepted is None


@pytest.mark.filterwarnings("ignore:invalid value")
def test_places_that_are_none_do_not_hide_those_that_are_some():
    lines = block()
    some = lamps(lines)
    broken = shapely.linestrings([[[X, Y], [np.nan, Y]], [[np.inf, Y], [X, np.nan]]])
    places = np.concatenate(
        [shapely.points(np.full((40, 2), np.nan)), some, broken, shapely.points(1e9 + SCATTER[:40])]
    )
    verdict = detect(places, (), CANDIDATES, Reference(lines={"street": Nearness.of(lines)}), STORAGE)
    assert verdict.accepted == Candidate("EPSG:5897")


def test_equal_places_are_one_witness():
    sample = Sample.of(np.array([*REPEATED, shapely.Point(X, Y)]), [*["a"] * 150, *["b"] * 150, None], 1000)
    assert sample.count == 3
    assert sample.names == ("a", "b", None)


# ---------------------------------------------------------------- what it promises


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("evidence", readings.TELLING)
def test_with_a_ward_streets_or_parcels_the_crs_is_told(sampled, evidence, figure):
    found = readings.share(sampled, evidence)
    figure(f"accepted and right by {evidence}, of 60 deliveries", found, "1", "≥ 0.95")
    assert found >= 0.95


@pytest.mark.shows("shared-model")
def test_no_delivery_is_accepted_in_a_wrong_crs(sampled, figure):
    figure(f"accepted wrongly, of {len(sampled)} deliveries", len(readings.accepted_wrongly(sampled)), "1", "= 0")
    assert readings.accepted_wrongly(sampled) == []


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("evidence", ["nothing", "cluster"])
def test_without_evidence_every_delivery_is_refused(sampled, evidence, figure):
    verdicts = [verdict for kind, _, verdict, _ in sampled if kind == evidence]
    figure(f"refused of {evidence}, of {len(verdicts)} deliveries", verdicts.count(readings.REFUSED), "1")
    assert set(verdicts) == {readings.REFUSED}


@pytest.mark.shows("shared-model")
def test_houses_that_fit_the_next_row_but_lie_farther_off_are_refused(city, figure):
    """A grid of UTM, read as one of three degrees, puts these 144 houses 479 m off, in rows like their own."""
    rng = np.random.default_rng([92, 7, 949])
    places, _, reference = readings.EVIDENCE["everything"](city, rng)
    raw = written(readings.surveyed(places, rng), "EPSG:32648")
    verdict = detect(raw, (), CANDIDATES, reference, STORAGE)
    figure("distance at which they fit better", np.hypot(*away_from(verdict)), "m", "479 in truth")
    np.testing.assert_allclose(away_from(verdict), [-174, 446], atol=4)
    with pytest.raises(RefusedError, match=r"fit better 47. m to the north of where the best reading puts them"):
        verdict.raise_if_unsure()


@pytest.mark.slow
@pytest.mark.shows("shared-model")
def test_ten_thousand_deliveries_come_out_as_the_guide_says(city, figure):
    found = readings.of_the_guide(city)
    figure("deliveries", len(found), "1", "≥ 10,000")
    figure("accepted wrongly", len(readings.accepted_wrongly(found)), "1", "= 0")
    for evidence in readings.TELLING:
        figure(f"accepted and right by {evidence}", readings.share(found, evidence), "1", "≥ 0.95")
    assert readings.accepted_wrongly(found) == []
    assert min(readings.share(found, evidence) for evidence in readings.TELLING) >= 0.95
    assert readings.table_of(readings.GUIDE.read_text(encoding="utf-8")) == readings.tables(found)


# ---------------------------------------------------------------- real wards and streets


@pytest.fixture(scope="session")
def real(shared_data):
    """The wards of Cần Thơ, and the streets and buildings of one of them."""
    wards = gpd.read_file(shared_data / "admin" / "cantho_wards_2025.gpkg")
    named = gpd.GeoDataFrame(wards[["name", "code"]], geometry=stored(wards), crs=STORAGE.code)
    files = {"street": "roads.shp", "building": "building.shp"}
    things = {kind: stored(gpd.read_file(shared_data / "osm" / "ninhkieu" / name)) for kind, name in files.items()}
    # Rural wards of 60 km² and more: who covers a whole one delivers thousands of things.
    return readings.world(things, named, {"street": ("street",), "building": ("building",)}, (1_000, 4_000))


def stored(table):
    """Places of a table in the storage CRS."""
    places = np.asarray(table.geometry[table.geometry.notna()].array, dtype=object)
    return StorageCRS.to_storage(STORAGE, shapely.force_2d(places), table.crs.to_string())


@pytest.mark.slow
@pytest.mark.shows("shared-model")
def test_deliveries_in_real_wards_and_streets_are_told_or_refused_and_never_wrong(real, figure):
    found = readings.outcomes(real, ("ward", "street", "everything", "cluster", "nothing", "unlisted"), 49)
    for evidence in ("ward", "street", "everything"):
        figure(f"accepted and right by {evidence}, real, of 49", readings.share(found, evidence), "1", "≥ 0.95")
    figure(f"accepted wrongly, real, of {len(found)} deliveries", len(readings.accepted_wrongly(found)), "1", "= 0")
    assert readings.accepted_wrongly(found) == []
    assert min(readings.share(found, evidence) for evidence in ("ward", "street", "everything")) >= 0.95
