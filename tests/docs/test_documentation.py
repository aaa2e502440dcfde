"""The documentation is read like code: what is not in it, or no longer true, fails here."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from catalogs import packaged
from frmis import scenario_file, tide_file
from pipelines import leaflet
from pipelines.__main__ import main, parser
from sdi.catalog import Catalog
from sdi.errors import CatalogError
from sdi.filter.filter import Filter
from sdi.publishing.dictionary import json_schema
from sdi.settings import Settings
from sdi.store.sqlite_filter import SqliteFilter
from sdi.workspace import Workspace
from tests.guides import calls, text

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
PARTS = ["Context", "Decision", "Alternatives", "Consequences"]


def commands(tree: argparse.ArgumentParser, name: str = "phusa") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its own parser, those inside a command included."""
    inner = [action for action in tree._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield name, tree
    for word, branch in (pair for action in inner for pair in action.choices.items()):
        yield from commands(branch, f"{name} {word}")


def test_every_command_is_in_the_list_of_commands():
    page = text(DOCS / "guides" / "commands.md")
    assert [name for name, _ in commands(parser()) if f"`{name}" not in page] == []


def options(tree: argparse.ArgumentParser) -> set[str]:
    """Long options of a command."""
    return {flag for action in tree._actions for flag in action.option_strings if flag.startswith("--")} - {"--help"}


def row(command: str) -> str:
    """Line of the list of commands that explains one of them."""
    page = text(DOCS / "guides" / "commands.md")
    return next(line for line in page.splitlines() if re.match(rf"\| `{command}\b", line))


COMMANDS = dict(commands(parser()))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_row_of_a_command_names_exactly_its_options(name):
    before_the_list = text(DOCS / "guides" / "commands.md").split("| command |")[0]
    common = set(re.findall(r"`(--[a-z-]+)", before_the_list))
    assert set(re.findall(r"`(--[a-z-]+)", row(name))) | common == options(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_row_of_a_command_names_what_it_needs(name):
    needed = [action.metavar or action.dest for action in COMMANDS[name]._actions if not action.option_strings]
    heading = row(name).split("`")[1].removeprefix(name)
    assert [word.rstrip("…").lower() for word in heading.split()] == [word.lower() for word in needed]


def test_every_command_is_explained_in_vietnamese_too():
    table = text(DOCS / "guides" / "commands.md").split("## Bằng tiếng Việt")[1].split("## make")[0]
    assert set(re.findall(r"^\| `(phusa [a-z ]+)` \|", table, flags=re.MULTILINE)) == set(COMMANDS)


PAGES = [*sorted((DOCS / "guides").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def shown(page: Path) -> list[str]:
    """Calls of the command in the examples of a page."""
    return calls(text(page), "phusa")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_command_that_a_page_shows_can_be_called(page):
    for call in shown(page):
        parser().parse_args(shlex.split(call, comments=True)[1:])  # leaves with 2 where it is wrong


@pytest.mark.slow
def test_the_guides_can_be_followed_from_the_first_city_to_the_flood(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--workspace", "var/demo", "--scale", "0.05"]) == 0
    place("first_city", tmp_path)
    place("ingest", tmp_path)
    (tmp_path / "DIR" / "trees").mkdir(parents=True)
    rows = [f"CT-{tag:05d},Sao đen,{5 + tag % 7},{578_000 + 10 * tag},1115000" for tag in range(60)]
    delivery = "\n".join(["tag,species_name,diameter,easting,northing", *rows])
    (tmp_path / "DIR" / "trees" / "inventory.csv").write_text(delivery, encoding="utf-8")
    place("flood", tmp_path)
    (tmp_path / "W").symlink_to(tmp_path / "var" / "mycity")
    for guide in ("first_city", "ingest", "flood", "operate"):
        for call in shown(DOCS / "guides" / f"{guide}.md"):
            words = shlex.split(call, comments=True)[1:]
            if words[0] not in {"serve", "demo"}:  # one never ends, the other needs delivered data
                assert main(words) == 0, call
    said = capsys.readouterr().out
    assert "60 recorded in transaction 2" in said
    assert "published as coverage flood-cloudburst" in said
    assert re.search(r"  trees +60\b", said)


def place(guide: str, folder: Path) -> None:
    """Write the YAML of a guide where its first line says that it stands."""
    content = example(guide)
    path = folder / re.match(r"# ([\w/-]+\.yaml)", content)[1]
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_no_command_is_invented():
    known = {name for name, _ in commands(parser())}
    groups = {" ".join(name.split()[:2]) for name in known}
    pages = text(*(DOCS / "guides").glob("*.md"), *(ROOT / "notebooks").glob("*.md"), ROOT / "CONTRIBUTING.md")
    named = {f"phusa {word}" for word in re.findall(r"(?:`|^|/|exec )phusa ([a-z]+)", pages, flags=re.MULTILINE)}
    assert named - groups == set()


def test_every_setting_is_in_the_guide():
    page = text(DOCS / "guides" / "operate.md")
    names = [f"PHUSA_{field.name.upper()}" for field in dataclasses.fields(Settings)]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_make_target_is_in_the_list_and_exists():
    targets = set(re.findall(r"^([a-z][a-z-]*):", text(ROOT / "Makefile"), flags=re.MULTILINE)) - {"help"}
    page = text(DOCS / "guides" / "commands.md")
    listed = set(re.findall(r"^\| `make ([a-z-]+)`", page, flags=re.MULTILINE))
    assert listed == targets
    everywhere = text(ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md"))
    assert set(re.findall(r"`make ([a-z-]+)", everywhere)) - targets - {"help"} == set()


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_context_decision_alternatives_and_consequences(page):
    body = text(page)
    assert re.findall(r"^## (.+)$", body, flags=re.MULTILINE) == PARTS
    assert re.match(rf"# {int(page.stem[:4])}\. \w", body), "its title begins with its number"
    assert re.search(r"^Status: (accepted|superseded by record \d+)", body, flags=re.MULTILINE)
    assert 20 <= len(body.splitlines()) <= 45, "a page, not an essay"


def test_decisions_are_numbered_without_gaps():
    assert [int(page.stem[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_a_guide_names_only_files_that_exist():
    guides = [*(DOCS / "guides").glob("*.md"), ROOT / "CONTRIBUTING.md"]
    named = {
        (page.name, path)
        for page in guides
        for path in re.findall(r"`((?:sdi|spp|frmis|pipelines|scripts|tests|docs)/[\w/.-]*\w/?)`", text(page))
    }
    assert {(page, path) for page, path in named if not (ROOT / path).exists()} == set()


def test_every_filter_that_the_guide_of_the_api_shows_fits_trees_or_streets():
    catalog = Catalog.read(packaged())
    schemas = [json_schema(catalog.registers[name], catalog)["properties"] for name in ("tree", "street")]
    known = {name: one for schema in schemas for name, one in schema.items()}
    table = text(DOCS / "guides" / "api.md").split("| wanted | filter |")[1].split("\n\n")[0]
    address = re.search(r"filter=(.+)&sortby", text(DOCS / "guides" / "api.md"))[1]
    shown = [address, *(one for row in table.splitlines()[2:] for one in re.findall(r"`([^`]+)`", row))]
    assert len(shown) >= 8
    for one in shown:
        assert Filter.of(one).condition(known, SqliteFilter("trees")).sql, one
    codes = {each["const"] for each in known["species"]["oneOf"]}
    assert set(re.findall(r"'(\w+)'", address)) <= codes


def test_the_register_in_the_guide_is_a_register(tmp_path):
    write(tmp_path / "registers", "bench", example("register"))
    assert Catalog.read(packaged(), tmp_path).registers["bench"].publish.collection == "benches"


def test_the_mistake_in_the_guide_is_answered_as_the_guide_says(tmp_path):
    write(tmp_path / "registers", "bench", example("register").replace("type: integer", "type: int"))
    with pytest.raises(CatalogError) as caught:
        Catalog.read(packaged(), tmp_path)
    quoted = re.search(r"registers/bench\.yaml:.*(?=…)", text(DOCS / "guides" / "register.md"))[0]
    assert quoted in caught.value.message


def test_the_entry_in_the_guide_is_an_entry(tmp_path):
    write(tmp_path, "mycity-trees-2025", example("ingest"))
    entry = Catalog.read(packaged()).read_entries(tmp_path)["mycity-trees-2025"]
    assert entry.fields["dbh"].unit == "inch"


def test_the_examples_of_the_catalogue_reference_fit_each_other_and_the_catalogue(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", text(DOCS / "reference" / "register-file.md"), flags=re.DOTALL)
    folders = {"register": "registers", "list": "codes", "schemes": "codes", "style": "styles", "entry": "entries"}
    for block in blocks:
        kind, _, name = block.splitlines()[0].partition(":")
        write(tmp_path / folders[kind], name.strip() or "schemes", block)
    found = Catalog.read(packaged(), tmp_path)
    assert found.entries["street-trees-2025"].register in found.registers
    assert len(blocks) == len(folders)


def test_the_scenario_in_the_guide_is_a_scenario(tmp_path):
    tides = partial(tide_file.find, folders=[packaged() / "tides"])
    scenario = scenario_file.read(write(tmp_path, "storm", example("flood")), tides=tides)
    assert scenario.duration == 3 * 3600


def test_the_city_in_the_guide_is_a_workspace(tmp_path):
    description = write(tmp_path, "mycity", example("first_city"))
    assert Workspace.make(tmp_path / "mycity", description, packaged()).crs.code == "EPSG:5897"


def example(guide: str) -> str:
    """First YAML block of a guide."""
    return re.search(r"```yaml\n(.*?)```", text(DOCS / "guides" / f"{guide}.md"), flags=re.DOTALL)[1]


def write(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_changelog_has_a_place_for_what_is_not_released():
    assert re.search(r"^## \[?\d+\.\d+\.\d+\]? - unreleased$", text(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(tmp_path, unavailable):
    if not (leaflet.VENDOR / "leaflet.js").is_file():
        unavailable("the scripts of analysts' maps are not installed; run `make assets`")
    strict = ["-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "trees"]
    build = [sys.executable, "-m", "sphinx", *strict, DOCS, tmp_path / "html"]
    outcome = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr[-4000:]
    pages = text(*(tmp_path / "html").rglob("*.html"))
    assert (
        re.findall(r"""<(?:script|img|iframe)[^>]+src=["'](?:https?:)?//[^"']+|<link[^>]+stylesheet[^>]+//""", pages)
        == []
    )
