"""Errors as answers: one table, one shape, JSON or a page."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sdi.errors import Gone, InputError, NotFound, PhusaError, RefusedError, WorkspaceError
from sdi.service.negotiation import HTML, JSON, LANGUAGES, ROOT, VARY, Wish, language_of, prefers_html
from sdi.service.phrase import say
from sdi.service.view import render

logger = logging.getLogger(__name__)

ENGLISH = "en"
"""Language of what is said to programs."""

_TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (RefusedError, 400, "InvalidParameterValue"),
    (InputError, 400, "InvalidParameterValue"),
    (Gone, 410, "Gone"),
    (NotFound, 404, "NotFound"),
)
_CODES = {
    400: "InvalidParameterValue", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed",
    406: "NotAcceptable", 411: "LengthRequired", 413: "TooLarge", 414: "TooLarge", 429: "TooManyRequests",
    431: "TooLarge", 503: "Busy",
}  # fmt: skip

_SAID = {
    404: "nothing stands at this address; see the landing page",
    405: "this method is not answered here; use GET or HEAD",
}
"""What the router does not say."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as a client reads it; the shape is pygeoapi's."""

    status: int
    code: str
    description: str
    successors: Mapping[str, str] = field(default_factory=dict)
    """What took the place of a thing that is gone: kinds by identifier."""

    def document(self, links: list[dict[str, str]]) -> dict[str, object]:
        """Body of the JSON answer.

        Parameters
        ----------
        links : list of dict
            Links to the successors.

        Returns
        -------
        dict
        """
        body: dict[str, object] = {"code": self.code, "type": self.code, "description": self.description}
        return body | {"successors": list(self.successors), "links": links} if self.status == HTTPStatus.GONE else body


def problem_of(error: Exception) -> Problem:
    """Look an error up in the table; what is not in it is our own fault and says nothing of the inside.

    Parameters
    ----------
    error : Exception
        What was raised.

    Returns
    -------
    Problem
    """
    if isinstance(error, HTTPException) and error.status_code in _SAID:
        return Problem(error.status_code, _CODES[error.status_code], _SAID[error.status_code])
    if isinstance(error, HTTPException):
        return Problem(error.status_code, _CODES.get(error.status_code, "NoApplicableCode"), error.detail)
    for kind, status, code in _TABLE:
        if isinstance(error, kind) and isinstance(error, PhusaError):
            successors = error.successors if isinstance(error, Gone) else {}
            return Problem(status, code, error.message, successors)
    if isinstance(error, WorkspaceError):
        return Problem(503, "NoApplicableCode", "nothing can be served at the moment; the log of the server says why")
    return Problem(500, "NoApplicableCode", "the server made a mistake; its log says which")


async def answer_problem(request: Request, error: Exception) -> Response:
    """Answer an error.

    Parameters
    ----------
    request : Request
        The request that failed.
    error : Exception
        What was raised.

    Returns
    -------
    Response
        JSON, or a page where the client prefers one.
    """
    problem = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    elif isinstance(error, WorkspaceError):
        logger.error("%s %s: %s", request.method, request.url.path, error.message)
    is_page = prefers_html(request)
    language = _language(request) if is_page else ENGLISH
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    headers |= {"Content-Language": language, "Cache-Control": "no-store", "Vary": VARY}
    links = [_successor(request, kind, eid, language) for eid, kind in problem.successors.items()]
    if is_page:
        return Response(_page(request, problem, links, language), problem.status, headers, f"{HTML}; charset=utf-8")
    return Response(orjson.dumps(problem.document(links)), problem.status, headers, JSON)


def _page(request: Request, problem: Problem, links: list[dict[str, str]], language: str) -> str:
    """Render an error; in another language it is the same error, so that all of the query stays."""
    kept = {"lang": language} if "lang" in request.query_params else {}
    asked = [pair for pair in request.query_params.multi_items() if pair[0] not in ("f", "lang")]
    return render(
        "problem.html", Wish("html", HTML, language, ROOT, request.scope["path"], kept),
        workspace=request.app.state.workspace, machine=None, problem=problem, links=links,
        languages=[(one, "?" + urlencode([*asked, ("f", "html"), ("lang", one)])) for one in LANGUAGES],
    )  # fmt: skip


def _language(request: Request) -> str:
    """Language of the answer; a wrong ``lang`` must not break the error that says so."""
    try:
        return language_of(request)
    except InputError:
        return LANGUAGES[0]


def _successor(request: Request, kind: str, eid: str, language: str) -> dict[str, str]:
    """Link to the lasting address of a thing that took the place of the one asked for."""
    address = f"{request.scope.get('root_path', '')}/id/{kind}/{eid}"
    return {"rel": "successor-version", "type": JSON, "title": say("successor", language), "href": address}
