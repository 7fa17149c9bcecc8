"""The studio's page in a real browser: time from pen to outputs, from knob to accuracy, to first paint; and size.

python benchmarks/studio_page.py
"""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
from playwright.sync_api import Page

from browser import Awaited, Watch, draw, report, report_load, report_tasks, studio, times, watched_page
from pellucid.studio.serving.app import PAGE

WATCH = Watch([Awaited("pen", "reading"), Awaited("turnKnobs", "judged")])


def main() -> None:
    """Measure and print."""
    report_load("before")
    with studio() as link, watched_page(link + "#/read", WATCH) as page:
        page.locator(".neuron").first.wait_for()
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
        useful = page.evaluate("performance.now()")
        print(
            f"first contentful paint {paint:.0f} ms; the network on the page at most {useful:.0f} ms after navigation"
        )
        draw(page)
        report("pen to the outputs on the page", times(page, "penState"))
        report("pen to the end of the frame that shows them", times(page, "pen"))
        page.get_by_role("link", name="Turn", exact=True).click()
        turn(page)
        report("knob to the accuracy on the page", times(page, "turnKnobsState"))
        report("knob to the end of the frame that shows it", times(page, "turnKnobs"))
        report_tasks(page)
    sizes()
    report_load("after")


def turn(page: Page) -> None:
    """A dial dragged in 100 movements."""
    field = page.get_by_label("Find a knob by name")
    field.fill("0 w 3 14 14")
    field.press("Enter")
    dial = page.get_by_role("slider", name="pixel (14, 14) → hidden layer 1, neuron 3")
    box: Any = dial.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for at in range(100):
        page.mouse.move(x, y - 40 * np.sin(at / 8))
        page.wait_for_timeout(30)
    page.mouse.up()


def sizes() -> None:
    """Print the size of the script that every visitor loads, and of all scripts and styles together."""
    files = [file for file in PAGE.rglob("*") if file.suffix in (".js", ".css")]
    packed = [len(gzip.compress(file.read_bytes())) / 1000 for file in files]
    print(f"gzipped: {max(packed):.0f} kB at first, {sum(packed):.0f} kB with all rooms and lessons")


if __name__ == "__main__":
    main()
