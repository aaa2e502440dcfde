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
        """Number the connected parts; one number per node, equal for nodes that are connected."""
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
        """Network of some of the edges; nodes keep their numbers."""
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
    roots : ndarray (root,)
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
