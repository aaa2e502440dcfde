"""Reading catalogues: registers, codes, schemes, styles and entries, checked with file, line and cure."""

from sdi.catalog.catalog import Catalog

__all__ = ["Catalog"]
