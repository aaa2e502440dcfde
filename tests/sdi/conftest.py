"""A small workspace with a register of its own, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs import packaged
from sdi.history import Clock
from sdi.identity import Ids
from sdi.registry import Registry
from sdi.workspace import Workspace
from tests import model

WORKSPACE = """
name: small
title: {vi: Thành phố thử, en: Test city}
crs: EPSG:5897
operation: VN-2000 to WGS 84 (2)
synthetic: true
notice: {vi: Dữ liệu thử, en: Test data}
"""
BENCH = """
register: bench
version: 1.0.0
title: {vi: Ghế đá, en: Benches}
description: {vi: Ghế đá ven kênh, en: Benches along the canals}
location: {role: site, geometry: Point, required: true}
identity: {schemes: [bench-tag]}
names: [vi]
fields:
  seats: {type: integer, unit: "1", min: 1, max: 12, required: true, title: {vi: Số chỗ, en: Seats}}
  wood: {type: boolean, title: {vi: Bằng gỗ, en: Wooden}}
  set_up: {type: date, title: {vi: Ngày đặt, en: Set up}}
  inspector: {type: text, access: restricted, title: {vi: Người kiểm tra, en: Inspector}}
on_bad_row: refuse
publish: {collection: benches, fields: [seats, wood, set_up], keywords: [ghế, bench]}
"""
SCHEMES = """
schemes:
  - {scheme: bench-tag, title: {vi: Số ghế, en: Bench tag}, pattern: '[Bb]\\d+', authority: Test city}
"""


def small(
    tmp_path: Path, store: str | None = None, *, catalog: Path | None = None, zone: str | None = None
) -> Workspace:
    """Make a workspace that adds one register to the packaged ones, or to those of another catalogue."""
    shared = catalog or packaged()
    description = tmp_path / "description.yaml"
    said = {"store": store, "timezone": zone}
    lines = [f"{key}: {value}\n" for key, value in said.items() if value]
    description.write_text(WORKSPACE + "".join(lines), encoding="utf-8")
    folder = tmp_path / "city"
    Workspace.make(folder, description, shared)
    (folder / "catalogs" / "registers").mkdir(parents=True)
    (folder / "catalogs" / "codes").mkdir()
    (folder / "catalogs" / "registers" / "bench.yaml").write_text(BENCH, encoding="utf-8")
    (folder / "catalogs" / "codes" / "schemes.yaml").write_text(SCHEMES, encoding="utf-8")
    return Workspace.open(folder, shared)


def alone(tmp_path: Path, store: str | None = None) -> Workspace:
    """Make a workspace of that register alone: publications of many collections take a database long to make."""
    catalog = tmp_path / "catalog"
    for part in ("registers", "codes"):
        (catalog / part).mkdir(parents=True)
    return small(tmp_path, store, catalog=catalog)


@pytest.fixture
def workspace(tmp_path: Path, store: str | None) -> Workspace:
    """Return a workspace that adds one register to the packaged ones."""
    return small(tmp_path, store)


@pytest.fixture
def registry(workspace: Workspace) -> Iterator[Registry]:
    """Return its registry with a fixed clock and seeded identifiers."""
    opened = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(92))
    yield opened
    opened.close()


@pytest.fixture
def city(tmp_path: Path, store: str | None) -> Workspace:
    """Return a city for questions about the model, with nothing in it."""
    return model.build(tmp_path, store)


ROOTS: dict[str, str] = {}
"""What a test's writes came to in the store on which it ran first."""


@pytest.fixture
def book(request: pytest.FixtureRequest, city: Workspace) -> Iterator[Registry]:
    """Return its registry: a fixed clock, a day for each transaction, and seeded identifiers.

    A test that runs on both stores writes the same into both: in the end the hash of everything known is one.
    """
    made = model.opened(city)
    yield made
    name = request.node.nodeid.replace("[embedded", "[").replace("[postgis", "[")
    assert ROOTS.setdefault(name, made.root_hash) == made.root_hash, "the two stores do not know the same"
    made.close()
