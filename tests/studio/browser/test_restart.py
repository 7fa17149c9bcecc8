"""A studio that is stopped and started again on its port: the page comes back by itself, with what was trained."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from studio.browser.visitor import Visitor

AWAY = re.compile("WebSocket connection|ERR_CONNECTION_REFUSED")
"""What the browser says while the server is away."""


def test_the_page_comes_back_with_drawing_and_trained_network(visit_studio: Callable[..., Visitor]) -> None:
    visitor = visit_studio()
    page, server = visitor.page, visitor.server
    visitor.draw("7")
    visitor.settle()
    visitor.room("Learn")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("() => Number(document.querySelector('[data-step]').dataset.step) > 300")
    page.get_by_role("button", name="Pause", exact=True).click()
    visitor.settle()
    runs = page.get_by_role("region", name="Trained networks")
    expect(runs.locator("li")).to_have_count(1)
    visitor.room("Read")
    visitor.settle()
    words, address = visitor.reading, page.url
    server.stop()
    page.get_by_text("this page reconnects automatically").wait_for()
    with server:
        expect(page.get_by_text("this page reconnects automatically")).to_have_count(0, timeout=60_000)
        expect(page.locator("header")).to_contain_text("digits-sigmoid, trained further")
        expect(page).to_have_url(address)
        visitor.settle()
        assert visitor.reading == words
        page.reload()
        visitor.settle()
        assert visitor.reading == words
        visitor.room("Learn")
        runs.get_by_role("button", name="Rename").click()
        runs.get_by_label("New name").fill("my network")
        page.keyboard.press("Enter")
        expect(page.locator("header")).to_contain_text("my network")
        page.get_by_role("button", name=re.compile("^Network:")).click()
        page.get_by_role("button", name="Open digits-relu", exact=True).click()
        expect(page.locator("header")).to_contain_text("digits-relu")
        runs.get_by_role("button", name="Open my network").click()
        expect(page.locator("header")).to_contain_text("my network")
        runs.get_by_role("button", name="Delete my network").click()
        runs.get_by_role("button", name="Confirm deletion of my network").click()
        expect(runs.locator("li")).to_have_count(0)
    visitor.complaints[:] = [each for each in visitor.complaints if not AWAY.search(each)]


def test_training_that_ran_when_the_studio_stopped_is_opened_again(visit_studio: Callable[..., Visitor]) -> None:
    visitor = visit_studio()
    page, server = visitor.page, visitor.server
    visitor.room("Learn")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("() => Number(document.querySelector('[data-step]').dataset.step) > 300")
    server.stop()
    page.get_by_text("this page reconnects automatically").wait_for()
    with server:
        expect(page.locator("header")).to_contain_text("digits-sigmoid, trained further", timeout=60_000)
        expect(page.get_by_role("region", name="Trained networks").locator("li")).to_have_count(1)
    visitor.complaints[:] = [each for each in visitor.complaints if not AWAY.search(each)]
