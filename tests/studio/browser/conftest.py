"""A real studio on this machine and a real Chromium; skips where either is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pellucid.studio.app import PAGE
from studio.browser.visitor import Visitor

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[browser]'")

CHROMIUM = os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"]


@pytest.fixture(scope="session")
def link() -> Iterator[str]:
    """The link of a studio that runs while the tests do."""
    if not (PAGE / "index.html").is_file():
        pytest.skip("needs the studio's page: make web")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium, or PELLUCID_CHROMIUM")
    command = [sys.executable, "-m", "pellucid", "studio", "--no-browser", "--port", "0", "--model", "digits-sigmoid"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield _link(server)
        finally:
            server.terminate()


def _link(server: subprocess.Popen[str]) -> str:
    for line in server.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise RuntimeError(f"the studio ended before it was open: exit code {server.wait()}")


@pytest.fixture(scope="session")
def browser(link: str) -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: sync_api.Browser, link: str) -> Iterator[Visitor]:
    """Somebody before the page, at first in the room Read; what the page complains of fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    visitor = Visitor(context, link)
    yield visitor
    context.close()
    assert visitor.complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    script = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("needs axe-core: npm ci in web/")
    return script.read_text(encoding="utf-8")
