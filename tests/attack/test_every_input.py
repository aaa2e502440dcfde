"""Everything that attackers write, into every input that the application has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attack import inputs, village
from tests.attack.conftest import Field, opened
from tests.attack.inputs import Input
from tests.attack.payloads import Payload
from tests.attack.witness import complaints

_EMPTY = ("/portal/overview/{collection}.json", "/lookup")
"""Routes that have nothing to tell of so small a place."""
_FEW = {"path": 6, "parameter": 4, "name": 1, "header": 1}
"""How many of the payloads are written into an input of each kind in the test that always runs."""


def test_every_route_is_known_with_an_address_that_answers(field):
    """Otherwise what stands behind a refusal at the door would never be attacked."""
    answers = {one.route: field.ask(one.request("")[0]).status for one in inputs.routes(field.village, field.ask)}
    assert {route: one for route, one in answers.items() if one not in {200, 307}} == dict.fromkeys(_EMPTY, 404)


def test_what_is_attacked_is_what_the_application_reads(field):
    """The table is derived; these are the ends of each thread by which it is."""
    found = {(one.place, one.name) for one in field.inputs}
    assert {("parameter", name) for name in ("filter", "landmark_tag", "subset", "q", "lat", "choice", "page")} <= found
    assert {("path", name) for name in ("collection", "item", "file", "uuid", "path", "matrix")} <= found
    assert {("header", name) for name in ("x-api-key", "authorization", "origin", "range", "x-forwarded-for")} <= found


def test_no_route_takes_a_body(field):
    """What is sent along is refused unread; a route that takes one needs attacks of its own."""
    for one in inputs.routes(field.village, field.ask):
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
            length = ((b"content-length", b"2"), (b"content-encoding", b"gzip"))
            answer = field.ask(one.request("")[0], length, method=method, body=b"{}")
            assert answer.status == 405, (one.route, method)


@pytest.mark.shows("service")
def test_no_input_gets_data_files_a_connection_an_error_or_more_than_its_time(field, figure):
    _attack(field, list(_some(field.inputs, field.payloads)), figure)


@pytest.mark.slow
@pytest.mark.shows("service")
def test_nothing_written_into_any_input_does(field, figure):
    _attack(field, list(_most(field.inputs, field.payloads)), figure)


@pytest.mark.slow
@pytest.mark.shows("service")
def test_nothing_does_on_the_other_store(other, figure):
    written = [one for one in other.inputs if one.place != "header"]
    _attack(other, list(_most(written, other.payloads)), figure)


@pytest.fixture(scope="module")
def other(request, provider, tmp_path_factory) -> Iterator[Field]:
    """Return the same village in PostGIS."""
    database = request.getfixturevalue("cluster").database()
    yield from opened(village.build(tmp_path_factory.mktemp("other"), database), provider)


def _some(written: list[Input], payloads: list[Payload]) -> Iterator[tuple[Input, Payload]]:
    """Yield some pairs: every input, every payload, and not the same ones together."""
    number, near = 0, [what for what in payloads if what.text.endswith("marker.txt") and len(what.text) < 16]
    for one in written:
        yield from ((one, what) for what in near if one.place == "path")
        for _ in range(_FEW[one.place]):
            yield one, payloads[number * 37 % len(payloads)]
            number += 1


def _most(written: list[Input], payloads: list[Payload]) -> Iterator[tuple[Input, Payload]]:
    """Yield every pair; of a header, which is read alike for all routes, every fifth."""
    for number, one in enumerate(written):
        for what in payloads[number % 5 :: 5] if one.place == "header" else payloads:
            yield one, what


def _attack(field: Field, pairs: list[tuple[Input, Payload]], figure) -> None:
    """Send attacks, and hear what anybody complains about."""
    wrong, slowest, label = [], 0.0, ""
    for number, (one, what) in enumerate(pairs):
        address, headers = one.request(what.text, raw=what.raw)
        if any(sign in value for _, value in headers for sign in (b"\r", b"\n", b"\x00")):
            continue  # no server hands such a header over; tests/sdi/service/access/test_hostile.py sends them
        accept = () if one.name == "accept" or number % 2 else ((b"accept", b"text/html"),)
        answer = field.ask(address, (*accept, *headers))
        if answer.took_s > slowest:
            slowest, label = answer.took_s, f"{one.label}: {what.label}"
        wrong += [f"{one.label}: {what.label}: {said}" for said in (*complaints(answer), *field.witness.found())]
    figure(
        "attacks that got nothing", len(pairs), unit=f"on {len(field.inputs)} inputs, of {len(field.payloads)} payloads"
    )
    figure("the slowest answer", slowest, unit="s of the processor", bound="≤ 5")
    assert wrong == [], f"{len(wrong)} in all, such as\n" + "\n".join(wrong[:40])
    assert slowest > 0, label
