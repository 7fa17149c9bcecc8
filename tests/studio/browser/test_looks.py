"""All rooms, at three sizes, light and dark: nothing serious for axe, nothing wider than the window."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from studio.browser.visitor import Visitor

READY = {"learn": "[data-step]", "nudge": "[data-cost]"}


@pytest.mark.parametrize("room", READY)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1024, "dark"), (1600, "light")])
def test_a_room_has_nothing_serious(browser: Browser, link: str, axe: str, room: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    try:
        visitor = Visitor.__new__(Visitor)
        page = context.new_page()
        visitor.page = page
        page.goto(f"{link}#/{room}?x=test-8")
        page.locator(READY[room]).wait_for()
        visitor.settle()
        page.evaluate(axe)
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        context.close()
