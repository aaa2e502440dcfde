"""Outlines written corner by corner: one CSV file for each polygon, without header, as survey software exports them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from sdi.errors import refused
from sdi.source import archive
from sdi.source.delivery import Limits, Raw

FORMAT = "rings"
"""Name of the format."""
ENDING = ".csv"
NAME = "name"
"""Column that holds the name of each file, without its ending."""


def files(path: Path | str, limits: Limits) -> tuple[Path, ...]:
    """List the files of a delivery of rings.

    Parameters
    ----------
    path : Path or str
        A folder, or one file.
    limits : Limits
        Most files, and the largest size of each.

    Returns
    -------
    tuple of Path
        By name.

    Raises
    ------
    RefusedError
        If there is none, too many, or one is no plain file.
    """
    folder = Path(path)
    if not folder.is_dir():
        return (archive.local_file(path, limits),)
    found = sorted(one for one in folder.iterdir() if one.suffix.lower() == ENDING)
    if not found:
        raise refused("folder-empty", f"{folder} holds no {ENDING} file", "name the folder that holds the rings")
    if len(found) > limits.rows:
        raise refused("too-many-rows", f"{folder} holds {len(found):,} files", f"at most {limits.rows:,} are read")
    for one in found:
        if one.is_symlink():  # would lead out of the delivery
            raise refused("path-refused", f"{one.name} is a link", "deliver the file itself")
    return tuple(archive.local_file(one, limits) for one in found)


def read_rings(paths: tuple[Path, ...], limits: Limits) -> Raw:
    """Read polygons, one from each file.

    Parameters
    ----------
    paths : tuple of Path
        As `files` lists them.
    limits : Limits
        Most bytes and vertices.

    Returns
    -------
    Raw
        One row for each file, in their order; a row whose file is no ring is put aside, with its line named.

    Raises
    ------
    RefusedError
        If they are too large together.
    """
    size = sum(path.stat().st_size for path in paths)
    if size > limits.text_bytes:
        found = f"the rings have {size:,} bytes of text, at most {limits.text_bytes:,} are read"
        raise refused("file-too-large", found, "deliver them as GeoPackage or GeoParquet")
    names = pd.Series([path.stem for path in paths], dtype=object)
    raw = Raw(pd.DataFrame({NAME: names}), np.full(len(paths), None, dtype=object), declares_crs=False)
    for row, path in enumerate(paths):
        raw.geometry[row] = _polygon(path, row, raw)
    if int(shapely.get_num_coordinates(raw.geometry).sum()) > limits.vertices:
        raise refused("too-many-vertices", f"more than {limits.vertices:,} vertices", "deliver them in parts")
    return raw


def _polygon(path: Path, row: int, raw: Raw) -> shapely.Polygon | None:
    """Read one ring; None, and a remark, where it is none."""
    corners = []
    for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        corner = _corner(line)
        if corner is None:
            message = f"{path.name}, line {number}, is no corner; expected x and y with a comma between them"
            raw.remark("ring-unreadable", message, "quarantined", row, before=line[:80])
            return None
        corners.append(corner)
    if len(set(corners)) < 3:
        message = f"{path.name} has {len(set(corners))} different corners; a polygon has three at least"
        raw.remark("ring-unreadable", message, "quarantined", row)
        return None
    return shapely.Polygon(corners)


def _corner(line: str) -> tuple[float, float] | None:
    """Read one line; None where it is not two numbers."""
    try:
        x, y = (float(part) for part in line.split(","))
    except ValueError:
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None
