"""The rules of the house that no type checker keeps: layers, rooms, words and reasons."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sdi", "spp", "frmis", "pipelines", "catalogs")
WEB = {"starlette", "uvicorn", "pygeoapi"}
LONGEST_FILE = 600


def sources(*packages: str) -> list[Path]:
    return sorted(path for package in packages or PACKAGES for path in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def found(pattern: str, paths: list[Path]) -> list[str]:
    """List file, line and text of every match."""
    return [
        f"{name(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]


def nothing(places: Iterable[str], rule: str) -> None:
    """Fail with one line per place."""
    assert not places, "\n".join([rule, *sorted(places)])


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_imports_point_downwards_only(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    configure()
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None), "run lint-imports for the chain"


def test_infrastructure_never_names_a_domain_or_a_pipeline():
    texts = [path for path in (ROOT / "sdi").rglob("*") if path.suffix in {".py", ".html", ".yaml", ".json", ".sql"}]
    nothing(found(r"\b(spp|frmis|pipelines)\.[a-z_]", texts), "sdi knows no domain and no pipeline, not even as text")


def test_print_stays_in_the_command():
    printing = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    strays = [place for place in printing if not place.startswith("pipelines/command/console.py")]
    nothing(strays, "print stays in pipelines/command/console.py; elsewhere there are loggers")


def test_functions_import_nothing():
    late = [
        f"{name(path)}:{line}: {module}"
        for path in sources()
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for line, module in imported(function)
    ]
    nothing(late, "an import stands at the top of its file")


def test_spatial_sql_stays_in_the_store():
    outside = [path for path in sources() if not name(path).startswith("sdi/store/")]
    nothing(found(r"\bST_[A-Z]\w+", outside), "spatial SQL stands in sdi/store/ alone")


def test_words_of_http_stay_in_the_service_and_the_portal():
    rooms = ("sdi/service/", "spp/portal/", "pipelines/")
    strays = [
        f"{name(path)}:{line}: {module}"
        for path in sources()
        if not name(path).startswith(rooms)
        for line, module in imported(ast.parse(path.read_text(encoding="utf-8")))
        if module.split(".")[0] in WEB
    ]
    nothing(strays, "words of HTTP stay in sdi/service/, spp/portal/ and the pipeline that serves them")


def test_every_file_can_be_read_in_one_sitting():
    lines = {name(path): path.read_text(encoding="utf-8").count("\n") for path in sources()}
    long = [f"{path}: {count} lines" for path, count in lines.items() if count > LONGEST_FILE]
    nothing(long, f"one noun, one file; above {LONGEST_FILE} lines a second noun has moved in")


def test_a_page_asks_no_other_host_for_anything():
    kinds = {".html", ".j2", ".jinja", ".css", ".js", ".mjs"}
    pages = [
        path
        for package in ("spp", "sdi")
        for path in (ROOT / package).rglob("*")
        if path.suffix in kinds and "vendor" not in path.parts
    ]
    # A link that a person follows is fine; a script, style, font, picture or module fetched from elsewhere is not.
    host = r"""\s*["'`]?(https?:)?//"""
    attributes = rf"\b(src|srcset|poster|data)\s*={host}|<link[^>]+href\s*={host}|url\({host}"
    calls = rf"(\bfrom|\bimport|import\(|fetch\(){host}"
    services = r"\b(unpkg|jsdelivr|cdnjs|googleapis|tile\.openstreetmap)\b"
    fetches = f"{attributes}|{calls}|{services}"
    nothing(found(fetches, pages), "assets come from our own server; see package.json")


def test_no_script_of_others_is_in_git():
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock, "run scripts/assets.py --lock: the lock file names hashes, never a host"
    assert "/spp/portal/static/vendor/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_every_dependency_says_why_it_is_here():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[project.scripts]")[0].splitlines()
    needs = [line for line in lines if re.match(r'  "[A-Za-z][\w.-]*(\[[\w,]+\])?([<>=~!].*)?",', line)]
    assert len(needs) > 20
    nothing(
        [line for line in needs if not re.search(r",\s+# \w.{10,}", line)], "a dependency gives its reason beside it"
    )


def test_every_import_is_a_declared_dependency(project):
    needs = [*project["dependencies"], *project["optional-dependencies"].get("postgis", ())]
    declared = {re.match(r"[\w.-]+", need)[0].lower().replace("_", "-") for need in needs}
    declared |= {"distributed"} if "dask" in declared else set()
    owners = packages_distributions()
    undeclared = {
        f"{module.split('.')[0]} in {name(path)}"
        for path in sources()
        for _, module in imported(ast.parse(path.read_text(encoding="utf-8")))
        if (top := module.split(".")[0]) not in {*sys.stdlib_module_names, *PACKAGES}
        and not {owner.lower().replace("_", "-") for owner in owners.get(top, [top])} & declared
    }
    nothing(undeclared, "what is imported stands in pyproject.toml, with its reason")


def test_every_dependency_is_locked(project):
    locked = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    needs = [*project["dependencies"], *(n for extra in project["optional-dependencies"].values() for n in extra)]
    names = {re.match(r"[\w.-]+", need)[0].lower().replace("_", "-") for need in needs} - {"phusa"}
    nothing(names - locked, "requirements.lock lacks a dependency; run scripts/lock.sh")
