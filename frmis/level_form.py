"""How a file says a value over time, and a water level: plainly, in rows, or as a tide and what is added to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from frmis import form
from frmis.forcing import Series
from frmis.form import MOMENT, TEXT, Form, Part
from frmis.level import WaterLevel
from frmis.tide import Constants
from sdi.declaration import Label
from sdi.entry import Licence
from sdi.errors import NotFound

TIME, LENGTH = form.measure("time"), form.measure("length")


@dataclass(slots=True)
class Tides:
    """The tides a scenario may name, and those it did name."""

    find: Callable[[str], Constants]
    """Return the constants of a name."""
    used: dict[str, Constants] = field(default_factory=dict)

    def constants(self, name: str) -> Constants:
        """Return the constants of a name and remember them."""
        if name not in self.used:
            self.used[name] = self.find(name)
        return self.used[name]

    def notices(self) -> tuple[Label, ...]:
        """Return what must be said of the tides that were named, each once."""
        return tuple(dict.fromkeys(one.notice for one in self.used.values() if one.notice is not None))

    def terms(self) -> tuple[Licence, ...]:
        """Return what may be done with the tides that were named, each once."""
        return tuple(dict.fromkeys(one.terms for one in self.used.values()))


def series(unit: Form) -> Form:
    """Take one value that holds always, or values over time."""
    rows = form.many(form.row(TIME, unit))
    return form.by_kind(
        plain=unit.then(lambda _, value: Series.constant(value)),
        items=rows.then(lambda _, pairs: Series(*zip(*pairs, strict=True))),
    )


def _tidal(part: Part, values: dict[str, Any]) -> Series:
    """Work out a level from its parts, over the time of the run and the datum of the boundary."""
    tides: Tides = part.context
    top = part.top()
    start = _of_run(top, "start", MOMENT, "a tide belongs to a date: add 'start: 2025-10-22T11:00:00+07:00'")
    duration = _of_run(top, "duration", TIME, "add 'duration: 6 h'")
    try:
        tide = tides.constants(values.pop("tide"))
    except NotFound as error:
        found, _, cure = error.message.partition("; ")
        raise part.at("tide").error(found, cure or "name another tide") from error
    datum = part.document.data["boundary"].get("vertical_datum")
    if not isinstance(datum, str):
        cure = f"add 'vertical_datum: {tide.vertical_datum or 'hon_dau'}' to the boundary"
        raise part.error("a tide makes a level without vertical datum", cure)
    return WaterLevel(tide=tide, vertical_datum=datum, **values).series(start, duration)


def _of_run(top: Part, key: str, wanted: Form, cure: str) -> Any:
    """Read what a tide needs to know of the run."""
    if key not in top.value:
        raise top.error(f"the key '{key}' is missing", cure)
    return top.at(key).read(wanted)


LEVEL = form.by_kind(
    plain=LENGTH.then(lambda _, value: Series.constant(value)),
    items=form.many(form.row(TIME, LENGTH)).then(lambda _, pairs: Series(*zip(*pairs, strict=True))),
    keys=form.mapping(
        {
            "tide": TEXT.about("Name of constants, catalogs/tides/NAME.yaml"),
            "mean_level": LENGTH.about("Over the vertical datum of the boundary; that of the constants where absent"),
            "residual": series(LENGTH).about("What wind and river add"),
            "sea_level_rise": LENGTH,
            "subsidence": LENGTH,
            "epoch": TEXT.about("In which the mean level held"),
        },
        required=("tide",),
    ).then(_tidal),
)
