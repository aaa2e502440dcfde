"""A small catalogue for tests, whose lines can be changed one by one."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

TREE = """\
register: tree
version: 1.2.0
title: {vi: Cây xanh đô thị, en: Urban trees}
basis: [64/2010/NĐ-CP]
location: {role: site, geometry: Point, required: true, max_horizontal_error_m: 5}
identity: {schemes: [ct-tree-tag], match: {within_m: 2, same: [species]}}
names: [vi, en]
fields:
  species: {type: code, list: species, required: true}
  dbh: {type: number, unit: cm, min: 0, max: 400, observed: true}
  planted_on: {type: date, title: {vi: Ngày trồng, en: Planted on}}
  inspector: {type: text, access: restricted}
  park: {type: reference, register: park}
relations: {affects: park}
rules:
  - {id: T1, expr: "dbh is None or dbh > 0", level: warn}
on_bad_row: refuse
publish:
  collection: trees
  fields: [species, dbh]
  tiles: true
  keywords: [cây xanh, tree]
  style: trees
"""
PARK = """\
register: park
version: 1.0.0
title: {vi: Công viên, en: Parks}
location: {role: extent, geometry: Polygon}
fields: {area: {type: number, unit: m2}}
publish: {collection: parks, fields: [area]}
"""
SPECIES = """\
list: species
version: 1.0.0
title: {vi: Loài, en: Species}
codes:
  - {code: hopea, title: {vi: Sao đen, en: Hopea}, color: '#1b7837'}
  - {code: delonix, title: {vi: Phượng, en: Delonix}, valid_from: 2020-01-01, valid_to: 2025-01-01, replaced_by: hopea}
"""
SCHEMES = """\
schemes:
  - {scheme: ct-tree-tag, title: {vi: Số hiệu cây, en: Tree tag}, pattern: 'T\\d{4}', authority: City}
"""
TREES = """\
style: trees
geometry: circle
by: species
default: {color: '#4f9d4a', width: 3, opacity: 0.9}
classes:
  - {value: hopea, color: '#1b7837', title: {vi: Sao đen, en: Hopea}}
"""
ENTRY = """\
entry: trees-2025
title: {vi: Cây 2025, en: Trees 2025}
register: tree
source: {path: trees/trees.csv, crs: EPSG:4326, columns: {x: lon, y: lat}}
licence: {name: CC-BY-4.0, grade: A, attribution: City of Vancouver, bulk: true}
custodian: Parks office
valid_from: 2025-07-01
accuracy: {horizontal_m: 2, method: digitised_map}
identifiers: {ct-tree-tag: tag}
names: {vi: name}
fields:
  species: {column: species_name, map: {1: hopea, Flame: delonix}, default: hopea}
  dbh: {column: diameter, unit: inch}
  planted_on: planted
"""
FILES = {
    "registers/tree.yaml": TREE,
    "registers/park.yaml": PARK,
    "codes/species.yaml": SPECIES,
    "codes/schemes.yaml": SCHEMES,
    "styles/trees.yaml": TREES,
    "entries/trees-2025.yaml": ENTRY,
}


def write(folder: Path, **changes: str) -> Path:
    """Write the catalogue; a change names a file with ``__`` for ``/`` and without its ending."""
    texts = FILES | {f"{name.replace('__', '/')}.yaml": text for name, text in changes.items()}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def changed(text: str, old: str, new: str) -> str:
    """Change one place of a file."""
    assert text.count(old) == 1, f"{old!r} must stand there once"
    return text.replace(old, new)


def golden(name: str, text: str) -> None:
    """Compare with a file that somebody has looked at; ``PHUSA_GOLDEN=write`` writes it anew, to be looked at again."""
    path = GOLDEN / name
    if os.environ.get("PHUSA_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
