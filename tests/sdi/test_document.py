"""YAML without trust: exact lines, plain values, and nothing that could do harm."""

from __future__ import annotations

import pytest

from sdi.catalog.document import MAXIMUM_BYTES, MAXIMUM_VALUES, Document, find_file
from sdi.errors import CatalogError, NotFound


@pytest.fixture
def read(tmp_path):
    def _read(content):
        path = tmp_path / "file.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Document.read(path)

    return _read


def test_every_key_and_item_knows_its_line(read):
    document = read("a: 1\n\nb:\n  - x\n  - {c: 2,\n     d: 3}\n")
    assert document.line(("b",)) == 3
    assert document.line(("b", 1, "d")) == 6
    assert document.line(("b", 1, "missing", "deeper")) == 5
    assert document.line(()) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("01234", "01234"),
        ("2025-07-01", "2025-07-01"),
        ("12:30", "12:30"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
        ("1e999", "1e999"),
        (".nan", ".nan"),
        ("9" * 30, "9" * 30),
        ("31135", 31135),
        ("-2.5e3", -2500.0),
        ("true", True),
        ("'true'", "true"),
        ("~", None),
        ("", None),
    ],
)
def test_plain_values_are_read_as_yaml_1_2_reads_them(read, text, value):
    assert read(f"key: {text}\n").data == {"key": value}


def test_keys_are_always_text(read):
    assert read("1: a\ntrue: b\n").data == {"1": "a", "true": "b"}


def test_text_is_brought_to_normal_form_c(read):
    assert read("title: Ca\u0302y xanh\n").data["title"] == "Cây xanh"


def test_a_byte_order_mark_is_no_content(read):
    assert read(b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


@pytest.mark.parametrize(
    ("content", "line", "found", "cure"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' was already given on line 1", "keep one"),
        ("a: &x [1]\nb: *x\n", 2, r"alias \*x", "write the value out"),
        ("a: &x [*x]\n", 1, r"alias \*x", "write the value out"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "python/object", "plain value"),
        ("a: !!str 1\n", 1, "tag", "plain value"),
        ("a: 1\n---\nb: 2\n", 2, "second document", "one document per file"),
        ("? [a]\n: 1\n", 1, "a key is a list", "name as key"),
        ("- 1\n", 1, "does not hold a mapping", "key: value"),
        ("", 1, "empty", "remove the file"),
        ("# nothing\n", 1, "empty", "remove the file"),
        ("a: 1\nb: c: d\n", 2, "not YAML", "indentation"),
        ("a: [1\n", 2, "not YAML", "indentation"),
        (b"a: 1\nb: caf\xe9\n", 2, "byte 11 is not UTF-8", "UTF-8"),
        ("a: 1\nb: \x01\n", 2, "control character", "remove it"),
        ("a: " + "[" * 50_000, 1, "nested more than", "flatter"),
        (b"#" * (MAXIMUM_BYTES + 1), 1, "larger than", "split it"),
        ("a: [" + "1," * MAXIMUM_VALUES + "]", 1, "more than", "split it"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_with_line_and_cure(read, content, line, found, cure):
    with pytest.raises(CatalogError, match=found) as caught:
        read(content)
    assert caught.value.line == line
    assert cure in caught.value.details["cure"]
    assert "file.yaml" in caught.value.details["file"]


def test_a_bomb_of_aliases_is_never_expanded(read):
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 30)]
    with pytest.raises(CatalogError, match="alias"):
        read("\n".join(["l0: &l0 [x]", *levels]))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CatalogError, match="cannot be read"):
        Document.read(tmp_path / "missing.yaml")


def test_a_file_is_found_by_its_name_and_the_later_folder_goes_first(tmp_path):
    packaged, own = tmp_path / "packaged", tmp_path / "own"
    for path in (packaged / "storm.yaml", packaged / "calm.yaml", own / "storm.yaml"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert find_file("storm", [packaged, own], "no storm", code="unknown") == own / "storm.yaml"
    assert find_file("calm", [packaged, own], "no calm", code="unknown") == packaged / "calm.yaml"


@pytest.mark.parametrize(
    ("name", "said"), [("strom", "no strom; did you mean 'storm'?"), ("xyz", "no xyz; there are storm")]
)
def test_a_file_that_is_not_there_is_answered_with_those_that_are(tmp_path, name, said):
    (tmp_path / "storm.yaml").touch()
    with pytest.raises(NotFound) as caught:
        find_file(name, [tmp_path, tmp_path / "absent"], f"no {name}", code="storm-unknown")
    assert (caught.value.message, caught.value.code) == (said, "storm-unknown")
    with pytest.raises(NotFound, match="there are none"):
        find_file(name, [], f"no {name}", code="storm-unknown")


def test_no_name_leads_out_of_the_folders(tmp_path):
    (tmp_path / "secret.yaml").touch()
    (tmp_path / "storms").mkdir()
    with pytest.raises(NotFound):
        find_file("../secret", [tmp_path / "storms"], "no storm", code="unknown")
