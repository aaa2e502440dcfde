"""A question for features, read from the query of a request and checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdi.crs import CRS84
from sdi.errors import InputError
from sdi.history import utc
from sdi.period import query_interval
from sdi.publishing.collection import Collection
from sdi.service.negotiation import COMMON, Wish
from sdi.service.parameter import Box, integer, typed
from sdi.service.reference import asked, box_in_crs84
from sdi.settings import Settings
from sdi.workspace import Workspace
from sdi.zone import Zone

PARAMETERS = ("limit", "offset", "after", "bbox", "bbox-crs", "crs", "datetime", "recorded")
"""Parameters of every collection's items besides its queryables."""
MAXIMUM_ROWS = 1000
"""Most features on one page for people, which costs twenty times the work of the same in JSON."""
_RESERVED = {*PARAMETERS, *COMMON}


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
    crs: str = CRS84

    @classmethod
    def of(
        cls, wish: Wish, collection: Collection, systems: tuple[str, ...], workspace: Workspace, settings: Settings
    ) -> ItemsQuery:
        """Read a query.

        Parameters
        ----------
        wish : Wish
            The request.
        collection : Collection
            What is asked for, with its queryables.
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
        if "offset" in given and "after" in given:
            raise InputError("parameters offset and after are both given; give one of them")
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
            where={
                name: _sought(name, given[name], one) for name, one in queryables(collection).items() if name in given
            },
            crs=asked("crs", given.get("crs"), systems),
        )


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


def queryables(collection: Collection) -> dict[str, dict[str, object]]:
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
    properties: dict[str, dict[str, object]] = collection.schema["properties"]
    return {
        name: one for name, one in properties.items() if one.get("type", "array") != "array" and name not in _RESERVED
    }
