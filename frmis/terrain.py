"""Is this terrain good enough to decide upon? What is wrong with it, named, with figures.

In a delta half a metre decides over a quarter of the city, and the usual global models are wrong by more than that:
they show roofs and trees, stand on another datum, or hide the ground at sea level behind their mark for no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr
from numpy.lib.stride_tricks import sliding_window_view
from rasterio.features import sieve

from sdi.declaration import Label
from sdi.errors import RefusedError
from sdi.grid import Grid

FloatArray = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

FEET: Mapping[str, float] = {
    "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "us-ft": 1200 / 3937, "ft_us": 1200 / 3937, "us survey foot": 1200 / 3937,
}  # fmt: skip
"""Metres in one foot, by the names units go by."""
METRES = frozenset({"m", "metre", "metres", "meter", "meters"})
GLOBAL_SURFACES = frozenset({"egm96", "egm2008", "ellipsoid"})
"""Codes of surfaces that differ from a national datum by decimetres to metres."""

LOWEST = -5.0
"""Ground lower than this [m] in a patch smaller than `PATCH` is no ground."""
PATCH = 30
"""[cells]"""
NOISE = 0.5
"""Spread of neighbouring heights [m, standard deviation against the median of 3 x 3 cells] that drowns a flood."""

Severity = Literal["note", "poor", "unusable"]


@dataclass(frozen=True, slots=True)
class TerrainFinding:
    """One thing that is wrong with a terrain."""

    code: str
    severity: Severity
    """A note; too poor to decide upon; or not usable at all as it is."""
    message: Label
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TerrainReport:
    """Everything that is known against a terrain."""

    findings: tuple[TerrainFinding, ...]
    vertical_datum: str | None
    """Code of its vertical datum; None where it states none."""

    @property
    def fit_for_decisions(self) -> bool:
        """Whether results on it may be decided upon."""
        return all(one.severity == "note" for one in self.findings)

    def notice(self) -> Label:
        """Return what must be said beside every result on this terrain; empty where it is fit."""
        grave = [one.message for one in self.findings if one.severity != "note"]
        if not grave:
            return Label("", "")
        return Label(
            "Không dùng để ra quyết định: " + "; ".join(one.vi for one in grave) + ".",
            "Not fit for decisions: " + "; ".join(one.en for one in grave) + ".",
        )

    def raise_if_unfit(self) -> None:
        """Refuse a terrain that is too poor.

        Raises
        ------
        RefusedError
            Naming every reason.
        """
        if not self.fit_for_decisions:
            raise RefusedError(
                f"the terrain is too poor for this run. {self.notice().en} Repair it (see frmis.conditioning), get a better "
                "one, or allow it with allow_poor_terrain: true; the result will then say so",
                code="terrain-poor",
                details={one.code: dict(one.figures) for one in self.findings},
            )

    def raise_if_unusable(self) -> None:
        """Refuse a terrain that cannot be computed on as it is.

        Raises
        ------
        RefusedError
            Naming the reason.
        """
        for one in self.findings:
            if one.severity == "unusable":
                raise RefusedError(one.message.en, code=one.code, details=one.figures)


def check(
    terrain: xr.DataArray, *, expected_ground: tuple[float, float] | None = None, datum: str | None = None
) -> TerrainReport:
    """Look for what is wrong with a terrain.

    Parameters
    ----------
    terrain : DataArray (y, x) [``attrs["units"]``, vertical datum ``attrs["vertical_datum"]``]
        Elevation, NaN where missing. Also read where given: ``nodata_declared``, ``fit_for_decisions`` and ``notice``
        of an earlier check, and the tags of its file.
    expected_ground : tuple of 2 float [m, datum of the terrain], optional
        Range in which the median of the ground is known to lie.
    datum : str, optional
        Code of the vertical datum of the levels it will be used with.

    Returns
    -------
    TerrainReport
    """
    heights = np.asarray(terrain.transpose("y", "x").values, dtype=float)
    stated = terrain.attrs.get("vertical_datum")
    stated = None if stated in {None, "", "unknown"} else str(stated)
    found = [
        *_of_units(terrain), *_of_datum(stated, datum), *_of_earlier_checks(terrain), *_of_product(terrain),
        *_of_missing(terrain, heights), *_of_heights(heights), *_of_range(heights, expected_ground),
    ]  # fmt: skip
    return TerrainReport(tuple(found), stated)


def _finding(code: str, severity: Severity, vi: str, en: str, **figures: float) -> TerrainFinding:
    return TerrainFinding(code, severity, Label(vi.format(**figures), en.format(**figures)), figures)


def _of_units(terrain: xr.DataArray) -> Iterator[TerrainFinding]:
    """Lengths and heights must be metres."""
    unit = str(terrain.attrs.get("units", "")).strip().lower()
    if not Grid.from_dataarray(terrain).is_metric:
        yield _finding(
            "crs-geographic", "unusable", "lưới ở hệ tọa độ địa lý, cần chuyển sang hệ phẳng tính bằng mét",
            "the grid is not in metres on a plane; resample it to a projected CRS first",
        )  # fmt: skip
    if unit in FEET:
        yield _finding(
            "unit-feet", "unusable", "cao độ tính bằng feet, cần đổi sang mét",
            "heights are in feet; convert them to metres first",
        )  # fmt: skip
    elif not unit:
        yield _finding("unit-undeclared", "note", "không ghi đơn vị, hiểu là mét", "no unit stated; taken as metres")
    elif unit not in METRES:
        yield _finding("unit-unknown", "unusable", f"đơn vị lạ: {unit}", f"the unit {unit} is not known; expected m or ft")


def _of_datum(stated: str | None, wanted: str | None) -> Iterator[TerrainFinding]:
    """Heights mean nothing without their zero."""
    if stated is None:
        yield _finding(
            "datum-undeclared", "poor", "không rõ mốc cao độ", "the vertical datum is not stated"
        )  # fmt: skip
    elif wanted is not None and stated != wanted:
        yield _finding(
            "datum-differs", "poor", f"mốc cao độ {stated} khác mốc của mực nước ({wanted})",
            f"heights stand on {stated}, the water levels on {wanted}",
        )  # fmt: skip
    elif stated in GLOBAL_SURFACES:
        yield _finding(
            "datum-global", "poor", f"mốc cao độ {stated} lệch mốc quốc gia từ vài đề-xi-mét đến vài mét",
            f"heights stand on {stated}, decimetres to metres from the national datum",
        )  # fmt: skip


def _of_earlier_checks(terrain: xr.DataArray) -> Iterator[TerrainFinding]:
    """What was found before the terrain was stored is still true."""
    if not terrain.attrs.get("fit_for_decisions", True):
        notice = str(terrain.attrs.get("notice", "")).rstrip(".")
        vi = str(terrain.attrs.get("notice_vi", notice)).rstrip(".")
        yield TerrainFinding(
            "declared-unfit", "poor",
            Label(vi or "nguồn dữ liệu được đánh dấu không dùng để ra quyết định", notice or "its source is marked as not fit for decisions"),
        )  # fmt: skip


def _of_product(terrain: xr.DataArray) -> Iterator[TerrainFinding]:
    """Products that give themselves away by the tags of their files."""
    tags = {str(key).upper(): str(value) for key, value in terrain.attrs.items()}
    if tags.get("TIFFTAG_IMAGEDESCRIPTION") == "SILC TIFF" and "IDL" in tags.get("TIFFTAG_SOFTWARE", ""):
        yield _finding(
            "product-aster-gdem", "poor", "tệp mang dấu hiệu ASTER GDEM: mô hình bề mặt (mái nhà, ngọn cây), mốc EGM96",
            "the file carries the tags of ASTER GDEM: a surface model (roofs, tree tops) on EGM96",
        )  # fmt: skip


def _of_missing(terrain: xr.DataArray, heights: FloatArray) -> Iterator[TerrainFinding]:
    """Cells without a height."""
    missing = ~np.isfinite(heights)
    figures = {"cells": int(missing.sum()), "share": float(missing.mean())}
    declared = terrain.attrs.get("nodata_declared")
    if declared is not None and float(declared) == 0 and figures["cells"]:
        yield _finding(
            "nodata-zero", "poor", "giá trị 0 bị khai là không có dữ liệu: che {cells} ô ({share:.1%}) có thể là đất cao 0 m",
            "0 is declared as no data: {cells} cells ({share:.1%}) may be real ground at 0 m", **figures,
        )  # fmt: skip
    elif figures["cells"]:
        yield _finding("gaps", "note", "{cells} ô ({share:.1%}) không có cao độ", "{cells} cells ({share:.1%}) have no height", **figures)


def _of_heights(heights: FloatArray) -> Iterator[TerrainFinding]:
    """What the heights themselves give away."""
    known = heights[np.isfinite(heights)]
    if known.size < 9:
        return
    if known.size > 100 and np.ptp(known) > 0 and (known == np.round(known)).all():
        yield _finding(
            "whole-metres", "poor", "cao độ làm tròn đến mét, thô hơn chênh lệch giữa các cấp báo động",
            "heights are whole metres, coarser than the steps between alarm levels",
        )  # fmt: skip
    count = int(pits(heights).sum())
    if count:
        yield _finding(
            "pits", "poor", "{cells} ô thấp hơn {limit} m trong các mảng nhỏ: không phải mặt đất",
            "{cells} cells lie below {limit} m in small patches: no ground", cells=count, limit=LOWEST,
        )  # fmt: skip
    yield from _of_roughness(heights)
    yield from _of_plateau(heights, known)


def _of_roughness(heights: FloatArray) -> Iterator[TerrainFinding]:
    """Noise, and what stands on the ground."""
    noise = float(np.nanstd(heights - local_median(heights, 3)))
    if noise > NOISE:
        yield _finding(
            "noisy", "poor", "nhiễu giữa các ô kề nhau {metres:.1f} m", "neighbouring cells differ by {metres:.1f} m of noise", metres=noise
        )
    above = heights - local_median(heights, 15)
    above = above[np.isfinite(above)]
    spread, high = float(above.std()), float(np.percentile(above, 99))
    skewness = float(((above - above.mean()) ** 3).mean() / spread**3) if spread > 0 else 0.0
    if skewness > 1 and high > 5:
        yield _finding(
            "surface-model", "poor", "nhiều ô cao hơn xung quanh tới {metres:.0f} m: mô hình bề mặt, không phải mặt đất",
            "one cell in a hundred stands {metres:.0f} m above its surroundings: a surface model, not the ground", metres=high,
        )  # fmt: skip


def _of_plateau(heights: FloatArray, known: FloatArray) -> Iterator[TerrainFinding]:
    """A large flat patch far above the rest is water that was interpolated wrongly."""
    values, counts = np.unique(known, return_counts=True)
    level, cells = float(values[counts.argmax()]), int(counts.max())
    patch = sieve((heights == level).astype(np.uint8), size=max(PATCH, heights.size // 100)).astype(bool)
    above = level - float(np.median(known))
    if patch.any() and above > 5:
        yield _finding(
            "flat-plateau", "poor", "{cells} ô phẳng tuyệt đối, cao hơn phần lớn mặt đất {metres:.0f} m: mặt nước nội suy sai",
            "{cells} perfectly flat cells stand {metres:.0f} m above most of the ground: water interpolated wrongly",
            cells=min(cells, int(patch.sum())), metres=above,
        )  # fmt: skip


def _of_range(heights: FloatArray, expected: tuple[float, float] | None) -> Iterator[TerrainFinding]:
    """The ground is not where it is known to be."""
    if expected is None or not np.isfinite(heights).any():
        return
    low, high = expected
    median = float(np.nanmedian(heights))
    if not low <= median <= high:
        yield _finding(
            "ground-out-of-range", "poor", "trung vị cao độ {median:.1f} m, trong khi mặt đất ở khoảng {low:g} đến {high:g} m: lệch hệ thống",
            "the median height is {median:.1f} m where the ground is known to lie between {low:g} and {high:g} m: a bias",
            median=median, low=low, high=high,
        )  # fmt: skip


def pits(heights: FloatArray) -> Mask:
    """Find cells far below any ground, in patches too small for a river.

    Parameters
    ----------
    heights : ndarray (y, x) [m]
        Elevation, NaN where missing.

    Returns
    -------
    ndarray of bool (y, x)
    """
    deep = np.nan_to_num(heights, nan=np.inf) < LOWEST
    return np.asarray(deep & ~sieve(deep.astype(np.uint8), size=PATCH, connectivity=8).astype(bool))


def local_median(heights: FloatArray, width: int) -> FloatArray:
    """Median of the heights around each cell.

    Parameters
    ----------
    heights : ndarray (y, x) [m]
        Elevation, NaN where missing.
    width : int
        Side of the window [cells], odd.

    Returns
    -------
    ndarray (y, x) [m]
        NaN where the whole window is missing.
    """
    padded = np.pad(heights, width // 2, mode="constant", constant_values=np.nan)
    result = np.full(heights.shape, np.nan)
    for row, window in enumerate(sliding_window_view(padded, (width, width))):
        cells = window.reshape(heights.shape[1], -1)
        some = np.isfinite(cells).any(axis=1)
        result[row, some] = np.nanmedian(cells[some], axis=1)
    return result


Repair = Callable[[FloatArray], FloatArray]
