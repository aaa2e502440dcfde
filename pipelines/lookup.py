"""Say what applies at a place: from the command line to the answer that page and map give."""

from __future__ import annotations

from contextlib import closing

from sdi.errors import InputError
from sdi.workspace import Workspace
from spp.answer import Answer
from spp.lookup import lookup
from spp.place import Address, Parcel, Place, Point

LEVEL = "public"
"""Publication that is asked: what a citizen may see."""


def run(
    workspace: Workspace,
    *,
    point: str | tuple[float, float] | None = None,
    parcel: str | None = None,
    address: str | None = None,
) -> Answer:
    """Look a place up.

    Parameters
    ----------
    workspace : Workspace
        The city, published.
    point : str or tuple of float (2,), optional
        Longitude and latitude, or easting and northing in the storage CRS, as text or as numbers.
    parcel : str, optional
        Official code, identifier, or map sheet and number such as ``7/12``.
    address : str, optional
        House number and street, in any spelling.

    Returns
    -------
    Answer
        Candidates and nothing else where several parcels may be meant.

    Raises
    ------
    InputError
        If not exactly one place is named, or it cannot be read.
    NotFound
        If the place lies outside the city, or nothing answers to its name.
    """
    with closing(workspace.publication(LEVEL)) as publication:
        return lookup(publication, workspace.rasters, _place(point, parcel, address), crs=workspace.crs)


def _place(point: str | tuple[float, float] | None, parcel: str | None, address: str | None) -> Place:
    """Return the one place that is named."""
    named = [one for one in (point, parcel, address) if one is not None]
    if len(named) != 1:
        raise InputError(
            f"{len(named)} places are named; name one: a point, a parcel or an address", code="place-ambiguous"
        )
    if point is not None:
        return Point.read(point) if isinstance(point, str) else Point(*point)
    return Parcel(parcel) if parcel is not None else Address(str(address))
