"""Where a thing is, on the command line: given by coordinates, along a route or beside another thing, and shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, get_args

import numpy as np

from pipelines import assignment, meant
from pipelines.command.console import Options, Parser
from sdi.crs import CRS84
from sdi.declaration import Declaration
from sdi.entry import Accuracy, Method, Quality
from sdi.errors import InputError
from sdi.history import ALWAYS, FOREVER
from sdi.place import following
from sdi.place.location import location_types
from sdi.place.membership import Membership
from sdi.place.placement import Along, Height, Reference, Relative, kind
from sdi.record import Record
from sdi.registry import Registry


@dataclass(frozen=True, slots=True)
class Given:
    """A place that was given."""

    place: Any
    """shapely geometry [storage CRS], or by what it is told; None where none was given."""
    delivered: Any = None
    """shapely geometry as it was written, None where the place is told."""


def add(made: Parser, *, required: bool = False) -> None:
    """Let a place be given.

    Parameters
    ----------
    made : ArgumentParser
        The command.
    required : bool
        Whether it must be.
    """
    ways = made.add_mutually_exclusive_group(required=required)
    ways.add_argument("--place", metavar="LON,LAT", help="or WKT, or a GeoJSON geometry")
    ways.add_argument("--route", metavar="ID", help="a place along this route: its identifier, code or name")
    ways.add_argument("--relative-to", metavar="ID", help="a place beside this thing or location")
    made.add_argument("--crs", default=CRS84, help="of the place, longitude or easting first (default: %(default)s)")
    made.add_argument(
        "--from", dest="start", type=float, metavar="M", help="measure from the beginning of the route [m]"
    )
    made.add_argument("--to", dest="end", type=float, metavar="M", help="measure of the end of a stretch [m]")
    made.add_argument("--offset", type=float, default=0.0, metavar="M", help="beside the route, left is positive [m]")
    made.add_argument("--by", metavar="DX,DY[,DZ]", help="to the east, to the north and upward [m]; with --relative-to")
    made.add_argument("--z", type=float, metavar="M", help="height over the vertical datum [m]")
    made.add_argument("--depth", type=float, metavar="M", help="depth below the ground [m]")
    made.add_argument("--accuracy", type=float, metavar="M", help="horizontal error of the place, 95 %% [m]")
    made.add_argument("--method", choices=get_args(Method), help="how the place was found; goes with --accuracy")
    made.add_argument("--quality", choices=get_args(Quality), help="class of the position of what is buried")


def is_given(options: Options) -> bool:
    """Tell whether a place was given."""
    return any((options.place, options.route, options.relative_to))


def given(options: Options, registry: Registry, declaration: Declaration) -> Given:
    """Return the place that was given.

    Parameters
    ----------
    options : Namespace
        Those of the command.
    registry : Registry
        Where routes and other things are known.
    declaration : Declaration
        Register of the thing.

    Raises
    ------
    InputError
        If it is no place.
    """
    if options.place:
        return Given(*assignment.place(options.place, options.crs, registry.crs))
    return Given(reference(options, registry, declaration))


def reference(options: Options, registry: Registry, declaration: Declaration) -> Reference | None:
    """Return by what a place is told, None where by nothing."""
    if options.route:
        if declaration.location.routes is None or options.start is None:
            found = "no --from" if declaration.location.routes else f"no routes for {declaration.name}"
            raise InputError(
                f"a place along a route with {found}; give --route and --from, in a register that names its routes "
                "(location: {routes: REGISTER})",
                code="route-incomplete",
            )
        route = meant.thing(registry, declaration.location.routes, options.route)
        return Along(route, options.start, options.end, options.offset)
    if options.relative_to:
        return Relative(following.location_of(registry, options.relative_to), *_shift(options.by))
    return None


def _shift(text: str | None) -> list[float]:
    """Read DX,DY or DX,DY,DZ [m]."""
    try:
        found = [float(one) for one in (text or "").split(",")]
    except ValueError:
        found = []
    if len(found) not in (2, 3):
        raise InputError(f"--by {text!r} is not understood; expected DX,DY or DX,DY,DZ in metres", code="place-invalid")
    return found


def height(options: Options) -> Height:
    """Return how high or deep it is; that is said of a place."""
    if not is_given(options) and (options.z, options.depth) != (None, None):
        raise InputError("--z and --depth belong to a place; give it with --place, --route or --relative-to")
    return Height(options.z, options.depth)


def accuracy(options: Options) -> Accuracy:
    """Return how exact a place is; a number needs to be told how it was found."""
    if (options.accuracy is None) != (options.method in (None, "unknown")):
        raise InputError(
            f"accuracy is {options.accuracy}, method {options.method}; give both --accuracy and --method, or neither",
            code="accuracy-missing",
        )
    return Accuracy(options.accuracy, method=options.method or "unknown", quality=options.quality)


# showing -----------------------------------------------------------------------------------------------------------


def document(found: Record, units: tuple[Membership, ...]) -> dict[str, object]:
    """Describe to a machine where a thing is, beside its coordinates.

    Parameters
    ----------
    found : Record
        The thing.
    units : tuple of Membership
        The units in which it lies.
    """
    return {
        "location": found.location,
        "location_type": _type(found),
        "reference": None if found.reference is None else asdict(found.reference),
        **asdict(found.height),
        "address": None if found.address is None else asdict(found.address) | {"written": found.address_text},
        "units": [_unit(one) for one in units],
    }


def _type(found: Record) -> str:
    """Return what kind of place a thing has."""
    if found.geometry is None:
        return "address" if found.address else "unknown"
    return kind(found.reference) or location_types(np.array([found.geometry], dtype=object))[0]


def _unit(one: Membership) -> dict[str, object]:
    """Describe a unit to a machine."""
    start, end = one.valid
    times = {"valid_from": None if start == ALWAYS else start, "valid_to": None if end == FOREVER else end}
    return {name: value for name, value in asdict(one).items() if name != "valid"} | times


def told(found: Record, registry: Registry, units: tuple[Membership, ...], valid: str | None) -> Iterator[str]:
    """Yield lines that tell a person where a thing is, beside its coordinates.

    Parameters
    ----------
    found : Record
        The thing.
    registry : Registry
        Where its units are known.
    units : tuple of Membership
        The units in which it lies.
    valid : str, optional
        The date that was asked for.
    """
    said = {
        "address": found.address_text,
        "told by": _by(found.reference),
        "height": None if found.height.z_m is None else f"{found.height.z_m:g} m",
        "depth": None if found.height.depth_m is None else f"{found.height.depth_m:g} m",
        "quality": found.accuracy.quality,
    }
    for one in units:
        called = registry.register(one.units).find(one.unit, valid=valid)
        name = next(iter(called.names.values()), one.unit)
        said[one.level or one.units] = f"{name} ({one.method}, confidence {one.confidence:g})"
    return (f"  {name:<24} {value}" for name, value in said.items() if value)


def _by(reference: Reference | None) -> str | None:
    """Say by what a place is told."""
    if isinstance(reference, Along):
        end = "" if reference.to_m is None else f" to {reference.to_m:.2f}"
        side = f", {abs(reference.offset_m):g} m to the {'left' if reference.offset_m > 0 else 'right'}"
        return f"route {reference.route} at {reference.from_m:.2f}{end} m" + (side if reference.offset_m else "")
    if isinstance(reference, Relative):
        return f"location {reference.to} and {reference.dx_m:g}, {reference.dy_m:g}, {reference.dz_m:g} m"
    return None
