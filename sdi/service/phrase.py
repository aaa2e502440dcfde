"""Sentences of pages and documents in the languages of the service, kept in ``phrases.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sdi.catalog.document import Document

_FILE = Path(__file__).with_name("phrases.yaml")


@cache
def phrases() -> Mapping[str, Mapping[str, str]]:
    """Read all phrases once.

    Returns
    -------
    mapping of str to mapping
        Key to language to text.
    """
    return Document.read(_FILE).data


def say(key: str, language: str, **values: object) -> str:
    """Phrase of a key in one language, with its places filled.

    Parameters
    ----------
    key : str
        Key in ``phrases.yaml``.
    language : str
        ``vi`` or ``en``.
    **values : object
        What stands in the places of the phrase.

    Returns
    -------
    str
    """
    return phrases()[key][language].format(**values)
