"""How fast things are found among half a million names, beside the plainest question to the same index."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import shapely

from catalogs import packaged
from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.recording import Batch
from sdi.workspace import Workspace
from tests.benchmarks.clocks import spent
from tests.benchmarks.names import city
from tests.sdi.conftest import WORKSPACE

QUERIES = Path(__file__).with_name("search_queries.tsv")
KINDS = {"words": "two words or more", "word": "one word", "prefix": "a beginning", "typo": "one typing error"}
BOUNDS = {"words": "≤ 20", "word": "≤ 60", "prefix": "≤ 60", "typo": "≤ 60"}
SCHEMES = {
    "street": "synthetic-street", "administrative_unit": "synthetic-ward", "building": "synthetic-building",
    "parcel": "synthetic-parcel",
}  # fmt: skip
CHUNK = 50_000


def batch(kind: str, rows: list[tuple[str, str, str]], first: int) -> Batch:
    """Things of one kind, on a lattice of 20 m."""
    place = np.arange(first, first + len(rows))
    x, y = 570_000 + place % 700 * 20, 1_105_000 + place // 700 * 20
    geometry = {
        "street": lambda: shapely.linestrings(np.stack([np.stack([x, y], 1), np.stack([x + 15, y], 1)], 1)),
    }.get(kind, lambda: shapely.box(x, y, x + 10, y + 10))()
    texts = [text for _, text, _ in rows]
    values = {
        "street": {"street_class": ["local"] * len(rows)},
        "administrative_unit": {"level": ["commune"] * len(rows)},
        "parcel": {"address": texts},
    }.get(kind, {})
    return Batch(
        values=values, geometry=geometry, names={} if kind == "parcel" else {"vi": texts},
        identifiers={SCHEMES[kind]: [code for *_, code in rows]}, valid_from="2025-01-01",
        accuracy=Accuracy(0.5, method="photo"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publication]:
    """Return the publication of a city with half a million names."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "description.yaml").write_text(WORKSPACE, encoding="utf-8")
    workspace = Workspace.make(folder / "city", folder / "description.yaml", packaged())
    registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(1))
    done = 0
    for kind, every in groupby(city(), key=lambda one: one[0]):
        rows = list(every)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            with registry.transaction("bench", f"{kind} from {start}") as tx:
                registry.register(kind).add(batch(kind, part, done), tx)
            done += len(part)
    projector.refresh(workspace, registry)
    registry.close()
    with closing(Publication.open(workspace.publication_path("public"))) as opened:
        yield opened


def queries() -> dict[str, list[str]]:
    """The fixed mix of questions, by kind."""
    lines = [line.split("\t") for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    return {kind: [text for one, text in lines if one == kind] for kind in KINDS}


def percentile(seconds: list[float], share: float) -> float:
    """Percentile of some times [ms]."""
    return round(float(np.percentile(seconds, share)) * 1e3, 1)


@pytest.mark.bench
@pytest.mark.shows("shared-model")
def test_half_a_million_names_are_searched(published, figure):
    count = sum(one.count for one in published.collections())
    figure("things published", count, "1")
    start = time.perf_counter()
    published._package.query("SELECT count(*) FROM phusa_word WHERE word = 'duong'")
    figure(
        "all entries of the most frequent word counted (calibration)",
        percentile([time.perf_counter() - start], 50),
        "ms",
    )
    for kind, texts in queries().items():
        times = [spent(lambda text=text: published.search(text, limit=10)) for text in texts * 3]
        hits = {text: published.search(text, limit=10) for text in texts}
        for clock, suffix in (("wall", ""), ("processor", " of processor time")):
            taken = [getattr(one, clock) for one in times]
            said = f"{KINDS[kind]}, p95{suffix} of {len(texts)} questions"
            figure(said, percentile(taken, 95), "ms", BOUNDS[kind])
            figure(f"{KINDS[kind]}, median{suffix}", percentile(taken, 50), "ms")
        figure(f"{KINDS[kind]}, answered", round(sum(map(bool, hits.values())) / len(texts), 3), "1")
    assert count == 500_000
