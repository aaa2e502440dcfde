"""A hamlet with known places, served by the real application, and a browser that watches what a page does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from sdi.settings import Settings
from sdi.workspace import Workspace
from spp.portal import pages
from tests.browser.hamlet import build, plant
from tests.serving import serving

ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NOISE = re.compile(r"GPU stall due to ReadPixels|GroupMarkerNotSet")
"""What the software renderer says of itself."""
VENDOR = Path(__file__).resolve().parents[2] / "spp" / "portal" / "static" / "vendor"


@dataclass
class Watched:
    """A page and everything it did that a good page does not."""

    page: Page
    base: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def strange_hosts(self) -> list[str]:
        """Requests that left the city's server."""
        return [url for url in self.requests if not url.startswith((self.base, "data:", f"blob:{self.base}"))]

    def open(self, path: str = "/") -> Page:
        """Open a page and wait until its map rests."""
        self.page.goto(self.base + path)
        self.page.wait_for_selector("#map[data-idle]", timeout=60_000)
        return self.page

    def shoot(self, name: str) -> None:
        """Save a screenshot, where a folder is named for them."""
        folder = os.environ.get("PHUSA_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the workspace of the hamlet."""
    return build(tmp_path_factory.mktemp("hamlet"))


@pytest.fixture(scope="session")
def base(hamlet: Workspace) -> Iterator[str]:
    """Return the address at which the hamlet is served."""
    settings = Settings()
    with serving(hamlet, pages(hamlet, settings), settings) as address:
        yield address


@pytest.fixture(scope="session")
def grove(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a city that has nothing but more trees than a map holds."""
    settings = Settings()
    workspace = plant(tmp_path_factory.mktemp("grove"))
    with serving(workspace, pages(workspace, settings), settings) as address:
        yield address


@pytest.fixture(scope="session")
def map_library(unavailable) -> None:
    """Skip where the map library is not installed."""
    if not (VENDOR / "maplibre-gl.mjs").is_file():
        unavailable("the map library is not installed; run `make assets`")


@pytest.fixture(scope="module")
def player() -> Iterator[Playwright]:
    # One at a time, and gone at the end of a file: its event loop would be in the way of every other one.
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(player: Playwright, chromium: Path) -> Iterator[Browser]:
    started = player.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture(scope="module")
def flat_browser(player: Playwright, chromium: Path) -> Iterator[Browser]:
    """Return a browser without WebGL."""
    started = player.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, "--disable-3d-apis"])
    yield started
    started.close()


@pytest.fixture
def desktop(browser: Browser, base: str) -> Iterator[Watched]:
    """Return a page as wide as a desk's."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    yield watch(context, base)
    context.close()


@pytest.fixture
def phone(browser: Browser, base: str) -> Iterator[Watched]:
    """Return a page as wide as a phone's."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    yield watch(context, base)
    context.close()


def watch(context: BrowserContext, base: str) -> Watched:
    """Open a page and listen to it."""
    watched = Watched(context.new_page(), base)
    page = watched.page
    page.on("request", lambda request: watched.requests.append(request.url))
    page.on("pageerror", lambda error: watched.complaints.append(f"error: {error}"))
    page.on("console", lambda message: _listen(watched, message.type, message.text))
    page.on(
        "response", lambda answer: answer.status >= 400 and watched.complaints.append(f"{answer.status} {answer.url}")
    )
    return watched


def _listen(watched: Watched, kind: str, text: str) -> None:
    if kind in {"error", "warning"} and not NOISE.search(text):
        watched.complaints.append(f"{kind}: {text}")


def _refused(watched: Watched, status: int, url: str) -> None:
    if status >= 400:
        watched.complaints.append(f"{status} {url}")
