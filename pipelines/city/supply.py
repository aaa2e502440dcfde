"""Water supply: a treatment plant, mains along the streets, junctions, valves and hydrants, all connected."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipelines.city.frame import CRS, FloatArray, Geometries, IntArray, either
from pipelines.city.graph import Network, cut, shortest
from pipelines.city.skeleton import CLASSES
from pipelines.city.streets import Streets
from pipelines.city.terrain import Relief

DIAMETER = (400.0, 350.0, 250.0, 160.0, 110.0)
"""Diameter of the main in a street of each class, trunk first [mm]."""
BURIED = 0.9
"""Depth of the mains below ground [m]."""
HYDRANTS = 150.0
"""Distance between hydrants [m]."""


def lay(streets: Streets, relief: Relief, plant: shapely.Point, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Lay the water network.

    Parameters
    ----------
    streets : Streets
        Streets; mains lie in all but the alleys.
    relief : Relief
        Ground level.
    plant : Point [EPSG:5897]
        Where the treatment plant stands.
    rng : Generator
        Source of materials and years.

    Returns
    -------
    GeoDataFrame
        Rows of the water network register: pipes and nodes, one connected network cut at its valves.
    """
    whole = streets.network.edges(streets.rank < CLASSES.index("alley"))
    rank = streets.rank[streets.rank < CLASSES.index("alley")]
    keep = whole.largest()
    network, rank = whole.edges(keep), rank[keep]
    edge, measure, kind = _fittings(network, rank)
    pipes, owner, node = cut(network, edge, measure)
    names = np.full(len(pipes.points), "junction", dtype=object)
    names[node] = kind
    pipes, rank = _connected(pipes, plant), np.append(rank[owner], 0)
    names = np.append(names, "treatment_plant")
    used = np.unique(np.concatenate([pipes.start, pipes.end]))
    tree = shortest(pipes, np.array([len(pipes.points) - 1]))
    return _table(pipes, rank, names, used, tree.distance, relief, rng)


def _fittings(network: Network, rank: IntArray) -> tuple[IntArray, FloatArray, Geometries]:
    """Valves at the start of the larger mains, hydrants along all."""
    length = network.length
    valve = np.flatnonzero((rank <= CLASSES.index("tertiary")) & (length > 24.0))
    # One hydrant in every stretch of that length, as the streets are walked one after the other.
    total = np.cumsum(length)
    due = np.flatnonzero((np.floor(total / HYDRANTS) > np.floor((total - length) / HYDRANTS)) & (length > 24.0))
    edge = np.concatenate([valve, due])
    measure = np.concatenate([np.full(len(valve), 5.0), np.round(length[due] * 0.6, 2)])
    kind = np.array(["valve"] * len(valve) + ["hydrant"] * len(due), dtype=object)
    return edge, measure, kind


def _connected(pipes: Network, plant: shapely.Point) -> Network:
    """Join the plant, as the last node, to the nearest node that has a pipe."""
    used = np.unique(np.concatenate([pipes.start, pipes.end]))
    here = np.round(shapely.get_coordinates(plant)[0], 3)
    nearest = used[np.hypot(*(pipes.points[used] - here).T).argmin()]
    line = shapely.linestrings([here, pipes.points[nearest]])
    points = np.concatenate([pipes.points, here[None]])
    lines = np.append(pipes.lines, line)
    return Network(points, lines, np.append(pipes.start, len(points) - 1), np.append(pipes.end, nearest))


def _table(
    pipes: Network, rank: IntArray, kind: Geometries, used: IntArray, way: FloatArray, relief: Relief,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:  # fmt: skip
    lines, nodes = len(pipes.lines), len(used)
    number = np.full(len(pipes.points), -1, dtype=np.int64)
    number[used] = np.arange(nodes)
    code = np.array([f"MP-CN{i + 1:05d}" for i in range(nodes + lines)], dtype=object)
    ground = relief.at(pipes.points[used])
    year = rng.integers(1985, 2025, lines)
    diameter = np.array(DIAMETER)[rank]
    material = np.where(
        diameter >= 250, "ductile_iron", np.where(year < 2000, "cast_iron", np.where(year < 2010, "upvc", "hdpe"))
    )
    element = kind[used]
    zone = np.where(way < 1500, "MP-DMA-1", np.where(way < 3000, "MP-DMA-2", "MP-DMA-3"))
    node_rows = {
        "identifier:synthetic-asset": code[:nodes], "element": element,
        "elevation": np.round(ground - BURIED, 2),
        "capacity": np.where(element == "treatment_plant", 40_000.0, np.nan),
        "valve_state": either(element == "valve", np.where(rng.random(nodes) < 0.03, "closed", "open")),
        "zone": zone[used],
    }  # fmt: skip
    pipe_rows = {
        "identifier:synthetic-asset": code[nodes:], "element": "pipe",
        "from_node": code[number[pipes.start]], "to_node": code[number[pipes.end]],
        "diameter": diameter, "material": material, "length": np.round(pipes.length, 2),
        "roughness": np.where(material == "cast_iron", 95.0, np.where(material == "ductile_iron", 125.0, 140.0)),
        "zone": zone[pipes.start], "year_installed": pd.array(year, dtype="Int64"),
        "contract": "Hợp đồng mô phỏng CN-01",
    }  # fmt: skip
    table = pd.concat([pd.DataFrame(node_rows), pd.DataFrame(pipe_rows)], ignore_index=True)
    shape = np.concatenate([shapely.points(pipes.points[used]), pipes.lines])
    return gpd.GeoDataFrame(table, geometry=shape, crs=CRS)
