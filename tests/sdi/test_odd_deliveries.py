"""Files as offices really hand them over: what can be read is read right, what cannot is refused with its cure."""

from __future__ import annotations

import zipfile
from contextlib import closing
from datetime import date

import pytest

from pipelines.__main__ import main
from pipelines.command.console import failed
from sdi import encoding, source
from sdi.declaration import Field, Label
from sdi.entry import ColumnMapping
from sdi.errors import RefusedError
from sdi.quality import cells
from sdi.quality.report import Report
from tests.pipelines.test_ingest import loaded
from tests.pipelines.test_kill import ROWS, deliver, workspace
from tests.sdi.deliveries import CAN_THO, codes, feature, geojson, options, refusal, shapefile, write

__all__ = ["workspace"]

TABLE = "name,x,y\nPhường Cái Khế,105.75,10.03\n"
PLACED = {"crs": "OGC:CRS84", "columns": {"x": "x", "y": "y"}}


def names(path, **declared):
    return source.read(path, options(**PLACED, **declared)).table["name"].tolist()


def field(kind):
    return Field("field", kind, Label("Trường", "Field"))


def root(workspace):
    with closing(workspace.registry()) as registry:
        return registry.root_hash


def read(target, *delivered):
    """What becomes of the cells of a column in one field."""
    return cells.converted(target, ColumnMapping(column="c"), delivered, None, "2025-07-01")


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("name", ["UTF-16LE", "UTF-16BE"])
def test_utf_16_without_its_mark_is_named_in_the_refusal_and_read_once_the_entry_names_it(tmp_path, name):
    path = write(tmp_path, TABLE.encode(name), "t.csv")
    assert f"source.encoding: {name}" in refusal(path, "encoding-undeclared", **PLACED).message
    assert names(path, encoding=name) == ["Phường Cái Khế"]


def test_utf_32_is_told_by_its_mark(tmp_path):
    assert names(write(tmp_path, TABLE.encode("utf-32"), "t.csv")) == ["Phường Cái Khế"]


def test_unicode_names_in_a_column_of_old_codes_keep_their_letters(tmp_path):
    assert encoding.repair("B×nh Thñy", "tcvn3").text == "Bình Thủy"
    assert encoding.repair("Cái Răng", "tcvn3") is None  # its «á» is the code of «ỏ», but no byte stands for «ă»
    utf8, tcvn3 = ("Phường Cái Khế".encode(), "B×nh Thñy".encode("latin-1"))
    path = write(tmp_path, b"name,x,y\n" + b"".join(one + b",105.75,10.03\n" for one in (utf8, tcvn3)), "t.csv")
    assert names(path) == ["Phường Cái Khế", "Bình Thủy"]


@pytest.mark.parametrize("name", ["TCVN3", "VNI", "windows-1258"])
def test_utf_8_that_is_declared_to_be_an_old_table_is_refused(tmp_path, name):
    # «Bình» in UTF-8: every one of its bytes is a letter in each of the tables.
    path = write(tmp_path, "name,x,y\nBình,105.75,10.03\n", "t.csv")
    assert "UTF-8" in refusal(path, "encoding-contradicted", encoding=name, **PLACED).message
    refusal(shapefile(tmp_path, ["Bình".encode()], cpg=name), "encoding-contradicted")
    assert names(write(tmp_path, "name,x,y\nBinh,105.75,10.03\n", "t.csv"), encoding=name) == ["Binh"]


def test_the_line_that_is_not_utf_8_is_named(tmp_path):
    path = write(tmp_path, TABLE.encode() + "Café,105.7,10\n".encode("latin-1"), "t.csv")
    assert "line 3" in refusal(path, "encoding-undeclared", **PLACED).message


def test_half_a_letter_in_geojson_is_a_lost_letter(tmp_path):
    text = r'{"a": "x\ud800y", "whole": "\ud83c\udf33", "written": "\\ud800", "\udc00": 1}'
    document = geojson(feature()).replace('"properties": {}', f'"properties": {text}')
    delivery = source.read(write(tmp_path, document), options())
    row = delivery.table.iloc[0]
    assert (row["a"], row["whole"], row["written"], row["\ufffd"]) == ("x\ufffdy", "🌳", r"\ud800", 1)
    assert "text-lost-letters" in codes(delivery)


# ---------------------------------------------------------------- tables


def test_the_delimiter_that_a_spreadsheet_names_is_taken(tmp_path):
    path = write(tmp_path, "sep=;\r\n" + TABLE.replace(",", ";"), "t.csv")
    assert names(path) == ["Phường Cái Khế"]


def test_delimiters_within_quotes_are_none(tmp_path):
    path = write(tmp_path, '"tags, a, b, c";name;x;y\n1;Bình Thủy;105.75;10.03\n', "t.csv")
    assert names(path) == ["Bình Thủy"]


def test_a_title_above_the_names_is_a_possible_reason_of_ragged_lines(tmp_path):
    path = write(tmp_path, "DANH SÁCH\n\n" + TABLE, "t.csv")
    assert "above the names" in refusal(path, "csv-ragged", **PLACED).message


def test_half_a_pair_of_coordinates_puts_its_row_aside(tmp_path):
    path = write(tmp_path, 'x,y,a\n,,1\n105.75,,2\n,10.03,3\n"105°45\'","10°02\'",4\n', "t.csv")
    findings = source.read(path, options(**PLACED)).findings
    assert [(one.code, one.row) for one in findings] == [("coordinate-unreadable", row) for row in (1, 2, 3)]


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(("name", "cure"), [("t.xlsx", "as CSV"), ("t.ods", "as CSV"), ("t.kmz", "as GeoPackage")])
def test_a_document_that_is_a_zip_inside_is_refused_as_what_it_is(tmp_path, name, cure):
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("content.csv", TABLE)
    assert cure in refusal(tmp_path / name, "format-unsupported").message


def test_an_archive_that_holds_a_name_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", TABLE)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", "name\n")
    assert "'a.csv'" in refusal(tmp_path / "t.zip", "archive-ambiguous").message


def test_an_archive_that_announces_its_size_is_refused_before_a_byte_is_unpacked(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 70_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    refusal(tmp_path / "t.zip", "archive-bomb")


def test_a_name_too_long_for_any_file_is_refused(tmp_path):
    refusal(tmp_path / ("a" * 300 + ".csv"), "path-unreadable")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path, TABLE, "t.csv")

    def forbidden(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", forbidden)
    assert "Permission denied" in refusal(path, "path-unreadable").message


def test_a_reader_that_fails_shows_its_traceback_only_to_those_who_ask(tmp_path, caplog):
    path = write(tmp_path, b"SQLite format 3\x00" + bytes(100), "t.gpkg")
    refusal(path, "file-unreadable")
    assert not [record for record in caplog.records if record.levelname != "INFO"]


@pytest.mark.parametrize("code", ["EPSG:5773", "EPSG:4978"])
def test_a_crs_of_heights_or_of_the_centre_of_the_earth_is_refused(tmp_path, code):
    path = write(tmp_path, geojson(feature(CAN_THO)))
    assert "no place on a map" in refusal(path, "crs-contradicted", crs=code).message


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("kind", "delivered", "meant"),
    [
        ("number", ["1.250", "1.250.000", "7"], ["value-ambiguous", "value-ambiguous", 7.0]),
        ("number", ["1.250", "1.250,5"], ["value-ambiguous", "value-ambiguous"]),
        ("number", ["1.250", "1.5"], [1.25, 1.5]),
        ("number", [10**400, float("inf")], ["value-no-number", "value-no-number"]),
        ("integer", [2**63 - 1025, 10**30, "1" + "0" * 30], [2**63 - 1025, "value-out-of-range", "value-out-of-range"]),
        ("date", ["2568-07-01", "9999-12-31", "0001-01-01"], ["date-far", "date-far", "date-far"]),
        ("date", ["13/07/2568", date(1010, 1, 1), "45839"], ["date-far", "1010-01-01", "value-no-date"]),
    ],
)
def test_a_cell_with_another_reading_is_not_taken_at_its_word(kind, delivered, meant):
    column = read(field(kind), *delivered)
    wrong = {finding.row: finding.code for finding in column.findings if finding.row is not None}
    assert [wrong.get(row, value) for row, value in enumerate(column.values)] == meant


def test_the_day_that_a_spreadsheet_counts_is_named():
    assert "2025-07-01 by that number" in read(field("date"), "45839").findings[0].message


def test_a_range_open_at_one_end_is_told_in_words():
    number = Field("n", "number", Label("Số", "Number"), unit="m", minimum=0)
    assert "-1 m is not at least 0 m" in read(number, -1).findings[0].message


def test_a_cell_of_millions_of_letters_is_told_in_few(capsys):
    cell = "x" * 5_000_000
    found = read(field("code"), cell).findings
    source_of = {"file": "f", "format": "", "encoding": "", "crs": "", "sha256": ""}
    counts = {"accepted": 0, "repaired": 0, "quarantined": 1, "refused": 0}
    report = Report("e", "r", Label("a", "b"), source_of, 1, counts, tuple(found), {0: cell})
    assert len(report.to_text()) < 2000
    assert len(report.to_json()) < 50_000
    failed(type("Options", (), {"json": False}), RefusedError(cell + "\x1b[2J"), 1)
    said = capsys.readouterr().err
    assert len(said) < 5000
    assert "\x1b" not in said


# ---------------------------------------------------------------- loads


def test_a_delivery_without_rows_records_nothing_and_leaves_room_for_the_right_one(workspace, tmp_path):
    entry = deliver(tmp_path, 1)
    right = entry.read_text(encoding="utf-8")
    entry.write_text(right.replace("posts-1.geojson", 'posts-1.geojson, where: "number < 0"'), encoding="utf-8")
    before = root(workspace)
    assert loaded(workspace.folder, tmp_path) == 0
    assert root(workspace) == before
    entry.write_text(right, encoding="utf-8")
    assert loaded(workspace.folder, tmp_path) == ROWS


def test_a_report_that_cannot_be_written_ends_the_load_before_anything_is_recorded(workspace, tmp_path, capsys):
    deliver(tmp_path, 1)
    before = root(workspace)
    entry, folder = str(tmp_path / "entries" / "posts-1.yaml"), str(workspace.folder)
    command = ["ingest", entry, "--data", str(tmp_path), "-w", folder, "--report", str(tmp_path / "none" / "r.json")]
    assert main(command) == 1
    assert "folder that exists [report-unwritable]" in capsys.readouterr().err
    assert root(workspace) == before
