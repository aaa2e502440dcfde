"""Pictures of the layers, made once per version of their data and kept."""

from __future__ import annotations

from threading import Lock

from sdi.publication import Publication
from spp.portal.asset import Asset
from spp.portal.layer import Layer
from spp.portal.overview import Overview, overview
from spp.portal.picture import Box, picture


class Gallery:
    """Generalised layers and the picture of the city, of one publication.

    Parameters
    ----------
    publication : Publication
        Where the features are read.
    """

    def __init__(self, publication: Publication) -> None:
        self._publication = publication
        self._overviews: dict[str, tuple[int, Overview, Asset]] = {}
        self._pictures: dict[str, tuple[tuple[tuple[str, int], ...], Asset]] = {}
        self._lock = Lock()

    def geojson(self, layer: Layer) -> Asset:
        """Generalised features of a layer as GeoJSON.

        Parameters
        ----------
        layer : Layer
            The layer.
        """
        with self._lock:
            return self._made(layer)[1]

    def picture(self, title: str, language: str, shown: tuple[Layer, ...]) -> Asset:
        """Still picture of the city as SVG.

        Parameters
        ----------
        title : str
            Title of the picture.
        language : str
            Language of the title.
        shown : tuple of Layer
            Layers to draw, the lowest first.
        """
        state = tuple((layer.id, layer.version) for layer in shown)
        with self._lock:
            kept = self._pictures.get(language)
            if kept is None or kept[0] != state:
                drawings = [(layer, self._made(layer)[0]) for layer in shown]
                drawn = picture(title, extent(shown) or (0.0, 0.0, 1.0, 1.0), drawings)
                kept = self._pictures[language] = (state, Asset.of(drawn, "image/svg+xml"))
            return kept[1]

    def _made(self, layer: Layer) -> tuple[Overview, Asset]:
        """Generalise a layer, unless that was done for this version of its data."""
        kept = self._overviews.get(layer.id)
        if kept is None or kept[0] != layer.version:
            made = overview(self._publication, self._publication.collection(layer.id), layer.by)
            kept = self._overviews[layer.id] = (layer.version, made, Asset.of(made.geojson(layer.by), "application/geo+json"))
        return kept[1:]


def extent(layers: tuple[Layer, ...]) -> Box | None:
    """Box around the things of several layers.

    Parameters
    ----------
    layers : tuple of Layer
        The layers.

    Returns
    -------
    tuple of float (4,) [degree, CRS84] or None
        ``None`` where nothing has a place.
    """
    boxes = [layer.extent for layer in layers if layer.extent is not None]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def for_picture(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Layers that a picture of the whole city can show.

    Parameters
    ----------
    layers : tuple of Layer
        All layers.
    """
    far = tuple(layer for layer in layers if layer.visible and layer.minzoom == 0)
    return far or tuple(layer for layer in layers if layer.visible)
