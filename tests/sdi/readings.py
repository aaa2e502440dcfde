"""Deliveries whose coordinate system nobody declared, drawn from a seed, and what the detector makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from pipelines import city
from sdi import crs as systems
from sdi.crs import StorageCRS
from sdi.detection import Candidate, Detection, Reference, Verdict, detect
from sdi.detection.areas import Areas
from sdi.detection.nearness import Nearness
from sdi.text import fold

STORAGE = StorageCRS("EPSG:5897", "VN-2000 to WGS 84 (2)")
LISTED = {
    "EPSG:5897": Candidate("EPSG:5897"),
    "EPSG:9209": Candidate("EPSG:9209"),
    "EPSG:3405": Candidate("EPSG:3405"),
    "EPSG:9210": Candidate("EPSG:9210"),
    "EPSG:4326": Candidate("EPSG:4326"),
    "datum ignored": Candidate("EPSG:5897", datum="EPSG:4326"),
}
SWAPPED = "axes exchanged"
REFUSED = "refused"
ERRORS = (*LISTED, SWAPPED)
"""The seven ways in which a delivery may have been written."""
UNLISTED = ("EPSG:32648", "EPSG:4756", "EPSG:9208", "EPSG:5898")
"""Systems that are in use and no candidates; the first two lie 225 m beside one that is."""
CANDIDATES = Detection.read(
    {"candidates": [{"crs": one.crs, "datum": one.datum} for one in LISTED.values()]}
).candidates
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "crs.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
EACH = 1_250
"""Deliveries of each kind of evidence in the tables of the guide: 10,000 in all."""
FOLLOWING = {"street": ("street", "street_light", "tree"), "parcel": ("parcel", "building")}
"""What lies along streets, and what along parcels."""


Drawn = tuple[np.ndarray, Sequence[object], Reference]
"""Places in the storage CRS, what each says of its ward, and what the city knows."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is there, and what of it the city knows."""

    things: dict[str, np.ndarray]
    """By kind, in the storage CRS."""
    wards: gpd.GeoDataFrame
    """Names in ``name``, codes in ``code``, storage CRS."""
    areas: Areas
    lines: dict[str, Nearness]
    following: dict[str, tuple[str, ...]]
    """By register of lines, the kinds that lie along them."""
    inventory: tuple[int, int]
    """Fewest and most things of a delivery that covers whole wards."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One delivery."""

    truth: str
    """One of `ERRORS`, or a system that is no candidate."""
    candidate: Candidate | None
    geometries: np.ndarray
    names: Sequence[object]
    reference: Reference

    def verdict(self) -> Verdict:
        return detect(self.geometries, self.names, CANDIDATES, self.reference, STORAGE)


def world(
    things: dict[str, np.ndarray],
    wards: gpd.GeoDataFrame,
    following: dict[str, tuple[str, ...]],
    inventory: tuple[int, int],
) -> World:
    """Let the city know its wards, and of what is there the registers in `following`."""
    named = [pair for column in ("name", "code") for pair in zip(wards[column], wards.geometry, strict=True)]
    lines = {name: Nearness.of(things[name]) for name in following}
    return World(things, wards, Areas.of(named, ["Phường", "Xã"]), lines, following, inventory)


def written(geometries: np.ndarray, crs: str, *, swapped: bool = False) -> np.ndarray:
    """Write places of the storage CRS as a delivery in another system holds them."""
    moved = systems.transformed(shapely.get_coordinates(geometries), STORAGE.code, crs, STORAGE.operation)
    digits = 7 if systems.known(crs).is_geographic else 2
    moved = np.round(moved[:, ::-1] if swapped else moved, digits)
    return shapely.set_coordinates(geometries.copy(), moved)


def surveyed(places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move each thing by the error of its survey: 0.1 to 3 m."""
    xy, thing = shapely.get_coordinates(places, return_index=True)
    error = rng.normal(0, rng.choice([0.1, 1.0, 3.0]), (len(places), 2))
    return shapely.set_coordinates(places.copy(), xy + error[thing])


def size(rng: np.random.Generator, least: int = 100, most: int = 1_000) -> int:
    return int(np.exp(rng.uniform(np.log(least), np.log(most))))


def around(places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Choose things of one neighbourhood, one in two of them."""
    xy = shapely.get_coordinates(shapely.centroid(places))
    near = np.argsort(np.hypot(*(xy - xy[rng.integers(len(xy))]).T))[: 2 * count]
    return places[rng.permutation(near)[:count]]


def of_wards(made: World, count: int, rng: np.random.Generator) -> np.ndarray:
    """Choose places all over one to three neighbouring wards."""
    wards = made.wards.geometry.to_numpy()
    order = np.argsort(shapely.distance(wards, wards[rng.integers(len(wards))]), kind="stable")
    return scattered(shapely.union_all(wards[order[: rng.integers(1, 4)]]), count, rng)


def scattered(area: shapely.Geometry, count: int, rng: np.random.Generator) -> np.ndarray:
    """Scatter points over an area."""
    shapely.prepare(area)
    found = np.empty(0, dtype=object)
    while len(found) < count:
        xy = rng.uniform(area.bounds[:2], area.bounds[2:], (4 * count, 2))
        found = np.concatenate([found, shapely.points(xy[shapely.contains_xy(area, *xy.T)])])
    return found[:count]


def called(made: World, places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Name the ward of each place in one of the usual ways; one name in a hundred is wrong."""
    nearest = shapely.STRtree(made.wards.geometry.to_numpy()).nearest(shapely.centroid(places))
    wrong = rng.random(len(places)) < 0.01
    nearest[wrong] = rng.integers(len(made.wards), size=wrong.sum())
    names, codes = made.wards["name"].to_numpy(), made.wards["code"].to_numpy()
    bare = np.array([one.removeprefix("Phường ").removeprefix("Xã ") for one in names], dtype=object)
    spelled = [names, bare, "P. " + bare, np.array([fold(one).upper() for one in bare], dtype=object), codes]
    return spelled[rng.integers(len(spelled))][nearest]


def _ward(made: World, rng: np.random.Generator) -> Drawn:
    places = of_wards(made, size(rng, *made.inventory), rng)
    return places, called(made, places, rng), Reference(made.areas)


def _cluster(made: World, rng: np.random.Generator) -> Drawn:
    ward = made.wards.geometry.to_numpy()[rng.integers(len(made.wards))]
    places = scattered(shapely.get_point(shapely.maximum_inscribed_circle(ward), 0).buffer(60), 100, rng)
    return places, called(made, places, rng), Reference(made.areas)


def _along(register: str) -> Callable[[World, np.random.Generator], Drawn]:
    def drawn(made: World, rng: np.random.Generator) -> Drawn:
        kind = rng.choice(made.following[register])
        places = around(made.things[kind], size(rng), rng)
        return places, (), Reference(lines={register: made.lines[register]})

    return drawn


def _everything(made: World, rng: np.random.Generator) -> Drawn:
    kind = rng.choice(sorted({kind for kinds in made.following.values() for kind in kinds}))
    places = around(made.things[kind], size(rng), rng)
    return places, called(made, places, rng), Reference(made.areas, made.lines)


def _nothing(made: World, rng: np.random.Generator) -> Drawn:
    area = shapely.box(*shapely.total_bounds(around(next(iter(made.things.values())), size(rng), rng)))
    return scattered(area, size(rng), rng), (), Reference(made.areas, made.lines)


def _few(made: World, rng: np.random.Generator) -> Drawn:
    places, _, reference = _along("street")(made, rng)
    return places[: rng.integers(5, 30)], (), reference


def _unlisted(made: World, rng: np.random.Generator) -> Drawn:
    places, _, reference = _everything(made, rng)
    return places, (), reference


EVIDENCE = {
    "ward": _ward,
    "street": _along("street"),
    "parcel": _along("parcel"),
    "everything": _everything,
    "few": _few,
    "cluster": _cluster,
    "nothing": _nothing,
    "unlisted": _unlisted,
}
TELLING = ("ward", "street", "parcel", "everything")
"""Evidence with which the CRS can be told."""
EVIDENCE_SAID = {
    "ward": "the ward of 100 to 1,000 things all over one to three wards",
    "street": "100 to 1,000 things along known streets",
    "parcel": "100 to 1,000 parcels or buildings on known parcels",
    "everything": "wards named, streets and parcels known",
    "few": "5 to 29 things along known streets",
    "cluster": "the ward of 100 things in the middle of it",
    "nothing": "things scattered at random, no ward named",
    "unlisted": "streets and parcels known, but the CRS is no candidate",
}


def draw(made: World, evidence: str, seed: int) -> Case:
    """Draw one delivery."""
    rng = np.random.default_rng([92, list(EVIDENCE).index(evidence), seed])
    places, names, reference = EVIDENCE[evidence](made, rng)
    if evidence == "unlisted":
        truth = str(rng.choice(UNLISTED))
        return Case(truth, None, written(surveyed(places, rng), truth), names, reference)
    truth = ERRORS[seed % len(ERRORS)]
    candidate = LISTED.get(truth) or replace(list(LISTED.values())[rng.integers(len(LISTED))], swapped=True)
    raw = written(surveyed(places, rng), candidate.definition, swapped=candidate.swapped)
    return Case(truth, candidate, raw, names, reference)


def label(candidate: Candidate | None) -> str:
    """Name a reading as the table of errors does."""
    if candidate is None:
        return REFUSED
    if candidate.swapped:
        return SWAPPED
    return next(name for name, one in LISTED.items() if one == candidate)


def synthetic(scale: float = 0.3) -> World:
    """The synthetic city, which knows its wards, streets and parcels."""
    frames = city.generate(scale=scale).frames
    things = {kind: frames[kind].geometry.to_numpy() for kind in ("street", "parcel", "building", "street_light")}
    trees = frames["tree"]
    things["tree"] = trees.geometry.to_numpy()[trees["place"].isin(["street", "median"]).to_numpy()]
    columns = {"name:vi": "name", "identifier:synthetic-ward": "code"}
    return world(things, frames["administrative_unit"].rename(columns=columns), FOLLOWING, (100, 1_000))


Outcome = tuple[str, str, str, bool]
"""Evidence, truth, verdict, and whether the verdict is the truth to the last axis."""


def outcomes(made: World, evidence: Sequence[str], each: int) -> list[Outcome]:
    """Judge deliveries of every kind of evidence."""
    found = []
    for kind in evidence:
        for seed in range(each):
            case = draw(made, kind, seed)
            accepted = case.verdict().accepted
            found.append((kind, case.truth, label(accepted), accepted == case.candidate))
    return found


def accepted_wrongly(found: Sequence[Outcome], *, listed: bool = True) -> list[Outcome]:
    """Those accepted in a wrong CRS whose own is a candidate; or else those whose own is none."""
    return [one for one in found if one[2] != REFUSED and not one[3] and (one[1] in ERRORS) == listed]


def share(found: Sequence[Outcome], kind: str) -> float:
    """Share of the deliveries with this evidence that were accepted and right."""
    of_kind = [right for evidence, _, verdict, right in found if evidence == kind and verdict != REFUSED]
    return sum(of_kind) / sum(evidence == kind for evidence, *_ in found)


def tables(found: Sequence[Outcome]) -> str:
    """Write what came out as two tables: by evidence, and truth against verdict where there was evidence."""
    lines = ["| what the delivery has to say | deliveries | accepted and right | accepted wrongly | refused |"]
    lines.append("|---|---:|---:|---:|---:|")
    for kind, said in EVIDENCE_SAID.items():
        mine = [one for one in found if one[0] == kind]
        refused = sum(one[2] == REFUSED for one in mine)
        wrong = len(accepted_wrongly(mine, listed=kind != "unlisted"))
        lines.append(f"| {said} | {len(mine):,} | {len(mine) - refused - wrong:,} | {wrong} | {refused:,} |")
    counts = Counter((truth, verdict) for kind, truth, verdict, _ in found if kind in TELLING)
    columns = [*ERRORS, REFUSED]
    lines += ["", f"| truth ↓, verdict → | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    lines += [f"| {truth} | {' | '.join(str(counts[truth, one]) for one in columns)} |" for truth in ERRORS]
    return "\n".join(lines) + "\n"


def table_of(page: str) -> str:
    """The part of the guide that the tables stand in."""
    return page.split(BEGIN, maxsplit=1)[1].split(END, maxsplit=1)[0].strip() + "\n"


def main() -> None:
    """Write the tables of the guide anew: ``python -m tests.sdi.readings``."""
    page = GUIDE.read_text(encoding="utf-8")
    made = tables(outcomes(synthetic(), tuple(EVIDENCE), EACH))
    GUIDE.write_text(f"{page.split(BEGIN)[0]}{BEGIN}\n\n{made}\n{END}{page.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
