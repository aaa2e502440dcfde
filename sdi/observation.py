"""Observations: what was measured, when, and where the instrument stood then.

The nouns are those of SensorThings. A *station* (or a flood gauge) is the thing, its dated location the historical
location, a *sensor* the instrument, an *observed property* what is measured; a *datastream* ties them together and
fixes unit and datum of its numbers for ever. These are registers. The numbers themselves lie beside the store: they are
not bitemporal, but nothing of them is rewritten either. A second value of a moment is a revision of the first, and what
was known before it was recorded can still be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sdi.errors import ConflictError, InputError, NotInRegister
from sdi.history import OPEN, Clock, instant, second, utc
from sdi.lineage.life import life
from sdi.lineage.step import Step
from sdi.place import location
from sdi.recording import Batch
from sdi.registry import Registry
from sdi.store.observations import ObservationStore
from sdi.transaction import Transaction
from sdi.zone import Zone

DATASTREAM = "datastream"
OBSERVES = "observes"
QUALITIES = "observation_quality"
DOUBTFUL = "doubtful"

Times = NDArray[np.datetime64]
FloatArray = NDArray[np.float64]
Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Observations of one datastream in the order of time; of one moment the latest revision."""

    datastream: str
    unit: str
    """UCUM code of the results."""
    datum: str | None
    """Vertical datum of levels."""
    time: Times
    """ndarray (n,) of the moments at which it was so [us, UTC]."""
    result_time: Times
    """ndarray (n,) of the moments at which the results were there [us, UTC]."""
    result: FloatArray
    """ndarray (n,) [`unit`]; NaN where nothing was measured."""
    quality: Texts
    """ndarray (n,) of codes of the list ``observation_quality``."""
    revision: NDArray[np.int64]
    """ndarray (n,) of the number of times that a moment was told [1]; 1 where nothing was revised."""

    def __len__(self) -> int:
        """Return the number of observations."""
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest observation of a datastream."""

    datastream: str
    time: np.datetime64
    result: float | None
    quality: str


class Observations:
    """The observations of a city.

    Parameters
    ----------
    store : ObservationStore
        Where they lie.
    registry : Registry
        Where the datastreams and their things are known.
    """

    def __init__(self, store: ObservationStore, registry: Registry) -> None:
        self._store = store
        self._registry = registry

    def append(
        self,
        datastream: str,
        time: Sequence[Any] | Times,
        result: Sequence[Any] | FloatArray,
        *,
        quality: str | Sequence[str] = "raw",
        result_time: Sequence[Any] | Times | None = None,
        clock: Clock | None = None,
    ) -> int:
        """Add observations; those of a moment that was told before are its next revision.

        Parameters
        ----------
        datastream : str
            Whose they are.
        time : sequence or ndarray (n,) [UTC]
            When it was so; any order, each moment once.
        result : sequence or ndarray (n,) [unit of the datastream]
            What was measured; ``None`` or NaN where nothing was. One outside the sensible range of the datastream is
            kept as doubtful.
        quality : str or sequence of str (n,)
            Codes of the list ``observation_quality``.
        result_time : sequence or ndarray (n,), optional [UTC]
            When the results were there; the time itself where absent.
        clock : Clock, optional
            Says when they are recorded.

        Returns
        -------
        int
            Number of observations added.

        Raises
        ------
        NotInRegister
            If there is no such datastream.
        ConflictError
            If the datastream had not begun, or had ended: another datum, unit or zero is another datastream.
        InputError
            If lengths differ, a moment comes twice, a number is infinite or a quality is no code.
        """
        moments = _moments(time, self._registry.zone)
        numbers = np.array([np.nan if one is None else one for one in result], dtype=float)
        codes = np.array([quality] * len(moments) if isinstance(quality, str) else list(quality), dtype=object)
        there = moments if result_time is None else _moments(result_time, self._registry.zone)
        self._check(moments, numbers, codes, there)
        if not len(moments):
            return 0
        self._refuse_untimely(datastream, moments)
        order = np.argsort(moments, kind="stable")
        codes = self._judged(datastream, numbers, codes)
        recorded = (clock or self._registry.clock).now()
        rows = pa.table(
            {
                "phenomenon_time": pa.array(moments[order], pa.timestamp("us", tz="UTC")),
                "result_time": pa.array(there[order], pa.timestamp("us", tz="UTC")),
                "result": pa.array(numbers[order], pa.float64(), from_pandas=True),
                "quality": pa.array(codes[order], pa.string()),
                "recorded_at": pa.array([recorded] * len(moments), pa.string()),
            }
        )
        self._store.append(datastream, rows)
        return len(moments)

    def _check(self, moments: Times, numbers: FloatArray, codes: Texts, there: Times) -> None:
        """Refuse observations that contradict themselves."""
        lengths = {len(moments), len(numbers), len(codes), len(there)}
        if len(lengths) > 1:
            raise InputError(
                f"{len(moments)} moments, {len(numbers)} results, {len(codes)} qualities and {len(there)} times of "
                "results do not go together",
                code="length-differs",
            )
        if len(np.unique(moments)) < len(moments):
            raise InputError("a moment comes twice; deliver a revision of its own later", code="moment-twice")
        if np.isinf(numbers).any():
            raise InputError("a result is infinite; leave it out where nothing was measured", code="value-invalid")
        known = {one.code for one in self._registry.catalog.codes[QUALITIES].codes}
        strange = sorted(set(codes) - known)
        if strange:
            raise InputError(f"quality {strange[0]!r} is none of {', '.join(sorted(known))}", code="value-invalid")

    def _refuse_untimely(self, datastream: str, moments: Times) -> None:
        """Refuse observations of a time at which the datastream was not."""
        lived = life(self._registry.store, datastream, OPEN - 1)
        if lived.kind != DATASTREAM:
            raise NotInRegister(f"{datastream} is a {lived.kind}, no datastream")
        first, last = (self._text(one) for one in (moments.min(), moments.max()))
        if first < lived.start or last >= lived.end:
            found = f"begins on {lived.start[:10]}" if first < lived.start else f"ended on {lived.end[:10]}"
            raise ConflictError(
                f"datastream {datastream} {found}, but there are observations from {first} to {last}; those of "
                "another datum, zero or unit belong to a datastream of their own",
                code="datastream-untimely",
            )

    def _text(self, moment: np.datetime64) -> str:
        """Write a moment as valid times are written; the part of a second is left out."""
        return instant(f"{np.datetime_as_string(moment.astype('datetime64[s]'))}+00:00", self._registry.zone)

    def _judged(self, datastream: str, numbers: FloatArray, codes: Texts) -> Texts:
        """Call results outside the sensible range doubtful, where nobody has looked at them."""
        values = self._registry.register(DATASTREAM).find(datastream).values
        low, high = (np.nan if values[name] is None else values[name] for name in ("minimum", "maximum"))
        odd = (numbers < low) | (numbers > high)
        return np.where(odd & (codes == "raw"), DOUBTFUL, codes).astype(object)

    def series(
        self,
        datastream: str,
        start: str | None = None,
        end: str | None = None,
        *,
        recorded: int | str | None = None,
    ) -> Readings:
        """Return what was observed over some time.

        Parameters
        ----------
        datastream : str
            Whose.
        start, end : str, optional
            First moment, and first moment after, ISO 8601; everything where absent.
        recorded : int or str, optional
            What shall have been recorded: a transaction of the registry, or a date; everything where absent.

        Returns
        -------
        Readings
            Empty where nothing was.
        """
        rows = self._store.read(
            datastream, *(None if one is None else _moment(one, self._registry.zone) for one in (start, end))
        )
        until = self._until(recorded)
        if until is not None:
            rows = rows.filter(pc.less_equal(rows["recorded_at"], until))
        time = _numpy(rows, "phenomenon_time")
        last = np.ones(len(time), dtype=bool)  # of the rows of a moment, which are sorted by part
        last[:-1] = time[1:] != time[:-1]
        ends = np.flatnonzero(last)
        values = self._registry.register(DATASTREAM).find(datastream).values
        return Readings(
            datastream, values["unit"], values["datum"], time[last], _numpy(rows, "result_time")[last],
            rows["result"].to_numpy(zero_copy_only=False).astype(float)[last],
            rows["quality"].to_numpy(zero_copy_only=False).astype(object)[last], np.diff(ends, prepend=-1),
        )  # fmt: skip

    def _until(self, recorded: int | str | None) -> str | None:
        """Return what the recording times of everything known at a moment sort before."""
        if recorded is None:
            return None
        if isinstance(recorded, str):
            return second(utc(recorded, self._registry.zone))
        found = self._registry.store.select("SELECT recorded_at FROM tx WHERE tx = ?", (recorded,))
        if not found:
            raise InputError(f"there is no transaction {recorded}; the last one is {self._registry.last_tx}")
        return str(found[0][0])

    def latest(self, datastreams: Sequence[str] | None = None) -> dict[str, Latest]:
        """Return the latest observation of datastreams, of all that have one where none is named."""
        wanted = None if datastreams is None else set(datastreams)
        return {
            eid: Latest(eid, np.datetime64(moment, "us"), result, quality)
            for eid, moment, _, result, quality, _ in self._store.latest()
            if wanted is None or eid in wanted
        }

    def places(self, series: Readings) -> NDArray[np.object_]:
        """Return where the thing stood at the moment of every observation.

        Parameters
        ----------
        series : Readings
            The observations.

        Returns
        -------
        ndarray (n,) of shapely geometry [storage CRS]
            ``None`` where the datastream observed nothing then, or the thing had no known place.
        """
        moments = [self._text(one) for one in series.time]
        things = self._things(series.datastream, moments)
        found = np.full(len(moments), None, dtype=object)
        for eid in dict.fromkeys(one for one in things if one is not None):
            at = np.array([index for index, one in enumerate(things) if one == eid])
            kind = life(self._registry.store, eid, OPEN - 1).kind
            role = self._registry.register(kind).declaration.location.role
            chosen = [moments[index] for index in at]
            found[at] = location.at_moments(self._registry, [eid] * len(at), chosen, role=role)
        return found

    def _things(self, datastream: str, moments: Sequence[str]) -> list[str | None]:
        """Return the thing that a datastream observed at every moment."""
        rows = self._registry.store.select(
            "SELECT valid_from, valid_to, other FROM relation WHERE eid = ? AND verb = ? AND tx_to = ? "
            "ORDER BY valid_from",
            (datastream, OBSERVES, OPEN),
        )
        return [next((other for start, end, other in rows if start <= one < end), None) for one in moments]


def observe(
    registry: Registry, thing: str, values: Mapping[str, Any], tx: Transaction, *, valid_from: str | None = None
) -> str:
    """Record a new datastream of a thing.

    Parameters
    ----------
    registry : Registry
        Where the thing is recorded.
    thing : str
        The station or gauge.
    values : mapping of str to value
        Fields of the register of datastreams, and ``name``.
    tx : Transaction
        The transaction that knows it.
    valid_from : str, optional
        Since when, ISO 8601.

    Returns
    -------
    str
        Identifier of the datastream.
    """
    register = registry.register(DATASTREAM)
    columns = {name: [value] for name, value in values.items() if name != "name"}
    names = {"vi": [values["name"]]} if "name" in values else {}
    (eid,) = register.add(Batch(columns, names=names, valid_from=valid_from), tx)
    register.relate(eid, OBSERVES, [thing], tx, valid_from=valid_from)
    return eid


def succeed(registry: Registry, datastream: str, values: Mapping[str, Any], tx: Transaction, *, valid_from: str) -> str:
    """Record that what fixes the numbers of a datastream changed: it ends, and another one carries on.

    Parameters
    ----------
    registry : Registry
        Where it is recorded.
    datastream : str
        The one that ends.
    values : mapping of str to value
        What is other than before, such as ``datum`` and ``zero_level``.
    tx : Transaction
        The transaction that knows it.
    valid_from : str
        First moment of the new one, ISO 8601.

    Returns
    -------
    str
        The new datastream; it observes the same thing and stands in the lineage as what replaced the old one.
    """
    register, moment = registry.register(DATASTREAM), instant(valid_from, registry.zone)
    before = register.find(datastream)
    (thing,) = registry.store.select(
        "SELECT other FROM relation WHERE eid = ? AND verb = ? AND tx_to = ? AND valid_from <= ? AND ? < valid_to",
        (datastream, OBSERVES, OPEN, moment, moment),
    ) or [(None,)]
    if thing[0] is None:
        raise NotInRegister(f"datastream {datastream} observes nothing on {moment[:10]}; relate it to its thing first")
    register.retire(datastream, tx, valid_from=valid_from)
    held = {name: value for name, value in before.values.items() if value is not None}
    named = {"name": before.names["vi"]} if "vi" in before.names else {}
    eid = observe(registry, thing[0], held | named | dict(values), tx, valid_from=valid_from)
    registry.lineage.record([Step(datastream, eid, "replace", moment, "phusa")], tx)
    return eid


def _moment(value: Any, zone: Zone) -> np.datetime64:
    """Read a moment [us, UTC]; a date is the moment at which that day begins in the city."""
    if isinstance(value, np.datetime64):
        return np.datetime64(value, "us")
    return np.datetime64(utc(value, zone).removesuffix("Z"), "us")


def _moments(values: Sequence[Any] | Times, zone: Zone) -> Times:
    """Read moments [us, UTC]."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    return np.array([_moment(one, zone) for one in values], dtype="datetime64[us]")


def _numpy(rows: pa.Table, name: str) -> Times:
    """Return a column of moments [us, UTC]."""
    return np.asarray(rows[name].cast(pa.int64()).to_numpy(zero_copy_only=False)).astype("datetime64[us]")
