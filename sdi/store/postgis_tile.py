"""Tiles of the current features of a collection in PostGIS, which writes them itself.

Reference systems are whole numbers in the text of a query: given as parameters, or by name, PostGIS would look them up
for every feature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sdi.store.feed import Row
from sdi.store.sqlite_tile import HEIGHT, SCATTERED, WIDTH
from sdi.tile.cut import Cut, Drawn
from sdi.tile.quad import MARGIN, Tile

Ask = Callable[[str, Sequence[object]], Iterable[Row]]

_BOX = "ST_MakeEnvelope(?, ?, ?, ?, 4326)"
_TOUCHED = f"c.geom && {_BOX}"
_WIDE = "(ST_XMax(c.geom) - ST_XMin(c.geom) >= ? OR ST_YMax(c.geom) - ST_YMin(c.geom) >= ? OR ST_Dimension(c.geom) = 0)"
_WORLD = "ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326)"
"""What the projection of web maps shows; a pole lies infinitely far away in it."""


def crowd(ask: Ask, name: str, tile: Tile, most: int) -> int:
    """Count the features whose boxes touch a tile, no further than one more than asked for.

    Parameters
    ----------
    ask : callable
        Runs a query with marks ``?``.
    name : str
        Collection.
    tile : Tile
        The tile.
    most : int
        Where counting may end.
    """
    sql = f'SELECT count(*) FROM (SELECT 1 FROM "{name}" c WHERE {_TOUCHED} LIMIT ?) AS touched'
    ((count,),) = ask(sql, (*tile.widened(), most + 1))
    return int(count)


def draw(ask: Ask, name: str, cut: Cut) -> Drawn:
    """Cut a collection into a tile.

    Parameters
    ----------
    ask : callable
        Runs a query with marks ``?``.
    name : str
        Collection, which is also the name of the layer.
    cut : Cut
        What is wanted.
    """
    # What is not seen has no geometry and is left out by ST_AsMVT; to ask for that here, or not to order, would have
    # PostgreSQL cut every feature twice.
    listed = "".join(f', c."{column}"' for column in cut.columns)
    place, bounds, corners = _projected(cut.tile)
    chosen, parameters = _largest(name, cut) if cut.most else (f"{_TOUCHED} AND {_WIDE}", _widest(cut))
    sql = (
        f"SELECT ST_AsMVT(t.*, ?, ?, 'geom', 'fid'), count(t.geom) FROM (SELECT c.fid, "
        f'ST_AsMVTGeom({place}, {bounds}, ?, ?, true) AS geom{listed} FROM "{name}" c WHERE {chosen} ORDER BY c.fid'
        ") AS t"
    )
    asked = (name, cut.side, *corners, cut.side, round(MARGIN * cut.side), *parameters)
    ((content, shown),) = ask(sql, asked)
    return Drawn(bytes(content), int(shown)) if shown else Drawn(b"", 0)


def _projected(tile: Tile) -> tuple[str, str, Sequence[float]]:
    """Return SQL of the place of a feature and of the corners of a tile, in the system in which both are straight."""
    if tile.straight:
        return "c.geom", _BOX, tile.box
    place = f"ST_Transform(ST_ClipByBox2D(c.geom, {_WORLD}), 3857)"
    return place, "ST_MakeEnvelope(?, ?, ?, ?, 3857)", tile.metres


def _widest(cut: Cut) -> tuple[float, ...]:
    """Return the parameters of what touches a tile and is wide or high enough to be seen."""
    return (*cut.tile.widened(), *cut.smallest)


def _largest(name: str, cut: Cut) -> tuple[str, Sequence[object]]:
    """Return SQL of the choice of the largest features, with its parameters."""
    sql = (
        f'c.fid IN (SELECT c.fid FROM "{name}" c JOIN "{name}_history" h ON h."row" = c.version '
        f"WHERE {_TOUCHED} AND {_WIDE} ORDER BY {WIDTH} + {HEIGHT} DESC, {SCATTERED}, c.fid LIMIT ?)"
    )
    return sql, (*_widest(cut), cut.most)
