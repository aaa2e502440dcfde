"""A workspace served on a free port of this machine, for as long as a test needs it.

`serving` does it in a thread. A program library that holds Python's lock while it waits for an answer, as GDAL's
bindings do, would then wait for ever: for those `serving_apart` starts a process of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from pipelines.serve import run
from sdi.service import application
from sdi.settings import Settings
from sdi.workspace import Workspace


@contextmanager
def serving(
    workspace: Workspace,
    pages: Sequence[BaseRoute] = (),
    settings: Settings | None = None,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    library: Path | None = None,
) -> Iterator[str]:
    """Serve a workspace in a thread and give its address without a last slash; ``around`` may stand before it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        app = around(application(workspace, pages=pages, settings=settings, library=library))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def serving_apart(workspace: Workspace) -> Iterator[str]:
    """Serve a workspace with its portal in a process of its own and give its address without a last slash."""
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "tests.serving", str(workspace.folder)]
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address.startswith("http://"), "the server did not start; its error stands above"
        try:
            yield address.rstrip("/")
        finally:
            server.terminate()
            server.wait(timeout=15)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Settings(), port=0, ready=print)
