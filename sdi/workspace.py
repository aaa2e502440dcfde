"""The folder of one city.

::

    workspace.yaml      who it is, its CRS and pinned operation, what must be said about its data
    registry.db         everything it knows, where no database keeps it; the service never opens it
    publications/       one GeoPackage per access level, where no database keeps them: what the world may see; in
                        bulk/ whole collections as files
    rasters/            published coverages, one folder each
    observations/       what its sensors measured, one folder for each datastream
    catalogs/           further registers, codes, styles and entries of this city
    reports/            what the loads reported
    cache/              what can be computed again at any time
    secret/registry.db  things that few may know of, where there are any; readable by its owner alone
    jobs.db             what was asked to be computed, and what became of it
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sdi.catalog import Catalog
from sdi.crs import StorageCRS
from sdi.declaration import Label
from sdi.detection import Detection
from sdi.errors import InputError, WorkspaceError
from sdi.history import Clock
from sdi.identity import Ids, TimelessIds
from sdi.publishing.publication import Publication
from sdi.registry import Registry
from sdi.store import choice
from sdi.store.store import Store
from sdi.zone import GREENWICH, Zone

FILE = "workspace.yaml"
OWN = ("registers", "codes", "styles", "landcover", "tides", "curves")
"""Folders of a city's catalogue that go with its workspace."""
_KEYS = {
    "name", "title", "crs", "operation", "store", "synthetic", "notice", "bounds", "timezone", "description",
    "languages", "detection", "secret",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workspace:
    """One city and where its data lie."""

    folder: Path
    name: str
    title: Label
    crs: StorageCRS
    catalogs: tuple[Path, ...]
    """Folders of the catalogue, the workspace's own last."""
    synthetic: bool = False
    """Whether everything in it is invented."""
    notice: Label | None = None
    """What must be said wherever its data are shown."""
    description: Label | None = None
    bounds: tuple[float, float, float, float] | None = None
    """Envelope of the city [m, storage CRS]."""
    store: str | None = None
    """Address of the PostGIS database that keeps registry and publications; files of the folder do where absent."""
    reader: str | None = None
    """Address by which the publications in that database are read; a workspace that has no other one only reads."""
    secret: str | None = None
    """File or address of the secret registry; a folder of its own beside the open one holds it where absent. A relative
    path in the description counts from the workspace, wherever a command is called."""
    detection: Detection | None = None
    """How an undeclared CRS of a delivery is told; it is refused where absent."""
    zone: Zone = GREENWICH
    """Clock of the city, by which its days begin."""

    @classmethod
    def open(cls, folder: Path, catalog_folder: Path) -> Workspace:
        """Open the folder of a city.

        Parameters
        ----------
        folder : Path
            The folder.
        catalog_folder : Path
            The catalogue that every city shares.

        Raises
        ------
        WorkspaceError
            If it is no workspace; the message says how to make one.
        """
        path = folder / FILE
        if not path.is_file():
            raise WorkspaceError(
                f"{folder} is no workspace: it has no {FILE}; make one with "
                f"`phusa init DESCRIPTION --workspace {folder}` or `phusa demo`"
            )
        document = _read(path)
        crs = StorageCRS(document["crs"], document.get("operation"))
        crs.check()
        own = folder / "catalogs"
        store, reader = _store(path, document.get("store"))
        return cls(
            folder=folder, name=document["name"], title=_label(document["title"]), crs=crs,
            catalogs=(catalog_folder, own) if own.is_dir() else (catalog_folder,),
            synthetic=bool(document.get("synthetic", False)), notice=_optional(document.get("notice")),
            description=_optional(document.get("description")), bounds=_bounds(path, document.get("bounds")),
            store=store, reader=reader, secret=_secret(folder, document.get("secret")),
            detection=_detection(path, document.get("detection")),
            zone=_zone(path, document.get("timezone", GREENWICH.name)),
        )  # fmt: skip

    @classmethod
    def make(cls, folder: Path, source: Path, catalog_folder: Path) -> Workspace:
        """Make the folder of a city from its description.

        Parameters
        ----------
        folder : Path
            The folder to make; empty or missing.
        source : Path
            The ``workspace.yaml`` to start from, or a folder that holds one; registers, codes and styles of that folder
            become the city's own.
        catalog_folder : Path
            The catalogue that every city shares.

        Raises
        ------
        WorkspaceError
            If the folder holds something already.
        """
        if folder.exists() and any(folder.iterdir()):
            raise WorkspaceError(f"{folder} is not empty; choose a new folder, or remove this one first")
        for part in ("publications", "rasters", "reports"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        description = source / FILE if source.is_dir() else source
        (folder / FILE).write_text(description.read_text(encoding="utf-8"), encoding="utf-8")
        for part in OWN if source.is_dir() else ():
            if (source / part).is_dir():
                shutil.copytree(source / part, folder / "catalogs" / part)
        return cls.open(folder, catalog_folder)

    @property
    def registry_path(self) -> Path:
        """File of the registry."""
        return self.folder / "registry.db"

    @property
    def observations(self) -> Path:
        """Folder of the observations of its sensors."""
        return self.folder / "observations"

    @property
    def rasters(self) -> Path:
        """Folder of the published coverages."""
        return self.folder / "rasters"

    @property
    def reports(self) -> Path:
        """Folder of the load reports."""
        return self.folder / "reports"

    def publication_path(self, level: str) -> Path:
        """Return the file of the publication of one access level."""
        return self.folder / "publications" / f"{level}.gpkg"

    def bulk(self, level: str) -> Path:
        """Return the folder of the files in which the collections of one access level are offered as a whole."""
        return self.folder / "publications" / "bulk" / level

    def tiles(self, level: str) -> Path:
        """Return the folder of the overviews of one access level: tiles made beforehand."""
        return self.folder / "publications" / "tiles" / level

    def home(self, level: str) -> choice.Home:
        """Return where the publication of one access level is kept."""
        return choice.Home(self.publication_path(level), choice.schema_of(level), self.store, self.reader)

    def publication(self, level: str) -> Publication:
        """Open the publication of one access level for reading.

        Raises
        ------
        WorkspaceError
            If it is missing; the message says how to build it.
        """
        return Publication(self.home(level).open(), self.zone)

    @property
    def only_reads(self) -> bool:
        """Whether it knows the publications in a database and not its registry, as a service should."""
        return self.store is None and self.reader is not None

    def catalog(self) -> Catalog:
        """Read the catalogue: what every city shares, then what this one adds."""
        return Catalog.read(*self.catalogs)

    def keeper(self) -> Store:
        """Open the store that keeps the registry; make it where it is missing.

        Raises
        ------
        WorkspaceError
            If the workspace knows the publications only.
        """
        if self.only_reads:
            raise WorkspaceError(
                f"{self.folder / FILE} names no registry under store:, only publications to read; work where it does"
            )
        return choice.opened(self.registry_path, self.store, self.crs)

    def secret_registry(
        self, place: str | None = None, *, clock: Clock | None = None, ids: TimelessIds | None = None
    ) -> Registry:
        """Open the secret registry, which reads the open one beside it; make it where it is missing.

        Parameters
        ----------
        place : str, optional
            File or address, instead of the one that the workspace names.
        clock : Clock, optional
            Where recorded time comes from.
        ids : TimelessIds, optional
            Where identifiers come from.

        Raises
        ------
        WorkspaceError
            If others may read it.
        """
        store = choice.opened_secretly(self.folder / "secret", place or self.secret, self.crs)
        beside = self.registry()
        return Registry.open(store, self.catalog(), self.crs, clock=clock, ids=ids, beside=beside, zone=self.zone)

    def refuse_none_secret(self, place: str | None = None) -> None:
        """Refuse where there is no secret registry, which opening it would make.

        Parameters
        ----------
        place : str, optional
            File or address, instead of the one that the workspace names.

        Raises
        ------
        WorkspaceError
            Saying where it was looked for.
        """
        if not choice.is_secret_there(self.folder / "secret", place or self.secret, self.crs):
            raise WorkspaceError(
                f"there is no secret registry in {place or self.secret or self.folder / 'secret'}; say in secret: of "
                f"{self.folder / FILE} or in PHUSA_SECRET_STORE where it is, or leave --secret away"
            )

    def registry(self, *, clock: Clock | None = None, ids: Ids | None = None) -> Registry:
        """Open the registry; make it where it is missing."""
        return Registry.open(self.keeper(), self.catalog(), self.crs, clock=clock, ids=ids, zone=self.zone)


def _read(path: Path) -> dict[str, Any]:
    """Read the description of a workspace and check its keys."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{path} is not readable as YAML ({error})") from error
    if not isinstance(document, dict):
        raise WorkspaceError(f"{path} holds no keys; expected name, title, crs")
    missing = {"name", "title", "crs"} - set(document)
    strange = set(document) - _KEYS
    if missing or strange:
        what = f"lacks {', '.join(sorted(missing))}" if missing else f"has unknown keys {', '.join(sorted(strange))}"
        raise WorkspaceError(f"{path} {what}; known are {', '.join(sorted(_KEYS))}")
    return document


def _label(value: object) -> Label:
    """Read a text in two languages."""
    if not isinstance(value, dict) or set(value) != {"vi", "en"}:
        raise WorkspaceError(f"{value!r} is not a text in two languages; expected {{vi: ..., en: ...}}")
    return Label(str(value["vi"]), str(value["en"]))


def _optional(value: object) -> Label | None:
    """Read a text in two languages where there is one."""
    return None if value is None else _label(value)


def _store(path: Path, value: object) -> tuple[str | None, str | None]:
    """Read the addresses of registry and publications; one address serves both."""
    if isinstance(value, dict) and value and set(value) <= {"registry", "publications"}:
        registry = None if value.get("registry") is None else str(value["registry"])
        return registry, str(value.get("publications") or registry)
    if value is not None and not isinstance(value, str):
        raise WorkspaceError(
            f"{path}: store is {value!r}; expected an address, or {{registry: ADDRESS, publications: ADDRESS}}"
        )
    return value, value


def _secret(folder: Path, value: object) -> str | None:
    """Read where the secret registry is; a relative path is one of the workspace."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise WorkspaceError(f"{folder / FILE}: secret is {value!r}; expected a file or the address of a database")
    return value if "://" in value else str(folder.absolute() / value)


def _bounds(path: Path, value: object) -> tuple[float, float, float, float] | None:
    """Read an envelope."""
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4:
        raise WorkspaceError(f"{path}: bounds is {value!r}; expected [xmin, ymin, xmax, ymax] in the storage CRS")
    xmin, ymin, xmax, ymax = (float(one) for one in value)
    return xmin, ymin, xmax, ymax


def zone_of(path: Path) -> Zone:
    """Return by which clock the days of a city begin.

    Parameters
    ----------
    path : Path
        Its ``workspace.yaml``.

    Raises
    ------
    WorkspaceError
        If it is none, or names no time zone that there is.
    """
    return _zone(path, _read(path).get("timezone", GREENWICH.name))


def _zone(path: Path, value: object) -> Zone:
    """Read a time zone."""
    try:
        return Zone.of(value)
    except InputError as error:
        raise WorkspaceError(f"{path}: timezone: {error.message}", code=error.code) from error


def _detection(path: Path, value: object) -> Detection | None:
    """Read how an undeclared CRS is told, where the city says it."""
    if value is None:
        return None
    if not isinstance(value, dict) or not value.get("candidates") or set(value) - {"candidates", "areas", "lines"}:
        raise WorkspaceError(
            f"{path}: detection is {value!r}; expected candidates: [EPSG:..., {{crs: EPSG:..., datum: EPSG:...}}], "
            "areas: REGISTER, lines: [REGISTER, ...]"
        )
    try:
        return Detection.read(value)
    except (InputError, TypeError) as error:
        raise WorkspaceError(f"{path}: a candidate of detection is not known: {error}") from error
