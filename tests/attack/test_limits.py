"""What costs much more to answer than to ask: deep and huge filters, bombs of vertices, packed bodies, many ranges."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from sdi.filter.reading import LANGUAGES, MAXIMUM_LENGTH
from tests.attack import payloads, village
from tests.attack.inputs import Input
from tests.attack.witness import complaints
from tests.town import LAT, LON

ITEMS = "/ogc/collections/landmarks/items"
MOST_S = 1.0
"""Processor time that no single question about a few features may take; most take a hundredth [s]."""


def asked(field, value, language, **beside):
    """Ask for the landmarks with a filter."""
    given = (("filter-lang", language), *beside.items())
    answer = field.ask(Input(ITEMS, "parameter", "filter", (), given).request(value)[0])
    assert [*complaints(answer), *field.witness.found()] == [], value[:80]
    return answer


@pytest.mark.shows("service")
def test_deep_and_huge_filters_are_cut_off(field, figure):
    written = [*payloads.DEEP, *(one for one in payloads.LARGE if len(one) > 300)]
    answers = [asked(field, one, language) for one in written for language in LANGUAGES]
    slowest = max(one.took_s for one in answers)
    figure("deep and huge filters", len(answers), unit=f"{sum(one.status == 400 for one in answers)} of them refused")
    figure("slowest answer to a deep or huge filter", slowest, unit="s of the processor", bound=f"≤ {MOST_S:g}")
    assert {one.status for one in answers} <= {200, 400, 414}
    assert slowest <= MOST_S


def lattices() -> list[str]:
    """Return filters as long as any that are read, of places with as many vertices as fit."""
    here = [f"{x:.3f} {y:.3f}" for x, y in village.lattice(20)[:370]]
    star = ",".join(f"{LON + np.cos(n * 2.4) / 9:.3f} {LAT + np.sin(n * 2.4) / 9:.3f}" for n in range(370))
    found = [
        f"S_INTERSECTS(geometry, MULTIPOINT({','.join(here)}))", f"S_CROSSES(geometry, LINESTRING({star}))",
        f"S_EQUALS(geometry, LINESTRING({','.join(here)}))", f"S_WITHIN(geometry, POLYGON(({star})))",
        " AND ".join(["S_DISJOINT(geometry, BBOX(105, 9, 106, 11))"] * 150),
        " OR ".join(["S_TOUCHES(geometry, LINESTRING(105 10, 106 11, 105 11, 106 10))"] * 100),
    ]  # fmt: skip
    assert all(1_000 < len(one) <= MAXIMUM_LENGTH for one in found)
    return found


@pytest.mark.shows("service")
def test_a_filter_with_as_many_vertices_as_fit_is_answered_at_once(field, figure):
    systems = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/EPSG/0/5897")
    answers = [asked(field, one, "cql2-text", **{"filter-crs": crs}) for one in lattices() for crs in systems]
    slowest = max(one.took_s for one in answers)
    figure("slowest answer to a filter full of vertices", slowest, unit="s of the processor", bound=f"≤ {MOST_S:g}")
    assert slowest <= MOST_S
    assert {one.status for one in answers} == {200, 400}


def test_a_packed_body_is_never_unpacked(field):
    bomb = gzip.compress(bytes(10_000_000), 9)
    for size in (len(bomb), 10**12):
        headers = (
            (b"content-length", str(size).encode()),
            (b"content-encoding", b"gzip"),
            (b"content-type", b"text/xml"),
        )
        for method in ("GET", "POST"):
            answer = field.ask(ITEMS, headers, method=method, body=bomb)
            assert answer.status in {200, 405, 413}
            assert answer.took_s < MOST_S


def test_an_answer_is_only_packed_for_whoever_wants_it_packed(field):
    """A packed answer to somebody who refuses it is a bomb that he did not ask for."""
    for address in (ITEMS, "/ogc/?f=html", "/", "/static/mark.svg", "/ogc/static/service.css", f"{ITEMS}?f=html"):
        for said in ("gzip;q=0", "identity, gzip;q=0.0", "gzip;q=x", "x-gzip", "br", "*;q=0"):
            answer = field.ask(address, ((b"accept-encoding", said.encode()),))
            assert "content-encoding" not in answer.headers, (address, said)
    assert (
        field.ask(f"{ITEMS}?f=html", ((b"accept-encoding", b"br, gzip;q=0.5"),)).headers["content-encoding"] == "gzip"
    )


def test_many_ranges_of_a_file_are_one_error(field):
    whole = field.ask("/ogc/collections/landmarks/bulk/landmarks.gpkg")
    many = ("bytes=" + ",".join("0-" for _ in range(5_000))).encode()
    answer = field.ask("/ogc/collections/landmarks/bulk/landmarks.gpkg", ((b"range", many),))
    assert (whole.status, answer.status) == (200, 400)
    assert len(answer.body) < 1_000
    for address in ("/ogc/static/service.css", "/ogc/collections/terrain/coverage?f=tiff"):
        size = len(field.ask(address).body)
        assert len(field.ask(address, ((b"range", many),)).body) <= size + 1_000, "no range is sent twice"


def test_the_description_of_a_wrong_filter_is_short(field):
    """An error that repeats what was sent would answer a long question with a longer one."""
    for language in LANGUAGES:
        body = asked(field, "x" * MAXIMUM_LENGTH, language).body
        assert len(json.loads(body)["description"]) < 500
