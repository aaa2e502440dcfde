from __future__ import annotations

import os
import socket

import pytest

from pipelines.serve import check_address, is_loopback, listening, run
from pipelines.server.composition import compose
from sdi.errors import SettingsError
from sdi.settings import Settings
from tests.town import town

__all__ = ["town"]
SECRET = "0123456789abcdef" * 2


@pytest.mark.parametrize("host", ["127.0.0.1", "127.5.5.5", "::1", "localhost"])
def test_this_machine_needs_no_secret(host):
    assert is_loopback(host)
    check_address(host, Settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "city.example", "", "127.0.0.1.example"])
def test_other_machines_are_refused_without_a_secret_and_the_message_says_how_to_get_one(host):
    with pytest.raises(SettingsError, match="openssl rand -hex 32"):
        check_address(host, Settings())
    check_address(host, Settings(secret=SECRET))


def test_a_port_in_use_is_said_so(town):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="choose another port"):
            run(town.folder, Settings(), port=taken.getsockname()[1])


def test_a_worker_that_inherits_the_socket_knows_that_it_speaks_tcp():
    with listening("127.0.0.1", 0) as held, socket.socket(fileno=os.dup(held.fileno())) as inherited:
        # asyncio switches Nagle's delay off only where the protocol is named.
        assert inherited.proto == socket.IPPROTO_TCP


def test_map_and_api_stand_in_one_application(town):
    paths = {getattr(route, "path", None) for route in compose(town, Settings()).routes}
    assert {"/", "/ogc/", "/healthz", "/id/{kind}/{uuid}", "/ogc/collections/{collection}/items"} <= paths


def test_more_processes_than_the_machine_has_use_for_are_named_and_what_counts_threads(town, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError):
            run(town.folder, Settings(workers=10_000), port=taken.getsockname()[1])
    assert "PHUSA_WORKERS is 10000, and this machine has" in caplog.text
    assert "PHUSA_THREADS counts the threads of each" in caplog.text
