"""By which clock the valid times of a registry were told; kept in it, because the zone of a city is chosen once.

It is no part of the hash chain: a registry of an earlier version learns it when it is opened, and keeps every hash.
"""

from __future__ import annotations

from sdi.errors import WorkspaceError
from sdi.store.store import Store
from sdi.zone import Zone

TABLE = "clock"
WRITE_BACK = "write `timezone: {}` back into workspace.yaml"
"""What to do where a description says another zone."""


def known(store: Store) -> str | None:
    """Return the name of the zone, ``None`` where none was kept yet.

    Parameters
    ----------
    store : Store
        Where the registry is kept; empty, or written by any earlier version.
    """
    if TABLE not in store.recorded_tables():
        return None
    rows = store.select("SELECT zone FROM clock")
    return str(rows[0][0]) if rows else None


def refuse_other(store: Store, zone: Zone, todo: str = WRITE_BACK) -> None:
    """Refuse a clock by which times within a day that were recorded would be read otherwise.

    Parameters
    ----------
    store : Store
        Where the registry is kept.
    zone : Zone
        By which it is to be read.
    todo : str
        What to do; the name of the right zone is put in.

    Raises
    ------
    WorkspaceError
        If its times were told by another one.
    """
    told = known(store)
    if told not in (None, zone.name):
        raise WorkspaceError(
            f"{store.name} was told its times by the clock of {told}, but the workspace says {zone.name}; the zone of "
            "a city is chosen once, because times within a day that were recorded would be read otherwise: "
            f"{todo.format(told)}",
            code="zone-other",
        )


def keep(store: Store, zone: Zone) -> None:
    """Keep the clock for ever, where none is kept yet.

    Parameters
    ----------
    store : Store
        Where the registry is kept, with all its tables.
    zone : Zone
        The clock of the city.

    Raises
    ------
    WorkspaceError
        If somebody else kept another one meanwhile.
    """
    if known(store) is None:
        with store.writing():
            if known(store) is None:
                store.insert(TABLE, ("zone",), [(zone.name,)])
    refuse_other(store, zone)
