"""Who sent a request, by the key or the token that it shows."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException

from sdi.access.key import parts
from sdi.access.keyring import Doorkeeper
from sdi.access.token import Bearer, Issuer, Tokens
from sdi.errors import TokenRefused
from sdi.service.access.caller import Caller
from sdi.service.access.credential import REFUSING, Credential
from sdi.settings import Settings
from sdi.workspace import Workspace

logger = logging.getLogger(__name__)

_LONGEST = 80
"""Most characters of what somebody outside wrote that come into a log."""


class Recognition:
    """Tells who shows a key or a token.

    Parameters
    ----------
    workspace : Workspace
        The city, which keeps the keys.
    settings : Settings
        Where it is said whose tokens count.

    Raises
    ------
    SettingsError
        If the file about tokens is wrong.
    """

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self._doorkeeper = Doorkeeper(workspace.folder)
        self._tokens = None if settings.tokens is None else Tokens(Issuer.read(settings.tokens))

    def start(self) -> None:
        """Begin to keep the keys of tokens up to date."""
        if self._tokens is not None:
            self._tokens.keys.start()

    def close(self) -> None:
        """Stop what was begun."""
        self._doorkeeper.close()
        if self._tokens is not None:
            self._tokens.keys.close()

    def at_once(self, shown: Credential) -> Caller | None:
        """Return who is recognised without effort: by a key, or by a token that was checked before.

        Parameters
        ----------
        shown : Credential
            What a request shows.

        Raises
        ------
        HTTPException
            With status 403 where somebody is recognised who may see nothing here.
        """
        if shown.kind == "key":
            key = self._doorkeeper.recognise(shown.text)
            if key is None:
                return None
            collections = frozenset(key.collections) if key.collections else None
            return Caller(f"key {key.identifier} ({key.owner})", key.level, collections)
        found = None if self._tokens is None else self._tokens.kept(shown.text)
        return None if found is None else _caller(found)

    def checked(self, shown: Credential, host: str | None) -> Caller:
        """Return who is recognised, or refuse him.

        Parameters
        ----------
        shown : Credential
            What a request shows, that was not recognised at once.
        host : str or None
            Address of the client, for the log.

        Raises
        ------
        HTTPException
            With status 401 where nobody is, whatever the reason: that is for the log; with 403 where somebody is who
            may see nothing here.
        """
        if shown.kind == "key" or self._tokens is None:
            raise _refused(shown, host, "it is not known, was revoked or has ended")
        try:
            return _caller(self._tokens.checked(shown.text))
        except TokenRefused as error:
            raise _refused(shown, host, error.message) from error


def _refused(shown: Credential, host: str | None, why: str) -> HTTPException:
    """Log why somebody is refused, and return what he is told."""
    ours = parts(shown.text)
    name = f"{shown.kind} {ours[0]}" if ours else f"a {shown.kind} that is none of ours"
    logger.warning("%s from %s is refused: %s", name, printable(host or "here"), printable(why))
    return HTTPException(
        401, f"this {shown.kind} opens nothing here: it is not known, was revoked or has ended", REFUSING
    )


def _caller(found: Bearer) -> Caller:
    """Return whoever sent a token as a caller."""
    if found.right is None:
        raise HTTPException(403, "the token holds, but its roles may see nothing here; ask the operator for a role")
    return Caller(f"token of {printable(found.subject)}", found.right.level, found.right.collections)


def printable(text: str) -> str:
    """Return what somebody outside wrote as a log can show it: in one line, nothing that a terminal obeys, not long."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in shown)
