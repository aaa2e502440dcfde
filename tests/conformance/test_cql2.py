"""CQL2: every class of operations by the filters of the standard on both stores, both encodings, and over HTTP."""

from __future__ import annotations

import json

import pytest

from sdi.errors import InputError
from sdi.filter.filter import Filter
from sdi.filter.reading import read, to_text
from sdi.store import publication_database
from sdi.store.sqlite_filter import SqliteFilter
from tests.conformance.requirement import proves
from tests.sdi.filter import oracle
from tests.sdi.filter.test_oracle import DOUBTED, world

__all__ = ["world"]
ITEMS = "/ogc/collections/landmarks/items"


def agreed(world, name):
    """Hold every filter of a class against the count of the standard, in both encodings."""
    package, fields, schemas = world
    said = [one for one in oracle.oracles(schemas) if one.group == name]
    for one in said:
        expected = DOUBTED.get(one.filter, one.count)
        as_json = json.dumps(read(one.filter))
        assert oracle.found(package, one.layer, one.filter, fields[one.layer]) == expected, one
        assert oracle.found(package, one.layer, as_json, fields[one.layer], language="cql2-json") == expected, one
        assert read(to_text(read(one.filter))) == read(one.filter), one
    assert said


@proves(
    "cql2/basic-cql2/cql2-filter", "cql2/basic-cql2/property", "cql2/basic-cql2/binary-comparison-predicate",
    "cql2/basic-cql2/null-predicate", "cql2/cql2-text/basic-cql2", "cql2/cql2-json/basic-cql2",
)  # fmt: skip
def test_comparisons_and_their_combinations(world):
    agreed(world, "basic-cql2")


@proves(
    "cql2/advanced-comparison-operators/like-predicate", "cql2/advanced-comparison-operators/between-predicate",
    "cql2/advanced-comparison-operators/in-predicate", "cql2/cql2-text/advanced-comparison-operators",
    "cql2/cql2-json/advanced-comparison-operators",
)  # fmt: skip
def test_like_between_and_in(world):
    agreed(world, "advanced-comparison-operators")


@proves(
    "cql2/case-insensitive-comparison/casei-function", "cql2/cql2-text/case-insensitive-comparison",
    "cql2/cql2-json/case-insensitive-comparison",
)  # fmt: skip
def test_case_makes_no_difference_where_casei_says_so(world):
    agreed(world, "case-insensitive-comparison")


@proves(
    "cql2/accent-insensitive-comparison/accenti-function", "cql2/cql2-text/accent-insensitive-comparison",
    "cql2/cql2-json/accent-insensitive-comparison",
)  # fmt: skip
def test_accents_make_no_difference_where_accenti_says_so(world):
    agreed(world, "accent-insensitive-comparison")


@proves(
    "cql2/basic-spatial-functions/spatial-functions", "cql2/basic-spatial-functions/spatial-predicate",
    "cql2/cql2-text/basic-spatial-functions", "cql2/cql2-json/basic-spatial-functions",
)  # fmt: skip
def test_points_and_boxes(world):
    agreed(world, "basic-spatial-functions")


@proves(
    "cql2/basic-spatial-functions-plus/spatial-data-types", "cql2/cql2-text/basic-spatial-functions-plus",
    "cql2/cql2-json/basic-spatial-functions-plus",
)  # fmt: skip
def test_every_kind_of_geometry(world):
    agreed(world, "basic-spatial-functions-plus")


@proves(
    "cql2/spatial-functions/spatial-functions", "cql2/cql2-text/spatial-functions", "cql2/cql2-json/spatial-functions",
)  # fmt: skip
def test_every_spatial_relation(world):
    agreed(world, "spatial-functions")


@proves(
    "cql2/temporal-functions/temporal-functions", "cql2/temporal-functions/temporal-predicates",
    "cql2/cql2-text/temporal-functions", "cql2/cql2-json/temporal-functions",
)  # fmt: skip
def test_every_temporal_relation(world):
    agreed(world, "temporal-functions")


@proves(
    "cql2/property-property/withdraw-permissions", "cql2/cql2-text/property-property",
    "cql2/cql2-json/property-property",
)  # fmt: skip
def test_properties_and_values_stand_on_either_side(world):
    agreed(world, "property-property")


@proves("cql2/arithmetic/arithmetic", "cql2/cql2-text/arithmetic", "cql2/cql2-json/arithmetic")
def test_arithmetic(world):
    agreed(world, "arithmetic")


@proves("cql2/cql2-text/escaping")
@pytest.mark.parametrize(
    ("text", "value"),
    [("'it''s'", "it's"), (r"'it\'s'", "it's"), ("'đường \"A\"'", 'đường "A"'), ("'%'", "%"), ("''", "")],
)
def test_quotes_within_texts_are_doubled_or_escaped(text, value):
    assert read(f"name = {text}")["args"][1] == value


FIELDS = {
    "name": {"type": "string"}, "height": {"type": "number"}, "built": {"type": "string", "format": "date"},
    "seen": {"type": "string", "format": "date-time"}, "listed": {"type": "boolean"},
    "geometry": {"format": "geometry-any"}, "profile": {"type": "array"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("heigth > 1", "did you mean height"),
        ("name > 1", "compares number with text; name is a text"),
        ('name = "Ninh"', "single quotes"),
        ("s_dwithin(geometry, POINT(1 1))", "did you mean s_within"),
        ("near(geometry, POINT(1 1))", "known are and, or, not"),
        ("built > '2025-01-01'", "write dates as DATE"),
        ("built > TIMESTAMP('2025-01-01T00:00:00Z')", "compares date with timestamp"),
        ("built = DATE('2025-02-30')", "expected one such as DATE"),
        ("t_after(built, seen)", "compares a date with a timestamp"),
        ("t_during(built, INTERVAL('2025-01-01','..'))", "two intervals"),
        ("name LIKE height", "pattern of LIKE"),
        ("height LIKE 'x'", "takes a text"),
        ("height BETWEEN 'a' AND 'b'", "takes a number"),
        ("name IN (1, 'a')", "compares number with text"),
        ("avg(height) = 1", "'avg' is unknown"),
        ("avg(height)", "'avg' gives no truth here"),
        ("height", "takes a boolean"),
        ("geometry = 1", "compares geometry with number"),
        ("profile = profile", "compares no array"),
        ("S_INTERSECTS(name, POINT(1 1))", "takes a geometry"),
        ("S_INTERSECTS(geometry, POLYGON((0 0,1 1,0 1,1 0,0 0)))", "cannot be used"),
        ("S_WITHIN(geometry, GEOMETRYCOLLECTION(POINT(1 1),POINT(2 2)))", "no GEOMETRYCOLLECTION"),
        ("name = casei(1)", "takes a text"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused_with_the_reason(text, said):
    with pytest.raises(InputError, match=said) as refused:
        Filter.of(text).condition(FIELDS, SqliteFilter("x"))
    assert refused.value.code == "filter-invalid"


@pytest.mark.parametrize(
    "tree",
    [
        {"op": "and", "args": []}, {"op": "=", "args": [1]}, {"op": "not", "args": [True, False]},
        {"op": "in", "args": [{"property": "name"}, []]}, {"op": "=", "args": [{"property": "name"}, None]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [1, 2]}]}, [], 1,
        {"op": "between", "args": [{"property": "height"}, 1]},
        {"op": "t_after", "args": [{"interval": ["..", ".."]}, 1]},
    ],
)  # fmt: skip
def test_json_of_the_wrong_shape_is_refused(tree):
    with pytest.raises(InputError):
        Filter.of(json.dumps(tree), "cql2-json").condition(FIELDS, SqliteFilter("x"))


def test_no_value_of_a_filter_stands_in_its_sql():
    hostile = "x' OR 1=1; DROP TABLE landmarks --"
    term = Filter.of(f"name = '{hostile.replace(chr(39), chr(39) * 2)}'").condition(FIELDS, SqliteFilter("x"))
    assert term.parameters == (hostile,)
    assert "DROP" not in term.sql


def test_hostile_filters_are_answered_400_or_find_nothing(client):
    before = client.get(ITEMS).json()["numberMatched"]
    for text in (
        "name = 'x'' OR 1=1 --'", "1=1; DROP TABLE landmarks", "keeper = 'x'", '"fid" > 0', "(((((((((", "'",
        "name LIKE '%' OR name = name", "load_extension('x') = 1", "phusa_place(name) = 1", "name = '\x00'",
    ):  # fmt: skip
        answer = client.get(ITEMS, params={"filter": text})
        assert answer.status_code in {200, 400}, text
        assert "keeper" not in answer.text or answer.status_code == 400
    assert client.get(ITEMS).json()["numberMatched"] == before


def test_a_filter_that_takes_too_long_is_stopped(world, monkeypatch):
    package, fields, _ = world
    layer = "ne_110m_populated_places_simple"
    monkeypatch.setattr(publication_database, "QUESTION_S", 0.005)
    dear = Filter.of(" AND ".join(["ACCENTI(CASEI(name)) <> ACCENTI(CASEI(adm0name))"] * 100))
    term = dear.condition(fields[layer], package.base.filtering(layer))
    with pytest.raises(InputError, match="takes longer than") as stopped, package.reading(), package.base.limited():
        package.count(layer, term.sql, term.parameters)
    assert stopped.value.code == "question-too-costly"
    with package.reading():
        assert package.count(layer, "1 = 1", ()) == 243
