"""Deliveries as they come: files of suppliers, read without trust.

`read` answers a table with its CRS, its texts in Unicode and everything that was found on the way; `read_raster` a
grid. Nothing but a local file is ever opened, with the one driver that fits its first bytes. What a delivery must not
be (undeclared, truncated, oversized, of another format than its name says) is refused with the cure; what can be mended
without guessing is mended and reported. Whether the rows fit a register is the business of `sdi/quality`.
"""

from sdi.source.delivery import Action, Delivery, Finding, Limits, Raw
from sdi.source.raster import read_raster
from sdi.source.reading import read

__all__ = ["Action", "Delivery", "Finding", "Limits", "Raw", "read", "read_raster"]
