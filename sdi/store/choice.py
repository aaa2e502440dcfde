"""Which store keeps a registry and its publications: files of the workspace, or a database that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sdi.crs import StorageCRS
from sdi.errors import WorkspaceError
from sdi.store import geopackage
from sdi.store.embedded import EmbeddedStore
from sdi.store.geopackage import GeoPackage
from sdi.store.publication_database import Database
from sdi.store.publication_store import PublicationStore
from sdi.store.store import Store

try:
    from sdi.store import postgis_exchange, postgis_roles
    from sdi.store.postgis import PostgisStore
    from sdi.store.postgis_publication import PostgisPublication
except ModuleNotFoundError:  # psycopg comes with the extra `postgis`
    PostgisStore = PostgisPublication = None  # type: ignore[assignment, misc]


def opened(path: Path, address: str | None, crs: StorageCRS, *, schema: str = "registry") -> Store:
    """Open the store of a registry; make it where it is missing.

    Parameters
    ----------
    path : Path
        File of the registry, where it is embedded.
    address : str, optional
        Address of a PostGIS database, where it is kept there.
    crs : StorageCRS
        CRS of its locations.
    schema : str
        Schema of the registry, where it is in a database.

    Raises
    ------
    WorkspaceError
        If the address is of another kind, its driver is not installed, or the database does not know the CRS.
    """
    if address is None:
        return EmbeddedStore(path)
    _check_address(address)
    authority, _, code = crs.code.partition(":")
    if authority != "EPSG":
        raise WorkspaceError(f"storage CRS {crs.code} has no number in PostGIS; choose one of EPSG, or no store")
    return PostgisStore(address, int(code), schema=schema)


def opened_secretly(folder: Path, place: str | None, crs: StorageCRS) -> Store:
    """Open the store of a secret registry; make it where it is missing, for its owner alone.

    Parameters
    ----------
    folder : Path
        Folder of the file, where no other place is named.
    place : str, optional
        Another file, or the address of a PostGIS database that has a role of its own for this.
    crs : StorageCRS
        CRS of its locations.

    Raises
    ------
    WorkspaceError
        If others of this machine may read the file.
    """
    if place is not None and "://" in place:
        return opened(folder, place, crs, schema="secret")
    path = _secret_path(folder, place)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    if path.stat().st_mode & 0o077:
        raise WorkspaceError(
            f"{path} is secret, but others of this machine may open it; `chmod 600 {path}` and look who has read it"
        )
    return EmbeddedStore(path)


def is_secret_there(folder: Path, place: str | None, crs: StorageCRS) -> bool:
    """Tell whether there is a secret registry, without making it.

    Parameters
    ----------
    folder : Path
        Folder of the file, where no other place is named.
    place : str, optional
        Another file, or an address.
    crs : StorageCRS
        CRS of its locations.
    """
    if place is None or "://" not in place:
        return _secret_path(folder, place).is_file()
    with closing(opened(folder, place, crs, schema="secret")) as store:
        return "tx" in store.recorded_tables()


def _secret_path(folder: Path, place: str | None) -> Path:
    """Return the file of a secret registry that is kept in one."""
    return folder / "registry.db" if place is None else Path(place)


def _check_address(address: str) -> None:
    """Refuse an address of another kind, and any where the driver is not installed."""
    if not address.startswith(("postgresql://", "postgres://")):
        raise WorkspaceError(f"store {address!r} is not known; expected postgresql://user@host/database, or no store")
    if PostgisStore is None:
        raise WorkspaceError(
            "this workspace is kept in PostGIS, and its driver is not here: pip install phusa[postgis]"
        )


def give_rights(address: str | None, writer: str, readers: Mapping[str, str]) -> None:
    """Give the roles of a database their rights; see `sdi.store.postgis_roles`.

    Parameters
    ----------
    address : str or None
        The database, as the owner of the registry's tables.
    writer : str
        Role that records and publishes.
    readers : mapping of str to str
        For each access level the role that reads its publication.

    Raises
    ------
    WorkspaceError
        If the registry is kept in a file, which knows no roles, or the database refuses.
    """
    if address is None:
        raise WorkspaceError(
            "this workspace names no registry in a database, and files know no roles; name one under store: first, or "
            "come where it is named"
        )
    _check_address(address)
    postgis_roles.assign(address, writer, {schema_of(level): reader for level, reader in readers.items()})


def schema_of(level: str) -> str:
    """Return the schema of the publication of an access level."""
    return f"publication_{level}"


@dataclass(frozen=True, slots=True)
class Home:
    """Where the publication of one access level is kept: a file, or a schema of the registry's database."""

    path: Path
    """The file."""
    schema: str
    """The schema, where there is a database."""
    writer: str | None = None
    """Address for whoever publishes."""
    reader: str | None = None
    """Address for whoever reads; the file is read where absent."""

    def exists(self) -> bool:
        """Tell whether something was published here."""
        if self.reader is None:
            return self.path.is_file()
        _check_address(self.reader)
        return postgis_exchange.exists(self.reader, self.schema)

    def open(self) -> PublicationStore:
        """Open the publication for reading.

        Raises
        ------
        WorkspaceError
            If it is missing; the message says how to build it.
        """
        if self.reader is None:
            return PublicationStore(GeoPackage(self.path))
        _check_address(self.reader)
        return PublicationStore(PostgisPublication(self.reader, self.schema))

    def open_to_write(self) -> PublicationStore:
        """Open the publication for writing; make it where it is missing."""
        base: Database
        if self.reader is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            base = GeoPackage(self.path, read_only=False)
        else:
            base = PostgisPublication(self._writer(), self.schema, read_only=False)
        return PublicationStore(base)

    def _writer(self) -> str:
        """Return the address for whoever publishes."""
        if self.writer is None:
            raise WorkspaceError(
                f"{self.schema} is only read from here; publish where workspace.yaml names the registry under store:"
            )
        _check_address(self.writer)
        return self.writer

    @contextmanager
    def beside(self) -> Iterator[PublicationStore]:
        """Build a publication beside this one and put it in its place, whatever became of the one that is there.

        Yields
        ------
        PublicationStore
            An empty one; it takes the place when the block ends without an error.
        """
        if self.reader is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with geopackage.beside(self.path) as base:
                yield PublicationStore(base)
        else:
            with postgis_exchange.beside(self._writer(), self.schema) as base:
                yield PublicationStore(base)

    @contextmanager
    def trial(self) -> Iterator[PublicationStore]:
        """Build a publication that is thrown away when the block ends, to compare this one with.

        Yields
        ------
        PublicationStore
            An empty one.
        """
        if self.reader is None:
            with geopackage.trial(self.path) as base:
                yield PublicationStore(base)
        else:
            with closing(PublicationStore(postgis_exchange.trial(self._writer()))) as package:
                yield package
