"""Where the files of one access level lie, and which of them may be given away.

Of each collection there is one description, which names its files; it is written last and replaced in one move, so that
all formats are of one state. Files are named by their content and never written again: whoever is reading one goes on.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import orjson

from sdi.bulk.form import FORMS, Form
from sdi.publishing.collection import Collection
from sdi.store.durable import is_running, sync, sync_folder, write_whole

GRACE_S = 3600.0
"""How long a file is kept after another one took its place: for those who still read it [s]."""
OPEN_TO_ALL = "public"
"""Level whose files others of this machine may read; all others are for their owner alone."""
DIGITS = 24
"""Of the digest of a file, in its name [character]."""
_BUILDING = ".building-"
_DESCRIPTION = ".json"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a collection."""

    path: Path
    form: Form
    length: int
    """Size [byte]."""
    digest: str
    """Differs between any two contents."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The files of one collection, all of one state."""

    collection: str
    publication: str
    """Identity of the publication they were made from; what another one shows may not be shown any more."""
    state: str
    """Differs wherever anything differs that is in the files."""
    version: int
    """Transaction of the last change that is in them."""
    recorded: str
    """When that was recorded, ISO 8601; empty where nothing ever was."""
    count: int
    """Number of features."""
    files: tuple[File, ...]

    def file(self, name: str) -> File | None:
        """Return the file of a name as the service offers it, the name of the collection with the end of a format."""
        return next((one for one in self.files if name == f"{self.collection}.{one.form.ending}"), None)


def holdings(folder: Path) -> dict[str, Holding]:
    """Return what lies on a shelf.

    Parameters
    ----------
    folder : Path
        Folder of an access level; may be missing.

    Returns
    -------
    dict of str to Holding
        By collection.
    """
    try:
        names = sorted(one.name for one in folder.iterdir() if one.suffix == _DESCRIPTION and one.name[0] != ".")
    except FileNotFoundError:
        return {}
    found = (_read(folder, name) for name in names)
    return {one.collection: one for one in found if one is not None}


def stamp(folder: Path) -> int:
    """Return what changes whenever a shelf does [ns]: a description is replaced by another one, which its folder shows.

    Parameters
    ----------
    folder : Path
        Folder of an access level; may be missing.
    """
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def offered(holding: Holding | None, collection: Collection, publication: str) -> Holding | None:
    """Return the files that may be given away: those of the same publication, where the licence allows it.

    A publication that is laid out anew, or from which something was withdrawn, is another one.

    Parameters
    ----------
    holding : Holding or None
        What lies on the shelf.
    collection : Collection
        The collection as it is.
    publication : str
        Identity of the publication.
    """
    return holding if holding and collection.bulk and holding.publication == publication else None


def state_of(collection: Collection, publication: str) -> str:
    """Return what differs wherever anything differs that is in the files of a collection."""
    return blake2b(repr((publication, collection)).encode(), digest_size=12).hexdigest()


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Give a place to write in beside the files; what processes left there that are gone is removed.

    Parameters
    ----------
    folder : Path
        Folder of an access level.

    Yields
    ------
    Path
        An empty folder; it goes when the block ends.
    """
    folder.mkdir(mode=0o755 if folder.name == OPEN_TO_ALL else 0o700, parents=True, exist_ok=True)
    for left in folder.glob(f"{_BUILDING}*"):
        process = left.name.removeprefix(_BUILDING)
        if not (process.isdigit() and is_running(int(process)) and int(process) != os.getpid()):
            shutil.rmtree(left, ignore_errors=True)
    made = folder / f"{_BUILDING}{os.getpid()}"
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if folder.is_dir():
            now = time.time_ns()  # the system's own times are so coarse that two changes may look like one to `stamp`
            os.utime(folder, ns=(now, now))


def put(folder: Path, holding: Holding) -> None:
    """Put finished files on a shelf, then say that they are there.

    Parameters
    ----------
    folder : Path
        Folder of an access level, on the same disk as the files.
    holding : Holding
        The files where they were built.
    """
    for one in holding.files:
        sync(one.path)
        one.path.replace(place(folder, holding.collection, one.form, one.digest))
    sync_folder(folder)
    said = asdict(holding)
    said["files"] = {one.form.ending: {"length": one.length, "digest": one.digest} for one in holding.files}
    write_whole(folder / f"{holding.collection}{_DESCRIPTION}", orjson.dumps(said))


def remove(folder: Path, collection: str) -> None:
    """Take the files of a collection off a shelf at once."""
    (folder / f"{collection}{_DESCRIPTION}").unlink(missing_ok=True)
    for path in _files(folder):
        if _collection_of(path) == collection:
            path.unlink(missing_ok=True)


def empty(folder: Path) -> None:
    """Take everything off a shelf at once; what is still being built is not on it.

    Parameters
    ----------
    folder : Path
        Folder of an access level; may be missing.
    """
    for name in holdings(folder):
        (folder / f"{name}{_DESCRIPTION}").unlink(missing_ok=True)
    for path in _files(folder):
        path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the files whose place was taken by others more than `GRACE_S` ago.

    Parameters
    ----------
    folder : Path
        Folder of an access level; may be missing.
    """
    kept = {file.path for one in holdings(folder).values() for file in one.files}
    for path in _files(folder):
        description = folder / f"{_collection_of(path)}{_DESCRIPTION}"
        since = description if description.exists() else path
        if path not in kept and time.time() - since.stat().st_mtime > GRACE_S:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    """Return the data files on a shelf."""
    endings = "|".join(form.ending for form in FORMS)
    named = re.compile(rf"[^.].*-[0-9a-f]{{{DIGITS}}}\.({endings})")
    return [one for one in folder.iterdir() if named.fullmatch(one.name)] if folder.is_dir() else []


def _collection_of(path: Path) -> str:
    """Return the collection of a data file."""
    return path.stem.rpartition("-")[0]


def _read(folder: Path, name: str) -> Holding | None:
    """Read the description of the files of one collection, None where another process took it off meanwhile."""
    try:
        said = orjson.loads((folder / name).read_bytes())
    except FileNotFoundError:
        return None
    collection, told = said["collection"], said.pop("files")
    files = tuple(
        File(place(folder, collection, form, one["digest"]), form, one["length"], one["digest"])
        for form in FORMS
        if (one := told.get(form.ending))
    )
    return Holding(**said, files=files)


def place(folder: Path, collection: str, form: Form, digest: str) -> Path:
    """Return where a file lies."""
    return folder / f"{collection}-{digest}.{form.ending}"
