"""The room Map in a real browser: the map, a change of the layer, frames in motion, pen to one's own point; long tasks.

    python benchmarks/studio_map.py

The times end with the frame that shows the answer. The way from one layer to the next is animated for 300 ms; here
motion is reduced but where frames are counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page

from browser import (
    Awaited,
    Watch,
    counted_frames,
    draw,
    forget,
    report,
    report_load,
    report_tasks,
    studio,
    times,
    watched_page,
)

WATCH = Watch([Awaited("askMapOwn", "mapOwn", "latest")])

CHANGE = """
(name) => new Promise((done) => {
  const begun = performance.now();
  const region = document.querySelector("section[aria-label='True neighbours']");
  const observer = new MutationObserver(() => {
    observer.disconnect();
    window.__ended(() => done(performance.now() - begun));
  });
  observer.observe(region, { subtree: true, childList: true, characterData: true, attributes: true });
  [...document.querySelectorAll(".stops button")].find((each) => each.textContent === name).click();
})
"""


def main() -> None:
    """Measure and print, with 2,000 and with 10,000 images."""
    report_load("before")
    with studio("--model", "digits-sigmoid") as link, watched_page(link + "#/map?x=test-8", WATCH) as page:
        page.locator("[data-neighbour]").first.wait_for()
        for count in (2000, 10_000):
            print(f"\n{count:,} images")
            show(page, count)
            page.emulate_media(reduced_motion="reduce")
            change_layers(page)
            page.evaluate("__times.askMapOwn.length = 0")
            draw(page)
            report("pen to the end of the frame with one's own point", times(page, "askMapOwn"))
            page.emulate_media(reduced_motion="no-preference")
            with counted_frames(page, "in motion"):
                drag(page)
            report_tasks(page)
    report_load("after")


def show(page: Page, count: int) -> None:
    """Show so many images."""
    page.get_by_label("Number of images").select_option(str(count))
    page.locator(f"[data-points='{count}']").wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    forget(page)


def change_layers(page: Page) -> None:
    """Go from layer to layer, until its true neighbours are there."""
    names = ["hidden layer 1", "hidden layer 2", "output layer", "pixels"] * 8
    found = []
    for name in names:
        found.append(page.evaluate(CHANGE, name))
        page.wait_for_timeout(150)
    report("change of the layer to the end of the frame with its true neighbours", found)


def drag(page: Page) -> None:
    """The slider dragged to and fro."""
    box: Any = page.get_by_role("slider", name="Way through the network").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    for share in np.abs(np.sin(np.linspace(0, 3 * np.pi, 240))):
        page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), middle)
        page.wait_for_timeout(8)
    page.mouse.up()


if __name__ == "__main__":
    main()
