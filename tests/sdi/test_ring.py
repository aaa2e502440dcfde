"""Outlines written corner by corner come back as the polygons they are."""

from __future__ import annotations

import hashlib

import pytest

from sdi import source
from sdi.source import Limits
from tests.sdi.deliveries import codes, options, refusal

SQUARE = "382000,6354000\n382002,6354000\n382002,6354002\n382000,6354002\n"
HOUSES = {"crs": "EPSG:32756", "rings": True}


@pytest.fixture
def houses(tmp_path):
    folder = tmp_path / "houses"
    folder.mkdir()
    (folder / "b.csv").write_text(SQUARE)
    (folder / "a.CSV").write_text(
        "\ufeff382010.5 , 6354000\n\n382013.5, 6354000\n382010.5, 6354004\n382010.5, 6354000\n"
    )
    (folder / "licence.txt").write_text("free")
    return folder


def test_a_folder_of_rings_is_one_table_in_the_order_of_the_names(houses):
    delivery = source.read(houses, options(**HOUSES))
    assert (delivery.format, delivery.crs_name) == ("rings", "EPSG:32756")
    assert list(delivery.table["name"]) == ["a", "b"]
    assert list(delivery.table.area) == [6.0, 4.0]
    assert not codes(delivery)


def test_a_single_ring_is_a_table_of_one_row(houses):
    delivery = source.read(houses / "b.csv", options(**HOUSES))
    assert list(delivery.table.area) == [4.0]
    assert delivery.sha256 == hashlib.sha256(SQUARE.encode()).hexdigest()


def test_the_digest_covers_every_ring_and_its_name(houses):
    before = source.read(houses, options(**HOUSES)).sha256
    (houses / "b.csv").rename(houses / "c.csv")
    assert source.read(houses, options(**HOUSES)).sha256 != before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n0,0\n1,0\n1,1\n", "line 1"),
        ("0,0\n1,0\n1;1\n", "line 3"),
        ("0,0\n1,0,5\n1,1\n", "line 2"),
        ("0,0\n1,nan\n1,1\n", "line 2"),
        ("0,0\n1,0\n0,0\n", "2 different corners"),
        ("", "0 different corners"),
    ],
)
def test_a_file_that_is_no_ring_is_put_aside_with_its_line(houses, text, said):
    (houses / "c.csv").write_text(text or "\n")
    delivery = source.read(houses, options(**HOUSES))
    [finding] = [one for one in delivery.findings if one.code == "ring-unreadable"]
    assert (finding.row, finding.action) == (2, "quarantined")
    assert said in finding.message
    assert "c.csv" in finding.message
    assert delivery.table.geometry[2] is None


def test_a_folder_without_rings_is_refused(tmp_path):
    refusal(tmp_path, "folder-empty", **HOUSES)
    refusal(tmp_path / "missing", "path-missing", **HOUSES)


def test_a_ring_that_leads_elsewhere_is_refused(houses):
    (houses / "z.csv").symlink_to(houses / "licence.txt")
    assert "link" in refusal(houses, "path-refused", **HOUSES).message


def test_rings_have_no_crs_of_their_own(houses):
    refusal(houses, "crs-undeclared", rings=True)


def test_a_folder_is_still_no_file_where_no_rings_are_declared(houses):
    refusal(houses, "path-folder")


def test_more_rings_than_are_read_are_refused(houses):
    refusal(houses, "too-many-rows", Limits(rows=1), **HOUSES)
    refusal(houses, "file-too-large", Limits(text_bytes=10), **HOUSES)
    refusal(houses, "too-many-vertices", Limits(vertices=3), **HOUSES)
