"""A PostgreSQL of the tests' own: a private cluster in a temporary folder, reached by a socket in it and nothing else.

PostgreSQL refuses to run as root; there it runs as the user that its package made, otherwise as whoever runs the tests.
It dies with the process that started it, however that one ends. ``fsync`` stays on: what is promised is tested.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from sdi.store.postgis_session import complete_reference_systems

TEMPLATE = "template_phusa"
"""Database that has the extensions already; every database of a test is a copy of it."""
SETTINGS = {"listen_addresses": "", "shared_buffers": "256MB", "max_wal_size": "2GB", "max_connections": "60"}
OWNER = "postgres"
"""Who runs the server where root runs the tests."""
START_S = 60.0
UNWANTED = 20
"""Databases of 10 MB each that are left lying about before they are dropped together."""


class Cluster:
    """A running cluster of one superuser, ``postgres``, who needs no password.

    Parameters
    ----------
    folder : Path
        Folder of its own; its socket lies there, and nobody else may enter it.
    programs : Path
        Folder of ``initdb`` and ``postgres``.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self._programs = programs
        self._numbers = count(1)
        self._unwanted: list[object] = []
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the cluster, start it, and prepare the database that all others are copies of."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER, OWNER)
        initdb = [self._programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-N"]
        initdb += ["-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*_as_owner(), *map(str, initdb)], check=True, capture_output=True, cwd=self.folder)
        self.start()
        self.run("postgres", f"CREATE DATABASE {TEMPLATE}")
        self.run(TEMPLATE, "CREATE EXTENSION postgis", "CREATE EXTENSION btree_gist")
        with psycopg.connect(self.url(TEMPLATE)) as connection:
            complete_reference_systems(connection)  # once for all tests

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [*_as_owner(), str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        for name, value in {"unix_socket_directories": str(self.folder), **SETTINGS}.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        until = time.monotonic() + START_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: at once and in order, or as a crash by SIGQUIT."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(timeout=60)
            self._server = None

    @property
    def pid(self) -> int:
        """Process number of the server, which is the parent of all that work in it."""
        assert self._server is not None, "the cluster does not run"
        return self._server.pid

    def url(self, database: str, user: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def database(self) -> str:
        """Make an empty database with the extensions and return its address."""
        name = f"test_{next(self._numbers)}"
        self.run("postgres", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever uses it: some at a time, because all that is unwritten goes to the disk then."""
        self._unwanted.append(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
        if len(self._unwanted) >= UNWANTED:
            self.run("postgres", *(f"DROP DATABASE {name} WITH (FORCE)" for name in self._unwanted))
            self._unwanted.clear()

    def run(self, database: str, *statements: str) -> None:
        """Run statements as the superuser, each on its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """Make a cluster, and remove it with everything in it."""
    folder = Path(tempfile.mkdtemp(prefix="phusa-pg-"))  # short: the name of a socket may have 107 characters
    cluster = Cluster(folder, programs() or Path())
    try:
        cluster.make()
        yield cluster
    finally:
        cluster.stop(signal.SIGQUIT)  # at once: nothing of what is removed has to reach the disk
        shutil.rmtree(folder, ignore_errors=True)


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL of this machine that has PostGIS."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: -float(path.parts[4]))
    found = [Path(path).resolve().parent for path in (*debian, shutil.which("initdb")) if path]
    return next((folder for folder in found if _has_postgis(folder)), None)


def _has_postgis(folder: Path) -> bool:
    shared = subprocess.run([folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=False).stdout
    return (Path(shared.strip()) / "extension" / "postgis.control").is_file()


def _as_owner() -> list[str]:
    """Return the words that start a program as the owner of the cluster, to end when this process ends."""
    if not shutil.which("setpriv"):
        return []
    words = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        words += ["--reuid", OWNER, "--regid", OWNER, "--clear-groups"]
    return [*words, "--"]
