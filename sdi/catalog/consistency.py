"""Whether the files of a catalogue agree with themselves and with each other.

Every check is a generator of problems; the first one found is raised with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sdi import expression
from sdi.catalog.conformity import suggestion
from sdi.catalog.document import Document, Pointer
from sdi.declaration import CodeList, Declaration, Field, Scheme, property_of, version_key
from sdi.errors import InputError
from sdi.style import Style

Problem = tuple[Pointer, str, str]
"""Where it stands, what was found, what to write instead."""

RULE_NAMES = ("status", "valid_from")
"""Names that a rule may read beside the fields of its register."""

_OF_THINGS = ("id", "eid", "fid", "kind", "geometry", "geom", "name", "status", "valid_from", "valid_to", "version")
_OF_HISTORY = ("generalised_m", "tx", "tx_from", "tx_to", "recorded", "links")
_OF_REQUESTS = ("bbox", "crs", "datetime", "f", "filter", "ids", "lang", "limit", "offset", "after", "profile")
_OF_SEARCHES = ("properties", "q", "skipgeometry", "sortby")
RESERVED = frozenset((*_OF_THINGS, *_OF_HISTORY, *_OF_REQUESTS, *_OF_SEARCHES))
"""Names that every thing, every feature or every request already uses."""

_NAME = re.compile("name_[a-z]{2,3}")
_SAMPLES: Mapping[str, Any] = {"number": 1.0, "integer": 1, "boolean": True, "date": "2026-01-01"}
_DRAWN: Mapping[str, tuple[str, ...]] = {
    "fill": ("Polygon", "MultiPolygon", "Any"),
    "line": ("LineString", "MultiLineString", "Polygon", "MultiPolygon", "Any"),
    "circle": ("Point", "MultiPoint", "Any"),
}


def check_codes(document: Document) -> None:
    """Check one code list.

    Parameters
    ----------
    document : Document
        The file.

    Raises
    ------
    CatalogError
        If a code is there twice, ends before it begins, or is replaced by one that is not there.
    """
    raise_first(document, _code_problems(document.data["codes"]))


def check_schemes(document: Document) -> None:
    """Check one file of schemes.

    Parameters
    ----------
    document : Document
        The file.

    Raises
    ------
    CatalogError
        If a scheme is declared twice.
    """
    names = [scheme["scheme"] for scheme in document.data["schemes"]]
    raise_first(document, _repeated(names, ("schemes",), "scheme", "scheme"))


def check_style(document: Document) -> None:
    """Check one style.

    Parameters
    ----------
    document : Document
        The file.

    Raises
    ------
    CatalogError
        If classes have no field to go by, or a class is there twice.
    """
    raise_first(document, _style_file_problems(document.data))


def check_registers(
    documents: Mapping[str, Document],
    registers: Mapping[str, Declaration],
    codes: Mapping[str, CodeList],
    schemes: Mapping[str, Scheme],
    styles: Mapping[str, Style],
) -> None:
    """Check all registers of a catalogue.

    Parameters
    ----------
    documents : mapping of str to Document
        File of each register.
    registers : mapping of str to Declaration
        The registers.
    codes : mapping of str to CodeList
        All code lists.
    schemes : mapping of str to Scheme
        All schemes.
    styles : mapping of str to Style
        All styles.

    Raises
    ------
    CatalogError
        If a register names something that is not there, contradicts itself, or takes the collection of another one.
    """
    collections: dict[str, str] = {}
    for name, document in documents.items():
        register = registers[name]
        raise_first(document, _field_problems(register.fields, ("fields",), register, codes, registers))
        for history in register.events:
            pointer = ("events", history.name, "fields")
            raise_first(document, _field_problems(history.fields, pointer, register, codes, registers))
        raise_first(document, _identity_problems(register, schemes))
        raise_first(document, _relation_problems(register, registers))
        raise_first(document, _place_problems(register, registers))
        raise_first(document, _rule_problems(register))
        raise_first(document, _access_problems(document.data))
        raise_first(document, _style_problems(register, styles, codes))
        if register.publish:
            raise_first(document, _collection_problems(register.publish.collection, collections))
            collections[register.publish.collection] = name


def raise_first(document: Document, problems: Iterable[Problem]) -> None:
    """Raise the first of some problems.

    Parameters
    ----------
    document : Document
        The file they are in.
    problems : iterable of Problem
        The problems, not looked for further than the first.

    Raises
    ------
    CatalogError
        If there is one.
    """
    for pointer, found, cure in problems:
        raise document.error(pointer, found, cure)


def _repeated(names: Iterable[str], pointer: Pointer, key: str, what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, name in enumerate(names):
        if name in seen:
            yield (*pointer, position, key), f"the {what} '{name}' is there twice", "keep one of the two"
        seen.add(name)


def _code_problems(codes: list[dict[str, Any]]) -> Iterator[Problem]:
    names = [code["code"] for code in codes]
    yield from _repeated(names, ("codes",), "code", "code")
    for position, code in enumerate(codes):
        here = ("codes", position)
        if "valid_from" in code and "valid_to" in code and code["valid_from"] >= code["valid_to"]:
            found = f"the code '{code['code']}' ends on {code['valid_to']}, not after it begins"
            yield (*here, "valid_to"), found, "write a later valid_to; it is the first day without the code"
        successor = code.get("replaced_by")
        if successor is not None and (successor not in names or successor == code["code"]):
            others = [name for name in names if name != code["code"]]
            found = f"the code '{code['code']}' is replaced by '{successor}', which is no other code of the list"
            yield (*here, "replaced_by"), found, suggestion(successor, others)


def _style_file_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    classes = data.get("classes", [])
    if classes and not data.get("by"):
        yield ("classes",), "there are classes but no field to choose them by", "add by: <field>, or remove the classes"
    yield from _repeated([str(one["value"]) for one in classes], ("classes",), "value", "class")


def _field_problems(
    fields: Iterable[Field],
    pointer: Pointer,
    register: Declaration,
    codes: Mapping[str, CodeList],
    registers: Mapping[str, Declaration],
) -> Iterator[Problem]:
    taken = {property_of(scheme) for scheme in register.schemes} | ({"address"} if register.address else set())
    for field in fields:
        here = (*pointer, field.name)
        if field.name in RESERVED or field.name in taken or _NAME.fullmatch(field.name):
            yield here, f"the name '{field.name}' is kept for something else", "choose another name for the field"
        if field.codes is not None and field.codes not in codes:
            found = f"there is no code list '{field.codes}'"
            yield (*here, "list"), found, f"{suggestion(field.codes, codes)} or add codes/{field.codes}.yaml"
        elif field.codes is not None and not _serves(codes[field.codes].version, field.codes_version):
            found = f"the code list '{field.codes}' has version {codes[field.codes].version}"
            cure = f"write a version of it that will do instead of {field.codes_version}, or renew the list"
            yield (*here, "list_version"), found, cure
        if field.register is not None and field.register not in registers:
            yield (*here, "register"), f"there is no register '{field.register}'", suggestion(field.register, registers)
        if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
            yield (*here, "min"), f"min {field.minimum:g} is above max {field.maximum:g}", "exchange the two"


def _serves(version: str, wanted: str | None) -> bool:
    """Tell whether a version of a list will do: no older than the one wanted, and of the same meaning."""
    if wanted is None:
        return True
    has, needs = version_key(version), version_key(wanted)
    return has >= needs and has[0][0] == needs[0][0]


def _identity_problems(register: Declaration, schemes: Mapping[str, Scheme]) -> Iterator[Problem]:
    for position, scheme in enumerate(register.schemes):
        if scheme not in schemes:
            cure = f"{suggestion(scheme, schemes)} or add it to codes/schemes.yaml"
            yield ("identity", "schemes", position), f"there is no scheme '{scheme}'", cure
    for position, name in enumerate(register.match.same if register.match else ()):
        if register.field(name) is None:
            cure = suggestion(name, [field.name for field in register.fields])
            yield ("identity", "match", "same", position), f"there is no field '{name}'", cure


def _relation_problems(register: Declaration, registers: Mapping[str, Declaration]) -> Iterator[Problem]:
    for relation in register.relations:
        if relation.register not in registers:
            found = f"there is no register '{relation.register}'"
            yield ("relations", relation.verb), found, suggestion(relation.register, registers)


def _place_problems(register: Declaration, registers: Mapping[str, Declaration]) -> Iterator[Problem]:
    named = {("location", "routes"): register.location.routes}
    named[("address", "streets")] = register.address.streets if register.address else None
    for pointer, name in named.items():
        if name is not None and name not in registers:
            yield pointer, f"there is no register '{name}'", suggestion(name, registers)
    routes, streets = (registers.get(name or "") for name in named.values())
    if routes is not None and routes.location.geometry not in ("LineString", "MultiLineString"):
        found = f"the register '{routes.name}' holds {routes.location.geometry}, along which nothing is measured"
        yield ("location", "routes"), found, "name a register of lines"
    if streets is not None and "vi" not in streets.languages:
        found = f"the things of '{streets.name}' have no Vietnamese names"
        yield ("address", "streets"), found, "name a register with names"


def _rule_problems(register: Declaration) -> Iterator[Problem]:
    yield from _repeated([rule.id for rule in register.rules], ("rules",), "id", "rule")
    sample = {field.name: _SAMPLES.get(field.type, "text") for field in register.fields if field.type != "series"}
    sample |= dict.fromkeys(RULE_NAMES, "text")
    for position, rule in enumerate(register.rules):
        try:
            # A sample row finds what no grammar can: text compared with a number, a rule that answers a length.
            expression.parse(rule.expression, sample).broken(sample)
        except InputError as error:
            found, cure = str(error.details["found"]), str(error.details["cure"])
            yield ("rules", position, "expr"), f"rule {rule.id}: {found}", cure


def _access_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    fields = data["fields"]
    public = data.get("publish", {}).get("fields", [])
    for position, name in enumerate(public):
        here = ("publish", "fields", position)
        if name not in fields:
            yield here, f"the published field '{name}' is no field of the register", suggestion(name, fields)
            return
        access = fields[name].get("access", "public")
        if access != "public":
            yield here, f"the field '{name}' is {access} and published", "take it out of publish, or open its access"
    if data.get("access") == "secret" and "publish" in data:
        yield ("publish",), "the things of the register are secret, and it is published", "take out publish, or access"
    width = data.get("publish", {}).get("generalise_m")
    if width is not None and data["location"]["geometry"] not in ("Point", "MultiPoint"):
        found = f"places of type {data['location']['geometry']} are shown as the centre of a square"
        yield ("publish", "generalise_m"), found, "take out generalise_m: only points are generalised"
    for name, field in fields.items():
        if field.get("access") == "secret" and field.get("required"):
            found = f"the field '{name}' is secret and required"
            yield ("fields", name, "required"), found, "take out required: what is open is recorded without it"
        if field.get("access") == "public" and name not in public:
            found = f"the field '{name}' is public but not published"
            yield ("fields", name, "access"), found, "add it to publish: fields, or remove access: public"


def _collection_problems(collection: str, taken: Mapping[str, str]) -> Iterator[Problem]:
    if collection in taken:
        found = f"the collection '{collection}' already shows the register '{taken[collection]}'"
        yield ("publish", "collection"), found, "choose another name for the collection"


def _style_problems(
    register: Declaration, styles: Mapping[str, Style], codes: Mapping[str, CodeList]
) -> Iterator[Problem]:
    if register.publish is None or register.publish.style is None:
        return
    name, here = register.publish.style, ("publish", "style")
    if name not in styles:
        yield here, f"there is no style '{name}'", f"{suggestion(name, styles)} or add styles/{name}.yaml"
        return
    style = styles[name]
    if register.location.geometry not in _DRAWN[style.geometry]:
        found = f"the style '{name}' draws a {style.geometry}, the register holds {register.location.geometry}"
        yield here, found, f"{style.geometry} suits {', '.join(_DRAWN[style.geometry])}"
    for chosen in (one for one in (style.by, style.alternatives) if one and one not in register.publish.fields):
        found = f"the style '{name}' goes by '{chosen}', which is no published field"
        yield here, found, suggestion(chosen, register.publish.fields)
        return
    field = register.field(style.by) if style.by else None
    for one in style.classes if field else ():
        problem = value_problem(field, one.value, codes)  # type: ignore[arg-type]
        if problem:
            yield here, f"the style '{name}' has the class {one.value!r}: {problem[0]}", problem[1]


def value_problem(field: Field, value: Any, codes: Mapping[str, CodeList]) -> tuple[str, str] | None:
    """Tell why a constant cannot be a value of a field.

    Parameters
    ----------
    field : Field
        The field.
    value : object
        The constant.
    codes : mapping of str to CodeList
        All code lists.

    Returns
    -------
    tuple of str, or None
        What was found and what to write instead; None where the value is fit.
    """
    fits: Mapping[str, Callable[[Any], bool]] = {
        "number": lambda one: isinstance(one, int | float) and not isinstance(one, bool),
        "integer": lambda one: isinstance(one, int) and not isinstance(one, bool),
        "boolean": lambda one: isinstance(one, bool),
        "series": lambda _one: False,  # what is the same for every thing is no series
    }
    if not fits.get(field.type, lambda one: isinstance(one, str))(value):
        return f"{value!r} does not suit the {field.type} field '{field.name}'", f"write a value of type {field.type}"
    if field.codes is not None and codes[field.codes].code(value) is None:
        known = [code.code for code in codes[field.codes].codes]
        return f"'{value}' is no code of '{field.codes}'", suggestion(value, known)
    return None
