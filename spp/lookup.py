"""What applies here: parcel, zones with their decisions, wards, depths, risk and networks at a place.

Everything is computed from the published geometry when it is asked for, in the storage CRS of the city: a parcel does
not carry its zone as an attribute, and an overlay is never folded into a zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from sdi.crs import StorageCRS
from sdi.declaration import Label
from sdi.late import late
from sdi.publishing.publication import Publication
from sdi.store.description import RasterDescription
from spp.answer import Answer, Candidate, Coverage, Decision, Fact, Ground, Near, Reference, Risk, Ward, Water, Zone
from spp.city import BUILDING, PARCEL, RISK, UNIT, ZONE, City, Thing, coded, title_of
from spp.place import Place, Point
from spp.resolve import Resolved, resolve, ward_of
from spp.run import runs
from spp.threshold import is_sliver

REACH = 50.0
"""Distance up to which networks are looked for [m]."""
LIMITS = ("max_storeys", "max_height", "floor_area_ratio", "building_coverage", "setback", "ground_level")
"""Properties of a zone that say what may be built."""
RISKS = (
    "expected_annual_damage", "risk_class", "maximum_damage", "currency", "rule", "curve", "return_periods", "damages",
    "fit_for_decisions",
)  # fmt: skip
"""Properties of a row of a risk assessment that an answer carries."""
_UNSAID = frozenset({"geometry", "name", "name_en"})
_water = late("spp.water:water")
"""What reads a raster is not imported where nobody asks how deep the water gets."""


def lookup(
    publication: Publication,
    rasters: Path,
    place: Place,
    *,
    crs: StorageCRS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Answer:
    """Say what applies at a place.

    Parameters
    ----------
    publication : Publication
        What the audience may see; nothing else is asked.
    rasters : Path
        Folder of the published rasters.
    place : Point, Parcel or Address
        What is asked for.
    crs : StorageCRS
        CRS of the workspace, in which areas and distances are measured.
    clock : callable, optional
        Tells the time.

    Returns
    -------
    Answer
        Candidates and nothing else where several parcels may be meant.

    Raises
    ------
    NotFound
        If the place lies outside the city, or nothing answers to its name.
    """
    with publication.reading():
        city = City.of(publication, crs)
        found = resolve(city, place)
        return _answer(city, rasters, place, found, clock())


def _answer(city: City, rasters: Path, place: Place, found: Resolved, moment: datetime) -> Answer:
    """Put the answer together."""
    ground = found.ground
    zones, slivers = _parts(city, ZONE, ground) if ground is not None else ([], [])
    wards, _ = _parts(city, UNIT, ground) if ground is not None else ([], [])
    descriptions = runs(rasters) if ground is not None else ()
    depths = tuple(_water(rasters, run, ground, city.crs, _datums(city)) for run in descriptions)
    units = [one for one in wards if one[0].properties.get("level", "commune") == "commune"]
    risks = _risks(city, ground, found.parcel, [one for one, _ in units]) if ground is not None else ()
    near = tuple(_nearest(city, ground)) if ground is not None else ()
    return Answer(
        asked=f"{place.x:g}, {place.y:g}" if isinstance(place, Point) else place.text,
        understood=found.understood,
        candidates=tuple(_candidate(city, one) for one in found.candidates), matched=found.matched,
        ground=_ground(city, found) if ground is not None else None,
        zones=tuple(_zone(city, one, area, ground) for one, area in zones),
        coverages=tuple(_coverages(city, zones, ground)),
        slivers=len(slivers), sliver_area=float(sum(slivers)),
        wards=tuple(Ward(reference(city, one), *_share(area, ground)) for one, area in units),
        water=depths, risks=risks, networks=near, reach=REACH,
        notices=_notices(city, descriptions, depths, risks, near),
        transaction=city.publication.sequence,
        answered=moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )  # fmt: skip


def reference(city: City, thing: Thing) -> Reference:
    """Name a thing so that it can be found again.

    Parameters
    ----------
    city : City
        What is published.
    thing : Thing
        The thing.
    """
    return Reference(thing.kind, thing.eid, city.code_of(thing), thing.name)


def facts(schema: Mapping[str, Any], properties: Mapping[str, Any], names: Iterable[str]) -> tuple[Fact, ...]:
    """Take some properties of a thing with their titles; those without a value are left out.

    Parameters
    ----------
    schema : mapping
        Schema of its collection.
    properties : mapping
        Of the thing.
    names : iterable of str
        Properties wanted.
    """
    known = schema["properties"]
    return tuple(
        Fact(name, title_of(known[name]), properties[name], _unit(known[name]), coded(known[name], properties[name]))
        for name in names
        if name in known and properties.get(name) is not None
    )


def _unit(schema: Mapping[str, Any]) -> str | None:
    """Return the unit of a property."""
    unit = schema.get("x-ogc-unit", schema.get("x-unit"))
    return None if unit in (None, "1") else str(unit)


def _parts(city: City, kind: str, ground: Any) -> tuple[list[tuple[Thing, float]], list[float]]:
    """Things of a kind with the area of the ground in each [m2], the largest first; and the areas of the slivers."""
    found = city.meets(kind, ground)
    if ground.area == 0:
        return [(one, 0.0) for one in found], []
    areas = shapely.area(shapely.intersection(np.array([one.geometry for one in found], dtype=object), ground))
    small = is_sliver(areas, ground.area)
    kept = [(one, float(area)) for one, area, no in zip(found, areas, small, strict=True) if not no]
    return sorted(kept, key=lambda pair: -round(pair[1], 2)), [float(area) for area in areas[small] if area > 0]


def _share(area: float, ground: Any) -> tuple[float | None, float | None]:
    """Area [m2] and share [1] of a part; nothing for a spot."""
    return (area, min(area / ground.area, 1.0)) if ground.area else (None, None)


def _ground(city: City, found: Resolved) -> Ground:
    """Describe the place that is answered for."""
    degrees = city.crs.to_crs84(np.array([found.point]))[0]
    parcel = found.parcel
    schema = city.collections[PARCEL].schema if parcel else {"properties": {}}
    names = [name for name in schema["properties"] if name not in _UNSAID]
    return Ground(
        degrees.x, degrees.y, found.point.x, found.point.y, city.crs.code, found.ground.area or None,
        reference(city, parcel) if parcel else None, facts(schema, parcel.properties, names) if parcel else (),
    )  # fmt: skip


def _candidate(city: City, parcel: Thing) -> Candidate:
    """Describe a parcel that may be meant."""
    said = {name: str(parcel.properties.get(name) or "") for name in ("address", "map_sheet", "parcel_number")}
    placed = parcel.geometry is not None
    return Candidate(
        reference(city, parcel), said["address"], said["map_sheet"], said["parcel_number"],
        parcel.geometry.area if placed else 0.0, ward_of(city, parcel.geometry) if placed else None,
    )  # fmt: skip


def _zone(city: City, zone: Thing, area: float, ground: Any) -> Zone:
    """Describe a zone."""
    schema = city.collections[ZONE].schema
    said = zone.properties
    known = schema["properties"]
    decision = Decision(
        said.get("decision"), said.get("decision_date"), coded(known.get("plan_level", {}), said.get("plan_level")),
        # No register holds the texts of decisions yet, so nobody can have compared.
        verified=False,
    )  # fmt: skip
    return Zone(
        reference(city, zone), coded(known.get("land_use", {}), said.get("land_use")), said.get("land_use"),
        said.get("zone_class"), *_share(area, ground), decision, facts(schema, said, LIMITS),
    )  # fmt: skip


def _coverages(city: City, zones: Sequence[tuple[Thing, float]], ground: Any) -> Iterable[Coverage]:
    """Tell how completely the zones of each plan level cover the ground."""
    if ground is None or ground.area == 0:
        return
    levels = dict.fromkeys(one.properties.get("plan_level") for one, _ in zones)
    for level in levels:
        of_level = [(one, area) for one, area in zones if one.properties.get("plan_level") == level]
        union = shapely.union_all([one.geometry for one, _ in of_level])
        covered = shapely.area(shapely.intersection(union, ground)) / ground.area
        doubled = sum(area for _, area in of_level) / ground.area - covered
        title = coded(city.collections[ZONE].schema["properties"].get("plan_level", {}), level)
        yield Coverage(title, min(float(covered), 1.0), max(float(doubled), 0.0))


def _datums(city: City) -> dict[str, Label]:
    """Titles of vertical datums, from whatever register names datums by code."""
    schemas = [one.schema["properties"].get("datum", {}) for one in city.collections.values()]
    return {str(one["const"]): title_of(one) for schema in schemas for one in schema.get("oneOf", ()) if "const" in one}


def _risks(city: City, ground: Any, parcel: Thing | None, wards: Sequence[Thing]) -> tuple[Risk, ...]:
    """Collect what the risk assessment says of the parcel, the buildings on it and its wards."""
    if RISK not in city.collections:
        return ()
    buildings = city.meets(BUILDING, ground)
    if ground.area:
        parts = shapely.intersection(np.array([one.geometry for one in buildings], dtype=object), ground)
        buildings = [
            one for one, no in zip(buildings, is_sliver(shapely.area(parts), ground.area), strict=True) if not no
        ]
    about = {one.eid: one for one in (*([parcel] if parcel else []), *buildings, *wards)}
    collection = city.collections[RISK]
    rows = {row.properties["entity"]: row for row in city.about(RISK, about, ground)}
    return tuple(
        Risk(reference(city, rows[eid]), reference(city, entity), facts(collection.schema, rows[eid].properties, RISKS))
        for eid, entity in about.items()
        if eid in rows
    )


def _nearest(city: City, ground: Any) -> Iterable[Near]:
    """Yield the nearest element of each network within reach, the nearest network first."""
    found = []
    for network in city.networks:
        around = city.meets(network.kind, ground, REACH)
        if around:
            distances = shapely.distance(np.array([one.geometry for one in around], dtype=object), ground)
            place = int(np.argmin(distances))
            thing = around[place]
            what = coded(network.schema["properties"].get("element", {}), thing.properties.get("element"))
            found.append(Near(network.title, reference(city, thing), what, float(distances[place])))
    yield from sorted(found, key=lambda one: one.distance)


def _notices(
    city: City,
    descriptions: Sequence[RasterDescription],
    depths: Sequence[Water],
    risks: Sequence[Risk],
    near: Sequence[Near],
) -> tuple[Label, ...]:
    """Everything that must be said of the data that were used, each once."""
    used = [PARCEL, ZONE, UNIT, *(one.element.kind for one in near), *([RISK] if risks else [])]
    said = [city.collections[kind].notice for kind in used if kind in city.collections]
    modelled = {one.coverage for one in depths if one.modelled > 0}
    said += [one.notice for one in descriptions if one.name in modelled]
    return tuple(dict.fromkeys(one for one in said if one is not None))
