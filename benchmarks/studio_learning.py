"""The studio's page while a network learns: frames a second, and what the page costs the training.

    python benchmarks/studio_learning.py

Chromium runs headless and draws in software, on the same cores that train.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time

from playwright.sync_api import Page, sync_playwright

import pellucid as pl
from studio_page import studio

SECONDS = 5.0

FRAMES = """
(seconds) => new Promise((done) => {
  const times = [];
  const began = performance.now();
  const tick = (now) => {
    times.push(now);
    if (now - began < 1000 * seconds) requestAnimationFrame(tick);
    else done(times);
  };
  requestAnimationFrame(tick);
})
"""


def main() -> None:
    """Measure and print."""
    with studio() as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        page = context.new_page()
        page.goto(link + "#/learn")
        page.get_by_role("button", name="Begin anew").click()
        page.wait_for_timeout(1000)
        data = page.get_by_label("data", exact=True).input_value()
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_timeout(1000)
        shown = watched(page)
        browser.close()
    alone = by_itself(data)
    print(f"training, {data}, mini-batches of 32: {alone:.0f} a second by itself, {shown:.0f} beside the page")
    print(f"the page leaves training {shown / alone:.0%} of its speed")


def watched(page: Page) -> float:
    """Frames a second while training runs, printed; and the mini-batches a second of the same time."""
    before, began = step(page), time.perf_counter()
    times = page.evaluate(FRAMES, SECONDS)
    done, took = step(page) - before, time.perf_counter() - began
    gaps = sorted(after - first for first, after in itertools.pairwise(times))
    rate = 1000 * len(gaps) / (times[-1] - times[0])
    print(f"frames while training: {rate:.1f} a second, 95th percentile {gaps[int(0.95 * len(gaps))]:.1f} ms")
    return done / took


def step(page: Page) -> int:
    """Mini-batches done."""
    return int(page.locator("[data-step]").get_attribute("data-step") or 0)


def by_itself(data: str) -> float:
    """Mini-batches a second of the same training in this process, with nothing to look at it."""
    layers = [pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")]
    net = pl.Network(layers, input_shape=(28, 28), seed=0)
    trainer = pl.Trainer(net, pl.data.load(data).train, optimizer=pl.SGD(0.5), batch_size=32, seed=0, threads=1)
    trainer.advance(200)
    began, before = time.perf_counter(), trainer.step
    while time.perf_counter() - began < SECONDS:
        trainer.advance(200)
    return (trainer.step - before) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
