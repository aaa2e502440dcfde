"""The job that builds the files: what is of the present state is left alone, what may not be offered is removed.

A collection is read once, within one transaction, into GeoParquet; the other formats are made of that file, so that all
are of one state and no reader holds up whoever writes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from sdi.bulk import geoparquet, layer, shelf, spreadsheet, table
from sdi.bulk.form import CSV, FLATGEOBUF, FORMS, GEOPACKAGE, GEOPARQUET, Form
from sdi.bulk.shelf import File, Holding
from sdi.declaration import Level
from sdi.errors import ConflictError
from sdi.publishing.collection import Collection
from sdi.publishing.publication import Publication
from sdi.work.process import Progress
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the files of one access level."""

    level: str
    built: tuple[str, ...]
    """Collections whose files are new."""
    kept: tuple[str, ...]
    """Collections whose files were of the present state already."""
    refused: tuple[str, ...]
    """Collections of which no file may be offered: the licence does not allow it, or nothing says that it does."""
    length: int
    """Size of all files [byte]."""


def refresh(workspace: Workspace, level: Level, progress: Progress) -> Outcome:
    """Bring the files of one access level up to its publication.

    Parameters
    ----------
    workspace : Workspace
        The city; only its publication is read.
    level : {'public', 'restricted'}
        The level; a file holds what its publication shows and nothing else.
    progress : callable
        Is told the collection and the share that is done [1].

    Returns
    -------
    Outcome

    Raises
    ------
    WorkspaceError
        If the publication is missing.
    ConflictError
        If it was laid out anew meanwhile: what was withdrawn must not come back as a file.
    """
    folder = workspace.bulk(level)
    with closing(workspace.publication(level)) as publication:
        collections = publication.collections()
        offered = [one.name for one in collections if one.bulk]
        _clear(folder, offered)
        built = []
        for number, name in enumerate(offered):
            progress(name, number / len(offered))
            if _bring_up(folder, publication, name):
                built.append(name)
    there = shelf.holdings(folder)
    return Outcome(
        level=level,
        built=tuple(built),
        kept=tuple(name for name in offered if name not in built),
        refused=tuple(one.name for one in collections if not one.bulk),
        length=sum(file.length for one in there.values() for file in one.files),
    )


def _clear(folder: Path, offered: Sequence[str]) -> None:
    """Remove at once what may not be offered any more, and what others replaced a while ago."""
    for name in shelf.holdings(folder).keys() - set(offered):
        shelf.remove(folder, name)
    shelf.sweep(folder)


def _bring_up(folder: Path, publication: Publication, name: str) -> bool:
    """Build the files of a collection where they are of another state; tell whether they were."""
    known = shelf.holdings(folder).get(name)
    with shelf.building(folder) as room:
        with publication.reading():
            collection, identity = publication.collection(name), publication.identity()
            state = shelf.state_of(collection, identity)
            if known is not None and known.state == state and all(one.path.is_file() for one in known.files):
                return False
            recorded = publication.time_of(collection.version) or ""
            told = table.said(collection, recorded)
            complete = _parquet(room, publication, collection, told)
        files = _formats(room, collection, told, complete=complete)
        _refuse_another(publication, identity)
        shelf.put(folder, Holding(name, identity, state, collection.version, recorded, collection.count, files))
    logger.info("%s: %d features in %d files", name, collection.count, len(files))
    return True


def _refuse_another(publication: Publication, identity: str) -> None:
    """Refuse to go on where what was read is not what is published any more: something may have been withdrawn."""
    if publication.is_replaced() or publication.identity() != identity:
        raise ConflictError(f"the {publication.level} publication was laid out anew meanwhile; run `phusa bulk` again")


def _parquet(room: Path, publication: Publication, collection: Collection, told: Mapping[str, str]) -> bool:
    """Write GeoParquet; tell whether every feature has a place."""
    columns = table.schema(collection)
    rows = publication.rows(collection.name, list(table.properties(collection)))
    return geoparquet.write(_path(room, GEOPARQUET), columns, table.batches(rows, columns), told)


def _formats(room: Path, collection: Collection, told: Mapping[str, str], *, complete: bool) -> tuple[File, ...]:
    """Write the other formats; return all of them."""
    for form in (FLATGEOBUF, GEOPACKAGE):
        columns, features = geoparquet.read(_path(room, GEOPARQUET))
        layer.write(_path(room, form), form, collection, columns, features, told, complete=complete)
    columns, features = geoparquet.read(_path(room, GEOPARQUET))
    spreadsheet.write(_path(room, CSV), collection, columns, features)
    return tuple(_file(_path(room, form), form) for form in FORMS)


def _path(room: Path, form: Form) -> Path:
    """Return where a format is written; GDAL looks at the end of the name."""
    return room / f"whole.{form.ending}"


def _file(path: Path, form: Form) -> File:
    """Describe a finished file."""
    with path.open("rb") as content:
        digest = file_digest(content, "sha256").hexdigest()
    return File(path, form, path.stat().st_size, digest[: shelf.DIGITS])
