"""Keys: made once, kept as a hash, narrowed, ended, revoked."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from hashlib import sha256

import pytest

from sdi.access import key as keys
from sdi.access.keyring import FILE, Doorkeeper, Keyring
from sdi.errors import InputError, NotFound, WorkspaceError
from sdi.history import Clock


@pytest.fixture
def ring(tmp_path):
    return Keyring(tmp_path)


def test_a_key_is_shown_once_and_kept_as_a_hash_in_a_file_of_its_owner_alone(ring, tmp_path):
    made, written = ring.add("An", "restricted")
    identifier, secret = keys.parts(written)
    assert identifier == made.identifier
    assert made.digest == sha256(secret.encode()).hexdigest()
    assert ring.list() == (made,)
    for file in tmp_path.glob(f"{FILE}*"):
        assert secret.encode() not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in repr(made)


def test_no_two_keys_are_alike_and_each_has_256_random_bits(ring):
    written = {ring.add("An", "public")[1] for _ in range(50)}
    assert len(written) == 50
    assert {len(keys.parts(one)[1]) for one in written} == {43}, "43 letters of 6 bits hold 32 bytes"


def test_a_key_is_recognised_and_any_other_text_is_not(ring, tmp_path):
    made, written = ring.add("An", "restricted", collections=["lamps", "lamps", "bridges"])
    door = Doorkeeper(tmp_path)
    assert door.recognise(written).collections == ("bridges", "lamps")
    other = "A" if written[-1] != "A" else "B"
    wrong = [
        "", "phusa_", made.identifier, written[:-1], written[:-1] + other, written + "A", f" {written}", f"{written}\n",
        written.upper(), written.replace("phusa", "phusă"), f"phusa_{'0' * 12}_{'A' * 43}", "\x00" * 60, "A" * 10**6,
    ]  # fmt: skip
    assert [one for one in wrong if door.recognise(one) is not None] == []
    door.close()


def test_a_revoked_key_opens_nothing_at_once_in_every_service_that_runs(ring, tmp_path):
    made, written = ring.add("An", "restricted")
    doors = [Doorkeeper(tmp_path) for _ in range(2)]
    assert all(door.recognise(written) for door in doors)
    ring.revoke(made.identifier)
    assert not any(door.recognise(written) for door in doors)
    _, another = ring.add("Bình", "public")
    assert all(door.recognise(another) for door in doors)
    assert [one.revoked is not None for one in ring.list()] == [True, False]
    with pytest.raises(NotFound, match="opens anything"):
        ring.revoke(made.identifier)
    for door in doors:
        door.close()


def test_a_key_opens_nothing_from_the_moment_on_at_which_it_ends(tmp_path):
    ring = Keyring(tmp_path, clock=Clock.fixed("2026-01-01T00:00:00Z"))
    _, written = ring.add("An", "public", expires="2026-06-01T00:00:00Z")
    before = Doorkeeper(tmp_path, clock=Clock.fixed("2026-05-31T23:59:59Z", 0.0))
    after = Doorkeeper(tmp_path, clock=Clock.fixed("2026-06-01T00:00:01Z", 0.0))
    assert before.recognise(written)
    assert after.recognise(written) is None
    before.close()
    after.close()


def test_keys_that_were_thrown_away_with_their_file_open_nothing(ring, tmp_path):
    _, written = ring.add("An", "restricted")
    door = Doorkeeper(tmp_path)
    assert door.recognise(written)
    for file in tmp_path.glob(f"{FILE}*"):
        file.unlink()
    assert door.recognise(written) is None
    _, another = Keyring(tmp_path).add("An", "restricted")
    assert door.recognise(written) is None
    assert door.recognise(another)
    door.close()


def test_it_is_noted_when_a_key_was_used_but_not_at_every_request(ring, tmp_path):
    _, written = ring.add("An", "public")
    assert ring.list()[0].used is None
    door = Doorkeeper(tmp_path, clock=Clock.fixed("2026-03-01T00:00:00Z"))
    for _ in range(20):
        door.recognise(written)
    door.close()
    assert ring.list()[0].used in {f"2026-03-01T00:00:{second:02d}.000Z" for second in range(3)}


def test_nothing_is_opened_or_made_before_there_is_a_key(tmp_path):
    door = Doorkeeper(tmp_path)
    assert door.recognise(f"phusa_{'0' * 12}_{'A' * 43}") is None
    assert Keyring(tmp_path).list() == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("owner", "level"), [("", "public"), ("a\nb", "public"), ("x" * 101, "public"), ("An", "secret")]
)
def test_a_key_without_a_name_that_a_log_can_show_or_for_what_is_secret_is_refused(ring, owner, level):
    with pytest.raises(InputError):
        ring.add(owner, level)
    with pytest.raises(InputError, match="has passed"):
        ring.add("An", "public", expires="2020-01-01T00:00:00Z")


def test_a_file_of_keys_that_others_may_open_is_refused_and_so_is_one_of_another_kind(ring, tmp_path):
    _, written = ring.add("An", "restricted")
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(WorkspaceError, match="chmod 600"):
        Doorkeeper(tmp_path).recognise(written)
    with pytest.raises(WorkspaceError, match="chmod 600"):
        ring.list()
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(WorkspaceError, match="cannot be used"):
        ring.list()


def test_a_key_in_a_longer_text_is_seen(ring):
    _, written = ring.add("An", "public")
    assert keys.names_one(f"f=json&k={written}&x=1")
    assert not keys.names_one("f=json&city=phusa_mau")


def test_a_file_that_cannot_be_opened_is_looked_at_again_until_it_can(ring, tmp_path):
    made, written = ring.add("An", "restricted")
    door = Doorkeeper(tmp_path)
    assert door.recognise(written)
    # A copy takes its place, in which the key is revoked and another one is there, but which all may read.
    copy, file = tmp_path / "copy", tmp_path / FILE
    copy.mkdir(mode=0o700)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy / FILE),))
    (copy / FILE).chmod(0o600)
    other = Keyring(copy)
    other.revoke(made.identifier)
    _, another = other.add("Bình", "restricted")
    (copy / FILE).chmod(0o644)
    for name in (f"{FILE}-wal", f"{FILE}-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (copy / FILE).replace(file)
    for _ in range(3):
        with pytest.raises(WorkspaceError, match="chmod 600"):
            door.recognise(written)
    file.chmod(0o600)
    assert door.recognise(written) is None
    assert door.recognise(another).owner == "Bình"
    door.close()
