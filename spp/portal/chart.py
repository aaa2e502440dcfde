"""A chart of levels over time as SVG: axes with units, alarm levels, the peak. Drawn for the width of a phone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 360, 262
"""Size of the picture [px]; it is shown no smaller on a phone, so that every text can be read."""
_LEFT, _TOP, _BOTTOM = 40, 46, 54
_LETTER = 7.0
"""Width of a letter, rather too much than too little [px]."""
_INK, _SOFT, _RULE = "#18323a", "#4c6269", "#dde5e8"
_WATER, _TIDE = "#0b6fa4", "#6b7d84"
_FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_LINE = 13.0
"""Least distance between the labels of two thresholds [px]."""
_HOURS = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 168, 336, 730)
_TICKS = 8
"""Most parts of the axis of time."""

Values = Sequence[float | None]
Write = Callable[[float, int], str]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A level that means something."""

    value: float
    """[unit of the chart]"""
    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Line:
    """Values over time."""

    values: Values
    """One for each step [unit of the chart]; a gap is None."""
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything a chart shows, in one language."""

    title: str
    """What a reader without the picture hears."""
    line: Line
    base: Line | None
    """A second line to compare with, drawn thin."""
    unit: str
    """What stands above the axis of values."""
    clock: str
    """What stands below the axis of time."""
    start: datetime | None
    """Moment of the first value, in the time of the place; None counts hours from the first value."""
    interval: float
    """Time between two values [s]."""
    thresholds: tuple[Threshold, ...]
    peak: str
    """Words for the largest value."""
    nothing: str
    """What is said where there is no value at all."""
    write: Write
    """Writes a number with so many decimals as the language does."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """From time and value to the picture."""

    count: int
    low: float
    high: float
    right: float
    """Right end of the axis of time [px]."""

    def x(self, step: float) -> float:
        return _LEFT + step / max(self.count - 1, 1) * (self.right - _LEFT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - _TOP - _BOTTOM)


def draw(chart: Chart) -> bytes:
    """Draw a chart.

    Parameters
    ----------
    chart : Chart
        What it shows.

    Returns
    -------
    bytes
        SVG document, UTF-8.
    """
    scale = _scale(chart)
    parts = [
        f"<title>{escape(chart.title)}</title>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_values(chart, scale), *_times(chart, scale), *_thresholds(chart, scale), *_lines(chart, scale),
        *_legend(chart), *_peak(chart, scale),
    ]  # fmt: skip
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{_FONT}" font-size="12.5">'
    return (head + "".join(parts) + "</svg>").encode()


def _known(values: Values) -> list[float]:
    return [value for value in values if value is not None]


def _scale(chart: Chart) -> _Scale:
    """Choose a range with room for everything, and for words above the peak."""
    base = chart.base.values if chart.base else ()
    all_of_them = [*_known(chart.line.values), *_known(base), *(one.value for one in chart.thresholds)] or [0.0, 1.0]
    low, high = min(all_of_them), max(all_of_them)
    span = max(high - low, 0.2)
    names = max((len(one.text) for one in chart.thresholds), default=1)
    return _Scale(len(chart.line.values), low - 0.06 * span, low + 1.22 * span, WIDTH - 10 - _LETTER * names)


def _steps(low: float, high: float) -> tuple[list[float], int]:
    """Return round numbers within a range, and the decimals they need."""
    rough = (high - low) / 7
    power = math.floor(math.log10(rough))
    step = next(one * 10.0**power for one in (1, 2, 5, 10) if one * 10.0**power >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [number * step for number in range(first, last + 1)], max(0, -math.floor(math.log10(step) + 1e-9))


def _text(x: float, y: float, words: str, *, anchor: str = "middle", color: str = _SOFT, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}"{more}>{escape(words)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, color: str, more: str = "") -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{color}"{more}/>'


def _values(chart: Chart, scale: _Scale) -> Iterator[str]:
    """Draw the axis of values."""
    ticks, decimals = _steps(scale.low, scale.high)
    for value in ticks:
        y = scale.y(value)
        yield _rule(_LEFT, y, scale.right, y, _RULE)
        yield _text(_LEFT - 6, y + 4, chart.write(value, decimals), anchor="end")
    yield _text(6, _TOP - 8, chart.unit, anchor="start")


def _times(chart: Chart, scale: _Scale) -> Iterator[str]:
    """Draw the axis of time: hours, and below each first hour of a day its date."""
    floor = HEIGHT - _BOTTOM
    yield _rule(_LEFT, floor, scale.right, floor, _SOFT)
    hours = (scale.count - 1) * chart.interval / 3600
    step = next((one for one in _HOURS if hours / one <= _TICKS), _HOURS[-1])
    day = None
    for after, hour, date in _moments(chart.start, hours, step):
        x = scale.x(after * 3600 / chart.interval)
        yield _rule(x, floor, x, floor + 4, _SOFT)
        yield _text(x, floor + 17, hour)
        if date and date != day:
            yield _text(x, floor + 31, date, more=' font-weight="600"')
            day = date
    yield _text((scale.right + _LEFT) / 2, HEIGHT - 6, chart.clock)


def _moments(start: datetime | None, hours: float, step: float) -> Iterator[tuple[float, str, str]]:
    """Yield hours after the start of the ticks, with their time and date in words."""
    if start is None:
        for number in range(math.floor(hours / step + 1e-9) + 1):
            yield number * step, f"{number * step:g}", ""
        return
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    begun = (start - midnight).total_seconds() / 3600
    number = math.ceil(begun / step - 1e-9)
    while number * step <= begun + hours + 1e-9:
        moment = midnight + timedelta(hours=number * step)
        yield number * step - begun, f"{moment:%H}" if step >= 1 else f"{moment:%H:%M}", f"{moment:%d/%m}"
        number += 1


def _thresholds(chart: Chart, scale: _Scale) -> Iterator[str]:
    """Draw thresholds with their names at the right; names that would touch move apart."""
    ordered = sorted(chart.thresholds, key=lambda one: one.value)
    below = math.inf
    for one in ordered:
        y = scale.y(one.value)
        label = min(y + 4, below - _LINE)
        below = label
        yield _rule(_LEFT, y, scale.right, y, one.color, ' stroke-width="1.3" stroke-dasharray="6 4"')
        yield _text(scale.right + 5, label, one.text, anchor="start", color=one.color, more=' font-weight="600"')


def _lines(chart: Chart, scale: _Scale) -> Iterator[str]:
    """Draw the values, the one to compare with beneath."""
    join = ' fill="none" stroke-linejoin="round" stroke-linecap="round"'
    if chart.base:
        look = f'stroke="{_TIDE}" stroke-width="1.4" stroke-dasharray="2 3.5"'
        yield f'<path d="{_path(chart.base.values, scale)}" {look}{join}/>'
    if _known(chart.line.values):
        yield f'<path d="{_path(chart.line.values, scale)}" stroke="{_WATER}" stroke-width="2.4"{join}/>'
    else:
        middle = (scale.right + _LEFT) / 2
        yield _text(middle, (HEIGHT + _TOP - _BOTTOM) / 2, chart.nothing, color=_INK, more=' font-weight="600"')


def _path(values: Values, scale: _Scale) -> str:
    """Write values as a path that begins anew after every gap; a value alone becomes a dot."""
    written = []
    for run in _runs(values):
        points = [f"{scale.x(step):.1f} {scale.y(value):.1f}" for step, value in run]
        written.append(f"M{points[0]}" + ("L" + " ".join(points[1:]) if len(points) > 1 else "h0"))
    return "".join(written)


def _runs(values: Values) -> Iterable[list[tuple[int, float]]]:
    """Yield the values between gaps, with their places."""
    run: list[tuple[int, float]] = []
    for step, value in enumerate(values):
        if value is not None:
            run.append((step, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _legend(chart: Chart) -> Iterator[str]:
    """Name the lines."""
    x = 6.0
    for line, look in (
        (chart.line, f'"{_WATER}" stroke-width="2.4"'),
        (chart.base, f'"{_TIDE}" stroke-dasharray="2 3.5"'),
    ):
        if line is None:
            continue
        yield f'<path d="M{x:.0f} 12h18" stroke={look} stroke-linecap="round"/>'
        yield _text(x + 24, 16, line.text, anchor="start", color=_INK)
        x += 40 + 6.6 * len(line.text)


def _peak(chart: Chart, scale: _Scale) -> Iterator[str]:
    """Mark the largest value and say when it is."""
    known = _known(chart.line.values)
    if not known:
        return
    step = chart.line.values.index(max(known))
    x, y = scale.x(step), scale.y(max(known))
    half = _LETTER / 2 * len(chart.peak)
    words = min(max(x, _LEFT + half), scale.right - half)
    above = min(y, *(scale.y(one.value) for one in chart.thresholds)) - 12 if chart.thresholds else y - 12
    halo = ' font-weight="650" paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-linejoin="round"'
    yield _rule(x, y, x, above + 3, _INK, ' stroke-width="0.8"')
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_WATER}" stroke="#ffffff" stroke-width="1.5"/>'
    yield _text(words, above, chart.peak, color=_INK, more=halo)
