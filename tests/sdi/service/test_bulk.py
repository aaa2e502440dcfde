"""Whole collections as files over HTTP: where they are linked, in parts, and which are not given."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import FileResponse
from starlette.testclient import TestClient

from sdi.access.keyring import Keyring
from sdi.bulk import building, shelf
from sdi.publishing import projector
from sdi.service import application
from tests import fair as made
from tests.sdi.bulk.conftest import Built, own, silent
from tests.serving import serving

__all__ = ["own"]
MEDIA = {
    "parquet": "application/vnd.apache.parquet",
    "fgb": "application/flatgeobuf",
    "gpkg": "application/geopackage+sqlite3",
    "csv": "text/csv; charset=utf-8; header=present",
}
STALLS = "/ogc/collections/stalls/bulk/stalls"
AS_OF = "2026-01-01 00:00 UTC"


def asking(built: Built) -> TestClient:
    return TestClient(application(built.workspace), base_url="http://city.test", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the fair; whichever store it is in, the files are the same."""
    workspace = made.build(tmp_path_factory.mktemp("fair"))
    building.refresh(workspace, "public", silent)
    return Built(workspace)


@pytest.fixture(scope="module")
def client(fair: Built) -> Iterator[TestClient]:
    with asking(fair) as opened:
        yield opened


def enclosures(client: TestClient, collection: str, language: str = "en") -> list[dict]:
    said = client.get(f"/ogc/collections/{collection}?lang={language}").json()
    return [one for one in said["links"] if one["rel"] == "enclosure"]


@pytest.mark.shows("service")
def test_a_collection_links_its_files_with_type_title_and_length(fair: Built, client: TestClient) -> None:
    links = enclosures(client, "stalls")
    assert [one["type"] for one in links] == list(MEDIA.values())
    assert links[0]["title"] == f"The whole collection as GeoParquet, as of {AS_OF}"
    assert enclosures(client, "stalls", "vi")[1]["title"] == f"Cả tập dữ liệu dạng FlatGeobuf, theo dữ liệu đến {AS_OF}"
    for link, (ending, media) in zip(links, MEDIA.items(), strict=True):
        answer = client.get(link["href"])
        assert answer.headers["content-type"] == media
        assert len(answer.content) == link["length"]
        assert answer.content == fair.path("stalls", ending).read_bytes()
        assert answer.headers["content-disposition"] == f'attachment; filename="stalls-2026-01-01.{ending}"'
    listed = {one["id"]: one for one in client.get("/ogc/collections").json()["collections"]}
    assert [one["rel"] for one in listed["stalls"]["links"]].count("enclosure") == 4
    assert [one["rel"] for one in listed["visitors"]["links"]].count("enclosure") == 0


def test_the_page_and_the_description_of_the_api_name_them(client: TestClient) -> None:
    page = client.get("/ogc/collections/stalls?f=html&lang=en").text
    assert "Download the whole collection" in page
    assert all(f'href="http://city.test{STALLS}.{ending}' in page for ending in MEDIA)
    assert "bulk/" not in client.get("/ogc/collections/visitors?f=html").text
    paths = client.get("/ogc/openapi").json()["paths"]
    names = paths["/collections/stalls/bulk/{file}"]["get"]["parameters"][1]["schema"]["enum"]
    assert names == [f"stalls.{ending}" for ending in MEDIA]
    assert "/collections/visitors/bulk/{file}" not in paths


@pytest.mark.shows("service")
def test_data_of_grade_b_have_no_file_whatever_lies_there(own: Built) -> None:
    folder = own.workspace.bulk("public")
    held = shelf.holdings(folder)["lawns"]
    for one in held.files:  # as if a file had been left from better days
        (folder / one.path.name.replace("lawns", "visitors")).write_bytes(one.path.read_bytes())
    text = (folder / "lawns.json").read_text().replace('"lawns"', '"visitors"')
    (folder / "visitors.json").write_text(text)
    with asking(own) as client:
        assert enclosures(client, "visitors") == []
        for ending in MEDIA:
            answer = client.get(f"/ogc/collections/visitors/bulk/visitors.{ending}")
            assert answer.status_code == 404
            assert "licence" in answer.json()["description"]


def test_parts_are_answered_byte_by_byte(fair: Built, client: TestClient) -> None:
    content = fair.path("stalls", "gpkg").read_bytes()
    for said, part in {
        "bytes=0-15": content[:16], "bytes=16-99": content[16:100], "bytes=-100": content[-100:],
        f"bytes={len(content) - 3}-": content[-3:], "bytes=5-99999999999": content[5:], "bytes=-99999999999": content,
    }.items():  # fmt: skip
        answer = client.get(f"{STALLS}.gpkg", headers={"Range": said, "Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.content == part) == (206, True), said
        assert "content-encoding" not in answer.headers
    several = client.get(f"{STALLS}.gpkg", headers={"Range": "bytes=0-3,100-103"})
    assert several.status_code == 206
    assert content[100:104] in several.content


def test_head_tags_and_if_range(client: TestClient) -> None:
    head = client.head(f"{STALLS}.parquet")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["accept-ranges"] == "bytes"
    assert head.headers["last-modified"].endswith("2026 00:00:01 GMT")
    etag = head.headers["etag"]
    assert etag.startswith('"')
    assert client.get(f"{STALLS}.parquet", headers={"If-None-Match": etag}).status_code == 304
    part = {"Range": "bytes=0-3"}
    assert client.get(f"{STALLS}.parquet", headers=part | {"If-Range": etag}).content == b"PAR1"
    for other in ('"other"', head.headers["last-modified"], f"W/{etag}"):
        answer = client.get(f"{STALLS}.parquet", headers=part | {"If-Range": other})
        assert (answer.status_code, len(answer.content)) == (200, int(head.headers["content-length"]))


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("bytes=99999999999-", 416),
        ("bytes=-0", 416),
        ("bytes=9-3", 400),
        ("bytes=", 400),
        ("bytes=a-b", 400),
        ("bytes=--1", 400),
        ("bytes=1-2-3", 400),
        ("bytes=" + "9" * 5_000 + "-", 400),
        ("bytes=" + ",".join(["0-0"] * 1_000), 400),
        ("bytes=" + ",".join(["0-"] * 11), 400),
        ("bytes=²-³", 400),
        ("lines=0-5", 200),
    ],
)
@pytest.mark.shows("service")
def test_a_hostile_range_gets_an_error_or_the_whole_file(client: TestClient, said: str, status: int) -> None:
    answer = client.get(f"{STALLS}.parquet", headers={"Range": said.encode("latin-1")})
    assert answer.status_code == status
    if status >= 400:
        assert set(answer.json()) >= {"code", "description"}
    if status == 416:
        assert answer.headers["content-range"].startswith("bytes */")


@pytest.mark.parametrize(
    "path",
    [
        "stalls/bulk/stalls.json", "stalls/bulk/lawns.gpkg", "stalls/bulk/stalls", "stalls/bulk/.gpkg",
        "stalls/bulk/..%2f..%2fpublic.gpkg", "stalls/bulk/%2e%2e/stalls.json", "stalls/bulk/stalls.gpkg%00",
        "stalls/bulk/STALLS.gpkg", "..%2fpublic/bulk/public.gpkg", "nothing/bulk/nothing.csv",
        "stalls/bulk/" + "a" * 5_000, "%f0%9f%92%a9/bulk/x.csv", "stalls/bulk/",
    ],
)  # fmt: skip
@pytest.mark.shows("service")
def test_a_hostile_name_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/ogc/collections/{path}")
    assert answer.status_code == 404
    assert "code" in answer.json()


def test_other_formats_and_parameters_are_refused(client: TestClient) -> None:
    assert client.get(f"{STALLS}.csv?f=csv").status_code == 200
    assert client.get(f"{STALLS}.csv?f=gpkg").status_code == 400
    assert client.get(f"{STALLS}.csv?bbox=1,2,3,4").status_code == 400
    assert client.get(f"{STALLS}.csv", headers={"Accept": "application/json"}).status_code == 406


@pytest.mark.shows("service")
def test_a_file_older_than_its_collection_says_so_everywhere(own: Built) -> None:
    with asking(own) as client:
        before = client.get(f"{STALLS}.csv")
        with closing(own.workspace.registry()) as registry:
            made.add(registry, "stall", [made.point(500)], {"remark": ["new"]})
            projector.refresh(own.workspace, registry)
        assert enclosures(client, "stalls")[0]["title"].endswith(f"as of {AS_OF}; it has changed since")
        assert "its items in the API are newer" in client.get("/ogc/collections/stalls?f=html&lang=en").text
        assert "changed since" not in enclosures(client, "lawns")[0]["title"]
        assert client.get(f"{STALLS}.csv").headers["last-modified"] == before.headers["last-modified"]
        building.refresh(own.workspace, "public", silent)
        assert "changed since" not in enclosures(client, "stalls")[0]["title"]
        after = client.get(f"{STALLS}.csv")
        assert after.headers["etag"] != before.headers["etag"]
        assert after.content.count(b"\r\n") == before.content.count(b"\r\n") + 1


def test_files_of_another_publication_are_not_given(own: Built) -> None:
    with asking(own) as client:
        kept = {path: path.read_bytes() for path in own.workspace.bulk("public").iterdir()}
        with closing(own.workspace.registry()) as registry:
            (eid,) = made.add(registry, "stall", [made.point(500)], {"remark": ["new"]})
            projector.refresh(own.workspace, registry)
            with registry.transaction("test", "withdrawn") as tx:
                registry.register("stall").restrict(eid, tx)
            projector.refresh(own.workspace, registry)
        own.workspace.bulk("public").mkdir(exist_ok=True)
        for path, content in kept.items():
            path.write_bytes(content)
        assert enclosures(client, "stalls") == []
        assert client.get(f"{STALLS}.csv").status_code == 404


def test_a_file_that_somebody_removed_is_not_found(own: Built) -> None:
    with asking(own) as client:
        assert client.get(f"{STALLS}.csv").status_code == 200
        own.path("stalls", "csv").unlink()
        assert client.get(f"{STALLS}.csv").status_code == 404
        assert client.get(f"{STALLS}.gpkg").status_code == 200


@pytest.mark.parametrize("ranges", [None, "bytes=0-99", "bytes=0-3,100-103"])
@pytest.mark.shows("service")
def test_a_file_that_is_withdrawn_while_it_is_sent_arrives_whole(own: Built, monkeypatch, ranges: str | None) -> None:
    send, head = FileResponse.__call__, {"Range": ranges} if ranges else {}
    path = own.path("stalls", "fgb")
    content = path.read_bytes()

    async def withdrawn(self: FileResponse, *asked: Any) -> None:
        shelf.empty(own.workspace.bulk("public"))
        await send(self, *asked)

    with asking(own) as client:
        monkeypatch.setattr(FileResponse, "__call__", withdrawn)
        answer = client.get(f"{STALLS}.fgb", headers=head)
        assert not path.exists()
        assert answer.status_code == (206 if ranges else 200)
        assert len(answer.content) == int(answer.headers["content-length"])
        assert answer.content[:4] == content[:4] or content[100:104] in answer.content
        assert client.get(f"{STALLS}.fgb", headers=head).status_code == 404


@pytest.mark.shows("service")
def test_a_key_for_few_gives_the_files_of_its_level_and_its_collections_alone(own: Built) -> None:
    building.refresh(own.workspace, "restricted", silent)
    ring = Keyring(own.workspace.folder)
    everything = {"X-API-Key": ring.add("Tester", "restricted")[1]}
    lawns = {"X-API-Key": ring.add("Tester", "restricted", collections=("lawns",))[1]}
    secret = made.KEEPER.encode()
    with asking(own) as client:
        public, full = client.get(f"{STALLS}.csv"), client.get(f"{STALLS}.csv", headers=everything)
        assert (secret in public.content, secret in full.content) == (False, True)
        assert public.headers["etag"] != full.headers["etag"]
        held = client.get(f"{STALLS}.csv", headers=everything | {"If-None-Match": public.headers["etag"]})
        assert (held.status_code, secret in held.content) == (200, True)
        assert client.get(f"{STALLS}.csv", headers=lawns).status_code == 404
        assert client.get("/ogc/collections/lawns/bulk/lawns.csv", headers=lawns).status_code == 200


@pytest.mark.clients
@pytest.mark.shows("service")
@pytest.mark.parametrize("ending", ["fgb", "gpkg", "csv"])
def test_gdal_reads_a_file_where_it_lies(fair: Built, ogrinfo: Path, ending: str) -> None:
    lon, lat = fair.items("stalls")[3]["geometry"]["coordinates"]
    with serving(fair.workspace) as base:
        link = f"/vsicurl/{base}{STALLS}.{ending}"
        options = ["-oo", "X_POSSIBLE_NAMES=longitude", "-oo", "Y_POSSIBLE_NAMES=latitude"] if ending == "csv" else []
        box = ["-spat", *(f"{edge:.8f}" for edge in (lon - 1e-6, lat - 1e-6, lon + 1e-6, lat + 1e-6))]
        said = [
            subprocess.run([ogrinfo, "-al", *options, *more, link], check=True, capture_output=True, text=True).stdout
            for more in ([], box)
        ]
    assert [one.count("OGRFeature(") for one in said] == [made.STALLS, 1]
    assert "Quầy bánh xèo số 3" in said[1]
