"""Links between resources: one on each side of every format."""

from __future__ import annotations

from sdi.service.negotiation import COVERAGEJSON, GEOJSON, GEOTIFF, HTML, Offer, Wish
from sdi.service.phrase import say

Link = dict[str, str]

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
"""Prefix of the OGC's own relation types."""
_FORMATS = {GEOJSON: "GeoJSON", COVERAGEJSON: "CoverageJSON", GEOTIFF: "GeoTIFF", HTML: "HTML"}
"""Names of media types; any other is some JSON."""


def link(rel: str, href: str, media: str, title: str, language: str | None = None) -> Link:
    """Describe a link with relation and media type, as every part of OGC API asks.

    Parameters
    ----------
    rel : str
        Relation type.
    href : str
        Absolute address.
    media : str
        Media type behind it.
    title : str
        Text for people.
    language : str, optional
        Language behind it, where the resource has one.

    Returns
    -------
    dict of str to str
    """
    made = {"rel": rel, "type": media, "title": title, "href": href}
    return made | {"hreflang": language} if language else made


def itself(wish: Wish, offer: Offer) -> list[Link]:
    """Link a resource to itself and to its other formats.

    Parameters
    ----------
    wish : Wish
        The request.
    offer : Offer
        Formats of the resource.

    Returns
    -------
    list of dict
        ``self`` first, then one ``alternate`` per other format.
    """
    formats = dict(reversed(offer))
    links = [link("self", wish.again(), wish.media, _title(wish.media, wish), wish.language)]
    others = (name for name in dict.fromkeys(one for one, _ in offer) if name != wish.format)
    return links + [
        link("alternate", wish.again(f=name), formats[name], _title(formats[name], wish), wish.language)
        for name in others
    ]


def pair(wish: Wish, rel: str, path: str, media: str, title: str) -> list[Link]:
    """Link to a resource in its machine format and as a page.

    Parameters
    ----------
    wish : Wish
        The request.
    rel : str
        Relation type.
    path : str
        Path below the landing page.
    media : str
        Media type of the machine format.
    title : str
        Key of the phrase that names the resource.

    Returns
    -------
    list of dict
    """
    name = say(title, wish.language)
    return [
        link(rel, wish.address(path, f="json"), media, f"{name} (JSON)"),
        link(rel, wish.address(path, f="html"), HTML, f"{name} (HTML)", wish.language),
    ]


def _title(media: str, wish: Wish) -> str:
    """Say "this document as …"."""
    return say("this_document_as", wish.language, format=_FORMATS.get(media, "JSON"))
