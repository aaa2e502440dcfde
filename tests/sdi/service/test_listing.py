"""The page of a list: long texts do not stretch it, and a form and a link change one thing of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape

import pytest
from playwright.sync_api import sync_playwright
from starlette.testclient import TestClient

from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.service import application
from sdi.workspace import Workspace
from tests import town as towns
from tests.serving import serving

ITEMS = "/ogc/collections/landmarks/items"
ASKED = (
    f"{ITEMS}?f=html&lang=en&filter=height%20%3E%20100&filter-lang=cql2-text&sortby=-height,name&limit=20&grade=low"
    "&built=1931-01-01&offset=0"
)
NOTE = "Invented for a test, and long enough that every word of it would stand in a line of its own on a phone."
OTHER = "Another remark about a landmark that is as long as the first one and is not the same in all of the rows."


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a town whose first ten landmarks bear the same long remark, and the next ten one of two by turns."""
    town = towns.build(tmp_path_factory.mktemp("noted"))
    with closing(town.registry(clock=Clock.fixed("2026-02-01T00:00:00Z"), ids=Ids.seeded(7))) as registry:
        landmarks = registry.register("landmark")
        with registry.transaction(actor="test", reason="remarks") as tx:
            for number in range(20):
                remark = OTHER if number >= 10 and number % 2 else NOTE
                eid = landmarks.find_by("landmark-tag", f"L{number}").eid
                landmarks.correct(eid, tx, values={"remark": remark})
        projector.refresh(town, registry)
    return town


@pytest.fixture
def asking(noted: Workspace) -> Iterator[TestClient]:
    with TestClient(application(noted), base_url="http://city.test") as client:
        yield client


def hidden(page: str) -> dict[str, str]:
    """Return what a form sends besides its fields."""
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in pairs}


def test_a_long_text_that_all_rows_share_is_said_once(asking):
    page = asking.get(f"{ITEMS}?f=html&lang=en&limit=10").text
    assert page.count(NOTE) == 1
    assert f"<dt>Remark</dt><dd>{NOTE}</dd>" in page
    assert '<th scope="col">Remark</th>' not in page


def test_a_long_text_of_some_rows_stands_in_the_table(asking):
    page = asking.get(f"{ITEMS}?f=html&lang=en&limit=10&offset=10&properties=remark,name").text
    assert re.findall(r'<th scope="col">([^<]+)</th>', page) == ["Identifier", "Name", "Remark"]
    assert page.count(f'<td class="text"><div title="{OTHER}">{OTHER}</div></td>') == 5
    assert "<dt>Remark</dt>" not in page


def test_a_text_of_the_one_row_there_is_stays_in_the_table(asking):
    page = asking.get(f"{ITEMS}?f=html&lang=en&landmark_tag=L1&properties=remark").text
    assert f'<div title="{NOTE}">' in page


def test_the_form_keeps_what_it_has_no_field_for(asking):
    kept = hidden(asking.get(ASKED).text)
    assert kept == {
        "f": "html", "lang": "en", "filter": "height > 100", "filter-lang": "cql2-text", "sortby": "-height,name",
        "limit": "20", "built": "1931-01-01",
    }  # fmt: skip


def test_what_is_chosen_is_said_in_words_with_a_link_that_takes_it_away(asking):
    page = asking.get(ASKED).text
    told = re.findall(r'<li>([^<]+): <strong>([^<]+)</strong> <a href="([^"]+)" aria-label="Remove: [^"]+">', page)
    assert [(title, unescape(text)) for title, text, _ in told] == [
        ("Condition", "height > 100"),
        ("Grade", "Ordinary"),
        ("Built", "1931-01-01"),
        ("Sorted by", "Height (descending), Name (ascending)"),
    ]
    without = hidden(asking.get(unescape(told[0][2])).text)
    assert without == {"f": "html", "lang": "en", "sortby": "-height,name", "limit": "20", "built": "1931-01-01"}
    assert "1 to 10 of 1,236" in asking.get(f"{ITEMS}?f=html&lang=en&limit=10").text
    assert 'class="chosen"' not in asking.get(f"{ITEMS}?f=html&lang=en&limit=10").text


def test_another_choice_begins_at_the_first_page(asking):
    second = asking.get(f"{ITEMS}?f=html&lang=en&limit=10&offset=10&sortby=-height").text
    assert "offset" not in hidden(second)
    (without,) = re.findall(r'<a href="([^"]+)" aria-label="Remove: Sorted by">', second)
    assert "1 to 10 of" in asking.get(unescape(without)).text


def test_fields_left_empty_are_taken_for_absent(asking):
    page = asking.get(f"{ITEMS}?f=html&lang=en&filter=height%20%3E%20100&grade=&status=&bbox=&datetime=&recorded=")
    assert page.status_code == 200
    assert page.text.count('aria-label="Remove:') == 1


@pytest.mark.browser
def test_a_phone_shows_a_table_row_by_row(noted, chromium):
    with serving(noted) as root, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(f"{root}{ITEMS}?f=html&lang=en&limit=10&offset=10&properties=name,remark,built")
        line = 1.55 * 16
        rows = page.locator("tbody tr")
        assert max(rows.nth(one).bounding_box()["height"] for one in range(10)) < 5 * line
        first, table = page.locator("tbody th").first, page.locator(".wide")
        before = first.bounding_box()["x"]
        table.evaluate("table => { table.scrollLeft = 300 }")
        assert table.evaluate("table => table.scrollLeft") == 300
        assert first.bounding_box()["x"] == before
        page.goto(f"{root}{ASKED.replace('&built=1931-01-01', '')}")
        page.locator("form button").click()
        assert "filter=height+%3E+100" in page.url
        assert "sortby=-height%2Cname" in page.url
        assert "of 277 items" in page.locator(".lead").inner_text()
        browser.close()
