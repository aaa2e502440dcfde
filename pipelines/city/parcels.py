"""Parcels: lots with sheet, number, use, street and address; fields become orchards, rice land or fish ponds."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from pipelines.city.blocks import Blocks
from pipelines.city.frame import CRS, FloatArray, Geometries, IntArray
from pipelines.city.lots import Lots, cut
from pipelines.city.streets import Streets
from pipelines.city.water import Waters

SHEET = 500.0
"""Side of a map sheet [m]."""


@dataclass(frozen=True, slots=True)
class Parcels:
    """The parcel register and what the buildings need to know of each parcel."""

    table: gpd.GeoDataFrame
    """One row per parcel, as the register wants it."""
    lots: Lots
    """Shape and axes of each, in the order of `table`."""
    urban: FloatArray
    """Intensity of its quarter [1]."""
    quarter: IntArray
    """Quarter it lies in."""
    edge: IntArray
    """Piece of street in front of it."""


def survey(
    blocks: Blocks, pieces: Geometries, faces: IntArray, streets: Streets, waters: Waters, rng: np.random.Generator
) -> Parcels:
    """Divide the land into parcels.

    Parameters
    ----------
    blocks : Blocks
        Quarters and their uses.
    pieces : ndarray (piece,) of Polygon [EPSG:5897]
        Land between the streets.
    faces : ndarray (piece,) of int
        Face of the blocks that each piece came from.
    streets : Streets
        Streets that the parcels front.
    waters : Waters
        Waters, near which fields are orchards.
    rng : Generator
        Source of widths and of the farmers' choices.

    Returns
    -------
    Parcels
        Parcels sorted by sheet and number; they overlap neither each other nor streets nor water.
    """
    quarter = blocks.quarter[faces]
    homes = np.isin(blocks.use[quarter], ["ODT", "ONT"])
    lots = cut(pieces, homes, blocks.urban[quarter], rng)
    sheet, number, order = _numbered(lots.geometry)
    lots = lots.take(order)
    quarter = quarter[lots.block]
    use = _use(lots, blocks.use[quarter], waters, rng)
    edge = _fronting(lots, streets)
    street = streets.street[edge]
    area = shapely.area(lots.geometry)
    code = [f"MP-T{s:03d}-{n:04d}" for s, n in zip(sheet, number, strict=True)]
    house, named = _house_numbers(lots, edge, streets), streets.table["name:vi"].to_numpy()[street]
    table = gpd.GeoDataFrame(
        {
            "identifier:synthetic-parcel": code,
            "map_sheet": [str(s) for s in sheet],
            "parcel_number": [str(n) for n in number],
            "land_use": use,
            "legal_area": np.round(area * rng.normal(1.0, 0.004, len(area)), 1),
            "frontage": np.round(lots.right - lots.left, 2),
            "street_code": streets.table["identifier:synthetic-street"].to_numpy()[street],
            "address": [f"{n} {name}" for n, name in zip(house, named, strict=True)],
            "certificate_number": [f"MP-GCN-{i + 1:06d}" for i in range(len(area))],
            "holder": [f"Người sử dụng đất mô phỏng {i + 1}" for i in range(len(area))],
        },
        geometry=lots.geometry,
        crs=CRS,
    )
    return Parcels(table, lots, blocks.urban[quarter], quarter, edge)


def _numbered(shapes: Geometries) -> tuple[IntArray, IntArray, IntArray]:
    """Count sheets from north-west to south-east, and lots within each; return both and the order of the lots."""
    inside = shapely.point_on_surface(shapes)
    x, y = np.round(shapely.get_x(inside), 2), np.round(shapely.get_y(inside), 2)
    column, row = np.floor((x - x.min()) / SHEET), np.floor((y.max() - y) / SHEET)
    order = np.lexsort((x, -np.round(y / 20.0), column, row))
    cell = (row * (column.max() + 1) + column)[order]
    _, sheet = np.unique(cell, return_inverse=True)
    first = np.searchsorted(sheet, sheet)
    return sheet + 1, np.arange(len(sheet)) - first + 1, order


def _use(lots: Lots, use: Geometries, waters: Waters, rng: np.random.Generator) -> Geometries:
    """Present use: that of the quarter, but fields are orchards near canals, fish ponds here and there, else rice."""
    tree = shapely.STRtree(waters.table.geometry.to_numpy())
    centre = shapely.centroid(lots.geometry)
    _, near = tree.query_nearest(centre, all_matches=False, return_distance=True)
    chance = rng.random(len(use))
    crop = np.where(chance < 0.05, "NTS", np.where(near + 120 * rng.normal(size=len(use)) < 260.0, "CLN", "LUA"))
    return np.where(lots.field, crop, use).astype(object)


def _fronting(lots: Lots, streets: Streets) -> IntArray:
    """Piece of street nearest to the middle of each lot's front."""
    minor = np.stack([-lots.major[:, 1], lots.major[:, 0]], axis=1)
    middle = lots.centre + lots.major * ((lots.left + lots.right) / 2)[:, None] + minor * lots.front[:, None]
    tree = shapely.STRtree(streets.network.lines)
    return np.asarray(tree.query_nearest(shapely.points(middle), all_matches=False)[1])


def _house_numbers(lots: Lots, edge: IntArray, streets: Streets) -> IntArray:
    """Odd numbers on one side of a street, even ones on the other, rising along it."""
    street = streets.street[edge]
    line, point = streets.network.lines[edge], shapely.centroid(lots.geometry)
    measure = shapely.line_locate_point(line, point)
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, measure + 0.5))
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(measure - 0.5, 0.0)))
    offset, along = shapely.get_coordinates(point) - here, ahead - here
    left = along[:, 0] * offset[:, 1] - along[:, 1] * offset[:, 0] > 0
    order = np.lexsort((np.round(measure, 2), edge, left, street))
    group = street[order] * 2 + left[order]
    new = np.r_[True, group[1:] != group[:-1]]
    start = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = 2 * (np.arange(len(order)) - start) + 1 + left[order]
    return number
