"""The access log: one line for each request, which tells no secret and cannot be made to tell what did not happen."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from sdi.errors import SettingsError
from sdi.service import application
from sdi.service.watch import journal
from sdi.service.watch.journal import MAXIMUM_QUERY, Journal, harmless, plain
from sdi.service.watch.seen import Seen, identity
from sdi.settings import Settings

KEY = "phusa_" + "a" * 60


def seen(**scope) -> Seen:
    whole = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "client": ("203.0.113.5", 1)} | scope
    return Seen(whole, "abc", 200, 12, 0.0015)


@pytest.fixture
def noted(town, tmp_path):
    """Return ``ask(path, **headers)``, which returns the answer and the line that was written of it."""
    log = tmp_path / "access.log"
    with TestClient(application(town, settings=Settings(access_log=str(log))), base_url="http://city.test") as asking:

        def ask(path, method="GET", **headers):
            answer = asking.request(method, path, headers={one.replace("_", "-"): two for one, two in headers.items()})
            return answer, log.read_text(encoding="ascii").splitlines()

        yield ask


def test_a_line_says_when_who_what_and_how_it_ended(noted):
    answer, (line,) = noted("/ogc/collections/landmarks/items?limit=2", Accept_Encoding="identity")
    said = json.loads(line)
    assert list(said) == [
        "time", "id", "pid", "client", "who", "method", "path", "query", "status", "bytes", "ms",
    ]  # fmt: skip
    assert (said["method"], said["path"], said["query"]) == ("GET", "/ogc/collections/landmarks/items", "limit=2")
    assert (said["status"], said["bytes"], said["pid"]) == (200, len(answer.content), os.getpid())
    assert said["who"] == "anybody"
    assert said["id"] == answer.headers["x-request-id"]
    assert said["time"].endswith("Z")
    assert 0 < said["ms"] < 60_000


def test_what_fails_is_written_too(noted):
    _, lines = noted("/ogc/collections/nowhere")
    _, lines = noted("/ogc/", method="POST")
    assert [json.loads(line)["status"] for line in lines] == [404, 405]


def test_the_name_that_a_proxy_gave_is_kept_unless_it_is_unfit(noted):
    answer, lines = noted("/healthz", X_Request_Id="proxy-17.a_b")
    assert json.loads(lines[-1])["id"] == answer.headers["x-request-id"] == "proxy-17.a_b"
    for unfit in ("two words", 'a"b', "x" * 65, "\x1b[2J"):
        assert identity({"headers": [(b"x-request-id", unfit.encode())]}) != unfit


def test_no_secret_comes_into_the_log(noted):
    _, lines = noted(
        f"/ogc/?token=abc123&limit=2&api_key=xyz789&f={KEY}", Authorization=f"Bearer {KEY}", Cookie="crumble"
    )
    noted(f"/ogc/?x={KEY.replace('_', '%5F')}")
    text = "".join(lines)
    for secret in ("abc123", "xyz789", KEY, "Bearer", "crumble"):
        assert secret not in text
    assert harmless("limit=2&Token=abc&x=1") == "limit=2&Token=***&x=1"
    assert harmless(f"x={KEY.replace('_', '%5F')}") == "***"


@pytest.mark.parametrize(
    "raw", [b"/a\nb", b'/a\r\n{"time":1}', b"/a\x1b[31m", b"/a\x00b", b"/\xc2\x9b31m", b"/\xe2\x80\xa8", b'/"},{"']
)  # fmt: skip
def test_no_address_can_write_a_line_of_its_own_or_speak_to_a_terminal(tmp_path, raw):
    log = tmp_path / "access.log"
    kept = Journal(str(log))
    kept.note(seen(raw_path=raw, query_string=raw))
    kept.close()
    written = log.read_bytes()
    assert written.count(b"\n") == 1
    assert written.endswith(b"\n")
    assert all(32 <= byte < 127 for byte in written[:-1])
    assert json.loads(written)["status"] == 200


def test_a_line_is_short_whatever_is_asked(tmp_path):
    log = tmp_path / "access.log"
    kept = Journal(str(log))
    kept.note(seen(raw_path=b"/" + b"a" * 60_000, query_string=b"q=" + b"b" * 60_000, method="X" * 999))
    kept.close()
    # Lines up to this length are written to a pipe whole, whoever else writes to it.
    assert len(log.read_bytes()) < 4096
    assert len(plain("b" * 60_000, MAXIMUM_QUERY)) == MAXIMUM_QUERY + 3


def test_a_file_that_was_moved_away_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_LOOK_S", 0.0)
    log = tmp_path / "access.log"
    kept = Journal(str(log))
    kept.note(seen())
    log.rename(tmp_path / "access.log.1")
    time.sleep(0.001)
    kept.note(seen())
    kept.close()
    assert [len((tmp_path / name).read_text().splitlines()) for name in ("access.log.1", "access.log")] == [1, 1]


def test_lines_of_several_who_write_into_one_file_stand_each_on_its_own(tmp_path):
    log = tmp_path / "access.log"

    def write(status: int) -> None:
        kept = Journal(str(log))
        for _ in range(2_000):
            kept.note(replace(seen(raw_path=b"/" + b"a" * 500), status=status))
        kept.close()

    writers = [threading.Thread(target=write, args=(status,)) for status in (200, 404)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    said = [json.loads(line)["status"] for line in log.read_text(encoding="ascii").splitlines()]
    assert (said.count(200), said.count(404)) == (2_000, 2_000)


def test_a_full_disk_costs_lines_and_no_answer(caplog):
    kept = Journal("/dev/full")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            kept.note(seen())
    assert [record.message for record in caplog.records] == [
        "the access log cannot be written: [Errno 28] No space left on device"
    ]
    kept.close()


def test_a_log_that_cannot_be_written_is_refused_at_the_start(tmp_path):
    with pytest.raises(SettingsError, match=r"PHUSA_ACCESS_LOG is .* cannot be written"):
        Journal(str(tmp_path / "nowhere" / "access.log"))


def test_nothing_is_written_where_nobody_asked_for_it(town, capfd):
    with TestClient(application(town)) as asking:
        assert "x-request-id" not in asking.get("/healthz").headers
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("piece", ["key", "key=", "key&", "?", "=", "&", ";", "%6bey", "phusa", "é"])
def test_a_long_query_is_read_at_once(piece):
    query = piece * (60_000 // len(piece))
    began = time.process_time()
    text = harmless(query)
    assert time.process_time() - began < 0.05
    assert len(text) <= MAXIMUM_QUERY + 3


@pytest.mark.parametrize("before", range(MAXIMUM_QUERY - 25, MAXIMUM_QUERY + 5))
def test_no_secret_shows_where_a_query_is_cut(before):
    assert "hush" not in harmless(f"{'a' * (before - 2)}=&token={'hush' * 500}&x=1")
    assert harmless(f"{'a' * before}={KEY}") == "***"


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("t%6Fken=abc", "t%6Fken=***"), ("limit=2;pass%57ord=abc;x=1", "limit=2;pass%57ord=***;x=1"),
        ("next=/a?token=abc&x=1", "next=/a?token=***&x=1"), ("token=abc==", "token=***"), ("key", "key"),
        ("filter=key", "filter=key"), ("a=b=c&token=", "a=b=c&token=***"), ("token=ab?cd", "token=***"),
    ],
)  # fmt: skip
def test_the_value_behind_a_name_that_promises_a_secret_is_left_out(query, line):
    assert harmless(query) == line
