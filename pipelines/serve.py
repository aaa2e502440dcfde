"""Serve a workspace: the OGC API of the infrastructure and the public map, in as many processes as are asked for.

This process holds the socket and watches; those that answer are its children, see `pipelines.server`. They open the
publications for reading only, so that the projector may write while they are served.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from pipelines.server import metrics
from pipelines.server.parent import Parent
from pipelines.server.task import Task
from sdi.errors import SettingsError
from sdi.settings import Settings

logger = logging.getLogger(__name__)


def run(
    folder: Path,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until asked to stop.

    Parameters
    ----------
    folder : Path
        Folder of the workspace.
    settings : Settings
        Limits, processes and threads, public address and secret.
    host : str
        Address to listen on.
    port : int
        Port to listen on; 0 takes a free one.
    ready : callable, optional
        Called with the address of the map once the server answers.

    Raises
    ------
    SettingsError
        If the address is not on this machine and no secret is set, or the port cannot be had.
    PhusaError
        If the workspace cannot be served.
    """
    check_address(host, settings)
    if settings.metrics is not None:
        check_address(settings.metrics[0], settings)
    _warn_of_many(settings.workers)

    def stands() -> None:
        logger.info("listening on %s", address)
        if ready is not None:
            ready(address)

    with ExitStack() as held:
        listener = held.enter_context(listening(host, port))
        address = _address(host, listener.getsockname()[1])
        shown = held.enter_context(metrics.shown(settings.metrics))
        task = Task(folder, settings, listener.fileno(), logger.getEffectiveLevel())
        environment = os.environ | shown.environment
        parent = Parent(listener, task, settings.workers, environment, ready=stands, buried=shown.bury)
        asyncio.run(parent.run())


def check_address(host: str, settings: Settings) -> None:
    """Refuse to listen beyond this machine without a secret.

    Parameters
    ----------
    host : str
        Address to listen on.
    settings : Settings
        With or without a secret.

    Raises
    ------
    SettingsError
        Saying how to get a secret.
    """
    if settings.secret is None and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other machines, and PHUSA_SECRET is not set; set one with "
            "`export PHUSA_SECRET=$(openssl rand -hex 32)`, or listen on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only.

    Parameters
    ----------
    host : str
        Name or address.

    Returns
    -------
    bool
        False for every name but ``localhost``: what a name means is decided elsewhere.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(host: str, port: int) -> socket.socket:
    """Listen before anything is started, so that a port in use is found at once.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        Port to listen on; 0 takes a free one.

    Raises
    ------
    SettingsError
        If it cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # The protocol is named, because without it asyncio leaves Nagle's delay on.
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another port with --port"
        ) from error
    return listener


def _address(host: str, port: int) -> str:
    """Write the address that a browser opens."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _warn_of_many(workers: int) -> None:
    """Say what the variable means where its value is more than this machine has use for."""
    processors = os.cpu_count() or 1
    if workers > 2 * processors:
        logger.warning(
            "PHUSA_WORKERS is %d, and this machine has %d processors; it counts processes, PHUSA_THREADS counts the "
            "threads of each", workers, processors,
        )  # fmt: skip
