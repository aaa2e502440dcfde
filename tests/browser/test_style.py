"""The style of a collection in the library it is made for: its address alone is enough."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Watched

DRAWN = """async (address) => {
  const library = await import(document.querySelector('link[rel=modulepreload][href*=maplibre]').href);
  const container = document.createElement('div');
  container.style.cssText = 'position: absolute; inset: 0; width: 800px; height: 600px';
  document.body.append(container);
  const map = new library.Map({container, style: address});
  await new Promise((rest, fail) => { map.once('idle', rest); map.on('error', (event) => fail(event.error)); });
  return map.queryRenderedFeatures().map((one) => one.properties.id);
}"""


@pytest.mark.browser
@pytest.mark.usefixtures("map_library")
@pytest.mark.shows("service")
@pytest.mark.parametrize("collection", ["parcels", "trees"])
def test_a_map_that_is_given_nothing_but_the_address_of_a_style_shows_the_collection(
    desktop: Watched, collection: str
) -> None:
    page = desktop.open()
    drawn = page.evaluate(DRAWN, f"{desktop.base}/ogc/collections/{collection}/styles/default")
    page.wait_for_timeout(100)
    assert len(set(drawn)) > 0
    assert desktop.complaints == []
