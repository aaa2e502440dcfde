"""The packaged catalogue: registers, code lists, schemes, styles and the entries of a few cities, all as data."""

from __future__ import annotations

from pathlib import Path


def packaged() -> Path:
    """Folder of the packaged catalogue.

    Returns
    -------
    Path
        To be given to ``Catalog.read``, before the catalogue of a city.
    """
    return Path(__file__).parent
