"""Things are found by the words of what they are, or were, called, whatever the spelling."""

from __future__ import annotations

import sqlite3

import orjson
import pytest

from sdi.errors import InputError, NotFound
from sdi.finding.search import one_error
from sdi.publishing import projector
from sdi.text import told_apart, words
from tests.sdi.test_register import add, write

pytestmark = pytest.mark.shows("shared-model")


@pytest.fixture
def opened(workspace, registry):
    """The public publication, brought up to the registry each time it is asked for."""
    publications = []

    def current(level="public"):
        projector.refresh(workspace, registry)
        publications.append(workspace.publication(level))
        return publications[-1]

    yield current
    for one in publications:
        one.close()


@pytest.fixture
def search(opened):
    """Return a function that finds things: what each was called and how it was found."""

    def names(text, limit=10, **options):
        found = opened().search(text, limit=limit, **options)
        return [(one.hit.texts.get("name"), one.hit.how) for one in found]

    return names


def test_accents_case_and_the_stroke_of_d_make_no_difference(search, registry):
    add(registry, names={"vi": ["Ghế Đá Mỹ Thuận"]})
    for text in ("ghế đá mỹ thuận", "GHE DA MY THUAN", "ghe da mi thuan", "Ghế Ðá Mĩ Thuận"):
        assert search(text) == [("Ghế Đá Mỹ Thuận", "exact")]


def test_the_spelling_that_was_typed_comes_first(search, registry):
    add(registry, 4, names={"vi": ["Cầu Hóa Bình", "Cầu Hoà Bình", "Cầu Hoa Bình", "Cầu Hỏa Bình"]})
    assert search("cầu hòa bình")[0] == ("Cầu Hoà Bình", "exact")
    assert search("cầu hoả bình")[0] == ("Cầu Hỏa Bình", "exact")
    assert len(search("cau hoa binh")) == 4


def test_who_is_called_so_comes_before_who_is_called_so_among_other_words(search, registry):
    add(registry, 4, names={"vi": ["Chợ Tân An Lớn", "An Tân", "Tân An", "Phường Tân An"]})
    assert [name for name, _ in search("tân an")] == ["Tân An", "Phường Tân An", "Chợ Tân An Lớn", "An Tân"]
    assert search("Phường Tân An")[0] == ("Phường Tân An", "exact")
    assert len(search("tân an", limit=2)) == 2


def test_a_whole_word_comes_before_the_beginning_of_one(search, registry):
    add(registry, 3, names={"vi": ["Cầu Tran", "Cầu Trang", "Cầu Tre"]})
    assert search("cau tran") == [("Cầu Tran", "exact"), ("Cầu Trang", "prefix")]
    assert {name for name, _ in search("tr")} == {"Cầu Tran", "Cầu Trang", "Cầu Tre"}


@pytest.mark.parametrize(
    "mistyped",
    ["nguyn trai", "nguyeen trai", "ngyuen trai", "nguyan trai", "nguyen ttrai", "nguyen tari", "Nguyễm Trãi"],
)
def test_one_typing_error_is_forgiven(search, registry, mistyped):
    add(registry, 2, names={"vi": ["Cầu Nguyễn Trãi", "Cầu Lê Lợi"]})
    assert search(mistyped) == [("Cầu Nguyễn Trãi", "typo")]


def test_a_right_spelling_is_not_buried_under_mistyped_ones(search, registry):
    add(registry, 3, names={"vi": ["Cầu Lợi", "Cầu Lơi Ba", "Cầu Hợi"]})
    assert {name for name, _ in search("cau loi")} == {"Cầu Lợi", "Cầu Lơi Ba"}


def test_a_code_is_never_taken_for_its_neighbour(search, registry):
    add(registry, 3, identifiers={"bench-tag": ["B1", "B12", "B2"]}, names={"vi": ["một", "mười hai", "hai ba"]})
    assert search("b1") == [("một", "exact")]
    assert search("b3") == []
    assert search("b12") == [("mười hai", "exact")]


def test_who_has_most_of_the_words_is_offered_where_nobody_has_all(search, registry):
    add(registry, 3, names={"vi": ["Cầu Đỏ", "Cầu Đỏ Lớn", "Chợ Xanh"]})
    assert search("cau do xanh lon") == [("Cầu Đỏ Lớn", "part")]
    assert search("cau khong co dau") == []


def test_a_lone_number_is_no_address(search, registry):
    add(registry, 2, names={"vi": ["12 Nguyễn Trãi", "14 Nguyễn Trãi"]})
    assert search("12 khongco") == []
    assert search("99 nguyen trai") == [("12 Nguyễn Trãi", "part"), ("14 Nguyễn Trãi", "part")]


def test_a_text_without_words_finds_nothing(search, registry):
    add(registry, names={"vi": ["Cầu"]})
    for text in ("", "   ", "'", "% _ * ?", "\x00", "🏠", '"; DROP TABLE phusa_word; --'):
        assert search(text) == []


def test_the_signs_of_like_are_plain_signs(search, registry):
    add(registry, 2, names={"vi": ["Cầu ab_c", "Cầu abxc"]})
    assert search("cau ab_") == [("Cầu ab_c", "prefix")]


def test_who_was_renamed_is_found_by_both_names_with_their_dates(opened, registry):
    eid = add(registry, names={"vi": ["Cầu Cũ"]})[0]
    write(registry, "change", eid, {}, valid_from="2025-01-01", names={"vi": "Cầu Mới"})
    (old,) = opened().search("cau cu", limit=5)
    assert (old.hit.valid_from, old.hit.valid_to) == ("2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
    assert old.document("vi")["now"] == "Cầu Mới"
    (new,) = opened().search("cau moi", limit=5)
    assert (new.hit.valid_from, new.hit.valid_to) == ("2025-01-01T00:00:00Z", None)
    assert old.hit.eid == new.hit.eid == eid


def test_who_is_called_so_now_comes_before_who_was(opened, registry):
    gone, here = add(registry, 2, names={"vi": ["Cầu Tân An", "Cầu Tân An"]})
    write(registry, "retire", gone, valid_from="2025-07-01")
    first, second = opened().search("tân an", limit=5)
    assert (first.hit.eid, first.hit.valid_to) == (here, None)
    assert (second.hit.eid, second.hit.valid_to, second.now) == (gone, "2025-07-01T00:00:00Z", None)


def test_what_was_counted_of_a_frequent_word_hides_nothing_that_came_later(opened, registry, workspace):
    add(registry, 320, names={"vi": ["Cầu Kênh"] * 320})
    kept = opened()
    assert len(kept.search("kênh", limit=400)) == 320
    assert kept.search("kênh mới", limit=5)[0].hit.how == "part"
    add(registry, 2, names={"vi": ["Cầu Kênh Mới", "Cầu Kênh"]})
    projector.refresh(workspace, registry)
    assert [one.hit.texts["name"] for one in kept.search("kênh mới", limit=5)] == ["Cầu Kênh Mới"]
    assert len(kept.search("kênh", limit=400)) == 322


def test_a_date_finds_what_was_called_so_then(search, registry):
    eid = add(registry, names={"vi": ["Cầu Cũ"]})[0]
    write(registry, "change", eid, {}, valid_from="2025-01-01", names={"vi": "Cầu Mới"})
    assert search("cau", datetime="2024-12-31") == [("Cầu Cũ", "exact")]
    assert search("cau", datetime="2025-01-01") == [("Cầu Mới", "exact")]
    assert search("cau", datetime="2019-12-31") == []


def test_a_corrected_name_was_never_its_name(search, registry):
    eid = add(registry, names={"vi": ["Cầu Sai"]})[0]
    write(registry, "correct", eid, names={"vi": "Cầu Đúng"})
    assert search("cau sai", limit=1) == [("Cầu Đúng", "part")]
    assert search("sai") == []


def test_a_change_of_something_else_is_no_other_name(opened, registry):
    eid = add(registry, names={"vi": ["Cầu"]})[0]
    write(registry, "change", eid, {"seats": 6}, valid_from="2025-01-01")
    (found,) = opened().search("cau", limit=5)
    assert (found.hit.valid_from, found.hit.valid_to) == ("2020-01-01T00:00:00Z", None)


def test_kinds_are_searched_together_or_one_by_one(opened, registry):
    add(registry, names={"vi": ["Cầu"]})
    assert [one.kind for one in opened().search("cau", limit=5)] == ["bench"]
    assert [one.kind for one in opened().search("cau", limit=5, kinds=["bench", "tree"])] == ["bench"]
    assert opened().search("cau", limit=5, kinds=["tree"]) == ()
    with pytest.raises(NotFound, match="dragon"):
        opened().search("cau", limit=5, kinds=["dragon"])
    with pytest.raises(InputError):
        opened().search("cau", limit=5, datetime="yesterday")


def test_a_hit_says_where_the_thing_was(opened, registry):
    add(registry, names={"vi": ["Cầu"]})
    (found,) = opened().search("cau", limit=5)
    (feature,) = opened().items("benches", limit=1).features
    longitude, latitude = orjson.loads(feature)["geometry"]["coordinates"]
    assert found.box == pytest.approx((longitude, latitude, longitude, latitude), abs=1e-8)


def test_a_restricted_text_is_no_word_of_the_public(opened, registry, workspace):
    add(registry, names={"vi": ["Cầu"]}, values={"inspector": ["Bí Mật"]})
    assert opened().search("bi mat", limit=5) == ()
    with sqlite3.connect(workspace.publication_path("public")) as public:
        assert public.execute("SELECT count(*) FROM phusa_word WHERE word IN ('bi', 'mat')").fetchone() == (0,)


def test_the_index_is_the_same_whether_it_grew_or_was_built_anew(workspace, registry, opened):
    eid, other = add(registry, 2, names={"vi": ["Cầu Một", "Cầu Hai"]}, identifiers={"bench-tag": ["B1", "B2"]})
    opened()
    write(registry, "change", eid, {}, valid_from="2025-01-01", names={"vi": "Cầu Ba"})
    opened()
    write(registry, "retire", other, valid_from="2025-01-01")
    opened()
    projector.verified(workspace, registry)


def test_matches_are_current_features_of_one_collection(opened, registry):
    eid, _ = add(registry, 2, names={"vi": ["Cầu Cũ", "Cầu Khác"]})
    write(registry, "change", eid, {}, valid_from="2025-01-01", names={"vi": "Cầu Mới"})
    publication = opened()
    assert [one.share for one in publication.matches("benches", "cau moi", limit=5)] == [1.0]
    assert publication.matches("benches", "cu", limit=5) == ()
    with pytest.raises(NotFound):
        publication.matches("nowhere", "a", limit=1)


def test_values_are_counted_and_unknown_names_refused(opened, registry):
    add(registry, 3, values={"seats": [4, 4, 6]}, names={"vi": ["a", "b", "c"]})
    publication = opened()
    assert publication.counts("benches", "seats") == {"4": 2, "6": 1}
    with pytest.raises(InputError, match="no property"):
        publication.counts("benches", 'seats" FROM benches; --')


def test_words_keep_house_numbers_and_codes_whole():
    assert words("12/3A Đường Mỹ Thuận, MP-T001-0001.") == ("12/3a", "duong", "mi", "thuan", "mp-t001-0001")
    assert words("P.Tân An, TP.HCM, 30.4") == ("p", "tan", "an", "tp", "hcm", "30.4")
    assert words("") == ()


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("Đường Trần Phú", ("tran", "phu")),
        ("12/3 đường số 5, phường Tân An", ("12/3", "5", "tan", "an")),
        ("Dương Văn An", ("duong", "van", "an")),
        ("duong van an", ("van", "an")),
        ("thị trấn Cờ Đỏ", ("co", "do")),
        ("P. Tân An, TP. Cần Thơ", ("tan", "an", "can", "tho")),
        ("Hoa Phượng", ("hoa", "phuong")),
        ("phường", ("phuong",)),
        ("", ()),
    ],
)
def test_words_that_only_say_what_follows_are_told_apart(text, telling):
    assert told_apart(text)[0] == telling


def test_everything_one_typing_error_away_is_tried():
    assert one_error("ab") >= {"a", "b", "ba", "abc", "cab", "cb", "ac"}
    # 2 lost, 1 exchanged, 2 · 25 wrong, 3 · 26 added of which aab and abb come twice.
    assert len(one_error("ab")) == 2 + 1 + 50 + 76
