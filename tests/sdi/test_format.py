"""The format of catalogue files and the page that explains it say the same."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from sdi.catalog import Catalog, conformity, format
from sdi.catalog.document import Document
from sdi.catalog.format import CODES, ENTRY, REGISTER, SCHEMES, STYLE
from sdi.declaration import Declaration, Field, PublishRule
from sdi.errors import CatalogError
from tests.sdi import catalogue
from tests.sdi.catalogue import SPECIES

FORMATS = {"register": REGISTER, "codes": CODES, "schemes": SCHEMES, "style": STYLE, "entry": ENTRY}


EXPLAINED_ONCE = (format.LABEL, format._MAPPING)


def keys(schema, path=""):
    """Every key of a format, with the path that leads to it; titles, fields and columns are explained once."""
    for name, below in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        if below is not True and below not in EXPLAINED_ONCE and here != "events.fields":
            yield from keys(below, here)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from keys(schema[inner], path)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_valid_json_schema(name):
    Draft202012Validator.check_schema(FORMATS[name])


HEADINGS = {
    "register": "registers/<register>.yaml",
    "codes": "codes/<list>.yaml",
    "schemes": "codes/schemes.yaml",
    "style": "styles/<style>.yaml",
    "entry": "entries/<entry>.yaml",
}


@pytest.fixture
def page(root):
    return (root / "docs" / "reference" / "register-file.md").read_text(encoding="utf-8")


def told(page, name):
    """Keys that the table of one kind of file explains."""
    table = page.split(f"\n## `{HEADINGS[name]}`")[1].split("\n##")[0]
    return [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("name", FORMATS)
def test_the_reference_explains_exactly_the_keys_of_the_format(page, name):
    assert sorted(told(page, name)) == sorted(keys(FORMATS[name]))


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_of_the_reference_conforms(page, name, tmp_path):
    section = page.split(f"\n## `{HEADINGS[name]}`")[1]
    example = tmp_path / "example.yaml"
    example.write_text(section.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    conformity.check(Document.read(example), FORMATS[name])


def test_the_error_shown_in_the_reference_is_the_real_one(page, tmp_path):
    text = page.split("```yaml\n")[1].split("```")[0].replace("(condition ==", "(conditon ==")
    codes = SPECIES.replace("list: species", "list: tree_condition")
    catalogue.write(tmp_path, registers__tree=text, codes__tree_condition=codes)
    with pytest.raises(CatalogError) as caught:
        Catalog.read(tmp_path)
    assert str(caught.value).removeprefix(f"{tmp_path}/") in page


def test_every_value_the_reference_offers_is_one_the_format_takes(page):
    choices = [*format.VERBS, *format.FIELD_KEYS, *REGISTER["properties"]["location"]["properties"]["role"]["enum"]]
    choices += ENTRY["properties"]["accuracy"]["properties"]["method"]["enum"]
    assert [choice for choice in choices if f"`{choice}`" not in page] == []


def test_defaults_in_the_reference_are_those_of_the_values(page):
    defaults = {
        "fields.access": Field.__dataclass_fields__["access"].default,
        "on_bad_row": Declaration.__dataclass_fields__["on_bad_row"].default,
        "publish.order": PublishRule.__dataclass_fields__["order"].default,
    }
    for key, default in defaults.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{key}` |"))
        assert f"`{default}`" in row
