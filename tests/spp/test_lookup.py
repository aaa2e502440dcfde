"""What applies at a place of the quarter, every figure worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from sdi.errors import Gone, InputError, NotFound
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from spp.lookup import REACH, lookup
from spp.place import Address, Parcel, Point
from tests.spp.quarter import NOTICE, X, Y, build


def number(place: int) -> Parcel:
    """The parcel of a number from 1."""
    return Parcel(f"MP-T007-{place:04d}")


def names(zones) -> list[str]:
    return [one.zone.name.vi for one in zones]


@pytest.mark.shows("first-flood")
def test_a_parcel_in_two_zones_is_told_the_part_of_each(ask):
    answer = ask(number(10))
    found = {one.zone.name.vi: (one.area, one.share) for one in answer.zones}
    assert found["Ô A"] == (pytest.approx(72, abs=0.01), pytest.approx(0.5, abs=1e-4))
    assert found["Ô B"] == (pytest.approx(72, abs=0.01), pytest.approx(0.5, abs=1e-4))
    assert found["Ô chung"] == (pytest.approx(144, abs=0.01), pytest.approx(1, abs=1e-4))
    assert answer.ground.area == pytest.approx(144, abs=0.01)
    assert answer.ground.crs == "EPSG:5897"
    levels = {one.level.en: (one.covered, one.doubled) for one in answer.coverages}
    assert levels["Zoning plan"] == (pytest.approx(1, abs=1e-4), pytest.approx(0, abs=1e-4))
    assert levels["General plan"] == (pytest.approx(1, abs=1e-4), pytest.approx(0, abs=1e-4))


def test_a_sliver_is_left_out_and_counted(ask):
    answer = ask(number(100))
    assert names(answer.zones) == ["Ô A", "Ô B"]
    assert answer.slivers == 1
    assert answer.sliver_area == pytest.approx(0.05 * 12, abs=0.01)


def test_zones_of_two_levels_are_not_folded_into_each_other(ask):
    assert sorted(names(ask(number(1)).zones)) == ["Ô A", "Ô chung"]
    assert names(ask(number(61)).zones) == ["Ô A"]


def test_the_decision_behind_a_zone_is_told_with_what_is_missing(ask):
    zones = {one.zone.name.vi: one.decision for one in ask(number(10)).zones}
    assert (zones["Ô A"].text, zones["Ô A"].date, zones["Ô A"].level.en) == (
        "QĐ 12/QĐ-UBND", "2025-03-31", "Zoning plan",
    )  # fmt: skip
    assert zones["Ô B"].text is None
    assert not any(one.verified for one in zones.values())
    text = ask(number(10)).text("vi")
    assert "Quy hoạch phân khu: QĐ 12/QĐ-UBND, ngày 31/03/2025" in text
    assert "chưa ghi nhận quyết định" in text
    assert "chưa đối chiếu với văn bản" in text


@pytest.mark.shows("first-flood")
def test_depth_is_told_by_return_period_and_by_scenario(ask):
    rare, storm = ask(number(1)).water
    assert (rare.coverage, rare.return_period, rare.title.vi) == ("flood-design-100", 100.0, "Bão thiết kế")
    assert (storm.coverage, storm.return_period) == ("flood-storm", None)
    # 0.2 m in the western half: 0.6 m there and 0.12 m in the other half, times three.
    assert (storm.wet, storm.maximum_depth, storm.mean_depth) == pytest.approx((0.5, 0.2, 0.2), abs=1e-4)
    assert (rare.wet, rare.maximum_depth, rare.mean_depth) == pytest.approx((1.0, 0.6, 0.36), abs=1e-4)
    # Published coordinates are rounded to a millimetre.
    assert storm.level == pytest.approx(1.7, abs=1e-4)
    assert (storm.vertical_datum, storm.datum.en) == ("synthetic", "Synthetic datum")
    assert (storm.hazard, rare.hazard) == (1, 3)
    assert storm.arrival == 1800
    assert (storm.modelled, storm.standing) == pytest.approx((1, 0), abs=1e-4)


def test_the_canal_is_no_flood_and_the_corner_of_its_cell_none_on_the_neighbour(ask):
    _, canal = ask(number(6)).water
    assert canal.standing == pytest.approx(1, abs=1e-4)
    assert canal.maximum_depth is None
    assert "mặt nước sẵn có" in ask(number(6)).text("vi")
    _, beside = ask(number(5)).water
    assert (beside.standing, beside.wet) == (0, 0)
    assert beside.maximum_depth == pytest.approx(0.04)


def test_what_the_run_does_not_know_is_not_modelled(ask):
    for place in (10, 91):
        _, storm = ask(number(place)).water
        assert (storm.modelled, storm.maximum_depth) == (0, None)
    assert "not modelled" in ask(number(91)).text("en")


def test_notices_of_everything_used_are_told_once(ask):
    known = ask(number(1)).notices
    assert [one.vi for one in known] == ["Dữ liệu mô phỏng để thử nghiệm.", NOTICE.vi]
    assert [one.vi for one in ask(number(91)).notices] == ["Dữ liệu mô phỏng để thử nghiệm."]


def test_the_nearest_of_each_network_within_reach_is_told_with_its_distance(ask):
    found = ask(number(1)).networks
    assert [(one.network.en, one.what.en, round(one.distance, 2)) for one in found] == [
        ("Drainage network", "Manhole", 5.0),
        ("Water network", "Pipe", 20.0),
    ]
    assert ask(number(1)).reach == REACH == 50
    assert ask(number(95)).networks == ()


def test_a_parcel_across_a_ward_boundary_is_in_both(ask):
    found = {one.ward.name.en: one.share for one in ask(number(10)).wards}
    assert found == {"Ben Do Ward": pytest.approx(0.5, abs=1e-4), "Con Ward": pytest.approx(0.5, abs=1e-4)}


def test_the_risk_of_the_house_on_the_parcel_and_of_its_ward_is_told(ask):
    answer = ask(number(1))
    assert [one.entity.kind for one in answer.risks] == ["building", "administrative_unit"]
    said = {fact.name: fact.value for fact in answer.risks[0].facts}
    assert said["expected_annual_damage"] == 1234
    text = answer.text("vi")
    assert "Thiệt hại dự kiến hằng năm 1.234\u00a0EUR" in text
    assert "100 năm: 20.000\u00a0EUR" in text
    assert [one.entity.kind for one in ask(number(2)).risks] == ["administrative_unit"]


def test_an_answer_says_when_it_was_given_and_from_which_state(ask, published):
    answer = ask(number(1))
    assert (answer.answered, answer.transaction) == ("2026-11-21T12:00:00Z", published.sequence)
    assert answer.transaction > 0


def test_a_document_is_plain_json_in_both_languages(ask):
    document = json.loads(json.dumps(ask(number(1)).document()))
    assert document["zones"][0]["decision"]["verified"] is False
    assert document["water"][1]["title"] == {"vi": "Bão", "en": "Storm"}
    assert document["ground"]["parcel"]["kind"] == "parcel"


def test_a_parcel_is_known_by_code_by_identifier_and_by_sheet_and_number(ask):
    by_code = ask(number(12))
    eid = by_code.ground.parcel.eid
    for text in (eid, "7/12", "tờ 7 thửa 12", "mp-t007-0012"):
        assert ask(Parcel(text)).ground.parcel.eid == eid


def test_two_parcels_of_one_number_are_candidates_and_no_answer(ask):
    answer = ask(Parcel("7/99"))
    assert [one.parcel.code for one in answer.candidates] == ["MP-T007-0099", "MP-T007-0100"]
    assert (answer.ground, answer.zones, answer.water, answer.matched) == (None, (), (), 2)
    assert "MP-T007-0100" in answer.text("vi")


@pytest.mark.parametrize(
    "text",
    [
        "3 Đường Nguyễn Trãi",
        "3 nguyen trai",
        "số 3, đường Nguyễn Trãi",
        "NGUYEN TRAI 3",
        "3 Nguyễn Trãi, Phường Bến Đò",
    ],
)
def test_an_address_is_found_whatever_the_spelling(ask, text):
    answer = ask(Address(text))
    assert answer.ground is not None
    assert answer.ground.parcel.code == "MP-T007-0003"


@pytest.mark.parametrize("text", ["13 Hẻm Mỹ Thuận", "13 hem mi thuan", "13 hẻm Mĩ Thuận", "13 hẻm Mỹ Thuân"])
def test_an_address_is_found_with_i_for_y_and_without_tones(ask, text):
    assert ask(Address(text)).ground.parcel.code == "MP-T007-0013"


def test_an_address_with_a_word_more_is_another_place(ask):
    """«13 Mỹ Thuận» is not «13 Hẻm Mỹ Thuận»: it is offered, not taken."""
    answer = ask(Address("13 Mỹ Thuận"))
    assert answer.ground is None
    assert answer.candidates[0].address == "13 Hẻm Mỹ Thuận"


def test_a_street_without_a_number_gives_its_parcels_in_order(ask):
    answer = ask(Address("đường Nguyễn Trãi"))
    assert [one.address.split()[0] for one in answer.candidates] == [str(one) for one in [*range(1, 10), 10]]
    assert answer.matched == 10
    assert answer.candidates[0].ward.vi == "Phường Bến Đò"


def test_a_number_that_the_street_does_not_have_is_never_guessed(ask):
    answer = ask(Address("777 Nguyễn Trãi"))
    assert answer.ground is None
    assert answer.matched == 10
    assert "gần giống" in answer.understood.vi


def test_more_candidates_than_fit_are_counted(ask):
    answer = ask(Address("Trần Hưng Đạo"))
    assert (len(answer.candidates), answer.matched) == (20, 80)
    assert "20 thửa đầu tiên trong 80" in answer.text("vi")


def degrees(quarter, x: float, y: float) -> tuple[float, float]:
    point = quarter.crs.to_crs84(np.array([shapely.Point(x, y)]))[0]
    return point.x, point.y


def test_a_spot_is_read_in_degrees_or_metres_in_either_order(ask, quarter):
    lon, lat = degrees(quarter, X + 30, Y + 6)
    for x, y, swapped in ((lon, lat, False), (lat, lon, True), (X + 30, Y + 6, False), (Y + 6, X + 30, True)):
        answer = ask(Point(x, y))
        assert answer.ground.parcel.code == "MP-T007-0003"
        assert ("swapped" in answer.understood.en) is swapped
        assert (answer.ground.easting, answer.ground.northing) == pytest.approx((X + 30, Y + 6), abs=0.01)


def test_a_spot_without_a_parcel_is_answered_for_itself(ask):
    answer = ask(Point(X - 10, Y - 10))
    assert answer.ground.parcel is None
    assert answer.ground.area is None
    assert [(one.zone.name.vi, one.area, one.share) for one in answer.zones] == [("Ô chung", None, None)]
    assert [one.modelled for one in answer.water] == [0, 0]
    assert "chỉ nói về điểm đó" in answer.text("vi")


def test_a_spot_on_two_parcels_names_both_and_answers_for_itself(ask):
    answer = ask(Point(X + 111, Y + 110))
    assert [one.parcel.code for one in answer.candidates] == ["MP-T007-0100", "MP-T007-0101"]
    assert answer.ground.parcel is None
    assert names(answer.zones) == ["Ô A"]


def test_a_spot_outside_the_city_is_refused_with_what_is_expected(ask):
    with pytest.raises(NotFound, match=r"longitude 105\.\d+ to 105\.\d+") as error:
        ask(Point(2.35, 48.85))
    assert error.value.code == "place-outside"
    assert error.value.details["west"] == pytest.approx(105.71, abs=0.01)


@pytest.mark.parametrize("text", ["MP-T007-9999", "99/1", "' OR 1=1 --", '"; DROP TABLE parcels; --', "%", "*", "\x00"])
def test_an_unknown_parcel_is_said_to_be_unknown_whatever_stands_in_it(ask, text):
    with pytest.raises(NotFound, match="is published") as error:
        ask(Parcel(text))
    assert error.value.code == "parcel-unknown"


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "x' OR '1'='1", "đ" * 200, "🏠", "- - -", "7", "số 7"])
def test_an_address_that_is_none_is_said_to_be_unknown(ask, text):
    with pytest.raises(NotFound) as error:
        ask(Address(text))
    assert error.value.code == "address-unknown"


def test_a_parcel_that_ended_says_so(tmp_path):
    workspace = build(tmp_path)
    registry = workspace.registry()
    register = registry.register("parcel")
    eid = register.list()[0]
    with registry.transaction(actor="test", reason="merged") as tx:
        register.retire(eid, tx, valid_from="2026-01-02")
    projector.refresh(workspace, registry)
    registry.close()
    publication = Publication.open(workspace.publication_path("public"))
    with pytest.raises(Gone, match="ended on 2026-01-02"):
        lookup(publication, workspace.rasters, Parcel(eid), crs=workspace.crs)
    publication.close()


def test_an_address_of_before_the_street_was_renamed_finds_its_parcel(tmp_path):
    workspace = build(tmp_path)
    registry = workspace.registry()
    register = registry.register("parcel")
    with registry.transaction(actor="test", reason="renamed") as tx:
        register.change(register.list()[2], {"address": "5 Đường Mới"}, tx, valid_from="2026-01-02")
    projector.refresh(workspace, registry)
    registry.close()
    publication = Publication.open(workspace.publication_path("public"))
    answer = lookup(publication, workspace.rasters, Address("3 Đường Nguyễn Trãi"), crs=workspace.crs)
    assert answer.ground.parcel.code == "MP-T007-0003"
    assert answer.understood.vi == "địa chỉ cũ của thửa MP-T007-0003 (5 Đường Mới)"
    now = lookup(publication, workspace.rasters, Address("5 Đường Mới"), crs=workspace.crs)
    assert now.ground.parcel.code == "MP-T007-0003"
    publication.close()


def test_numbers_are_written_as_the_language_does(ask):
    vi, en = ask(number(1)).text("vi"), ask(number(1)).text("en")
    assert "0,60\u00a0m" in vi
    assert "0.60\u00a0m" in en
    assert "50\u00a0%" in vi


def test_a_refused_place_is_an_input_error():
    with pytest.raises(InputError):
        Parcel("")
