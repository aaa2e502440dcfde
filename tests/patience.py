"""Waiting for a page under its own policy, which lets nobody evaluate a text but the debugger.

Playwright's ``wait_for_function`` asks a second time from within the page, where the policy forbids it.
"""

from __future__ import annotations

import time

from playwright.sync_api import Page


def until(page: Page, said: str, seconds: float = 30.0) -> None:
    """Wait until something is true of a page.

    Parameters
    ----------
    page : Page
        The page.
    said : str
        JavaScript that says so.
    seconds : float
        How long at most [s].
    """
    end = time.monotonic() + seconds
    while not page.evaluate(said):
        assert time.monotonic() < end, f"not so after {seconds:g} s: {said}"
        page.wait_for_timeout(50)
