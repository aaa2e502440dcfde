"""Every file of ``data/malformed`` has the outcome that ``tests/malformed.yaml`` demands, also in the real ingest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import shapely
import yaml

from catalogs import packaged
from pipelines import ingest
from sdi import quality, source
from sdi.catalog import Catalog
from sdi.declaration import Declaration, Field, Label, LocationRule
from sdi.entry import ColumnMapping, Entry, Licence, SourceOptions
from sdi.errors import InputError, RefusedError
from sdi.workspace import Workspace

MANIFEST = Path(__file__).resolve().parents[1] / "malformed.yaml"
FILES = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["files"]
CATALOG = Catalog({}, {}, {}, {}, {})
NOTHING = MappingProxyType({})


def cases():
    """Each demanded outcome with the file it is demanded of."""
    for path, wanted in FILES.items():
        if wanted["outcome"] == "oracle":
            continue
        yield pytest.param(path, wanted, id=path)
        if "and" in wanted:
            yield pytest.param(path, wanted["and"], id=f"{path}-and")


def valid():
    return [path for path in FILES if path.startswith("geojson/valid/")]


def neutral(wanted, delivery=None):
    """A register that takes any geometry and every column as text, and an entry that fills it."""
    names = [str(name) for name in delivery.table.columns if name != "geometry"] if delivery else []
    label = Label("Trung tính", "Neutral")
    fields = tuple(Field(f"field_{number}", "text", label) for number in range(len(names)))
    required = wanted.get("place") == "required"
    declaration = Declaration("neutral", "1.0.0", label, LocationRule("site", "Any", required), fields, MANIFEST)
    bad_rows = wanted.get("bad_rows", "refuse")
    entry = Entry(
        name="malformed", title=label, source=options(wanted), licence=Licence("MIT", "A", "test"), custodian="test",
        valid_from="2025-07-01", path=MANIFEST, register="neutral", on_bad_row=bad_rows,
        maximum_bad_share=1.0 if bad_rows == "quarantine" else 0.0,
        fields={f"field_{number}": ColumnMapping(column=name) for number, name in enumerate(names)},
    )  # fmt: skip
    return declaration, entry


def options(wanted):
    return SourceOptions(path="malformed", **wanted.get("source", NOTHING))


def checked(path, wanted):
    delivery = source.read(path, options(wanted))
    declaration, entry = neutral(wanted, delivery)
    return delivery, quality.check(delivery, declaration, CATALOG, entry)


@pytest.fixture
def malformed(shared_data):
    return shared_data / "malformed"


def test_the_manifest_names_every_file_and_no_other(malformed):
    named = set(FILES) | {part for wanted in FILES.values() for part in wanted.get("parts", ())}
    there = {path.relative_to(malformed).as_posix() for path in malformed.rglob("*") if path.is_file()}
    assert named == there
    assert sum(path.startswith("geojson/") for path in FILES) == 74


@pytest.mark.shows("foundation")
@pytest.mark.parametrize(("path", "wanted"), list(cases()))
def test_a_malformed_file_has_the_outcome_it_must_have(malformed, path, wanted):
    if wanted["outcome"] == "refused":
        with pytest.raises(RefusedError) as caught:
            checked(malformed / path, wanted)[1].report.raise_if_refused()
        error = caught.value
        assert error.code == wanted["code"]
        assert error.message == f"{error.details['found']}; {error.details['cure']}"
        assert error.details.get("path") == wanted.get("at")
        return
    _, result = checked(malformed / path, wanted)
    report = result.report
    assert report.outcome == wanted["outcome"], report.to_text()
    assert wanted.get("finding", "") in {"", *(finding.code for finding in report.findings)}
    assert len(result.accepted) + len(result.quarantined) == report.rows
    assert sum(report.counts.values()) == report.rows
    usable = result.accepted.geometry.dropna()
    assert usable.is_valid.all()
    assert np.isfinite(shapely.get_coordinates(usable.to_numpy())).all()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [(path, one) for path, wanted in FILES.items() for one in (wanted, wanted.get("and", {})) if "texts" in one],
)
def test_texts_are_read_as_they_were_meant(malformed, path, wanted):
    delivery, _ = checked(malformed / path, wanted)
    assert {name: delivery.table[name].iloc[0] for name in wanted["texts"]} == wanted["texts"]


@pytest.mark.shows("foundation")
@pytest.mark.parametrize("path", valid())
def test_valid_geojson_is_accepted_unchanged(malformed, path):
    document = json.loads((malformed / path).read_text(encoding="utf-8"))
    delivery, result = checked(malformed / path, NOTHING)
    features = written(document)
    assert len(result.accepted) == len(features)
    rows = delivery.table.to_dict("records")
    for feature, geometry, row in zip(features, result.accepted.geometry, rows, strict=True):
        stored = json.loads(shapely.to_geojson(geometry)) if geometry else None
        assert coordinates(stored) == coordinates(feature["geometry"])
        properties = {name: value for name, value in row.items() if name not in ("geometry", "id")}
        assert properties == (feature["properties"] or {})
        assert row.get("id") == feature.get("id")


def written(document):
    """Features of a document, whatever stands outermost."""
    if document["type"] == "FeatureCollection":
        return document["features"]
    return [document if document["type"] == "Feature" else {"geometry": document, "properties": {}}]


def coordinates(geometry):
    """Type and numbers of a geometry; an empty one is none."""
    if geometry is None or geometry.get("geometries") == []:
        return None
    inner = [coordinates(part) for part in geometry.get("geometries", ())]
    return geometry["type"], as_floats(geometry.get("coordinates")), inner


def as_floats(value):
    if isinstance(value, list | tuple):
        return [as_floats(part) for part in value]
    return None if value is None else float(value)


def test_at_least_five_kinds_of_defects_are_repaired(malformed):
    kinds = set()
    for path, wanted in FILES.items():
        if wanted["outcome"] == "repaired":
            kinds |= {f.code for f in checked(malformed / path, wanted)[1].report.findings if f.action == "repaired"}
    assert len(kinds) >= 5, kinds


REGISTER = """
register: neutral_{place}
version: 1.0.0
title: {{vi: Trung tính, en: Neutral}}
location: {{role: site, geometry: Any, required: {required}}}
fields: {{}}
publish: {{collection: neutral-{place}, fields: []}}
"""


# The files lie all over the world, so the workspace has a CRS of the world.
WORLD = """
name: world
title: {vi: Thế giới, en: World}
crs: EPSG:8857
synthetic: true
"""


@pytest.fixture
def neutral_workspace(tmp_path):
    description = tmp_path / "description.yaml"
    description.write_text(WORLD, encoding="utf-8")
    workspace = Workspace.make(tmp_path / "world", description, packaged())
    registers = workspace.folder / "catalogs" / "registers"
    registers.mkdir(parents=True)
    for place, required in (("placed", "true"), ("any", "false")):
        text = REGISTER.format(place=place, required=required)
        (registers / f"neutral_{place}.yaml").write_text(text, encoding="utf-8")
    return Workspace.open(workspace.folder, packaged())


def fingerprint(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")  # what readers of SQLite share in memory: no content
    }


@pytest.mark.shows("foundation")
def test_the_real_ingest_agrees_and_a_refusal_leaves_the_workspace_unchanged(malformed, neutral_workspace):
    registry = neutral_workspace.registry()
    differ = []
    for number, case in enumerate(cases()):
        path, wanted = case.values
        _, entry = neutral(wanted)
        name = f"neutral_{'placed' if wanted.get('place') == 'required' else 'any'}"
        entry = renamed(entry, f"case-{number}", name, path)
        before = fingerprint(neutral_workspace.folder)
        try:
            loaded = ingest.run(entry, neutral_workspace, registry, malformed)
        except (RefusedError, InputError) as error:
            if fingerprint(neutral_workspace.folder) != before:
                differ.append(f"{path}: the workspace changed although {error.code}")
            if wanted["outcome"] != "refused" or error.code != wanted["code"]:
                differ.append(f"{path}: {error.code} where {wanted['outcome']} is wanted: {error.message}")
            continue
        if wanted["outcome"] == "refused":
            differ.append(f"{path}: taken with {loaded.report.outcome}, but must be refused")
    registry.close()
    assert not differ, "\n".join(differ)


def renamed(entry, name, register, path):
    declared = {key: getattr(entry.source, key) for key in ("crs", "encoding", "axes", "columns")}
    return Entry(
        name=name, title=entry.title, source=SourceOptions(path=path, **declared), licence=entry.licence,
        custodian=entry.custodian, valid_from=entry.valid_from, path=entry.path, register=register,
        on_bad_row=entry.on_bad_row, maximum_bad_share=entry.maximum_bad_share,
    )  # fmt: skip
