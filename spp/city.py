"""What a city publishes, as planning reads it: things with their places in the storage CRS."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely

from sdi.crs import CRS84, StorageCRS
from sdi.declaration import Label
from sdi.publishing.collection import Collection as Published
from sdi.publishing.publication import Publication

PARCEL, ZONE, UNIT, BUILDING, RISK = "parcel", "plan_zone", "administrative_unit", "building", "flood_risk"
"""Registers that a lookup asks."""
ENDS = frozenset({"from_node", "to_node"})
"""What the things of a network have and no others: the names of their ends."""

_PAGE = 1000
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Thing:
    """One published thing."""

    kind: str
    eid: str
    properties: Mapping[str, Any]
    geometry: Any
    """shapely geometry [storage CRS], valid; ``None`` where it has no place."""

    @property
    def name(self) -> Label | None:
        """Official name, where it has one."""
        name = self.properties.get("name")
        return Label(str(name), str(self.properties.get("name_en") or name)) if name else None


@dataclass(frozen=True, slots=True)
class City:
    """A publication and the CRS in which its areas and distances are measured."""

    publication: Publication
    crs: StorageCRS
    collections: Mapping[str, Published]
    """By register."""

    @classmethod
    def of(cls, publication: Publication, crs: StorageCRS) -> City:
        """Read what is published.

        Parameters
        ----------
        publication : Publication
            What the audience may see.
        crs : StorageCRS
            Of the workspace.
        """
        return cls(publication, crs, {one.kind: one for one in publication.collections()})

    @property
    def networks(self) -> tuple[Published, ...]:
        """Collections of pipes, cables and their nodes."""
        return tuple(one for one in self.collections.values() if one.schema["properties"].keys() >= ENDS)

    @property
    def box(self) -> Box | None:
        """Box around everything that is published [degree, CRS84]; ``None`` where nothing has a place."""
        boxes = [one.extent for one in self.collections.values() if one.extent is not None]
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    def codes(self, kind: str) -> tuple[str, ...]:
        """Properties of a register that hold official codes.

        Parameters
        ----------
        kind : str
            The register.
        """
        collection = self.collections.get(kind)
        properties = collection.schema["properties"] if collection else {}
        # Names, then official codes, then the status, then what the register is about.
        before = list(properties)[: list(properties).index("status")] if "status" in properties else []
        return tuple(name for name in before if "pattern" in properties[name])

    def code_of(self, thing: Thing) -> str:
        """First official code of a thing; empty where it has none.

        Parameters
        ----------
        thing : Thing
            The thing.
        """
        return next((str(code) for name in self.codes(thing.kind) if (code := thing.properties.get(name))), "")

    def about(self, kind: str, entities: Collection[str], ground: shapely.Geometry) -> list[Thing]:
        """Things of a register that speak of others by their identifiers, at a place or without a place.

        Parameters
        ----------
        kind : str
            The register; its things name what they are about in ``entity``.
        entities : collection of str
            Identifiers of what they may be about.
        ground : shapely geometry [storage CRS]
            The place.
        """
        collection = self.collections.get(kind)
        found = self._within(collection, self._around(ground, 0.0)) if collection else ()
        return [one for one in found if one.properties.get("entity") in entities]

    def meets(self, kind: str, ground: shapely.Geometry, reach: float = 0.0) -> list[Thing]:
        """Things of a register at or near a place.

        Parameters
        ----------
        kind : str
            The register; one that is not published has no things.
        ground : shapely geometry [storage CRS]
            The place.
        reach : float, optional
            Distance up to which a thing is near [m].

        Returns
        -------
        list of Thing
            In the order in which they were recorded.
        """
        collection = self.collections.get(kind)
        if collection is None:
            return []
        things = list(self._within(collection, self._around(ground, reach)))
        return [one for one in things if one.geometry is not None and shapely.dwithin(one.geometry, ground, reach)]

    def _around(self, ground: shapely.Geometry, reach: float) -> Box:
        """Box [degree, CRS84] around a place and what is near it, a little wider than it.

        Published coordinates are rounded, and a straight side is none in degrees.
        """
        around = shapely.segmentize(shapely.box(*shapely.buffer(ground, reach + 1.0).bounds), 1000.0)
        west, south, east, north = self.crs.to_crs84(np.array([around]))[0].bounds
        return west, south, east, north

    def _within(self, collection: Published, box: Box) -> Iterator[Thing]:
        """Yield the things in a box and those without a place, page by page."""
        after: int | None = None
        while True:
            page = self.publication.items(collection.name, limit=_PAGE, after=after, bbox=box)
            yield from self.things(collection.kind, page.features)
            if page.next_key is None:
                return
            after = page.next_key

    def things(self, kind: str, features: tuple[bytes, ...]) -> list[Thing]:
        """Read features.

        Parameters
        ----------
        kind : str
            Their register.
        features : tuple of bytes
            As published.
        """
        if not features:
            return []
        documents = [orjson.loads(one) for one in features]
        texts = [orjson.dumps(one["geometry"]) if one["geometry"] else None for one in documents]
        published = shapely.from_geojson(np.array(texts, dtype=object))
        places = self.crs.to_storage(published, CRS84)
        broken = ~shapely.is_valid(places) & ~shapely.is_missing(places)
        places[broken] = shapely.make_valid(places[broken])
        return [
            Thing(kind, one["id"], one["properties"], place if place is not None and not place.is_empty else None)
            for one, place in zip(documents, places, strict=True)
        ]


def title_of(schema: Mapping[str, Any]) -> Label:
    """Title of a property or a choice in both languages, from its schema.

    Parameters
    ----------
    schema : mapping
        Part of the schema of a collection.
    """
    title = str(schema.get("title", schema.get("const", "")))
    return Label(title, str(schema.get("x-title-en", title)))


def coded(schema: Mapping[str, Any], value: object) -> Label | None:
    """Title of a code, from the schema of its property.

    Parameters
    ----------
    schema : mapping
        Schema of the property.
    value : str
        The code.

    Returns
    -------
    Label or None
        ``None`` where the value is no code of the list.
    """
    return next((title_of(one) for one in schema.get("oneOf", ()) if one.get("const") == value), None)
