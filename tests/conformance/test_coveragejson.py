"""Coverage data are valid CoverageJSON. (Coverages 1 is a draft: no class of it is declared.)"""

from __future__ import annotations

import pytest

from tests.conformance.schemas import coverage_checker


@pytest.mark.parametrize(
    "path",
    [
        "terrain/coverage",
        "flood/coverage",
        "flood/coverage?properties=maximum_water_depth",
        "flood/coverage?datetime=2025-10-01T01:00:00Z",
    ],
)
def test_coverage_data_are_valid(client, shared_schemas, path):
    coverage_checker(shared_schemas)(client.get(f"/ogc/collections/{path}").json())
