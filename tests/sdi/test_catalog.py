"""One file per register: what it says is read, and what is wrong in it is named with file, line and cure."""

from __future__ import annotations

import pytest

from catalogs import packaged
from sdi.catalog import Catalog
from sdi.declaration import Label, Match, Relation
from sdi.errors import CatalogError
from tests.sdi import catalogue
from tests.sdi.catalogue import ENTRY, PARK, SCHEMES, SPECIES, TREE, TREES, changed

DESIGN = """\
register: tree
version: 1.2.0
title: {vi: Cây xanh đô thị, en: Urban trees}
basis: [64/2010/NĐ-CP]
location: {role: site, geometry: Point, required: true, max_horizontal_error_m: 5}
identity: {schemes: [ct-tree-tag], match: {within_m: 2, same: [species]}}
fields:
  species:   {type: code, list: species, required: true}
  condition: {type: text}
  dbh:       {type: number, unit: cm, min: 0, max: 400, observed: true}
  inspector: {type: text, access: restricted}
rules: [{id: T1, expr: "not (condition == 'dead' and status == 'active')", level: warn}]
on_bad_row: refuse
publish: {collection: trees, fields: [species, dbh], tiles: true, keywords: [cây xanh, tree]}
"""


@pytest.fixture
def catalog(tmp_path):
    return Catalog.read(catalogue.write(tmp_path))


def refused(folder, **changes):
    """Error of a catalogue with changed files."""
    with pytest.raises(CatalogError) as caught:
        Catalog.read(catalogue.write(folder, **changes))
    return caught.value


def line_of(text, part):
    """Line on which a text stands, counted from 1."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_the_short_form_of_the_design_is_enough(tmp_path):
    catalogue.write(tmp_path, registers__tree=DESIGN)
    (tmp_path / "entries" / "trees-2025.yaml").unlink()
    tree = Catalog.read(tmp_path).registers["tree"]
    assert tree.match == Match(2, ("species",))
    assert tree.rules[0].title.en == "not (condition == 'dead' and status == 'active')"
    assert [field.name for field in tree.published("public")] == ["species", "dbh"]


def test_a_register_is_read_with_everything_it_says(catalog):
    tree = catalog.registers["tree"]
    assert (tree.name, tree.version, tree.title) == ("tree", "1.2.0", Label("Cây xanh đô thị", "Urban trees"))
    assert tree.languages == ("vi", "en")
    assert tree.schemes == ("ct-tree-tag",)
    assert tree.relations == (Relation("affects", "park"),)
    assert tree.location.max_horizontal_error_m == 5
    assert tree.field("dbh").maximum == 400
    assert tree.field("dbh").observed
    assert tree.field("park").register == "park"
    assert tree.field("nothing") is None
    assert tree.publish.collection == "trees"
    assert tree.path.name == "tree.yaml"


def test_fields_are_restricted_unless_published(catalog):
    access = {field.name: field.access for field in catalog.registers["tree"].fields}
    assert access == {
        "species": "public",
        "dbh": "public",
        "planted_on": "restricted",
        "inspector": "restricted",
        "park": "restricted",
    }


def test_secret_fields_are_visible_to_the_secret_level_only(tmp_path):
    text = changed(TREE, "access: restricted", "access: secret")
    tree = Catalog.read(catalogue.write(tmp_path, registers__tree=text)).registers["tree"]
    seen = {level: {field.name for field in tree.published(level)} for level in ("public", "restricted", "secret")}
    assert seen["public"] == {"species", "dbh"}
    assert seen["restricted"] == {"species", "dbh", "planted_on", "park"}
    assert seen["secret"] == seen["restricted"] | {"inspector"}


def test_a_field_without_title_bears_that_of_its_code_list_or_its_own_name(catalog):
    tree = catalog.registers["tree"]
    assert tree.field("species").title == Label("Loài", "Species")
    assert tree.field("inspector").title == Label("Inspector", "Inspector")


def test_codes_keep_colour_dates_and_successor(catalog):
    species = catalog.codes["species"]
    assert species.code("hopea").color == "#1b7837"
    assert species.code("delonix").valid_to == "2025-01-01"
    assert species.code("delonix").replaced_by == "hopea"
    assert species.code("oak") is None


def test_styles_and_schemes_are_read(catalog):
    assert catalog.styles["trees"].default.width == 3
    assert catalog.styles["trees"].classes[0].value == "hopea"
    assert catalog.schemes["ct-tree-tag"].property_name == "ct_tree_tag"
    assert catalog.schemes["ct-tree-tag"].unique_live


def test_a_register_is_found_by_its_collection(catalog):
    assert catalog.register_of("trees").name == "tree"
    assert catalog.register_of("tree") is None


def test_a_later_folder_overlays_an_earlier_one(tmp_path):
    general, city = tmp_path / "general", tmp_path / "city"
    catalogue.write(general)
    (city / "registers").mkdir(parents=True)
    (city / "registers" / "park.yaml").write_text(changed(PARK, "Parks", "Gardens"))
    (city / "codes").mkdir()
    (city / "codes" / "schemes.yaml").write_text(
        changed(changed(SCHEMES, "ct-tree-tag", "city-tag"), "Tree tag", "Tag of the city")
    )
    catalog = Catalog.read(general, city)
    assert catalog.registers["park"].title.en == "Gardens"
    assert set(catalog.registers) == {"tree", "park"}
    assert set(catalog.schemes) == {"ct-tree-tag", "city-tag"}


def test_a_folder_may_lack_any_kind_of_file(tmp_path):
    assert Catalog.read(tmp_path).registers == {}


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CatalogError, match="no such folder"):
        Catalog.read(tmp_path / "missing")


REGISTER_ERRORS = [
    # what stands there now, what is written instead, part of the finding, part of the cure
    ("on_bad_row: refuse", "on_bad_rows: refuse", "unknown key 'on_bad_rows'", "did you mean 'on_bad_row'?"),
    ("on_bad_row: refuse", "colour: green", "unknown key 'colour'", "known here: register, version"),
    ("observed: true", "observd: true", "unknown key 'observd' in a field of type number", "'observed'"),
    ("{type: text,", "{type: text, unit: m,", "unknown key 'unit' in a field of type text", "known here: type"),
    ("version: 1.2.0", "version: 1.2", "'version' is 1.2, expected a text", "put it in quotes"),
    ("version: 1.2.0", "version: v1", "'v1' does not match", "1.0.0"),
    ("required: true, max", "required: 1, max", "'location.required' is 1, expected true or false", "true or false"),
    ("basis: [64/2010/NĐ-CP]", "basis: 64/2010/NĐ-CP", "'basis' is '64/2010/NĐ-CP', expected a list", "a list"),
    ("title: {vi: Cây xanh đô thị, en: Urban trees}", "title: Cây", "'title' is 'Cây', expected a mapping", "mapping"),
    ("geometry: Point", "geometry: Points", "'location.geometry' holds 'Points'", "did you mean 'Point'?"),
    ("role: site", "role: place", "'location.role' holds 'place'", "write one of site, footprint"),
    ("max_horizontal_error_m: 5", "max_horizontal_error_m: -5", "is -5", "at least 0"),
    ("species: {type: code, list: species", "species: {type: code, list: speces", "no code list 'speces'", "'species'"),
    ("list: species, ", "", "a field of type code has no 'list'", "add the key 'list'"),
    ("unit: cm, ", "", "the number 'fields.dbh' has no unit", "unit: cm"),
    ("unit: cm", "unit: m²", "'m²' does not match", "for example m"),
    ("min: 0, max: 400", "min: 400, max: 0", "min 400 is above max 0", "exchange"),
    ("min: 0", "min: none", "'fields.dbh.min' is 'none', expected a number", "a number"),
    ("type: date", "type: day", "holds 'day'", "write one of text, integer"),
    ("register: park", "register: garden", "there is no register 'garden'", "known here: park, tree"),
    ("{affects: park}", "{affects: parc}", "there is no register 'parc'", "did you mean 'park'?"),
    ("{affects: park}", "{likes: park}", "holds 'likes'", "write one of contains"),
    ("schemes: [ct-tree-tag]", "schemes: [ct-tree]", "there is no scheme 'ct-tree'", "did you mean 'ct-tree-tag'?"),
    ("same: [species]", "same: [specis]", "there is no field 'specis'", "did you mean 'species'?"),
    ("dbh > 0", "dbg > 0", "rule T1: the unknown name 'dbg' at character 16", "did you mean 'dbh'?"),
    ("dbh > 0", "dbh >", "rule T1: no expression", "allowed:"),
    ("dbh > 0", "dbh.real > 0", "rule T1: an attribute at character 16", "allowed:"),
    ("dbh > 0", "dbh > 'a'", "rule T1: a text compared with a number", "one kind"),
    ("dbh is None or dbh > 0", "dbh + 1", "rule T1: the rule answers a number", "comparison"),
    ("level: warn", "level: warning", "'rules.0.level' holds 'warning'", "did you mean 'warn'?"),
    ("fields: [species, dbh]", "fields: [species, dhb]", "the published field 'dhb' is no field", "'dbh'"),
    ("fields: [species, dbh]", "fields: [inspector]", "'inspector' is restricted and published", "take it out"),
    ("fields: [species, dbh]", "fields: [dbh, dbh]", "holds 'dbh' twice", "keep one"),
    ("access: restricted", "access: public", "'inspector' is public but not published", "add it to publish"),
    ("access: restricted", "access: hidden", "holds 'hidden'", "public, restricted, secret"),
    ("collection: trees", "collection: Trees", "'Trees' does not match", "administrative-units"),
    ("style: trees", "style: tree", "there is no style 'tree'", "did you mean 'trees'?"),
    ("geometry: Point", "geometry: Polygon", "the style 'trees' draws a circle", "circle suits Point"),
    ("  fields: [species, dbh]", "  fields: [dbh]", "goes by 'species', which is no published field", "dbh"),
    ("on_bad_row: refuse", "on_bad_row: quarantine", "put aside without a limit", "maximum_bad_share: 0.05"),
    ("on_bad_row: refuse", "maximum_bad_share: 0.05", "although bad rows are refused", "on_bad_row: quarantine"),
    ("inspector: {", "status: {", "the name 'status' is kept", "another name"),
    ("inspector: {", "name_en: {", "the name 'name_en' is kept", "another name"),
    ("inspector: {", "limit: {", "the name 'limit' is kept", "another name"),
    ("inspector: {", "ct_tree_tag: {", "the name 'ct_tree_tag' is kept", "another name"),
    ("inspector: {", "Inspector: {", "'Inspector' does not match", "crown_diameter"),
    ("names: [vi, en]", "names: [vietnamese]", "'vietnamese' does not match", "vi"),
    ("names: [vi, en]", "address: {streets: road}", "there is no register 'road'", "known here: park, tree"),
    ("names: [vi, en]", "address: {streets: park}", "'park' have no Vietnamese names", "a register with names"),
    ("error_m: 5}", "error_m: 5, routes: park}", "'park' holds Polygon, along which nothing", "a register of lines"),
    ("register: tree", "register: shrub", "the file tree.yaml declares the register 'shrub'", "rename the file"),
]


@pytest.mark.parametrize(("old", "new", "found", "cure"), REGISTER_ERRORS)
def test_an_error_in_a_register_names_file_line_and_cure(tmp_path, old, new, found, cure):
    error = refused(tmp_path, registers__tree=changed(TREE, old, new))
    assert error.path.name == "tree.yaml"
    assert found in error.details["found"]
    assert cure in error.details["cure"]
    culprit = "style: trees" if found.startswith(("the style", "goes by")) else old
    assert error.line == line_of(TREE, culprit.strip().splitlines()[0])
    assert str(error).startswith(f"{error.path}:{error.line}: ")


def test_a_missing_key_is_reported_where_it_should_stand(tmp_path):
    error = refused(tmp_path, registers__tree=changed(TREE, "version: 1.2.0\n", ""))
    assert (error.line, error.details["found"]) == (1, "the file has no 'version'")
    assert error.details["cure"] == "add the key 'version', for example version: 1.0.0"


def test_the_first_of_several_errors_is_reported(tmp_path):
    text = changed(changed(TREE, "level: warn", "level: x"), "version: 1.2.0", "version: x")
    assert refused(tmp_path, registers__tree=text).line == 2


def test_a_key_that_is_given_twice_is_refused(tmp_path):
    error = refused(tmp_path, registers__tree=TREE + "on_bad_row: refuse\n")
    assert "'on_bad_row' was already given on line 17" in str(error)


def test_two_registers_cannot_share_a_collection(tmp_path):
    error = refused(tmp_path, registers__park=changed(PARK, "collection: parks", "collection: trees"))
    assert error.path.name == "tree.yaml"
    assert "already shows the register 'park'" in str(error)
    assert error.line == line_of(TREE, "collection: trees")


def test_one_register_cannot_be_declared_twice(tmp_path):
    error = refused(tmp_path, registers__tree_two=TREE)
    assert error.path.name == "tree_two.yaml"
    assert "already declared in tree.yaml:1" in str(error)


def test_two_rules_cannot_share_an_id(tmp_path):
    rule = '  - {id: T1, expr: "dbh > 0", level: warn}\n'
    error = refused(tmp_path, registers__tree=changed(TREE, "on_bad_row: refuse\n", rule + "on_bad_row: refuse\n"))
    assert (error.line, error.details["found"]) == (17, "the rule 'T1' is there twice")


def test_a_file_ending_in_yml_is_not_silently_left_out(tmp_path):
    catalogue.write(tmp_path)
    (tmp_path / "registers" / "bench.yml").write_text(PARK)
    with pytest.raises(CatalogError, match=r"rename it to bench\.yaml"):
        Catalog.read(tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "old", "new", "found", "cure"),
    [
        ("codes__species", SPECIES, "code: hopea", "code: delonix", "'delonix' is there twice", "keep one"),
        ("codes__species", SPECIES, "code: hopea", "code: 1", "'codes.0.code' is 1, expected a text", "quotes: '1'"),
        ("codes__species", SPECIES, "2025-01-01", "2019-01-01", "ends on 2019-01-01", "later valid_to"),
        ("codes__species", SPECIES, "2025-01-01", "2025-02-30", "is no date", "2025-07-01"),
        ("codes__species", SPECIES, "replaced_by: hopea", "replaced_by: hopa", "no other code", "'hopea'"),
        ("codes__species", SPECIES, "#1b7837", "green", "'green' does not match", "#2e7d32"),
        ("codes__schemes", SCHEMES, "T\\d{4}", "T(", "is no regex", r"\d{5}"),
        ("codes__schemes", SCHEMES, ", authority: City", "", "has no 'authority'", "National Statistics Office"),
        ("styles__trees", TREES, "by: species", "by: null", "no field to choose", "add by"),
        ("styles__trees", TREES, "geometry: circle", "geometry: dot", "holds 'dot'", "fill, line, circle"),
        ("styles__trees", TREES, "opacity: 0.9", "opacity: 9", "is 9", "at most 1"),
    ],
)
def test_an_error_in_codes_schemes_or_styles_names_file_line_and_cure(tmp_path, file, text, old, new, found, cure):
    error = refused(tmp_path, **{file: changed(text, old, new)})
    assert error.path.name == f"{file.partition('__')[2]}.yaml"
    assert found in error.details["found"]
    assert cure in error.details["cure"]
    expected = line_of(text, "classes" if old == "by: species" else old)
    assert error.line == expected + ("there twice" in found)


def test_a_scheme_cannot_be_declared_twice(tmp_path):
    line = SCHEMES.splitlines(keepends=True)[1]
    assert refused(tmp_path, codes__schemes=SCHEMES + line).line == 3


def test_a_class_of_a_style_must_be_a_value_of_its_field(tmp_path):
    error = refused(tmp_path, styles__trees=changed(TREES, "value: hopea", "value: hopae"))
    assert error.path.name == "tree.yaml"
    assert "'hopae' is no code of 'species'" in error.details["found"]
    assert error.details["cure"] == "did you mean 'hopea'?"


def test_an_entry_is_read_with_everything_it_says(catalog):
    entry = catalog.entries["trees-2025"]
    assert entry.register == "tree"
    assert entry.raster is None
    assert entry.source.columns == {"x": "lon", "y": "lat"}
    assert entry.licence.grade == "A"
    assert entry.valid_from == "2025-07-01"
    assert entry.accuracy.horizontal_m == 2
    assert entry.fields["species"].map == {"1": "hopea", "Flame": "delonix"}
    assert entry.fields["species"].default == "hopea"
    assert entry.fields["dbh"].unit == "inch"
    assert entry.fields["planted_on"].column == "planted"


def test_entries_of_a_city_are_read_beside_its_workspace_file(catalog, tmp_path):
    city = tmp_path / "cities"
    city.mkdir()
    (city / "trees-2026.yaml").write_text(changed(ENTRY, "trees-2025", "trees-2026"))
    (city / "workspace.yaml").write_text("name: city\n")
    assert list(catalog.read_entries(city)) == ["trees-2026"]


def test_an_entry_named_alone_is_read_without_its_neighbours(catalog, tmp_path):
    (tmp_path / "trees-2026.yaml").write_text(changed(ENTRY, "trees-2025", "trees-2026"))
    (tmp_path / "mycity.yaml").write_text("name: mycity\n")
    (tmp_path / "notes.txt").write_text("name: mycity\n")
    assert list(catalog.read_entries(tmp_path / "trees-2026.yaml")) == ["trees-2026"]
    for stranger in ("mycity.yaml", "notes.txt"):
        with pytest.raises(CatalogError, match="unknown key 'name'"):
            catalog.read_entries(tmp_path / stranger)


def test_a_raster_needs_no_fields(catalog, tmp_path):
    lines = [line for line in ENTRY.splitlines() if not line.startswith(("identifiers", "names", "fields", "  "))]
    city = tmp_path / "cities"
    city.mkdir()
    (city / "trees-2025.yaml").write_text("\n".join(lines).replace("register: tree", "raster: elevation"))
    assert catalog.read_entries(city)["trees-2025"].raster == "elevation"


@pytest.mark.parametrize(
    ("old", "new", "found", "cure"),
    [
        ("register: tree", "register: tre", "there is no register 'tre'", "did you mean 'tree'?"),
        ("register: tree", "raster: trees", "a raster has no identifiers", "remove identifiers"),
        ("register: tree\n", "", "either the register", "write one of"),
        ("register: tree", "register: tree\nraster: trees", "either the register", "write one of"),
        ("path: trees/trees.csv", "path: ../secret.csv", "leaves the folder", "relative"),
        ("path: trees/trees.csv", "path: /etc/passwd", "leaves the folder", "relative"),
        ("{x: lon, y: lat}", "{lon: lon, y: lat}", "unknown key 'lon'", "known here: x, y, wkt"),
        ("grade: A", "grade: B", "grade B are offered as whole files", "bulk: false"),
        ("grade: A", "grade: C", "holds 'C'", "A, A-copyleft, B"),
        ("valid_from: 2025-07-01", "valid_from: 1 July 2025", "does not match", "2025-07-01"),
        ("horizontal_m: 2, ", "", "have no stated accuracy", "method: unknown"),
        ("method: digitised_map", "method: digitized_map", "holds 'digitized_map'", "did you mean 'digitised_map'?"),
        ("{ct-tree-tag: tag}", "{tree-tag: tag}", "keeps no 'tree-tag' among its identifiers", "'ct-tree-tag'"),
        ("{vi: name}", "{fr: nom}", "keeps no 'fr' among its names", "known here: vi, en"),
        ("names: {vi: name}", "address: {street: road}", "the register 'tree' keeps no addresses", "remove it"),
        ("names: {vi: name}", "place: {route: road, from: m}", "the register 'tree' names no routes", "remove it"),
        ("names: {vi: name}", "place: {from: m}", "a route needs a measure and a measure a route", "or neither"),
        ("planted_on: planted", "planted: planted", "keeps no 'planted' among its fields", "'planted_on'"),
        ("planted_on: planted", "planted_on: {default: '2020-01-01'}", "either a column or a constant", "column"),
        ("planted_on: planted", "planted_on: {column: a, unit: m}", "no unit to convert to", "remove"),
        ("planted_on: planted", "planted_on: {value: 3}", "3 does not suit the date field", "type date"),
        ("default: hopea", "default: hopae", "'hopae' is no code of 'species'", "did you mean 'hopea'?"),
        ("Flame: delonix", "Flame: delonyx", "'delonyx' is no code of 'species'", "did you mean 'delonix'?"),
    ],
)
def test_an_error_in_an_entry_names_file_line_and_cure(tmp_path, old, new, found, cure):
    text = changed(ENTRY, old, new)
    error = refused(tmp_path, **{"entries__trees-2025": text})
    assert error.path.name == "trees-2025.yaml"
    assert found in error.details["found"]
    assert cure in error.details["cure"]
    if "either the register" not in found:
        places = {"a raster has no identifiers": "identifiers", "have no stated accuracy": "accuracy"}
        assert error.line == line_of(text, places.get(found, new))


def test_a_required_field_must_be_delivered(tmp_path):
    line = next(line for line in ENTRY.splitlines(keepends=True) if "species_name" in line)
    error = refused(tmp_path, **{"entries__trees-2025": changed(ENTRY, line, "")})
    assert "nothing is delivered for the required field 'species'" in str(error)
    assert error.line == line_of(ENTRY, "fields:")


WANTED = {
    "administrative_unit": "administrative-units",
    "street": "streets",
    "parcel": "parcels",
    "plan_zone": "plan-zones",
    "building": "buildings",
    "tree": "trees",
    "parking": "parking",
    "water_network": "water-network",
    "drainage_network": "drainage-network",
    "power_network": "power-network",
    "street_light": "street-lights",
    "flood_gauge": "flood-gauges",
    "flood_structure": "flood-structures",
    "flood_depth": "flood-depth",
    "flood_exposure": "flood-exposure",
    "flood_risk": "flood-risk",
    "proposal": "proposals",
    "flood_change": "flood-change",
    "flood_agreement": "flood-agreement",
    "hydrograph": "hydrographs",
    "organisation": "organisations",
    "station": "stations",
    "sensor": "sensors",
    "observed_property": "observed-properties",
    "datastream": "datastreams",
    "event": "events",
}


def test_every_packaged_register_is_read_and_published():
    registers = Catalog.read(packaged()).registers
    assert {name: register.publish.collection for name, register in registers.items()} == WANTED


def test_every_packaged_layer_has_a_style_and_titles_in_two_languages():
    for register in Catalog.read(packaged()).registers.values():
        assert register.publish.style is not None, register.name
        for label in [register.title, *(field.title for field in register.fields)]:
            assert label.vi != label.en, f"{register.name}: {label}"


def test_the_entries_of_every_packaged_city_are_read():
    for folder in sorted((packaged() / "cities").iterdir()):
        if folder.is_dir():
            catalog = Catalog.read(packaged(), folder)  # a city may bring registers of its own
            assert all(entry.path.parent == folder for entry in catalog.read_entries(folder).values())


INSPECTION = """\
events:
  inspection:
    title: {vi: Kiểm tra, en: Inspection}
    fields:
      state: {type: code, list: LIST}
"""


def test_what_is_kept_of_inspections_is_read_and_nothing_of_it_is_public(tmp_path):
    text = TREE + INSPECTION.replace("LIST", "species")
    (kept,) = Catalog.read(catalogue.write(tmp_path, registers__tree=text)).registers["tree"].events
    assert (kept.name, kept.title.en) == ("inspection", "Inspection")
    assert [(one.name, one.codes, one.access) for one in kept.fields] == [("state", "species", "restricted")]


def test_a_code_list_that_an_inspection_names_must_be_there(tmp_path):
    text = TREE + INSPECTION.replace("LIST", "specie")
    error = refused(tmp_path, registers__tree=text)
    assert error.line == line_of(text, "list: specie}")
    assert "there is no code list 'specie'; did you mean 'species'?" in str(error)
