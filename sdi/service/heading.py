"""What a thing is called where people read of it: by name, else by official code, else by identifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdi.publishing.collection import Collection
from sdi.publishing.dictionary import code_names


def heading(feature: Mapping[str, Any], one: Collection, language: str) -> str:
    """Name a feature for people.

    Parameters
    ----------
    feature : mapping
        A parsed feature.
    one : Collection
        Where it is published.
    language : {'vi', 'en'}
        Language wanted.

    Returns
    -------
    str
        Its name in the language or in Vietnamese; where it has none the title of the collection with the first official
        code, ``Urban trees MP-C000001``; where it has neither its identifier.
    """
    told = feature["properties"]
    if name := told.get(f"name_{language}") or told.get("name"):
        return str(name)
    code = next((told[scheme] for scheme in code_names(one.schema["properties"]) if told.get(scheme)), None)
    return f"{one.title.of(language)} {code}" if code else str(feature["id"])
