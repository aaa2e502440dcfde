"""What is written into a filter, a property or an identifier is a value of the question and never a part of it.

Both databases tell every statement they are given: SQLite with its values written out, PostgreSQL in its log with marks
for them. Without what stands in quotes, the statements of a hostile value must be those of a harmless one.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attack import village
from tests.attack.asker import Asker
from tests.attack.conftest import Field, opened
from tests.attack.inputs import Input
from tests.attack.payloads import EXPRESSION, INJECTION
from tests.attack.witness import complaints
from tests.conftest import STORES

HARMLESS = ("zzz", "yyy", "zzz")
"""Values as nobody has them, one of them twice: what was found once is not asked for again."""
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_LISTED = re.compile(r"\((?:\?|\$\d+)\)(?:, \((?:\?|\$\d+)\))+")
"""A list of values, as long as there are words to look for."""
_NAMED = re.compile(r"execute [^:]+:|statement:")
_FORBIDDEN = re.compile(r"keeper|union select|drop table|pg_sleep|randomblob|load_extension|1=1|0x7f|--", re.IGNORECASE)
"""What stands in no statement of ours outside of quotes; the keeper is for few."""


@dataclass(frozen=True, slots=True)
class Told:
    """An application whose database tells what it is asked."""

    field: Field
    statements: Callable[[], list[str]]
    """What it was asked since the last call, without values."""

    def of(self, *addresses: str) -> set[str]:
        """Return what the database is asked for some addresses, one after the other."""
        self.statements()
        for address in addresses:
            assert list(complaints(self.field.ask(address))) == [], address
        return set(self.statements())


@pytest.fixture(scope="module", params=STORES)
def told(request, provider, tmp_path_factory) -> Iterator[Told]:
    """Return the village's application on each store, and what its database is asked."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "embedded":
            made, heard = request.getfixturevalue("made"), _traced(patch)
        else:
            cluster = request.getfixturevalue("cluster")
            address = cluster.database()
            made = village.build(tmp_path_factory.mktemp("told"), address)
            cluster.run("postgres", f"ALTER DATABASE {re.search(r'/(test_\w+)', address)[1]} SET log_statement = 'all'")
            heard = _logged(cluster.folder / "log")
        # One thread, which has its connection by now: to open another would show as statements of some question.
        for field in opened(made, provider, threads=1):
            yield Told(field, heard)


def plain(statement: str) -> str:
    """Return a statement without its values."""
    return _LISTED.sub("(?)", _QUOTED.sub("?", statement)).replace("($1)", "(?)").strip()


def _traced(patch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Have SQLite tell what its connections are asked."""
    heard: list[str] = []
    connect = sqlite3.connect

    def watched(*arguments, **named):
        connection = connect(*arguments, **named)
        connection.set_trace_callback(heard.append)
        return connection

    patch.setattr(sqlite3, "connect", watched)

    def statements() -> list[str]:
        found = [plain(one) for one in heard]
        heard.clear()
        return found

    return statements


def _logged(log: Path) -> Callable[[], list[str]]:
    """Have PostgreSQL tell what it is asked, of which its log keeps marks and values apart."""
    place = [0]

    def statements() -> list[str]:
        with log.open("rb") as file:
            file.seek(place[0])
            text = file.read().decode(errors="replace").replace("\n\t", " ")
            place[0] = file.tell()
        lines = [one.partition("LOG:  ")[2] for one in text.splitlines() if "LOG:  " in one]
        return [plain(_NAMED.sub("", one)) for one in lines if _NAMED.match(one)]

    return statements


def filters(value: str) -> list[tuple[str, str]]:
    """Return filters that hold a value, with their language."""
    quoted = value.replace("'", "''")
    said = [f"name = '{quoted}'", f"name IN ('a', '{quoted}')", f"CASEI(remark) = CASEI('{quoted}')"]
    like = {"op": "like", "args": [{"property": "name"}, f"%{value}%"]}
    equal = {
        "op": "or",
        "args": [{"op": "=", "args": [{"op": "accenti", "args": [{"property": "remark"}]}, value]}, like],
    }
    return [*((one, "cql2-text") for one in said), (json.dumps(equal), "cql2-json"), (said[0], "cql-text")]


def asked(one: Input, ask: Asker) -> bool:
    """Tell whether what is written into an input can reach a database as it is."""
    return one.place == "path" or (one.place == "parameter" and not one.name.startswith("filter"))


@pytest.mark.shows("service")
def test_a_hostile_value_changes_no_statement(told, figure):
    different, count = [], 0
    reaching = [one for one in told.field.inputs if asked(one, told.field.ask) and not one.route.startswith("/static")]
    some = [one for one in reaching if "items" in one.route or one.route.startswith(("/id", "/search", "/changes"))]
    for number, one in enumerate(some):
        harmless = told.of(*(one.request(value)[0] for value in HARMLESS))
        for value in INJECTION[number % 11 :: 11]:
            count += 1
            if other := told.of(one.request(value)[0]) - harmless:
                different.append(f"{one.label}: {value!r}: {other}")
    figure("hostile values whose statements are those of a harmless one", count, unit=f"on {len(some)} inputs")
    assert different == []


@pytest.mark.shows("service")
def test_a_hostile_value_in_a_filter_changes_no_statement(told, figure):
    (place,) = (one for one in told.field.inputs if one.name == "filter" and ("filter-lang", "cql2-text") in one.beside)

    def address(text: str, language: str) -> str:
        beside = tuple(pair for pair in place.beside if pair[0] != "filter-lang")
        one = Input(place.route, "parameter", "filter", place.parts, (*beside, ("filter-lang", language)))
        return one.request(text)[0]

    harmless = [told.of(*(address(*one) for one in same)) for same in zip(*map(filters, HARMLESS), strict=True)]
    assert all(any("remark" in one or "name" in one for one in each) for each in harmless), "each reaches the database"
    different, count = [], 0
    for value in (*INJECTION, *EXPRESSION)[::3]:
        for one, expected in zip(filters(value), harmless, strict=True):
            count += 1
            if other := told.of(address(*one)) - expected:
                different.append(f"{one}: {other}")
    figure("hostile values in filters whose statements are those of a harmless one", count)
    assert different == []


def test_a_hostile_filter_puts_no_word_of_its_own_into_a_statement(told):
    for one in (each for each in told.field.inputs if each.name in {"filter", "sortby", "properties"}):
        for value in (*INJECTION, *EXPRESSION):
            for statement in told.of(one.request(value)[0]):
                assert not _FORBIDDEN.search(statement), (one.label, value)


def test_what_is_told_is_told(told):
    """Were a value written into a statement, this is how it would show."""
    statements = told.of("/ogc/collections/landmarks/items?filter=name%20%3D%20%27zzz%27%20AND%20height%20%3E%203")
    assert any("name" in one and "landmarks" in one for one in statements)
    other = told.of("/ogc/collections/landmarks/items?filter=remark%20%3D%20%27zzz%27")
    assert statements != other
