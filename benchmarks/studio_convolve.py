"""The room Convolve in a real browser: pen to all maps, the filter dragged and played, a weight turned; long tasks.

    python benchmarks/studio_convolve.py

The room shows the shipped network beside a dense one of the session, then as the session's own, whose maps come with
the reading.
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

WATCH = Watch(
    [Awaited("pen", "maps"), Awaited("turnKnobs", "maps")], {"turned": '[aria-label="Turn the chosen weight"]'}
)


def main() -> None:
    """Measure and print, for the shipped network and for the session's own."""
    report_load("before")
    for model in ("digits-sigmoid", "digits-conv"):
        with studio("--model", model) as link, watched_page(link + "#/convolve", WATCH) as page:
            page.locator("[data-place]").wait_for()
            page.wait_for_timeout(1500)
            forget(page)
            print(f"\n{model} is open; the room shows digits-conv")
            draw(page)
            report("pen to the end of the frame that shows all maps", times(page, "pen"))
            with counted_frames(page, "filter dragged"):
                drag(page)
            with counted_frames(page, "filter played fast"):
                play(page)
            if model == "digits-conv":
                turn(page)
                report("weight turned to the end of the frame with its new value", times(page, "turned"))
                report("weight turned to the end of the frame with its maps", times(page, "turnKnobs"))
            report_tasks(page)
    report_load("after")


def drag(page: Page) -> None:
    """The filter of a first-layer channel along a spiral over the image."""
    page.locator('[data-map="0-3"]').click()
    box: Any = page.locator("[data-window]").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for angle in np.linspace(0, 12 * np.pi, 240):
        reach = 0.45 * angle / (12 * np.pi)
        x = box["x"] + box["width"] * (0.5 + reach * np.cos(angle))
        page.mouse.move(x, box["y"] + box["height"] * (0.5 + reach * np.sin(angle)))
        page.wait_for_timeout(8)
    page.mouse.up()


def play(page: Page) -> None:
    """A channel of the fourth layer, whose filter has 288 weights, for three seconds."""
    page.locator('[data-map="3-9"]').click()
    page.get_by_role("button", name="fast", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(3000)
    page.get_by_role("button", name="Pause", exact=True).click()


def turn(page: Page) -> None:
    """A weight of the first layer, by arrow keys."""
    page.locator('[data-map="0-3"]').click()
    page.locator('[data-weight="12"]').click()
    page.get_by_label("Turn the chosen weight").focus()
    for at in range(60):
        page.keyboard.press("ArrowLeft" if at % 40 < 20 else "ArrowRight")
        page.wait_for_timeout(40)


if __name__ == "__main__":
    main()
