"""What every handler needs, made once when the application is built."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from sdi.service.inventory import Keeper
from sdi.settings import Settings
from sdi.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Context:
    """The city, the settings and the current inventory."""

    workspace: Workspace
    settings: Settings
    keeper: Keeper
    has_portal: bool
    """Pages of the portal are served at ``/``."""
    started: float = field(default_factory=time.monotonic)


Work = Callable[[Context, Request], Response]
"""A handler: blocking, run in a thread."""
