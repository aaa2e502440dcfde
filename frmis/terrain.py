"""Is this terrain good enough to decide upon? What is wrong with it, named, with figures.

In a delta half a metre decides over a quarter of the city, and the usual global models are wrong by more than that:
they show roofs and trees, stand on another datum, or hide the ground at sea level behind their mark for no data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import xarray as xr

from frmis.relief import LOWEST, FloatArray, noise, pits, plateaus, standing_out
from sdi.declaration import Label
from sdi.errors import RefusedError
from sdi.grid import Grid

FEET: Mapping[str, float] = {
    "ft": 0.3048,
    "foot": 0.3048,
    "feet": 0.3048,
    "us-ft": 1200 / 3937,
    "us survey foot": 1200 / 3937,
}
"""Metres in one foot, by the names units go by."""

METRES = frozenset({"m", "metre", "metres", "meter", "meters"})

GLOBAL_SURFACES = frozenset({"egm96", "egm2008", "ellipsoid"})
"""Codes of surfaces that differ from a national datum by decimetres to metres."""

SYNTHETIC = "synthetic"
"""Code of the datum of invented ground."""

NOISE = 0.5
"""Noise [m] that drowns a flood."""

STANDING_OUT = 5.0
"""One cell in a hundred stands out by more than this [m]: roofs and trees."""

Severity = Literal["note", "poor", "unusable"]

EARLIER = "declared-unfit"
"""Code of the finding that repeats what an earlier check found."""

_UNFIT = Label("Không dùng để ra quyết định: ", "Not fit for decisions: ")

_MESSAGES: Mapping[str, tuple[Severity, str, str]] = {
    "crs-geographic": (
        "unusable",
        "lưới không ở hệ tọa độ phẳng tính bằng mét",
        "the grid is not in metres on a plane; resample it to a projected CRS first",
    ),
    "unit-feet": (
        "unusable",
        "cao độ tính bằng feet, cần đổi sang mét",
        "heights are in feet; convert them to metres first",
    ),
    "unit-unknown": (
        "unusable",
        "đơn vị cao độ lạ: {unit}",
        "heights are in {unit!r}; expected m, or ft to be converted",
    ),
    "unit-undeclared": ("note", "không ghi đơn vị, hiểu là mét", "no unit stated; taken as metres"),
    "datum-undeclared": ("poor", "không rõ mốc cao độ", "the vertical datum is not stated"),
    "datum-differs": (
        "poor",
        "mốc cao độ {terrain} khác mốc của mực nước ({water})",
        "heights stand on {terrain}, the water levels on {water}",
    ),
    "datum-global": (
        "poor",
        "mốc {terrain} lệch mốc quốc gia từ vài đề-xi-mét đến vài mét",
        "heights stand on {terrain}, decimetres to metres from a national datum",
    ),
    "synthetic": ("poor", "địa hình mô phỏng, không có thật", "the terrain is invented"),
    "product-aster-gdem": (
        "poor",
        "tệp mang dấu hiệu ASTER GDEM: mô hình bề mặt, mốc EGM96",
        "the file carries the tags of ASTER GDEM: a surface model (roofs, tree tops) on EGM96",
    ),
    "nodata-zero": (
        "poor",
        "giá trị 0 bị khai là không có dữ liệu: che {cells} ô ({share:.1%})",
        "0 is declared as no data: {cells} cells ({share:.1%}) may be real ground at 0 m",
    ),
    "gaps": (
        "note",
        "{cells} ô ({share:.1%}) không có cao độ",
        "{cells} cells ({share:.1%}) have no height",
    ),
    "whole-metres": (
        "poor",
        "cao độ làm tròn đến mét",
        "heights are whole metres, coarser than the steps between alarm levels",
    ),
    "pits": (
        "poor",
        "{cells} ô thấp hơn {limit:g} m trong các mảng nhỏ",
        "{cells} cells lie below {limit:g} m in small patches: no ground",
    ),
    "noisy": (
        "poor",
        "nhiễu giữa các ô kề nhau {metres:.1f} m",
        "neighbouring cells differ by {metres:.1f} m of noise",
    ),
    "surface-model": (
        "poor",
        "nhiều ô cao hơn xung quanh tới {metres:.0f} m: mô hình bề mặt",
        "one cell in a hundred stands {metres:.0f} m above its surroundings: a surface model",
    ),
    "flat-plateau": (
        "poor",
        "{cells} ô phẳng tuyệt đối, cao hơn mặt đất {metres:.0f} m",
        "{cells} perfectly flat cells stand {metres:.0f} m above most ground: water interpolated wrongly",
    ),
    "ground-out-of-range": (
        "poor",
        "trung vị cao độ {median:.1f} m, đúng ra từ {low:g} đến {high:g} m: lệch hệ thống",
        "the median height is {median:.1f} m where the ground lies between {low:g} and {high:g} m: a bias",
    ),
}
"""By code: severity, Vietnamese, English."""


@dataclass(frozen=True, slots=True)
class TerrainFinding:
    """One thing that is wrong with a terrain."""

    code: str
    severity: Severity
    """A note; too poor to decide upon; or not usable at all as it is."""
    message: Label
    figures: Mapping[str, float | str] = field(default_factory=dict)


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
        grave = [one for one in self.findings if one.severity != "note"]
        earlier = " ".join(one.message.en for one in grave if one.code == EARLIER)
        told = [one.message for one in grave if one.code == EARLIER or one.message.en not in earlier]
        if not told:
            return Label("", "")
        vi, en = "; ".join(one.vi for one in told), "; ".join(one.en for one in told)
        return Label(f"{_UNFIT.vi}{vi}.", f"{_UNFIT.en}{en}.")

    def raise_if_unfit(self) -> None:
        """Refuse a terrain that is too poor.

        Raises
        ------
        RefusedError
            Naming every reason.
        """
        if not self.fit_for_decisions:
            raise RefusedError(
                f"the terrain is too poor for this run. {self.notice().en} Repair it, get a better one, or allow it "
                "with allow_poor_terrain: true; the result will then say so",
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
    said = terrain.attrs.get("vertical_datum")
    stated = None if said in {None, "", "unknown"} else str(said)
    findings = [
        *_of_units(terrain),
        *_of_datum(stated, datum),
        *_of_earlier_checks(terrain),
        *_of_product(terrain),
        *_of_missing(terrain, heights),
        *_of_heights(heights),
        *_of_range(heights, expected_ground),
    ]
    return TerrainReport(tuple(findings), stated)


def _finding(code: str, **figures: float | str) -> TerrainFinding:
    """Fill the message of a code with its figures."""
    severity, vi, en = _MESSAGES[code]
    return TerrainFinding(code, severity, Label(vi.format(**figures), en.format(**figures)), figures)


def _of_units(terrain: xr.DataArray) -> Iterator[TerrainFinding]:
    """Lengths and heights that are not metres."""
    unit = str(terrain.attrs.get("units", "")).strip().lower()
    if not Grid.from_dataarray(terrain).is_metric:
        yield _finding("crs-geographic")
    if unit in FEET:
        yield _finding("unit-feet")
    elif not unit:
        yield _finding("unit-undeclared")
    elif unit not in METRES:
        yield _finding("unit-unknown", unit=unit)


def _of_datum(stated: str | None, wanted: str | None) -> Iterator[TerrainFinding]:
    """Heights without their zero, or with another zero than the water."""
    if stated is None:
        yield _finding("datum-undeclared")
    elif wanted is not None and stated != wanted:
        yield _finding("datum-differs", terrain=stated, water=wanted)
    elif stated in GLOBAL_SURFACES:
        yield _finding("datum-global", terrain=stated)
    elif stated == SYNTHETIC:
        yield _finding("synthetic")


def _of_earlier_checks(terrain: xr.DataArray) -> Iterator[TerrainFinding]:
    """Repeat what was found before the terrain was stored; it is still true."""
    if terrain.attrs.get("fit_for_decisions", True):
        return
    en = str(terrain.attrs.get("notice", "") or "its source is marked so")
    vi = str(terrain.attrs.get("notice_vi", "") or en)
    plain = Label(vi.removeprefix(_UNFIT.vi).rstrip("."), en.removeprefix(_UNFIT.en).rstrip("."))
    yield TerrainFinding(EARLIER, "poor", plain)


def _of_product(terrain: xr.DataArray) -> Iterator[TerrainFinding]:
    """Products that give themselves away by the tags of their files."""
    tags = {str(key).upper(): str(value) for key, value in terrain.attrs.items()}
    if tags.get("TIFFTAG_IMAGEDESCRIPTION") == "SILC TIFF" and "IDL" in tags.get("TIFFTAG_SOFTWARE", ""):
        yield _finding("product-aster-gdem")


def _of_missing(terrain: xr.DataArray, heights: FloatArray) -> Iterator[TerrainFinding]:
    """Cells without a height."""
    missing = ~np.isfinite(heights)
    if missing.any():
        hidden = terrain.attrs.get("nodata_declared") == 0
        yield _finding("nodata-zero" if hidden else "gaps", cells=int(missing.sum()), share=float(missing.mean()))


def _of_heights(heights: FloatArray) -> Iterator[TerrainFinding]:
    """Look for what the heights give away by themselves."""
    known = heights[np.isfinite(heights)]
    if known.size < 100:
        return
    if np.ptp(known) > 0 and (known == np.round(known)).all():
        yield _finding("whole-metres")
    if cells := int(pits(heights).sum()):
        yield _finding("pits", cells=cells, limit=LOWEST)
    if (metres := noise(heights)) > NOISE:
        yield _finding("noisy", metres=metres)
    if (metres := standing_out(heights)) > STANDING_OUT:
        yield _finding("surface-model", metres=metres)
    for metres, cells in plateaus(heights):
        yield _finding("flat-plateau", metres=metres, cells=cells)


def _of_range(heights: FloatArray, expected: tuple[float, float] | None) -> Iterator[TerrainFinding]:
    """Ground that is not where it is known to be."""
    if expected is not None and np.isfinite(heights).any():
        median = float(np.nanmedian(heights))
        if not expected[0] <= median <= expected[1]:
            yield _finding("ground-out-of-range", median=median, low=expected[0], high=expected[1])
