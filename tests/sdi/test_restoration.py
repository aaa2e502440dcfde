"""What was backed up comes back, as it was last or at any transaction before; what is damaged is refused."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from sdi import provenance
from sdi.entry import Licence
from sdi.errors import ConflictError, InputError, IntegrityError, WorkspaceError
from sdi.history import Clock
from sdi.publishing import projector
from sdi.safety import backup, founding, restoration
from sdi.safety.restoration import Restored
from sdi.store import raster
from sdi.store.description import list_coverages
from sdi.store.vault import Vault
from sdi.workspace import Workspace
from tests.backing import silent
from tests.past import DAY, build, lived, opened, refused, then
from tests.sdi.test_backup import taken, write_raster
from tests.sdi.test_register import add


@pytest.fixture
def workspace(tmp_path: Path, store: str | None) -> Workspace:
    """Return a city of one register."""
    return build(tmp_path, store)


OPEN_DATA = Licence("CC0-1.0", "A", attribution="test")


def restored(kept: Path, place: Path, **options: object) -> tuple[Workspace, Restored]:
    """Restore a backup to a place."""
    done = restoration.restore(kept, place, kept.parent / "catalog", silent, **options)
    return Workspace.open(place, kept.parent / "catalog"), done


def feed(place: Workspace) -> str:
    """Publish a city and return the name of its public change feed."""
    with closing(opened(place)) as registry:
        projector.refresh(place, registry)
    with closing(place.publication("public")) as public:
        return public.changes(limit=1).name


@pytest.fixture
def kept(workspace, tmp_path):
    """Return a folder with a backup of a city with a past."""
    lived(workspace)
    taken(workspace, tmp_path / "kept")
    return tmp_path / "kept"


@pytest.mark.shows("shared-model")
@pytest.mark.both_stores
def test_a_restore_to_three_points_in_time_equals_the_state_then(workspace, tmp_path, figure):
    past = lived(workspace, look=True)
    last = taken(workspace, tmp_path / "kept")
    for one in past:
        made, done = restored(tmp_path / "kept", tmp_path / f"at-{one.tx}", at=one.tx)
        assert (done.tx, done.root_hash) == (one.tx, one.root_hash)
        with closing(opened(made)) as registry:
            assert registry.verify() == one.tx
            assert then(made, registry) == one
    assert len({one.tx for one in past} | {last.tx}) == 4
    figure("points in time restored, equal by registry and publication hash", len(past), "1")


@pytest.mark.shows("shared-model")
@pytest.mark.both_stores
def test_a_backup_comes_back_in_the_other_store_with_the_same_hashes(workspace, store, cluster, tmp_path):
    lived(workspace)
    with closing(opened(workspace)) as registry:
        now = then(workspace, registry)
    taken(workspace, tmp_path / "kept")
    address = cluster.database() if store is None else None
    made, _ = restored(tmp_path / "kept", tmp_path / "made", store=address)
    assert made.store == address
    with closing(opened(made)) as registry:
        assert then(made, registry) == now
        assert registry.verify() == now.tx
    if address:
        with pytest.raises(ConflictError, match="holds a registry"):
            restored(tmp_path / "kept", tmp_path / "again", store=address)
        assert not (tmp_path / "again").exists()
        cluster.drop(address)


def test_a_date_means_the_last_transaction_at_or_before_it(workspace, tmp_path):
    with closing(opened(workspace)) as registry:
        add(registry, 1)
        add(registry, 1)
        days = [row[0][:10] for row in registry.store.select("SELECT recorded_at FROM tx ORDER BY tx")]
    taken(workspace, tmp_path / "kept")
    found = [restored(tmp_path / "kept", tmp_path / day, at=f"{day}T23:59:59Z")[1].tx for day in days]
    assert found == [1, 2, 3]


def test_a_moment_that_the_backups_do_not_reach_is_refused(kept, tmp_path):
    for at in (0, 99, "1999-01-01"):
        with pytest.raises(InputError, match=r"they reach from transaction 1 \(2026-01-.* to \d+ \("):
            restored(kept, tmp_path / "made", at=at)
    assert not (tmp_path / "made").exists()


def test_a_restored_city_can_be_written_and_backed_up_again(kept, tmp_path):
    made, done = restored(kept, tmp_path / "made")
    with closing(made.registry()) as registry:
        add(registry, 1)
        projector.refresh(made, registry)
        assert backup.take(made, registry, kept, silent).tx == done.tx + 1


def test_a_restored_city_begins_a_feed_of_its_own(kept, workspace, tmp_path):
    names = {feed(workspace)}
    for day in ("2026-02-01", "2026-02-02"):
        made, _ = restored(kept, tmp_path / day, clock=Clock.fixed(f"{day}T00:00:00Z"))
        names.add(feed(made))
    assert len(names) == 3


def test_a_city_that_went_another_way_since_is_not_mixed_with_its_backups(kept, tmp_path):
    made, _ = restored(kept, tmp_path / "made", at=2)
    with closing(made.registry()) as registry:
        for _ in range(9):
            add(registry, 1)
        with pytest.raises(ConflictError, match="another registry"):
            backup.take(made, registry, kept, silent)


def recorded(workspace: Workspace, level: float) -> None:
    """Publish a raster in a transaction that says so."""
    with closing(opened(workspace)) as registry:
        said = write_raster(workspace, "flood", level)
        with registry.transaction("test", "run") as tx:
            provenance.record(
                tx, "flood", "bench", custodian="test", licence=OPEN_DATA, sha256=said.version, accepted=0
            )


def test_rasters_that_were_made_later_are_left_out(workspace, tmp_path):
    write_raster(workspace, "terrain", 1.5)
    with closing(opened(workspace)) as registry:
        add(registry, 1)
    recorded(workspace, 0.5)
    taken(workspace, tmp_path / "kept")
    recorded(workspace, 0.8)
    taken(workspace, tmp_path / "kept")
    levels = {}
    for tx in (2, 3, 4):
        made, done = restored(tmp_path / "kept", tmp_path / str(tx), at=tx)
        shown = [one.name for one in list_coverages(made.rasters)]
        levels[tx] = {name: float(raster.read(made.rasters, name)["elevation"].max()) for name in shown}
        assert done.left_out == (("flood",) if tx == 2 else ())
    assert levels == {
        2: {"terrain": 1.5},
        3: {"terrain": 1.5, "flood": 0.5},
        4: {"terrain": 1.5, "flood": pytest.approx(0.8)},
    }


def test_the_description_says_where_the_registry_is_now_and_all_else_as_before(kept, workspace, tmp_path):
    made, _ = restored(kept, tmp_path / "made")
    text = (made.folder / "workspace.yaml").read_text(encoding="utf-8")
    before = (workspace.folder / "workspace.yaml").read_text(encoding="utf-8")
    assert made.store is None
    assert yaml.safe_load(before) | {"store": None} == yaml.safe_load(text) | {"store": None}
    two = "name: a\nsecret: elsewhere\nstore:\n  registry: x\n  publications: y\n# why\ntitle: b"
    path = tmp_path / "workspace.yaml"
    path.write_text(two, encoding="utf-8")
    founding.keep_in(tmp_path, "postgresql://db/city")
    assert path.read_text(encoding="utf-8") == "name: a\n# why\ntitle: b\nstore: postgresql://db/city\n"


def flipped(path: Path, at: int = -20) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def content_of(kept: Path, name: str) -> Path:
    """Return where the content of a file is kept."""
    vault = Vault(kept)
    return vault.place(vault.manifests()[-1].files[name])


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """Return a folder with a backup of a small city in a file, to be copied and never touched."""
    folder = tmp_path_factory.mktemp("sound")
    city = build(folder)
    with closing(opened(city)) as registry:
        for _ in range(5):
            add(registry, 1)
    taken(city, folder / "kept")
    return folder / "kept"


DAMAGES = {
    "content changed": (lambda kept: flipped(content_of(kept, "workspace.yaml")), "workspace.yaml .* is damaged"),
    "content gone": (lambda kept: content_of(kept, "workspace.yaml").unlink(), "lacks the content of workspace.yaml"),
    "manifest changed": (lambda kept: flipped(next((kept / "manifests").iterdir())), "manifest .* is damaged"),
    "registry cut off": (lambda kept: (kept / "registry.db").write_bytes((kept / "registry.db").read_bytes()[:90_000]),
                         "registry"),
    "registry changed": (lambda kept: rewrite(kept, "UPDATE register_bench SET f_seats = 3"), "transaction 2 of"),
    "chain cut off": (lambda kept: rewrite(kept, "DELETE FROM tx WHERE tx > 5"), "does not hold transaction"),
}  # fmt: skip


def rewrite(kept: Path, statement: str) -> None:
    """Change the registry of the backups past its guards."""
    vault = Vault(kept)
    with closing(sqlite3.connect(vault.registry_path)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(statement)


@pytest.mark.shows("shared-model")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_with_what_to_do_and_nothing_is_made(sound, tmp_path, damage):
    harm, said = DAMAGES[damage]
    shutil.copytree(sound.parent, tmp_path, dirs_exist_ok=True)
    kept = tmp_path / "kept"
    harm(kept)
    error = refused(lambda: restored(kept, tmp_path / "made"))
    assert isinstance(error, IntegrityError)
    assert re.search(said, error.message)
    assert any(cure in error.message for cure in ("another copy", "backup that verifies"))
    assert [path.name for path in tmp_path.iterdir() if "made" in path.name] == []


def test_a_place_that_holds_something_is_left_alone(sound, tmp_path):
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="is not empty"):
        restored(sound, tmp_path / "city")
    with pytest.raises(WorkspaceError, match="holds no backup"):
        restored(tmp_path / "nowhere", tmp_path / "made")


def test_secret_things_are_backed_up_and_restored_apart(tmp_path):
    city = build(tmp_path)
    with closing(opened(city)) as registry:
        add(registry, 1)
    with closing(city.secret_registry(clock=Clock.fixed("2026-02-01T00:00:00Z", DAY))) as secret:
        add(secret, 1)
        then = (secret.last_tx, secret.root_hash)
        add(secret, 1)
        last = backup.take_secret(city, secret, tmp_path / "hidden", silent)
        (tmp_path / "seen").mkdir(mode=0o755)
        with pytest.raises(WorkspaceError, match="others of this machine may enter"):
            backup.take_secret(city, secret, tmp_path / "seen", silent)
    taken(city, tmp_path / "kept")
    assert not [path for path in Vault(tmp_path / "kept").manifests()[-1].files if "secret" in path]
    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "hidden", tmp_path / "hidden" / "registry.db")] == [
        0,
        0,
    ]
    made, _ = restored(tmp_path / "kept", tmp_path / "made")
    assert not (made.folder / "secret").exists()
    assert restoration.restore_secret(tmp_path / "hidden", made).root_hash == last.root_hash
    assert (made.folder / "secret" / "registry.db").stat().st_mode & 0o077 == 0
    earlier, _ = restored(tmp_path / "kept", tmp_path / "earlier")
    assert restoration.restore_secret(tmp_path / "hidden", earlier, at="2026-01-01") is None
    done = restoration.restore_secret(tmp_path / "hidden", earlier, at="2026-02-02T12:00:00Z")
    assert (done.tx, done.root_hash) == then
