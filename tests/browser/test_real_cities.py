"""Cities nobody thought of when the map was written: one has only trees, one only zones, one lies far from here."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pipelines import demo
from sdi.settings import Settings
from spp.portal import pages
from tests.browser.conftest import watch
from tests.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("map_library")]


@pytest.mark.shows("foundation")
@pytest.mark.parametrize(
    ("name", "layer", "count", "title"),
    [
        ("vancouver", "trees", "44,104", "Urban trees"),
        ("chicago", "plan-zones", "14,5", "Plan zones"),
        ("cantho", "administrative-units", "104", "Administrative units"),
    ],
)
def test_a_real_city_is_on_the_map(
    name: str, layer: str, count: str, title: str, browser: Browser, shared_data: Path, tmp_path: Path
) -> None:
    workspace = demo.run(tmp_path / name, name=name, data=shared_data)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    with serving(workspace, pages(workspace, Settings()), Settings()) as base:
        watched = watch(context, base)
        page = watched.open("/?lang=en")
        assert page.get_by_label(title, exact=True).is_checked()
        assert count in page.locator(f'[data-layer="{layer}"] .state').inner_text()
        drawn = page.evaluate("(id) => phusaMap.queryRenderedFeatures({layers: [id]}).length", layer)
        assert drawn > 50
        assert watched.strange_hosts == []
        assert watched.complaints == []
    context.close()
