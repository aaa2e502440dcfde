"""Take the pictures of the README from the synthetic city, with the system's Chromium.

Usage: ``make demo && .venv/bin/python scripts/pictures.py`` writes ``docs/pictures/*.png``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "pictures"
FLAGS = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")
SIZE = {"width": 1200, "height": 750}
IDLE_MS = 60_000
FLOODED = "#map=15.2/10.0830/105.7015&layers=administrative-units,streets,flood-depth"
"""Where the storm shows best."""
LOW_PLACE = "105.7073,10.0745,105.7075,10.0747"
"""A box in a quarter that every storm floods."""


def main() -> int:
    """Serve the demonstration city, look at it, stop."""
    command = [str(ROOT / ".venv/bin/phusa"), "serve", "--workspace", str(ROOT / "var/demo"), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        said = server.stdout.readline() if server.stdout else ""
        address = said.split()[-1].rstrip("/")
        TARGET.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as tool:
            browser = tool.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
            page = browser.new_page(viewport=SIZE)
            _map(page, f"{address}/?lang=vi", "map_vi")
            _map(page, f"{address}/?lang=vi{FLOODED}", "flood_vi")
            _map(page, f"{address}/?lang=en#map=16.8/10.0905/105.7040", "click_en", click=True)
            page.goto(f"{address}/ogc/collections/plan-zones/items?f=html&lang=en")
            page.screenshot(path=TARGET / "items_en.png")
            parcels = page.request.get(
                f"{address}/ogc/collections/parcels/items?f=json&bbox={LOW_PLACE}&limit=1"
            ).json()
            page.goto(f"{address}/lookup?parcel={parcels['features'][0]['id']}&lang=en")
            page.get_by_role("heading", name="Planning", exact=True).scroll_into_view_if_needed()
            page.mouse.wheel(0, 560)
            page.wait_for_timeout(500)
            page.screenshot(path=TARGET / "lookup_en.png")
            _chart(page, address)
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)
    return 0


def _chart(page: Page, address: str) -> None:
    """Take a picture of the predicted level."""
    asked = f"{address}/ogc/collections/hydrographs/items?f=json&hydrograph_kind=predicted&limit=1"
    predicted = page.request.get(asked).json()["features"][0]["id"]
    page.set_content(
        f'<body style="margin:0"><img src="{address}/portal/series/hydrographs/{predicted}.svg?lang=vi" width="1000">'
    )
    page.wait_for_timeout(1500)
    page.screenshot(path=TARGET / "level_vi.png")


def _map(page: Page, address: str, name: str, *, click: bool = False) -> None:
    """Take a picture of the map once everything in view is drawn."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("#map[data-idle]", timeout=IDLE_MS)
    page.wait_for_timeout(2500)
    if click:
        page.mouse.click(SIZE["width"] * 0.6, SIZE["height"] * 0.55)
        page.wait_for_timeout(2500)
    page.screenshot(path=TARGET / f"{name}.png")
    print(name)


if __name__ == "__main__":
    sys.exit(main())
