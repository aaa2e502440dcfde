"""From what somebody says to the place that is meant: coordinates in any order, a parcel's number, an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from sdi.crs import CRS84
from sdi.declaration import Label
from sdi.errors import InputError, NotFound, PhusaError
from sdi.text import GENERIC, fold, words
from spp.city import PARCEL, UNIT, City, Thing
from spp.place import Address, Parcel, Place, Point

HALF = 0.5
"""Share of the words of an address below which a parcel is no candidate [1]."""
MOST = 20
"""Most candidates of one answer."""
_SEARCHED = 500


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a question turned out to mean: a place, or parcels of which one may be meant."""

    understood: Label
    ground: Any = None
    """shapely geometry [storage CRS]: the parcel, or the point where there is none."""
    point: Any = None
    """shapely point [storage CRS] that was asked for."""
    parcel: Thing | None = None
    candidates: tuple[Thing, ...] = ()
    matched: int = 0


def resolve(city: City, place: Place) -> Resolved:
    """Find the place that is meant.

    Parameters
    ----------
    city : City
        What is published.
    place : Point, Parcel or Address
        What was asked for.

    Returns
    -------
    Resolved
        With candidates and no place where several parcels may be meant.

    Raises
    ------
    NotFound
        If nothing fits: ``place-outside``, ``parcel-unknown``, ``address-unknown``.
    Gone
        If the parcel has ended.
    """
    if isinstance(place, Point):
        return _spot(city, place)
    return _parcel(city, place) if isinstance(place, Parcel) else _address(city, place)


def _spot(city: City, asked: Point) -> Resolved:
    """Resolve a pair of coordinates."""
    point, understood = located(city, asked)
    found = city.meets(PARCEL, point)
    if len(found) == 1:
        return Resolved(understood, found[0].geometry, point, found[0])
    return Resolved(understood, point, point, None, tuple(found[:MOST]), len(found))


def located(city: City, asked: Point) -> tuple[Any, Label]:
    """Tell which of the ways to read two numbers is meant: the one that lies in the city.

    Parameters
    ----------
    city : City
        What is published.
    asked : Point
        The numbers.

    Returns
    -------
    tuple of shapely point [storage CRS] and Label
        The place, and how the numbers were read.

    Raises
    ------
    NotFound
        If no reading lies in the city.
    """
    box = city.box
    for longitude_latitude, swapped in ((True, False), (True, True), (False, False), (False, True)):
        x, y = (asked.y, asked.x) if swapped else (asked.x, asked.y)
        point = _read_as(city, x, y, CRS84 if longitude_latitude else city.crs.code)
        if point is not None and box is not None and shapely.intersects(_degrees(city, point), shapely.box(*box)):
            return point, _reading(city, x, y, degrees=longitude_latitude, swapped=swapped)
    raise _outside(city, asked)


def _read_as(city: City, x: float, y: float, system: str) -> Any:
    """Place of two numbers in a CRS [storage CRS]; ``None`` where they are none in it."""
    if system == CRS84 and not (abs(x) <= 180 and abs(y) <= 90):
        return None
    try:
        return city.crs.to_storage(np.array([shapely.Point(x, y)]), system)[0]
    except PhusaError:
        return None


def _degrees(city: City, point: Any) -> Any:
    """Place of a point [CRS84]; an empty one where it has none."""
    try:
        return city.crs.to_crs84(np.array([point]))[0]
    except PhusaError:
        return shapely.Point()


def _reading(city: City, x: float, y: float, *, degrees: bool, swapped: bool) -> Label:
    """Say how two numbers were read."""
    if degrees:
        vi, en = f"kinh độ {x:.6f}, vĩ độ {y:.6f}", f"longitude {x:.6f}, latitude {y:.6f}"
    else:
        vi = f"tọa độ Đông {x:.2f} m, Bắc {y:.2f} m ({city.crs.code})"
        en = f"easting {x:.2f} m, northing {y:.2f} m ({city.crs.code})"
    return Label(f"{vi}; đã đổi thứ tự hai trục", f"{en}; the two axes were swapped") if swapped else Label(vi, en)


def _outside(city: City, asked: Point) -> NotFound:
    """Error for a spot that no reading puts into the city."""
    if city.box is None:
        return NotFound("nothing is published here, so no place can be looked up", code="nothing-published")
    west, south, east, north = city.box
    corners = city.crs.to_storage(np.array([shapely.box(*city.box)]), CRS84)[0].bounds
    return NotFound(
        f"({asked.x:g}, {asked.y:g}) lies outside the city in every reading; expected longitude {west:.3f} to "
        f"{east:.3f} and latitude {south:.3f} to {north:.3f}, or in {city.crs.code} easting {corners[0]:.0f} to "
        f"{corners[2]:.0f} and northing {corners[1]:.0f} to {corners[3]:.0f}",
        code="place-outside", details={"west": west, "south": south, "east": east, "north": north},
    )  # fmt: skip


def _parcel(city: City, asked: Parcel) -> Resolved:
    """Resolve what somebody calls a parcel."""
    _require_parcels(city)
    name = city.collections[PARCEL].name
    if asked.eid is not None:
        found = city.things(PARCEL, (city.publication.item(name, asked.eid),))
    else:
        found = _by_code(city, asked.text) or _by_sheet(city, asked)
    if not found:
        raise NotFound(
            f"no parcel {asked.text!r} is published; expected an official code, or map sheet and number such as "
            "7/12; see the list of parcels",
            code="parcel-unknown", details={"asked": asked.text},
        )  # fmt: skip
    return _chosen(city, found, lambda label: Label(f"thửa đất {label.vi}", f"parcel {label.en}"))


def _by_code(city: City, text: str) -> list[Thing]:
    """Parcels that carry an official code."""
    matches = city.publication.matches(city.collections[PARCEL].name, text, limit=_SEARCHED)
    found = city.things(PARCEL, tuple(one.feature for one in matches if one.share == 1))
    asked, codes = fold(text.strip()), city.codes(PARCEL)
    return [one for one in found if any(fold(str(one.properties.get(code) or "")) == asked for code in codes)]


def _by_sheet(city: City, asked: Parcel) -> list[Thing]:
    """Parcels of a map sheet and number; there may be several in one sheet."""
    if asked.sheet_and_number is None:
        return []
    sheet, number = asked.sheet_and_number
    where = {"map_sheet": sheet, "parcel_number": number}
    page = city.publication.items(city.collections[PARCEL].name, limit=_SEARCHED, where=where)
    return city.things(PARCEL, page.features)


def _address(city: City, asked: Address) -> Resolved:
    """Resolve an address: the one that is these words, or else a choice of those that come close.

    An address with one word more is another place: alley 6 of Phù Sa Street is not alley 6 of Bến Phù Sa Street.
    """
    _require_parcels(city)
    for text in (asked.text, asked.text.partition(",")[0]):
        wanted = _known_words(text)
        close = _ranked(city, wanted)
        exact = [one for one in close if _is_called(one, wanted)]
        if exact:
            return _chosen(city, exact, lambda label: Label(f"địa chỉ {label.vi}", f"address {label.en}"))
    if former := _former(city, asked.text):
        return _chosen(
            city, former, lambda label: Label(f"địa chỉ cũ của thửa {label.vi}", f"former address of parcel {label.en}")
        )
    if not close:
        raise NotFound(
            f"no parcel has an address like {asked.text!r}; expected a house number and a street; see the list of "
            "parcels",
            code="address-unknown", details={"asked": asked.text},
        )  # fmt: skip
    near = Label("không có đúng địa chỉ này; các địa chỉ gần giống", "no such address; those that come close")
    return Resolved(near, candidates=tuple(close[:MOST]), matched=len(close))


def _former(city: City, text: str) -> list[Thing]:
    """Parcels that had an address before their street was renamed or renumbered."""
    found = city.publication.search(text, limit=MOST, kinds=(PARCEL,))
    name = city.collections[PARCEL].name
    former = [one.hit for one in found if one.hit.how == "exact" and one.hit.field == "address" and one.hit.valid_to]
    current = {one.hit.eid for one in found if one.now is not None}
    return city.things(PARCEL, tuple(city.publication.item(name, hit.eid) for hit in former if hit.eid in current))


def _known_words(text: str) -> tuple[str, ...]:
    """Words of an address that tell it from others."""
    return tuple(word for word in words(text) if word not in GENERIC)


def _ranked(city: City, wanted: Sequence[str]) -> list[Thing]:
    """Parcels whose address has at least half of some words, the best first, short addresses before long ones."""
    asked = set(wanted)
    if len(asked) < 2 and not any(letter.isalpha() for word in asked for letter in word):
        return []  # a lone number is no address: every street has a house of it
    matches = city.publication.matches(city.collections[PARCEL].name, " ".join(wanted), limit=_SEARCHED)
    found = city.things(PARCEL, tuple(one.feature for one in matches))
    shares = [(len(asked & set(words(_address_of(one)))) / max(len(asked), 1), one) for one in found]
    close = [(share, one) for share, one in shares if share >= HALF]
    return [
        one for _, one in sorted(close, key=lambda pair: (-pair[0], len(_address_of(pair[1])), _address_of(pair[1])))
    ]


def _is_called(parcel: Thing, wanted: tuple[str, ...]) -> bool:
    """Tell whether a parcel has this address, in full or up to the first comma, with the number first or last."""
    address = _address_of(parcel)
    known = (_known_words(text) for text in (address, address.partition(",")[0]))
    return any(wanted in (one, one[1:] + one[:1]) for one in known)


def _address_of(parcel: Thing) -> str:
    """Address of a parcel; empty where it has none."""
    return str(parcel.properties.get("address") or "")


def _chosen(city: City, found: Sequence[Thing], understood: Callable[[Label], Label]) -> Resolved:
    """Take the only parcel, or offer several."""
    if len(found) > 1:
        many = Label(f"{len(found)} thửa đất có thể là thửa cần tìm", f"{len(found)} parcels may be meant")
        return Resolved(many, candidates=tuple(found[:MOST]), matched=len(found))
    (parcel,) = found
    address, code = _address_of(parcel), city.code_of(parcel) or parcel.eid
    said = f"{code} ({address})" if address else code
    if parcel.geometry is None:
        raise InputError(
            f"parcel {said} has no place on the map, so nothing can be said of it", code="parcel-placeless"
        )
    point = shapely.point_on_surface(parcel.geometry)
    return Resolved(understood(Label(said, said)), parcel.geometry, point, parcel)


def _require_parcels(city: City) -> None:
    """Refuse a question for parcels where none are published."""
    if PARCEL not in city.collections or not city.collections[PARCEL].count:
        raise NotFound(
            "this city publishes no parcels; ask for a point instead", code="parcel-unknown", details={"asked": ""}
        )


def ward_of(city: City, ground: Any) -> Label | None:
    """Name of the ward in which a place lies.

    Parameters
    ----------
    city : City
        What is published.
    ground : shapely geometry [storage CRS]
        The place.
    """
    found = city.meets(UNIT, shapely.point_on_surface(ground))
    wards = [one for one in found if one.properties.get("level", "commune") == "commune"]
    return wards[0].name if wards else None
