"""A city copied into a folder or a database is the same city."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from sdi.errors import ConflictError, InputError, WorkspaceError
from sdi.safety import copying, founding
from sdi.workspace import Workspace
from tests.backing import silent
from tests.past import build, lived, opened, then
from tests.sdi.test_backup import write_raster

pytestmark = pytest.mark.both_stores


@pytest.fixture
def workspace(tmp_path: Path, store: str | None) -> Workspace:
    """Return a city of one register with a past."""
    made = build(tmp_path, store)
    lived(made)
    return made


@pytest.mark.shows("shared-model")
def test_a_city_goes_from_its_store_into_a_folder_and_a_database_and_stays_the_same(workspace, cluster, tmp_path):
    write_raster(workspace, "terrain", 1.5)
    address = cluster.database()
    with closing(opened(workspace)) as registry:
        now = then(workspace, registry)
        copying.to_folder(workspace, registry, tmp_path / "copy", silent)
        copying.to_database(workspace, registry, address, silent)
        with pytest.raises(ConflictError, match="holds a registry of 9 transactions"):
            copying.to_database(workspace, registry, address, silent)
    made = Workspace.open(tmp_path / "copy", workspace.catalogs[0])
    assert (made.rasters / "terrain" / "coverage.json").is_file()
    for kept in (None, address):
        founding.keep_in(made.folder, kept)
        moved = Workspace.open(made.folder, workspace.catalogs[0])
        assert moved.store == kept
        with closing(opened(moved)) as registry:
            assert registry.verify() == now.tx
            assert then(moved, registry) == now
    cluster.drop(address)


def test_a_folder_that_cannot_hold_a_copy_is_refused(tmp_path):
    city = build(tmp_path)
    with closing(opened(city)) as registry:
        with pytest.raises(InputError, match="lies in the workspace"):
            copying.to_folder(city, registry, city.folder / "copy", silent)
        with pytest.raises(WorkspaceError, match="is not empty"):
            copying.to_folder(city, registry, city.catalogs[0], silent)
