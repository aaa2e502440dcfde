"""Deliveries whose coordinate system nobody declared, drawn from a seed, and what the detector makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import affinity

from pipelines import city
from sdi import crs as systems
from sdi.crs import StorageCRS
from sdi.detection import Candidate, Detection, Reference, Verdict, detect
from sdi.detection.areas import Areas
from sdi.detection.candidate import read_as
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
FEET = "EPSG:5897 in feet"
UNLISTED = (
    *("EPSG:32648", "EPSG:4756", "EPSG:9208", "EPSG:5898", "EPSG:9207", "EPSG:9211", "EPSG:5896", "EPSG:3406"),
    *("EPSG:3148", "EPSG:3176", "EPSG:24048", "EPSG:4240", "EPSG:4131", "EPSG:4147", "EPSG:32448", "EPSG:3857", FEET),
)
"""Systems that are or were in use and are no candidates: EPSG:4147 lies 63 m beside one, the others 206 m and more."""
OFFSETS = (5.0, 10.0, 20.0, 50.0, 100.0, 190.0)
"""How far a drawing may lie beside the grid that it was meant to be drawn in [m]."""
TURN = 0.1
"""By how much one may be turned about its own corner [degree]."""
CANDIDATES = Detection.read(
    {"candidates": [{"crs": one.crs, "datum": one.datum} for one in LISTED.values()]}
).candidates
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "crs.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
EACH = 1_250
"""Deliveries of each kind of evidence in the tables of the guide."""
EACH_SILENT = 210
"""Of each kind with lines that say nothing: 11,670 in all."""
SEED = 92
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
    places: np.ndarray
    """Where the things are, in the storage CRS."""

    def verdict(self) -> Verdict:
        return detect(self.geometries, self.names, CANDIDATES, self.reference, STORAGE)

    def is_right(self, verdict: Verdict) -> bool:
        """Whether things are read where they are: in their own system, or in another as nearly as the verdict says."""
        accepted, spot = verdict.accepted, verdict.standings[0].spot
        if accepted is None or spot is None or self.candidate is not None:
            return accepted == self.candidate
        read = read_as(shapely.get_coordinates(self.geometries), accepted, STORAGE)
        return bool(np.median(np.hypot(*(read - shapely.get_coordinates(self.places)).T)) < spot.accuracy)


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
    hulls = shapely.convex_hull(wards)
    order = np.argsort(shapely.distance(hulls, hulls[rng.integers(len(wards))]), kind="stable")
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
    tree, spots = shapely.STRtree(made.wards.geometry.to_numpy()), shapely.centroid(places)
    nearest = np.full(len(places), -1)
    inside, ward = tree.query(spots, predicate="intersects")
    nearest[inside] = ward
    nearest[nearest < 0] = tree.nearest(spots[nearest < 0])
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


def _telling(made: World, rng: np.random.Generator) -> Drawn:
    kinds = [one for one in TELLING if one in made.following or one not in FOLLOWING]
    return EVIDENCE[rng.choice(kinds)](made, rng)


def _elsewhere(made: World, rng: np.random.Generator) -> Drawn:
    places = of_wards(made, size(rng, *made.inventory), rng)
    streets = made.things["street"]
    farthest = np.argsort(shapely.distance(shapely.centroid(streets), shapely.centroid(places[0])))[-5:]
    return places, called(made, places, rng), Reference(made.areas, {"street": Nearness.of(streets[farthest])})


def _astray(made: World, rng: np.random.Generator) -> Drawn:
    places = of_wards(made, size(rng, *made.inventory), rng)
    return places, called(made, places, rng), Reference(made.areas, {"street": made.lines["street"]})


EVIDENCE = {
    "ward": _ward,
    "street": _along("street"),
    "parcel": _along("parcel"),
    "everything": _everything,
    "few": _few,
    "cluster": _cluster,
    "nothing": _nothing,
    "unlisted": _telling,
    "beside": _telling,
    "elsewhere": _elsewhere,
    "astray": _astray,
}
TELLING = ("ward", "street", "parcel", "everything")
"""Evidence with which the CRS can be told."""
SILENT = ("elsewhere", "astray")
"""Evidence with lines that say nothing of the things; they are drawn beside the grid."""
EVIDENCE_SAID = {
    "ward": "the ward of 100 to 1,000 things all over one to three wards",
    "street": "100 to 1,000 things along known streets",
    "parcel": "100 to 1,000 parcels or buildings on known parcels",
    "everything": "wards named, streets and parcels known",
    "few": "5 to 29 things along known streets",
    "cluster": "the ward of 100 things in the middle of it",
    "nothing": "things scattered at random, no ward named",
    "unlisted": "as in the first four lines, but the CRS is no candidate",
    "beside": "as in the first four lines, but drawn 5 to 190 m beside the grid",
    "elsewhere": "wards as in the first line, five streets known far off, drawn beside the grid",
    "astray": "wards as in the first line, streets known that things do not follow, drawn beside the grid",
}


def draw(made: World, evidence: str, number: int, seed: int = SEED) -> Case:
    """Draw one delivery."""
    rng = np.random.default_rng([seed, list(EVIDENCE).index(evidence), number])
    places, names, reference = EVIDENCE[evidence](made, rng)
    if evidence == "unlisted":
        truth = UNLISTED[number % len(UNLISTED)]
        places = surveyed(places, rng)
        return Case(truth, None, foreign(places, truth), names, reference, places)
    truth = ERRORS[number % len(ERRORS)]
    candidate = LISTED.get(truth) or replace(list(LISTED.values())[rng.integers(len(LISTED))], swapped=True)
    places = surveyed(places, rng)
    if evidence == "beside" or evidence in SILENT:
        drawn, truth = beside(places, number, rng)
        return Case(
            truth, None, written(drawn, candidate.definition, swapped=candidate.swapped), names, reference, places
        )
    raw = written(places, candidate.definition, swapped=candidate.swapped)
    return Case(truth, candidate, raw, names, reference, places)


def foreign(places: np.ndarray, system: str) -> np.ndarray:
    """Write places in a system that is no candidate."""
    if system == FEET:
        return shapely.set_coordinates(places.copy(), np.round(shapely.get_coordinates(places) / 0.3048, 2))
    return written(places, system)


def beside(places: np.ndarray, number: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Draw places beside where they are, or turned; say how."""
    how = number % (len(OFFSETS) + 1)
    if how == len(OFFSETS):
        corner = tuple(shapely.total_bounds(places)[:2])
        return np.array([affinity.rotate(one, TURN, corner) for one in places], dtype=object), f"turned by {TURN}°"
    bearing = rng.uniform(0, 2 * np.pi)
    moved = shapely.get_coordinates(places) + OFFSETS[how] * np.array([np.cos(bearing), np.sin(bearing)])
    return shapely.set_coordinates(places.copy(), moved), f"{OFFSETS[how]:.0f} m beside"


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
"""Evidence, truth, verdict, and whether the verdict is the truth, to the last axis or as nearly as it says."""


def outcomes(made: World, evidence: Sequence[str], each: int, seed: int = SEED) -> list[Outcome]:
    """Judge deliveries of every kind of evidence."""
    found = []
    for kind in evidence:
        for number in range(each):
            case = draw(made, kind, number, seed)
            verdict = case.verdict()
            found.append((kind, case.truth, label(verdict.accepted), case.is_right(verdict)))
    return found


def of_the_guide(made: World) -> list[Outcome]:
    """Judge all deliveries of the tables."""
    heard = [kind for kind in EVIDENCE if kind not in SILENT]
    return outcomes(made, heard, EACH) + outcomes(made, SILENT, EACH_SILENT)


def accepted_wrongly(found: Sequence[Outcome]) -> list[Outcome]:
    """Those accepted in another CRS than their own, and not where they are as nearly as the verdict says."""
    return [one for one in found if one[2] != REFUSED and not one[3]]


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
        wrong = len(accepted_wrongly(mine))
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
    made = tables(of_the_guide(synthetic()))
    GUIDE.write_text(f"{page.split(BEGIN)[0]}{BEGIN}\n\n{made}\n{END}{page.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
