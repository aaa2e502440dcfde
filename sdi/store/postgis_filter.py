"""Filters on PostGIS: its own spatial functions, and two functions for texts that lie beside the publication."""

from __future__ import annotations

from sdi.filter.fold import MARKS, STROKES
from sdi.filter.term import Box, Kind, Term

_LETTERS = 0x20000
"""Up to here letters have a case."""
_MADE = "CREATE FUNCTION {0} IMMUTABLE STRICT PARALLEL SAFE LANGUAGE {1} AS $made${2}$made$"
_CAUGHT = "BEGIN RETURN {0}; EXCEPTION WHEN data_exception THEN RETURN NULL; END"
_NUMBERS = "(double precision, double precision) RETURNS double precision"
_TYPES = {"number": "double precision", "boolean": "boolean"}


class PostgisFilter:
    """What a filter asks of PostGIS, for the current features ``c`` or the history ``h`` of a collection.

    Parameters
    ----------
    past : bool
        Whether the history is asked, which keeps properties in the serialised feature alone.
    """

    def __init__(self, *, past: bool = False) -> None:
        self._past = past

    def column(self, name: str, kind: Kind) -> str:
        """Return the SQL of a property; of the place where the kind is ``geometry``."""
        feature = "CAST(convert_from(h.feature, 'UTF8') AS json)"
        if kind == "geometry":
            return f"ST_SetSRID(ST_GeomFromGeoJSON({feature} -> 'geometry'), 4326)" if self._past else "c.geom"
        if not self._past:
            return f'c."{name}"'
        found = f"{feature} -> 'properties' ->> '{name}'"
        return f"CAST({found} AS {_TYPES[kind]})" if kind in _TYPES else f'(({found}) COLLATE "C")'

    def text(self, value: str) -> Term:
        """Return a text; bytes decide about order, as on the other store."""
        return Term("text", '(CAST(? AS text) COLLATE "C")', (value,), value)

    def shape(self, wkb: bytes) -> Term:
        """Return a place [CRS84]."""
        return Term("geometry", "ST_GeomFromWKB(?, 4326)", (wkb,))

    def folded(self, fold: str, sql: str) -> str:
        """Return the SQL of a text without differences of case (``casei``) or of accents (``accenti``)."""
        return f'(phusa_{fold}({sql}) COLLATE "C")'

    def like(self, sql: str, pattern: str) -> Term:
        r"""Return whether a text matches a pattern; a lone ``\`` at the end means itself."""
        whole = pattern if (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 0 else pattern + "\\"
        return Term("boolean", f"({sql} LIKE CAST(? AS text))", (whole,))

    def computed(self, operation: str, left: str, right: str) -> str:
        """Return the SQL of ``/ % div ^`` on two numbers, NULL where the divisor is zero."""
        one, other = f"CAST({left} AS double precision)", f"NULLIF(CAST({right} AS double precision), 0)"
        if operation == "^":
            return f"phusa_power({left}, {right})"
        quotient = f"{one} / {other}"
        if operation == "/":
            return f"({quotient})"
        return f"trunc({quotient})" if operation == "div" else f"phusa_remainder({left}, {right})"

    def related(self, relation: str, left: str, right: str) -> str:
        """Return whether two places stand in one of the relations of `SPATIAL`."""
        return f"ST_{relation.removeprefix('s_').capitalize()}({left}, {right})"

    def near(self, box: Box) -> Term:
        """Return a condition that the index answers: the place may touch a box [degree, CRS84]."""
        west, south, east, north = box
        if self._past:
            edges = (east, west, north, south)
            return Term("boolean", "(h.min_x <= ? AND h.max_x >= ? AND h.min_y <= ? AND h.max_y >= ?)", edges)
        return Term("boolean", "(c.geom && ST_MakeEnvelope(?, ?, ?, ?, 4326))", (west, south, east, north))


def functions() -> str:
    """Return the SQL of the functions that lie beside a publication, so that whoever may read it may filter it."""
    return ";\n".join((
        _MADE.format("phusa_casei(text) RETURNS text", "sql", f"SELECT {_casei()}"),
        _MADE.format("phusa_accenti(text) RETURNS text", "sql", f"SELECT {_accenti()}"),
        _MADE.format(f"phusa_power{_NUMBERS}", "plpgsql", _CAUGHT.format("power($1, $2)")),
        _MADE.format(f"phusa_remainder{_NUMBERS}", "plpgsql", _CAUGHT.format("$1 - $2 * trunc($1 / $2)")),
    ))  # fmt: skip


def _casei() -> str:
    """Return the SQL that folds the case of ``$1``: lower case, then where folding differs from it.

    Letters that fold to several are looked for only in texts that have one.
    """
    single, several = _differences()
    lower = 'lower(normalize($1, NFC) COLLATE "und-x-icu")'
    plain = f"translate({lower}, '{''.join(single)}', '{''.join(single.values())}')"
    replaced = plain
    for one, many in several.items():
        replaced = f"replace({replaced}, '{one}', '{many}')"
    return f"normalize(CASE WHEN {lower} ~ '[{''.join(several)}]' THEN {replaced} ELSE {plain} END, NFC)"


def _differences() -> tuple[dict[str, str], dict[str, str]]:
    """Return the letters whose case folding is not their lower case: to one letter, and to several."""
    letters = map(chr, range(_LETTERS))
    differing = {one: one.casefold() for one in letters if one == one.lower() != one.casefold()}
    single = {one: folded for one, folded in differing.items() if len(folded) == 1}
    return single, {one: folded for one, folded in differing.items() if len(folded) > 1}


def _accenti() -> str:
    """Return the SQL that leaves out the accents of ``$1``."""
    bare = f"normalize(regexp_replace(normalize($1, NFD), '[{MARKS}]+', '', 'g'), NFC)"
    return f"translate({bare}, '{''.join(STROKES)}', '{''.join(STROKES.values())}')"
