"""Serve a workspace: the OGC API of the infrastructure and the public map, in one process.

One process is enough here, and uvicorn's own ``--workers`` loses most of its speed (see docs/decisions). The
publications are opened for reading only, so that the projector may write while they are served.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from sdi.errors import SettingsError
from sdi.service import application
from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal import pages

logger = logging.getLogger(__name__)

_GRACE_S = 10
"""How long running requests may take after the server was asked to stop [s]."""


def compose(workspace: Workspace, settings: Settings) -> Starlette:
    """Put the service and the portal together.

    Parameters
    ----------
    workspace : Workspace
        The city.
    settings : Settings
        Limits, threads and public address.

    Returns
    -------
    Starlette
        An ASGI application: the map at ``/``, the OGC API at ``/ogc/``.
    """
    return application(workspace, pages=pages(workspace, settings), settings=settings)


def run(
    workspace: Workspace,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    workspace : Workspace
        The city.
    settings : Settings
        Limits, threads, public address and secret.
    host : str
        Address to listen on.
    port : int
        Port to listen on; 0 takes a free one.
    ready : callable, optional
        Called with the address of the map once the server listens.

    Raises
    ------
    SettingsError
        If the address is not on this machine and no secret is set, or the port cannot be had.
    """
    check_address(host, settings)
    with _listening(host, port) as listener:
        address = _address(host, listener.getsockname()[1])

        def listens() -> None:
            logger.info("listening on %s", address)
            if ready is not None:
                ready(address)

        config = uvicorn.Config(
            compose(workspace, settings), log_config=None, server_header=False, timeout_graceful_shutdown=_GRACE_S
        )
        _Announced(config, listens).run([listener])


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


def _listening(host: str, port: int) -> socket.socket:
    """Listen before the application is built, so that a port in use is found at once."""
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


class _Announced(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._listens()
