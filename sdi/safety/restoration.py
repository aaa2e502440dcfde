"""A workspace made from a backup, as it is there or as it was at a transaction before."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sdi import timekeeping
from sdi.access import numbering
from sdi.errors import InputError, IntegrityError, WorkspaceError
from sdi.history import Clock, second, utc
from sdi.publishing.projector import LEVELS
from sdi.registry import Registry
from sdi.safety import chain
from sdi.safety.backup import LATEST, belongs
from sdi.safety.founding import beside, keep_in, refuse_full
from sdi.safety.replication import Replica, refuse_occupied, replicate
from sdi.store import choice, transfer
from sdi.store.description import DESCRIPTION, RasterDescription
from sdi.store.embedded import EmbeddedStore
from sdi.store.observations import ObservationStore
from sdi.store.store import Row, Store
from sdi.store.vault import Manifest, Vault
from sdi.work.process import Progress
from sdi.workspace import FILE, Workspace, zone_of
from sdi.zone import GREENWICH, Zone

logger = logging.getLogger(__name__)

_RASTERS = "rasters"
_SHARE = 0.3
"""Part of the progress that the files take [1]."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was made from a backup."""

    workspace: str
    tx: int
    """Last transaction."""
    root_hash: str
    """Its hash: that of then."""
    recorded_at: str
    """When that transaction was recorded."""
    taken_at: str
    """When the backup was taken that the files come from."""
    left_out: tuple[str, ...]
    """Rasters that were made later."""
    withdrawn: int
    """Things that were withdrawn later and stay so, by a transaction of its own after the last one."""


def restore(
    folder: Path,
    place: Path,
    catalogs: Path,
    progress: Progress,
    *,
    at: int | str | None = None,
    store: str | None = None,
    timezone: str | None = None,
    as_it_was: bool = False,
    clock: Clock | None = None,
) -> Restored:
    """Make a workspace from a backup; its publications are still to be built.

    Parameters
    ----------
    folder : Path
        Folder of backups.
    place : Path
        Folder of the workspace to be made; empty or missing.
    catalogs : Path
        The catalogue that every city shares.
    progress : callable
        Is told the step and the share that is done [1].
    at : int or str, optional
        The transaction, or the date or time, up to which it shall know; all of the last backup where absent. A time
        means the last transaction at or before it, a date the moment at which that day begins in the city.
    store : str, optional
        Address of the database that shall keep the registry; a file of the folder does where absent.
    timezone : str, optional
        Zone of the city, where the backup says none that there is; the one it says where absent.
    as_it_was : bool
        Whether things are seen again that were withdrawn after that; they stay withdrawn otherwise, by a transaction
        that follows the restored ones.
    clock : Clock, optional
        Tells the moment of the restoration, after which feeds are named; that of the system where absent.

    Returns
    -------
    Restored
        What was made.

    Raises
    ------
    WorkspaceError
        If there is no backup, the place is not empty, or the zone of the city is not known or another one.
    InputError
        If the backups do not reach the moment.
    IntegrityError
        If the backup is damaged; nothing was made.
    """
    refuse_full(place)
    vault = Vault(folder)
    manifests = vault.manifests()
    with closing(_opened(vault)) as kept:
        tx = _wanted(kept, vault, manifests, at, timezone)
        chosen = _chosen(manifests, tx)
        _refuse_damaged(kept, vault, chosen)
        files, left_out = _then(kept, vault, manifests[: manifests.index(chosen) + 1], tx)
        later = () if as_it_was else _withdrawn(kept, vault, manifests[-1], tx)
        with beside(place) as made:
            _refuse_foreign(files, vault, made)
            timekeeping.refuse_other(kept, _zone(vault, chosen, timezone), "restore with --timezone {}")
            for number, (path, digest) in enumerate(files.items(), 1):
                vault.hand_out(digest, made / path)
                progress("files", _SHARE * number / len(files))
            keep_in(made, store, timezone)
            workspace = Workspace.open(made, catalogs)
            ObservationStore(workspace.observations).rebuild_latest()
            _registry(workspace, kept, tx, (clock or Clock()).now(), progress)
            _withdraw(workspace, later, tx)
        logger.info("%s: made from the backup of %s, up to transaction %d", place, chosen.taken_at, tx)
        (recorded_at,) = kept.select("SELECT recorded_at FROM tx WHERE tx = ?", (tx,))[0]
        return Restored(chosen.workspace, tx, chain.root(kept, tx), recorded_at, chosen.taken_at, left_out, len(later))


def restore_secret(folder: Path, workspace: Workspace, *, at: str | None = None) -> Replica | None:
    """Bring the secret registry of a restored workspace back into its folder, where its owner alone may read it.

    Parameters
    ----------
    folder : Path
        Folder of secret backups.
    workspace : Workspace
        The restored city.
    at : str, optional
        The moment up to which it shall know; all of the last backup where absent. The secret registry counts its own
        transactions, therefore it is a time.

    Returns
    -------
    Replica or None
        How far it was brought back; ``None`` where nothing was secret then.

    Raises
    ------
    IntegrityError
        If the backup is damaged.
    ConflictError
        If the workspace has a secret registry already.
    """
    vault = Vault(folder)
    last = vault.manifests()[-1]
    with closing(_opened(vault)) as kept:
        tx = last.tx if at is None else _known(kept, at, last.tx, workspace.zone)
        _refuse_damaged(kept, vault, last)
        if not tx:
            return None
        with closing(choice.opened_secretly(workspace.folder / "secret", None, workspace.crs)) as target:
            refuse_occupied(target)
            return replicate(kept, target, until=tx)


def _opened(vault: Vault) -> EmbeddedStore:
    """Open the registry of the backups; not read-only, because what a killed backup left is rolled back here."""
    try:
        if vault.registry_path.is_file():
            with closing(EmbeddedStore(vault.registry_path)) as store:
                transfer.described(store)  # refuses what phusa did not write, before any of it is read
                there = "tx" in store.recorded_tables()
            if there:
                return EmbeddedStore(vault.registry_path)
    except WorkspaceError as error:
        raise IntegrityError(f"{error.message}; the backup is damaged: take another copy of {vault.folder}") from error
    raise IntegrityError(f"{vault.registry_path} is missing or empty; take another copy of {vault.folder}")


def _wanted(
    kept: Store, vault: Vault, manifests: Sequence[Manifest], at: int | str | None, timezone: str | None
) -> int:
    """Return the transaction that is meant."""
    last = manifests[-1]
    if at is None:
        return last.tx
    tx = at if isinstance(at, int) else _known(kept, at, last.tx, _zone(vault, last, timezone))
    if not 1 <= tx <= last.tx:
        since, until = kept.select("SELECT min(recorded_at), max(recorded_at) FROM tx WHERE tx <= ?", (last.tx,))[0]
        raise InputError(
            f"the backups hold nothing of {at}; they reach from transaction 1 ({since}) to {last.tx} ({until})",
            code="backup-reach",
        )
    return tx


def _zone(vault: Vault, manifest: Manifest, timezone: str | None) -> Zone:
    """Return the clock of the city that was backed up, or the one that it shall have."""
    if timezone is not None:
        return Zone.of(timezone)
    digest = manifest.files.get(FILE)
    if digest is None:
        return GREENWICH
    with TemporaryDirectory() as folder:
        vault.hand_out(digest, Path(folder) / FILE)  # refuses it where it is damaged
    try:
        return zone_of(vault.place(digest))
    except WorkspaceError as error:
        if error.code != "zone-unknown":
            raise
        raise WorkspaceError(
            f"{FILE} of the backup of {manifest.taken_at} is {error.message}; restore with --timezone NAME, which is "
            "written into the restored one",
            code=error.code,
        ) from error


def _known(kept: Store, at: str, last: int, zone: Zone) -> int:
    """Return the last transaction at or before a moment, 0 where there was none."""
    sql = "SELECT coalesce(max(tx), 0) FROM tx WHERE recorded_at <= ? AND tx <= ?"
    return int(kept.select(sql, (second(utc(at, zone)), last))[0][0])


def _chosen(manifests: Sequence[Manifest], tx: int) -> Manifest:
    """Return the backup whose files are nearest to a transaction: the last one then, or the first one after it."""
    then = [one for one in manifests if one.tx == tx]
    return then[-1] if then else next(one for one in manifests if one.tx > tx)


def _refuse_damaged(kept: Store, vault: Vault, manifest: Manifest) -> None:
    """Refuse a registry that is not the one of which the manifest speaks."""
    if chain.root(kept, manifest.tx) != manifest.root_hash:
        raise IntegrityError(
            f"{vault.registry_path} does not hold transaction {manifest.tx} as it was backed up; take another copy of "
            "the folder"
        )


# files -----------------------------------------------------------------------------------------------------------


def _then(kept: Store, vault: Vault, manifests: Sequence[Manifest], tx: int) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the files that were there at a transaction, and the rasters that were not yet."""
    *earlier, chosen = manifests
    files = {path: digest for path, digest in chosen.files.items() if not _of_raster(path)}
    files.pop(str(LATEST), None)  # backups of older versions have it
    left_out = []
    for name in sorted({_of_raster(path) for path in chosen.files} - {""}):
        versions = (one for one in (chosen, *reversed(earlier)) if not _is_later(kept, vault, one, name, tx))
        then = next(versions, None)
        if then is None:
            left_out.append(name)
        else:
            files |= {path: digest for path, digest in then.files.items() if _of_raster(path) == name}
    return files, tuple(left_out)


def _refuse_foreign(files: Mapping[str, str], vault: Vault, made: Path) -> None:
    """Refuse files that no backup has: those that would lie elsewhere, or where phusa puts something of its own.

    Raises
    ------
    IntegrityError
        Naming the path.
    """
    home = made.resolve()
    wrong = [path for path in files if not belongs(PurePosixPath(path)) or home not in (made / path).resolve().parents]
    if wrong or FILE not in files:
        what = f"names a file {wrong[0]!r}, which belongs to no city" if wrong else f"has no {FILE}"
        raise IntegrityError(
            f"the backup in {vault.folder} {what}, so phusa did not write it; nothing was made, take another copy of it"
        )


def _of_raster(path: str) -> str:
    """Return the raster to which a file belongs, empty for none."""
    top, name, *rest = (*PurePosixPath(path).parts, "", "")
    return name if top == _RASTERS and rest else ""


def _is_later(kept: Store, vault: Vault, manifest: Manifest, name: str, tx: int) -> bool:
    """Tell whether a backup has a raster as a transaction made it that is too late; not, where it does not say."""
    digest = manifest.files.get(f"{_RASTERS}/{name}/{DESCRIPTION}")
    if digest is None:
        return False
    said = RasterDescription.read(vault.place(digest).parent, digest)
    made = kept.select("SELECT min(tx_from) FROM delivery WHERE entry = ? AND sha256 = ?", (name, said.version))
    return made[0][0] is not None and made[0][0] > tx


def _registry(workspace: Workspace, kept: Store, tx: int, now: str, progress: Progress) -> None:
    """Fill the registry of a workspace that is being made."""
    with closing(workspace.keeper()) as target:
        refuse_occupied(target)
        made = replicate(
            kept, target, until=tx, progress=lambda share: progress("registry", _SHARE + (1 - _SHARE) * share)
        )
        # Those who follow were told what was written later: they shall not take it for what comes now.
        numbering.begin_anew(target, LEVELS, tx, f"{made.root_hash} {now}")


# levels ----------------------------------------------------------------------------------------------------------


def _withdrawn(kept: Store, vault: Vault, last: Manifest, tx: int) -> Sequence[Row]:
    """Return what was withdrawn after a transaction: thing, kind and level; the chain up to its end says so.

    Raises
    ------
    IntegrityError
        If the rest of the backups is damaged, so that nobody knows what was withdrawn.
    """
    if "restriction" not in kept.recorded_tables():
        return ()  # written by a version that withdrew nothing
    _refuse_damaged(kept, vault, last)
    chain.verified(kept, since=tx)
    return kept.select(
        "SELECT x.eid, e.kind, max(x.access) FROM restriction x JOIN entity e ON e.eid = x.eid "
        "WHERE x.tx_from > ? AND e.tx_from <= ? GROUP BY x.eid, e.kind ORDER BY x.eid",
        (tx, tx),
    )


def _withdraw(workspace: Workspace, later: Sequence[Row], tx: int) -> None:
    """Withdraw again what was withdrawn after the transaction that was restored, before anybody sees it."""
    if not later:
        return
    with closing(workspace.keeper()) as store:
        registry = Registry(store, workspace.catalog(), workspace.crs, zone=workspace.zone)
        reason = f"withdrawn after transaction {tx}, up to which this was restored; it stays withdrawn"
        with registry.transaction("phusa", reason) as new:
            new.insert(
                "restriction", ("eid", "access", "tx_from"), [(eid, level, new.number) for eid, _, level in later]
            )
            for eid, kind, _ in later:
                new.note([eid], kind, "restricted")
