"""What is declared is proved: every requirement of every declared class has a test."""

from __future__ import annotations

from sdi.service.landing import PROVED
from tests.conformance import (
    test_common,
    test_common_part2,
    test_cql2,
    test_features_part1,
    test_features_part2,
    test_features_part3,
    test_features_part5,
    test_tiles_part1,
)
from tests.conformance.requirement import PROVED_BY, REQUIREMENTS

MODULES = (
    test_common, test_common_part2, test_features_part1, test_features_part2, test_features_part3, test_features_part5,
    test_cql2, test_tiles_part1,
)  # fmt: skip


def test_the_service_declares_the_classes_with_tests_and_no_others(client):
    declared = client.get("/ogc/conformance").json()["conformsTo"]
    assert set(declared) == PROVED == set(REQUIREMENTS)
    assert len(declared) == len(set(declared))


def test_every_requirement_of_a_declared_class_has_a_test():
    needed = {one for requirements in REQUIREMENTS.values() for one in requirements}
    assert needed - set(PROVED_BY) == set()
    assert set(PROVED_BY) - needed == set()


def test_every_test_that_proves_something_is_collected():
    names = {name for module in MODULES for name in vars(module)}
    assert {test for tests in PROVED_BY.values() for test in tests} <= names
