"""No input makes the service ask another host: there is no field that takes an address, and names that look like one
are looked up in a list. The one address it fetches from is in the operator's file about tokens."""

from __future__ import annotations

import urllib.request
from contextlib import suppress

import pytest

from tests.attack import payloads
from tests.attack.witness import complaints


def test_the_witness_sees_a_connection(field):
    with suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{field.witness.port}/x", timeout=0.2)
    seen = field.witness.found()
    assert any("socket.connect" in one for one in seen)
    assert any("connection from" in one for one in seen)
    assert field.witness.found() == []


def test_the_witness_sees_a_file_that_is_opened(field):
    field.village.markers[2].read_text()
    assert len(field.witness.found()) == 2


@pytest.mark.shows("service")
@pytest.mark.parametrize("every", [17, pytest.param(1, marks=pytest.mark.slow)])
def test_no_address_in_any_input_is_asked_for_anything(field, figure, every):
    written = [(one, what) for one in field.inputs for what in payloads.addresses(field.witness.port)]
    some = [pair for pair in written if pair[0].place != "header"][::every]
    wrong = []
    for one, what in some:
        answer = field.ask(one.request(what.text, raw=what.raw)[0])
        wrong += [f"{one.label}: {what.label}: {said}" for said in (*complaints(answer), *field.witness.found())]
    figure("addresses written into parameters and paths, none of which was asked for anything", len(some))
    assert wrong == []


@pytest.mark.shows("service")
def test_a_token_that_says_where_its_key_is_gets_nothing_and_nobody_is_asked(field, provider, figure):
    here = f"http://127.0.0.1:{field.witness.port}/keys"
    brought = {"jku": here, "x5u": here, "kid": here}
    tokens = [
        provider.token(headers=brought),
        provider.token(iss=here),
        provider.token(headers={"kid": "../jwks.json"}),
    ]
    answers = [
        field.ask(one.request(one.name)[0], ((b"authorization", f"Bearer {token}".encode()),))
        for token in tokens
        for one in {one.route: one for one in field.inputs if one.place == "path"}.values()
    ]
    figure("answers to tokens that bring an address of keys", len(answers))
    assert {one.status for one in answers} == {401}
    assert field.witness.found() == []
