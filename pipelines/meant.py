"""Which thing somebody means who writes an identifier, an official code or a name."""

from __future__ import annotations

from sdi.errors import NotInRegister
from sdi.identity import is_identifier
from sdi.registry import Registry


def thing(registry: Registry, kind: str, text: str, *, valid: str | None = None) -> str:
    """Return the one thing of a register that a text names at a date.

    Parameters
    ----------
    registry : Registry
        Where it is known.
    kind : str
        Its register.
    text : str
        Its identifier, an official code of any scheme of the register, or its whole name.
    valid : str, optional
        When it was called so, ISO 8601; the latest where absent.

    Returns
    -------
    str
        Its identifier.

    Raises
    ------
    NotInRegister
        If nothing is called so, or several things are.
    """
    if is_identifier(text.lower()):
        return text.lower()
    register = registry.register(kind)
    coded = [registry.resolve_code(scheme, text, valid) for scheme in register.declaration.schemes]
    found = {match.eid for matches in coded for match in matches if match.kind == kind}
    found = found or {match.eid for match in registry.resolve_name(text, valid, kind=kind)}
    if len(found) != 1:
        what = f"{len(found)} things of {kind} are" if found else f"nothing of {kind} is"
        raise NotInRegister(
            f"{what} called {text!r} {'on ' + valid if valid else 'now'}; give the code or the identifier",
            code="not-told-apart" if found else "not-found",
            details={"found": sorted(found)},
        )
    return found.pop()
