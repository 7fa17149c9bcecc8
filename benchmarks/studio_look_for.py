"""The room Look for in a real browser and without one: scan, ascent, pen to gauge, neuron to its images; long tasks.

python benchmarks/studio_look_for.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page

import pellucid as pl
from browser import Awaited, Watch, draw, forget, report, report_load, report_tasks, studio, times, watched_page

WATCH = Watch([Awaited("pen", "reading"), Awaited("askNeuron", "neuronResponse")])


def main() -> None:
    """Measure and print."""
    report_load("before")
    engine()
    with studio("--model", "digits-sigmoid") as link, watched_page(link + "#/look-for", WATCH) as page:
        page.locator("[data-maximum]").nth(1).wait_for()
        page.wait_for_timeout(500)
        forget(page)
        draw(page)
        report("pen to the end of the frame that shows the gauge", times(page, "pen"))
        walk(page)
        report("arrow key to the end of the frame with the neuron's images", times(page, "askNeuron"))
        report_tasks(page)
    report_load("after")


def engine() -> None:
    """The scan of 10,000 images by one neuron, and 100 steps of ascent from eight starts."""
    images = np.tile(pl.data.load("digits").test.images, (5, 1, 1))
    for name in ("digits-sigmoid", "digits-relu"):
        net = pl.load(name)
        for layer in (1, 2):
            starts = images[pl.inspect.responses(net, layer, images).most(3, 4)]
            scan = median(lambda: pl.inspect.responses(net, layer, images).most(3, 12))  # noqa: B023
            climb = median(lambda: pl.inspect.maximum(net, layer, 3, starts=starts))  # noqa: B023
            print(f"{name}, layer {layer}: scan of 10,000 images {scan:.1f} ms, 100 steps of ascent {climb:.1f} ms")


def median(work: Callable[[], object], rounds: int = 15) -> float:
    """Median time of some work in milliseconds."""
    work()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - begin))
    return float(np.median(taken))


def walk(page: Page) -> None:
    """Through the neurons of all layers by arrow keys."""
    for layer in ("hidden layer 1", "hidden layer 2", "output layer"):
        page.get_by_role("button", name=layer, exact=True).click()
        page.locator("[role=radio][aria-checked=true]").focus()
        for _ in range(10):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(400)


if __name__ == "__main__":
    main()
