"""The demonstration city is complete, the same on every machine, and says truly how far its building is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalogs import packaged
from pipelines import demo, derive, simulated
from sdi.errors import InputError, WorkspaceError
from sdi.publishing.publication import Publication
from sdi.store.description import list_coverages
from sdi.workspace import Workspace

SCALE = 0.05
WANTED = derive.CITIES["synthetic"]


@pytest.fixture(scope="module")
def told() -> list[tuple[str, float]]:
    """What was said while the city was built."""
    return []


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, float]]) -> Workspace:
    """Return a small synthetic city with everything that is derived from it, its floods simulated two at a time."""
    folder = tmp_path_factory.mktemp("town") / "city"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "cores", lambda: 2)
        return demo.run(folder, scale=SCALE, progress=lambda step, done: told.append((step, done)))


@pytest.fixture(scope="module")
def public(town: Workspace) -> Iterator[Publication]:
    publication = Publication.open(town.publication_path("public"))
    yield publication
    publication.close()


def rows(public: Publication, collection: str, **where: str) -> list[dict[str, Any]]:
    """Features of a collection: their properties, and their own identifier."""
    page = public.items(collection, limit=100_000, where=where)
    return [{"id": one["id"]} | one["properties"] for one in map(json.loads, page.features)]


def test_the_progress_of_a_build_rises_from_nothing_and_names_every_flood(town, told):
    shares = [done for _, done in told]
    assert shares[0] == 0
    assert all(before <= after + 1e-9 for before, after in pairwise(shares))
    assert 0.9 < shares[-1] <= 1
    steps = list(dict.fromkeys(step for step, _ in told))
    assert [step for step in steps if step.startswith("flood ")] == [f"flood {name}" for name in WANTED.scenarios]
    assert steps[-1] == "risk"
    assert told[-1][0] == "publish"


def test_every_flood_is_published_under_its_name(town, public):
    runs = {one.name: one for one in list_coverages(town.rasters) if one.kind == "run"}
    assert set(runs) == {f"flood-{name.replace('_', '-')}" for name in WANTED.scenarios}
    assert {one["scenario"] for one in rows(public, "flood-depth")} == set(WANTED.scenarios)
    assert not any(one.fit_for_decisions for one in runs.values())


def test_the_predicted_level_of_a_gauge_stands_beside_the_simulated_ones(public):
    levels = rows(public, "hydrographs")
    [predicted] = [one for one in levels if one["hydrograph_kind"] == "predicted"]
    assert len(predicted["levels"]) == 48 * 6 + 1
    assert {one["scenario"] for one in levels if one["hydrograph_kind"] == "simulated"} == set(WANTED.scenarios)


def test_the_risk_is_that_of_the_floods_with_a_return_period(public):
    risk = rows(public, "flood-risk")
    assert risk
    assert {tuple(one["return_periods"]) for one in risk} == {(2.0, 10.0, 50.0, 100.0)}
    wards = [one for one in risk if one["entity_kind"] == "administrative_unit"]
    # As a whole; of a building it need not be so: the mean over its wet cells falls as shallow ones join them.
    costs = np.array([one["damages"] for one in wards]).sum(axis=0)
    assert (np.diff(costs) > 0).all(), "a rarer storm costs more"
    # Once in two years is the most frequent storm, so a year costs at least half of what it does.
    assert sum(one["expected_annual_damage"] for one in wards) >= 0.5 * costs[0]


@pytest.mark.shows("first-flood")
def test_every_row_of_exposure_and_risk_resolves_and_so_does_what_it_is_about(public, figure):
    checked = 0
    for collection, kind in (("flood-exposure", "flood_exposure"), ("flood-risk", "flood_risk")):
        for row in rows(public, collection):
            assert public.thing(kind, row["id"]).status == "active"
            assert public.thing(row["entity_kind"], row["entity"]).status == "active"
            checked += 1
    figure("rows of exposure and risk whose ids resolve", checked, unit="1", bound="all")
    assert checked > 100


@pytest.mark.slow
@pytest.mark.shows("first-flood")
def test_a_city_built_twice_on_one_core_and_on_two_is_the_same_to_the_last_byte(town, tmp_path, monkeypatch, figure):
    monkeypatch.setattr(simulated, "cores", lambda: 1)
    again = demo.run(tmp_path / "city", scale=SCALE)
    hashes = []
    for workspace in (town, again):
        registry = workspace.registry()
        hashes.append(registry.root_hash)
        registry.close()
    versions = [{one.name: one.version for one in list_coverages(city.rasters)} for city in (town, again)]
    different = {name for name in versions[0] if versions[0][name] != versions[1].get(name)}
    figure("coverages of a city built twice that differ", len(different), unit="1", bound="0")
    assert not different
    assert versions[0].keys() == versions[1].keys()
    assert hashes[0] == hashes[1]


def test_every_city_of_the_table_is_in_the_catalogue_and_so_are_its_scenarios():
    for name, derived in derive.CITIES.items():
        assert (packaged() / demo.CITIES / name / "workspace.yaml").is_file()
        for scenario in derived.scenarios:
            assert (packaged() / "scenarios" / f"{scenario}.yaml").is_file()


def test_a_city_that_needs_data_says_so(tmp_path):
    with pytest.raises(InputError, match="--data"):
        demo.run(tmp_path / "city", name="merewether")
    with pytest.raises(InputError, match="merewether"):
        demo.run(tmp_path / "city", name="atlantis")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="name another folder"):
        demo.run(tmp_path, scale=SCALE)
    with pytest.raises(WorkspaceError, match="no workspace"):
        demo.run(tmp_path, scale=SCALE, replace=True)
    assert (tmp_path / "letter.txt").read_text() == "mine"
