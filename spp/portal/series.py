"""Pictures of levels over time: which layers have them, and the answer to one of them.

A layer has charts if its things carry levels at an interval over a datum; a layer whose things such levels refer to,
as those of a gauge do, shows theirs. All of it is read off the schemas of the publication.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import NotFound
from sdi.publishing.collection import Collection
from sdi.publishing.publication import Publication
from spp.portal.asset import Asset
from spp.portal.attribute import Attribute, attributes
from spp.portal.chart import Chart, Line, Threshold, draw
from spp.portal.frame import Portal, language_of
from spp.portal.wording import Words

_NEEDED = frozenset({"levels", "interval", "datum"})
_ALARMS = (("alarm_1", "I", "#8a6500"), ("alarm_2", "II", "#b4500a"), ("alarm_3", "III", "#b3261e"))
_MOST = 50
"""Most charts of one thing [1]."""


@dataclass(frozen=True, slots=True)
class Charts:
    """Where the charts of a layer are found."""

    collection: str
    """Collection of the things that carry the levels."""
    by: str | None
    """Property by which they name the thing; None where they are the things themselves."""


def charts(collections: Iterable[Collection]) -> dict[str, Charts]:
    """Find the layers whose things have charts.

    Parameters
    ----------
    collections : iterable of Collection
        What is published.

    Returns
    -------
    dict of str to Charts
        Empty where nothing has levels.
    """
    found: dict[str, Charts] = {}
    for one in collections:
        properties = one.schema["properties"]
        if not properties.keys() >= _NEEDED or properties["levels"].get("type") != "array":
            continue
        found[one.name] = Charts(one.name, None)
        for name, declared in properties.items():
            if declared.get("x-ogc-role") == "reference" and "x-ogc-collectionId" in declared:
                found.setdefault(declared["x-ogc-collectionId"], Charts(one.name, name))
    return found


def own(collections: Iterable[Collection]) -> dict[str, str]:
    """Kinds of things that carry levels themselves, each with its collection.

    Parameters
    ----------
    collections : iterable of Collection
        What is published.
    """
    every = tuple(collections)
    charted = charts(every)
    return {one.kind: one.name for one in every if one.name in charted and charted[one.name].by is None}


def listed(publication: Publication, of: Charts, eid: str) -> list[dict[str, Any]]:
    """Return the features that carry the levels of a thing, predictions first.

    Parameters
    ----------
    publication : Publication
        Where they are read.
    of : Charts
        Where the charts of its layer are found.
    eid : str
        The thing.
    """
    if of.by is None:
        return [orjson.loads(publication.item(of.collection, eid))]
    features = publication.items(of.collection, limit=_MOST, where={of.by: eid}).features
    return sorted(map(orjson.loads, features), key=lambda one: one["properties"].get("hydrograph_kind") != "predicted")


def for_map(prefix: str, of: Charts | None) -> dict[str, Any]:
    """Describe the charts of a layer to the map's scripts.

    Parameters
    ----------
    prefix : str
        Path under which the service stands.
    of : Charts or None
        Where they are found; None where the layer has none.
    """
    if of is None:
        return {"charts": None}
    pictures, items = f"{prefix}/portal/series/{of.collection}", f"{prefix}/ogc/collections/{of.collection}/items"
    return {"charts": {"pictures": pictures, "items": items, "by": of.by}}


def series_picture(portal: Portal, request: Request) -> Response:
    """Answer with the chart of one thing; of a gauge with that of its prediction, or of its first run.

    Parameters
    ----------
    portal : Portal
        The public pages.
    request : Request
        The request; its path names collection and thing, ``lang`` chooses the language.

    Raises
    ------
    NotFound
        If there is no such collection or thing, or it has no levels.
    """
    language = language_of(request)
    publication = portal.publication()
    name, eid = request.path_params["collection"], request.path_params["item"]
    of = charts(publication.collections()).get(name)
    found = listed(publication, of, eid) if of is not None else []
    if of is None or not found:
        raise NotFound(f"there are no levels of {eid!r} in {name!r} to be drawn", code="chart-unknown")
    known = {one.name: one for one in attributes(publication.collection(of.collection).schema, language)}
    drawn = draw(chart(found[0]["properties"], known, portal.words[language]))
    return Asset.of(drawn, "image/svg+xml").answer(
        request, Content_Security_Policy="default-src 'none'; style-src 'unsafe-inline'", Content_Language=language
    )


def chart(properties: Mapping[str, Any], known: Mapping[str, Attribute], words: Words) -> Chart:
    """Return the chart of one feature in one language.

    Parameters
    ----------
    properties : mapping
        Its properties as published.
    known : mapping of str to Attribute
        What its collection says of them.
    words : Words
        Words of the page.
    """
    datum = known["datum"].text(properties["datum"], words)
    start = _local(properties)
    levels = properties["levels"]
    return Chart(
        title=_title(properties, known, words),
        line=Line(levels, words.say("chart_level")),
        base=_tide(properties, words),
        unit=words.say("chart_unit", datum=datum),
        clock=words.say("chart_clock", zone=_zone(properties)) if start else words.say("chart_hours"),
        start=start,
        interval=properties["interval"],
        thresholds=tuple(
            Threshold(properties[name], words.say("chart_alarm", number=number), color)
            for name, number, color in _ALARMS
            if properties.get(name) is not None
        ),
        peak=_peak(properties, words),
        nothing=words.say("chart_dry"),
        write=lambda value, decimals: _decimal(value, decimals, words),
    )


def _tide(properties: Mapping[str, Any], words: Words) -> Line | None:
    """Return the level that the tide alone would make, where that is known and differs."""
    tide, residual = properties.get("tide"), properties.get("residual")
    if not tide or not residual or not any(residual):
        return None
    mean = sum(properties.get(name) or 0.0 for name in ("mean_level", "sea_level_rise", "subsidence"))
    return Line([None if one is None else one + mean for one in tide], words.say("chart_tide"))


def _local(properties: Mapping[str, Any]) -> datetime | None:
    """Return the moment of the first value in the time of the place."""
    if not properties.get("start"):
        return None
    offset = timezone(timedelta(hours=properties.get("utc_offset") or 0))
    return datetime.fromisoformat(properties["start"]).astimezone(offset)


def _zone(properties: Mapping[str, Any]) -> str:
    """Write an offset from UTC as people do: ``UTC+7``."""
    return f"UTC{properties.get('utc_offset') or 0:+g}"


def _peak(properties: Mapping[str, Any], words: Words) -> str:
    """Write the largest level and when it is."""
    value = properties.get("peak_level")
    if value is None:
        return ""
    level = f"{_decimal(value, 2, words)} m"
    start = _local(properties)
    if start is None or not properties.get("peak_time"):
        return level
    moment = datetime.fromisoformat(properties["peak_time"]).astimezone(start.tzinfo)
    return f"{level}, {moment:%H:%M %d/%m}"


def _title(properties: Mapping[str, Any], known: Mapping[str, Attribute], words: Words) -> str:
    """Say in a sentence what the chart shows."""
    name = properties.get("name") if words.language == "vi" else properties.get("name_en") or properties.get("name")
    peak = _peak(properties, words)
    alarm = known["alarm"].text(properties.get("alarm"), words) if "alarm" in known else ""
    said = words.say("chart_peak", peak=peak) if peak else words.say("chart_dry")
    return ". ".join(one for one in (str(name or words.say("chart_level")), said, alarm) if one)


def _decimal(value: float, decimals: int, words: Words) -> str:
    """Write a number with a fixed count of decimals as the language does."""
    text = f"{value:z.{decimals}f}".replace("-", "−")
    return text.replace(".", ",") if words.language == "vi" else text
