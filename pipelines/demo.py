"""Build a demonstration workspace: the synthetic city, or a real one from delivered data.

A workspace is built beside its place and renamed into it, so that an interrupted build leaves nothing behind that
could be taken for a city.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from catalogs import packaged
from pipelines import city, derive, elevation, ingest, publish
from pipelines.ingest import Progress, silent
from pipelines.reform import enactment, reform_file
from sdi import provenance
from sdi.declaration import Label
from sdi.entry import Accuracy, Entry, Licence, SourceOptions
from sdi.errors import InputError, WorkspaceError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.registry import Registry
from sdi.workspace import FILE, Workspace

logger = logging.getLogger(__name__)

CITIES = "cities"
SYNTHETIC = "synthetic"
RECORDED, DERIVED = 0.35, 0.95
"""Shares of a build that are done once everything is recorded, and once everything is derived from it [1]."""


def run(
    folder: Path,
    *,
    name: str = SYNTHETIC,
    data: Path | None = None,
    seed: int = 92,
    scale: float = 1.0,
    replace: bool = False,
    progress: Progress = silent,
) -> Workspace:
    """Build a workspace and everything derived from it.

    Parameters
    ----------
    folder : Path
        Where it shall lie.
    name : str
        City of the catalogue: ``synthetic``, ``cantho``, ``merewether``, ``vancouver`` or ``chicago``.
    data : Path, optional
        Folder of delivered data; needed by every city but the synthetic one.
    seed : int
        Seed of the synthetic city.
    scale : float
        Size of the synthetic city [1]; 1 has more than 20,000 parcels.
    replace : bool
        Remove a workspace that lies there already.
    progress : callable
        Told the step, and the share of the whole that is done.

    Returns
    -------
    Workspace
        Complete and published.

    Raises
    ------
    WorkspaceError
        If something lies there already.
    InputError
        If the city is not in the catalogue, or its data are missing.
    """
    source = _source(name, data)
    with _beside(folder, replace=replace) as building:
        workspace = Workspace.make(building, source, packaged())
        recorded, derived = _span(progress, 0.0, RECORDED), _span(progress, RECORDED, DERIVED)
        if name == SYNTHETIC:
            registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(seed))
            _record_synthetic(workspace, registry, seed, scale, recorded)
        else:
            registry = workspace.registry()
            _ingest_all(workspace, registry, source, Path(data or "."), recorded)
        derive.run(workspace, registry, derive.CITIES.get(name, derive.NOTHING), data=data, progress=derived)
        progress("publish", DERIVED)
        publish.run(workspace, registry)
        registry.close()
    return Workspace.open(folder, packaged())


def _source(name: str, data: Path | None) -> Path:
    """Return the folder of a city in the catalogue."""
    source = packaged() / CITIES / name
    if not (source / FILE).is_file():
        known = sorted(path.parent.name for path in (packaged() / CITIES).glob(f"*/{FILE}"))
        raise InputError(f"no city {name!r} in the catalogue; there are {', '.join(known)}", code="city-unknown")
    if name != SYNTHETIC and (data is None or not data.is_dir()):
        raise InputError(
            f"city {name} is built from delivered data; name their folder with --data (found {data})",
            code="data-missing",
        )
    return source


@contextmanager
def _beside(folder: Path, *, replace: bool) -> Iterator[Path]:
    """Build beside a place and rename into it at the end."""
    if folder.exists() and any(folder.iterdir()) and not replace:
        raise WorkspaceError(f"{folder} exists already; add --replace to build it anew, or name another folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / FILE).is_file():
        raise WorkspaceError(f"{folder} is no workspace, so it is not replaced; name another folder")
    folder = folder.resolve()
    aside = folder.with_name(f".{folder.name}.replaced")
    if aside.exists() and not folder.exists():
        aside.rename(folder)  # killed between the two renames below: what was there is put back
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        yield building
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if folder.exists():
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        building.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        building.rename(folder)


def _record_synthetic(workspace: Workspace, registry: Registry, seed: int, scale: float, progress: Progress) -> None:
    """Generate the synthetic city and record every thing of it."""
    progress("generate", 0.0)
    recording = _span(progress, 0.5, 0.9)
    made = city.generate(seed, scale)
    sha256 = made.sha256()
    accuracy = Accuracy(0.5, 0.1, "derived", city.VERTICAL_DATUM)
    for number, (name, frame) in enumerate(made.frames.items()):
        recording(name, number / len(made.frames))
        declaration = registry.catalog.registers[name]
        places = ingest.stored_places(frame, registry)
        batch = ingest.batch_of(frame, places, declaration, accuracy, city.VALID_FROM)
        entry = _synthetic_entry(workspace, name)
        with registry.transaction(entry.custodian, f"synthetic {name}", source_sha256=sha256) as tx:
            eids = registry.register(name).add(batch, tx)
            provenance.record(
                tx,
                entry.name,
                name,
                custodian=entry.custodian,
                licence=entry.licence,
                sha256=sha256,
                accepted=len(eids),
            )
    progress("publish", 0.9)
    publish.run(workspace, registry)
    elevation.publish_synthetic(workspace, made.terrain)


def _synthetic_entry(workspace: Workspace, register: str) -> Entry:
    """Return what the synthetic city says of the things it invents."""
    title = Label("Dữ liệu mô phỏng", "Synthetic data")
    licence = Licence("Apache-2.0", "A", "phusa (synthetic)", bulk=True)
    return Entry(
        name=f"synthetic-{register}", title=title, source=SourceOptions(path="generated"), licence=licence,
        custodian="phusa synthetic city", valid_from=city.VALID_FROM, path=workspace.folder / FILE, register=register,
    )  # fmt: skip


def _ingest_all(workspace: Workspace, registry: Registry, source: Path, data: Path, progress: Progress) -> None:
    """Load every delivery of a city that the catalogue describes, then its reforms: they end the units of before."""
    entries = registry.catalog.read_entries(source)
    reforms = [reform_file.read(path) for path in reform_file.files(source)]
    count = len(entries) + len(reforms)
    for number, entry in enumerate(entries.values()):
        ingest.run(entry, workspace, registry, data, progress=_part(progress, entry.name, number, count))
    for number, described in enumerate(reforms, len(entries)):
        enactment.run(described, workspace, registry, data, progress=_part(progress, described.name, number, count))


def _part(progress: Progress, name: str, number: int, count: int) -> Callable[[str, float], None]:
    """Return a listener that reports one of several loads as a part of the whole."""
    return lambda _step, done: progress(name, (number + done) / count)


def _span(progress: Progress, first: float, last: float) -> Progress:
    """Return a listener that reports a part of the build, from one share of the whole to another."""
    return lambda step, done: progress(step, first + (last - first) * done)
