"""Land cover: how much each kind of ground holds the water up and lets it in.

Tables stand in ``catalogs/landcover/NAME.yaml``::

    table: land_use
    title: {vi: ..., en: ...}
    default: {manning: 0.035, pervious: 0.5, source: ..., certainty: assumed}    # where no land cover is known
    codes:
      ODT: {manning: 0.06, pervious: 0.25, source: "Chow (1959), table 5-6, ...", certainty: read}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from frmis import form
from frmis.cover import means
from frmis.form import LABEL, NUMBER, TEXT, Part
from sdi.catalog.document import Document, find_file
from sdi.declaration import Label
from sdi.errors import InputError
from sdi.grid import FloatArray, Grid

Certainty = Literal["read", "recalled", "assumed"]


@dataclass(frozen=True, slots=True)
class LandCover:
    """Where the land cover of a run comes from."""

    table: str
    """Name of a table of the catalogue, ``catalogs/landcover/NAME.yaml``."""
    register: str | None = None
    """Name of a register whose things have an area, for example ``plan_zone``."""
    field: str = "land_use"
    """Field of that register that holds the code."""
    coverage: str | None = None
    """Name of a coverage that holds the codes."""

    def __post_init__(self) -> None:
        if (self.register is None) == (self.coverage is None):
            raise InputError(
                f"the land cover comes from register {self.register} and coverage {self.coverage}; expected one of them"
            )


@dataclass(frozen=True, slots=True)
class Surface:
    """One kind of ground."""

    manning: float
    """Manning's coefficient [s m-1/3]."""
    pervious: float
    """Share of its area that takes water up [1]."""
    source: str
    certainty: Certainty
    """Whether the source was read, is recalled, or the value is assumed."""

    def __post_init__(self) -> None:
        if not 0.005 <= self.manning <= 1.0:
            raise InputError(f"Manning's coefficient is {self.manning:g}; expected 0.005 to 1 s m-1/3")
        if not 0 <= self.pervious <= 1:
            raise InputError(f"the pervious share is {self.pervious:g}; expected 0 to 1")


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of every kind of ground."""

    name: str
    title: Label
    default: Surface
    """Where no land cover is known."""
    surfaces: Mapping[str, Surface]
    """By code."""


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """Kinds of ground, laid on a grid."""

    roughness: FloatArray
    """Manning's coefficient, ndarray (y, x) [s m-1/3]."""
    pervious: FloatArray
    """Share that takes water up, ndarray (y, x) [1]."""
    unknown: float
    """Share of the grid that took the default [1]."""


SURFACE = form.mapping(
    {"manning": NUMBER, "pervious": NUMBER, "source": TEXT, "certainty": form.choice("read", "recalled", "assumed")},
    required=("manning", "pervious", "source", "certainty"),
).then(lambda _, values: Surface(**values))
TABLE = form.mapping(
    {"table": TEXT, "title": LABEL, "default": SURFACE, "codes": form.named(SURFACE)},
    required=("table", "title", "default", "codes"),
).then(lambda _, values: Table(values["table"], values["title"], values["default"], values["codes"]))


def read(path: Path) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        A YAML file as the module describes it.

    Returns
    -------
    Table

    Raises
    ------
    CatalogError
        Naming file, line and cure.
    """
    document = Document.read(path)
    table: Table = Part(document, (), document.data).read(TABLE)
    return table


def find(name: str, folders: Iterable[Path]) -> Table:
    """Find a table by its name.

    Parameters
    ----------
    name : str
        Name of its file without the ending.
    folders : iterable of Path
        Folders of tables; a later one goes before an earlier one.

    Returns
    -------
    Table

    Raises
    ------
    NotFound
        If no folder holds it; names those that there are.
    """
    unknown = f"there is no land-cover table {name!r} in catalogs/landcover"
    return read(find_file(name, folders, unknown, code="land-cover-table-unknown"))


def lay(table: Table, geometries: Sequence[Any], codes: Sequence[str | None], grid: Grid) -> Surfaces:
    """Lay kinds of ground on a grid.

    A cell with several kinds gets their mean, by the share each covers; what nothing covers takes the default.

    Parameters
    ----------
    table : Table
        What is known of every kind.
    geometries : sequence of geometry (n,) [CRS of the grid]
        Areas; where they overlap, the later one holds.
    codes : sequence of str (n,)
        Kind of each; None where it is not known.
    grid : Grid
        Cells.

    Returns
    -------
    Surfaces

    Raises
    ------
    InputError
        If the table does not know a code.
    """
    names = list(dict.fromkeys(code for code in codes if code is not None))
    kinds = [table.default, *(_surface(table, name) for name in names)]
    brought = [[kind.manning, kind.pervious, float(place == 0)] for place, kind in enumerate(kinds)]
    known = [(shape, names.index(code) + 1) for shape, code in zip(geometries, codes, strict=True) if code is not None]
    shapes, labels = [shape for shape, _ in known], [label for _, label in known]
    roughness, pervious, unknown_share = means(shapes, labels, np.array(brought).T, grid)
    return Surfaces(roughness, pervious, float(unknown_share.mean()))


def classified(table: Table, codes: xr.DataArray) -> Surfaces:
    """Give each cell of a classified raster what its code brings.

    Parameters
    ----------
    table : Table
        What is known of every kind; its codes are whole numbers written as text.
    codes : DataArray (y, x) [1]
        Codes, NaN where none is known.

    Returns
    -------
    Surfaces

    Raises
    ------
    InputError
        If the table does not know a code.
    """
    values = codes.transpose("y", "x").values
    found, place = np.unique(values, return_inverse=True)
    kinds = [table.default if np.isnan(code) else _surface(table, f"{code:g}") for code in found]
    manning, pervious = np.array([[kind.manning, kind.pervious] for kind in kinds]).T
    return Surfaces(manning[place], pervious[place], float(np.isnan(values).mean()))


def _surface(table: Table, code: str) -> Surface:
    """Return one kind of ground."""
    if code not in table.surfaces:
        raise InputError(
            f"land-cover table {table.name} does not know the code {code!r}; add it with its source, "
            f"it has {', '.join(table.surfaces)}",
            code="land-cover-unknown",
        )
    return table.surfaces[code]
