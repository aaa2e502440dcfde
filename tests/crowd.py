"""Clients that ask a soaked street everything at once, and compare each answer with what may be said at that moment."""

from __future__ import annotations

import gzip
import http.client
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from tests.soak import GRADES, PLOTS, Diary, State

LAMPS = "/ogc/collections/lamps"
ITEMS = f"{LAMPS}/items"
MIDDLE = 105.777075
"""Between the lamps of the western half and the others [degree]."""
WESTERN = f"bbox=105.76,10.02,{MIDDLE},10.05"
PAGES = (
    "/ogc/?f=html", "/ogc/collections?f=html", f"{LAMPS}?f=html", f"{ITEMS}?f=html&limit=20&lang=en", "/lookup", "/",
    f"{LAMPS}/schema?f=html",
)  # fmt: skip
DOCUMENTS = ("/ogc/", "/ogc/conformance", "/ogc/openapi", f"{LAMPS}/queryables", f"{LAMPS}/tiles/WebMercatorQuad")
FAR, NEAR = "7/60/101", "15/15466/26011"
"""Tiles that hold everything, and a part: level, row, column."""


LEAVING = 0.01
"""How often a client comes back on another connection, which may be to another worker [1]."""


class WrongAnswer(Exception):
    """An answer that may not be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question."""

    path: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    sent: float
    received: float

    @property
    def json(self) -> Any:
        """The body of an answer that is JSON."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class Crowd:
    """Clients, each with a connection that it keeps as long as it can."""

    url: str
    diary: Diary
    clients: int
    asked: Counter[str] = field(default_factory=Counter)
    """Answers by kind of question."""
    wrong: list[str] = field(default_factory=list)
    """What was answered wrongly, in words."""
    broken: list[tuple[float, str]] = field(default_factory=list)
    """When a question got no answer, and which."""
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self) -> Iterator[Crowd]:
        """Ask until the block ends."""
        threads = [threading.Thread(target=Client(self, number).ask) for number in range(self.clients)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def is_over(self) -> bool:
        """Tell whether nothing more is to be asked."""
        return self._over.is_set()


class Client:
    """One of the crowd, with questions of its own order."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self._crowd = crowd
        self._dice = random.Random(number)
        parts = urlsplit(crowd.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._known: tuple[str, int] | None = None
        """Tag of a page, with the count that it told."""

    def ask(self) -> None:
        """Ask one thing after the other."""
        questions, weights = zip(*QUESTIONS.items(), strict=True)
        while not self._crowd.is_over():
            (question,) = self._dice.choices(questions, weights)
            try:
                question(self)
            except WrongAnswer as wrong:
                self._crowd.wrong.append(str(wrong))
            except (OSError, http.client.HTTPException) as error:
                self._crowd.broken.append((time.monotonic(), f"{question.__name__}: {error!r}"))
                self._connection.close()
            else:
                self._crowd.asked[question.__name__] += 1
            if self._dice.random() < LEAVING:
                self._connection.close()
        self._connection.close()

    def get(self, path: str, *expected: int, **headers: str) -> Answer:
        """Ask for something."""
        sent = time.monotonic()
        if self._dice.random() < 0.5:
            headers["Accept-Encoding"] = "gzip"
        self._connection.request("GET", path, headers={key.replace("_", "-"): one for key, one in headers.items()})
        said = self._connection.getresponse()
        body = said.read()
        if said.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        found = Answer(path, said.status, said.headers, body, sent, time.monotonic())
        if found.status not in (expected or (200,)):
            raise WrongAnswer(f"{path}: {found.status} {body[:300]!r}")
        return found

    def compare(self, answer: Answer, told: object, expected: Callable[[State], object]) -> None:
        """Compare what an answer tells with every state that it may show."""
        possible = self._crowd.diary.possible(answer.sent, answer.received)
        if all(told != expected(one) for one in possible):
            raise WrongAnswer(f"{answer.path}: told {told}, expected one of {[expected(one) for one in possible]}")

    def page(self, query: str, count: Callable[[State], object]) -> Answer:
        """Ask for a page and compare its count."""
        found = self.get(f"{ITEMS}?f=json&{query}")
        said = found.json
        _check(len(said["features"]) == said["numberReturned"], found, "numberReturned is not what is there")
        self.compare(found, said["numberMatched"], count)
        return found


def _check(true: bool, answer: Answer, wrong: str) -> None:
    """Complain of an answer where something is not true."""
    if not true:
        raise WrongAnswer(f"{answer.path}: {wrong}: {answer.body[:300]!r}")


def some(client: Client) -> None:
    """Ask for ten things from anywhere."""
    client.page(f"limit=10&offset={client._dice.randrange(3_000)}", lambda state: state.lamps)


def many(client: Client) -> None:
    """Ask for a thousand things."""
    client.page("limit=1000", lambda state: state.lamps)


def everything(client: Client) -> None:
    """Ask for all lamps: their number and their values are of one state."""
    found = client.page("limit=10000&skipGeometry=true&properties=watts", lambda state: state.lamps)
    watts = [one["properties"]["watts"] for one in found.json["features"]]
    client.compare(found, (len(watts), sum(watts)), lambda state: (state.lamps, state.watts))


def western(client: Client) -> None:
    """Ask for a box that holds half of them, in another reference system half of the time."""
    system = client._dice.choice(("", "&crs=http://www.opengis.net/def/crs/EPSG/0/5897"))
    found = client.page(f"{WESTERN}&limit=3000{system}", lambda state: state.west)
    client.compare(found, found.json["numberReturned"], lambda state: state.west)


def graded(client: Client) -> None:
    """Ask for those that a filter lets through, which was asked before or was not."""
    grade = client._dice.randrange(GRADES)
    term = client._dice.choice(("", f" AND watts > -{client._dice.randrange(1, 10**6)}"))
    client.page(f"limit=5&filter={quote(f'grade = {grade}{term}')}", lambda state: state.grades[grade])


def equal(client: Client) -> None:
    """Ask for those that have a value, sorted."""
    grade = client._dice.randrange(GRADES)
    client.page(f"limit=50&grade={grade}&sortby=-watts", lambda state: state.grades[grade])


def walk(client: Client) -> None:
    """Follow the pages of all: nothing comes twice, and nothing is missed where all pages are of one state."""
    path, seen, first = f"{ITEMS}?f=json&limit=700&properties=grade", list[str](), None
    while path:
        found = client.get(path)
        first = first or found
        seen += [one["id"] for one in found.json["features"]]
        client.compare(found, found.json["numberMatched"], lambda state: state.lamps)
        path = next((one["href"] for one in found.json["links"] if one["rel"] == "next"), "")
        path = path.removeprefix(client._crowd.url)
    _check(len(set(seen)) == len(seen), found, "something came on two pages")
    if len(possible := client._crowd.diary.possible(first.sent, found.received)) == 1:
        _check(len(seen) == possible[0].lamps, found, f"{len(seen)} of {possible[0].lamps} came")


def single(client: Client) -> None:
    """Ask for one thing, which may have ended."""
    watched = client._crowd.diary.now.watched
    eid = client._dice.choice(sorted(watched))
    found = client.get(f"{ITEMS}/{eid}?f=json", 200, 410)
    told = found.json["properties"]["watts"] if found.status == 200 else None
    client.compare(found, told, lambda state: state.watched[eid])


def unchanged(client: Client) -> None:
    """Ask again for a page that was seen before: it may be unchanged only where it is."""
    path = f"{ITEMS}?f=json&limit=1"
    headers = {"If_None_Match": client._known[0]} if client._known else {}
    found = client.get(path, 200, 304, **headers)
    count = found.json["numberMatched"] if found.status == 200 else client._known[1]
    client.compare(found, count, lambda state: state.lamps)
    client._known = found.headers["ETag"], count


def far(client: Client) -> None:
    """Ask for a tile that shows every lamp."""
    found = client.get(f"{LAMPS}/tiles/WebMercatorQuad/{FAR}")
    shown = re.fullmatch(r"(?:whole|lean); features=(\d+)", found.headers["Tile-Content"])
    _check(shown is not None, found, found.headers["Tile-Content"])
    client.compare(found, int(shown[1]), lambda state: state.lamps)


def near(client: Client) -> None:
    """Ask for a tile that shows some, and one of the plots."""
    client.get(f"{LAMPS}/tiles/WebMercatorQuad/{NEAR}")
    client.get(f"/ogc/collections/plots/tiles/WebMercatorQuad/{NEAR}")


def looked_at(client: Client) -> None:
    """Ask for a page for people."""
    found = client.get(client._dice.choice(PAGES))
    _check(b"</html>" in found.body, found, "a page has no end")


def documents(client: Client) -> None:
    """Ask for what describes the service."""
    found = client.get(f"{client._dice.choice(DOCUMENTS)}?f=json")
    _check(bool(found.json), found, "a document is empty")


def described(client: Client) -> None:
    """Ask for all collections: title, and whether a further one is there."""
    found = client.get("/ogc/collections?f=json&lang=en")
    known = {one["id"]: one["title"] for one in found.json["collections"]}
    client.compare(found, (known["lamps"], "piers" in known), lambda state: (state.title, state.piers))


def plots(client: Client) -> None:
    """Ask for what nobody edits."""
    found = client.get(f"/ogc/collections/plots/items?f=json&limit={client._dice.choice((10, 500))}")
    _check(found.json["numberMatched"] == PLOTS, found, "plots are missing")


def searched(client: Client) -> None:
    """Look for a lamp by its name."""
    found = client.get(f"/search?q={quote(f'den duong so {client._dice.randrange(4_000)}')}&limit=5").json
    if not found:
        raise WrongAnswer("nothing was found")


def changes(client: Client) -> None:
    """Ask what happened lately: in order, none twice, up to the last transaction that shows."""
    found = client.get(f"/changes?since={max(0, client._crowd.diary.now.sequence - 5)}&limit=200", 200)
    told = [(one["sequence"], one["id"]) for one in found.json["changes"]]
    _check(told == sorted(set(told)), found, "changes are out of order")
    client.compare(found, found.json["last"], lambda state: state.sequence)


def health(client: Client) -> None:
    """Ask how the service is."""
    found = client.get("/healthz")
    client.compare(found, found.json["sequence"], lambda state: state.sequence)


def past(client: Client) -> None:
    """Ask what stood long ago: all that were recorded, also those that ended since."""
    found = client.get(f"{ITEMS}?f=json&limit=1&datetime=2024-06-01")
    _check(found.json["numberMatched"] >= 4_000, found, "the past has changed")


def files(client: Client) -> None:
    """Ask for the whole collection as a file, and for a part of one."""
    found = client.get(f"{LAMPS}/bulk/lamps.csv", 200, 404)
    told = len(found.body.splitlines()) - 1 if found.status == 200 else None
    client.compare(found, told, lambda state: state.files)
    client.get(f"{LAMPS}/bulk/lamps.fgb", 206, 404, Range="bytes=0-99")


QUESTIONS: dict[Callable[[Client], None], int] = {
    some: 12, many: 6, everything: 1, western: 4, graded: 10, equal: 4, walk: 1, single: 12, unchanged: 8, far: 4,
    near: 6, looked_at: 6, documents: 6, described: 4, plots: 4, searched: 6, changes: 6, health: 3, past: 2, files: 2,
}  # fmt: skip
"""What is asked, with how often."""
