"""A place looked up from the command line's side."""

from __future__ import annotations

import pytest

from pipelines import lookup
from sdi.errors import InputError, NotFound, WorkspaceError
from tests.spp.quarter import X, Y, build


@pytest.fixture(scope="module")
def quarter(tmp_path_factory):
    """Return the workspace of the quarter."""
    return build(tmp_path_factory.mktemp("quarter"))


@pytest.mark.shows("first-flood")
@pytest.mark.parametrize(
    "asked",
    [{"point": (X + 30, Y + 6)}, {"point": f"{X + 30} {Y + 6}"}, {"parcel": "7/3"}, {"address": "3 nguyen trai"}],
)
def test_a_point_a_parcel_and_an_address_give_one_answer(quarter, asked):
    answer = lookup.run(quarter, **asked)
    assert answer.ground.parcel.code == "MP-T007-0003"
    assert len(answer.zones) == 2
    assert [one.return_period for one in answer.water] == [100.0, None]


@pytest.mark.parametrize("asked", [{}, {"parcel": "7/3", "address": "3 nguyen trai"}])
def test_not_exactly_one_place_is_refused(quarter, asked):
    with pytest.raises(InputError, match="name one"):
        lookup.run(quarter, **asked)


def test_a_place_outside_is_not_found(quarter):
    with pytest.raises(NotFound, match="outside the city"):
        lookup.run(quarter, point="0.5, 0.5")


def test_a_city_that_was_never_published_says_how_to_publish_it(quarter, tmp_path):
    quarter.publication_path("public").rename(tmp_path / "aside")
    try:
        with pytest.raises(WorkspaceError, match="phusa publish"):
            lookup.run(quarter, parcel="7/3")
    finally:
        (tmp_path / "aside").rename(quarter.publication_path("public"))
