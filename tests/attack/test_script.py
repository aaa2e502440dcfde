"""Hostile texts in every page, in a real browser: nothing of them runs, wherever they stand and whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sdi.settings import Settings
from spp.portal import pages
from spp.portal.routes import STATIC
from tests.attack import inputs
from tests.attack.inputs import Input
from tests.attack.payloads import SCRIPT
from tests.serving import serving
from tests.town import HOSTILE

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_HTML = ("html", "svg")


@dataclass(frozen=True, slots=True)
class Visited:
    """What a page did."""

    title: str
    told: tuple[str, ...]
    """What its policy refused, what broke in it, and what it fetched elsewhere."""
    text: str


Visit = Callable[[str], Visited]


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def visit(browser, made) -> Iterator[Visit]:
    """Return what opens a page of the village as a person does, and tells what it did."""
    settings = Settings()
    portal = pages(made.workspace, settings)
    with serving(made.workspace, portal, settings, library=STATIC / "vendor") as address:
        page = browser.new_page()
        told: list[str] = []
        _listen(page, address, told)

        def go(path: str) -> Visited:
            told.clear()
            page.goto(f"{address}{path}", wait_until="load")
            return Visited(page.title(), tuple(told), page.locator(":root").text_content() or "")

        yield go
        page.close()


def _listen(page: Page, address: str, told: list[str]) -> None:
    """Note what must not happen."""
    page.on("dialog", lambda dialog: (told.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: told.append(f"error {error}"))
    page.on("console", lambda one: told.append(one.text) if "Content Security Policy" in one.text else None)
    own = (address, "data:", "blob:")
    page.on("request", lambda one: None if one.url.startswith(own) else told.append(f"request {one.url}"))


def shown(field, one: Input) -> str | None:
    """Return the address of a route as a page, ``None`` where it has none."""
    asked = (
        one
        if one.route.startswith(("/lookup", "/plain")) or one.route == "/"
        else replace(one, beside=(*one.beside, ("f", "html")))
    )
    for each in dict.fromkeys((asked, one)):
        address = each.request("")[0]
        if any(name in field.ask(address).headers.get("content-type", "") for name in _HTML):
            return address
    return None


@pytest.mark.shows("service")
@pytest.mark.parametrize("which", ["hostile", pytest.param("every", marks=pytest.mark.slow)])
def test_no_page_runs_what_is_stored(field, visit, figure, which):
    every = {one for each in inputs.routes(field.village, field.ask) if (one := shown(field, each))}
    every |= {
        "/plain/wells",
        f"/lookup?q={quote(HOSTILE)}",
        f"/ogc/collections/wells/items?f=html&datum={quote(HOSTILE)}",
    }
    hostile = {one for one in every if b"onerror" in field.ask(one).body}
    assert len(hostile) >= 6, "the text is there to be read"
    found = {one: visit(one) for one in sorted(hostile if which == "hostile" else every)}
    figure("pages in Chromium that ran nothing of hostile texts", len(found), unit=f"{len(hostile)} of them hold some")
    assert {one: each for one, each in found.items() if each.told or each.title == "1"} == {}
    assert sum("onerror=" in each.text for each in found.values()) >= 5


@pytest.mark.slow
@pytest.mark.shows("service")
def test_no_page_runs_what_its_address_holds(field, visit, figure):
    written = [one for one in field.inputs if one.place in {"path", "parameter", "name"}]
    wrong = {}
    for one in written:
        for text in SCRIPT:
            beside = (
                one
                if one.name == "f" or one.route.startswith("/static")
                else replace(one, beside=(*one.beside, ("f", "html")))
            )
            address = beside.request(text)[0]
            if "html" in field.ask(address).headers.get("content-type", ""):
                each = visit(address)
                wrong |= {address: each} if each.told or each.title == "1" else {}
    figure("addresses with scripts of others in Chromium that ran none of them", len(written) * len(SCRIPT))
    assert wrong == {}
