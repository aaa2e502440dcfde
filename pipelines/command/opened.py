"""What a command works on, opened as its options say."""

from __future__ import annotations

from catalogs import packaged
from pipelines.command.console import Options
from sdi.registry import Registry
from sdi.settings import Settings
from sdi.workspace import Workspace


def workspace(options: Options) -> Workspace:
    """Open the workspace that a command was given."""
    return Workspace.open(options.workspace, packaged())


def registry(options: Options) -> Registry:
    """Open the registry of the workspace that a command was given, or its secret one."""
    if getattr(options, "secret", False):
        return workspace(options).secret_registry(Settings.from_environment().secret_store)
    return workspace(options).registry()
