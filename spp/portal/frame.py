"""What all public pages share: language, address prefix, templates and the headers that keep other hosts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sdi.crs import StorageCRS
from sdi.publishing.publication import Publication
from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal.choice import Choices
from spp.portal.gallery import Gallery
from spp.portal.layer import Layer, layers
from spp.portal.site import Site
from spp.portal.wording import LANGUAGES, Words

_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Portal:
    """The public pages of one city: what every handler needs."""

    site: Site
    publication: Callable[[], Publication]
    """Publication in force."""
    rasters: Path
    """Folder of the published rasters."""
    crs: StorageCRS
    """CRS in which areas and distances are measured."""
    gallery: Gallery
    choices: Choices
    words: Mapping[str, Words]
    templates: Environment
    public_url: str | None = None

    @classmethod
    def of(cls, workspace: Workspace, publication: Callable[[], Publication], settings: Settings) -> Portal:
        """Prepare the pages of a city.

        Parameters
        ----------
        workspace : Workspace
            The city.
        publication : callable
            Gives the publication in force, which the pages show.
        settings : Settings
            For the public address.
        """
        loader = FileSystemLoader(Path(__file__).with_name("templates"))
        templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        words = {language: Words.read(language) for language in LANGUAGES}
        return cls(
            Site.of(workspace), publication, workspace.rasters, workspace.crs, Gallery(), Choices(workspace.rasters),
            words, templates, settings.public_url,
        )  # fmt: skip

    def layers(self, language: str) -> tuple[Layer, ...]:
        """Layers of the city, the lowest first.

        Parameters
        ----------
        language : str
            ``vi`` or ``en``.
        """
        publication = self.publication()
        collections = tuple(one for one in publication.collections() if one.count)  # nothing else can be seen
        choices = self.choices.of(publication, collections, language)
        return layers(collections, language, self.notice(language), choices, publication.identity())

    def prefix(self, request: Request) -> str:
        """Path under which the service stands, as clients see it.

        Parameters
        ----------
        request : Request
            The request.
        """
        return (urlsplit(self.public_url).path if self.public_url else str(request.scope.get("root_path", ""))).rstrip(
            "/"
        )

    def notice(self, language: str) -> str | None:
        """Return what must be said beside the data at all times.

        Parameters
        ----------
        language : str
            ``vi`` or ``en``.
        """
        if self.site.notice is not None:
            return self.site.notice.of(language)
        return self.words[language].say("synthetic") if self.site.synthetic else None

    def page(self, request: Request, template: str, values: Mapping[str, object], *, status: int = 200) -> Response:
        """Answer with a page in the language of the request.

        Parameters
        ----------
        request : Request
            The request.
        template : str
            File of the template.
        values : mapping
            What the template shows.
        status : int, optional
            HTTP status.
        """
        language = language_of(request)
        words = self.words[language]
        html = self.templates.get_template(template).render(
            language=language,
            other=next(one for one in LANGUAGES if one != language),
            prefix=self.prefix(request),
            words=words,
            say=words.say,
            title=self.site.title.of(language),
            notice=self.notice(language),
            synthetic=self.site.synthetic,
            **values,
        )
        return HTMLResponse(html, status, headers=_HEADERS | {"Content-Language": language})


def language_of(request: Request) -> str:
    """Language of a public page: the one asked for by ``lang``, else Vietnamese.

    The browser's preference is not asked: a link shows the same page to everyone it is sent to.

    Parameters
    ----------
    request : Request
        The request.
    """
    asked = request.query_params.get("lang", "").split("-")[0].lower()
    return asked if asked in LANGUAGES else LANGUAGES[0]
