"""Several runs of one scenario side by side: what they agree upon and what they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import xarray as xr

from frmis.comparison import FLOODED
from frmis.hazard import depth_classes
from frmis.result import DEPTH
from sdi.errors import InputError
from sdi.grid import FloatArray, Grid
from sdi.resample import resample


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well two members agree."""

    first: str
    second: str
    critical_success_index: float | None
    """Area flooded in both over area flooded in either [1]; None where both stay dry."""
    correlation: float | None
    """Pearson's, of the depths of all common cells [1]; None where one of them is the same everywhere."""
    mean_difference: float
    """Mean of second minus first over cells flooded in either [m]; 0 where both stay dry."""
    mean_absolute_difference: float
    """Mean size of the difference over cells flooded in either [m]; 0 where both stay dry."""
    area_first: float
    """Area flooded in the first [m2]."""
    area_second: float
    """Area flooded in the second [m2]."""
    area_both: float
    """Area flooded in both [m2]."""


def on_one_grid(
    members: Mapping[str, xr.DataArray], operation: str | None = None
) -> tuple[dict[str, xr.DataArray], tuple[str, ...]]:
    """Bring the depths of all members to the grid of the first.

    Parameters
    ----------
    members : mapping of str to DataArray (y, x) [m]
        Depths by member; NaN where nothing flows.
    operation : str, optional
        Name of the datum operation to use where PROJ offers several.

    Returns
    -------
    tuple of dict of str to DataArray (y, x) [m] and tuple of str
        Depths on one grid, NaN beyond the ground of a member, and the members that were resampled, bilinearly.

    Raises
    ------
    InputError
        If there are fewer than two members.
    """
    if len(members) < 2:
        raise InputError(
            f"an ensemble of {len(members)} has nothing to disagree; give at least two terrains", code="ensemble-small"
        )
    grid = Grid.from_dataarray(next(iter(members.values())))
    moved = tuple(name for name, depth in members.items() if Grid.from_dataarray(depth) != grid)
    return {
        name: resample(depth, grid, operation) if name in moved else depth for name, depth in members.items()
    }, moved


def statistics(members: Sequence[xr.DataArray], *, wet: float = FLOODED) -> xr.Dataset:
    """Summarise members cell by cell.

    Parameters
    ----------
    members : sequence of DataArray (y, x) [m]
        Largest depths on one grid; NaN where nothing flows.
    wet : float
        Depth from which a cell counts as flooded [m].

    Returns
    -------
    Dataset
        ``mean_depth``, ``minimum_depth``, ``maximum_depth``, ``disagreement`` (largest minus smallest) (y, x) [m] and
        ``share_wet`` (y, x) [1], the share of the members in which the cell is flooded. Missing (NaN) where one of the
        members has no ground.

    Examples
    --------
    0.0, 0.2 and 0.4 m: mean 0.2, disagreement 0.4, share 2/3.
    """
    grid = Grid.from_dataarray(members[0])
    depths = np.stack([one.transpose("y", "x").values.astype(float) for one in members])
    known = np.isfinite(depths).all(axis=0)
    low, high = depths.min(axis=0), depths.max(axis=0)
    share = np.where(known, (depths >= wet).sum(axis=0) / len(members), np.nan)
    of_depth = {
        "mean_depth": (depths.mean(axis=0), "mean depth of the members"),
        "minimum_depth": (low, "smallest depth of the members"),
        "maximum_depth": (high, "largest depth of the members"),
    }
    layers = {name: grid.array(values, **DEPTH, long_name=text) for name, (values, text) in of_depth.items()}
    layers["disagreement"] = grid.array(high - low, units="m", long_name="largest minus smallest depth of the members")
    layers["share_wet"] = grid.array(share, units="1", long_name=f"share of the members that are {wet:g} m deep")
    return xr.Dataset({name: layer.astype(np.float32) for name, layer in layers.items()}).assign_attrs(wet_m=wet)


def agreements(members: Mapping[str, xr.DataArray], *, wet: float = FLOODED) -> tuple[Agreement, ...]:
    """Compare every member with every other.

    Parameters
    ----------
    members : mapping of str to DataArray (y, x) [m]
        Largest depths on one grid by member; NaN where nothing flows.
    wet : float
        Depth from which a cell counts as flooded [m].

    Returns
    -------
    tuple of Agreement
        In the order of the members.
    """
    pairs = combinations(members.items(), 2)
    return tuple(agreement(first, second, wet=wet) for first, second in pairs)


def agreement(first: tuple[str, xr.DataArray], second: tuple[str, xr.DataArray], *, wet: float = FLOODED) -> Agreement:
    """Compare two members on the cells that both know.

    Parameters
    ----------
    first, second : tuple of str and DataArray (y, x) [m]
        Name and largest depth, on one grid.
    wet : float
        Depth from which a cell counts as flooded [m].

    Returns
    -------
    Agreement

    References
    ----------
    Critical success index (threat score) of extents: Bates, P. D., De Roo, A. P. J. (2000), A simple raster-based model
    for flood inundation simulation, Journal of Hydrology 236, 54-77, measure of fit.
    """
    area = Grid.from_dataarray(first[1]).cell_area
    a, b = (one.transpose("y", "x").values.astype(float) for _, one in (first, second))
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    either, both = (a >= wet) | (b >= wet), (a >= wet) & (b >= wet)
    change = (b - a)[either]
    return Agreement(
        first[0], second[0],
        critical_success_index=float(both.sum() / either.sum()) if either.any() else None,
        correlation=_correlation(a, b),
        mean_difference=float(change.mean()) if change.size else 0.0,
        mean_absolute_difference=float(np.abs(change).mean()) if change.size else 0.0,
        area_first=float((a >= wet).sum()) * area, area_second=float((b >= wet).sum()) * area,
        area_both=float(both.sum()) * area,
    )  # fmt: skip


def _correlation(a: FloatArray, b: FloatArray) -> float | None:
    """Return Pearson's correlation; None where one of the two does not vary."""
    if a.size < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def areas(found: xr.Dataset, members: int) -> gpd.GeoDataFrame:
    """Outline where all members are flooded and where only some are.

    Parameters
    ----------
    found : Dataset
        Of `statistics`, with ``share_wet`` (y, x) [1].
    members : int
        How many there are.

    Returns
    -------
    GeoDataFrame
        ``agreement`` (``all`` or ``some``) and a valid MultiPolygon in the CRS of the grid; no row where all are dry.
    """
    # Shares are classed like depths, between what n - 1 and n members can give: from one member on, and from all on.
    some, every = 0.5 / members, 1.0 - 0.5 / members
    classes = depth_classes(found["share_wet"], (some, every))
    said = np.where(classes["lower_m"] == every, "all", "some")
    return gpd.GeoDataFrame({"agreement": said}, geometry=classes.geometry.to_numpy(), crs=classes.crs)
