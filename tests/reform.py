"""A reform of three small wards and a lasting one, from tables as dirty as the real ones."""

from __future__ import annotations

import json
from pathlib import Path

from catalogs import packaged
from pipelines.reform import reform_file
from pipelines.reform.reform_file import Reform
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
{above}tables:
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
OLD = """Mã,Tên,Mã QH,Huyện,Mã TP,Tỉnh
00001,Phường Đông,901,Quận A,91,Tỉnh Thử
00002,Xã Tây,901,Quận A,91,Tỉnh Thử
00003,Xã Nam,902,Huyện B,93,Tỉnh Cũ
00004,Xã Hòa Bắc,902,Huyện B,93,Tỉnh Cũ
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
ABOVE = """above:
  - scheme: vn-gso-dist
    values: {level: district}
    words: {Quận: district, Huyện: district}
    columns: {code: Mã QH, name: Huyện}
  - scheme: vn-gso-prov
    values: {level: province}
    words: {Tỉnh: province, Thành phố: city}
    columns: {code: Mã TP, name: Tỉnh}
    became: {code: "91", name: Thành phố Thử, decision: 1/NQ}
"""
"""Two districts in two provinces, which became one city."""


def make(folder: Path, *, above: str = "", store: str | None = None) -> tuple[Workspace, Reform]:
    """Make an empty city and the files of its reform.

    Parameters
    ----------
    folder : Path
        Where; the tables lie there, the city beneath.
    above : str
        Levels of units above, as the file of a reform has them.
    store : str, optional
        Address of the database that keeps the registry; a file of the folder does where absent.
    """
    files = {"old.csv": OLD, "table.csv": TABLE, "later.json": json.dumps(LATER)}
    for name, text in {**files, "r.yaml": SMALL.replace("{above}", above)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    description = folder / "workspace.yaml"
    kept = f"store: {store}\n" if store else ""
    description.write_text((CITY / "workspace.yaml").read_text(encoding="utf-8") + kept, encoding="utf-8")
    return Workspace.make(folder / "city", description, packaged()), reform_file.read(folder / "r.yaml")
