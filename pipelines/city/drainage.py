"""Drainage: manholes and pipes that fall along the shortest way to an outfall at river, canal or creek."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipelines.city.blocks import SUBURBAN
from pipelines.city.frame import CRS, BoolArray, FloatArray, Frame, Geometries, IntArray, ragged
from pipelines.city.graph import Network, Tree, cut, shortest
from pipelines.city.skeleton import CLASSES, intensity
from pipelines.city.streets import Streets
from pipelines.city.terrain import Relief
from pipelines.city.water import Waters

SPACING = 55.0
"""Largest distance between manholes [m]."""
REACH = 48.0
"""Manholes no further from the water than this may have an outfall [m]."""
BETWEEN = 190.0
"""Smallest distance between outfalls [m]."""
LONGEST = 1200.0
"""Longest way to an outfall [m]."""
SIZES = ((2, 400.0), (6, 600.0), (14, 800.0), (30, 1000.0), (60, 1200.0), (10**9, 1500.0))
"""Diameter [mm] up to a number of manholes upstream."""
SLOPE = 0.0005
"""Fall of the pipes [1]."""
OUTLET = -0.85
"""Invert of the outfalls [m, synthetic datum]: below mean tide, as old outfalls are."""


@dataclass(frozen=True, slots=True)
class Sewers:
    """Manholes and the tree of pipes that leads from each to its outfall."""

    network: Network
    """Streets cut at the manholes."""
    tree: Tree
    """Ways to the outfalls' manholes."""
    node: IntArray
    """Manholes, the nodes that a way starts from, nearest to their outfall first."""
    upstream: IntArray
    """Manholes that drain through each node (node,), itself included [1]."""
    invert: FloatArray
    """Invert of each node (node,) [m, synthetic datum]."""


def lay(frame: Frame, streets: Streets, waters: Waters, relief: Relief, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Lay the drainage network.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    streets : Streets
        Streets; pipes lie in all but the alleys of the town.
    waters : Waters
        Waters that take the outflow.
    relief : Relief
        Ground level.
    rng : Generator
        Source of years and of the flap valves that are missing.

    Returns
    -------
    GeoDataFrame
        Rows of the drainage network register; every pipe falls and every manhole reaches an outfall.
    """
    town = intensity(frame, *frame.locate(shapely.centroid(streets.network.lines)))
    laid = (streets.rank < CLASSES.index("alley")) & (town >= SUBURBAN) & ~streets.bridge
    network = _with_manholes(streets.network.edges(laid))
    roots = _roots(network, waters)
    tree = shortest(network, roots, limit=LONGEST)
    sewers = _sized(network, tree)
    return _table(sewers, waters, relief, rng)


def _with_manholes(network: Network) -> Network:
    """Cut edges so that no piece is longer than the spacing."""
    pieces = np.ceil(network.length / SPACING).astype(np.int64)
    edge, place = ragged(pieces - 1)
    measure = network.length[edge] * (place + 1) / pieces[edge]
    return cut(network, edge, measure)[0]


def _roots(network: Network, waters: Waters) -> IntArray:
    """Manholes near the water, from west to east, leaving out those near a chosen one."""
    used = np.unique(np.concatenate([network.start, network.end]))
    near = used[shapely.distance(shapely.points(network.points[used]), waters.body) < REACH]
    chosen: list[int] = []
    place = np.empty((0, 2))
    for node in near.tolist():
        here = network.points[node]
        if len(chosen) == 0 or np.hypot(*(place - here).T).min() >= BETWEEN:
            chosen.append(node)
            place = network.points[chosen]
    return np.array(chosen, dtype=np.int64)


def _sized(network: Network, tree: Tree) -> Sewers:
    """Count what drains through each manhole, and let the pipes rise from the outfalls."""
    reached = np.flatnonzero(np.isfinite(tree.distance))
    node = reached[np.lexsort((reached, tree.distance[reached]))]
    upstream = np.zeros(len(network.points), dtype=np.int64)
    upstream[node] = 1
    for one in node[::-1].tolist():
        if tree.parent[one] >= 0:
            upstream[tree.parent[one]] += upstream[one]
    invert = np.full(len(network.points), np.nan)
    invert[node] = np.round(OUTLET + 0.03 + SLOPE * tree.distance[node], 4)
    return Sewers(network, tree, node, upstream, invert)


def _table(sewers: Sewers, waters: Waters, relief: Relief, rng: np.random.Generator) -> gpd.GeoDataFrame:
    network, tree, node = sewers.network, sewers.tree, sewers.node
    roots = node[tree.parent[node] < 0]
    outlet = _outlets(network.points[roots], waters)
    count, outlets = len(node), len(roots)
    code = np.array([f"MP-TN{i + 1:05d}" for i in range(2 * count + outlets)], dtype=object)
    number = np.full(len(network.points), -1, dtype=np.int64)
    number[node] = np.arange(count)
    basin = (
        pd.Series(tree.root[node]).map({root: f"MP-LV{i + 1:03d}" for i, root in enumerate(roots.tolist())}).to_numpy()
    )
    ground = np.round(relief.at(network.points[node]), 3)
    flow = node[tree.parent[node] >= 0]
    manholes = {
        "identifier:synthetic-asset": code[:count], "element": "manhole", "system": "combined",
        "invert_level": sewers.invert[node], "rim_level": np.maximum(ground, sewers.invert[node] + 0.6), "basin": basin,
    }  # fmt: skip
    mouths = {
        "identifier:synthetic-asset": code[count : count + outlets], "element": "outfall", "system": "combined",
        "invert_level": OUTLET, "flap_valve": rng.random(outlets) < 0.55, "basin": basin[number[roots]],
    }  # fmt: skip
    lines = np.concatenate([_downhill(network, tree, flow), _lines(network.points[roots], outlet)])
    start = np.concatenate([number[flow], number[roots]])
    end = np.concatenate([number[tree.parent[flow]], count + np.arange(outlets)])
    level = np.concatenate([sewers.invert[node], np.full(outlets, OUTLET)])
    pipes = _pipes(lines, code, start, end, level, sewers.upstream[node[start]], basin[start], rng)
    pipes["identifier:synthetic-asset"] = code[count + outlets : count + outlets + len(lines)]
    table = pd.concat([pd.DataFrame(manholes), pd.DataFrame(mouths), pd.DataFrame(pipes)], ignore_index=True)
    table["flap_valve"] = table["flap_valve"].astype(object).where(table["flap_valve"].notna(), None)
    shape = np.concatenate([shapely.points(network.points[node]), shapely.points(outlet), lines])
    return gpd.GeoDataFrame(table, geometry=shape, crs=CRS)


def _outlets(points: FloatArray, waters: Waters) -> FloatArray:
    """Nearest place on the shore of each point (point, 2) [m, EPSG:5897]."""
    ways = shapely.shortest_line(shapely.points(points), shapely.boundary(waters.body))
    return np.asarray(np.round(shapely.get_coordinates(shapely.get_point(ways, -1)), 3))


def _lines(start: FloatArray, end: FloatArray) -> Geometries:
    return np.asarray(shapely.linestrings(np.stack([start, end], axis=1)))


def _downhill(network: Network, tree: Tree, flow: IntArray) -> Geometries:
    """Line of the pipe that leaves each manhole, turned to run with the flow."""
    edge = tree.edge[flow]
    turned: BoolArray = network.start[edge] != flow
    return np.where(turned, shapely.reverse(network.lines[edge]), network.lines[edge])


def _pipes(
    lines: Geometries, code: Geometries, start: IntArray, end: IntArray, level: FloatArray, upstream: IntArray,
    basin: Geometries, rng: np.random.Generator,
) -> dict[str, object]:  # fmt: skip
    step = np.searchsorted([limit for limit, _ in SIZES], upstream)
    year = rng.integers(1975, 2025, len(lines))
    return {
        "element": "pipe",
        "from_node": code[start],
        "to_node": code[end],
        "system": "combined",
        "shape": "circular",
        "diameter": np.array([size for _, size in SIZES])[step],
        "material": np.where(year < 1990, "masonry", "concrete"),
        "length": np.round(shapely.length(lines), 2),
        "roughness": np.where(year < 1990, 0.017, 0.013),
        "invert_up": level[start],
        "invert_down": level[end],
        "basin": basin,
        "year_installed": pd.array(year, dtype="Int64"),
        "contract": "Hợp đồng mô phỏng TN-01",
    }
