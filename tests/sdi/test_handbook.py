"""The data dictionary: a page for people, in two languages, that tells nobody what he may not know."""

from __future__ import annotations

import pytest

from catalogs import packaged
from sdi.catalog import Catalog
from sdi.publishing.handbook import data_dictionary
from tests.sdi import catalogue
from tests.sdi.catalogue import PARK, SPECIES, TREE, changed, golden


@pytest.fixture
def catalog(tmp_path):
    return Catalog.read(catalogue.write(tmp_path))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_of_one_register_is_the_golden_one(catalog, language):
    golden(f"tree.dictionary.{language}.md", data_dictionary(catalog.registers["tree"], catalog, language))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_packaged_register_has_a_page(language):
    catalog = Catalog.read(packaged())
    for register in catalog.registers.values():
        page = data_dictionary(register, catalog, language)
        assert page.startswith(f"# {register.title.of(language)}\n")
        assert all(f"| `{name}` |" in page for name in register.publish.fields)


def test_a_page_names_no_field_above_the_level_of_its_reader(tmp_path):
    text = changed(TREE, "dbh is None or dbh > 0", "inspector is not None")
    catalog = Catalog.read(catalogue.write(tmp_path, registers__tree=text))
    tree = catalog.registers["tree"]
    assert "inspector" not in data_dictionary(tree, catalog, "en")
    assert "inspector is not None" in data_dictionary(tree, catalog, "en", level="restricted")


def test_codes_that_were_not_verified_say_so(tmp_path):
    text = changed(SPECIES, "codes:\n", "verified: false\nsource: a copy\ncodes:\n")
    catalog = Catalog.read(catalogue.write(tmp_path, codes__species=text))
    page = data_dictionary(catalog.registers["tree"], catalog, "en")
    assert "### Species `species` 1.0.0 (not verified)" in page
    assert "Source: a copy" in page


def test_an_upright_stroke_does_not_break_the_table(tmp_path):
    text = changed(PARK, "area: {type: number, unit: m2}", "area: {type: text, title: {vi: a|b, en: a|b}}")
    catalog = Catalog.read(catalogue.write(tmp_path, registers__park=text))
    assert "a\\|b" in data_dictionary(catalog.registers["park"], catalog, "en")
