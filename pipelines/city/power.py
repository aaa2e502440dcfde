"""Power: a substation, feeders that branch along the streets, transformers and switches on their poles."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipelines.city.blocks import URBAN
from pipelines.city.frame import CRS, FloatArray, Frame, Geometries, IntArray, either
from pipelines.city.graph import Network, Tree, shortest
from pipelines.city.skeleton import CLASSES, intensity
from pipelines.city.streets import Streets

MEDIUM = 22.0
"""Voltage of the feeders [kV]."""
HIGH = 110.0
"""Voltage that the substation takes [kV]."""
SPACING = 210.0
"""Smallest distance between transformers [m]."""
FEEDER_FROM = 350.0
"""Distance from the substation at which feeders begin [m]."""


def lay(frame: Frame, streets: Streets, substation: shapely.Point, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Lay the power network.

    Parameters
    ----------
    frame : Frame
        Size and shape of the city.
    streets : Streets
        Streets; lines run along all but the alleys.
    substation : Point [EPSG:5897]
        Where the substation stands.
    rng : Generator
        Source of ratings and years.

    Returns
    -------
    GeoDataFrame
        Rows of the power network register: a tree from the substation, lines directed outwards.
    """
    whole = streets.network.edges(streets.rank < CLASSES.index("alley"))
    network = whole.edges(whole.largest())
    used = np.unique(np.concatenate([network.start, network.end]))
    here = np.round(shapely.get_coordinates(substation)[0], 3)
    root = int(used[np.hypot(*(network.points[used] - here).T).argmin()])
    tree = shortest(network, np.array([root]))
    node = used[np.lexsort((used, tree.distance[used]))]
    feeder = _feeders(tree, node)
    return _table(frame, network, tree, node, feeder, here, rng)


def _feeders(tree: Tree, node: IntArray) -> dict[int, int]:
    """Feeder of every node: 0 near the substation, then one for each branch that leaves it."""
    feeder: dict[int, int] = {}
    count = 0
    for one in node.tolist():
        parent = int(tree.parent[one])
        if tree.distance[one] < FEEDER_FROM:
            feeder[one] = 0
        elif feeder[parent] > 0:
            feeder[one] = feeder[parent]
        else:
            count += 1
            feeder[one] = count
    return feeder


def _elements(network: Network, tree: Tree, node: IntArray, feeder: dict[int, int]) -> Geometries:
    """Switches where feeders begin, transformers at a distance from each other, poles elsewhere."""
    element = np.full(len(node), "pole", dtype=object)
    chosen = np.empty((0, 2))
    for place, one in enumerate(node.tolist()):
        parent = int(tree.parent[one])
        here = network.points[one]
        if parent >= 0 and feeder[one] != feeder[parent]:
            element[place] = "switch"
        elif len(chosen) == 0 or np.hypot(*(chosen - here).T).min() >= SPACING:
            element[place] = "transformer"
            chosen = np.concatenate([chosen, here[None]])
    return element


def _table(
    frame: Frame, network: Network, tree: Tree, node: IntArray, feeder: dict[int, int], here: FloatArray,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:  # fmt: skip
    count = len(node)
    element = _elements(network, tree, node, feeder)
    code = np.array([f"MP-DN{i + 1:05d}" for i in range(2 * count + 1)], dtype=object)
    number = np.full(len(network.points), -1, dtype=np.int64)
    number[node] = np.arange(count)
    label = np.array([f"MP-XT{feeder[one]:02d}" for one in node.tolist()], dtype=object)
    flow = node[1:]
    edge = tree.edge[flow]
    lines = np.where(network.start[edge] == flow, shapely.reverse(network.lines[edge]), network.lines[edge])
    lines = np.append(lines, shapely.linestrings([here, network.points[node[0]]]))
    start = np.append(code[number[tree.parent[flow]]], code[count])
    urban = intensity(frame, *frame.locate(shapely.centroid(lines)))
    transformer = element == "transformer"
    customers = np.where(transformer, rng.integers(30, 140, count), np.nan)
    nodes = {
        "identifier:synthetic-asset": code[: count + 1], "element": np.append(element, "substation"),
        "feeder": np.append(label, "MP-XT00"), "voltage": np.append(np.full(count, MEDIUM), HIGH),
        "rating": np.append(np.where(transformer, rng.choice([160.0, 250.0, 400.0, 630.0], count), np.nan), 63_000.0),
        "base_height": np.append(np.where(transformer, np.round(rng.uniform(0.3, 3.2, count), 1), np.nan), 1.5),
        "switch_state": either(np.append(element == "switch", False), "closed"),
        "customers": pd.array(np.append(customers, np.nan), dtype="Int64"),
        "meter": either(np.append(transformer, False), "Công tơ mô phỏng"),
    }  # fmt: skip
    wires = {
        "identifier:synthetic-asset": code[count + 1 : count + 1 + len(lines)],
        "element": np.where(urban >= URBAN, "cable", "line"), "from_node": start,
        "to_node": np.append(code[number[flow]], code[number[node[0]]]),
        "feeder": np.append(label[number[flow]], "MP-XT00"), "voltage": MEDIUM,
        "length": np.round(shapely.length(lines), 2),
        "year_installed": pd.array(rng.integers(1988, 2025, len(lines)), dtype="Int64"),
        "contract": "Hợp đồng mô phỏng DN-01",
    }  # fmt: skip
    table = pd.concat([pd.DataFrame(nodes), pd.DataFrame(wires)], ignore_index=True)
    shape = np.concatenate([shapely.points(network.points[node]), [shapely.points(here)], lines])
    return gpd.GeoDataFrame(table, geometry=shape, crs=CRS)
