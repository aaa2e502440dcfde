"""Pictures of the layers, made once per version of their data and kept."""

from __future__ import annotations

from threading import Lock

from sdi.publishing.publication import Publication
from spp.portal.asset import Asset
from spp.portal.choice import Choice
from spp.portal.layer import Layer
from spp.portal.overview import Overview, overview
from spp.portal.picture import Box, picture

State = tuple[Publication, str, str, str | None]
"""Publication, layer, version and choice: where two are equal, so are the pictures."""


class Gallery:
    """Generalised layers and the picture of the city."""

    def __init__(self) -> None:
        self._overviews: dict[tuple[str, str | None], tuple[State, Overview, Asset]] = {}
        self._pictures: dict[str, tuple[tuple[State, ...], Asset]] = {}
        self._lock = Lock()

    def geojson(self, publication: Publication, layer: Layer, asked: str | None = None) -> Asset:
        """Generalised features of a layer as GeoJSON.

        Parameters
        ----------
        publication : Publication
            Where the features are read.
        layer : Layer
            The layer.
        asked : str, optional
            Which of its alternatives; the one shown at first where not given.
        """
        with self._lock:
            return self._made(publication, layer, layer.choice(asked))[1]

    def picture(self, publication: Publication, title: str, language: str, shown: tuple[Layer, ...]) -> Asset:
        """Still picture of the city as SVG.

        Parameters
        ----------
        publication : Publication
            Where the features are read.
        title : str
            Title of the picture.
        language : str
            Language of the title.
        shown : tuple of Layer
            Layers to draw, the lowest first.
        """
        state = tuple(_state(publication, layer, layer.choice(None)) for layer in shown)
        with self._lock:
            kept = self._pictures.get(language)
            if kept is None or kept[0] != state:
                drawings = [(layer, self._made(publication, layer, layer.choice(None))[0]) for layer in shown]
                drawn = picture(title, extent(shown) or (0.0, 0.0, 1.0, 1.0), drawings)
                kept = self._pictures[language] = (state, Asset.of(drawn, "image/svg+xml"))
            return kept[1]

    def _made(self, publication: Publication, layer: Layer, choice: Choice | None) -> tuple[Overview, Asset]:
        """Generalise a layer, unless that was done for this state of its data."""
        state = _state(publication, layer, choice)
        key = (layer.id, state[3])
        kept = self._overviews.get(key)
        if kept is None or kept[0] != state:
            made = overview(publication, publication.collection(layer.id), layer.by, where=layer.where(choice))
            kept = self._overviews[key] = (state, made, Asset.of(made.geojson(), "application/geo+json"))
        return kept[1:]


def _state(publication: Publication, layer: Layer, choice: Choice | None) -> State:
    """Return what the picture of a layer depends on."""
    return publication, layer.id, layer.version, choice.value if choice else None


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
