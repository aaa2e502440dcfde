"""The words of the public pages: one JSON file per language, shared by the map's scripts and the plain pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spp.figures import day, number

LANGUAGES = ("vi", "en")
"""Languages of the public pages; the first is spoken where none is asked for."""
FOLDER = Path(__file__).with_name("static") / "text"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: str
    texts: Mapping[str, str]

    @classmethod
    def read(cls, language: str, folder: Path = FOLDER) -> Words:
        """Read the words of one language.

        Parameters
        ----------
        language : str
            ``vi`` or ``en``.
        folder : Path, optional
            Folder of the files.
        """
        return cls(language, json.loads((folder / f"{language}.json").read_text(encoding="utf-8")))

    def say(self, key: str, **values: object) -> str:
        """Text of a key with its gaps filled.

        Parameters
        ----------
        key : str
            Key of the file.
        **values : object
            What stands in the gaps.

        Raises
        ------
        KeyError
            If the language has no such text.
        """
        return self.texts[key].format(**values)

    def number(self, value: float) -> str:
        """Write a number as the language does: ``1.234,5`` in Vietnamese, ``1,234.5`` in English.

        Parameters
        ----------
        value : float
            Any number; six decimals at most are written.
        """
        return number(value, self.language)

    def day(self, value: str) -> str:
        """Write a day as the language does: ``31/12/2025`` in Vietnamese, ISO 8601 in English.

        Parameters
        ----------
        value : str
            Day as ISO 8601.
        """
        return day(value, self.language)
