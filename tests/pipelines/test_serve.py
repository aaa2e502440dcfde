from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pipelines.serve import check_address, compose, is_loopback, run
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
            run(town, Settings(), port=taken.getsockname()[1])


def test_map_and_api_stand_in_one_application(town):
    paths = {getattr(route, "path", None) for route in compose(town, Settings()).routes}
    assert {"/", "/ogc/", "/healthz", "/id/{kind}/{uuid}", "/ogc/collections/{collection}/items"} <= paths


def test_the_command_says_where_it_serves_and_stops_when_asked(town, root):
    command = [sys.executable, "-m", "pipelines", "serve", "--workspace", str(town.folder), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment) as server:
        assert server.stdout is not None
        said = server.stdout.readline().split()
        assert said[0] == "Serving"
        with urllib.request.urlopen(f"{said[1]}healthz", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        with urllib.request.urlopen(f"{said[1]}ogc/collections", timeout=10) as answer:
            assert json.load(answer)["links"][0]["href"] == f"{said[1]}ogc/collections"
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=15) in {0, -signal.SIGTERM}
        assert server.stdout.read() == ""
    assert Path(town.folder).is_dir()
