"""The canonical form of rows, which the hash chain covers."""

from __future__ import annotations

import hashlib

from sdi.safety import audit


def test_a_row_is_one_line_of_json_with_its_keys_in_order_and_without_what_is_empty():
    columns = ("row", "eid", "f_name", "f_height", "geometry", "tx_from", "tx_to")
    rows = [(1, "a", "Hoà", 8.0, b"\x01\xff", 2, 99), (2, "b", None, None, memoryview(b"\x02"), 2, 99)]
    assert list(audit.row_lines(columns, rows)) == [
        '{"eid":"a","f_height":8.0,"f_name":"Hoà","geometry":"01ff","row":1,"tx_from":2}\n'.encode(),
        b'{"eid":"b","geometry":"02","row":2,"tx_from":2}\n',
    ]


def test_the_hash_does_not_depend_on_how_many_rows_are_written_at_a_time():
    rows = [(number, f"thing {number}") for number in range(2_500)]
    digest = hashlib.sha256()
    audit.add_rows(digest, "entity", ("row", "eid"), iter(rows))
    whole = b"entity\n" + b"".join(b'{"eid":"thing %d","row":%d}\n' % (number, number) for number in range(2_500))
    assert digest.hexdigest() == hashlib.sha256(whole).hexdigest()
