"""A folder that becomes a workspace: made beside its place, moved there when all of it is done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from sdi.errors import WorkspaceError
from sdi.store.durable import sync, sync_folder
from sdi.workspace import FILE

_PLACES = ("store", "secret")
"""Keys of a description that say where the registries are."""


def refuse_full(place: Path) -> None:
    """Refuse a place for a workspace that holds something.

    Raises
    ------
    WorkspaceError
        Saying what to do.
    """
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise WorkspaceError(f"{place} is not empty; choose a new folder, or remove this one first")


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Make a folder beside its place and move it there when all of it is done, or remove it.

    Parameters
    ----------
    place : Path
        Where it shall be; empty or missing.

    Yields
    ------
    Path
        The folder while it is made.
    """
    made = place.absolute().with_name(f".{place.name}-{os.getpid()}")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        yield made
        if place.exists():
            place.rmdir()
        sync(made)
        made.replace(place)
        sync_folder(made.parent)
    except OSError as error:
        raise WorkspaceError(f"{place} cannot be made ({error}); is the disk full? nothing is there") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def keep_in(folder: Path, store: str | None, timezone: str | None = None) -> None:
    """Say in the description of a workspace where its registry is kept now, and its secret one: in its own folder.

    Parameters
    ----------
    folder : Path
        Folder of the workspace.
    store : str, optional
        Address of a database; a file of the folder keeps it where absent.
    timezone : str, optional
        Zone of the city; as it is written where absent.

    Raises
    ------
    WorkspaceError
        If it is written in such a way that a place would stay, or anything else would go.
    """
    path = folder / FILE
    said = {key: value for key, value in (("store", store), ("timezone", timezone)) if value}
    gone = {*_PLACES, *said}
    try:
        before = path.read_text(encoding="utf-8")
        text = _without(before, gone) + "".join(f"{key}: {value}\n" for key, value in said.items())
        wanted = {key: value for key, value in yaml.safe_load(before).items() if key not in gone}
        found = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, IndexError) as error:
        raise _unwritable(path) from error
    if found != wanted | said:
        raise _unwritable(path)
    path.write_text(text, encoding="utf-8")


def _unwritable(path: Path) -> WorkspaceError:
    """Return the error for a description from which the places cannot be taken."""
    return WorkspaceError(
        f"{path.name} does not say store:, secret: and timezone: on lines of their own, so they cannot be taken out; "
        "expected plain YAML, one key a line, without << and {}: write it so where the city is, and begin anew"
    )


def _without(text: str, keys: Collection[str]) -> str:
    """Return a YAML mapping without some of its keys, everything else as it was written."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    lines = text.splitlines(keepends=True)
    for key, value in reversed(pairs):
        if key.value in keys:
            first, end = key.start_mark.line, value.end_mark.line + (1 if value.end_mark.column else 0)
            while lines[end - 1].lstrip()[:1] in {"", "#"}:  # belongs to what follows
                end -= 1
            del lines[first:end]
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)
