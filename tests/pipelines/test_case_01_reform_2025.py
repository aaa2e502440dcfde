"""Case 1: the reform of 2025, from the real tables, read in place.

Load the 263 → 103 lists: `31135@2025-06-30` ≠ `31135@2025-07-01`; "Tân An" returns two units with dates; 0 rows joined
by bare code. With it the real side of cases 2 and 3: what is known of the three divided units, and a figure of every
unit over the reform.
"""

from __future__ import annotations

import csv
import json
import math
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from catalogs import packaged
from pipelines import find, ingest
from pipelines.reform import enactment, reform_file
from pipelines.server.composition import compose
from sdi.errors import RefusedError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.lineage import succession
from sdi.lineage.reexpression import reexpress
from sdi.place import containment
from sdi.settings import Settings
from sdi.text import tone_alias
from sdi.workspace import Workspace
from tests.conftest import STORES

CITY = packaged() / "cities" / "cantho"
DAY, EVE, KIND, SCHEME = "2025-07-01", "2025-06-30", "administrative_unit", "vn-gso-ward"
NSO, SECOND, PRESS, CENSUS = "nso-conversion-2025", "vietnamadminunits-2025", "press-2025", "census-2009-overlay"
HASHES: list[str] = []
"""What the stores came to."""
DIVIDED = {"31178": {"31120", "31168"}, "31183": {"31150", "31183"}, "31207": {"31207", "31228"}}


@pytest.fixture(scope="module", params=STORES)
def city(request, tmp_path_factory):
    """Return the empty real city, its registry in a file or in a database."""
    folder = tmp_path_factory.mktemp("reform")
    kept = f"store: {request.getfixturevalue('cluster').database()}\n" if request.param == "postgis" else ""
    description = folder / "workspace.yaml"
    description.write_text((CITY / "workspace.yaml").read_text(encoding="utf-8") + kept, encoding="utf-8")
    return Workspace.make(folder / "city", description, packaged())


@pytest.fixture(scope="module")
def real(city, shared_data):
    """Return its registry after the map was loaded and the reform recorded, and what the reform did."""
    with closing(city.registry(clock=Clock.fixed(), ids=Ids.seeded(92))) as registry:
        ingest.run(registry.catalog.read_entries(CITY)["cantho-wards-2025"], city, registry, shared_data)
        described = reform_file.read(CITY / "reforms" / "cantho-2025.yaml")
        yield registry, enactment.run(described, city, registry, shared_data)


@pytest.fixture(scope="module")
def official(shared_data):
    """Pairs of old and new code with the remark of the official table, read here by other means."""
    path = shared_data / "admin" / "nso_conversion_table_2025-07.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {(row[4], row[2]): row[5] for row in csv.reader(file) if row[0] == "Thành phố Cần Thơ (92)"}


def unit(registry, code, at):
    """Identifier of the one unit that carried a code at a date."""
    (found,) = registry.resolve_code(SCHEME, code, at)
    return found.eid


def called(registry, eid, at=None):
    return registry.register(KIND).find(eid, valid=at).names["vi"]


def pairs(registry, source):
    """Pairs of old and new code by which a source was recorded."""
    old = {unit(registry, code, EVE): code for code in codes(registry, EVE)}
    new = {unit(registry, code, DAY): code for code in codes(registry, DAY)}
    said = (step for step in registry.lineage.told(old, "parent") if step.source == source)
    return {(old[step.parent], new[step.child]) for step in said}


def communes(registry, at):
    """Units of the lowest level in force at a date."""
    table = registry.register(KIND).table("level", valid=at)
    return [eid for eid, level in zip(table.eids, table.values["level"], strict=True) if level == "commune"]


def codes(registry, at):
    """Codes of all units of the lowest level in force at a date."""
    register = registry.register(KIND)
    return {register.find(eid, valid=at).identifiers[SCHEME] for eid in communes(registry, at)}


def around(registry, eid, at=None):
    """Names of what contained a unit at a date, the nearest first."""
    return [called(registry, one, at or EVE) for one in containment.around(registry, eid, at)]


@pytest.mark.shows("shared-model")
def test_case_1_a_code_names_another_unit_on_the_next_day(real, figure):
    """Load the 263 and 103 lists: 31135 on 2025-06-30 is not 31135 on 2025-07-01."""
    registry, done = real
    before, after = codes(registry, EVE), codes(registry, DAY)
    figure("units on 30 June 2025", len(before), bound="263")
    figure("units on 1 July 2025", len(after), bound="103")
    assert (len(before), len(after), done.unchanged) == (263, 103, 8)
    old, new = unit(registry, "31135", EVE), unit(registry, "31135", DAY)
    assert old != new
    assert [called(registry, old, EVE), called(registry, new, DAY)] == ["Tân An", "Ninh Kiều"]


@pytest.mark.shows("shared-model")
def test_case_1_a_name_answers_two_units_with_their_dates(real):
    """«Tân An» returns two units with dates."""
    registry, _ = real
    found = registry.resolve_name("Tân An", kind=KIND)
    assert all(match.ambiguous for match in found)
    assert len(found) == 2
    assert {(match.eid, match.valid_from[:10]) for match in found} == {
        (unit(registry, "31135", EVE), "0001-01-01"), (unit(registry, "31147", DAY), DAY),
    }  # fmt: skip
    assert {match.eid for match in registry.resolve_name("tan an", EVE, kind=KIND)} == {unit(registry, "31135", EVE)}
    assert {match.eid for match in registry.resolve_name("tan an", DAY, kind=KIND)} == {unit(registry, "31147", DAY)}


@pytest.mark.shows("shared-model")
def test_case_1_no_row_is_joined_by_bare_code(real, official, figure):
    """0 rows joined by bare code."""
    registry, _ = real
    stated = {pair for pair, remark in official.items() if remark != "Giữ nguyên"}
    recorded = pairs(registry, NSO)
    figure("rows of lineage that the official table does not state", len(recorded - stated), bound="0")
    assert recorded == stated
    new = codes(registry, DAY)
    wrong = {old for old, _ in official if old in new and {n for o, n in official if o == old} != {old}}
    lost = {old for old, _ in official if old not in new}
    figure("old units that a join by bare code would give to the wrong unit", len(wrong), bound="> 0")
    figure("old units that it would lose", len(lost), bound="> 0")
    assert "31135" not in wrong  # went to the unit that carries its code, which bears another name
    assert {"31183", "31207"} <= wrong
    assert len(lost) == 263 - 103


@pytest.mark.shows("shared-model")
def test_330_people_and_183_hectares_are_what_the_press_says_of_one_division(real):
    registry, _ = real
    parent = unit(registry, "31178", EVE)
    said = {step.child: step for step in registry.lineage.steps(parent) if step.source == PRESS}
    moved, rest = (said[unit(registry, code, DAY)] for code in ("31120", "31168"))
    assert called(registry, parent, EVE) == "Bùi Hữu Nghĩa"
    assert called(registry, moved.child) == "Cái Khế"
    assert (moved.population, moved.area_m2, moved.decision) == (330, 1_830_000, "1668/NQ-UBTVQH15")
    assert (moved.population_share, moved.area_share) == (None, None)
    assert (rest.population, rest.area_m2) == (None, None)


@pytest.mark.shows("shared-model")
def test_the_three_divided_units_resolve_to_both_successors(real, official):
    registry, _ = real
    divided = {old for (old, _), remark in official.items() if remark == "Nhập một phần"}
    assert divided == set(DIVIDED)
    for old, new in DIVIDED.items():
        expected = {unit(registry, code, DAY) for code in new}
        assert {heir.eid for heir in registry.resolve(unit(registry, old, EVE))} == expected
    cai_khe = {called(registry, heir.eid, EVE) for heir in registry.resolve(unit(registry, "31120", DAY), EVE)}
    assert cai_khe == {"Cái Khế", "An Hòa", "Bùi Hữu Nghĩa"}


@pytest.mark.shows("shared-model")
def test_shares_that_nobody_states_are_unknown_and_by_the_map_of_2009_only_estimated(real, figure):
    registry, _ = real
    for old in DIVIDED:
        eid = unit(registry, old, EVE)
        stated = registry.resolve(eid, sources=(NSO, PRESS, SECOND))
        assert {(one.certainty, one.area_share, one.population_share) for one in stated} == {("unknown", None, None)}
        guessed = registry.resolve(eid)
        assert {(one.certainty, one.population_share) for one in guessed} == {("estimated", None)}
        total = math.fsum(one.area_share for one in guessed)
        figure(f"area shares of {called(registry, eid)} by the map of 2009, summed", total, bound="1 ± 1e-6")
        assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.shows("shared-model")
def test_the_map_of_2009_never_states_anything(real):
    registry, done = real
    laid = [step for eid in communes(registry, EVE) for step in registry.lineage.steps(eid)
            if step.source == CENSUS]  # fmt: skip
    assert len(laid) == done.steps[CENSUS] > 0
    assert {step.method for step in laid} == {"overlay"}
    assert not any(CENSUS in (conflict.one[0], conflict.other[0]) for conflict in done.conflicts)


@pytest.mark.shows("shared-model")
def test_known_shares_of_every_old_unit_sum_to_one(real, figure):
    registry, _ = real
    worst = 0.0
    for eid in communes(registry, EVE):
        for name in ("area_share", "population_share"):
            known = [getattr(heir, name) for heir in registry.resolve(eid)]
            if None not in known:
                worst = max(worst, abs(math.fsum(known) - 1))
    figure("largest distance of the known shares of a unit from 1", worst, bound="≤ 1e-6")
    assert worst <= 1e-6


@pytest.mark.shows("shared-model")
def test_rows_on_which_the_two_tables_differ_are_listed_with_both_values(real, shared_data, official, figure):
    registry, done = real
    with (shared_data / "admin" / "lineage_old_to_new_wards.csv").open(encoding="utf-8-sig", newline="") as file:
        second = {
            (f"{float(row['wardCode']):05.0f}", row["newWardCode"])
            for row in csv.DictReader(file)
            if row["newProvinceCode"] == "92"
        }
    figure("rows of the official table", len(official), bound="266")
    figure("rows of the second table", len(second), bound="282")
    more = second - set(official)
    found = {
        (registry.register(KIND).find(one.parent, valid=EVE).identifiers[SCHEME],
         registry.register(KIND).find(one.child, valid=DAY).identifiers[SCHEME]): (one.one, one.other)
        for one in done.conflicts if one.what == "child" and SECOND in (one.one[0], one.other[0])
        and NSO in (one.one[0], one.other[0])
    }  # fmt: skip
    figure("rows that only the second table has, listed as conflicts", len(found), bound="16")
    assert set(found) == more
    assert len(more) == 282 - 266 == 16
    for (_, new), (mine, theirs) in found.items():
        assert (mine, theirs) == ((NSO, None), (SECOND, unit(registry, new, DAY)))
    verbs = {(one.one, one.other) for one in done.conflicts if one.what == "verb"}
    assert verbs == {((NSO, "merge"), (SECOND, "split"))}


@pytest.mark.shows("shared-model")
def test_the_map_of_2009_does_not_bear_out_what_only_the_second_table_says(real, official, figure):
    registry, _ = real
    only = pairs(registry, SECOND) - set(official)
    parts = {
        (step.parent, step.child): step.area_share
        for old, _ in only
        for step in registry.lineage.steps(unit(registry, old, EVE))
        if step.source == CENSUS
    }
    found = [parts[unit(registry, old, EVE), unit(registry, new, DAY)] for old, new in only]
    figure("largest part of an old unit that lies where only the second table puts it", max(found), bound="< 0.02")
    assert max(found) < 0.02


@pytest.mark.shows("shared-model")
def test_a_figure_of_every_old_unit_keeps_its_total_over_the_reform_and_says_what_is_estimated(real, figure):
    registry, _ = real
    values = {eid: 1000.1 + at for at, eid in enumerate(communes(registry, EVE))}
    with pytest.raises(RefusedError) as refused:
        reexpress(registry, values, EVE, DAY, weight="population")
    missing = {parent for parent, _ in refused.value.details["missing"]}
    assert missing == {unit(registry, code, EVE) for code in DIVIDED}
    said = reexpress(registry, values, EVE, DAY, weight="area")
    total = math.fsum(values.values())
    drift = abs(math.fsum(said.values.values()) - total) / total
    figure("drift of the city's total over the reform", drift, bound="≤ 1e-9")
    assert drift <= 1e-9
    assert said.estimated == {unit(registry, code, DAY) for new in DIVIDED.values() for code in new}
    whole = ("31123", "31135", "31144")  # Thới Bình, Tân An, Xuân Khánh
    assert said.values[unit(registry, "31135", DAY)] == math.fsum(values[unit(registry, code, EVE)] for code in whole)


@pytest.mark.shows("shared-model")
def test_330_people_move_and_the_rest_of_the_three_divided_units_is_unknown(real, figure):
    """Bùi Hữu Nghĩa's 330 people move, not its area share; of the other two nothing is shared out."""
    registry, _ = real
    parent, moved, rest = (unit(registry, *asked) for asked in (("31178", EVE), ("31120", DAY), ("31168", DAY)))
    heirs = {heir.eid: heir for heir in registry.resolve(parent)}
    assert (heirs[moved].people, heirs[moved].area_m2, heirs[rest].people) == (330, 1_830_000, None)
    assert PRESS in heirs[moved].sources
    people = dict.fromkeys(communes(registry, EVE), 10_000)
    said = reexpress(registry, people, EVE, DAY, weight="population", counted="people", partial=True)
    whole = sum(step.area_share == 1 for step in registry.lineage.told([moved], "child") if step.source == NSO)
    figure("people of Bùi Hữu Nghĩa who go over to Cái Khế", said.values[moved] - 10_000 * whole, bound="330")
    assert whole == 2  # An Hòa and the old Cái Khế
    assert said.values[moved] == 20_330
    unknown = {unit(registry, code, EVE) for code in DIVIDED} - {parent}
    assert said.unshared == dict.fromkeys(unknown, 10_000)
    assert said.incomplete == {
        unit(registry, code, DAY) for old, new in DIVIDED.items() if old != "31178" for code in new
    }  # fmt: skip
    assert math.fsum(said.values.values()) + 20_000 == 2_630_000


@pytest.mark.shows("shared-model")
def test_an_old_ward_has_its_district_and_province_and_both_have_ended(real, city, capsys, figure):
    registry, done = real
    figure("districts and provinces that ended", done.above, bound="28 + 3")
    assert done.above == 28 + 3
    assert around(registry, unit(registry, "31135", EVE)) == ["Quận Ninh Kiều", "Thành phố Cần Thơ"]
    lasting = unit(registry, "31810", DAY)  # Lai Hòa went on as it was
    assert around(registry, lasting, EVE) == ["Thị xã Vĩnh Châu", "Tỉnh Sóc Trăng"]
    assert around(registry, lasting, DAY) == ["Thành phố Cần Thơ"]
    (soc_trang,), (now,) = (registry.resolve_code("vn-gso-prov", *asked) for asked in (("94", EVE), ("92", DAY)))
    assert [heir.eid for heir in registry.resolve(soc_trang.eid)] == [now.eid]
    assert len(containment.parts(registry, now.eid)) == 103


@pytest.mark.shows("shared-model")
def test_a_district_is_found_with_its_end_and_with_what_took_the_place_of_its_wards(real, city):
    registry, _ = real
    (district,) = registry.resolve_name("quan ninh kieu", kind=KIND)
    assert (district.value, district.valid_to[:10]) == ("Quận Ninh Kiều", DAY)
    assert registry.resolve(district.eid) == ()
    wards = succession.answer(registry, district).parts
    assert {called(registry, one.eid) for one in wards} == {"Ninh Kiều", "Cái Khế", "Tân An", "An Bình"}
    best, *_ = find.run(city, "quận Ninh Kiều")
    assert best.hit.eid == district.eid
    assert best.hit.valid_to[:10] == DAY
    assert best.now is None


@pytest.mark.shows("shared-model")
def test_case_1_has_the_same_hash_on_both_stores(real, figure):
    registry, _ = real
    HASHES.append(registry.root_hash)
    figure("root hash after the reform", registry.root_hash[:16], bound="equal on both stores")
    assert len(set(HASHES)) == 1


def test_the_lists_differ_in_the_place_of_tone_marks_alone_and_that_is_told(real, shared_data, figure):
    _, done = real
    with (shared_data / "admin" / "nso_conversion_table_2025-07.csv").open(encoding="utf-8-sig", newline="") as file:
        table = {row[2]: row[1].strip() for row in csv.reader(file) if row[0] == "Thành phố Cần Thơ (92)"}
    units = json.loads((shared_data / "admin" / "vn_units_2026-07-25.json").read_bytes())
    listed = {one["Code"]: one["FullName"] for city in units if city["Code"] == "92" for one in city["Wards"]}
    other = {code for code, name in listed.items() if table[code] != name}
    figure("units that the list of 2026 spells otherwise than the table of 2025", len(other), bound="11")
    assert set(listed) == set(table)
    assert {tone_alias(listed[code]) == tone_alias(table[code]) for code in other} == {True}
    # The map that was loaded first has the names of the list: it is the table that differs from what is known.
    assert {(one.entry, one.code, one.changed) for one in done.differences} == {(NSO, code, False) for code in other}


def test_what_was_mended_in_the_official_table_is_told(real):
    _, done = real
    assert done.repairs[NSO] == {"line breaks and spaces": 256}
    assert done.repairs[SECOND] == {"codes read as numbers": 282}
    assert done.repairs[CENSUS]["escaped letters"] > 0
    assert len(done.unmatched) < 5


def test_the_chain_verifies_after_the_reform(real):
    registry, _ = real
    assert registry.verify() == registry.last_tx


@pytest.mark.shows("shared-model")
def test_everybody_may_ask_the_service_as_of_either_day_and_an_ended_unit_answers_with_its_successors(real, city):
    registry, _ = real
    items = "/ogc/collections/administrative-units/items"
    with TestClient(compose(city, Settings())) as client:
        asked = {"limit": 1, "f": "json", "level": "commune"}
        counts = [client.get(items, params=asked | {"datetime": day}).json()["numberMatched"] for day in (EVE, DAY)]
        gone = client.get(f"/id/{KIND}/{unit(registry, '31178', EVE)}", headers={"accept": "application/json"})
        lasting = client.get(f"/id/{KIND}/{unit(registry, '31810', EVE)}", headers={"accept": "application/json"})
    assert counts == [263, 103]
    assert gone.status_code == 410
    assert set(gone.json()["successors"]) == {unit(registry, code, DAY) for code in DIVIDED["31178"]}
    assert lasting.status_code == 200
