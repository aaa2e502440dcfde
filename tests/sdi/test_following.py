"""Places that are told by others go where those go, in the same transaction; heights, depths and their classes."""

from __future__ import annotations

from contextlib import closing

import pytest
import shapely

from sdi.entry import Accuracy
from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import OPEN
from sdi.place.placement import Along, Height, Relative
from sdi.publishing import projector
from tests.model import SURVEYED, X, Y, add, opened, point, writing

pytestmark = pytest.mark.both_stores
REBUILT = "2025-01-01"


def line(*corners):
    """Return a line within the city [m]."""
    return shapely.LineString([(X + x, Y + y) for x, y in corners])


STRAIGHT = line((0, 0), (1000, 0))
BENT = line((0, 0), (400, 0), (500, 75), (600, 0), (1000, 0))


@pytest.fixture
def road(book):
    """Return a straight road of 1,000 m."""
    with writing(book, "road") as tx:
        return add(
            book, "road", tx, places=[STRAIGHT], names={"vi": ["Đường Lộ 20"]}, identifiers={"road-code": ["R1"]}
        )[0]


def told(book, *references, since="2020-01-01", **columns):
    """Record houses whose places are told."""
    with writing(book, "told") as tx:
        return add(
            book,
            "house",
            tx,
            since=since,
            references=list(references),
            values={"floors": [1] * len(references)},
            **columns,
        )


def place(book, eid, day=None, **options):
    """Return where a house is, counted from the corner of the city [m]."""
    shape = book.register("house").find(eid, valid=day, **options).geometry
    return shapely.transform(shape, lambda xy: xy - [X, Y])


def bend(book, road, verb="move"):
    """Re-align the road."""
    with writing(book, "re-aligned") as tx:
        book.register("road").move(road, BENT, tx, valid_from=REBUILT, accuracy=SURVEYED)


@pytest.mark.shows("shared-model")
def test_places_along_a_route_follow_its_re_alignment_from_its_date_on(book, road, figure):
    near, bent, far, stretch = told(
        book, Along(road, 300), Along(road, 500, offset_m=2), Along(road, 800), Along(road, 450, 800)
    )
    before = book.last_tx
    bend(book, road)
    assert place(book, near).equals_exact(shapely.Point(300, 0), 1e-6)
    assert place(book, far).equals_exact(shapely.Point(800, 0), 1e-6)
    assert place(book, bent).distance(shapely.Point(500, 75)) == pytest.approx(2)
    assert place(book, bent, "2024-12-31").equals_exact(shapely.Point(500, 2), 1e-6)
    assert place(book, bent, recorded=before).equals_exact(shapely.Point(500, 2), 1e-6)
    register = book.register("house")
    assert register.find(far).reference == Along(road, pytest.approx(850))
    assert register.find(far, valid="2024-12-31").reference == Along(road, 800)
    assert register.find(stretch).reference == Along(road, pytest.approx(462.5), pytest.approx(850))
    assert place(book, stretch).length == pytest.approx(387.5)
    assert book.verify() == book.last_tx
    figure(
        "largest shift of what stands where both alignments meet",
        place(book, far).distance(shapely.Point(800, 0)),
        unit="m",
        bound="0.01",
    )


def test_what_is_told_on_an_old_alignment_is_recalibrated_through_the_later_ones(book, road):
    bend(book, road)
    (house,) = told(book, Along(road, 800))
    assert place(book, house, "2024-12-31").equals_exact(shapely.Point(800, 0), 1e-6)
    assert book.register("house").find(house).reference == Along(road, pytest.approx(850))
    (late,) = told(book, Along(road, 800), since=REBUILT)
    assert place(book, late).equals_exact(shapely.Point(750, 0), 1e-6)


def test_a_better_survey_of_the_route_corrects_what_is_told_along_it(book, road):
    (house,) = told(book, Along(road, 500))
    with writing(book, "resurvey") as tx:
        book.register("road").correct(road, tx, geometry=line((0, 0.4), (1000, 0.4)), accuracy=SURVEYED)
    assert place(book, house, "2020-01-01").equals_exact(shapely.Point(500, 0.4), 1e-6)
    assert place(book, house, recorded=book.last_tx - 1).equals_exact(shapely.Point(500, 0), 1e-6)


def test_a_stretch_beyond_the_end_of_a_shortened_route_comes_to_its_end_and_is_published(city, tmp_path):
    file = tmp_path / "catalog" / "registers" / "pipe.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("false}", "false, routes: road}"), encoding="utf-8")
    with closing(opened(city)) as book:
        with writing(book) as tx:
            (road,) = add(book, "road", tx, places=[STRAIGHT])
        with writing(book) as tx:
            (pipe,) = add(book, "pipe", tx, references=[Along(road, 900, 1000)])
        with writing(book) as tx:
            book.register("road").move(road, line((0, 0), (800, 0)), tx, valid_from=REBUILT, accuracy=SURVEYED)
        shape = book.register("pipe").find(pipe).geometry
        assert (shape.geom_type, shape.bounds) == ("LineString", pytest.approx((X + 799.99, Y, X + 800, Y)))
        projector.refresh(city, book)
        projector.verified(city, book)


def test_a_thing_is_moved_along_its_route_and_corrected_there(book, road):
    (house,) = told(book, Along(road, 500))
    register = book.register("house")
    with writing(book, "moved") as tx:
        register.move(house, Along(road, 700), tx, valid_from="2024-01-01", accuracy=SURVEYED)
        register.correct(house, tx, geometry=Along(road, 501), accuracy=SURVEYED, valid_at="2023-01-01")
    assert place(book, house, "2023-12-31").x == pytest.approx(501)
    assert place(book, house).x == pytest.approx(700)
    with writing(book, "surveyed by its coordinates") as tx:
        register.correct(house, tx, geometry=point(702, 1), accuracy=SURVEYED)
    assert register.find(house).reference is None


@pytest.mark.shows("shared-model")
def test_a_relative_place_follows_the_location_it_is_told_by_and_what_is_told_by_it_follows_too(book):
    with writing(book, "post") as tx:
        (post,) = add(book, "post", tx, places=[point(100, 100)], z_m=[2.5])
    base = book.register("post").find(post).location
    (lamp,) = told(book, Relative(base, 3, 4, 6))
    (camera,) = told(book, Relative(book.register("house").find(lamp).location, 1, 0, -1))
    assert place(book, lamp).equals(shapely.Point(103, 104))
    assert book.register("house").find(camera).height == Height(z_m=7.5)
    with writing(book, "post moved") as tx:
        book.register("post").move(
            post, point(110, 100), tx, valid_from=REBUILT, accuracy=SURVEYED, height=Height(z_m=3)
        )
    assert place(book, lamp, "2024-12-31").equals(shapely.Point(103, 104))
    assert place(book, lamp).equals(shapely.Point(113, 104))
    assert place(book, camera).equals(shapely.Point(114, 104))
    assert book.register("house").find(camera).height == Height(z_m=8)
    moved = {
        eid
        for (eid,) in book.store.select(
            "SELECT eid FROM outbox WHERE tx_from = ? AND change = 'moved'", (book.last_tx,)
        )
    }
    assert moved == {post, lamp, camera}


def test_a_place_cannot_tell_where_it_is_itself(book):
    with writing(book, "post") as tx:
        (post,) = add(book, "post", tx, places=[point()])
    base = book.register("post").find(post).location
    (lamp,) = told(book, Relative(base, 1, 1))
    there = Relative(book.register("house").find(lamp).location, 1, 1)
    with pytest.raises(ConflictError, match="cannot tell where it is itself"), writing(book, "circle") as tx:
        book.register("post").move(post, there, tx, valid_from=REBUILT, accuracy=SURVEYED)


def test_the_type_of_a_location_says_how_it_is_told(book, road):
    along, beside = told(book, Along(road, 5), Relative(book.register("road").find(road).location, 1, 1))
    with writing(book, "posts") as tx:
        (post,) = add(book, "post", tx, places=[point()])
    kinds = {
        eid: book.store.select("SELECT l.type FROM location l JOIN locates s ON s.lid = l.lid WHERE s.eid = ?", (eid,))
        for eid in (road, along, beside, post)
    }
    assert [kind for ((kind,),) in kinds.values()] == ["line", "linear_ref", "relative", "point"]


def test_depth_and_class_of_what_is_buried_are_kept_with_each_version(book):
    exact = Accuracy(0.3, 0.1, "as_built", "Hòn Dấu", quality="QL-B")
    with writing(book, "valve") as tx:
        (valve,) = add(book, "valve", tx, places=[point()], depth_m=[1.2], z_m=[0.8])
        book.register("valve").correct(valve, tx, geometry=point(), accuracy=exact, height=Height(depth_m=1.35))
    found = book.register("valve").find(valve)
    assert (found.height, found.accuracy) == (Height(depth_m=1.35), exact)
    rows = book.store.select(f"SELECT quality, depth_m, z_m FROM location_version WHERE tx_to = {OPEN}")
    assert rows == [("QL-B", 1.35, None)]
    assert book.verify() == book.last_tx


def test_what_tells_no_place_is_refused(book, road):
    with pytest.raises(NotInRegister, match="begin later"):
        told(book, Along(road, 10), since="2019-12-31")
    with pytest.raises(NotInRegister, match="tells none"):
        told(book, Along("019b76da-a800-7000-ba94-000000000000", 10))
    with pytest.raises(InputError, match="give one"):
        told(book, Along(road, 10), places=[point()])
    with pytest.raises(InputError, match=r"1000\.00 m long"):
        told(book, Along(road, 1200))
