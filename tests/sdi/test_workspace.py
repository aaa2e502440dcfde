"""The folder of a city: made from its description, refused where it is none."""

import pytest

from catalogs import packaged
from sdi.errors import InputError, WorkspaceError
from sdi.workspace import Workspace
from tests.sdi.conftest import BENCH, SCHEMES, WORKSPACE


def describe(folder, text=WORKSPACE):
    """Write the description of a city."""
    folder.mkdir(exist_ok=True)
    (folder / "workspace.yaml").write_text(text, encoding="utf-8")
    return folder


def test_registers_and_codes_of_a_city_go_with_its_workspace(tmp_path):
    source = describe(tmp_path / "source")
    for part, name, text in (("registers", "bench", BENCH), ("codes", "schemes", SCHEMES)):
        (source / part).mkdir()
        (source / part / f"{name}.yaml").write_text(text, encoding="utf-8")
    made = Workspace.make(tmp_path / "city", source, packaged())
    assert "bench" in made.catalog().registers
    assert made.title.en == "Test city"
    assert made.crs.operation == "VN-2000 to WGS 84 (2)"


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    source = describe(tmp_path / "source")
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "letters.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="not empty"):
        Workspace.make(tmp_path / "city", source, packaged())
    assert [path.name for path in (tmp_path / "city").iterdir()] == ["letters.txt"]


def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path):
    with pytest.raises(WorkspaceError, match="phusa init"):
        Workspace.open(tmp_path, packaged())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x", "lacks crs, title"),
        (WORKSPACE + "colour: red\n", "unknown keys colour"),
        (WORKSPACE.replace("{vi: Thành phố thử, en: Test city}", "Test city"), "two languages"),
        (WORKSPACE.replace("EPSG:5897", "EPSG:4326"), "not projected in metres"),
        (WORKSPACE.replace("EPSG:5897", "EPSG:123456"), "not known to PROJ"),
        (WORKSPACE.replace("(2)", "(7)"), "no operation"),
        (WORKSPACE + "bounds: [1, 2]\n", "bounds"),
        ("- a\n- b\n", "holds no keys"),
        ("a: [", "not readable as YAML"),
    ],
)
def test_a_description_that_cannot_be_used_is_refused_with_the_reason(tmp_path, text, expected):
    folder = describe(tmp_path / "city", text)
    with pytest.raises((WorkspaceError, InputError), match=expected):
        Workspace.open(folder, packaged())
