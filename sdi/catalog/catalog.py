"""The catalogue: everything that is declared rather than programmed, read from a folder of YAML files.

::

    registers/<register>.yaml   one register each
    codes/<list>.yaml           one code list each
    codes/schemes.yaml          schemes of identifiers
    styles/<style>.yaml         one style each
    entries/<entry>.yaml        one delivery each

A later folder overlays an earlier one: a file there replaces the file of the same register, list, style or entry, and a
scheme the scheme of the same name. The format is explained in ``docs/reference/register-file.md``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sdi.catalog import conformity, consistency, fitness, format, reading
from sdi.catalog.document import Document, text_of
from sdi.declaration import CodeList, Declaration, Scheme
from sdi.entry import Entry
from sdi.errors import CatalogError
from sdi.style import Style

SCHEMES_FILE = "schemes.yaml"
WORKSPACE_FILE = "workspace.yaml"
REMEMBERED = 512
"""Files whose content is remembered as read and found in order; a city has about 100."""
_FORMATS = {
    "list": format.CODES, "schemes": format.SCHEMES, "style": format.STYLE, "register": format.REGISTER,
    "entry": format.ENTRY,
}  # fmt: skip
"""Formats by the key that a file of each kind begins with."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All declarations of a city, checked against each other."""

    registers: Mapping[str, Declaration]
    codes: Mapping[str, CodeList]
    schemes: Mapping[str, Scheme]
    styles: Mapping[str, Style]
    entries: Mapping[str, Entry]

    @classmethod
    def read(cls, *folders: Path) -> Catalog:
        """Read one catalogue from several folders.

        Parameters
        ----------
        *folders : Path
            Folders, the more general first.

        Returns
        -------
        Catalog
            What the folders declare together.

        Raises
        ------
        CatalogError
            If a file is wrong, or does not agree with another one; names file, line, finding and cure.
        """
        codes = _overlay(folders, "codes", "list", leave=SCHEMES_FILE)
        schemes = _scheme_files(folders)
        styles = _overlay(folders, "styles", "style")
        registers = _overlay(folders, "registers", "register")
        entries = _overlay(folders, "entries", "entry")
        lists = {name: reading.code_list(document) for name, document in codes.items()}
        catalog = cls(
            registers={name: reading.declaration(document, lists) for name, document in registers.items()},
            codes=lists,
            schemes={name: scheme for document in schemes for name, scheme in reading.schemes(document).items()},
            styles={name: reading.style(document) for name, document in styles.items()},
            entries={},
        )
        for document in codes.values():
            consistency.check_codes(document)
        for document in schemes:
            consistency.check_schemes(document)
        for document in styles.values():
            consistency.check_style(document)
        consistency.check_registers(registers, catalog.registers, catalog.codes, catalog.schemes, catalog.styles)
        return dataclasses.replace(catalog, entries=catalog._entries(entries))

    def read_entries(self, folder: Path) -> dict[str, Entry]:
        """Read the deliveries of one city.

        Parameters
        ----------
        folder : Path
            Folder with one file per delivery, a ``workspace.yaml`` beside them is left alone; or one such file.

        Returns
        -------
        dict of str to Entry
            Entries by name, in the order of their names.

        Raises
        ------
        CatalogError
            If an entry is wrong or does not fit the registers of this catalogue.
        """
        return self._entries(_documents(folder, "entry", leave=WORKSPACE_FILE))

    def register_of(self, collection: str) -> Declaration | None:
        """Register behind a collection.

        Parameters
        ----------
        collection : str
            Name of the collection.

        Returns
        -------
        Declaration or None
            None where no register is published under that name.
        """
        published = (register for register in self.registers.values() if register.publish)
        return next((register for register in published if register.publish.collection == collection), None)  # type: ignore[union-attr]

    def _entries(self, documents: Mapping[str, Document]) -> dict[str, Entry]:
        entries = {name: reading.entry(document) for name, document in documents.items()}
        for name, document in documents.items():
            fitness.check_entry(document, entries[name], self.registers, self.codes)
        return entries


def _overlay(folders: tuple[Path, ...], subfolder: str, key: str, leave: str = "") -> dict[str, Document]:
    """Files of one kind in all folders, later ones in place of earlier ones."""
    found: dict[str, Document] = {}
    for folder in folders:
        if not folder.is_dir():
            raise CatalogError(
                folder, 1, "there is no such folder", "name a folder with registers/, codes/ and styles/"
            )
        if (folder / subfolder).is_dir():
            found |= _documents(folder / subfolder, key, leave)
    return dict(sorted(found.items()))


def _documents(folder: Path, key: str, leave: str = "") -> dict[str, Document]:
    """Files of one folder, or the one file named, by the name they give themselves."""
    found: dict[str, Document] = {}
    inside = sorted(folder.iterdir()) if folder.is_dir() else [folder]
    for path in inside:
        if path != folder and (path.suffix not in {".yaml", ".yml"} or path.name == leave):
            continue
        if path.suffix == ".yml":
            raise CatalogError(path, 1, "a file ending in .yml is not read", f"rename it to {path.stem}.yaml")
        document = _conforming(path, text_of(path), key)
        _check_name(document, key, found)
        found[document.data[key]] = document
    return found


@lru_cache(maxsize=REMEMBERED)
def _conforming(path: Path, text: str, key: str) -> Document:
    """Read a file and hold it against its format: the longest part of reading a catalogue, done once for each text."""
    document = Document.parse(path, text)
    conformity.check(document, _FORMATS[key])
    return document


def _check_name(document: Document, key: str, found: Mapping[str, Document]) -> None:
    """Hold a file to the name of what it declares, so that nothing is declared twice."""
    name = document.data[key]
    if name in found:
        first = found[name]
        where = f"{first.path.name}:{first.line((key,))}"
        raise document.error(
            (key,), f"the {key} '{name}' is already declared in {where}", "remove one of the two files"
        )
    if document.path.stem != name:
        cure = f"rename the file to {name}.yaml, or write {key}: {document.path.stem}"
        raise document.error((key,), f"the file {document.path.name} declares the {key} '{name}'", cure)


def _scheme_files(folders: tuple[Path, ...]) -> list[Document]:
    paths = [folder / "codes" / SCHEMES_FILE for folder in folders]
    return [_conforming(path, text_of(path), "schemes") for path in paths if path.is_file()]
