"""A question for features, read from the query of a request and checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdi.crs import CRS84, StorageCRS
from sdi.errors import InputError
from sdi.filter.filter import Filter
from sdi.filter.reading import LANGUAGES
from sdi.history import utc
from sdi.period import query_interval
from sdi.publishing.collection import Collection
from sdi.publishing.paging import sortables
from sdi.service.negotiation import COMMON, Wish
from sdi.service.parameter import Box, integer, truth, typed
from sdi.service.reference import asked, box_in_crs84, into_crs84
from sdi.settings import Settings
from sdi.workspace import Workspace
from sdi.zone import Zone

PARAMETERS = (
    "limit", "offset", "after", "bbox", "bbox-crs", "crs", "datetime", "recorded", "filter", "filter-lang",
    "filter-crs", "sortby", "properties", "skipGeometry",
)  # fmt: skip
"""Parameters of every collection's items besides its queryables."""
MAXIMUM_ROWS = 1000
"""Most features on one page for people, which costs twenty times the work of the same in JSON."""
MAXIMUM_KEYS = 5
"""Most properties by which a page is sorted."""
_RESERVED = {*PARAMETERS, *COMMON}


Schema = dict[str, object]
"""JSON Schema of a property."""


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """Which features of a collection, how many of them, and in which CRS."""

    limit: int
    offset: int = 0
    """Features to leave out first."""
    after: int | None = None
    """Key of the last feature of the page before; pages found by it cost the same however deep they are."""
    bbox: Box | None = None
    """Box in CRS84 [degree]."""
    datetime: str | None = None
    """Moment or interval of valid time."""
    recorded: str | None = None
    """What shall have been known."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Queryable to the value it must have."""
    filter: Filter | None = None
    """What must be true besides."""
    sortby: tuple[tuple[str, bool], ...] = ()
    """Properties by which to sort, each with whether it descends."""
    properties: tuple[str, ...] | None = None
    """Properties to answer with; all of them where ``None``."""
    places: bool = True
    """Answer with the places."""
    crs: str = CRS84

    @classmethod
    def of(
        cls,
        wish: Wish,
        collection: Collection,
        known: Mapping[str, Schema],
        systems: tuple[str, ...],
        workspace: Workspace,
        settings: Settings,
    ) -> ItemsQuery:
        """Read a query.

        Parameters
        ----------
        wish : Wish
            The request.
        collection : Collection
            What is asked for.
        known : mapping of str to dict
            Its queryables.
        systems : tuple of str
            Systems offered.
        workspace : Workspace
            For the pinned datum operation and the clock of the city.
        settings : Settings
            For the limits.

        Raises
        ------
        InputError
            If a value cannot be used; the message names the parameter and what was expected.
        """
        given = wish.parameters
        for other in ("offset", "sortby"):
            if other in given and "after" in given:
                raise InputError(f"parameters {other} and after are both given; give one of them")
        box_system = asked("bbox-crs", given.get("bbox-crs"), systems)
        datetime, recorded = moments(wish, workspace.zone)
        most = min(settings.maximum_items, MAXIMUM_ROWS) if wish.html else settings.maximum_items
        return cls(
            limit=integer("limit", given.get("limit", str(settings.default_items)), minimum=1, maximum=most),
            offset=integer("offset", given.get("offset", "0"), minimum=0),
            after=integer("after", given["after"], minimum=0) if "after" in given else None,
            bbox=box_in_crs84(given["bbox"], box_system, workspace.crs) if "bbox" in given else None,
            datetime=datetime,
            recorded=recorded,
            where={name: _sought(name, text, known[name]) for name, text in given.items() if name in known},
            filter=_filter(given, systems, workspace.crs),
            sortby=_sorted_by(given["sortby"], collection) if "sortby" in given else (),
            properties=_chosen(given["properties"], collection) if "properties" in given else None,
            places=not truth("skipGeometry", given.get("skipGeometry", "false")),
            crs=asked("crs", given.get("crs"), systems),
        )


def _filter(given: Mapping[str, str], systems: tuple[str, ...], storage: StorageCRS) -> Filter | None:
    """Read a filter with the system of its places."""
    system = asked("filter-crs", given.get("filter-crs"), systems)
    language = given.get("filter-lang", LANGUAGES[0])
    if language not in LANGUAGES:
        raise InputError(f"parameter filter-lang is {language!r}; expected one of {', '.join(LANGUAGES)}")
    return Filter.of(given["filter"], language, into_crs84(system, storage)) if "filter" in given else None


def _sorted_by(text: str, collection: Collection) -> tuple[tuple[str, bool], ...]:
    """Read the properties to sort by: ``-name`` descends, ``+name`` and ``name`` ascend."""
    keys = tuple((one.strip().lstrip("+-"), one.strip().startswith("-")) for one in text.split(","))
    known = sortables(collection)
    for name, _ in keys:
        if name not in known:
            raise InputError(f"parameter sortby names {name!r}; expected one of {', '.join(known)}")
    if len(keys) > MAXIMUM_KEYS:
        raise InputError(f"parameter sortby names {len(keys)} properties; at most {MAXIMUM_KEYS} are taken")
    return keys


def _chosen(text: str, collection: Collection) -> tuple[str, ...]:
    """Read the properties to answer with."""
    named, known = text.split(",") if text else [], collection.schema["properties"]
    for name in named:
        if name not in known:
            raise InputError(f"parameter properties names {name!r}; expected some of {', '.join(known)}")
    return tuple(dict.fromkeys(named))


def moments(wish: Wish, zone: Zone) -> tuple[str | None, str | None]:
    """Return the two times of a request, ``datetime`` and ``recorded``, refused where they are none.

    Parameters
    ----------
    wish : Wish
        The request.
    zone : Zone
        Clock of the city.

    Raises
    ------
    InputError
        If one of them is no time; ``recorded`` is one moment.
    """
    datetime, recorded = wish.parameters.get("datetime"), wish.parameters.get("recorded")
    if datetime is not None:
        query_interval(datetime, zone)
    return datetime, None if recorded is None else utc(recorded, zone)


def _sought(name: str, text: str, schema: dict[str, object]) -> str:
    """Return the value of a queryable as the publication compares it, which reads by itself when a fact began."""
    value = typed(name, text, schema)
    return text if name == "valid_from" else value


def queryables(collection: Collection) -> dict[str, Schema]:
    """Properties by which features can be chosen with a parameter of the same name.

    Parameters
    ----------
    collection : Collection
        The collection.

    Returns
    -------
    dict of str to dict
        Name to JSON Schema; places are chosen by ``bbox``, and a property with the name of a parameter is left out,
        as is a series: nobody asks for the one thing that has exactly these numbers.
    """
    properties: dict[str, Schema] = collection.schema["properties"]
    return {
        name: one for name, one in properties.items() if one.get("type", "array") != "array" and name not in _RESERVED
    }
