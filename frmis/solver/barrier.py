"""What stands on the faces of a grid, from whole arrays to the few faces the kernel visits one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from frmis.solver.inertial import Barrier


def barrier(crest: npt.NDArray[np.floating[Any]], real: type[np.floating[Any]]) -> Barrier:
    """Gather the faces on which something stands.

    Parameters
    ----------
    crest : ndarray (rows, columns) [m]
        Crest of each face of one direction, above the offset of the state; -inf where nothing stands.
    real : type
        Precision of the state.

    Returns
    -------
    Barrier
        Water may pass both ways.
    """
    rows, columns = np.nonzero(crest > -np.inf)
    first = np.searchsorted(rows, np.arange(crest.shape[0] + 1)).astype(np.int64)
    free = np.ones(rows.size, real)
    return Barrier(first, columns.astype(np.int64), crest[rows, columns].astype(real), free, free.copy())


def places(of: Barrier, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Find faces in a barrier.

    Parameters
    ----------
    of : Barrier
        All faces on which something stands.
    rows, columns : ndarray of int (n,)
        Faces that are among them.

    Returns
    -------
    ndarray of int (n,)
        Index of each in the arrays of the barrier.
    """
    found = [
        start + np.searchsorted(of.column[start:stop], column)
        for start, stop, column in zip(of.first[rows], of.first[rows + 1], columns, strict=True)
    ]
    return np.array(found, dtype=np.intp)
