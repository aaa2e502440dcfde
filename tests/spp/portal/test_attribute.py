from spp.portal.attribute import attributes
from spp.portal.wording import Words

SCHEMA = {
    "properties": {
        "geometry": {"title": "Hình học", "x-title-en": "Geometry", "x-ogc-role": "primary-geometry"},
        "area": {"title": "Diện tích", "x-title-en": "Area", "type": "number", "x-ogc-unit": "m2"},
        "storeys": {"title": "Số tầng", "x-title-en": "Storeys", "type": "integer", "x-ogc-unit": "1"},
        "use": {
            "title": "Công năng",
            "x-title-en": "Use",
            "oneOf": [{"const": "house", "title": "Nhà ở", "x-title-en": "House"}],
        },
        "since": {"title": "Từ", "x-title-en": "Since", "format": "date"},
        "bare": {"type": "string"},
    }
}


def text(name: str, value: object, language: str = "vi") -> str:
    found = {one.name: one for one in attributes(SCHEMA, language)}
    return found[name].text(value, Words.read(language))


def test_the_geometry_is_no_attribute_and_the_order_is_the_schema_s() -> None:
    assert [one.name for one in attributes(SCHEMA, "vi")] == ["area", "storeys", "use", "since", "bare"]


def test_titles_come_in_the_language_asked_for_else_the_name_stands() -> None:
    assert [one.title for one in attributes(SCHEMA, "en")] == ["Area", "Storeys", "Use", "Since", "bare"]


def test_a_number_carries_its_unit_and_a_count_carries_none() -> None:
    assert text("area", 1234.5) == "1.234,5 m²"
    assert text("storeys", 3) == "3"


def test_a_code_is_shown_by_its_title_and_an_unknown_one_as_it_is() -> None:
    assert text("use", "house", "en") == "House"
    assert text("use", "hut", "en") == "hut"


def test_a_day_a_truth_and_nothing_are_put_into_words() -> None:
    assert text("since", "2025-03-31") == "31/03/2025"
    assert text("since", "2025-03-31T00:00:00Z") == "31/03/2025"
    assert text("bare", True) == "Có"
    assert text("bare", None) == ""


def test_a_schema_without_properties_has_no_attributes() -> None:
    assert attributes({}, "vi") == ()
