"""What a thing is called beside its official name, and who answers for it, as the command line tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sdi import custody, happening, naming
from sdi.custody import Custodian
from sdi.errors import NotInRegister
from sdi.happening import Happening
from sdi.history import ALWAYS, FOREVER
from sdi.identity import is_identifier
from sdi.naming import Name
from sdi.registry import Registry


@dataclass(frozen=True, slots=True)
class Called:
    """Other names and the custodian of a thing, and what was noted of it."""

    names: tuple[Name, ...]
    custodian: Custodian | None
    notes: tuple[Happening, ...]

    @classmethod
    def of(cls, registry: Registry, eid: str, valid: str | None, recorded: str | None) -> Called:
        """Return what is known of a thing as of a moment."""
        return cls(
            naming.others(registry, eid, valid=valid, recorded=recorded),
            custody.custodian(registry, eid, valid=valid, recorded=recorded),
            happening.happenings(registry, eid, recorded=recorded),
        )

    def document(self) -> dict[str, object]:
        """Describe it to a machine."""
        one = self.custodian
        return {
            "other_names": [_spoken(name) for name in self.names],
            "custodian": None if one is None else {"organisation": one.organisation, "name": one.name},
            "notes": [
                {"number": note.number, "list": note.history, "day": note.day, "values": dict(note.values)}
                for note in self.notes
            ],
        }

    def lines(self) -> Iterator[str]:
        """Tell it to a person."""
        for one in self.names:
            yield f"  {f'{one.type} name ({one.language})':<24} {one.text}"
        if self.custodian is not None:
            yield f"  {'custodian':<24} {self.custodian.name}"
        for note in self.notes:
            said = ", ".join(f"{name} {value}" for name, value in note.values.items())
            yield f"  {f'{note.history} {note.day[:10]}':<24} {said}"


def _spoken(one: Name) -> dict[str, object]:
    """Describe a name to a machine."""
    start, end = one.valid
    return {
        "language": one.language,
        "type": one.type,
        "text": one.text,
        "valid_from": None if start == ALWAYS else start,
        "valid_to": None if end == FOREVER else end,
    }


def organisation(registry: Registry, text: str) -> str:
    """Return the organisation that somebody means by an identifier, a code or a name.

    Raises
    ------
    NotInRegister
        If there is none.
    """
    found = text.lower() if is_identifier(text.lower()) else custody.meant(registry.store, text)
    if found is None:
        raise NotInRegister(
            f"no organisation has the code or the name {text!r}; record it with `phusa thing add organisation`"
        )
    return found
