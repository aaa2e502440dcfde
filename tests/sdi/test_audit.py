"""The canonical form of rows, which the hash chain covers."""

from __future__ import annotations

import hashlib

import orjson
import pytest

from sdi.safety import audit


def test_a_row_is_one_line_of_json_with_its_keys_in_order_and_without_what_is_empty():
    columns = ("row", "eid", "f_name", "f_height", "geometry", "tx_from", "tx_to")
    rows = [(1, "a", "Hoà", 8.0, b"\x01\xff", 2, 99), (2, "b", None, None, memoryview(b"\x02"), 2, 99)]
    names = audit.hashed(columns)
    assert names == ("eid", "f_height", "f_name", "geometry", "row", "tx_from")
    picked = [tuple(row[columns.index(name)] for name in names) for row in rows]
    assert audit.lines(names, picked).splitlines(keepends=True) == [
        '{"eid":"a","f_height":8.0,"f_name":"Hoà","geometry":"01ff","row":1,"tx_from":2}\n'.encode(),
        b'{"eid":"b","geometry":"02","row":2,"tx_from":2}\n',
    ]


@pytest.mark.parametrize("text", ['},{"', '"},{"', "\\},{", '}\n{"', "},{", '\\"},{\\"', "[]", "\u2028"])
def test_a_text_that_looks_like_the_end_of_a_row_is_written_as_any_other(text):
    rows = [(text, 1, text), (text, 2, None), (None, 3, text)]
    one_by_one = [
        orjson.dumps({name: value for name, value in zip(("a", "b", "c"), row, strict=True) if value is not None})
        for row in rows
    ]
    assert audit.lines(("a", "b", "c"), rows) == b"\n".join(one_by_one) + b"\n"


def test_the_hash_does_not_depend_on_how_many_rows_are_written_at_a_time():
    rows = [(f"thing {number}", number) for number in range(2_500)]
    digest = hashlib.sha256()
    audit.add_rows(digest, "entity", ("eid", "row"), iter(rows))
    whole = b"entity\n" + b"".join(b'{"eid":"thing %d","row":%d}\n' % (number, number) for number in range(2_500))
    assert digest.hexdigest() == hashlib.sha256(whole).hexdigest()
