"""Rules are computed, never executed: what they may say, what a missing value does, and what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdi.errors import InputError
from sdi.expression import parse
from sdi.expression.expression import MAXIMUM_LENGTH

NAMES = ("dbh", "height", "species", "condition", "status", "heritage", "đường")


def value(text, **row):
    return parse(text, NAMES).value(row)


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("not (condition == 'dead' and status == 'active')", {"condition": "dead", "status": "active"}, False),
        ("not (condition == 'dead' and status == 'active')", {"condition": "dead", "status": "retired"}, True),
        ("0 < dbh <= 400", {"dbh": 400}, True),
        ("0 < dbh <= 400", {"dbh": 401}, False),
        ("species in ('hopea', 'delonix')", {"species": "hopea"}, True),
        ("species not in ['hopea', 'delonix']", {"species": "hopea"}, False),
        ("dbh in {1, 2}", {"dbh": 3}, False),
        ("(dbh + 1) * 2 - height / 4", {"dbh": 2, "height": 8}, 4.0),
        ("dbh // 3 == 2 and dbh % 3 == 1", {"dbh": 7}, True),
        ("-dbh == -7 and +dbh == 7", {"dbh": 7}, True),
        ("heritage or dbh > 50", {"heritage": True, "dbh": 1}, True),
        ("heritage == False", {"heritage": False}, True),
        ("len(species) == 5 and lower(species) == 'hopea'", {"species": "HOPEA"}, True),
        ("max(dbh, height, 3) - min(dbh, height)", {"dbh": 1, "height": 2}, 2.0),
        ("abs(dbh) + round(dbh) + round(dbh, 1)", {"dbh": -1.26}, 1.26 - 1 - 1.3),
        ("species", {"species": "hopea"}, "hopea"),
        ("đường != 'Hòa Bình'", {"đường": "Hòa Bình"}, False),
        ("dbh\n > 1", {"dbh": 2}, True),
    ],
)
def test_an_expression_computes_what_it_says(text, row, expected):
    assert value(text, **row) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dbh > 0", None),
        ("dbh == dbh", None),
        ("not dbh > 0", None),
        ("dbh + 1", None),
        ("dbh in (1, 2)", None),
        ("dbh is None", True),
        ("dbh is not None", False),
        ("dbh is None or dbh > 0", True),
        ("dbh > 0 and height > 100", False),
        ("dbh > 0 and height > 1", None),
        ("dbh > 0 or height > 1", True),
        ("dbh > 0 or height > 100", None),
        ("0 < dbh < height < 1", False),
        ("max(dbh, height)", None),
        ("species == 'hopea'", None),
        ("heritage", None),
    ],
)
@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_what_is_computed_from_something_missing_is_unknown(text, expected, missing):
    assert value(text, dbh=missing, height=5, species=missing, heritage=missing) is expected


@pytest.mark.parametrize("a", [True, False, None])
@pytest.mark.parametrize("b", [True, False, None])
def test_truth_has_three_values(a, b):
    expected_and = False if a is False or b is False else None if a is None or b is None else True
    expected_or = True if a is True or b is True else None if a is None or b is None else False
    row = {"heritage": a, "status": b}
    assert value("heritage and status", **row) is expected_and
    assert value("heritage or status", **row) is expected_or
    assert value("not heritage", **row) is (None if a is None else not a)


@pytest.mark.parametrize("text", ["dbh / 0", "dbh // 0", "dbh % 0", "(dbh - dbh) / (dbh - dbh)"])
def test_a_division_by_zero_is_unknown(text):
    assert value(text, dbh=3) is None


def test_columns_are_evaluated_whole():
    columns = {
        "condition": np.array(["dead", None, "alive", "dead"], dtype=object),
        "status": "active",
        "dbh": pd.array([1, None, 3, 4], dtype="Int64"),
        "height": np.array([1.0, 2.0, np.nan, 4.0]),
    }
    rule = parse("not (condition == 'dead' and status == 'active')", NAMES)
    assert rule.over(columns).tolist() == [False, None, True, False]
    assert rule.broken(columns).tolist() == [True, False, False, True]
    assert parse("dbh >= height", NAMES).over(columns).tolist() == [True, None, None, True]


def test_an_unknown_rule_is_not_broken():
    assert not parse("dbh > 0", NAMES).broken({"dbh": [None, None]}).any()


def test_no_rows_break_no_rule():
    assert parse("dbh > 0 and species == 'a'", NAMES).broken({"dbh": [], "species": []}).tolist() == []


def test_a_table_of_pandas_may_be_given():
    table = pd.DataFrame({"dbh": [1, 2], "species": ["a", None], "other": [1, 2]})
    assert parse("species == 'a' or dbh > 1", NAMES).over(table).tolist() == [True, True]


def test_a_constant_holds_for_every_row():
    assert parse("1 < 2", NAMES).over({"dbh": [1, 2, 3]}).tolist() == [True, True, True]


def test_dates_compare_as_iso_text():
    rule = parse("status >= '2020-01-01'", NAMES)
    days = [date(2021, 1, 1), None, date(2019, 12, 31)]
    assert rule.over({"status": np.array(days, dtype=object)}).tolist() == [True, None, False]
    assert rule.over({"status": pd.to_datetime(days)}).tolist() == [True, None, False]
    assert value("status == '2020-01-01'", status=np.datetime64("2020-01-01")) is True
    assert value("status == '2020-01-01T10:00:00'", status=pd.Timestamp("2020-01-01 10:00")) is True


def test_the_names_an_expression_reads_are_known():
    assert parse("dbh > 0 or lower(species) == 'x'", NAMES).names == {"dbh", "species"}


HOSTILE = [
    ("__import__('os').system('ls')", 1, "a call"),
    ("dbh.__class__", 1, "an attribute"),
    ("dbh > 0 and species.lower()", 13, "a call"),
    ("[x for x in (1, 2)]", 1, "a comprehension"),
    ("{x: 1 for x in (1, 2)}", 1, "a comprehension"),
    ("len(x for x in (1, 2))", 4, "a comprehension"),
    ("lambda: 1", 1, "a lambda"),
    ("(lambda: 1)()", 1, "a call"),
    ("9 ** 9 ** 9", 1, "an operator"),
    ("1 << 99999", 1, "an operator"),
    ("~dbh", 1, "an operator"),
    ("dbh if heritage else 1", 1, "a conditional"),
    ("species[0]", 1, "an index"),
    ("f'{dbh}'", 1, "a formatted text"),
    ("(dbh := 1)", 2, "an assignment"),
    ("open('x')", 1, "a call"),
    ("eval('1')", 1, "a call"),
    ("len(species, key=1)", 1, "a call"),
    ("len(*species)", 5, "something that is not allowed"),
    ("len()", 1, r"len\(\) with 0 values"),
    ("max(dbh)", 1, r"max\(\) with 1 values"),
    ("round(dbh, height)", 12, "computed number of digits"),
    ("round(dbh, 10)", 12, "computed number of digits"),
    ("dbh == None", 8, "None as a value"),
    ("dbh is 5", 8, "'is' with something else"),
    ("dbh is None is None", 1, "within a chain"),
    ("dbh in height", 8, "'in' without a list"),
    ("dbh in ()", 8, "'in' without a list"),
    ("dbh in (1, height)", 8, "'in' without a list"),
    ("(1, 2)", 1, "a list"),
    ("...", 1, "a value"),
    ("1j", 1, "a value"),
    ("b'a'", 1, "a value"),
    ("1e999", 1, "a value"),
    ("1" + "0" * 400, 1, "a value"),
    ("{}", 1, "something"),
    ("đường > dbx", 9, "the unknown name 'dbx'"),
    ("dbh >", None, "no expression"),
    ("dbh = 1", None, "no expression"),
    ("dbh > 0; 1", None, "no expression"),
    ("import os", None, "no expression"),
    ("", None, "no expression"),
    ("species == 'a\\n'", 1, "a backslash"),
    ("dbh\0", 1, "a null character"),
    ("not " * 100 + "heritage", None, "too deep"),
    ("-" * 900 + "dbh", None, "too deep"),
    ("(" * 400 + "dbh" + ")" * 400, None, "no expression"),
    (" + ".join(["dbh"] * 160), None, "too deep"),
    ("max(" * 200 + "1" + ",1)" * 200, 1, "characters"),
]


@pytest.mark.parametrize(("text", "position", "found"), HOSTILE, ids=[text[:30] for text, _, _ in HOSTILE])
def test_anything_else_is_refused_with_its_place(text, position, found):
    with pytest.raises(InputError, match=found) as caught:
        parse(text, NAMES)
    assert caught.value.code == "expression"
    assert position in (None, caught.value.details["position"])
    assert caught.value.details["cure"]


def test_a_long_list_of_values_is_no_harm():
    assert value("dbh in (" + "1," * 480 + ")", dbh=1) is True


def test_an_endless_expression_is_refused_before_it_is_parsed():
    with pytest.raises(InputError, match=f"write at most {MAXIMUM_LENGTH}"):
        parse("1+" * 1_000_000 + "1", NAMES)


def test_an_error_says_what_is_allowed():
    with pytest.raises(InputError, match="allowed: and, or, not, comparisons"):
        parse("dbh.real", NAMES)
    with pytest.raises(InputError, match="did you mean 'height'"):
        parse("heigth > 1", NAMES)


@pytest.mark.parametrize(
    ("text", "row", "found"),
    [
        ("species > 1", {"species": "hopea"}, "a number compared with a text at character 11"),
        ("dbh in ('a', 'b')", {"dbh": 1}, "a text compared with a number at character 9"),
        ("heritage < True", {"heritage": True}, "truths compared by order"),
        ("species and heritage", {"species": "a", "heritage": None}, "a text where a boolean is needed at character 1"),
        ("not dbh", {"dbh": 1}, "a number where a boolean is needed at character 5"),
        ("species + 'a'", {"species": "a"}, "a text where a number is needed"),
        ("heritage * 2", {"heritage": True}, "a boolean where a number is needed"),
        ("len(dbh)", {"dbh": 1}, "a number where a text is needed"),
    ],
)
def test_values_of_different_kinds_are_never_compared(text, row, found):
    with pytest.raises(InputError, match=found):
        value(text, **row)


def test_a_rule_must_answer_true_or_false():
    with pytest.raises(InputError, match="the rule answers a number"):
        parse("dbh + 1", NAMES).broken({"dbh": [1]})


def test_a_column_that_is_missing_is_named():
    with pytest.raises(InputError, match="reads 'height', which was not given"):
        value("dbh > height", dbh=1)


def test_columns_of_different_length_are_refused():
    with pytest.raises(InputError, match="differ in length"):
        parse("dbh > height", NAMES).over({"dbh": [1, 2], "height": [1]})


def test_a_column_of_mixed_kinds_is_refused():
    with pytest.raises(InputError, match="column 'dbh' mixes kinds"):
        parse("dbh > 1", NAMES).over({"dbh": np.array([1, "2"], dtype=object)})


# A random grammar of safe expressions, typed so that Python itself can evaluate them.

numbers = st.one_of(
    st.sampled_from(["a", "b"]), st.integers(-9, 9).map(lambda n: f"({n})"), st.sampled_from(["0.5", "2.25"])
)
texts = st.sampled_from(["s", "t", "'x'", "'Đường'", "lower(s)"])
bools = st.sampled_from(["p", "q", "True", "False"])


def deeper_number(inner):
    pair = st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    call = st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})")
    one = st.tuples(st.sampled_from(["abs", "round", "-"]), inner).map(lambda p: f"{p[0]}({p[1]})")
    divided = st.tuples(inner, st.sampled_from(["/", "//", "%"]), st.sampled_from(["2", "3.5", "(-4)"]))
    return st.one_of(pair, call, one, divided.map(lambda p: f"({p[0]} {p[1]} {p[2]})"))


number_expressions = st.one_of(st.recursive(numbers, deeper_number, max_leaves=4), texts.map(lambda t: f"len({t})"))
comparisons = st.one_of(
    st.tuples(number_expressions, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), number_expressions),
    st.tuples(texts, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), texts),
).map(" ".join)
memberships = st.tuples(texts, st.sampled_from(["in", "not in"]), st.just("('x', 'y')")).map(" ".join)
chains = st.tuples(number_expressions, number_expressions, number_expressions).map(
    lambda p: f"{p[0]} < {p[1]} <= {p[2]}"
)


def deeper_truth(inner):
    pair = st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    return st.one_of(pair, inner.map(lambda part: f"(not {part})"))


atoms = st.one_of(bools, *(part.map(lambda text: f"({text})") for part in (comparisons, memberships, chains)))
truths = st.recursive(atoms, deeper_truth, max_leaves=5)
rows = st.fixed_dictionaries(
    {
        "a": st.integers(-50, 50),
        "b": st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 3)),
        "s": st.sampled_from(["x", "y", "X", "", "đường"]),
        "t": st.sampled_from(["x", "Z"]),
        "p": st.booleans(),
        "q": st.booleans(),
    }
)
PYTHON = {"min": min, "max": max, "abs": abs, "round": round, "len": len, "lower": str.lower, "__builtins__": {}}


@settings(max_examples=400, deadline=None)
@given(text=truths, table=st.lists(rows, min_size=1, max_size=4))
def test_where_everything_is_known_the_answer_is_that_of_python(text, table):
    expression = parse(text, "abstpq")
    columns = {name: [row[name] for row in table] for name in "abstpq"}
    expected = [eval(text, PYTHON, row) for row in table]
    assert expression.over(columns).tolist() == expected
    assert [expression.value(row) for row in table] == expected
    assert expression.broken(columns).tolist() == [not answer for answer in expected]


@settings(max_examples=300, deadline=None)
@given(text=truths, row=rows, hidden=st.sets(st.sampled_from("abstpq")))
def test_what_is_known_without_a_value_holds_whatever_the_value(text, row, hidden):
    expression = parse(text, "abstpq")
    answer = expression.value({name: None if name in hidden else value for name, value in row.items()})
    assert answer is None or answer == eval(text, PYTHON, row)
