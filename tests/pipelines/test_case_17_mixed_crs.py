"""Acceptance case 17: mixed CRS. The right one to less than 1 mm, the others refused with a hint, the sea flagged."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import shapely

from catalogs import packaged
from pipelines import ingest
from sdi import crs
from sdi.errors import InputError
from sdi.recording import Batch
from sdi.workspace import Workspace
from tests.pipelines.test_kill import ENTRY, POST, WORKSPACE
from tests.sdi.readings import STORAGE

pytestmark = pytest.mark.both_stores

DECLARED = ("EPSG:5897", "EPSG:9209", "EPSG:3405", "EPSG:4326")
X, Y = 577_000.0, 1_116_000.0
"""A place in Cần Thơ [m, EPSG:5897]."""
POSTS = shapely.points(X + np.arange(40) * 37.123, Y + np.arange(40) % 7 * 53.777)
WARD = shapely.box(X - 500, Y - 500, X + 2_500, Y + 1_500)
KNOWING = """
detection: {candidates: [EPSG:5897, EPSG:9209, EPSG:3405, EPSG:4326], areas: administrative_unit, lines: [street]}
"""


@pytest.fixture
def workspace(tmp_path, store) -> Workspace:
    """Return a city that knows the one ward it has."""
    told = WORKSPACE + KNOWING + (f"store: {store}\n" if store else "")
    (tmp_path / "city.yaml").write_text(told, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", tmp_path / "city.yaml", packaged())
    (made.folder / "catalogs" / "registers").mkdir(parents=True)
    (made.folder / "catalogs" / "registers" / "post.yaml").write_text(POST, encoding="utf-8")
    made = Workspace.open(made.folder, packaged())
    with closing(made.registry()) as registry, registry.transaction("test", "a ward") as tx:
        values = {"level": ["commune"], "unit_type": ["ward"]}
        batch = Batch(values, np.array([WARD], dtype=object), names={"vi": ["Bến Mẫu"]})
        registry.register("administrative_unit").add(batch, tx)
    return made


def deliver(folder, number: int, places, system: str, source: str, *, swapped: bool = False) -> None:
    """Write posts to the last bit as a table of coordinates in some CRS, and the entry that describes it."""
    xy = crs.transformed(shapely.get_coordinates(places), STORAGE.code, system, STORAGE.operation)
    xy = xy[:, ::-1] if swapped else xy
    rows = [f"{row},{x!r},{y!r}" for row, (x, y) in enumerate(xy.tolist())]
    (folder / f"posts-{number}.csv").write_text("\n".join(["number,x,y", *rows]), encoding="utf-8")
    told = f"source: {{path: posts-{number}.csv, columns: {{x: x, y: y}}{source}}}"
    entry = ENTRY.format(number=number).replace(f"source: {{path: posts-{number}.geojson}}", told)
    (folder / f"posts-{number}.yaml").write_text(entry, encoding="utf-8")


def load(made: Workspace, registry, folder, number: int):
    """Load a delivery; return what is said of it."""
    entry = registry.catalog.read_entries(folder / f"posts-{number}.yaml")[f"posts-{number}"]
    return {one.code: one for one in ingest.run(entry, made, registry, folder).report.findings}


@pytest.mark.shows("shared-model")
def test_what_is_declared_rightly_comes_back_to_less_than_a_millimetre(workspace, tmp_path, figure):
    with closing(workspace.registry()) as registry:
        for number, system in enumerate(DECLARED):
            deliver(tmp_path, number, POSTS, system, f", crs: {system}")
            assert "places-off-city" not in load(workspace, registry, tmp_path, number)
        stored = registry.register("post").table().geometry.reshape(len(DECLARED), len(POSTS))
        away = shapely.distance(stored, POSTS)
        assert away.max() < 0.001
        kept = registry.store.select(
            "SELECT source_crs, count(source_geometry) FROM location_version GROUP BY source_crs"
        )
        assert {code: count for code, count in kept if code} == dict.fromkeys(DECLARED[1:], len(POSTS))
    figure("round trip of posts delivered in four CRS", float(away.max()) * 1000, "mm", "< 1")


@pytest.mark.shows("shared-model")
def test_exchanged_undeclared_and_untold_deliveries_are_refused_with_a_hint_and_leave_nothing(
    workspace, tmp_path, figure
):
    refused = {}
    with closing(workspace.registry()) as registry:
        before = registry.last_tx
        for number, (what, source, swapped) in enumerate(
            [
                ("exchanged", ", crs: EPSG:4326", True),
                ("undeclared", "", False),
                ("in no CRS at all", ", crs: EPSG:999999", False),
            ]
        ):
            deliver(tmp_path, number, POSTS, "EPSG:4326", source, swapped=swapped)
            with pytest.raises(InputError) as told:
                load(workspace, registry, tmp_path, number)
            refused[what] = (told.value.code, told.value.message)
        assert (len(registry.register("post")), registry.last_tx) == (0, before)
    assert {what: code for what, (code, _) in refused.items()} == {
        "exchanged": "axes-exchanged", "undeclared": "crs-undecided", "in no CRS at all": "crs-unknown",
    }  # fmt: skip
    assert "axes: yx" in refused["exchanged"][1]
    assert "name the CRS as source.crs in the entry" in refused["undeclared"][1]
    assert "expected for example EPSG:5897" in refused["in no CRS at all"][1]
    figure("deliveries refused with a hint", len(refused), "1", ", ".join(refused))


@pytest.mark.shows("shared-model")
def test_a_file_whose_points_fall_in_the_sea_is_flagged(workspace, tmp_path, figure):
    offshore = shapely.points(shapely.get_coordinates(POSTS) + np.array([90_000, -60_000]))
    deliver(tmp_path, 0, np.concatenate([POSTS[:10], offshore]), "EPSG:5897", ", crs: EPSG:5897")
    with closing(workspace.registry()) as registry:
        finding = load(workspace, registry, tmp_path, 0)["places-off-city"]
        assert len(registry.register("post")) == 50
    assert finding.action == "accepted"
    assert finding.message.startswith("40 of 50 places lie more than 1 km off the city, the farthest 1")
    figure("places off the city, flagged", 40, "1", "of 50 delivered, 90 km to the east")
