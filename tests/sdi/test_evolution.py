"""A register file changes from version to version: it may gain and widen; what narrows it is refused, and why."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
import shapely

from sdi import evolution
from sdi.declaration import AddressRule, Declaration, Field, History, Label, LocationRule, PublishRule, Relation
from sdi.entry import Accuracy
from sdi.errors import WorkspaceError
from sdi.recording import Batch
from sdi.workspace import Workspace
from tests.stores import outside

KIOSK = """
register: kiosk
version: {version}
title: {{vi: Ki ốt, en: Kiosks}}
location: {{role: site, geometry: Point, required: true}}
fields:
  width: {{type: number, unit: m, min: 1, max: 20, title: {{vi: Bề rộng, en: Width}}}}
  keeper: {{type: text, max_length: 40, pattern: '[A-Z].*', title: {{vi: Người giữ, en: Keeper}}}}
{more}
"""
FLOORS = "  floors: {type: integer, unit: '1', min: 1, title: {vi: Số tầng, en: Floors}}"


def declare(workspace: Workspace, version: str, more: str = "", **changed: str) -> None:
    """Write the file of the register; `changed` gives other text to one of its fields."""
    text = KIOSK.format(version=version, more=more)
    for field, values in changed.items():
        text = "\n".join(f"  {field}: {values}" if f"  {field}:" in line else line for line in text.splitlines())
    (workspace.folder / "catalogs" / "registers" / "kiosk.yaml").write_text(text, encoding="utf-8")


def kiosk(registry) -> str:
    """Record a kiosk."""
    place = shapely.points([[584_000, 1_109_000]])
    values = {"width": [3.5], "keeper": ["An"]}
    with registry.transaction("test", "a kiosk") as tx:
        batch = Batch(values=values, geometry=place, valid_from="2020-01-01", accuracy=Accuracy(1, method="photo"))
        return registry.register("kiosk").add(batch, tx)[0]


@pytest.fixture
def known(workspace: Workspace) -> tuple[Workspace, str]:
    """Return a workspace that knows a kiosk, declared by version 1.2 of its register."""
    declare(workspace, "1.2.0")
    with closing(workspace.registry()) as registry:
        return workspace, kiosk(registry)


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_from_1_2_to_1_3_a_register_gains_a_field_and_then_refuses_to_be_narrowed(known, figure):
    workspace, eid = known
    declare(workspace, "1.3.0", FLOORS)
    with closing(workspace.registry()) as registry:
        register = registry.register("kiosk")
        assert register.find(eid).values == {"width": 3.5, "keeper": "An", "floors": None}
        with registry.transaction("test", "a floor was built") as tx:
            register.change(eid, {"floors": 2}, tx, valid_from="2025-01-01")
        assert register.find(eid).values["floors"] == 2
        reasons = registry.store.select("SELECT reason FROM tx ORDER BY tx")
        assert [reason for (reason,) in reasons] == [
            "declarations of registers", "a kiosk", "declarations of registers", "a floor was built",
        ]  # fmt: skip
        assert registry.verify() == 4
        root = registry.root_hash
    declare(workspace, "1.3.1", FLOORS, width="{type: number, unit: m, min: 1, max: 10, title: {vi: R, en: W}}")
    with pytest.raises(WorkspaceError, match=r"kiosk 1.3.1 narrows version 1.3.0.*field width had max 20") as told:
        workspace.registry()
    assert told.value.code == "declaration-narrowed"
    declare(workspace, "1.3.0", FLOORS)
    with closing(workspace.registry()) as registry:
        assert (registry.root_hash, registry.verify()) == (root, 4)
    figure("versions of one register file, 1.2 to 1.3", 1, "1", "field added and recorded; then max 20 to 10 refused")


@pytest.mark.both_stores
def test_a_file_that_changed_without_a_new_version_is_refused_and_leaves_no_trace(known):
    workspace, _ = known
    declare(workspace, "1.2.0", FLOORS)
    with pytest.raises(WorkspaceError, match=r"still calls itself that; give the changed file a later version"):
        workspace.registry()
    declare(workspace, "1.2.0")
    with closing(workspace.registry()) as registry:
        assert "f_floors" not in registry.store.columns("register_kiosk")
        assert registry.verify() == 2


def test_an_older_file_is_refused_where_a_newer_one_was_in_use(known):
    workspace, _ = known
    declare(workspace, "1.10.0")
    workspace.registry().close()
    declare(workspace, "1.9.0")
    with pytest.raises(WorkspaceError, match=r"has version 1\.9\.0, but version 1\.10\.0 is recorded here"):
        workspace.registry()


def test_titles_and_what_is_published_change_without_a_new_version(known):
    workspace, _ = known
    declare(workspace, "1.2.0", "publish: {collection: kiosks, fields: [width]}")
    with closing(workspace.registry()) as registry:
        assert registry.verify() == 2


def test_every_reason_is_told_at_once(known):
    workspace, _ = known
    declare(workspace, "2.0.0", keeper="{type: text, max_length: 30, title: {vi: N, en: K}}", width=FLOORS[10:])
    with pytest.raises(WorkspaceError) as told:
        workspace.registry()
    assert told.value.details["narrowings"] == [
        "field keeper had max_length 40 and is now 30",
        "field width was number and is now integer",
        "field width had unit m and is now 1",
    ]


def test_a_workspace_of_an_earlier_version_is_compared_by_what_it_knows_and_then_knows_all(known):
    workspace, _ = known
    outside.run(workspace, "UPDATE declaration SET shape = NULL", guarded=False)
    with closing(workspace.registry()) as registry:
        rows = registry.store.select("SELECT version, shape FROM declaration WHERE register = 'kiosk' ORDER BY row")
        assert [version for version, _ in rows] == ["1.2.0", "1.2.0"]
        assert json.loads(rows[1][1])["fields"]["width"]["max"] == 20
    declare(workspace, "1.3.0", width="{type: number, unit: m, min: 2, title: {vi: R, en: W}}")
    with pytest.raises(WorkspaceError, match="field width had min 1 and is now 2"):
        workspace.registry()


FIELD = Field("width", "number", Label("Rộng", "Width"), unit="m", minimum=1, maximum=20, max_length=40, pattern="a+")
PLACE = LocationRule("site", "Point", required=False)


def declared(*fields: Field, location: LocationRule = PLACE, **more) -> Declaration:
    """Declare a register."""
    return Declaration("kiosk", "1.0.0", Label("Ki ốt", "Kiosks"), location, fields, path=None, **more)


def lost(before: Declaration, after: Declaration) -> list[str]:
    """Return what the second declaration narrows, by what a store would keep of the first."""
    kept = json.loads(json.dumps(evolution.shape(before)))
    return list(evolution.narrowings(kept, evolution.shape(after)))


def altered(**values) -> Field:
    """Return the field with other values."""
    names = ("type", "unit", "minimum", "maximum", "max_length", "pattern", "codes", "register", "required")
    kept = {name: getattr(FIELD, name) for name in names}
    return Field("width", title=FIELD.title, **(kept | values))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "text"}, "field width was number and is now text"),
        ({"unit": "cm"}, "field width had unit m and is now cm"),
        ({"minimum": 2}, "field width had min 1 and is now 2"),
        ({"maximum": 19.5}, "field width had max 20 and is now 19.5"),
        ({"max_length": 39}, "field width had max_length 40 and is now 39"),
        ({"pattern": "b+"}, "field width had pattern a+ and is now b+"),
        ({"codes": "kinds"}, "field width took the codes of none and is now kinds"),
        ({"register": "ward"}, "field width named things of none and is now ward"),
        ({"required": True}, "field width was optional and is now required"),
    ],
)
def test_what_a_field_may_not_do(change, reason):
    assert lost(declared(FIELD), declared(altered(**change))) == [reason]


@pytest.mark.parametrize(
    "change",
    [{"minimum": None}, {"minimum": 0}, {"maximum": 21}, {"maximum": None}, {"max_length": 41}, {"pattern": None}],
)
def test_a_field_may_widen(change):
    assert lost(declared(FIELD), declared(altered(**change))) == []


def test_a_limit_that_was_not_there_narrows():
    assert lost(declared(altered(maximum=None)), declared(FIELD)) == ["field width had max none and is now 20"]


def test_a_required_field_may_become_optional_but_none_may_come_new():
    required = altered(required=True)
    assert lost(declared(required), declared(FIELD)) == []
    assert lost(declared(), declared(FIELD)) == []
    told = "field width is new and required, but what is recorded has no value for it"
    assert lost(declared(), declared(required)) == [told]
    assert lost(declared(FIELD), declared()) == ["field width is gone"]


def test_schemes_languages_and_relations_are_not_lost():
    before = declared(schemes=("tag",), languages=("vi",), relations=(Relation("feeds", "pipe"),))
    assert lost(declared(), before) == []
    assert lost(before, declared()) == [
        "relation feeds led to pipe and now has none", "scheme tag is gone", "language vi is gone",
    ]  # fmt: skip


def in_squares(width: float | None) -> Declaration:
    """Declare a register whose restricted things are shown in squares [m], or not at all."""
    return declared(publish=PublishRule("kiosks", (), generalise_m=width))


@pytest.mark.parametrize("width", [50, 100, 150, None])
def test_squares_become_those_that_whole_ones_make_up(width):
    assert lost(in_squares(50), in_squares(width)) == []


@pytest.mark.parametrize("width", [25, 70, 125])
def test_squares_that_overlap_those_of_before_are_refused(width):
    assert lost(in_squares(50), in_squares(width)) == [
        f"things were shown in squares of 50 m, and {width} m (generalise_m) is no multiple of that"
    ]


def test_squares_are_not_forgotten_where_nothing_was_shown_for_a_time():
    known: dict[str, evolution.Recorded] = {}
    for width in (50, None):
        for name, *said in evolution.news(known, {"kiosk": in_squares(width)}):
            known[name] = evolution.Recorded(*said)
    with pytest.raises(WorkspaceError, match="70 m"):
        evolution.news(known, {"kiosk": in_squares(70)})
    assert evolution.news(known, {"kiosk": in_squares(None)}) == []


def test_what_is_kept_of_visits_and_addresses_is_not_lost():
    visits = History("visit", Label("Kiểm tra", "Visits"), (FIELD,))
    before = declared(events=(visits,), address=AddressRule("street"))
    assert lost(declared(), before) == []
    assert lost(before, declared()) == [
        "field width is gone (events.visit)", "address named streets of street and now has none",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "reasons"),
    [
        (LocationRule("site", "MultiPoint", required=False), []),
        (LocationRule("site", "Any", required=False), []),
        (LocationRule("site", "Polygon", required=False), ["location had geometry Point and is now Polygon"]),
        (LocationRule("extent", "Point", required=False), ["location had role site and is now extent"]),
        (LocationRule("site", "Point", required=True), ["location was optional and is now required"]),
        (LocationRule("site", "Point", False, 0.5), ["location had max_horizontal_error_m none and is now 0.5"]),
    ],
)
def test_a_place_may_widen_but_not_narrow(place, reasons):
    assert lost(declared(), declared(location=place)) == reasons
