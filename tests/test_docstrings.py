"""Docstrings are read like code: every public thing has one, every array says shape and unit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sdi", "spp", "frmis", "pipelines")
Public = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

# "ndarray (time, y, x) [m]", "xarray.DataArray (y, x) [1]", "ndarray (n,) of geometry, storage CRS"
ARRAYS = re.compile(r"\b(ndarray|DataArray|Dataset|FloatArray|IntArray|BoolArray)\b")
SHAPE = re.compile(r"\([\w.][\w.+* -]*(,[\w.+* -]*)*\)|\b(float|int|bool) or ndarray")
SAYS = re.compile(
    r"\[[^\]]+\]|\bof (bool|int|str|bytes|object|geometr|point|line|polygon|date|eid|identifier)|\bCRS|EPSG|any unit"
)
NAMED_ARRAYS = re.compile(r"^(Float|Int|Bool|Geometry)?(ND)?Array$|^ndarray$|^DataArray$")


def things() -> Iterator[tuple[str, Public]]:
    """Every public function, method and class, with the place where it stands."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from members(tree, path.relative_to(ROOT).as_posix())


def members(parent: ast.Module | ast.ClassDef, place: str) -> Iterator[tuple[str, Public]]:
    for node in parent.body:
        if isinstance(node, Public) and not node.name.startswith("_"):
            yield f"{place}:{node.lineno}: {node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from members(node, place)


def is_overload(node: Public) -> bool:
    return any("overload" in ast.unparse(mark) or ".setter" in ast.unparse(mark) for mark in node.decorator_list)


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, NumpyDocString]]:
    for place, node in things():
        text = ast.get_docstring(node)
        if text and not isinstance(node, ast.ClassDef):
            yield place, node, NumpyDocString(text)


def takes_array(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    return any(NAMED_ARRAYS.match(getattr(node, "id", getattr(node, "attr", ""))) for node in ast.walk(annotation))


def nothing(places: list[str], rule: str) -> None:
    """Fail with one line per place."""
    assert not places, "\n".join([rule, *places])


def test_every_public_thing_is_documented():
    nothing(
        [place for place, node in things() if not (ast.get_docstring(node) or is_overload(node))],
        "every public function, method and class has a docstring",
    )


def test_every_module_says_what_lives_there():
    silent = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    nothing(silent, "a module or package says in a line what lives there")


def test_a_documented_parameter_exists():
    wrong = [
        f"{place}: {entry.name}"
        for place, node, doc in functions()
        for entry in doc["Parameters"]
        if not {part.strip().lstrip("*") for part in entry.name.split(",")} <= names(node)
    ]
    nothing(wrong, "a docstring names a parameter the function does not have")


def names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return {argument.arg for argument in every if argument}


def test_every_array_in_a_docstring_says_shape_and_unit():
    silent = [
        f"{place}: {entry.name} : {entry.type}"
        for place, _, doc in functions()
        for section in ("Parameters", "Returns", "Yields")
        for entry in doc[section]
        if ARRAYS.search(entry.type) and "Dataset" not in entry.type
        if not (SHAPE.search(entry.type) and SAYS.search(entry.type))
    ]
    nothing(
        silent, "the type slot says kind, shape and unit, e.g. ndarray (time, y, x) [m]; [any unit] where it is open"
    )


def test_every_array_argument_stands_in_the_docstring():
    missing = [
        f"{place}: {argument.arg}"
        for place, node, doc in functions()
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if takes_array(argument.annotation)
        if argument.arg not in {part.strip() for entry in doc["Parameters"] for part in entry.name.split(",")}
    ]
    nothing(missing, "an array argument has an entry in the docstring, with kind, shape and unit")


@pytest.mark.parametrize(
    ("slot", "complete"),
    [
        ("ndarray (time, y, x) [m]", True),
        ("ndarray (n,) of geometry, storage CRS", True),
        ("ndarray (n,)", False),
        ("ndarray [m]", False),
        ("xarray.DataArray (y, x) [1]", True),
        ("ndarray (ny + 2, nx + 3) [m2 s-1]", True),
        ("float or ndarray [m]", True),
    ],
)
def test_the_rule_for_arrays_tells_complete_from_incomplete(slot, complete):
    assert bool(SHAPE.search(slot) and SAYS.search(slot)) is complete
