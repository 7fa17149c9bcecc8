"""Shared pages in a real Chromium, opened as files; skips where page or browser are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pellucid as pl
from pellucid.studio.built_page import SHARED_PAGE

CHROMIUM = os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"]


@pytest.fixture(scope="session")
def template() -> Path:
    """The page without a network."""
    if not SHARED_PAGE.is_file():
        pytest.skip("needs the page: make web")
    return SHARED_PAGE


@pytest.fixture(scope="session")
def browser(template: Path) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[browser]'")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium, or PELLUCID_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Share a network and open its file; any request, and any complaint of the page, fails the test."""
    contexts: list[Any] = []
    requests: list[str] = []
    complaints: list[str] = []

    def open_page(net: pl.Network, name: str = "net", **of_context: Any) -> Any:
        file = pl.share(net, tmp_path / "net.html", name=name)
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **of_context})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url) if request.url != file.as_uri() else None)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(error.message))
        page.goto(file.as_uri())
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert requests == []
    assert complaints == []


def settle(page: Any) -> None:
    """Wait until all requests are answered."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.locator('main[data-settled="true"]').wait_for()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    script = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
    if not script.is_file():
        pytest.skip("needs axe-core: npm ci in web/")
    return script.read_text(encoding="utf-8")
