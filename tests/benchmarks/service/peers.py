"""The servers of the comparison: ours and two others, each one process on a port of 127.0.0.1."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import yaml

PACKAGES = (
    "pygeoapi==0.24.*",
    "tipg==1.6.*",
    "uvicorn[standard]",
    "psycopg2-binary",
    "geoalchemy2",
    "pysqlite3-binary",
)
"""What the peers need; they have an environment of their own, because their versions are not ours."""
START_S = 90.0


def environment(folder: Path) -> Path:
    """Make the environment of the peers where it is missing; return its Python."""
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True, capture_output=True)
        (folder / "complete").touch()
    return python


def versions(python: Path) -> str:
    """Return the versions of the peers."""
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
    )
    wanted = ("pygeoapi==", "tipg==", "uvicorn==", "starlette==")
    return ", ".join(one for one in listed.stdout.split() if one.startswith(wanted))


@contextmanager
def served(command: list[str], url: str, log: Path, **variables: str) -> Iterator[None]:
    """Run a server until it is no longer needed."""
    with log.open("wb") as said:
        server = subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | variables, cwd=log.parent)
        try:
            _wait(server, url, log)
            yield
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=20).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{url} does not answer ({error}):\n{log.read_text()[-2000:]}") from error
            time.sleep(0.2)
        else:
            return


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def ours(city: Path, port: int) -> list[str]:
    """Return the command that serves a workspace."""
    return [sys.executable, "-m", "pipelines", "serve", "--workspace", str(city), "--port", str(port)]


def with_host(address: str) -> str:
    """Write the address of a database with its socket in the place of the host, where tipg looks for it."""
    parts = psycopg.conninfo.conninfo_to_dict(address)
    return f"postgresql://{parts['user']}@{quote(str(parts['host']), safe='')}/{parts['dbname']}"


def tipg(python: Path, port: int) -> list[str]:
    """Return the command of tipg; its database stands in ``DATABASE_URL``."""
    return [str(python), "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "error"]


def stock(
    python: Path, port: int, folder: Path, address: str | None = None, geopackage: Path | None = None
) -> list[str]:
    """Return the command of pygeoapi as it comes, over PostGIS or over a GeoPackage."""
    if geopackage is None:
        parts = psycopg.conninfo.conninfo_to_dict(str(address))
        data = {"host": parts["host"], "dbname": parts["dbname"], "user": parts["user"], "search_path": ["public"]}
        providers = [
            {"type": "feature", "name": "PostgreSQL", "data": data, "id_field": "id", "table": "parcels",
             "geom_field": "geom"},
            {"type": "tile", "name": "MVT-postgresql", "data": data, "id_field": "id", "table": "parcels",
             "geom_field": "geom", "options": {"zoom": {"min": 0, "max": 16}},
             "format": {"name": "pbf", "mimetype": "application/vnd.mapbox-vector-tile"}},
        ]  # fmt: skip
    else:
        providers = [{
            "type": "feature", "name": "SQLiteGPKG", "data": str(geopackage), "id_field": "fid", "table": "parcels",
        }]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    file = folder / f"pygeoapi-{port}.yml"
    file.write_text(yaml.safe_dump(_configuration(url, port, providers)), encoding="utf-8")
    (folder / "stock.py").write_text(_STOCK, encoding="utf-8")
    return [str(python), str(folder / "stock.py"), str(file), str(port), "1" if geopackage else ""]


_STOCK = """
import os, sys
file, port, swapped = sys.argv[1:]
if swapped:
    import pysqlite3
    sys.modules["sqlite3"] = pysqlite3
os.environ["PYGEOAPI_CONFIG"] = file
os.environ["PYGEOAPI_OPENAPI"] = file + ".openapi"
import json, uvicorn
from pygeoapi.openapi import get_oas
from pygeoapi.util import yaml_load
with open(file) as opened:
    described = get_oas(yaml_load(opened), fail_on_invalid_collection=False)
with open(file + ".openapi", "w") as written:
    json.dump(described, written, default=str)
from pygeoapi.starlette_app import APP
uvicorn.run(APP, host="127.0.0.1", port=int(port), log_level="error")
"""


def _configuration(url: str, port: int, providers: list[dict[str, object]]) -> dict[str, object]:
    """Return a configuration of pygeoapi with one collection."""
    extent = {"spatial": {"bbox": [105, 9.9, 106, 10.2], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": url, "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "gzip": False, "languages": ["en-US"], "pretty_print": False,
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "http://127.0.0.1/{z}/{x}/{y}.png", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": "peer", "description": "peer", "keywords": ["peer"], "keywords_type": "theme",
                               "terms_of_service": "none", "url": url},
            "license": {"name": "none", "url": url}, "provider": {"name": "peer", "url": url},
            "contact": {"name": "peer"},
        },
        "resources": {"parcels": {
            "type": "collection", "title": "parcels", "description": "parcels", "keywords": ["parcels"], "links": [],
            "extents": extent, "providers": providers,
        }},
    }  # fmt: skip
