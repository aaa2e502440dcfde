"""Which store keeps a registry: a file beside the workspace, or a database that its description names."""

from __future__ import annotations

from pathlib import Path

from sdi.crs import StorageCRS
from sdi.errors import WorkspaceError
from sdi.store.embedded import EmbeddedStore
from sdi.store.store import Store

try:
    from sdi.store.postgis import PostgisStore
except ModuleNotFoundError:  # psycopg comes with the extra `postgis`
    PostgisStore = None  # type: ignore[assignment, misc]


def opened(path: Path, address: str | None, crs: StorageCRS) -> Store:
    """Open the store of a registry; make it where it is missing.

    Parameters
    ----------
    path : Path
        File of the registry, where it is embedded.
    address : str, optional
        Address of a PostGIS database, where it is kept there.
    crs : StorageCRS
        CRS of its locations.

    Raises
    ------
    WorkspaceError
        If the address is of another kind, its driver is not installed, or the database does not know the CRS.
    """
    if address is None:
        return EmbeddedStore(path)
    if not address.startswith(("postgresql://", "postgres://")):
        raise WorkspaceError(f"store {address!r} is not known; expected postgresql://user@host/database, or no store")
    if PostgisStore is None:
        raise WorkspaceError(
            "this workspace is kept in PostGIS, and its driver is not here: pip install phusa[postgis]"
        )
    authority, _, code = crs.code.partition(":")
    if authority != "EPSG":
        raise WorkspaceError(f"storage CRS {crs.code} has no number in PostGIS; choose one of EPSG, or no store")
    return PostgisStore(address, int(code))
