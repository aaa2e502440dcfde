"""What the water runs over: bed, roughness, open soil, crests and gates on one grid."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
import xarray as xr

from frmis.scenario import Scenario
from frmis.structure import Gate
from sdi.declaration import Label
from sdi.errors import InputError
from sdi.grid import FloatArray
from sdi.store.raster import fingerprint


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What the water runs over, laid on the grid of a terrain."""

    elevation: xr.DataArray
    """(y, x) [m, ``attrs["vertical_datum"]``]; NaN where nothing flows; obstacles are already in it."""
    roughness: FloatArray | None = None
    """Manning's coefficient, ndarray (y, x) [s m-1/3]; None is the scenario's one value."""
    pervious: FloatArray | None = None
    """Share that takes water up, ndarray (y, x) [1], 0 to 1; None is 1 everywhere."""
    crest_x: FloatArray | None = None
    """Crests on the faces west of each column, ndarray (ny, nx + 1) [m, datum of the terrain]; -inf where none is."""
    crest_y: FloatArray | None = None
    """Crests on the faces north of each row, ndarray (ny + 1, nx) [m, datum of the terrain]; -inf where none is."""
    gates: tuple[Gate, ...] = ()
    notices: tuple[Label, ...] = ()
    """What must be said beside every result on it."""
    terrain: xr.DataArray | None = None
    """The terrain as it came, without obstacles: (y, x) [m, its datum]; None where that is the elevation itself."""

    def __post_init__(self) -> None:
        rows, columns = self.elevation.transpose("y", "x").shape
        _demand("roughness", self.roughness, (rows, columns), (0.005, 1.0))
        _demand("pervious", self.pervious, (rows, columns), (0.0, 1.0))
        _demand("crest_x", self.crest_x, (rows, columns + 1))
        _demand("crest_y", self.crest_y, (rows + 1, columns))

    @classmethod
    def of(cls, terrain: xr.DataArray) -> Ground:
        """Bare ground.

        Parameters
        ----------
        terrain : DataArray (y, x) [m, ``attrs["vertical_datum"]``]
            Bed elevation; NaN where nothing flows.
        """
        return cls(terrain)

    @property
    def source(self) -> xr.DataArray:
        """The terrain as it came, (y, x) [m, its datum]: what is checked and what a scenario names."""
        return self.elevation if self.terrain is None else self.terrain

    @property
    def obstacle_height(self) -> FloatArray | None:
        """How much higher the bed is than the terrain, ndarray (y, x) [m]; None where no obstacle was raised."""
        bed, terrain = (part.transpose("y", "x").values for part in (self.elevation, self.source))
        height = np.nan_to_num(bed - terrain, nan=0.0)
        return height if height.any() else None

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing but the terrain."""
        laid = (self.terrain, self.roughness, self.pervious, self.crest_x, self.crest_y)
        return all(part is None for part in laid) and not self.gates and not self.notices

    def fingerprint(self) -> str:
        """Hash everything that decides how water runs over it.

        Returns
        -------
        str
            SHA-256, 64 hexadecimal digits.
        """
        parts = {"roughness": self.roughness, "pervious": self.pervious, "x": self.crest_x, "y": self.crest_y}
        told = {"gates": [asdict(gate) for gate in self.gates], "notices": [asdict(note) for note in self.notices]}
        digest = hashlib.sha256(json.dumps([fingerprint(self.elevation), told], sort_keys=True).encode())
        for name, values in parts.items():
            if values is not None:
                digest.update(name.encode() + np.ascontiguousarray(values, dtype="<f8").tobytes())
        return digest.hexdigest()

    def pin(self, scenario: Scenario) -> Scenario:
        """Name terrain and ground by their content.

        Parameters
        ----------
        scenario : Scenario
            A run that is about to use it.

        Returns
        -------
        Scenario
            Without a hash of the ground where it is bare: the terrain says all of it.

        Raises
        ------
        InputError
            If the scenario names other content.
        """
        return scenario.pinned(fingerprint(self.source), None if self.is_bare else self.fingerprint())


def _demand(
    name: str, values: FloatArray | None, shape: tuple[int, int], span: tuple[float, float] = (-np.inf, np.inf)
) -> None:
    """Raise where an array does not fit, holds what is no number, or leaves its range."""
    if values is None:
        return
    if values.shape != shape:
        raise InputError(f"{name} of the ground has shape {values.shape}; expected {shape}: rows, columns")
    if np.isnan(values).any():
        raise InputError(f"{name} of the ground holds cells without a value; fill them")
    wrong = values[(values < span[0]) | (values > span[1])]
    if wrong.size:
        raise InputError(f"{name} of the ground holds {wrong[0]:g}; expected {span[0]:g} to {span[1]:g}")
