"""What a published raster is: the content of its ``coverage.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sdi.declaration import Label
from sdi.entry import Licence
from sdi.errors import IntegrityError, NotFound

DESCRIPTION = "coverage.json"

_LABELS = ("title", "description", "notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterDescription:
    """What a published raster is.

    CRS, variables, files and version are filled in when it is written.
    """

    name: str
    """Name of its folder and its identifier in the service."""
    title: Label
    description: Label | None = None
    kind: str
    """``elevation``, ``depth``, ``level``, ``run``, ``difference`` of two runs or ``ensemble`` of several."""
    vertical_datum: str | None = None
    """Code of the surface from which its heights are counted."""
    fit_for_decisions: bool = True
    notice: Label | None = None
    """What must be said wherever it is shown."""
    attribution: str = ""
    licence: Mapping[str, Any] = field(default_factory=dict)
    scenario: str | None = None
    """Identifier of the run it comes from."""
    return_period: float | None = None
    """How often what it shows is reached or exceeded on average, one time in so many years [year]."""
    bulk: bool = False
    """Whether the whole file may be offered."""
    crs: str = ""
    variables: tuple[Mapping[str, str], ...] = ()
    """Each with ``name``, ``standard_name``, ``long_name`` and ``units``."""
    cog: str | None = None
    """File, relative to the folder of the raster."""
    zarr: str | None = None
    version: str = ""
    """SHA-256 over the bytes of its files; its beginning names their folder."""
    box: tuple[float, float, float, float] | None = None
    """Outer edges of its cells [CRS of the raster]; rasters of earlier versions do not say it."""
    interval: tuple[str | None, str | None] = (None, None)
    """First and last moment [UTC]; ``None`` without time."""
    previous: str | None = None
    """Folder of the version before, kept for those who are still reading it."""

    @classmethod
    def read(cls, folder: Path, file: str = DESCRIPTION) -> RasterDescription:
        """Read the description of a raster.

        Parameters
        ----------
        folder : Path
            Folder of the raster.
        file : str
            Name of the file in it.

        Raises
        ------
        NotFound
            If nothing is published there.
        IntegrityError
            If its description cannot be read.
        """
        try:
            said: dict[str, Any] = json.loads((folder / file).read_bytes())
            said |= {key: Label(**said[key]) for key in _LABELS if said.get(key)}
            said["name"], said["variables"] = said.pop("id"), tuple(said["variables"])
            said |= {key: tuple(said[key]) for key in ("box", "interval") if said.get(key)}
            said.pop("units", None)
            return cls(**said)
        except FileNotFoundError:
            raise NotFound(f"no raster is published in {folder}; was it ingested, or its scenario run?") from None
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(f"{folder / file} cannot be read ({error}); publish the raster again") from error

    @staticmethod
    def under(licence: Licence) -> dict[str, Any]:
        """Return terms as the values that keep them."""
        terms = {"name": licence.name, "grade": licence.grade, "url": licence.url}
        return {"licence": terms, "attribution": licence.attribution, "bulk": licence.bulk}

    @property
    def terms(self) -> Licence:
        """What may be done with it."""
        return Licence(**self.licence, attribution=self.attribution, bulk=self.bulk)

    def tags(self) -> dict[str, str]:
        """Return what a file says of itself when it is handed on: title, caution, datum, run and terms."""
        said = {
            "TITLE": self.title.en, "TITLE_VI": self.title.vi, "VERTICAL_DATUM": self.vertical_datum,
            "FIT_FOR_DECISIONS": "yes" if self.fit_for_decisions else "no",
            "NOTICE": self.notice and self.notice.en, "NOTICE_VI": self.notice and self.notice.vi,
            "SCENARIO": self.scenario, "LICENCE": str(self.licence.get("name", "")), "ATTRIBUTION": self.attribution,
        }  # fmt: skip
        return {name: text for name, text in said.items() if text}

    def content(self) -> bytes:
        """Return the description as the content of its file."""
        said = asdict(self)
        said["id"] = said.pop("name")
        units = {variable["units"] for variable in self.variables}
        said["units"] = units.pop() if len(units) == 1 else None
        return json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True).encode()

    @property
    def place(self) -> str:
        """Folder of this version in the folder of the raster."""
        return self.version[:16]


def list_coverages(folder: Path) -> tuple[RasterDescription, ...]:
    """List the published rasters.

    Parameters
    ----------
    folder : Path
        Folder of all rasters; may be missing.

    Returns
    -------
    tuple of RasterDescription
        By name.
    """
    return tuple(RasterDescription.read(path.parent) for path in sorted(folder.glob(f"*/{DESCRIPTION}")))
