"""Lines as a network: edges cut at their junctions, shortest ways, connected parts."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import shapely

from pipelines.city.frame import BoolArray, FloatArray, Geometries, IntArray


@dataclass(frozen=True, slots=True)
class Network:
    """Edges between numbered nodes."""

    points: FloatArray
    """Nodes (node, 2) [m, EPSG:5897]."""
    lines: Geometries
    """Edges as LineStrings from `start` to `end` [EPSG:5897]."""
    start: IntArray
    """Node where each edge starts."""
    end: IntArray
    """Node where each edge ends."""

    @classmethod
    def of(cls, lines: Geometries) -> Network:
        """Build the network of lines that meet at their ends only.

        Parameters
        ----------
        lines : ndarray (edge,) of LineString [EPSG:5897]
            Lines whose ends are equal to the millimetre where they meet.

        Returns
        -------
        Network
            Nodes numbered from west to east; empty for no lines.
        """
        ends = shapely.get_coordinates(shapely.get_point(np.stack([lines, lines]), np.array([[0], [-1]])))
        keys = np.round(ends * 1000).astype(np.int64)
        unique, index = np.unique(keys, axis=0, return_inverse=True)
        start, end = index.reshape(2, -1)
        return cls(unique / 1000.0, lines, start.astype(np.int64), end.astype(np.int64))

    @property
    def length(self) -> FloatArray:
        """Length of each edge [m]."""
        return np.asarray(shapely.length(self.lines))

    def degree(self) -> IntArray:
        """Count the edges at each node [1]."""
        return np.bincount(np.concatenate([self.start, self.end]), minlength=len(self.points))

    def components(self) -> IntArray:
        """Find the connected parts: one number per node (node,) [1], equal for nodes that are connected."""
        label = np.arange(len(self.points))
        while True:
            lower = np.minimum(label[self.start], label[self.end])
            new = label.copy()
            np.minimum.at(new, self.start, lower)
            np.minimum.at(new, self.end, lower)
            new = new[new]
            if np.array_equal(new, label):
                return np.asarray(label)
            label = new

    def largest(self) -> BoolArray:
        """Tell which edges belong to the part with most nodes."""
        label = self.components()
        return np.asarray(label[self.start] == np.bincount(label).argmax())

    def edges(self, keep: BoolArray) -> Network:
        """Network of some of the edges; nodes keep their numbers.

        Parameters
        ----------
        keep : ndarray (edge,) of bool
            Edges to keep.
        """
        return Network(self.points, self.lines[keep], self.start[keep], self.end[keep])


@dataclass(frozen=True, slots=True)
class Tree:
    """Shortest ways from every reached node to the nearest root."""

    distance: FloatArray
    """Way to the root [m]; infinite where no root is reached."""
    parent: IntArray
    """Next node towards the root; -1 at roots and unreached nodes."""
    edge: IntArray
    """Edge to that node; -1 likewise."""
    root: IntArray
    """Root that each node belongs to; -1 where none is reached."""


def shortest(network: Network, roots: IntArray, *, limit: float = np.inf, cost: FloatArray | None = None) -> Tree:
    """Find the shortest way to the nearest of several roots.

    Parameters
    ----------
    network : Network
        Edges usable both ways.
    roots : ndarray (root,) of int
        Node numbers.
    limit : float [m]
        Ways longer than this are not followed.
    cost : ndarray (edge,) [m], optional
        Cost of each edge instead of its length.

    Returns
    -------
    Tree
        One entry per node; of equal ways the one over the lower node number is taken.
    """
    weight = network.length if cost is None else cost
    neighbours: list[list[tuple[int, int]]] = [[] for _ in network.points]
    for index, (a, b) in enumerate(zip(network.start.tolist(), network.end.tolist(), strict=True)):
        neighbours[a].append((b, index))
        neighbours[b].append((a, index))
    count = len(network.points)
    distance, parent, edge, root = np.full(count, np.inf), *(np.full(count, -1, dtype=np.int64) for _ in range(3))
    distance[roots], root[roots] = 0.0, roots
    queue = [(0.0, int(node)) for node in roots]
    heapq.heapify(queue)
    steps = weight.tolist()
    while queue:
        here, node = heapq.heappop(queue)
        if here > distance[node]:
            continue
        for other, index in neighbours[node]:
            there = here + steps[index]
            if there < distance[other] and there <= limit:
                distance[other], parent[other], edge[other], root[other] = there, node, index, root[node]
                heapq.heappush(queue, (there, other))
    return Tree(distance, parent, edge, root)


def cut(network: Network, edge: IntArray, measure: FloatArray) -> tuple[Network, IntArray, IntArray]:
    """Cut edges at distances along them.

    Parameters
    ----------
    network : Network
        Edges.
    edge : ndarray (cut,) of int
        Edge of each cut.
    measure : ndarray (cut,) [m]
        Distance of each cut from the start of its edge, strictly within it; cuts of one edge differ.

    Returns
    -------
    Network
        The cut network; the nodes of the given one keep their numbers.
    ndarray (edge,) of int
        Edge that each new edge is a part of.
    ndarray (cut,) of int
        Node at each cut.
    """
    order = np.lexsort((measure, edge))
    point = shapely.get_coordinates(shapely.line_interpolate_point(network.lines[edge], measure))
    points = np.concatenate([network.points, np.round(point[order], 3)])
    node = np.empty(len(edge), dtype=np.int64)
    node[order] = len(network.points) + np.arange(len(edge))
    owner, place, fixed = _beads(network, edge[order], measure[order], node[order])
    vertices = np.where((fixed >= 0)[:, None], points[fixed], place)
    # Every cut ends one edge and starts the next, so inner beads count twice.
    inner = (fixed >= 0) & np.r_[False, owner[1:] == owner[:-1]] & np.r_[owner[:-1] == owner[1:], False]
    twice = np.repeat(np.arange(len(owner)), 1 + inner)
    starts = np.r_[True, twice[1:] == twice[:-1]] | np.r_[True, owner[twice][1:] != owner[twice][:-1]]
    piece = np.cumsum(starts) - 1
    lines = shapely.linestrings(vertices[twice], indices=piece)
    ends = np.r_[starts[1:], True]
    return Network(points, lines, fixed[twice][starts], fixed[twice][ends]), owner[twice][starts], node


def _beads(
    network: Network, edge: IntArray, measure: FloatArray, node: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Vertices and cuts of all edges in order along them: edge, coordinates and node (-1 for a plain vertex)."""
    vertices, owner = shapely.get_coordinates(network.lines, return_index=True)
    step = np.hypot(*np.diff(vertices, axis=0, prepend=vertices[:1]).T)
    first = np.r_[True, owner[1:] != owner[:-1]]
    total = np.cumsum(np.where(first, 0.0, step))
    along = total - total[first][owner]
    fixed = np.full(len(owner), -1, dtype=np.int64)
    fixed[first], fixed[np.r_[first[1:], True]] = network.start, network.end
    every = np.concatenate([owner, edge])
    order = np.lexsort((np.concatenate([along, measure]), every))
    place = np.concatenate([vertices, np.zeros((len(edge), 2))])[order]
    return every[order], place, np.concatenate([fixed, node])[order]
