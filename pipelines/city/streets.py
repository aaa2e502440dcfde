"""Streets: lines cut at their junctions, pruned to one connected network, and named."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipelines.city.frame import CRS, BoolArray, Geometries, IntArray
from pipelines.city.graph import Network
from pipelines.city.names import MAIN_STREETS, STREETS, latin
from pipelines.city.skeleton import CARRIAGEWAY, CLASSES, OVERSHOOT, RIGHT_OF_WAY, Lines
from pipelines.city.water import Waters

STUB = 70.0
"""Dead ends shorter than this are taken away [m]."""
WELD = 1.0
"""Junctions nearer to each other than this are one [m]."""


@dataclass(frozen=True, slots=True)
class Streets:
    """The street network and the register made of it."""

    network: Network
    """Pieces of street between junctions."""
    street: IntArray
    """Street of each edge, a row of `table`."""
    rank: IntArray
    """Rank of the class of each edge, 0 the most important; see `skeleton.CLASSES`."""
    bridge: BoolArray
    """Whether the edge crosses water."""
    roads: Geometries
    """Strip between the red lines of each edge [EPSG:5897]."""
    table: gpd.GeoDataFrame
    """One row per street, as the street register wants it."""


def build(lines: Lines, waters: Waters, limit: shapely.Polygon) -> Streets:
    """Join lines into a street network.

    Parameters
    ----------
    lines : Lines
        Lines of all streets, crossing each other freely.
    waters : Waters
        Waters; an edge across them is a bridge.
    limit : Polygon [EPSG:5897]
        The city; streets may end at it.

    Returns
    -------
    Streets
        One connected network; what does not connect is left out.
    """
    edges, source = _noded(lines)
    keep = _pruned(Network.of(edges), limit)
    edges, source = edges[keep], source[keep]
    network = Network.of(edges)
    group, first = _grouped(lines, source)
    class_ = lines.street_class[source]
    rank = np.array([CLASSES.index(name) for name in class_])
    bridge = np.asarray(shapely.intersects(edges, waters.body))
    names = _names(lines, first, network, group)
    half = np.array([RIGHT_OF_WAY[name] / 2 for name in class_])
    roads = shapely.buffer(edges, half, cap_style="square", join_style="mitre", mitre_limit=2.0)
    table = _table(lines, first, network, group, bridge, names)
    return Streets(network, group, rank, bridge, roads, table)


def _noded(lines: Lines) -> tuple[Geometries, IntArray]:
    """Cut lines at every crossing; return the pieces and the line each lies on, the most important where several do."""
    merged = shapely.union_all(lines.geometry, grid_size=0.01)
    edges = _welded(shapely.get_parts(merged))
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, line = shapely.STRtree(lines.geometry).query(middle, predicate="dwithin", distance=0.1)
    rank = np.array([CLASSES.index(name) for name in lines.street_class])
    order = np.lexsort((line, rank[line], edge))
    edge, line = edge[order], line[order]
    found, place = np.unique(edge, return_index=True)
    edges, source = edges[found], line[place]
    ends = shapely.get_coordinates(middle[found])
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    return edges[order], source[order]


def _welded(edges: Geometries) -> Geometries:
    """Let edges end in one point where tiny edges, left by the rounding of crossings, would join them."""
    network = Network.of(edges)
    tiny = network.length < WELD
    label = network.edges(tiny).components()
    edges, start, end = edges[~tiny], label[network.start[~tiny]], label[network.end[~tiny]]
    vertices, owner = shapely.get_coordinates(edges, return_index=True)
    first = np.searchsorted(owner, np.arange(len(edges)))
    last = np.searchsorted(owner, np.arange(len(edges)), side="right") - 1
    vertices[first], vertices[last] = network.points[start], network.points[end]
    return np.asarray(shapely.linestrings(vertices, indices=owner))


def _pruned(network: Network, limit: shapely.Polygon) -> BoolArray:
    """Tell which edges stay: no short dead ends, and the largest connected part only."""
    keep = np.ones(len(network.lines), dtype=bool)
    at_limit = shapely.dwithin(shapely.points(network.points), limit.boundary, 2 * OVERSHOOT)
    for _ in range(6):
        degree = np.bincount(np.concatenate([network.start[keep], network.end[keep]]), minlength=len(network.points))
        loose = (degree == 1) & ~at_limit
        stub = keep & (loose[network.start] | loose[network.end]) & (network.length < STUB)
        if not stub.any():
            break
        keep &= ~stub
    inside = np.flatnonzero(keep)
    keep[inside] = network.edges(keep).largest()
    return keep


def _grouped(lines: Lines, source: IntArray) -> tuple[IntArray, IntArray]:
    """Find the streets, lines of one name and class being one: street of each edge, first line of each street."""
    key = [
        f"{name}|{class_}" if name else f"#{index}"
        for index, (name, class_) in enumerate(zip(lines.name, lines.street_class, strict=True))
    ]
    number: dict[str, int] = {}
    for index in np.unique(source).tolist():
        number.setdefault(key[index], len(number))
    first: dict[int, int] = {}
    for index in np.unique(source).tolist():
        first.setdefault(number[key[index]], index)
    group = np.array([number[key[index]] for index in source.tolist()], dtype=np.int64)
    return group, np.array([first[i] for i in range(len(number))], dtype=np.int64)


def _names(lines: Lines, first: IntArray, network: Network, group: IntArray) -> list[str]:
    """Name every street; an alley is numbered along the street, or the alley, that it leaves."""
    names = [str(lines.name[index]) for index in first]
    fresh = iter(name for name in STREETS if name not in set(names))
    for street, index in enumerate(first):
        if not names[street] and lines.street_class[index] != "alley":
            names[street] = next(fresh)
    touching = _touching(network, group, len(first))
    count: dict[str, int] = defaultdict(int)
    waiting = [street for street, name in enumerate(names) if not name]
    while waiting:
        named = [(street, min((o for o in touching[street] if names[o]), default=-1)) for street in waiting]
        found = [(street, parent) for street, parent in named if parent >= 0]
        for street, parent in found or [(waiting[0], -1)]:
            names[street] = _alley(names, parent, count)
        waiting = [street for street in waiting if not names[street]]
    return names


def _alley(names: list[str], parent: int, count: dict[str, int]) -> str:
    """Name of the next alley off a street: *Hẻm 7 Sen*; off an alley: *Hẻm 7/2 Sen*."""
    name = names[parent] if parent >= 0 else MAIN_STREETS[0]
    count[name] += 1
    if not name.startswith("Hẻm "):
        return f"Hẻm {count[name]} {name}"
    _, number, street = name.split(" ", 2)
    return f"Hẻm {number}/{count[name]} {street}"


def _touching(network: Network, group: IntArray, count: int) -> list[list[int]]:
    """Streets that share a junction with each street."""
    node = np.concatenate([network.start, network.end])
    street = np.concatenate([group, group])
    members: dict[int, set[int]] = defaultdict(set)
    for n, s in zip(node.tolist(), street.tolist(), strict=True):
        members[n].add(s)
    touching: list[set[int]] = [set() for _ in range(count)]
    for streets in members.values():
        for one in streets:
            touching[one] |= streets
    return [sorted(others - {one}) for one, others in enumerate(touching)]


def _table(
    lines: Lines, first: IntArray, network: Network, group: IntArray, bridge: BoolArray, names: list[str]
) -> gpd.GeoDataFrame:
    """Rows of the street register, without elevation."""
    class_ = lines.street_class[first]
    order = np.argsort(group, kind="stable")
    shape = shapely.line_merge(shapely.multilinestrings(network.lines[order], indices=group[order]))
    width = [CARRIAGEWAY[name] for name in class_]
    small = class_ == "alley"
    return gpd.GeoDataFrame(
        {
            "identifier:synthetic-street": [f"MP-D{i + 1:04d}" for i in range(len(first))],
            "name:vi": names,
            "name:en": [_english(name) for name in names],
            "street_class": class_,
            "carriageway_width": width,
            "right_of_way_width": [RIGHT_OF_WAY[name] for name in class_],
            "lanes": pd.array([max(1, round(value / 3.4)) for value in width], dtype="Int64"),
            "surface": np.where(small, "concrete", "asphalt"),
            "one_way": np.zeros(len(first), dtype=bool),
            "bridge": np.bincount(group, weights=bridge, minlength=len(first)) > 0,
            "maintained_by": np.where(small, "Ban quản lý phường (mô phỏng)", "Ban quản lý hạ tầng (mô phỏng)"),
        },
        geometry=shape,
        crs=CRS,
    )


def _english(name: str) -> str:
    plain = latin(name)
    if plain.startswith("Hem "):
        _, number, street = plain.split(" ", 2)
        return f"Alley {number}, {street} Street"
    for prefix, suffix, ending in (
        ("Bo ", " noi dai", "Bank Extension"),
        ("Bo ", "", "Bank"),
        ("Ben ", "", "Quay"),
        ("Loi ", "", "Path"),
    ):
        if plain.startswith(prefix) and plain.endswith(suffix):
            return f"{plain.removeprefix(prefix).removesuffix(suffix)} {ending}"
    return f"{plain} Street"
