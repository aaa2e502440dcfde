"""Every input there is, as the running application tells it: a route or a parameter added later is attacked as well.

Paths come from its table of routes. Parameters come from its OpenAPI document, from the refusal of a parameter that it
does not know, which lists those that it does, and from what a handler looks up in the query. Headers are those whose
names anything compares with the names that a request has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from urllib.parse import quote

import orjson
import pytest
from starlette.datastructures import ImmutableMultiDict
from starlette.routing import Mount, Route

from sdi.filter.reading import LANGUAGES
from tests.attack.asker import Asker, Headers
from tests.attack.village import Village

Place = Literal["path", "parameter", "name", "header"]
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")
_UNKNOWN = "attacked"
_NEVER_ALONE = ("if-range", "x-forwarded-for", "x-forwarded-proto")
"""Headers that are looked up beside another one, or in a table, where no comparison shows."""


@dataclass(frozen=True, slots=True)
class Input:
    """One place in a request where somebody outside writes something."""

    route: str
    place: Place
    name: str
    parts: tuple[tuple[str, str], ...] = ()
    """Right values of the parts of the path."""
    beside: tuple[tuple[str, str], ...] = ()
    """Parameters that must or may stand beside it."""

    @property
    def label(self) -> str:
        """What messages call it."""
        besides = " ".join(f"{name}={value}" for name, value in self.beside)
        return f"{self.place} {self.name} of {self.route} {besides}".strip()

    def request(self, value: str, *, raw: bool = False) -> tuple[str, Headers]:
        """Return address and headers with something written into this place.

        Parameters
        ----------
        value : str
            What is written.
        raw : bool, optional
            It stands in the address as it is, percent signs and all.
        """
        written = value if raw else quote(value, safe="")
        parts = dict(self.parts) | ({self.name: written} if self.place == "path" else {})
        path = _PART.sub(lambda found: parts[found[1]], self.route)
        pairs = [f"{name}={quote(one, safe='')}" for name, one in self.beside]
        pairs += [f"{self.name}={written}"] if self.place == "parameter" else []
        pairs += [f"{written}=1"] if self.place == "name" else []
        header = ((self.name.encode(), value.encode("utf-8")),) if self.place == "header" else ()
        return f"{path}?{'&'.join(pairs)}" if pairs else path, header


def right(village: Village) -> tuple[dict[str, str], Mapping[str, Mapping[str, str]]]:
    """Return right values for parts of paths, and for those of some routes alone."""
    usual = {
        "collection": "landmarks", "item": village.item, "grid": "WebMercatorQuad", "matrix": "12", "row": "1933",
        "column": "3251", "file": "landmarks.csv", "style": "default", "kind": "landmark", "uuid": village.item,
        "n": "1", "path": "service.css",
    }  # fmt: skip
    some = {
        "coverage": {"collection": "terrain"}, "styles": {"collection": "trees"},
        "series": {"collection": "wells", "item": village.well},
        "/ogc/static/library/{path:path}": {"path": "leaflet.css"},
        "/{path:path}/": {"path": "ogc"}, "/static/{path:path}": {"path": "mark.svg"},
    }  # fmt: skip
    return usual, some


def routes(village: Village, asker: Asker) -> list[Input]:
    """Return every route with right values for its parts, each as an input that is its whole path."""
    usual, some = right(village)
    found = []
    for route in asker.app.routes:
        path = f"{route.path}/{{path:path}}" if isinstance(route, Mount) else str(getattr(route, "path", ""))
        assert isinstance(route, (Route, Mount)), f"{route} is a kind of route that no attack knows"
        own = next((values for part, values in some.items() if part in path.split("/") or part == path), {})
        named = {name: (usual | own).get(name, _UNKNOWN) for name in _PART.findall(path)}
        needs = {"/search": (("q", "cho noi"),), "/lookup": (("point", "10.03,105.782"),)}.get(path, ())
        found.append(Input(path, "path", "", tuple(named.items()), needs))
    return found


def every(village: Village, asker: Asker) -> list[Input]:
    """Return every input of an application."""
    known, spied = routes(village, asker), headers(village, asker)
    described = _described(asker)
    found: list[Input] = []
    for one in known:
        found += [replace(one, name=name) for name, _ in one.parts]
        taken = {*described.get(_filled(one), ()), *_told(asker, one), *_looked_up(asker, one)}
        for name in sorted(taken):
            beside = tuple(pair for pair in one.beside if pair[0] != name)
            found += [replace(one, place="parameter", name=name, beside=(*beside, *more)) for more in _with(name)]
        found.append(replace(one, place="name", name="any"))
        found += [replace(one, place="header", name=name) for name in spied]
    return list(dict.fromkeys(found))


def _with(name: str) -> Sequence[tuple[tuple[str, str], ...]]:
    """Return what stands beside a parameter: a filter is attacked in every language it may be written in."""
    return [(("filter-lang", one),) for one in LANGUAGES] if name == "filter" else [()]


def _filled(one: Input) -> str:
    """Return the path of a route with its right values."""
    return one.request("")[0].partition("?")[0]


def _described(asker: Asker) -> dict[str, list[str]]:
    """Return the query parameters that the OpenAPI document tells, by path with right values."""
    said = orjson.loads(asker("/ogc/openapi").body)
    held = said["components"]["parameters"]
    found: dict[str, list[str]] = {}
    for path, operations in said["paths"].items():
        given = [
            held[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
            for one in operations["get"].get("parameters", ())
        ]
        names = [one["name"] for one in given if one["in"] == "query"]
        found[path if "servers" in operations["get"] or "servers" in operations else f"/ogc{path}"] = names
    return found


def _told(asker: Asker, one: Input) -> list[str]:
    """Return the parameters that a route names when it refuses one."""
    body = asker(replace(one, place="name").request("nonsense")[0]).body.decode(errors="replace")
    listed = re.search(r"is not known here; expected one of ([\w ,.-]+)", body)
    return listed[1].split(", ") if listed else []


def _looked_up(asker: Asker, one: Input) -> set[str]:
    """Return the names that a route looks up in the query, whatever it says of them."""
    seen: set[str] = set()
    found = ImmutableMultiDict.__getitem__

    def watched(self: ImmutableMultiDict, key: str) -> object:
        seen.add(str(key))
        return found(self, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImmutableMultiDict, "__getitem__", watched)
        for accept in (b"application/json", b"text/html"):
            asker(one.request("")[0], ((b"accept", accept),))
    return seen


class _Spy(bytes):
    """The name of a header that notes what it is compared with."""

    seen: ClassVar[set[str]] = set()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, bytes):
            self.seen.add(other.decode("latin-1"))
        return bytes.__eq__(self, other)

    __hash__ = bytes.__hash__


def headers(village: Village, asker: Asker) -> list[str]:
    """Return the names of the headers that anything on the way to an answer reads."""
    _Spy.seen.clear()
    for one in routes(village, asker):
        asker(one.request("")[0], ((_Spy(b"x-spy"), b"1"), (b"host", b"city.test")))
    return sorted({*(name for name in _Spy.seen if name.islower() and not name.startswith("x-spy")), *_NEVER_ALONE})
