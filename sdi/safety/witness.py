"""Witnesses: root hashes told to somebody else, day by day.

The hash chain proves that nothing in it was changed. That its end was cut off it cannot show, for what is left still
hashes. A line with the root hash of the day, kept where the registry's own keeper cannot write, shows that too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from sdi.errors import InputError, IntegrityError
from sdi.registry import Registry
from sdi.store.durable import write_whole


@dataclass(frozen=True, slots=True)
class Witness:
    """The root hash of a registry on a day."""

    workspace: str
    exported_at: str
    tx: int
    """Last transaction then."""
    root_hash: str


def take(registry: Registry, workspace: str) -> Witness:
    """Return the root hash of now.

    Parameters
    ----------
    registry : Registry
        A registry that verifies.
    workspace : str
        Name of its city.
    """
    return Witness(workspace, registry.clock.now(), registry.last_tx, registry.root_hash)


def read(path: Path) -> list[Witness]:
    """Read what was exported before.

    Parameters
    ----------
    path : Path
        File of JSON lines; it may be missing.

    Returns
    -------
    list of Witness
        In the order of the lines; empty for a missing file.

    Raises
    ------
    InputError
        If a line is no witness.
    """
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(Witness(**orjson.loads(line)))
        except (TypeError, orjson.JSONDecodeError) as error:
            raise InputError(
                f"{path}:{number} is no root hash that was exported ({error}); expected the lines of `phusa verify "
                "--export`, give another file",
                code="witness-invalid",
            ) from error
    return found


def check(registry: Registry, workspace: str, witnesses: Sequence[Witness]) -> None:
    """Compare a registry with what was said of it before.

    Parameters
    ----------
    registry : Registry
        The registry.
    workspace : str
        Name of its city.
    witnesses : sequence of Witness
        What was exported before.

    Raises
    ------
    InputError
        If they speak of another city.
    IntegrityError
        If a transaction is missing that was there, or hashes to something else.
    """
    for one in witnesses:
        if one.workspace != workspace:
            raise InputError(
                f"the root hashes are those of workspace {one.workspace!r}, this is {workspace!r}; give its own file",
                code="witness-other",
            )
        found = registry.store.select("SELECT hash FROM tx WHERE tx = ?", (one.tx,))
        if one.tx and found != [(one.root_hash,)]:
            what = "is gone: the chain was cut off" if not found else "hashes to something else: it was written anew"
            raise IntegrityError(
                f"transaction {one.tx}, which was the last one on {one.exported_at[:10]}, {what}; restore the last "
                "backup that agrees with the exported root hashes",
                details={"tx": one.tx, "exported_at": one.exported_at, "last_tx": registry.last_tx},
            )


def export(path: Path, witness: Witness) -> None:
    """Add a line to a file of exported root hashes.

    Parameters
    ----------
    path : Path
        The file; made where it is missing.
    witness : Witness
        The line.
    """
    before = path.read_bytes() if path.exists() else b""
    write_whole(path, before + orjson.dumps(asdict(witness)) + b"\n")
