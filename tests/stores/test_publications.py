"""What is published is the same, byte by byte, whichever store keeps it; PostGIS gives it to many at once, by role."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing

import orjson
import psycopg
import pytest
from starlette.testclient import TestClient

from pipelines.__main__ import main
from pipelines.server import composition
from sdi.errors import Gone, InputError, NotFound, WorkspaceError
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.service import application
from sdi.settings import Settings
from sdi.workspace import Workspace
from tests.sdi.conftest import alone
from tests.sdi.test_register import add
from tests.stores.test_parity import toil

LEVELS = ("public", "restricted")
ROLES = ("city_writer", "city_public", "city_restricted")
MOMENTS = (None, "2012-05-01", "2024-01-01", "2011-01-01/2019-06-30", "../2015-01-01")
TEXTS = ("nguyen ai quoc", "duong tran", "DƯỪNG", "quoted name", "B7", "tran hung dao x", "trsn hung")


def opened(workspace, **options):
    """Open the registry of a workspace; the same clock and identifiers for both."""
    return closing(workspace.registry(**({"clock": Clock.fixed(), "ids": Ids.seeded(5)} | options)))


@pytest.fixture(scope="module")
def pair(tmp_path_factory, cluster):
    """Return two published workspaces of one toilsome history that differ in nothing but their store."""
    made, address = [], cluster.database()
    for name, store in (("embedded", None), ("postgis", address)):
        made.append(alone(tmp_path_factory.mktemp(name), store))
        with opened(made[-1]) as registry:
            toil(registry, 5)
            projector.refresh(made[-1], registry)
    yield made
    cluster.drop(address)


def asked(publication, question):
    """Return what a publication answers, an error included."""
    try:
        return question(publication)
    except (Gone, NotFound, InputError) as error:
        return type(error).__name__, error.code, error.message


def questions():
    """Return everything that a publication is asked, with numbers that chance chose."""
    dice = random.Random(5)
    x, y = 105.7634, 10.0312
    boxes = [None, *((x + dx, y, x + dx + 0.01, y + 0.002) for dx in (-0.01, dice.uniform(-0.01, 0.01)))]
    found = [
        lambda one, box=box, at=at, known=known, where=where: one.items(
            "benches", limit=7, bbox=box, datetime=at, recorded=known, where=where
        )
        for box in boxes
        for at in MOMENTS
        for known in (None, "2026-01-01T00:00:20Z")
        for where in ({}, {"seats": "4"}, {"wood": "true"}, {"name": "🌳"})
    ]
    found += [lambda one, offset=offset: one.items("benches", limit=5, offset=offset) for offset in (0, 5, 500)]
    found += [lambda one, text=text: one.search(text, limit=20) for text in TEXTS]
    found += [lambda one, text=text: one.matches("benches", text, limit=20) for text in TEXTS]
    found += [lambda one, name=name: one.counts("benches", name) for name in ("seats", "wood", "name", "colour")]
    found += [lambda one, since=since: one.changes(since=since, limit=11) for since in (0, 3, 17)]
    return [*found, lambda one: one.collections(), lambda one: one.sequence, lambda one: one.collection("banks")]


@pytest.mark.shows("shared-model")
def test_both_stores_publish_the_same_content_and_give_the_same_answers_to_the_byte(pair, figure):
    hashes = []
    for workspace in pair:
        with opened(workspace) as registry:
            hashes.append(projector.verified(workspace, registry))
    assert hashes[0] == hashes[1]
    told = []
    for level in LEVELS:
        with closing(pair[0].publication(level)) as one, closing(pair[1].publication(level)) as other:
            eids = sorted({change.eid for change in one.changes(limit=1000).changes})
            every = questions()
            every += [lambda it, eid=eid: it.versions("bench", eid) for eid in eids]
            every += [lambda it, eid=eid: it.thing("bench", eid) for eid in eids]
            every += [lambda it, eid=eid, at=at: it.item("benches", eid, datetime=at) for eid in eids for at in MOMENTS]
            answers = [(asked(one, question), asked(other, question)) for question in every]
            assert [left for left, _ in answers] == [right for _, right in answers]
            told += [left for left, _ in answers]
    assert len({repr(answer) for answer in told}) > 100  # it was no silence that they agreed on
    figure("answers equal to the byte on both stores", len(told), "1")


def published(folder, store):
    """Make a workspace with three benches, published."""
    workspace = alone(folder, store)
    with opened(workspace) as registry:
        add(registry, 3)
        projector.refresh(workspace, registry)
    return workspace


@pytest.fixture
def city(tmp_path, database):
    """Return a workspace in PostGIS with three benches, for a test that changes it."""
    return published(tmp_path, database)


@pytest.fixture(scope="module")
def still(tmp_path_factory, cluster):
    """Return one for tests that only read."""
    address = cluster.database()
    yield published(tmp_path_factory.mktemp("still"), address)
    cluster.drop(address)


def test_a_reader_sees_the_old_publication_to_the_end_and_the_new_one_after(city):
    with opened(city, ids=Ids.seeded(6)) as registry, closing(city.publication("public")) as reader:
        add(registry, 2)
        began, ended = threading.Event(), []

        def rebuild():
            with opened(city) as other:
                began.set()
                projector.refresh(city, other, rebuild=True)
                ended.append(time.monotonic())

        before = reader.state()
        with reader.reading():
            assert reader.collection("benches").count == 3
            builder = threading.Thread(target=rebuild)
            builder.start()
            began.wait(30)
            time.sleep(0.5)
            assert len(reader.items("benches", limit=10).features) == 3
            let_go = time.monotonic()
        builder.join(60)
        assert ended[0] > let_go
        assert (reader.collection("benches").count, len(reader.items("benches", limit=10).features)) == (5, 5)
        assert reader.state() != before
        assert not reader.is_replaced()
        projector.verified(city, registry)


def test_a_register_that_is_declared_anew_shows_readers_all_of_it_or_none(city):
    path = city.folder / "catalogs" / "registers" / "bench.yaml"
    path.write_text(path.read_text().replace("version: 1.0.0", "version: 1.0.1").replace("[seats, wood,", "[wood,"))
    seen, done = set(), threading.Event()

    def look():
        with closing(city.publication("public")) as reader:
            while not done.is_set():
                with reader.reading():
                    page = reader.items("benches", limit=10)
                    seen.add((page.number_matched, len(page.features), b"seats" in page.features[0]))

    watcher = threading.Thread(target=look)
    watcher.start()
    with opened(city) as registry:
        projector.refresh(city, registry)
        projector.verified(city, registry)
    done.set()
    watcher.join()
    with closing(city.publication("public")) as reader:
        assert b"seats" not in reader.items("benches", limit=1).features[0]
    assert seen <= {(3, 3, True), (3, 3, False)}


def test_a_service_goes_on_when_the_database_has_dropped_its_connections(still):
    with TestClient(application(still)) as asking:
        assert asking.get("/ogc/collections/benches/items").json()["numberMatched"] == 3
        with psycopg.connect(still.store, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        assert asking.get("/ogc/collections/benches/items").json()["numberMatched"] == 3


def test_what_was_never_published_in_the_database_says_how_to_build_it(tmp_path, database):
    workspace = alone(tmp_path, database)
    workspace.registry().close()
    assert not workspace.home("public").exists()
    with pytest.raises(WorkspaceError, match=r"publication_public in .* is missing; run `phusa publish`"):
        workspace.publication("public")
    with TestClient(application(workspace)) as asking:
        answer = asking.get("/healthz")
    assert answer.status_code == 503
    assert "publication_public" not in answer.text


def test_a_text_that_no_database_can_hold_is_refused(still):
    with closing(still.publication("public")) as public, pytest.raises(InputError, match="cannot hold"):
        public.items("benches", limit=1, where={"name": "\x00"})


@pytest.mark.clients
def test_gdal_opens_the_tables_of_a_publication(still, ogrinfo):
    address = psycopg.conninfo.conninfo_to_dict(still.store)
    source = f"PG:dbname={address['dbname']} host={address['host']} user=postgres active_schema=publication_public"
    read = subprocess.run([ogrinfo, "-al", source, "benches"], capture_output=True, text=True, check=True).stdout
    assert "Feature Count: 3" in read
    assert "FID Column = fid" in read
    assert 'ID["EPSG",4326]' in read
    assert "seats (Integer64) = 4" in read
    assert read.count("POINT (105.7") == 3


# roles ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def roles(cluster, city):
    """Return the address of the city's database by role; `phusa roles` has given them their rights."""
    for role in ROLES:
        cluster.run("postgres", f"CREATE ROLE {role} LOGIN")
    given = ["--writer", "city_writer", "--reader", "city_public", "--restricted-reader", "city_restricted"]
    assert main(["roles", "--workspace", str(city.folder), *given]) == 0
    yield {role: city.store.replace("postgres@", f"{role}@") for role in ROLES}
    database = psycopg.conninfo.conninfo_to_dict(city.store)["dbname"]
    for role in ROLES:
        cluster.run(database, f"DROP OWNED BY {role} CASCADE")
        cluster.run("postgres", f"DROP ROLE {role}")


def described(workspace, store):
    """Return the same workspace with other words under ``store:``."""
    path = workspace.folder / "workspace.yaml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("store:")]
    path.write_text("\n".join([*lines, f"store: {store}"]) + "\n", encoding="utf-8")
    return Workspace.open(workspace.folder, workspace.catalogs[0])


@pytest.mark.shows("shared-model")
def test_the_service_serves_with_a_role_that_sees_the_public_publication_and_nothing_else(city, roles, figure):
    service = described(city, f"{{publications: '{roles['city_public']}'}}")
    assert service.only_reads
    with TestClient(composition.compose(service, Settings())) as asking:
        assert asking.get("/ogc/collections/benches/items").json()["numberMatched"] == 3
        assert asking.get("/healthz").json()["level"] == "public"
        assert asking.get("/plain/benches").status_code == 200
    with pytest.raises(WorkspaceError, match="names no registry"):
        service.registry()
    with pytest.raises(WorkspaceError, match="`phusa roles` gives the rights"):
        service.publication("restricted")
    with psycopg.connect(roles["city_public"], autocommit=True) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename), schemaname FROM pg_tables "
            "WHERE schemaname IN ('registry', 'publication_restricted', 'publication_public')"
        ).fetchall()
        hidden = [table for table, schema in tables if schema != "publication_public"]
        assert len(hidden) > 20
        for table in hidden:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table}".encode())
        for statement in ("DELETE FROM publication_public.benches", "CREATE TABLE publication_public.mine (x int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    figure("tables that the role of the service cannot read", len(hidden), "1", "all but its publication")


@pytest.mark.slow
@pytest.mark.shows("shared-model")
def test_phusa_serve_needs_no_other_role_than_that_of_the_reader(city, roles, root, figure):
    service = described(city, f"{{publications: '{roles['city_public']}'}}")
    command = [sys.executable, "-m", "pipelines", "serve", "--workspace", str(service.folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as server:
        try:
            address = server.stdout.readline().removeprefix("Serving ").strip()
            page = urllib.request.urlopen(f"{address}ogc/collections/benches/items", timeout=30).read()
            with psycopg.connect(city.store) as connection:
                used = connection.execute(
                    "SELECT DISTINCT usename FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL"
                ).fetchall()
        finally:
            server.terminate()
            server.wait(30)
    assert orjson.loads(page)["numberMatched"] == 3
    assert used == [("city_public",)]
    figure("roles of the database that the service uses", len(used), "1", "1")


def test_readers_keep_their_rights_when_a_publication_is_built_anew_by_writer_or_owner(city, roles):
    for role, count in (("city_writer", 4), ("postgres", 5)):
        address = city.store.replace("postgres@", f"{role}@")
        workspace = described(city, f"{{registry: '{address}', publications: '{roles['city_public']}'}}")
        with opened(workspace, ids=Ids.seeded(40 + count)) as registry:
            add(registry)
            projector.refresh(workspace, registry, rebuild=True)
        with closing(workspace.publication("public")) as public:
            assert public.collection("benches").count == count
            assert len(public.items("benches", limit=9).features) == count
    with psycopg.connect(city.store) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname LIKE 'publication%'")
        assert owners.fetchall() == [("city_writer",)]


def test_who_only_reads_cannot_publish(tmp_path):
    service = described(alone(tmp_path), "{publications: 'postgresql://reader@/city'}")
    assert (service.store, service.reader) == (None, "postgresql://reader@/city")
    with pytest.raises(WorkspaceError, match="only read from here"):
        service.home("public").open_to_write()
    both = described(service, "{registry: 'postgresql://writer@/city'}")
    assert both.store == both.reader == "postgresql://writer@/city"


def test_files_know_no_roles(tmp_path, capsys):
    workspace = alone(tmp_path)
    assert main(["roles", "-w", str(workspace.folder), "--writer", "w", "--reader", "r"]) == 1
    assert "files know no roles" in capsys.readouterr().err


@pytest.mark.parametrize("store", ["[a, b]", "{registry: a, other: b}", "{}"])
def test_an_address_that_is_none_is_refused(tmp_path, store):
    with pytest.raises(WorkspaceError, match="expected an address"):
        described(alone(tmp_path), store)
