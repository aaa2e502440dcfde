"""A reform of three small wards and a lasting one, from tables as dirty as the real ones."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing

import pytest
import shapely

from catalogs import packaged
from pipelines import conversion, lying_over, reform, reform_file
from pipelines.__main__ import main
from sdi.errors import CatalogError, ConflictError, RefusedError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.workspace import Workspace

CITY = packaged() / "cities" / "cantho"
DAY, EVE, KIND, SCHEME = "2025-07-01", "2025-06-30", "administrative_unit", "vn-gso-ward"

SMALL = """
reform: small-2025
title: {vi: Sắp xếp thử, en: Trial reform}
register: administrative_unit
scheme: vn-gso-ward
effective: 2025-07-01
custodian: Test city
units: {language: vi, values: {level: commune}, type: {field: unit_type, words: {Phường: ward, Xã: commune}}}
before:
  entry: old-list
  source: {path: old.csv}
  licence: {name: CC0, grade: A, attribution: Test city}
  columns: {code: Mã, name: Tên, district: Huyện, province: Tỉnh}
tables:
  - entry: official
    source: {path: table.csv}
    licence: {name: CC0, grade: A, attribution: Test city}
    where: {Từ 2025: [Thành phố Thử]}
    columns: {old: Trước 2025, new: column_3, new_name: column_2}
    digits: 5
    verbs: [{column: column_5, map: {Toàn bộ: merge, Một phần: split, Giữ nguyên: unchanged}}]
lists:
  - entry: later-list
    source: {path: later.json}
    licence: {name: CC0, grade: A, attribution: Test city}
    effective: 2026-04-30
    where: {Code: ["92"]}
    members: Wards
    columns: {code: Code, name: FullName}
"""
OLD = """Mã,Tên,Huyện,Tỉnh
00001,Phường Đông,Quận A,Thành phố Thử
00002,Xã Tây,Quận A,Thành phố Thử
00003,Xã Nam,Quận B,Thành phố Thử
00004,Xã Hòa Bắc,Quận B,Thành phố Thử
"""
TABLE = """Từ 2025,,,Trước 2025,
Thành phố,Tên mới,Mã mới,Mã cũ,Ghi chú
THÀNH PHỐ THỬ  ,,,,
Thành phố Thử,"Phường Đông
",00002,1.0,Toàn bộ
Thành phố Thử,"Phường  Đông",00002,00003,Một phần
Thành phố Thử,Xã Nam,00003,00003,Một  phần
Thành phố Thử,Xã Nam,00003,00002,Toàn bộ
Thành phố Thử,Xã Hòa Bắc,00004,00004,Giữ nguyên
Thành phố Khác,Xã Xa,00009,00009,Toàn bộ
"""
LATER = [{"Code": "92", "Wards": [
    {"Code": "00002", "FullName": "Phường Đông"}, {"Code": "00003", "FullName": "Phường Nam Mới"},
    {"Code": "00004", "FullName": "Xã Hoà Bắc"},
]}]  # fmt: skip


@pytest.fixture
def small(tmp_path):
    """An empty city, its reform, and the folder of its tables."""
    for name, text in {"old.csv": OLD, "table.csv": TABLE, "later.json": json.dumps(LATER), "r.yaml": SMALL}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    workspace = Workspace.make(tmp_path / "city", CITY, packaged())
    with closing(workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))) as registry:
        yield workspace, registry, reform_file.read(tmp_path / "r.yaml"), tmp_path


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
    done = reform.run(described, workspace, registry, data)
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
    done = reform.run(described, workspace, registry, data)
    assert {(one.code, one.listed, one.changed) for one in done.differences} == {
        ("00003", "Nam Mới (ward)", True), ("00004", "Hoà Bắc (commune)", False),
    }  # fmt: skip
    nam, bac = (unit(registry, code, DAY) for code in ("00003", "00004"))
    assert [called(registry, nam, at) for at in ("2026-04-29", "2026-04-30")] == ["Nam", "Nam Mới"]
    assert registry.register(KIND).find(nam).values["unit_type"] == "ward"
    assert called(registry, bac) == "Hòa Bắc"


def test_the_same_reform_twice_writes_nothing_and_another_file_is_refused(small):
    workspace, registry, described, data = small
    reform.run(described, workspace, registry, data)
    before = registry.root_hash
    assert reform.run(described, workspace, registry, data).transaction == 0
    (data / "old.csv").write_text(OLD.replace("Xã Nam", "Xã Nham"), encoding="utf-8")
    with pytest.raises(ConflictError, match="old-list"):
        reform.run(described, workspace, registry, data)
    assert registry.root_hash == before


def test_a_dry_run_counts_and_writes_nothing(small):
    workspace, registry, described, data = small
    before = registry.root_hash
    done = reform.run(described, workspace, registry, data, dry_run=True)
    assert (done.ended, done.begun, done.unchanged, done.transaction) == (3, 2, 1, 0)
    assert registry.root_hash == before


@pytest.mark.parametrize(
    ("name", "before", "after", "found"),
    [
        ("table.csv", "00003,00002,Toàn bộ", "00003,00007,Toàn bộ", "00007"),
        ("table.csv", "00002,Toàn bộ", "00002,Gần hết", "Gần hết"),
        ("old.csv", "00002,Xã Tây", "00003,Xã Tây", "stands for"),
        ("old.csv", "Xã Tây", "Làng Tây", "Làng Tây"),
        ("old.csv", "00004,Xã Hòa Bắc", "00004,Xã Hòa Bắc,Quận B,Thành phố Thử\n00005,Xã Lạ", "00005"),
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
        reform.run(described, workspace, registry, data)
    assert registry.root_hash == root


def test_units_that_the_registry_knows_already_are_the_ones_that_end(small):
    workspace, registry, described, data = small
    with registry.transaction("test", "an old ward with its people") as tx:
        values = {"level": ["commune"], "population": [9]}
        batch = reform.Batch(values=values, identifiers={SCHEME: ["00002"]}, names={"vi": ["Tây"]})
        (west,) = registry.register(KIND).add(batch, tx)
    reform.run(described, workspace, registry, data)
    assert unit(registry, "00002", EVE) == west
    assert unit(registry, "00002", DAY) != west
    assert registry.register(KIND).find(west).status == "merged_away"


def test_a_unit_of_another_name_that_carries_a_code_is_not_taken_for_the_new_one(small):
    workspace, registry, described, data = small
    with registry.transaction("test", "somebody else's list") as tx:
        batch = reform.Batch(
            values={"level": ["commune"]}, identifiers={SCHEME: ["00002"]}, names={"vi": ["Xa"]}, valid_from=DAY
        )
        registry.register(KIND).add(batch, tx)
    with pytest.raises(RefusedError, match="Xa carries that code"):
        reform.run(described, workspace, registry, data)
    assert registry.resolve_code(SCHEME, "00001", EVE) == ()


def test_a_lasting_unit_known_only_since_the_reform_is_known_from_earlier_on(small):
    workspace, registry, described, data = small
    with registry.transaction("test", "the map of today") as tx:
        batch = reform.Batch(
            values={"level": ["commune"], "unit_type": ["commune"]}, identifiers={SCHEME: ["00004"]},
            names={"vi": ["Hoà Bắc"]}, valid_from=DAY,
        )  # fmt: skip
        (lasting,) = registry.register(KIND).add(batch, tx)
    done = reform.run(described, workspace, registry, data)
    assert unit(registry, "00004", EVE) == unit(registry, "00004", DAY) == lasting
    assert ("official", "00004", "Hoà Bắc (commune)", "Hòa Bắc (commune)", False) in [
        (one.entry, one.code, one.known, one.listed, one.changed) for one in done.differences
    ]


def test_a_file_with_an_unknown_word_names_its_line(small):
    (small[3] / "r.yaml").write_text(SMALL.replace("Toàn bộ: merge", "Toàn bộ: swallow"), encoding="utf-8")
    with pytest.raises(CatalogError, match="swallow"):
        reform_file.read(small[3] / "r.yaml")


def test_the_parts_of_a_place_by_those_it_lies_in_sum_to_one():
    new = {"a": shapely.box(0, 0, 1, 4), "b": shapely.box(1, 0, 9, 4), "c": shapely.box(20, 0, 21, 1)}
    assert lying_over.shares(shapely.box(0, 0, 4, 4), new) == {"a": 0.25, "b": 0.75, "c": 0.0}
    assert lying_over.shares(shapely.box(30, 0, 31, 1), new) == {}


def test_the_command_says_what_it_would_do(small, capsys):
    workspace, registry, _, data = small
    registry.close()
    arguments = ["reform", str(data / "r.yaml"), "--data", str(data), "-w", str(workspace.folder)]
    assert main([*arguments, "--dry-run"]) == 0
    assert "3 units end, 2 begin, 1 go on; nothing written" in capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == {"official": 4}
