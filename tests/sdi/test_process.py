"""A process knows what it takes, and says what is wrong with what it is given."""

from __future__ import annotations

import pytest

from sdi.errors import InputError
from sdi.work.process import Outcome, fingerprint
from tests.sdi import toil

COUNT = toil.PROCESSES[0]


def test_inputs_are_completed_with_the_defaults_of_their_schema():
    assert COUNT.checked({"number": 3}) == {"number": 3, "pause": 0.0, "names": []}
    assert COUNT.checked({"number": 3, "pause": 2}) == {"number": 3, "pause": 2, "names": []}


@pytest.mark.parametrize(
    ("inputs", "path", "said"),
    [
        ({}, "", "the input of count has no 'number'"),
        ({"number": "3"}, "/number", "expected a whole number"),
        ({"number": 0}, "/number", "write a number of at least 1"),
        ({"number": 3, "names": ["a", 7]}, "/names/1", "'names.1' is 7, expected a text"),
        ({"nummer": 3}, "/nummer", "did you mean 'number'?"),
        ({"number": 3, "pauze": 1}, "/pauze", "did you mean 'pause'?"),
        ([3], "", "expected a mapping"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_naming_the_path(inputs, path, said):
    with pytest.raises(InputError, match=r"^count: ") as caught:
        COUNT.checked(inputs)
    assert caught.value.code == "process-input"
    assert caught.value.details == {"path": path}
    assert said in caught.value.message


def test_equal_inputs_have_one_fingerprint_whatever_their_order():
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1, "b": [2]}) != fingerprint({"a": 1, "b": [3]})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_inputs_that_are_no_json_are_refused(value):
    with pytest.raises(InputError, match="cannot be written as JSON"):
        fingerprint({"number": value})


def test_an_outcome_survives_its_document():
    made = Outcome(("a", "b"), ("c",), {"sum": 3})
    assert Outcome.of(made.document()) == made
    assert Outcome.of(Outcome().document()) == Outcome()


def test_a_process_runs_the_function_that_it_names(tmp_path):
    told = []
    outcome = COUNT.run(tmp_path, COUNT.checked({"number": 2}), lambda *said: told.append(said))
    assert told == [("number 0", 0.0), ("number 1", 0.5)]
    assert outcome.summary["last"] == 2
