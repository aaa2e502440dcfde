"""An answer in words: the same sections for the page, the map's card and the command line, in either language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sdi.declaration import Label
from spp.figures import day, number
from spp.threshold import SLIVER_AREA, SLIVER_SHARE, WET

if TYPE_CHECKING:
    from spp.answer import Answer, Decision, Fact, Reference, Risk, Water, Zone

UNITS = {"m2": "m²", "m3": "m³", "km2": "km²", "EUR/a": "EUR"}
"""Units that people write otherwise; that a damage is annual stands in its title."""
MONEY = frozenset({"EUR", "VND", "USD"})
"""Units that are written without decimals."""
_NARROW = "\u00a0"
"""Between a figure and its unit: no line ends there."""
WHOLE = 0.9995
"""Share above which a part is written as the whole [1]."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a section."""

    cells: tuple[str, ...]
    brief: str
    """What a card says beside the first cell."""
    thing: Reference | None = None
    """What the line is about, for a link."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of an answer in words."""

    key: str
    title: str
    columns: tuple[str, ...]
    """Titles of the cells; empty where a line is a title and a text."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """What must be said of the lines."""


Say = Callable[..., str]


def tell(answer: Answer, language: str) -> tuple[Section, ...]:
    """Put an answer into words.

    Parameters
    ----------
    answer : Answer
        The answer.
    language : str
        ``vi`` or ``en``.

    Returns
    -------
    tuple of Section
        In the order in which they are read; the notices are the last.
    """

    def say(key: str, **values: object) -> str:
        return _phrases()[key].of(language).format(**values)

    teller = _Teller(answer, language, say)
    if answer.ground is None:
        return (*teller.candidates(), teller.notices())
    return (
        teller.place(), *teller.candidates(), teller.zones(), teller.water(), *teller.risks(), teller.wards(),
        teller.networks(), teller.notices(),
    )  # fmt: skip


def as_text(answer: Answer, language: str) -> str:
    """Write an answer as plain text.

    Parameters
    ----------
    answer : Answer
        The answer.
    language : str
        ``vi`` or ``en``.

    Returns
    -------
    str
        Sections under their titles, columns aligned.
    """
    return "\n\n".join("\n".join(_lines(section)) for section in tell(answer, language)) + "\n"


def _lines(section: Section) -> Iterator[str]:
    """Yield the lines of a section."""
    yield section.title
    yield "-" * len(section.title)
    table = (
        [section.columns, *(row.cells for row in section.rows)] if section.columns else [r.cells for r in section.rows]
    )
    used = [cells for cells in table if cells]
    widths = [max(map(len, column)) for column in zip(*used, strict=True)] if used else []
    for cells in used:
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
    yield from section.notes


@cache
def _phrases() -> Mapping[str, Label]:
    """Read the texts."""
    said = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return {key: Label(**text) for key, text in said.items()}


@dataclass(frozen=True, slots=True)
class _Teller:
    """An answer and the language in which it is told."""

    answer: Answer
    language: str
    say: Say

    def length(self, value: float | None, decimals: int) -> str:
        """Write a length."""
        return "" if value is None else f"{number(value, self.language, decimals)}{_NARROW}m"

    def depth(self, value: float | None) -> str:
        """Write a depth or a level, to the centimetre."""
        return "" if value is None else f"{number(value, self.language, 2, fixed=True)}{_NARROW}m"

    def hours(self, value: float | None) -> str:
        """Write a time [s] in hours."""
        return "" if value is None else self.say("hours", hours=number(value / 3600, self.language, 1))

    def area(self, value: float | None) -> str:
        """Write an area."""
        return "" if value is None else f"{number(value, self.language, 1)}{_NARROW}m²"

    def share(self, value: float | None) -> str:
        """Write a share in percent; neither 0 nor 100 where it is not."""
        if value is None:
            return ""
        percent = round(100 * value, 1)
        exact = value == 0 or percent > 0
        text = number(percent, self.language, 1) if exact else f"<{_NARROW}{number(0.1, self.language)}"
        return f"{text}{_NARROW}%"

    def label(self, label: Label | None) -> str:
        """Write a text in the language; nothing for none."""
        return label.of(self.language) if label else ""

    def named(self, thing: Reference) -> str:
        """Write the name of a thing, else its code, else its identifier."""
        return self.label(thing.name) or thing.code or thing.eid

    def fact(self, fact: Fact) -> str:
        """Write the value of a fact."""
        if fact.code is not None:
            return self.label(fact.code)
        if isinstance(fact.value, bool):
            return {"vi": ("không", "có"), "en": ("no", "yes")}[self.language][fact.value]
        if isinstance(fact.value, int | float):
            unit = UNITS.get(fact.unit or "", fact.unit or "")
            decimals = 0 if unit in MONEY else 6
            return f"{number(fact.value, self.language, decimals)}{_NARROW}{unit}".rstrip()
        text = str(fact.value)
        return day(text[:10], self.language) if text[10:] in {"", "T00:00:00Z"} and _is_day(text[:10]) else text

    def pair(self, title: str, text: str, thing: Reference | None = None) -> Row:
        """Line of a title and a text."""
        return Row((title, text), text, thing)

    def place(self) -> Section:
        """Tell what is answered for."""
        ground = self.answer.ground
        assert ground is not None  # noqa: S101 - asked for only where there is one
        degrees = self.say("degrees", longitude=f"{ground.longitude:.6f}", latitude=f"{ground.latitude:.6f}")
        metres = self.say("metres", easting=f"{ground.easting:.2f}", northing=f"{ground.northing:.2f}", crs=ground.crs)
        rows = [self.pair(self.say("understood"), self.answer.understood.of(self.language), ground.parcel)]
        rows += [self.pair(fact.title.of(self.language), self.fact(fact)) for fact in ground.facts]
        if ground.area is not None:
            rows.append(self.pair(self.say("area"), self.area(ground.area)))
        rows.append(self.pair(self.say("coordinates"), f"{degrees}; {metres}"))
        notes = () if ground.parcel else (self.say("no_parcel"),)
        return Section("place", self.say("place"), (), tuple(rows), notes)

    def candidates(self) -> Iterator[Section]:
        """Tell of which parcels one may be meant."""
        found = self.answer.candidates
        if not found:
            return
        columns = tuple(self.say(key) for key in ("parcel", "address", "sheet_number", "parcel_area", "ward"))
        rows = [
            Row(
                (
                    self.named(one.parcel), one.address, f"{one.sheet} / {one.number}", self.area(one.area),
                    self.label(one.ward),
                ),
                one.address, one.parcel,
            )
            for one in found
        ]  # fmt: skip
        shown, matched = len(found), self.answer.matched
        notes = [self.answer.understood.of(self.language)]
        notes += [self.say("more_candidates", shown=shown, matched=matched)] if matched > shown else []
        yield Section("candidates", self.say("candidates"), columns, tuple(rows), tuple(notes))

    def zones(self) -> Section:
        """Tell the zones with their parts of the ground and the decisions behind them."""
        columns = tuple(self.say(key) for key in ("zone", "use", "part", "share", "decision", "limits"))
        rows = tuple(self._zone(one) for one in self.answer.zones)
        notes = [self.say("unverified" if rows else "no_zone"), *self._gaps()]
        if self.answer.slivers:
            notes.append(
                self.say(
                    "slivers", count=self.answer.slivers, area=self.area(SLIVER_AREA), share=self.share(SLIVER_SHARE),
                    sum=self.area(self.answer.sliver_area),
                )
            )  # fmt: skip
        if self.answer.ground and self.answer.ground.area is not None:
            notes.append(self.say("measured", crs=self.answer.ground.crs))
        return Section("zones", self.say("zones"), columns, rows, tuple(notes))

    def _zone(self, one: Zone) -> Row:
        use = self.label(one.land_use) or one.zone_class or ""
        coded = f"{use} ({one.land_use_code})" if one.land_use_code else use
        decision = self._decision(one.decision)
        limits = "; ".join(f"{fact.title.of(self.language)} {self.fact(fact)}" for fact in one.limits)
        part, share = self.area(one.area), self.share(one.share)
        brief = " · ".join(text for text in (coded, part, share, decision) if text)
        return Row((self.named(one.zone), coded, part, share, decision, limits), brief, one.zone)

    def _decision(self, decision: Decision) -> str:
        if not decision.text:
            said = self.say("no_decision")
        elif decision.date:
            said = self.say("decided_on", text=decision.text, date=day(decision.date[:10], self.language))
        else:
            said = self.say("no_date", text=decision.text)
        return f"{self.label(decision.level)}: {said}" if decision.level else said

    def _gaps(self) -> Iterator[str]:
        """Tell what lies in no zone of a level, or in several."""
        for one in self.answer.coverages:
            level = self.label(one.level) or self.say("any_level")
            level = level[0].lower() + level[1:]
            if one.covered < WHOLE:
                yield self.say("uncovered", share=self.share(1 - one.covered), level=level)
            if one.doubled > 1 - WHOLE:
                yield self.say("doubled", share=self.share(one.doubled), level=level)

    def water(self) -> Section:
        """Tell the depths by return period and by scenario."""
        found = self.answer.water
        always = ("deepest", "mean", "flooded", "level")
        rare = {"period": "return_period", "hazard": "hazard", "arrival": "arrival"}
        there = {key for key, name in rare.items() if any(getattr(one, name) is not None for one in found)}
        keys = [key for key in ("period", *always, "hazard", "arrival") if key in {*always, *there}]
        columns = (self.say("event"), *(self.say(key) for key in keys))
        rows = tuple(self._run(one, keys) for one in found)
        return Section("water", self.say("water"), columns if rows else (), rows, tuple(self._water_notes()))

    def period(self, one: Water) -> str:
        """Write a return period; nothing for a scenario without one."""
        years = one.return_period
        return "" if years is None else self.say("every", years=number(years, self.language))

    def _run(self, one: Water, keys: Sequence[str]) -> Row:
        absent = self._absent(one)
        texts = {
            "period": self.period(one),
            "deepest": absent or self.depth(one.maximum_depth), "mean": self.depth(one.mean_depth),
            "flooded": "" if absent else self.share(one.wet), "level": self.depth(one.level),
            "hazard": f"H{one.hazard}" if one.hazard else "",
            "arrival": self.hours(one.arrival),
        }  # fmt: skip
        wet = self.say("brief_wet", depth=self.depth(one.maximum_depth), share=self.share(one.wet))
        brief = absent or (wet if one.wet else self.say("brief_dry", wet=self.depth(WET)))
        brief = ", ".join(text for text in (brief, texts["hazard"]) if text)
        brief = ": ".join(text for text in (texts["period"], brief) if text)
        return Row((one.title.of(self.language), *(texts[key] for key in keys)), brief)

    def _absent(self, one: Water) -> str:
        """Why a run has no depth here; empty where it has."""
        if one.modelled == 0:
            return self.say("not_modelled")
        return self.say("all_standing") if one.maximum_depth is None else ""

    def _water_notes(self) -> Iterator[str]:
        found = self.answer.water
        if not found:
            yield self.say("no_water")
            return
        yield self.say("wet_from", wet=self.depth(WET))
        datums = dict.fromkeys(self.label(one.datum) or one.vertical_datum for one in found if one.level is not None)
        known = [one for one in datums if one]
        if known:
            yield self.say("level_above", datum=", ".join(known))
        unfit = [one.title.of(self.language) for one in found if not one.fit_for_decisions and one.modelled]
        if unfit:
            yield self.say("unfit", events="; ".join(unfit))
        for one in found:
            if 0 < one.modelled < WHOLE:
                yield self.say("partly_modelled", event=one.title.of(self.language), share=self.share(one.modelled))
            if one.standing > 1 - WHOLE:
                yield self.say("standing", event=one.title.of(self.language), share=self.share(one.standing))

    def risks(self) -> Iterator[Section]:
        """Tell what the risk assessment says; nothing where there is none."""
        if not self.answer.risks:
            return
        rows = [
            self.pair(self.named(one.entity or one.row), "; ".join(self._risk(one)), one.row)
            for one in self.answer.risks
        ]
        yield Section("risks", self.say("risks"), (), tuple(rows))

    def _risk(self, one: Risk) -> Iterator[str]:
        """Tell what an assessment says: its figures, then the damage of each return period."""
        said = {fact.name: fact for fact in one.facts}
        for fact in one.facts:
            if not isinstance(fact.value, list | bool):
                yield f"{fact.title.of(self.language)} {self.fact(fact)}"
        if {"return_periods", "damages"} <= said.keys():
            for years, damage in zip(said["return_periods"].value, said["damages"].value, strict=True):
                period = self.say("every", years=number(years, self.language))
                yield self.say("damage", period=period, damage=self.fact(replace(said["damages"], value=damage)))
        if "fit_for_decisions" in said and not said["fit_for_decisions"].value:
            yield self.say("unfit_row")

    def wards(self) -> Section:
        """Tell the wards with their parts of the ground."""
        rows = tuple(
            self.pair(
                self.named(one.ward), " · ".join(filter(None, (self.area(one.area), self.share(one.share)))), one.ward
            )
            for one in self.answer.wards
        )
        return Section("wards", self.say("wards"), (), rows, () if rows else (self.say("no_ward"),))

    def networks(self) -> Section:
        """Tell the nearest element of each network."""
        columns = tuple(self.say(key) for key in ("element", "network", "distance"))
        rows = []
        for one in self.answer.networks:
            element = " ".join(filter(None, (self.label(one.what), one.element.code)))
            distance = self.length(one.distance, 1) if one.distance > 0 else self.say("crosses")
            network = one.network.of(self.language)
            rows.append(Row((element, network, distance), f"{network} · {distance}", one.element))
        notes = () if rows else (self.say("no_network", reach=self.length(self.answer.reach, 0)),)
        return Section("networks", self.say("networks"), columns if rows else (), tuple(rows), notes)

    def notices(self) -> Section:
        """Tell what must be said, and of which state of the data the answer speaks."""
        said = [one.of(self.language) for one in self.answer.notices]
        state = self.say("state", answered=self.answer.answered, transaction=self.answer.transaction)
        return Section("notices", self.say("notices"), (), (), (*said, self.say("reference_only"), state))


def _is_day(text: str) -> bool:
    """Tell whether a text is a day as ISO 8601 writes it."""
    parts = text.split("-")
    return [len(part) for part in parts] == [4, 2, 2] and all(part.isdigit() for part in parts)
