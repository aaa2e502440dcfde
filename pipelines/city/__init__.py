"""The synthetic city: one delta town with everything the registers hold, invented from a seed.

It serves tests, notebooks and the demonstration. Every name, code and figure in it is made up; it lies in a real
coordinate system and describes nothing that is really there. One theme, one file: `frame` and `water` first, then the
streets (`skeleton`, `blocks`, `streets`), the land (`lots`, `parcels`, `zones`, `wards`), what stands on it, and the
ground itself (`terrain`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr

from pipelines.city import (
    blocks,
    buildings,
    defence,
    drainage,
    furniture,
    greenery,
    parcels,
    power,
    skeleton,
    streets,
    supply,
    terrain,
    wards,
    water,
    zones,
)
from pipelines.city.frame import CRS, Frame, Geometries
from sdi.errors import InputError

logger = logging.getLogger(__name__)

VERTICAL_DATUM = terrain.DATUM
VALID_FROM = "2025-07-01"
"""Since when everything in the city is as it is."""
SMALLEST = 0.05
"""Smallest scale at which all registers have rows [1]."""

__all__ = ["CRS", "SMALLEST", "VALID_FROM", "VERTICAL_DATUM", "City", "generate"]


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """A synthetic city.

    Two cities of one seed and scale are equal to the last coordinate; `sha256` says so.
    """

    seed: int
    scale: float
    """Share of the full city's area [1]."""
    frames: Mapping[str, gpd.GeoDataFrame]
    """Rows of every register, by name [EPSG:5897]; columns: fields, ``identifier:<scheme>``, ``name:<language>``."""
    terrain: xr.DataArray
    """Ground level (y, x) [m, synthetic datum]."""
    limit: shapely.Polygon
    """The city [EPSG:5897]."""
    waters: gpd.GeoDataFrame
    """Waterways: name, kind, bed [m, synthetic datum], width [m], polygon [EPSG:5897]."""

    def sha256(self) -> str:
        """Hash over every value and every coordinate.

        Returns
        -------
        str
            64 hexadecimal digits, the same in every process and on every day.
        """
        digest = hashlib.sha256()
        for name, frame in self.frames.items():
            digest.update(name.encode())
            for column in sorted(set(frame.columns) - {"geometry"}):
                digest.update(f"\n{column}\n".encode())
                digest.update("\x1f".join(map(str, frame[column].tolist())).encode())
            digest.update(b"".join(shapely.to_wkb(frame.geometry.to_numpy(), byte_order=1).tolist()))
        for values in (self.terrain.values, self.terrain.x.values, self.terrain.y.values):
            digest.update(np.ascontiguousarray(values.astype(np.dtype(values.dtype).newbyteorder("<"))).tobytes())
        return digest.hexdigest()


def generate(seed: int = 92, scale: float = 1.0, *, cell: float = 15.0) -> City:
    """Invent a city.

    Parameters
    ----------
    seed : int
        Everything random follows from it.
    scale : float [1]
        Share of the full city's area; 0.1 has about 2,000 parcels and serves tests.
    cell : float [m]
        Cell of the terrain, 5 to 15.

    Returns
    -------
    City
        Rows of all registers and the terrain.

    Raises
    ------
    InputError
        If seed, scale or cell is out of range.
    """
    if not (SMALLEST <= scale <= 1.0 and 5.0 <= cell <= 15.0):
        raise InputError(
            f"no city of scale {scale} with cells of {cell} m; expected {SMALLEST} to 1 and 5 to 15 m", code="city-size"
        )
    if seed < 0:
        raise InputError(f"seed {seed} is negative; expected a whole number from 0", code="city-seed")
    frame = Frame.scaled(scale)
    # Each theme has its own stream: a change in one leaves the others as they were.
    streams = iter(np.random.default_rng(seed).spawn(16))
    waters = water.draw(frame, next(streams))
    limit = skeleton.boundary(frame, waters)
    main = skeleton.draw(frame, waters, limit, next(streams))
    cut, lines = blocks.draw(frame, waters, limit, main, next(streams))
    network = streets.build(lines, waters, limit)
    land, faces = blocks.land(cut, network.roads)
    lots = parcels.survey(cut, land, faces, network, waters, next(streams))
    ponds = _ponds(lots)
    crests = defence.defences(frame, waters, limit)
    relief = terrain.shape(frame, waters, limit, network, cut.quarters, ponds, crests, cell, next(streams))
    houses = buildings.build(lots, network, next(streams))
    units = wards.divide(frame, waters, limit, main)
    frames = {
        "administrative_unit": wards.population(units, houses),
        "plan_zone": zones.plan(frame, cut, network, waters, limit, next(streams)),
        "parcel": lots.table,
        "building": houses,
        "street": _levelled(network, relief),
        "tree": greenery.plant(frame, network, lots, waters, ponds, limit, next(streams)),
        "parking": furniture.parking(frame, network, lots, next(streams)),
        "water_network": supply.lay(network, relief, _site(lots, "DTL", frame, 0.12), next(streams)),
        "drainage_network": drainage.lay(frame, network, waters, relief, next(streams)),
        "power_network": power.lay(frame, network, _site(lots, "DNL", frame, 0.55), next(streams)),
        "street_light": furniture.lights(frame, network, next(streams)),
        "flood_gauge": defence.gauges(frame, waters, network, relief, next(streams)),
        "flood_structure": defence.structures(frame, waters, crests, next(streams)),
    }
    for name, rows in frames.items():
        logger.info("synthetic %s: %d rows", name, len(rows))
    limit = shapely.coverage_union_all(units.geometry.to_numpy())
    return City(seed, scale, frames, relief.array(), limit, _open_water(waters))


def _open_water(waters: water.Waters) -> gpd.GeoDataFrame:
    """Waterways as a table, without the island."""
    shape = shapely.difference(waters.table.geometry.to_numpy(), waters.islet)
    return waters.table.drop(columns="centreline").set_geometry(gpd.GeoSeries(shape, crs=CRS))


def _ponds(lots: parcels.Parcels) -> Geometries:
    """Ponds in the larger parks, and fish ponds."""
    use, shape = lots.table["land_use"].to_numpy(), lots.lots.geometry
    park = shape[(use == "DKV") & (shapely.area(shape) > 15_000.0)]
    basin = shapely.buffer(shapely.simplify(park, 2.0), -0.22 * np.sqrt(shapely.area(park)), quad_segs=4)
    fish = shapely.buffer(shape[use == "NTS"], -4.0, join_style="mitre")
    ponds = np.concatenate([basin, fish])
    return np.asarray(ponds[~shapely.is_empty(ponds)])


def _site(lots: parcels.Parcels, use: str, frame: Frame, along: float) -> shapely.Point:
    """Middle of the first parcel of a use; a place on the quay where a small city has none."""
    found = np.flatnonzero(lots.table["land_use"].to_numpy() == use)
    if len(found):
        return shapely.point_on_surface(lots.lots.geometry[found[0]])
    return shapely.points(frame.place(np.array([along * frame.length]), np.array([40.0])))[0]


def _levelled(network: streets.Streets, relief: terrain.Relief) -> gpd.GeoDataFrame:
    """Streets with the mean ground level along each, bridges left out."""
    edges = network.network
    middle = shapely.get_coordinates(shapely.line_interpolate_point(edges.lines, 0.5, normalized=True))
    weight = edges.length * ~network.bridge
    count = len(network.table)
    total = np.bincount(network.street, weights=weight, minlength=count)
    level = np.bincount(
        network.street, weights=weight * np.where(network.bridge, 0.0, relief.at(middle)), minlength=count
    )
    mean = np.divide(level, total, out=np.full(count, np.nan), where=total > 0)
    return network.table.assign(centreline_elevation=np.round(mean, 2))
