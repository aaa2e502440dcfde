"""A reform of three small wards and a lasting one, from tables as dirty as the real ones."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing

import pytest
import shapely

from pipelines.__main__ import main
from pipelines.reform import conversion, enactment, overlay, reform_file
from sdi.errors import CatalogError, ConflictError, RefusedError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.lineage import succession
from sdi.place import containment
from sdi.recording import Batch
from tests.reform import ABOVE, DAY, EVE, KIND, OLD, SCHEME, SMALL, make


@pytest.fixture
def small(tmp_path):
    """An empty city, its reform, and the folder of its tables."""
    workspace, described = make(tmp_path)
    with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))) as registry:
        yield workspace, registry, described, tmp_path


def unit(registry, code, at):
    """Identifier of the one unit that carried a code at a date."""
    (found,) = registry.resolve_code(SCHEME, code, at)
    return found.eid


def called(registry, eid, at=None):
    return registry.register(KIND).find(eid, valid=at).names["vi"]


def successors(registry, code, **options):
    """Names of what took the place of an old unit."""
    return {called(registry, heir.eid) for heir in registry.resolve(unit(registry, code, EVE), **options)}


def test_a_dirty_table_is_read_and_what_was_mended_is_counted(small):
    _, _, described, data = small
    table = conversion.told(described.tables[0], described, data)
    assert [(one.old, one.new, one.verb, one.area_share) for one in table.sayings] == [
        ("00001", "00002", "merge", 1.0),
        ("00003", "00002", "split", None),
        ("00003", "00003", "split", None),
        ("00002", "00003", "merge", 1.0),
        ("00004", "00004", "unchanged", None),
    ]
    assert [(one.code, one.name, one.type) for one in table.units] == [
        ("00002", "Đông", "ward"), ("00003", "Nam", "commune"), ("00004", "Hòa Bắc", "commune"),
    ]  # fmt: skip
    assert +Counter(table.repairs) == {"line breaks and spaces": 3, "codes read as numbers": 1}


def test_old_units_end_new_ones_begin_and_a_lasting_one_keeps_its_identifier(small):
    workspace, registry, described, data = small
    done = enactment.run(described, workspace, registry, data)
    assert (done.ended, done.begun, done.unchanged, done.steps) == (3, 2, 1, {"official": 4})
    assert called(registry, unit(registry, "00002", EVE)) == "Tây"
    assert called(registry, unit(registry, "00002", DAY)) == "Đông"
    assert unit(registry, "00004", EVE) == unit(registry, "00004", DAY)
    assert successors(registry, "00002") == {"Nam Mới"}
    assert successors(registry, "00003") == {"Đông", "Nam Mới"}
    assert len(registry.register(KIND).list(valid=EVE)) == 4
    assert len(registry.register(KIND)) == 3


def test_a_later_list_changes_a_name_but_not_for_the_place_of_a_tone_mark(small):
    workspace, registry, described, data = small
    done = enactment.run(described, workspace, registry, data)
    assert {(one.code, one.listed, one.changed) for one in done.differences} == {
        ("00003", "Nam Mới (ward)", True), ("00004", "Hoà Bắc (commune)", False),
    }  # fmt: skip
    nam, bac = (unit(registry, code, DAY) for code in ("00003", "00004"))
    assert [called(registry, nam, at) for at in ("2026-04-29", "2026-04-30")] == ["Nam", "Nam Mới"]
    assert registry.register(KIND).find(nam).values["unit_type"] == "ward"
    assert called(registry, bac) == "Hòa Bắc"


def test_the_same_reform_twice_writes_nothing_and_another_file_is_refused(small):
    workspace, registry, described, data = small
    enactment.run(described, workspace, registry, data)
    before = registry.root_hash
    assert enactment.run(described, workspace, registry, data).transaction == 0
    (data / "old.csv").write_text(OLD.replace("Xã Nam", "Xã Nham"), encoding="utf-8")
    with pytest.raises(ConflictError, match="old-list"):
        enactment.run(described, workspace, registry, data)
    assert registry.root_hash == before


def test_a_reform_that_another_process_records_meanwhile_is_not_recorded_twice(small, monkeypatch):
    workspace, registry, described, data = small
    known = enactment._known

    def meanwhile(*given):
        answer = known(*given)
        monkeypatch.setattr(enactment, "_known", known)
        with closing(workspace.registry()) as other:
            enactment.run(described, workspace, other, data)
        return answer

    monkeypatch.setattr(enactment, "_known", meanwhile)
    done = enactment.run(described, workspace, registry, data)
    assert (done.transaction, done.steps) == (0, {})
    assert len(registry.register(KIND)) == 3
    assert registry.verify() == registry.last_tx


def test_a_dry_run_counts_and_writes_nothing(small):
    workspace, registry, described, data = small
    before = registry.root_hash
    done = enactment.run(described, workspace, registry, data, dry_run=True)
    assert (done.ended, done.begun, done.unchanged, done.transaction) == (3, 2, 1, 0)
    assert registry.root_hash == before


@pytest.mark.parametrize(
    ("name", "before", "after", "found"),
    [
        ("table.csv", "00003,00002,Toàn bộ", "00003,00007,Toàn bộ", "00007"),
        ("table.csv", "00002,Toàn bộ", "00002,Gần hết", "Gần hết"),
        ("old.csv", "00002,Xã Tây", "00003,Xã Tây", "stands for"),
        ("old.csv", "Xã Tây", "Làng Tây", "Làng Tây"),
        ("old.csv", "00004,Xã Hòa Bắc", "00004,Xã Hòa Bắc,902,Huyện B,93,Tỉnh Cũ\n00005,Xã Lạ", "00005"),
        ("table.csv", "Thành phố Thử,", "Thành phố Thật,", "has no row"),
    ],
)
def test_sources_that_do_not_fit_each_other_are_refused_and_nothing_is_written(small, name, before, after, found):
    workspace, registry, described, data = small
    text = (data / name).read_text(encoding="utf-8")
    assert before in text
    (data / name).write_text(text.replace(before, after), encoding="utf-8")
    root = registry.root_hash
    with pytest.raises(RefusedError, match=found):
        enactment.run(described, workspace, registry, data)
    assert registry.root_hash == root


def test_units_that_the_registry_knows_already_are_the_ones_that_end(small):
    workspace, registry, described, data = small
    with registry.transaction("test", "an old ward with its people") as tx:
        values = {"level": ["commune"], "population": [9]}
        batch = Batch(values=values, identifiers={SCHEME: ["00002"]}, names={"vi": ["Tây"]})
        (west,) = registry.register(KIND).add(batch, tx)
    enactment.run(described, workspace, registry, data)
    assert unit(registry, "00002", EVE) == west
    assert unit(registry, "00002", DAY) != west
    assert registry.register(KIND).find(west).status == "merged_away"


def test_a_unit_of_another_name_that_carries_a_code_is_not_taken_for_the_new_one(small):
    workspace, registry, described, data = small
    with registry.transaction("test", "somebody else's list") as tx:
        batch = Batch(
            values={"level": ["commune"]}, identifiers={SCHEME: ["00002"]}, names={"vi": ["Xa"]}, valid_from=DAY
        )
        registry.register(KIND).add(batch, tx)
    with pytest.raises(RefusedError, match="Xa carries that code"):
        enactment.run(described, workspace, registry, data)
    assert registry.resolve_code(SCHEME, "00001", EVE) == ()


def test_a_lasting_unit_known_only_since_the_reform_is_known_from_earlier_on(small):
    workspace, registry, described, data = small
    with registry.transaction("test", "the map of today") as tx:
        batch = Batch(
            values={"level": ["commune"], "unit_type": ["commune"]}, identifiers={SCHEME: ["00004"]},
            names={"vi": ["Hoà Bắc"]}, valid_from=DAY,
        )  # fmt: skip
        (lasting,) = registry.register(KIND).add(batch, tx)
    done = enactment.run(described, workspace, registry, data)
    assert unit(registry, "00004", EVE) == unit(registry, "00004", DAY) == lasting
    assert ("official", "00004", "Hoà Bắc (commune)", "Hòa Bắc (commune)", False) in [
        (one.entry, one.code, one.known, one.listed, one.changed) for one in done.differences
    ]


def test_a_file_with_an_unknown_word_names_its_line(small):
    text = SMALL.replace("{above}", "").replace("Toàn bộ: merge", "Toàn bộ: swallow")
    (small[3] / "r.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match="swallow"):
        reform_file.read(small[3] / "r.yaml")


def test_the_parts_of_a_place_by_those_it_lies_in_sum_to_one():
    new = {"a": shapely.box(0, 0, 1, 4), "b": shapely.box(1, 0, 9, 4), "c": shapely.box(20, 0, 21, 1)}
    assert overlay.shares(shapely.box(0, 0, 4, 4), new) == {"a": 0.25, "b": 0.75, "c": 0.0}
    assert overlay.shares(shapely.box(30, 0, 31, 1), new) == {}


def test_phusa_ingest_takes_a_reform_says_what_it_would_do_and_reports_every_row(small, capsys):
    workspace, registry, _, data = small
    registry.close()
    reports = data / "reports"
    reports.mkdir()
    arguments = ["ingest", str(data / "r.yaml"), "--data", str(data), "-w", str(workspace.folder)]
    assert main([*arguments, "--dry-run", "--report", str(reports)]) == 0
    assert "3 units end, 2 begin, 1 go on; nothing written" in capsys.readouterr().out
    found = json.loads((reports / "official.json").read_text(encoding="utf-8"))
    assert (found["outcome"], found["rows"], found["counts"]["repaired"]) == ("repaired", 5, 3)
    zeros = next(one for one in found["findings"] if one["code"] == "code-zeros")
    assert (zeros["row"], zeros["column"], zeros["before"], zeros["after"]) == (2, "Trước 2025", "1.0", "00001")
    assert zeros["label"] == "00001"
    assert not list(workspace.reports.iterdir())
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == {"official": 4}
    assert {path.name for path in workspace.reports.glob("*.json")} == {
        "old-list.json", "official.json", "later-list.json",
    }  # fmt: skip


def test_a_folder_is_loaded_with_the_reforms_that_lie_in_it(small, capsys):
    workspace, registry, _, data = small
    registry.close()
    folder = data / "entries" / "reforms"
    folder.mkdir(parents=True)
    (data / "r.yaml").rename(folder / "small-2025.yaml")
    assert main(["ingest", str(folder.parent), "--data", str(data), "-w", str(workspace.folder)]) == 0
    assert "3 units end" in capsys.readouterr().out


# units above -------------------------------------------------------------------------------------------------------


@pytest.fixture
def tall(tmp_path):
    """The same with districts and provinces."""
    workspace, described = make(tmp_path, above=ABOVE)
    with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))) as registry:
        yield workspace, registry, described, tmp_path


@pytest.fixture(scope="module")
def reformed(tmp_path_factory):
    """The same after the reform, and what that did."""
    data = tmp_path_factory.mktemp("tall")
    workspace, described = make(data, above=ABOVE)
    with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))) as registry:
        yield workspace, registry, enactment.run(described, workspace, registry, data)


def around(registry, eid, at=None):
    """Names of what contained a unit at a date, the nearest first."""
    return [called(registry, one, at or EVE) for one in containment.around(registry, eid, at)]


def test_an_old_unit_has_its_district_and_province_and_a_new_one_the_city(reformed):
    _, registry, done = reformed
    assert done.above == 4
    west, lasting = unit(registry, "00002", EVE), unit(registry, "00004", DAY)
    assert around(registry, west) == around(registry, west, EVE) == ["Quận A", "Tỉnh Thử"]
    assert around(registry, lasting, EVE) == ["Huyện B", "Tỉnh Cũ"]
    assert around(registry, lasting, DAY) == ["Thành phố Thử"]
    (city,) = registry.resolve_code("vn-gso-prov", "91", DAY)
    assert set(containment.parts(registry, city.eid)) == {
        unit(registry, code, DAY) for code in ("00002", "00003", "00004")
    }  # fmt: skip
    assert registry.verify() == registry.last_tx


def test_what_the_city_is_known_to_contain_is_not_recorded_again(tall):
    workspace, registry, described, data = tall
    units = registry.register(KIND)
    with registry.transaction("test", "the city was there before its reform was loaded") as tx:
        whole = Batch(
            {"level": ["province"], "unit_type": ["city"]}, names={"vi": ["Thành phố Thử"]},
            identifiers={"vn-gso-prov": ["91"]}, valid_from=DAY,
        )  # fmt: skip
        (city,) = units.add(whole, tx)
        ward = Batch(
            {"level": ["commune"], "unit_type": ["commune"]}, names={"vi": ["Hòa Bắc"]},
            identifiers={SCHEME: ["00004"]}, valid_from="2004-01-01",
        )  # fmt: skip
        (lasting,) = units.add(ward, tx)
        units.relate(city, "contains", [lasting], tx, valid_from=DAY)
    enactment.run(described, workspace, registry, data)
    assert around(registry, lasting, DAY) == ["Thành phố Thử"]
    kept = registry.store.select("SELECT count(*) FROM relation WHERE eid = ? AND other = ?", (city, lasting))
    assert kept == [(1,)]


def test_provinces_became_the_city_and_of_a_district_only_its_parts_have_heirs(reformed):
    _, registry, _ = reformed
    (district,), (old,), (new,) = (
        registry.resolve_code(scheme, code, at)
        for scheme, code, at in (("vn-gso-dist", "901", EVE), ("vn-gso-prov", "91", EVE), ("vn-gso-prov", "91", DAY))
    )
    assert old.eid != new.eid
    assert [(one.eid, one.area_share, one.certainty) for one in registry.resolve(old.eid)] == [(new.eid, 1.0, "stated")]
    assert registry.register(KIND).find(new.eid).values["decision"] == "1/NQ"
    assert registry.resolve(district.eid) == ()
    (answer,) = succession.answers(registry, KIND, "901")
    assert answer.match.valid_to[:10] == DAY
    assert {called(registry, one.eid) for one in answer.parts} == {"Đông", "Nam Mới"}
    assert {one.certainty for one in answer.parts} == {"unknown"}


def test_a_district_answers_on_the_command_line_with_its_end_and_what_became_of_its_parts(reformed, capsys):
    workspace, _, _ = reformed
    assert main(["resolve", KIND, "quan a", "-w", str(workspace.folder)]) == 0
    said = capsys.readouterr().out
    assert "Quận A" in said
    assert ", Tỉnh Thử, ever to 2025-07-01" in said
    assert "nothing is known to have taken its place as a whole" in said
    assert said.index("its parts went to") < said.index("Nam Mới")
    assert main(["find", "quận", "A", "-w", str(workspace.folder), "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["hits"][0]
    assert (best["title"], best["validTo"][:10], best["now"], best["successors"]) == ("Quận A", DAY, None, [])
    assert main(["find", "quan", "A", "-w", str(workspace.folder)]) == 0
    assert "until 2025-07-01, then unknown" in capsys.readouterr().out
    assert main(["find", "Tây", "-w", str(workspace.folder)]) == 0
    assert "until 2025-07-01, then Nam Mới" in capsys.readouterr().out


def test_a_district_that_is_known_already_is_the_one_that_ends(tall):
    workspace, registry, described, data = tall
    with registry.transaction("test", "districts as they were") as tx:
        batch = Batch({"level": ["district"]}, identifiers={"vn-gso-dist": ["902"]}, names={"vi": ["Huyện B"]})
        (known,) = registry.register(KIND).add(batch, tx)
    enactment.run(described, workspace, registry, data)
    assert unit(registry, "00004", DAY) in containment.parts(registry, known)
    assert registry.register(KIND).find(known).status == "retired"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [("902,Huyện B,93,Tỉnh Cũ", "901,Huyện B,93,Tỉnh Cũ", "901 stands for"), ("Quận A", "Khu A", "Khu A")],
)
def test_levels_that_do_not_fit_the_list_are_refused(tall, before, after, found):
    workspace, registry, described, data = tall
    (data / "old.csv").write_text(OLD.replace(before, after), encoding="utf-8")
    with pytest.raises(RefusedError, match=found):
        enactment.run(described, workspace, registry, data)


@pytest.mark.shows("shared-model")
def test_a_reform_has_the_same_hash_on_both_stores(tmp_path, database):
    found = []
    for name, store in (("embedded", None), ("postgis", database)):
        (tmp_path / name).mkdir()
        workspace, described = make(tmp_path / name, above=ABOVE, store=store)
        with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))) as registry:
            done = enactment.run(described, workspace, registry, tmp_path / name)
            assert registry.verify() == registry.last_tx
            found.append((registry.root_hash, done.steps, done.differences, done.conflicts))
    assert found[0] == found[1]
