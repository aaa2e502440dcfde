"""Maps for analysts: published collections, and the depth of a flood, in one page that works without a network.

What `layer_map` returns is a folium map: show it in a notebook, add layers of your own, or ``save("map.html")`` and
mail it. Colours, titles and code titles are those of the public map, because both read them from the publication.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import folium
import orjson
from folium.utilities import JsCode

from frmis.hazard import DEPTH_CLASSES
from pipelines import leaflet, overlay
from pipelines.leaflet import Key, Sign, text
from sdi.declaration import Label
from sdi.entry import sources
from sdi.errors import InputError
from sdi.publishing.collection import Collection, Page
from sdi.publishing.publication import Publication
from sdi.store import raster
from sdi.store.description import RasterDescription
from sdi.workspace import Workspace
from spp.portal.layer import Geometry, Layer, Look, layers
from spp.portal.wording import LANGUAGES, Words

logger = logging.getLogger(__name__)

LIMIT = 10_000
"""Most features of one map: 7.6 MB of page and 0.65 s of drawing; see docs/decisions."""
DEPTH = "maximum_water_depth"
"""Variable of a run that is drawn."""
DEPTH_TITLE = Label("độ sâu lớn nhất, kể cả sông rạch", "largest depth, rivers and canals included")
SHOWN_ONLY = Label(
    "Dữ liệu chỉ được xem, không được chuyển tiếp: không gửi trang này cho người khác.",
    "These data may be shown, not passed on: do not send this page to anybody.",
)
"""What a page must say that holds data of licence grade B."""

Feature = Mapping[str, Any]
Where = Mapping[str, Mapping[str, str]]

ANY: Where = MappingProxyType({})
"""No condition."""

_DOT = 3.0


def layer_map(
    source: Workspace | Publication,
    collections: Sequence[str],
    *,
    language: str = "vi",
    coverage: str | None = None,
    where: Where = ANY,
    limit: int = LIMIT,
) -> folium.Map:
    """Draw collections as the public map draws them, with a legend, their sources and what must be said about them.

    Parameters
    ----------
    source : Workspace or Publication
        The city, of which the public level is drawn, or the publication of another level.
    collections : sequence of str
        Names of the collections; the map lays them over each other in the order of the catalogue. May be empty where a
        coverage is drawn.
    language : str
        ``vi`` or ``en``.
    coverage : str, optional
        Name of a flood run among the coverages: its largest depth is laid over the collections.
    where : mapping of str to mapping
        By collection, the properties that a feature must have to be drawn, for example
        ``{"flood-depth": {"scenario": "storm"}}``: depths of several scenarios over each other are those of none.
    limit : int
        Most features of all collections together [1].

    Returns
    -------
    folium.Map
        With all scripts, pictures and data inside; it asks no other host for anything.

    Raises
    ------
    InputError
        If there are more features than the limit, the language is not spoken, or the coverage is no flood run.
    NotFound
        If a collection or coverage is not published, or the scripts are not installed.
    """
    words = _words(language)
    with _opened(source) as publication:
        chosen = [publication.collection(name) for name in dict.fromkeys(collections)]
        _check_conditions(where, chosen)
        pages = {one.name: _page(publication, one, where.get(one.name, {}), limit) for one in chosen}
        _check_size({name: page.number_matched for name, page in pages.items()}, limit)
        drawn = [(layer, _placed(pages[layer.id])) for layer in layers(chosen, language)]
    page = leaflet.blank_map()
    keys = [_draw(layer, features, page, words) for layer, features in drawn]
    keys += [Key(f"{one.title.of(language)} (0)", 1, ()) for one in chosen if one.extent is None]
    boxes = [layer.extent for layer, _ in drawn if layer.extent]
    run = None if coverage is None else _described(source, coverage)
    if run is not None:
        picture = _picture(run, source)
        picture.layer(text(run.title.of(language))).add_to(page)
        boxes.append(picture.bounds)
        keys.append(_depth_key(run, words))
    everything = [feature for _, features in drawn for feature in features]
    notices = _notices(source, chosen, run, words) + _warnings(source, everything, run, words)
    leaflet.frame(page, _title(source, chosen, language), notices, _sources(chosen, run), keys)
    folium.LayerControl().add_to(page)
    _show_all(page, boxes)
    logger.info("map of %d collections, %d features", len(drawn), len(everything))
    return page


def _words(language: str) -> Words:
    """Return the words of a language."""
    if language not in LANGUAGES:
        raise InputError(f"no map in the language {language!r}; expected {' or '.join(LANGUAGES)}", code="language")
    return Words.read(language)


@contextmanager
def _opened(source: Workspace | Publication) -> Iterator[Publication]:
    """Open the public publication of a city; one that is open already stays so."""
    if isinstance(source, Publication):
        yield source
        return
    publication = source.publication("public")
    try:
        yield publication
    finally:
        publication.close()


def _check_conditions(where: Where, chosen: Iterable[Collection]) -> None:
    """Refuse conditions on what is not drawn: somebody would take the map for a part that it does not show."""
    strange = set(where) - {one.name for one in chosen}
    if strange:
        raise InputError(
            f"a condition names {', '.join(sorted(strange))}, which the map does not draw; add it or drop it"
        )


def _page(publication: Publication, collection: Collection, where: Mapping[str, str], limit: int) -> Page:
    """Read the features of a collection that have these properties; too many are counted only."""
    most = min(limit, max(collection.count, 1))
    return publication.items(collection.name, limit=most, where=where)


def _check_size(counts: Mapping[str, int], limit: int) -> None:
    """Refuse what a browser would choke on."""
    if sum(counts.values()) > limit:
        held = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise InputError(
            f"{sum(counts.values()):,} features ({held}) are more than one such map holds, which is {limit:,}; choose "
            "fewer collections, or look at them on the public map (`phusa serve`), which loads what is in view",
            code="too-many-features",
            details={"features": sum(counts.values()), "limit": limit},
        )


def _placed(page: Page) -> list[Feature]:
    """Return the features of a page that have a place."""
    return [feature for feature in map(orjson.loads, page.features) if feature["geometry"] is not None]


def _draw(layer: Layer, features: Sequence[Feature], page: folium.Map, words: Words) -> Key:
    """Add a collection to the map, one set of shapes for each class; return its legend."""
    group = folium.FeatureGroup(name=text(layer.title))
    table = _table(layer)
    classes = _classes(layer, features)
    for (look, shape), members in classes.items():
        folium.GeoJson(
            {"type": "FeatureCollection", "features": [_shown(one, layer, words) for one in members]},
            style_function=_always(_paint(layer, look, shape)),
            marker=folium.CircleMarker(radius=layer.width if layer.geometry == "circle" else _DOT),
            on_each_feature=table,
            pane=leaflet.AREAS if shape == "fill" else "overlayPane",
        ).add_to(group)
    group.add_to(page)
    signs = tuple(Sign(shape, look.color, look.title or _untitled(layer, words)) for look, shape in classes)
    return Key(f"{layer.title} ({words.number(len(features))})", layer.opacity, signs)


def _classes(layer: Layer, features: Iterable[Feature]) -> dict[tuple[Look, Geometry], list[Feature]]:
    """Sort features by class, in the order of the legend; points of a layer of lines or areas stay apart."""
    found: dict[tuple[Look, Geometry], list[Feature]] = defaultdict(list)
    for feature in features:
        look = layer.look_of(feature["properties"].get(layer.by or ""))
        found[look, "circle" if feature["geometry"]["type"].endswith("Point") else layer.geometry].append(feature)
    order = [*layer.classes, layer.look]
    return dict(sorted(found.items(), key=lambda one: order.index(one[0][0])))


def _untitled(layer: Layer, words: Words) -> str:
    """Words for things without a class: the others, where there are classes at all."""
    return words.say("other_values") if layer.classes else layer.title


def _shown(feature: Feature, layer: Layer, words: Words) -> dict[str, Any]:
    """Return a feature with its attributes in words, in the order of the layer."""
    properties = feature["properties"]
    said = [one.text(properties.get(one.name), words) for one in layer.attributes]
    return {"type": "Feature", "id": feature["id"], "geometry": feature["geometry"], "properties": {"shown": said}}


def _table(layer: Layer) -> JsCode:
    """Return the script that shows the attributes of a feature beside the pointer."""
    caption, titles = (
        json.dumps(one).replace("<", "\\u003c") for one in (layer.title, [one.title for one in layer.attributes])
    )
    return JsCode(f"atlasTable({caption}, {titles})")


def _paint(layer: Layer, look: Look, shape: Geometry) -> dict[str, object]:
    """Return how Leaflet draws a class."""
    if shape == "line":
        return {"color": look.color, "weight": layer.width, "opacity": layer.opacity, "fill": False}
    outline = {"stroke": layer.width > 0, "color": look.edge, "weight": 0.5 if shape == "circle" else layer.width}
    return outline | {"fill": True, "fillColor": look.color, "fillOpacity": layer.opacity}


def _always(style: dict[str, object]) -> Callable[[Feature], dict[str, object]]:
    """Return a function that draws every feature alike."""
    return lambda _feature: dict(style)


def _described(source: Workspace | Publication, coverage: str) -> RasterDescription:
    """Describe a flood run among the coverages of a city."""
    run = RasterDescription.read(_city(source).rasters / coverage)
    variables = [one["name"] for one in run.variables]
    if DEPTH not in variables:
        raise InputError(
            f"coverage {coverage} has no {DEPTH} but {', '.join(variables)}; name a flood run, see `phusa status`",
            code="coverage-without-depth",
        )
    return run


def _city(source: Workspace | Publication) -> Workspace:
    """Return the city whose coverages are drawn."""
    if isinstance(source, Publication):
        raise InputError("a coverage lies in a workspace, not in a publication; give the workspace to draw it")
    return source


def _picture(run: RasterDescription, source: Workspace | Publication) -> overlay.Picture:
    """Paint the largest depth of a run."""
    workspace = _city(source)
    depth = raster.read(workspace.rasters, run.name)[DEPTH].load()
    return overlay.depth_picture(depth, workspace.crs.operation)


def _depth_key(run: RasterDescription, words: Words) -> Key:
    """Return the legend of the depth of a run."""
    classes = overlay.legend([words.number(one) for one in DEPTH_CLASSES])
    title = f"{run.title.of(words.language)}: {DEPTH_TITLE.of(words.language)}"
    return Key(title, overlay.OPACITY, tuple(Sign("fill", color, said) for color, said in classes))


def _title(source: Workspace | Publication, chosen: Iterable[Collection], language: str) -> str:
    """Return the title of the map: the city, or what is drawn where the city is not known."""
    if isinstance(source, Workspace):
        return source.title.of(language)
    return ", ".join(one.title.of(language) for one in chosen)


def _notices(
    source: Workspace | Publication, chosen: Sequence[Collection], run: RasterDescription | None, words: Words
) -> list[str]:
    """Return what the city and its collections want to be said beside the data, each once, and what may be done."""
    said = [source.notice] if isinstance(source, Workspace) else []
    said += [one.notice for one in chosen]
    licences = [one.licence for one in chosen] + ([run.licence] if run else [])
    said += [SHOWN_ONLY for one in licences if one.get("grade") == "B"]
    return list(dict.fromkeys(one.of(words.language) for one in said if one))


def _warnings(
    source: Workspace | Publication, features: Iterable[Feature], run: RasterDescription | None, words: Words
) -> list[str]:
    """Return why nothing may be decided upon what is drawn; empty where it may."""
    if run is not None and not run.fit_for_decisions:
        return [run.notice.of(words.language) if run.notice else words.say("not_fit")]
    unfit = [one["properties"] for one in features if one["properties"].get("fit_for_decisions") is False]
    if unfit:
        # The notice of a feature is Vietnamese.
        said = [one.get("notice") if words.language == "vi" else None for one in unfit]
        return list(dict.fromkeys(one or words.say("not_fit") for one in said))
    return [words.say("not_fit")] if isinstance(source, Workspace) and source.synthetic else []


def _sources(chosen: Iterable[Collection], run: RasterDescription | None) -> list[str]:
    """Return whom the data come from, each once."""
    said = [one.attribution for one in chosen] + ([run.attribution] if run else [])
    return sources(said)


def _show_all(page: folium.Map, boxes: Sequence[tuple[float, float, float, float]]) -> None:
    """Move the map so that everything is in view."""
    if boxes:
        west, south = (min(box[place] for box in boxes) for place in (0, 1))
        east, north = (max(box[place] for box in boxes) for place in (2, 3))
        page.fit_bounds([[south, west], [north, east]])
