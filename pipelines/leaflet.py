"""The page of a map for analysts: folium with its scripts inside, so that a saved map asks no other host for anything.

Leaflet draws it; jQuery is there because folium writes its pop-ups with it. Both come from the lock file. What needs
more than these two (``folium.Icon``, most of ``folium.plugins``) would leave the page empty: a plain ``folium.Marker``
or ``folium.CircleMarker`` does the same work.
"""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import folium

from sdi.errors import NotFound
from spp.portal.routes import STATIC

VENDOR = STATIC / "vendor"
"""Folder that ``make assets`` fills."""
LARGEST_ZOOM = 22
"""A pixel is then about 4 cm [1]."""
AREAS = "areas"
"""Pane for areas: below the pictures, as lines and points are above them."""
PICTURES = "pictures"
"""Pane for pictures."""

_SCRIPTS = ("jquery.slim.min.js", "leaflet.js")
_STYLE = "leaflet.css"
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
_IMAGE = re.compile(r"url\(images/([\w.-]+)\)")
_ICONS = {"iconUrl": "marker-icon.png", "iconRetinaUrl": "marker-icon-2x.png", "shadowUrl": "marker-shadow.png"}

_TABLE = """
// Words of the data are set as text and never read as markup. The pointer shows the first few attributes, a click all.
function atlasTable(caption, titles) {
  return function (feature, layer) {
    const rows = feature.properties.shown.map((value, place) => [titles[place], value]).filter((row) => row[1] !== "");
    const table = function (some) {
      const made = document.createElement("table");
      made.createCaption().textContent = caption;
      for (const cells of some) {
        const row = made.insertRow();
        for (const words of cells) row.insertCell().textContent = words;
      }
      return made;
    };
    const few = rows.length > 6 ? [...rows.slice(0, 5), ["…", ""]] : rows;
    layer.bindTooltip(() => table(few), {sticky: true, className: "atlas-table"});
    layer.bindPopup(() => table(rows), {maxHeight: 260, className: "atlas-table"});
  };
}
"""
_LOOK = """
<style>
  body { display: grid; grid-template: "head head" auto "map side" minmax(0, 1fr) "foot foot" auto
         / minmax(0, 1fr) auto; font: 13px/1.4 system-ui, sans-serif; color: #1f2a30; }
  .folium-map.leaflet-container { grid-area: map; background: #eef1ef; font: inherit; }
  .atlas-head { grid-area: head; padding: 6px 10px; background: #fff3cd; border-bottom: 1px solid #d8b64a; }
  .atlas-side { grid-area: side; max-width: 15rem; padding: 6px 10px; overflow: auto; background: #fff;
                border-left: 1px solid #c9d1d4; }
  .atlas-foot { grid-area: foot; padding: 3px 10px; font-size: 11px; background: #fff; border-top: 1px solid #c9d1d4; }
  .atlas-head p, .atlas-side h2, .atlas-side ul { margin: 0; padding: 0; }
  .atlas-side h2 { margin-top: 6px; font-size: 13px; }
  .atlas-side li { display: flex; gap: 6px; align-items: center; }
  .atlas-side i { flex: none; width: 16px; height: 12px; background: currentColor; }
  .atlas-side i.line { height: 3px; }
  .atlas-side i.circle { width: 10px; height: 10px; margin: 0 3px; border-radius: 50%; }
  .atlas-table caption { font-weight: 600; text-align: left; }
  .atlas-table td:first-child { padding-right: 8px; color: #56646b; }
  .leaflet-tooltip.atlas-table { white-space: normal; width: max-content; max-width: 20rem; }
  @media (max-width: 560px) {
    body { grid-template: "head" auto "map" minmax(0, 1fr) "side" auto "foot" auto / minmax(0, 1fr); }
    .atlas-side { max-width: none; max-height: 30vh; border-left: 0; border-top: 1px solid #c9d1d4; }
  }
</style>
"""


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of the legend."""

    shape: str
    """``fill``, ``line`` or ``circle``."""
    color: str
    words: str


@dataclass(frozen=True, slots=True)
class Key:
    """One layer in the legend."""

    title: str
    opacity: float
    """0 is invisible, 1 is solid [1]."""
    signs: tuple[Sign, ...]
    """What the map shows of the layer; nothing more."""


def blank_map(vendor: Path = VENDOR) -> folium.Map:
    """Make a map without a background that carries its scripts and styles inside.

    Parameters
    ----------
    vendor : Path
        Folder of the installed scripts.

    Returns
    -------
    folium.Map
        Neither tiles nor layers.

    Raises
    ------
    NotFound
        If the scripts are not installed; the message says how to install them.
    """
    scripts, style = embedded(vendor)
    page = folium.Map(tiles=None, control_scale=True, zoom_snap=0.25, attribution_control=False)
    page.options["max_zoom"] = LARGEST_ZOOM
    page.default_js, page.default_css = [*scripts.items()], [(_STYLE, style)]
    _figure(page).header.add_child(folium.Element(_LOOK))
    folium.map.CustomPane(AREAS, z_index=390).add_to(page)
    folium.map.CustomPane(PICTURES, z_index=395).add_to(page)
    return page


def frame(page: folium.Map, title: str, notices: Sequence[str], sources: Sequence[str], keys: Sequence[Key]) -> None:
    """Put title and notices above a map, the legend beside it and the sources below, so that nothing hides anything.

    Parameters
    ----------
    page : folium.Map
        The map.
    title : str
        Title of the page.
    notices : sequence of str
        What must be said beside the data.
    sources : sequence of str
        Whom the data come from.
    keys : sequence of Key
        Layers, the lowest first; the legend begins with the uppermost.
    """
    figure = _figure(page)
    figure.title = text(title)
    said = "".join(f"<p>{text(one)}</p>" for one in notices)
    legend = "".join(_legend(key) for key in reversed(keys))
    credit = " · ".join(text(one) for one in [*sources, "Leaflet"])
    figure.html.add_child(
        folium.Element(
            f'<header class="atlas-head"><strong>{text(title)}</strong>{said}</header>'
            f'<aside class="atlas-side">{legend}</aside><footer class="atlas-foot">{credit}</footer>'
        )
    )


def embedded(vendor: Path = VENDOR) -> tuple[dict[str, str], str]:
    """Read scripts and style as addresses that hold their content.

    Parameters
    ----------
    vendor : Path
        Folder of the installed scripts.

    Returns
    -------
    tuple of dict of str to str, and str
        Scripts by name, in the order in which they are loaded, and the style: ``data:`` addresses.

    Raises
    ------
    NotFound
        If one is not installed.
    """
    scripts = {name: _address(name, _read(vendor / name)) for name in _SCRIPTS}
    own = _TABLE + _default_icon(vendor)
    style = _IMAGE.sub(
        lambda found: f"url({_address(found[1], _read(vendor / found[1]))})", _read(vendor / _STYLE).decode()
    )
    return scripts | {"atlas.js": _address("atlas.js", own.encode())}, _address(_STYLE, style.encode())


def text(words: str) -> str:
    """Write words so that a page shows them, whatever they hold.

    Parameters
    ----------
    words : str
        Words of a catalogue or of the data.

    Returns
    -------
    str
        Markup; braces are written out too, because folium reads its elements as templates.
    """
    return html.escape(words).replace("{", "&#123;")


def _figure(page: folium.Map) -> folium.Figure:
    """Return the HTML page that a map stands in."""
    return cast(folium.Figure, page.get_root())


def _legend(key: Key) -> str:
    """Write a layer of the legend."""
    signs = "".join(
        f'<li><i class="{one.shape}" style="color:{one.color};opacity:{key.opacity:g}"></i>{text(one.words)}</li>'
        for one in key.signs
    )
    return f"<h2>{text(key.title)}</h2><ul>{signs}</ul>"


def _default_icon(vendor: Path) -> str:
    """Write the script that gives a plain marker its pictures: Leaflet would look for them beside its style."""
    pictures = [f'{key}: "{_address(name, _read(vendor / name))}"' for key, name in _ICONS.items()]
    return f"L.Icon.Default.imagePath = ''; L.Icon.Default.mergeOptions({{{', '.join(pictures)}}});"


def _read(path: Path) -> bytes:
    """Read an installed file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"{path.name} is not in {path.parent}; the scripts of analysts' maps are not installed: run `make assets` "
            "(without make: python scripts/assets.py)",
            code="assets-missing",
        ) from None


def _address(name: str, content: bytes) -> str:
    """Write a file as an address that holds it."""
    return f"data:{_MEDIA[Path(name).suffix]};base64,{b64encode(content).decode()}"
