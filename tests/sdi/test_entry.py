"""The terms of a result are those of everything that it is made of."""

from sdi.declaration import Label
from sdi.entry import Licence, joined
from sdi.store.description import RasterDescription

FREE = Licence("CC0-1.0", "A", "Survey", "https://creativecommons.org/publicdomain/zero/1.0/", bulk=True)
SHARED = Licence("ODbL-1.0", "A-copyleft", "OpenStreetMap contributors", bulk=True)
SHOWN = Licence("None stated", "B", "City", bulk=False)


def test_the_strictest_grade_holds_and_everybody_is_named_once():
    found = joined([FREE, SHARED, FREE, SHOWN])
    assert (found.name, found.grade, found.bulk) == ("None stated", "B", False)
    assert found.attribution == "Survey; OpenStreetMap contributors; City"
    assert joined([SHARED, FREE]) == Licence("ODbL-1.0", "A-copyleft", "OpenStreetMap contributors; Survey", bulk=True)


def test_terms_of_one_grade_keep_all_their_names_and_one_alone_stays_as_it_is():
    tide = Licence("CC BY 4.0", "A", "TICON-4", bulk=True)
    assert joined([FREE, tide]) == Licence("CC0-1.0; CC BY 4.0", "A", "Survey; TICON-4", None, bulk=True)
    assert joined([FREE]) == FREE


def test_a_raster_gives_back_the_terms_it_was_given():
    said = RasterDescription(name="terrain", title=Label("Địa hình", "Terrain"), kind="elevation")
    kept = RasterDescription(name=said.name, title=said.title, kind=said.kind, **RasterDescription.under(FREE))
    assert kept.terms == FREE
