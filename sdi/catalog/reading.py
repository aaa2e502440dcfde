"""Values from catalogue files that already have the right shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdi.catalog.document import Document
from sdi.declaration import (
    AddressRule,
    Code,
    CodeList,
    Declaration,
    Field,
    History,
    Label,
    Level,
    LocationRule,
    Match,
    PublishRule,
    Relation,
    Rule,
    Scheme,
)
from sdi.entry import Accuracy, ColumnMapping, Entry, Licence, SourceOptions
from sdi.style import Style, StyleClass, Symbol


def code_list(document: Document) -> CodeList:
    """Read a code list.

    Parameters
    ----------
    document : Document
        A file that conforms to the format of code lists.

    Returns
    -------
    CodeList
        The list.
    """
    data = document.data
    codes = tuple(Code(**(code | {"title": Label(**code["title"])})) for code in data["codes"])
    return CodeList(
        data["list"], data["version"], Label(**data["title"]), codes, data.get("source"), data.get("verified", True)
    )


def schemes(document: Document) -> dict[str, Scheme]:
    """Read identifier schemes.

    Parameters
    ----------
    document : Document
        A file that conforms to the format of schemes.

    Returns
    -------
    dict of str to Scheme
        Schemes by name.
    """
    return {
        data["scheme"]: Scheme(name=data["scheme"], title=Label(**data["title"]), **_without(data, "scheme", "title"))
        for data in document.data["schemes"]
    }


def style(document: Document) -> Style:
    """Read a style.

    Parameters
    ----------
    document : Document
        A file that conforms to the format of styles.

    Returns
    -------
    Style
        The style.
    """
    data = document.data
    return Style(
        name=data["style"],
        geometry=data["geometry"],
        default=Symbol(**data["default"]),
        by=data.get("by"),
        alternatives=data.get("alternatives"),
        classes=tuple(StyleClass(**(one | {"title": Label(**one["title"])})) for one in data.get("classes", ())),
        minzoom=data.get("minzoom", 0.0),
    )


def declaration(document: Document, codes: Mapping[str, CodeList]) -> Declaration:
    """Read a register.

    Parameters
    ----------
    document : Document
        A file that conforms to the format of registers.
    codes : mapping of str to CodeList
        Code lists by name; a coded field without a title of its own bears the title of its list.

    Returns
    -------
    Declaration
        The register.
    """
    data = document.data
    publish, identity = data.get("publish"), data.get("identity", {})
    public = publish["fields"] if publish else ()
    fields = tuple(_field(name, values, name in public, codes) for name, values in data["fields"].items())
    return Declaration(
        name=data["register"],
        version=data["version"],
        title=Label(**data["title"]),
        location=LocationRule(**data["location"]),
        fields=fields,
        path=document.path,
        description=_label(data.get("description")),
        basis=tuple(data.get("basis", ())),
        schemes=tuple(identity.get("schemes", ())),
        match=_match(identity.get("match")),
        address=AddressRule(**data["address"]) if "address" in data else None,
        languages=tuple(data.get("names", ())),
        relations=tuple(_relations(data.get("relations", {}))),
        events=tuple(_history(name, one, codes) for name, one in data.get("events", {}).items()),
        lineage=tuple(data.get("lineage", ())),
        rules=tuple(_rule(rule) for rule in data.get("rules", ())),
        on_bad_row=data.get("on_bad_row", "refuse"),
        maximum_bad_share=data.get("maximum_bad_share", 0.0),
        publish=_publish(publish, fields) if publish else None,
        access=data.get("access", "public"),
    )


def entry(document: Document) -> Entry:
    """Read a delivery entry.

    Parameters
    ----------
    document : Document
        A file that conforms to the format of entries.

    Returns
    -------
    Entry
        The entry.
    """
    data = document.data
    return Entry(
        name=data["entry"],
        title=Label(**data["title"]),
        source=SourceOptions(**data["source"]),
        licence=Licence(**data["licence"]),
        custodian=data["custodian"],
        valid_from=data["valid_from"],
        path=document.path,
        register=data.get("register"),
        raster=data.get("raster"),
        decision=data.get("decision"),
        accuracy=Accuracy(**data.get("accuracy", {})),
        identifiers=data.get("identifiers", {}),
        names=data.get("names", {}),
        fields={name: _mapping(values) for name, values in data.get("fields", {}).items()},
        address=data.get("address", {}),
        place={name: _mapping(values) for name, values in data.get("place", {}).items()},
        on_bad_row=data.get("on_bad_row", "refuse"),
        maximum_bad_share=data.get("maximum_bad_share", 0.0),
        access=data.get("access", "public"),
    )


def _history(name: str, data: Mapping[str, Any], codes: Mapping[str, CodeList]) -> History:
    """Read what is kept of what happens to the things; nothing of it is public."""
    fields = tuple(_field(field, values, False, codes) for field, values in data["fields"].items())
    return History(name, Label(**data["title"]), fields)


def _without(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in keys}


def _label(data: Mapping[str, str] | None) -> Label | None:
    return Label(**data) if data else None


def _field(name: str, data: Mapping[str, Any], public: bool, codes: Mapping[str, CodeList]) -> Field:
    """Read a field: public where published, restricted where nothing is said."""
    access: Level = "public" if public else data.get("access", "restricted")
    return Field(
        name=name,
        type=data["type"],
        title=_label(data.get("title")) or _field_title(name, codes.get(data.get("list", ""))),
        description=_label(data.get("description")),
        unit=data.get("unit"),
        minimum=data.get("min"),
        maximum=data.get("max"),
        max_length=data.get("max_length"),
        pattern=data.get("pattern"),
        codes=data.get("list"),
        codes_version=data.get("list_version"),
        register=data.get("register"),
        required=data.get("required", False),
        observed=data.get("observed", False),
        fixed=data.get("fixed", False),
        access=access,
    )


def _field_title(name: str, codes: CodeList | None) -> Label:
    words = name.replace("_", " ").capitalize()
    return codes.title if codes else Label(vi=words, en=words)


def _match(data: Mapping[str, Any] | None) -> Match | None:
    return Match(data["within_m"], tuple(data.get("same", ()))) if data else None


def _relations(data: Mapping[str, Any]) -> list[Relation]:
    ties = {verb: tie if isinstance(tie, Mapping) else {"register": tie} for verb, tie in data.items()}
    return [
        Relation(verb, register, tie.get("on_retire", "keep"))
        for verb, tie in ties.items()
        for register in ([tie["register"]] if isinstance(tie["register"], str) else tie["register"])
    ]


def _rule(data: Mapping[str, Any]) -> Rule:
    title = _label(data.get("title")) or Label(vi=data["expr"], en=data["expr"])
    return Rule(data["id"], data["expr"], data["level"], title)


def _publish(data: Mapping[str, Any], fields: tuple[Field, ...]) -> PublishRule:
    return PublishRule(
        collection=data["collection"],
        fields=tuple(field.name for field in fields if field.name in data["fields"]),
        tiles=data.get("tiles", False),
        keywords=tuple(data.get("keywords", ())),
        style=data.get("style"),
        order=data.get("order", 100),
        generalise_m=data.get("generalise_m"),
    )


def _mapping(data: str | Mapping[str, Any]) -> ColumnMapping:
    return ColumnMapping(column=data) if isinstance(data, str) else ColumnMapping(**data)
