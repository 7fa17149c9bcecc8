"""The room None of these in a real browser: threshold moved, stroke drawn and measure chosen, to paint; long tasks.

python benchmarks/studio_none.py
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from playwright.sync_api import Page

from browser import Awaited, Watch, draw, forget, report, report_load, report_tasks, studio, times, watched_page

WATCH = Watch([Awaited("askOwnSureness", "ownSureness", "latest")], {"threshold": "input[aria-label=Threshold]"})

MEASURES = ("largest output", "with a second network", "unlike the training images")


def main() -> None:
    """Measure and print."""
    report_load("before")
    with studio("--model", "digits-sigmoid") as link, watched_page(link + "#/none-of-these?x=test-8", WATCH) as page:
        page.locator("[data-threshold]").wait_for()
        page.wait_for_timeout(1500)
        forget(page)
        for measure in MEASURES:
            print(f"\n{measure}")
            choose(page, measure)
            move(page)
            report("threshold moved to the end of the frame with its price", times(page, "threshold"))
            page.evaluate("__times.askOwnSureness.length = 0")
            draw(page)
            report("pen to the end of the frame with its certainty", times(page, "askOwnSureness"))
            report_tasks(page)
            forget(page)
    report_load("after")


def choose(page: Page, measure: str) -> None:
    """Choose a measure of certainty, and wait until all strangers are judged by it."""
    begin = time.perf_counter()
    page.get_by_role("group", name="Measure of certainty").get_by_role("button", name=measure).click()
    page.locator("[data-threshold]").wait_for()
    page.locator(".panel[aria-label=Threshold] [role=status]").wait_for(state="detached", timeout=120_000)
    print(f"all strangers judged: {time.perf_counter() - begin:.2f} s")
    page.wait_for_timeout(500)


def move(page: Page) -> None:
    """Drag the threshold to and fro."""
    box: Any = page.get_by_role("slider", name="Threshold").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    for share in 0.5 + 0.45 * np.sin(np.linspace(0, 6 * np.pi, 200)):
        page.mouse.move(box["x"] + share * box["width"], middle)
        page.wait_for_timeout(16)
    page.mouse.up()


if __name__ == "__main__":
    main()
