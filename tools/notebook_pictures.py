"""Take the pictures of docs/notebooks.md, by running its code in JupyterLab: docs/images/notebook-*.png.

    python tools/notebook_pictures.py

It needs Chromium, playwright, jupyterlab, the extra `notebook` and the built widget (`make web`).
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))

from chromium import CHROMIUM, FLAGS  # noqa: E402
from notebooks.browser.servers import Notebook, Visit, start_lab  # noqa: E402

OUTPUT = ROOT / "docs" / "images"
PAGE = ROOT / "docs" / "notebooks.md"


def main() -> None:
    """Run all cells of the page, and take pictures of two."""
    cells = re.findall(r"```python\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with tempfile.TemporaryDirectory() as folder, start_lab(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        visit = Visit(browser, server)
        book = Notebook(visit, "notebooks", cells, viewport={"width": 1500, "height": 1400})
        book.page.add_style_tag(content=".Toastify { display: none; }")  # JupyterLab asks about its news
        book.run_all()
        page = book.page
        page.locator(".reading[data-words]").nth(1).wait_for()
        page.locator('[data-neuron="1-3"]').nth(1).click()
        take(page, cell_with(cells, "pl.widget"), "network")
        page.locator("[data-epochs='10'][data-running='false']").wait_for()
        take(page, cell_with(cells, "trainer = "), "training")
        visit.close()
        browser.close()


def cell_with(cells: list[str], code: str) -> int:
    """The number of the first cell with this code."""
    return next(at for at, cell in enumerate(cells) if code in cell)


def take(page: Any, cell: int, name: str) -> None:
    """Take a picture of a cell with its output."""
    shown = page.locator(".jp-CodeCell").nth(cell)
    shown.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    shown.screenshot(path=OUTPUT / f"notebook-{name}.png")
    print(OUTPUT / f"notebook-{name}.png")


if __name__ == "__main__":
    main()
