"""A register knows every thing of one kind and its history."""

import numpy as np
import pytest
import shapely

from sdi.crs import StorageCRS
from sdi.declaration import LocationRule
from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError, NotInRegister, RefusedError
from sdi.place import location
from sdi.recording import Batch

HERE = shapely.Point(584_000, 1_109_000)
THERE = shapely.Point(584_002, 1_109_000)
SURVEY = Accuracy(0.02, method="survey_gnss_rtk")

pytestmark = pytest.mark.both_stores


def add(registry, count=1, **columns):
    """Add benches in a row along the canal."""
    values = {"seats": [4] * count, "inspector": ["An"] * count, **columns.pop("values", {})}
    geometry = shapely.points([[584_000 + 10 * number, 1_109_000] for number in range(count)])
    batch = Batch(
        values=values, geometry=geometry, valid_from="2020-01-01", accuracy=Accuracy(5, method="photo"), **columns
    )
    with registry.transaction("test", "add") as tx:
        return registry.register("bench").add(batch, tx)


def write(registry, verb, *arguments, **options):
    """Use one verb in a transaction of its own."""
    with registry.transaction("test", verb) as tx:
        getattr(registry.register("bench"), verb)(*arguments, tx=tx, **options)


def test_what_was_added_is_found_with_codes_names_and_place(registry):
    eid = add(registry, identifiers={"bench-tag": ["B1"]}, names={"vi": ["Ghế bên cầu"]})[0]
    found = registry.register("bench").find(eid)
    assert (found.status, found.values["seats"], found.values["wood"]) == ("active", 4, None)
    assert found.identifiers == {"bench-tag": "B1"}
    assert found.names == {"vi": "Ghế bên cầu"}
    assert found.geometry == HERE
    assert found.accuracy == Accuracy(5, method="photo")


def test_an_empty_batch_adds_nothing_and_leaves_no_transaction(registry):
    before = registry.last_tx
    with registry.transaction("test", "nothing") as tx:
        assert registry.register("bench").add(Batch(), tx) == []
    assert registry.last_tx == before


def test_a_change_keeps_what_held_before(registry):
    eid = add(registry)[0]
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-07-01")
    bench = registry.register("bench")
    assert bench.find(eid, valid="2025-06-30").values["seats"] == 4
    assert bench.find(eid, valid="2025-07-01").values["seats"] == 6
    assert bench.find(eid).values["inspector"] == "An"


def test_a_correction_changes_the_past_but_not_what_we_knew(registry):
    eid = add(registry)[0]
    known = registry.last_tx
    write(registry, "correct", eid, values={"seats": 5})
    bench = registry.register("bench")
    assert bench.find(eid, valid="2020-06-01").values["seats"] == 5
    assert bench.find(eid, valid="2020-06-01", recorded=known).values["seats"] == 4


def test_a_backdated_change_after_a_newer_fact_leaves_no_gap_and_no_overlap(registry):
    eid = add(registry)[0]
    write(registry, "change", eid, {"seats": 8}, valid_from="2025-01-01")
    write(registry, "change", eid, {"seats": 6}, valid_from="2023-01-01")
    bench = registry.register("bench")
    dates = ["2020-01-01", "2022-12-31", "2023-01-01", "2024-12-31", "2025-01-01"]
    assert [bench.find(eid, valid=date).values["seats"] for date in dates] == [4, 4, 6, 6, 8]


def test_a_moved_thing_is_the_same_thing_at_another_place(registry):
    eid = add(registry)[0]
    write(registry, "move", eid, THERE, valid_from="2024-01-01", accuracy=SURVEY)
    bench = registry.register("bench")
    assert bench.find(eid, valid="2023-12-31").geometry == HERE
    assert bench.find(eid).geometry == THERE
    assert bench.find(eid).location == bench.find(eid, valid="2023-12-31").location


def test_a_resurvey_corrects_the_place_for_all_its_time_and_an_old_run_still_sees_the_old_one(registry):
    eid = add(registry)[0]
    known = registry.last_tx
    write(registry, "correct", eid, geometry=THERE, accuracy=SURVEY)
    bench = registry.register("bench")
    assert bench.find(eid, valid="2020-01-01").geometry == THERE
    assert bench.find(eid, valid="2020-01-01", recorded=known).geometry == HERE
    assert bench.find(eid).valid == bench.find(eid, recorded=known).valid


def test_a_retired_thing_is_not_listed_answers_for_ever_and_is_not_brought_back(registry):
    eid, other = add(registry, 2)
    write(registry, "retire", eid, valid_from="2025-01-01")
    bench = registry.register("bench")
    assert bench.list() == [other]
    assert bench.list(valid="2024-12-31") == [eid, other]
    assert bench.find(eid).status == "retired"
    with pytest.raises(ConflictError, match="not brought back"):
        write(registry, "change", eid, {"seats": 2}, valid_from="2025-02-01")
    with pytest.raises(ConflictError, match="not brought back"):
        write(registry, "retire", eid, valid_from="2025-02-01")


def test_a_thing_does_not_end_before_it_began_and_keeps_its_life(registry):
    (eid,) = add(registry)
    before = registry.last_tx
    with pytest.raises(InputError, match=r"known since 2020-01-01 and cannot end on 2010-01-01.* void it"):
        write(registry, "retire", eid, valid_from="2010-01-01")
    assert registry.last_tx == before
    assert registry.register("bench").find(eid, valid="2021-01-01").status == "active"


def test_a_thing_nobody_knows_is_not_withdrawn(registry):
    before = registry.last_tx
    with pytest.raises(NotInRegister, match="no bench"):
        write(registry, "restrict", "0190b0f0-0000-7000-8000-000000000000")
    assert registry.last_tx == before


def test_a_code_in_use_is_refused_and_nothing_is_written(registry):
    add(registry, identifiers={"bench-tag": ["B1"]})
    before = registry.root_hash
    with pytest.raises(ConflictError, match="b1"):
        add(registry, 2, identifiers={"bench-tag": ["B2", "b1"]})
    assert registry.root_hash == before
    assert len(registry.register("bench")) == 1


def test_a_thing_is_found_by_the_code_it_carried(registry):
    eid = add(registry, identifiers={"bench-tag": ["B17"]})[0]
    assert registry.register("bench").find_by("bench-tag", " b17 ").eid == eid
    with pytest.raises(NotInRegister):
        registry.register("bench").find_by("bench-tag", "B17", valid="2019-12-31")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"seats": [0]}, "seats, row 0: 0 lies below 1"),
        ({"seats": [2.5]}, "not a whole number"),
        ({"seats": [None]}, "required"),
        ({"seats": [float("nan")]}, "required"),
        ({"seats": ["many"]}, "seats, row 0"),
        ({"wood": ["yes"]}, "neither true nor false"),
        ({"set_up": ["2025-02-30"]}, "set_up, row 0"),
        ({"colour": ["red"]}, "no field 'colour'"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_field_and_row(registry, values, expected):
    with pytest.raises(InputError, match=expected):
        add(registry, values=values)
    assert len(registry.register("bench")) == 0


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geometry-missing"),
        (shapely.Point(), "geometry-missing"),
        (shapely.Point(float("nan"), 1), "geometry-not-finite"),
        (shapely.box(0, 0, 1, 1), "geometry-type"),
    ],
)
def test_a_place_that_does_not_fit_is_refused(registry, geometry, code):
    batch = Batch(values={"seats": [4]}, geometry=np.array([geometry], dtype=object))
    with pytest.raises(InputError) as caught, registry.transaction("test", "add") as tx:
        registry.register("bench").add(batch, tx)
    assert caught.value.code == code


def test_what_nobody_recorded_is_not_found_with_a_hint(registry):
    with pytest.raises(NotInRegister, match="recorded later or elsewhere"):
        registry.register("bench").find("019b76da-a800-7000-b5b1-65224a58b791")
    with pytest.raises(NotInRegister, match="no register"):
        registry.register("bank")


def test_things_that_share_a_location_move_together(registry):
    first, second = add(registry, 2)
    lid = registry.register("bench").find(first).location
    with registry.transaction("test", "share") as tx:
        row = registry.store.select("SELECT row FROM locates WHERE eid = ?", (second,))[0][0]
        tx.close("locates", [row])
        tx.insert(
            "locates",
            ("eid", "lid", "role", "valid_from", "tx_from"),
            [(second, lid, "site", "2020-01-01T00:00:00Z", tx.number)],
        )
    write(registry, "move", first, THERE, valid_from="2024-01-01", accuracy=SURVEY)
    assert registry.register("bench").find(second).geometry == THERE
    changed = registry.store.select("SELECT DISTINCT eid FROM outbox WHERE tx_from = ?", (registry.last_tx,))
    assert {row[0] for row in changed} == {first, second}


def test_a_bad_place_is_named_by_its_own_row_where_others_have_none():
    crossed = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(InputError, match="row 2 has an invalid geometry"):
        location.check(
            np.array([None, None, crossed], dtype=object),
            LocationRule("site", "Any", required=False),
            StorageCRS("EPSG:5897"),
        )


def test_a_place_that_could_never_be_published_is_refused_when_it_is_recorded(registry):
    far = Batch(values={"seats": [4]}, geometry=shapely.points([[1e12, 1e12]]))
    with pytest.raises(RefusedError, match="cannot be expressed"), registry.transaction("test", "add") as tx:
        registry.register("bench").add(far, tx)
    eid = add(registry)[0]
    for nowhere in (shapely.Point(1e12, 1e12), shapely.Point(), None):
        with pytest.raises(InputError):
            write(registry, "move", eid, nowhere, valid_from="2024-01-01", accuracy=SURVEY)


def test_a_place_is_not_corrected_without_saying_how_exact_it_is(registry):
    eid = add(registry)[0]
    with pytest.raises(InputError, match="how exact"):
        write(registry, "correct", eid, geometry=THERE)


def test_a_thing_does_not_change_before_anything_is_known_of_it(registry):
    eid = add(registry)[0]
    with pytest.raises(NotInRegister, match="at 2015-01-01"):
        write(registry, "change", eid, {"seats": 8}, valid_from="2015-01-01")


def test_a_name_changes_from_a_date_on_and_is_corrected_for_all_its_time(registry):
    eid = add(registry, names={"vi": ["Ghế cũ"]})[0]
    write(registry, "change", eid, {}, valid_from="2024-01-01", names={"vi": "Ghế mới"})
    bench = registry.register("bench")
    assert bench.find(eid, valid="2023-12-31").names == {"vi": "Ghế cũ"}
    assert bench.find(eid).names == {"vi": "Ghế mới"}
    write(registry, "correct", eid, names={"vi": "Ghế mới toanh"})
    assert bench.find(eid, valid="2024-06-01").names == {"vi": "Ghế mới toanh"}
    assert bench.find(eid, valid="2023-12-31").names == {"vi": "Ghế cũ"}
    with pytest.raises(InputError, match="no names in 'fr'"):
        write(registry, "change", eid, {}, valid_from="2025-01-01", names={"fr": "Banc"})


def test_a_code_passes_to_another_thing_once_the_first_has_ended(registry):
    first, second = add(registry, 2, identifiers={"bench-tag": ["B17", None]})
    with pytest.raises(ConflictError, match="B17"):
        write(registry, "change", second, {}, valid_from="2024-01-01", identifiers={"bench-tag": "B17"})
    write(registry, "retire", first, valid_from="2023-06-01")
    write(registry, "change", second, {}, valid_from="2024-01-01", identifiers={"bench-tag": "B17"})
    bench = registry.register("bench")
    assert bench.find_by("bench-tag", "B17", valid="2023-05-31").eid == first
    assert bench.find_by("bench-tag", "B17").eid == second
    with pytest.raises(NotInRegister):
        bench.find_by("bench-tag", "B17", valid="2023-07-01")


def test_a_planned_thing_becomes_active_and_only_retire_ends_it(registry):
    eid = add(registry, status="planned")[0]
    write(registry, "change", eid, {}, valid_from="2022-01-01", status="active")
    bench = registry.register("bench")
    assert [bench.find(eid, valid=day).status for day in ("2021-12-31", "2022-01-01")] == ["planned", "active"]
    with pytest.raises(InputError, match="retire"):
        write(registry, "change", eid, {}, valid_from="2023-01-01", status="retired")


def test_a_table_says_of_all_things_what_find_says_of_each(registry):
    eids = add(registry, 4, values={"seats": [2, 3, 4, 5]})
    write(registry, "change", eids[1], {"seats": 6}, valid_from="2025-07-01")
    write(registry, "move", eids[2], THERE, valid_from="2025-07-01", accuracy=SURVEY)
    write(registry, "retire", eids[3], valid_from="2025-07-01")
    bench = registry.register("bench")
    for moment in (None, "2025-06-30"):
        table = bench.table("seats", "wood", valid=moment)
        found = [bench.find(eid, valid=moment) for eid in bench.list(valid=moment)]
        assert table.eids == tuple(one.eid for one in found)
        assert table.values == {name: [one.values[name] for one in found] for name in ("seats", "wood")}
        assert table.geometry.tolist() == [one.geometry for one in found]
    assert len(bench.table()) == 3
    with pytest.raises(InputError, match="has no field 'colour'; it has"):
        bench.table("colour")


def test_a_table_of_an_empty_register_has_no_rows(registry):
    table = registry.register("bench").table("seats")
    assert (len(table), table.values, table.geometry.tolist()) == (0, {"seats": []}, [])
