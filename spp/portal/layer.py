"""Layers of the public map: a collection, its style and the words for its fields, in one language.

Every published collection becomes a layer. One without a style is drawn by its geometry in a colour of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal
from zlib import crc32

from sdi.publishing.collection import Collection
from spp.portal.attribute import Attribute, attributes
from spp.portal.choice import Choice
from spp.portal.overview import exact_until

Geometry = Literal["fill", "line", "circle"]

LIMIT = 5000
"""Most things of one layer that a map loads at once [1]."""
FIRST = frozenset({"administrative-units", "plan-zones", "parcels", "streets", "trees", "flood-depth"})
"""Layers switched on at first where a city has many."""
FEW = 5
"""A city with no more layers than this shows all of them at first [1]."""

_AREAS = frozenset({"Polygon", "MultiPolygon"})
_BY_GEOMETRY: Mapping[str, Geometry] = {
    "Point": "circle", "MultiPoint": "circle", "LineString": "line", "MultiLineString": "line",
    "Polygon": "fill", "MultiPolygon": "fill",
}  # fmt: skip
_OWN_COLORS = ("#2a7f9e", "#a65e2e", "#5b7f3b", "#7a5195", "#b5495b", "#4c6a92")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_INK = (38, 50, 56)


@dataclass(frozen=True, slots=True)
class Look:
    """How one class of things is drawn."""

    color: str
    edge: str
    """Colour of the outline, ``#rrggbb``."""
    title: str = ""
    value: str | float | bool | None = None
    """Value of the field that chooses the class."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the public map, in one language."""

    id: str
    """Name of the collection."""
    kind: str
    """Register of its things."""
    title: str
    description: str
    geometry: Geometry
    areal: bool
    """Its things are areas, even where only their outline is drawn."""
    by: str | None
    """Field that chooses the class."""
    look: Look
    """Look where no class applies."""
    width: float
    """Line width or circle radius [px]."""
    opacity: float
    """0 is invisible, 1 is solid [1]."""
    classes: tuple[Look, ...]
    minzoom: float
    """Smallest zoom level at which its things are drawn one by one [1]."""
    count: int
    extent: tuple[float, float, float, float] | None
    """Box [degree, CRS84]."""
    version: str
    """Publication and transaction of the last change: another one shows something else."""
    visible: bool
    """Switched on at first."""
    general: bool
    """Has a generalised picture, for views from afar and for those that hold too many of its things."""
    general_until: float
    """Zoom level below which the picture is shown for lightness; 0 where it is shown for want of room only [1]."""
    attributes: tuple[Attribute, ...]
    attribution: str
    notice: str | None
    alternatives: str | None = None
    """Field whose values exclude each other: the things of one choice are shown at a time."""
    choices: tuple[Choice, ...] = ()
    """Values of that field, the one shown at first in front; empty where everything is shown."""

    def choice(self, asked: str | None) -> Choice | None:
        """Choice that somebody asks for, else the one shown at first; ``None`` where everything is shown.

        Parameters
        ----------
        asked : str or None
            Value of the field `alternatives`.
        """
        return next((one for one in self.choices if one.value == asked), next(iter(self.choices), None))

    def where(self, choice: Choice | None) -> dict[str, str]:
        """Property that the things of a choice have.

        Parameters
        ----------
        choice : Choice or None
            One of `choices`; ``None`` asks for everything.
        """
        return {self.alternatives: choice.value} if self.alternatives and choice else {}

    @property
    def named(self) -> bool:
        """Whether its things have names."""
        return any(one.name == "name" for one in self.attributes)

    def look_of(self, value: object) -> Look:
        """Look of a thing by the value of the field `by`.

        Parameters
        ----------
        value : object
            The value; anything the style does not name gets the default.
        """
        return next((one for one in self.classes if one.value == value), self.look)

    def description_for_map(self, prefix: str) -> dict[str, Any]:
        """Describe the layer to the map's scripts.

        Parameters
        ----------
        prefix : str
            Path under which the whole service stands; empty at the root of a host.
        """
        symbol = {"color": self.look.color, "edge": self.look.edge, "width": self.width, "opacity": self.opacity}
        plain = (
            "id",
            "kind",
            "title",
            "description",
            "geometry",
            "areal",
            "by",
            "minzoom",
            "count",
            "extent",
            "visible",
            "named",
        )
        return {name: getattr(self, name) for name in plain} | {
            "default": symbol,
            "classes": [asdict(one) for one in self.classes],
            "alternatives": self.alternatives if self.choices else None,
            "choices": [asdict(one) for one in self.choices],
            "fields": [asdict(one) for one in self.attributes],
            "items": f"{prefix}/ogc/collections/{self.id}/items",
            "overview": f"{prefix}/portal/overview/{self.id}.json?v={self.version}" if self.general else None,
            "overview_until": self.general_until,
            "attribution": self.attribution,
            "notice": self.notice,
        }


def layers(
    collections: Iterable[Collection],
    language: str,
    said: str | None = None,
    choices: Mapping[str, Sequence[Choice]] | None = None,
    identity: str = "",
) -> tuple[Layer, ...]:
    """Layers of all collections that have a place, the lowest first.

    Parameters
    ----------
    collections : iterable of Collection
        What is published.
    language : str
        ``vi`` or ``en``.
    said : str, optional
        Notice that the page shows for the whole city; a layer does not repeat it.
    choices : mapping of str to sequence of Choice, optional
        Alternatives of the collections that have some.
    identity : str
        Of the publication: with another one, the same version of a collection may show something else.

    Returns
    -------
    tuple of Layer
        Empty where nothing is published.
    """
    placed = sorted((one for one in collections if one.extent is not None), key=lambda one: (one.order, one.name))
    apart = choices or {}
    return tuple(_layer(one, placed, language, said, tuple(apart.get(one.name, ())), identity) for one in placed)


def _layer(
    collection: Collection,
    all_of_them: Sequence[Collection],
    language: str,
    said: str | None,
    choices: tuple[Choice, ...],
    identity: str,
) -> Layer:
    """Layer of one collection among all."""
    style: Mapping[str, Any] = collection.style or {}
    symbol = style.get("default") or {}
    notice = collection.notice.of(language) if collection.notice else None
    geometry: Geometry = style.get("geometry") or _BY_GEOMETRY.get(collection.geometry, "circle")
    general = _shown_far(collection, all_of_them) and (geometry != "circle" or collection.count > LIMIT)
    own = _OWN_COLORS[crc32(collection.name.encode()) % len(_OWN_COLORS)]
    classes = tuple(
        _look(one["color"], own, _text(one["title"], language), one["value"]) for one in style.get("classes") or ()
    )
    return Layer(
        id=collection.name,
        kind=collection.kind,
        title=collection.title.of(language),
        description=collection.description.of(language),
        geometry=geometry,
        areal=collection.geometry in _AREAS,
        by=style.get("by"),
        look=_look(symbol.get("color", own), own),
        width=float(symbol.get("width", 4 if geometry == "circle" else 1)),
        opacity=float(symbol.get("opacity", 0.5 if geometry == "fill" else 1)),
        classes=classes,
        minzoom=_minzoom(collection),
        count=collection.count,
        extent=collection.extent,
        version=f"{identity}-{collection.version}",
        visible=len(all_of_them) <= FEW or collection.name in FIRST,
        general=general,
        general_until=exact_until(collection.extent) if general and collection.extent and geometry != "circle" else 0.0,
        attributes=attributes(collection.schema, language),
        attribution=collection.attribution,
        notice=None if notice == said else notice,
        alternatives=style.get("alternatives"),
        choices=choices,
    )


def _minzoom(collection: Collection) -> float:
    """Smallest zoom level of a collection's style [1]."""
    return float((collection.style or {}).get("minzoom") or 0)


def _shown_far(collection: Collection, all_of_them: Sequence[Collection]) -> bool:
    """Whether a layer belongs into the view of the whole city: by its style, or because nothing else would be there."""
    return _minzoom(collection) == 0 or all(_minzoom(one) > 0 for one in all_of_them)


def _look(color: str, otherwise: str, title: str = "", value: str | float | bool | None = None) -> Look:
    """Look with an outline somewhat darker than its area."""
    safe = color if _COLOR.fullmatch(color) else otherwise
    channels = [int(safe[place : place + 2], 16) for place in (1, 3, 5)]
    darker = [round(0.62 * channel + 0.38 * ink) for channel, ink in zip(channels, _INK, strict=True)]
    return Look(safe.lower(), "#" + "".join(f"{channel:02x}" for channel in darker), title, value)


def _text(title: Mapping[str, str] | str, language: str) -> str:
    """Title in one language."""
    return title if isinstance(title, str) else title[language]
