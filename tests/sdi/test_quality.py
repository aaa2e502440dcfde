"""Every row of a delivery has one outcome, and the report says why."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
import shapely

from catalogs import packaged
from sdi import quality, source
from sdi.catalog import Catalog
from sdi.declaration import Code, CodeList, Declaration, Field, Label, LocationRule, Rule, Scheme
from sdi.entry import Accuracy, ColumnMapping, Entry, Licence, SourceOptions
from sdi.errors import InputError, RefusedError
from sdi.quality.titles import title
from tests.sdi.deliveries import CAN_THO, feature, geojson, write

LABEL = Label("Cây", "Trees")
SPECIES = CodeList(
    "species", "1.0.0", LABEL,
    (Code("sao", LABEL), Code("dau", LABEL), Code("other", LABEL),
     Code("old", LABEL, valid_to="2020-01-01", replaced_by="sao")),
)  # fmt: skip
TAG = Scheme("tag", LABEL, r"\d{5}", "Test")
CATALOG = Catalog({}, {"species": SPECIES}, {"tag": TAG}, {}, {})
FIELDS = {
    "species": Field("species", "code", LABEL, codes="species"),
    "dbh": Field("dbh", "number", LABEL, unit="cm", minimum=0, maximum=400, observed=True),
    "height": Field("height", "number", LABEL, unit="m", minimum=0, maximum=100),
    "stems": Field("stems", "integer", LABEL, unit="1"),
    "alive": Field("alive", "boolean", LABEL),
    "planted": Field("planted", "date", LABEL),
    "seen": Field("seen", "datetime", LABEL),
    "note": Field("note", "text", LABEL, max_length=10),
}


def register(*fields, geometry="Point", required=True, **more):
    return Declaration(
        "tree", "1.0.0", LABEL, LocationRule("site", geometry, required, more.pop("error_m", None)),
        tuple(field if isinstance(field, Field) else FIELDS[field] for field in fields), packaged(), **more,
    )  # fmt: skip


def entry(fields=(), **more):
    licence = Licence("CC0", "A", "test")
    mapped = {
        name: mapping if isinstance(mapping, ColumnMapping) else ColumnMapping(column=mapping)
        for name, mapping in dict(fields).items()
    }
    return Entry(
        "trees", LABEL, SourceOptions("t"), licence, "test", "2025-07-01", packaged(), "tree", fields=mapped, **more
    )


def check(folder, declaration, given, *features):
    delivery = source.read(write(folder, geojson(*features)), SourceOptions("t"))
    return quality.check(delivery, declaration, CATALOG, given)


def column(folder, name, cells, **mapping):
    """What becomes of a column of cells in one field."""
    given = entry({name: ColumnMapping(column="c", **mapping)}, on_bad_row="quarantine", maximum_bad_share=1.0)
    result = check(folder, register(name), given, *[feature(c=cell) for cell in cells])
    values = dict(zip(result.accepted["_row"], result.accepted[name], strict=True))
    found = {f.row: f.code for f in result.report.findings if f.row is not None}
    return [values.get(row, found.get(row)) for row in range(len(cells))]


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("name", "mapping", "cells", "values"),
    [
        ("dbh", {}, ["12.5", 3, "", None, " 7 "], [12.5, 3.0, None, None, 7.0]),
        ("dbh", {"unit": "inch"}, [10, "0.5"], [25.4, 1.27]),
        ("dbh", {"unit": "mm"}, [254], [25.4]),
        ("height", {"unit": "ft"}, [10], [3.048]),
        ("dbh", {}, ["thick", "1,234", True], ["value-no-number", "value-ambiguous", "value-no-number"]),
        ("dbh", {}, ["12,5", "1,234"], [12.5, 1.234]),
        ("height", {}, [-1, 101, 100], ["value-out-of-range", "value-out-of-range", 100.0]),
        ("dbh", {}, [401], [None]),  # an impossible observation is left out, the tree stays
        ("stems", {}, ["3", 3.0, "3.0", 3.5, "9007199254740993"], [3, 3, 3, "value-not-whole", 9007199254740993]),
        ("alive", {}, ["true", "Có", 0, "không", "maybe"], [True, True, False, False, "value-no-truth"]),
        ("planted", {}, ["2025-07-01", "2025-07-01T00:00:00", "1.7"], ["2025-07-01", "2025-07-01", "value-no-date"]),
        ("planted", {}, ["25/12/2024", "01/02/2024"], ["2024-12-25", "2024-02-01"]),
        ("planted", {}, ["12/25/2024", "01/02/2024"], ["2024-12-25", "2024-01-02"]),
        ("planted", {}, ["01/02/2024", "31/02/2024-x"], ["date-ambiguous", "value-no-date"]),
        ("seen", {}, ["2025-07-01T08:00:00+07:00"], ["2025-07-01T08:00:00+07:00"]),
        ("seen", {}, ["2025-07-01T08:00:00", "noon"], ["value-without-zone", "value-no-date"]),
        ("note", {}, ["  Sao \u00a0đen ", "x" * 11, 7], ["Sao đen", "text-too-long", "7"]),
        ("species", {}, ["sao", "SAO", "sồi", None], ["sao", "sao", "code-unknown", None]),
        ("species", {"map": {"Sao đen": "sao", "no": None}}, ["Sao đen", "no", "Sồi"], ["sao", None, "value-unmapped"]),
        ("species", {"map": {"Sao đen": "sao"}, "default": "other"}, ["Sao đen", "Sồi", ""], ["sao", "other", "other"]),
        ("species", {"default": "other"}, ["dau", "Sồi", None], ["dau", "other", "other"]),
        ("species", {"map": {"1": "sao", "2": "dau"}}, [1, 2.0, "1"], ["sao", "dau", "sao"]),
    ],
)  # fmt: skip
def test_cells_become_values_or_reasons(tmp_path, name, mapping, cells, values):
    assert column(tmp_path, name, cells, **mapping) == values


def test_a_constant_fills_every_row(tmp_path):
    result = check(tmp_path, register("species"), entry({"species": ColumnMapping(value="sao")}), feature(), feature())
    assert list(result.accepted["species"]) == ["sao", "sao"]


def test_defaults_and_conversions_are_reported(tmp_path):
    given = entry(
        {"species": ColumnMapping(column="s", default="other"), "dbh": ColumnMapping(column="d", unit="inch")}
    )
    rows = [feature(s="sao", d=1), feature(s="oak", d=2), feature(s="oak", d=3)]
    report = check(tmp_path, register("species", "dbh"), given, *rows).report
    messages = {finding.code: finding.message for finding in report.findings}
    assert "2 rows took the default 'other'; 1 distinct cells: oak (2)" in messages["value-default"]
    assert "from inch to cm" in messages["unit-converted"]
    assert report.outcome == "accepted"


def test_a_code_that_ended_before_the_delivery_is_put_aside_with_its_successor(tmp_path):
    given = entry({"species": ColumnMapping(column="s")}, on_bad_row="quarantine", maximum_bad_share=0.5)
    report = check(tmp_path, register("species"), given, feature(s="old"), feature(s="dau")).report
    assert [(one.row, one.message) for one in report.findings if one.code == "code-expired"] == [
        (0, "species: code old ended on 2020-01-01; use sao")
    ]
    assert (report.outcome, report.counts["quarantined"]) == ("quarantined", 1)


def test_a_unit_that_measures_something_else_is_an_error_of_the_entry(tmp_path):
    with pytest.raises(InputError) as caught:
        check(tmp_path, register("dbh"), entry({"dbh": ColumnMapping(column="d", unit="kg")}), feature(d=1))
    assert caught.value.code == "unit-differs"


# ---------------------------------------------------------------- the delivery as a whole


def refusal(result):
    with pytest.raises(RefusedError) as caught:
        result.report.raise_if_refused()
    assert caught.value.details["cure"] in caught.value.message
    assert len(result.accepted) == 0
    assert result.report.outcome == "refused"
    return caught.value


def test_a_missing_column_is_refused_with_the_similar_one(tmp_path):
    error = refusal(check(tmp_path, register("dbh"), entry({"dbh": "diameter"}), feature(diamter=1)))
    assert (error.code, "did you mean 'diamter'?" in error.message) == ("column-missing", True)


def test_a_required_field_without_a_source_is_refused(tmp_path):
    required = dataclasses.replace(FIELDS["dbh"], required=True)
    assert refusal(check(tmp_path, register(required), entry(), feature())).code == "field-unmapped"
    assert refusal(check(tmp_path, register(required), entry({"dbh": "d"}), feature(d=None))).code == "value-missing"


def test_places_less_exact_than_the_register_asks_for_are_refused(tmp_path):
    declaration = register(error_m=5)
    poor = entry(accuracy=Accuracy(20, method="digitised_map"))
    assert refusal(check(tmp_path, declaration, poor, feature())).code == "accuracy-too-poor"
    good = check(tmp_path, declaration, entry(accuracy=Accuracy(5, method="digitised_map")), feature())
    unknown = check(tmp_path, declaration, entry(), feature())
    assert [[f.code for f in result.report.findings] for result in (good, unknown)] == [[], ["accuracy-unknown"]]


def test_a_column_delivered_twice_is_taken_by_nobody(tmp_path):
    path = write(tmp_path, "d,d,x,y\n1,2,105.7,10\n", "t.csv")
    delivery = source.read(path, SourceOptions("t", crs="OGC:CRS84", columns={"x": "x", "y": "y"}))
    error = refusal(quality.check(delivery, register("dbh"), CATALOG, entry({"dbh": "d"})))
    assert error.code == "column-missing"


def test_an_entry_of_another_register_is_an_error(tmp_path):
    with pytest.raises(InputError, match="loads into 'tree', not into 'street'"):
        check(tmp_path, dataclasses.replace(register(), name="street"), entry(), feature())


def test_one_bad_row_refuses_the_delivery_unless_quarantine_is_allowed(tmp_path):
    rows = [feature(d=1), feature(d=2), feature(d=3), feature(d="thick")]
    fields = {"height": "d"}
    strict = check(tmp_path, register("height"), entry(fields), *rows)
    assert refusal(strict).code == "value-no-number"
    assert strict.report.counts == {"accepted": 3, "repaired": 0, "quarantined": 0, "refused": 1}
    lenient = check(tmp_path, register("height"), entry(fields, on_bad_row="quarantine", maximum_bad_share=0.25), *rows)
    lenient.report.raise_if_refused()
    assert list(lenient.accepted["_row"]) == [0, 1, 2]
    assert list(lenient.quarantined["_row"]) == [3]
    assert lenient.quarantined["d"][0] == "thick"
    assert "value-no-number" in lenient.quarantined["_reason"][0]
    assert lenient.report.counts == {"accepted": 3, "repaired": 0, "quarantined": 1, "refused": 0}
    declared = register("height", on_bad_row="quarantine", maximum_bad_share=0.25)
    assert check(tmp_path, declared, entry(fields), *rows).report.outcome == "quarantined"
    scarce = entry(fields, on_bad_row="quarantine", maximum_bad_share=0.2)
    assert refusal(check(tmp_path, register("height"), scarce, *rows)).code == "too-many-bad-rows"


# ---------------------------------------------------------------- identifiers, rules


def identified(folder, *tags, quarantine=True, **more):
    share = {"on_bad_row": "quarantine", "maximum_bad_share": 1.0} if quarantine else {}
    given = entry({"note": "n"}, identifiers={"tag": "t"}, **share)
    rows = [feature(t=tag, n=more.get("notes", [None] * len(tags))[number]) for number, tag in enumerate(tags)]
    result = check(folder, register("note", schemes=("tag",)), given, *rows)
    return result, [(finding.code, finding.row) for finding in result.report.findings]


def test_identifiers_must_have_the_form_of_their_scheme(tmp_path):
    result, found = identified(tmp_path, "00123", "123", "T-1", None, 12345)
    assert found == [("identifier-pattern", 1), ("identifier-pattern", 2), ("identifier-missing", None)]
    assert "were leading zeros lost?" in result.report.findings[0].message
    assert list(result.accepted["identifier:tag"]) == ["00123", None, "12345"]


def test_different_rows_with_the_same_identifier_are_all_put_aside(tmp_path):
    _, found = identified(tmp_path, "00001", "00001", "00002", notes=["a", "b", "c"])
    assert found == [("identifier-duplicate", 0), ("identifier-duplicate", 1)]


def test_of_equal_rows_the_first_is_kept(tmp_path):
    result, found = identified(tmp_path, "00001", "00001", "00001")
    assert found == [("row-repeated", 1), ("row-repeated", 2)]
    assert list(result.accepted["_row"]) == [0]
    refused, _ = identified(tmp_path, "00001", "00001", quarantine=False)
    assert refusal(refused).code == "row-repeated"


@pytest.mark.parametrize(("level", "outcome"), [("warn", "accepted"), ("error", "refused")])
def test_rules_of_the_register_are_held_against_every_row(tmp_path, level, outcome):
    rule = Rule(
        "R1", "dbh is None or height is None or height > dbh / 100", level, Label("Cao hơn dày", "Higher than thick")
    )
    given = entry({"dbh": "d", "height": "h"})
    rows = [feature(d=100, h=20), feature(d=100, h=0.5), feature(d=None, h=1)]
    report = check(tmp_path, register("dbh", "height", rules=(rule,)), given, *rows).report
    assert report.outcome == outcome
    broken = [finding for finding in report.findings if finding.code == "rule-broken"]
    assert [(f.row, f.before) for f in broken] == [(1, "dbh=100.0, height=0.5")]
    assert "R1: Higher than thick" in broken[0].message


def test_findings_about_columns_nobody_uses_are_left_out(tmp_path):
    row = feature(n="Trần\u0000 Phú", unused="Nguy\ufffdn")
    report = check(tmp_path, register("note"), entry({"note": "n"}), row).report
    assert [finding.code for finding in report.findings] == ["text-control-characters"]


# ---------------------------------------------------------------- places


SQUARE = [[[105.7, 10.0], [105.8, 10.0], [105.8, 10.1], [105.7, 10.1], [105.7, 10.0]]]


@pytest.mark.parametrize(
    ("geometry", "kind", "delivered", "code"),
    [
        ("Point", "Point", CAN_THO, None),
        ("Point", "MultiPoint", [CAN_THO], None),
        ("MultiPolygon", "Polygon", SQUARE, None),
        ("Polygon", "MultiPolygon", [SQUARE], None),
        ("Polygon", "Point", CAN_THO, "geometry-type"),
        ("Polygon", "LineString", SQUARE[0], "geometry-type"),
        ("LineString", "Polygon", SQUARE, "geometry-type"),
        ("Point", "Point", None, "geometry-missing"),
        ("Polygon", "Polygon", [], "geometry-empty"),
        ("LineString", "LineString", [CAN_THO, CAN_THO], "geometry-zero-length"),
        ("Polygon", "Polygon", [[CAN_THO, [105.8, 10.1], CAN_THO, CAN_THO]], "geometry-collapsed"),
        ("Any", "Point", CAN_THO, None),
    ],
)
def test_places_must_be_of_the_type_of_the_register(tmp_path, geometry, kind, delivered, code):
    report = check(tmp_path, register(geometry=geometry), entry(), feature(delivered, kind)).report
    assert report.outcome == ("refused" if code else "accepted")
    assert (report.reason.code if code else None) == code


def test_the_fitting_part_of_a_collection_is_taken(tmp_path):
    members = [{"type": "Polygon", "coordinates": SQUARE}, {"type": "Point", "coordinates": CAN_THO}]
    row = {"type": "Feature", "properties": {}, "geometry": {"type": "GeometryCollection", "geometries": members}}
    result = check(tmp_path, register(geometry="Polygon"), entry(), row)
    assert result.accepted.geometry[0].geom_type == "Polygon"
    assert "left out: Point" in result.report.findings[0].message


def test_an_optional_place_may_be_missing(tmp_path):
    result = check(tmp_path, register(required=False), entry(), feature(None), feature())
    assert (result.report.outcome, len(result.accepted)) == ("accepted", 2)


# ---------------------------------------------------------------- the report


def test_the_report_says_everything_to_machines_and_the_essence_to_people(tmp_path):
    given = entry({"note": "n"}, identifiers={"tag": "t"}, on_bad_row="quarantine", maximum_bad_share=0.9)
    rows = [feature(t=f"{n:05d}", n="Hòa\u001b Bình" if n < 5 else "x" * 11) for n in range(10)]
    report = check(tmp_path, register("note", schemes=("tag",)), given, *rows).report
    document = json.loads(report.to_json())
    assert (document["outcome"], document["rows"], len(document["findings"])) == ("quarantined", 10, 10)
    assert document["counts"] == {"accepted": 0, "repaired": 5, "quarantined": 5, "refused": 0}
    assert document["findings"][0]["label"] == "tag 00000"
    text = report.to_text(examples=2)
    assert text.count("row 0 (tag 00000)") == 1
    assert text.count("and 3 more") == 2
    assert "\u001b" not in text
    assert text.index("put aside") < text.index("Control characters taken out")
    vietnamese = report.to_text("vi")
    assert "10 dòng: 5 sửa, 5 cách ly" in vietnamese
    assert "Văn bản quá dài" in vietnamese


def test_equal_deliveries_give_equal_reports(tmp_path):
    rows = [feature(n="x" * 11), feature(n="Sao")]
    one, other = (check(tmp_path, register("note"), entry({"note": "n"}), *rows).report.to_json() for _ in range(2))
    assert one == other


# ---------------------------------------------------------------- real cities


@pytest.fixture(scope="module")
def catalog():
    return Catalog.read(packaged())


def load(city, name, catalog, shared_data):
    given = catalog.read_entries(packaged() / "cities" / city)[name]
    delivery = source.read(shared_data / given.source.path, given.source)
    return quality.check(delivery, catalog.registers[given.register], catalog, given)


@pytest.mark.shows("foundation")
def test_the_wards_of_can_tho_are_accepted_as_they_are(catalog, shared_data):
    result = load("cantho", "cantho-wards-2025", catalog, shared_data)
    assert result.report.counts == {"accepted": 103, "repaired": 0, "quarantined": 0, "refused": 0}
    assert list(result.accepted["unit_type"]).count("ward") == 31
    assert sum(result.accepted["official_area"]) == pytest.approx(6360.82)
    assert result.accepted["name:vi"][0] == "Cái Khế"
    assert result.accepted["identifier:vn-gso-ward"][0] == "31120"


@pytest.mark.shows("foundation")
def test_the_streets_of_ninh_kieu_keep_all_but_three(catalog, shared_data):
    result = load("cantho", "ninhkieu-streets", catalog, shared_data)
    assert (len(result.accepted), len(result.quarantined)) == (1079, 3)
    assert [f.code for f in result.report.findings if f.action == "quarantined"] == ["geometry-missing"] * 3
    names = set(result.accepted["name:vi"])
    assert "Hòa Bình" in names
    assert not {name for name in names if name and "Ã" in name}


@pytest.mark.shows("foundation")
def test_the_buildings_of_ninh_kieu_are_all_taken(catalog, shared_data):
    result = load("cantho", "ninhkieu-buildings", catalog, shared_data)
    assert (len(result.accepted), len(result.quarantined)) == (4839, 0)
    assert result.accepted.geometry.is_valid.all()


@pytest.mark.shows("foundation")
def test_the_trees_of_vancouver_come_in_centimetres_and_stand_in_vancouver(catalog, shared_data):
    result = load("vancouver", "vancouver-trees", catalog, shared_data)
    assert result.report.counts == {"accepted": 44100, "repaired": 4, "quarantined": 0, "refused": 0}
    assert result.accepted["dbh"][0] == 63.5
    west, south, east, north = result.accepted.total_bounds
    assert (-123.3 < west < east < -122.9, 49.1 < south < north < 49.4) == (True, True)
    slips = [finding.row for finding in result.report.findings if finding.code == "coordinate-slip"]
    assert slips == [10077, 21725, 44043]


@pytest.mark.shows("foundation")
def test_the_invalid_zones_of_chicago_are_repaired_and_what_is_no_area_is_put_aside(catalog, shared_data):
    result = load("chicago", "chicago-zoning-2024", catalog, shared_data)
    report = result.report
    kinds = [finding.code for finding in report.findings if finding.row is not None]
    assert report.rows == 14592
    assert (kinds.count("geometry-invalid"), kinds.count("geometry-collapsed"), kinds.count("geometry-empty")) == (
        248,
        10,
        4,
    )
    assert (len(result.accepted), len(result.quarantined)) == (14578, 14)
    assert result.accepted.geometry.is_valid.all()
    assert 0 < report.moved_area_m2 < 100
    assert np.all(shapely.is_ccw(shapely.get_exterior_ring(shapely.get_parts(result.accepted.geometry.to_numpy()))))


def test_every_kind_of_finding_has_a_name_in_both_languages(root):
    paths = [path for room in ("source", "quality") for path in (root / "sdi" / room).glob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    made = re.compile(r'(?:remark|note|put_aside|Slip|Finding|_refusal)\(\s*"([a-z0-9-]+)"')
    codes = {code for text in texts for code in made.findall(text)}
    assert len(codes) > 60
    assert not {code for code in codes if title(code).vi == code}
