"""What a publication says of a collection: titles, schema, record, style, licence, notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from sdi import provenance
from sdi.crs import CRS84_URI
from sdi.declaration import Declaration, Level
from sdi.entry import Licence
from sdi.errors import InputError
from sdi.history import ALWAYS, FOREVER
from sdi.publishing.dictionary import json_schema
from sdi.publishing.metadata import Holding, record
from sdi.registry import Registry
from sdi.store.publication_store import Extent
from sdi.workspace import Workspace

LANGUAGES = ("vi", "en")


def collection(
    declaration: Declaration,
    level: Level,
    registry: Registry,
    workspace: Workspace,
    extent: Extent,
    told: tuple[str | None, str | None],
) -> dict[str, Any]:
    """Return what is said of a collection, as plain values.

    Parameters
    ----------
    declaration : Declaration
        The register.
    level : {'public', 'restricted'}
        Who reads.
    registry : Registry
        Where its things and their deliveries are kept.
    workspace : Workspace
        The city.
    extent : Extent
        What the collection covers [degree, CRS84].
    told : tuple of str (2,)
        When something that shows was recorded first and last; ``None`` where nothing was.

    Returns
    -------
    dict
        The fields of :class:`sdi.publishing.collection.Collection` that are not counted.
    """
    if declaration.publish is None:
        raise InputError(f"register {declaration.name} is not published", code="not-published")
    delivered = provenance.shown(registry, declaration.name, level)
    licences = list(dict.fromkeys(licence for licence, _ in delivered))
    publisher = delivered[0][1] if delivered else workspace.title.vi
    holding = _holding(publisher, workspace, licences, extent, told)
    description = declaration.description or declaration.title
    style = registry.catalog.styles.get(declaration.publish.style or "")
    said: dict[str, Any] = {
        "title": asdict(declaration.title),
        "description": asdict(description),
        "keywords": list(declaration.publish.keywords),
        "geometry": declaration.location.geometry,
        "storage_crs": CRS84_URI,
        "schema": json_schema(declaration, registry.catalog, level=level),
        "record": {language: record(declaration, holding, language) for language in LANGUAGES},
        "style": asdict(style) if style else None,
        "attribution": "; ".join(dict.fromkeys(one.attribution for one in licences)),
        "licence": _licence(licences),
        "bulk": bool(licences) and all(one.bulk for one in licences),
        "notice": asdict(workspace.notice) if workspace.notice else None,
        "tiles": declaration.publish.tiles,
        "order": declaration.publish.order,
    }
    plain: dict[str, Any] = orjson.loads(orjson.dumps(said))
    return plain


def _licence(licences: Sequence[Licence]) -> Mapping[str, Any]:
    """Return what may be done with a collection: all conditions of its deliveries hold together."""
    if not licences:
        return {}
    strictest = max(licences, key=lambda one: ("A", "A-copyleft", "B").index(one.grade))
    names = " / ".join(dict.fromkeys(one.name for one in licences))
    return {"name": names, "grade": strictest.grade, "url": strictest.url}


def _holding(
    publisher: str,
    workspace: Workspace,
    licences: Sequence[Licence],
    extent: Extent,
    told: tuple[str | None, str | None],
) -> Holding:
    """Return what a record says of the data themselves; of writes that do not show it says nothing."""
    start = None if extent.start in (None, ALWAYS) else extent.start
    end = None if extent.end in (None, FOREVER) else extent.end
    return Holding(
        publisher=publisher, extent=extent.box, interval=(start, end), created=told[0], updated=told[1],
        licences=tuple(licences), notice=workspace.notice,
    )  # fmt: skip
