"""Figures that tests prove, as one table: ``make shows AREA=foundation``.

A test that proves a line of what an area promises carries ``@pytest.mark.shows("foundation")`` and may record what it
measured::

    @pytest.mark.shows("foundation")
    def test_volume_is_kept(figure):
        figure("volume error", error, unit="1", bound="≤ 1e-10")
        assert error <= 1e-10

The bound is text for the reader; the test itself decides. ``--shows=AREA`` runs only that area's tests and prints all
of them, with or without figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

PROPERTY = "shows"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    test: str
    outcome: str
    name: str = ""
    value: str = ""
    unit: str = ""
    bound: str = ""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shows", metavar="AREA", help="run the tests that prove this area, print their figures")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    area = config.getoption("--shows")
    if not area:
        return
    chosen = [item for item in items if area in areas(item)]
    if not chosen:
        known = sorted({name for item in items for name in areas(item)})
        raise pytest.UsageError(f"no test shows '{area}'; areas with tests: {', '.join(known) or 'none'}")
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def areas(item: pytest.Item) -> set[str]:
    return {str(area) for mark in item.iter_markers("shows") for area in mark.args}


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Record a figure of this test: ``figure(name, value, unit="", bound="")``."""

    def record(name: str, value: object, unit: str = "", bound: str = "") -> None:
        request.node.user_properties.append((PROPERTY, (name, as_text(value), unit, bound)))

    return record


def as_text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    area = config.getoption("--shows")
    reports = [report for group in terminalreporter.stats.values() for report in group]
    found = [line for report in reports if isinstance(report, pytest.TestReport) for line in rows(report, bool(area))]
    if not found:
        return
    terminalreporter.section(f"shows: {area}" if area else "figures")
    for line in table(found):
        terminalreporter.write_line(line)


def rows(report: pytest.TestReport, every_test: bool) -> list[Row]:
    if not (report.when == "call" or report.outcome != "passed"):
        return []
    test = report.nodeid.removeprefix("tests/")
    figures = [tuple(value) for name, value in report.user_properties if name == PROPERTY]
    if not figures:
        return [Row(test, report.outcome)] if every_test else []
    return [Row(test, report.outcome, *entry) for entry in figures]


def table(found: list[Row]) -> list[str]:
    cells = [("test", "outcome", "figure", "value", "unit", "bound")]
    cells += [(row.test, row.outcome, row.name, row.value, row.unit, row.bound) for row in found]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
