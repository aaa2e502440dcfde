"""Time zones by their names, and what a workspace says of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sdi.errors import InputError, WorkspaceError
from sdi.workspace import Workspace
from sdi.zone import GREENWICH, Zone
from tests import model


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Asia/Ho_Chi_Min", "Asia/Ho_Chi_Minh"), ("asia/ho_chi_minh", "Asia/Ho_Chi_Minh"),
        ("+07:00", "Asia/Ho_Chi_Minh"), ("Europe", "Europe"), ("../../etc/passwd", "Asia/Ho_Chi_Minh"),
        ("localtime", "Asia/Ho_Chi_Minh"), ("", "Asia/Ho_Chi_Minh"), (7, "Asia/Ho_Chi_Minh"), (None, "Asia/"),
        ("a\0b", "Asia/Ho_Chi_Minh"), ("right/UTC", "Etc/UTC"), ("posix/Asia/Ho_Chi_Minh", "Asia/Ho_Chi_Minh"),
    ],
)  # fmt: skip
def test_a_zone_that_is_not_known_is_refused_with_one_that_is(name, near):
    with pytest.raises(InputError, match=f"is not known; expected a name of the IANA database, such as .*{near}"):
        Zone.of(name)


def test_zones_are_equal_by_name():
    assert Zone.of("Asia/Ho_Chi_Minh") == Zone.of("Asia/Ho_Chi_Minh") != GREENWICH
    assert Zone.of("UTC") == GREENWICH


def test_local_mean_time_is_told_in_whole_minutes_and_its_day_begins_by_them():
    zone, noon = Zone.of("Asia/Ho_Chi_Minh"), datetime(1900, 1, 1, 12, tzinfo=UTC)
    assert zone.local(noon).isoformat() == "1900-01-01T19:06:00+07:06"
    assert zone.midnight(date(1900, 1, 1)) == datetime(1899, 12, 31, 16, 54, tzinfo=UTC)


def test_the_first_and_the_last_day_of_the_calendar_have_a_beginning():
    for zone in (Zone.of("Asia/Ho_Chi_Minh"), Zone.of("America/Chicago")):
        assert zone.midnight(date.min).date() == date.min
        assert zone.midnight(date.max).year == date.max.year


def test_a_workspace_tells_its_zone_and_one_that_says_none_counts_in_utc(tmp_path):
    assert model.build(tmp_path / "said", zone="Europe/Berlin").zone.name == "Europe/Berlin"
    assert model.build(tmp_path / "unsaid").zone == GREENWICH


@pytest.mark.parametrize("zone", ["Asia/Can_Tho", "7", "[]", "''"])
def test_a_workspace_with_a_zone_that_there_is_not_is_refused(tmp_path, zone):
    made = model.build(tmp_path, zone="Asia/Ho_Chi_Minh")
    file = made.folder / "workspace.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Asia/Ho_Chi_Minh", zone), encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"workspace\.yaml: timezone: .* such as .*Asia/"):
        Workspace.open(made.folder, tmp_path / "catalog")
