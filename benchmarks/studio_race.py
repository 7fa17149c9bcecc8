"""The room Race in a real browser and without one: many networks at once, input to paint, long tasks.

    python benchmarks/studio_race.py

Chromium runs headless and draws in software, as on a machine without a graphics card.
"""

from __future__ import annotations

import os
import shutil
import time

from playwright.sync_api import Page, sync_playwright

import pellucid as pl
from studio_page import report, studio

STARTS, EPOCHS = 50, 10

# From the user's event to the end of the frame that shows the answer; and the page's tasks over 50 ms.
WATCH = """
(() => {
  const times = (window.__times = { goToRace: [], draw: [], tasks: [] });
  const awaited = new Map();
  let hand = 0;
  new PerformanceObserver((list) => times.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
  const ended = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  });
  for (const name of ["pointerdown", "pointermove", "keydown"])
    addEventListener(name, (event) => {
      hand ||= event.timeStamp;
      const began = event.timeStamp;
      if (event.target instanceof Element && event.target.closest("svg.drawing") && event.buttons)
        ended(() => times.draw.push(performance.now() - began));
    }, true);
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    if (!this.__watched) {
      this.__watched = true;
      this.addEventListener("message", ({ data }) => {
        const length = new DataView(data).getUint32(0, true);
        const event = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
        const began = awaited.get(event.request);
        if (began === undefined || event.type !== "raceMoment") return;
        awaited.delete(event.request);
        ended(() => times.goToRace.push(performance.now() - began));
      });
    }
    const request = JSON.parse(text);
    if (request.type === "goToRace" && hand) awaited.set(request.id, hand);
    hand = 0;
    send.call(this, text);
  };
})();
"""


def main() -> None:
    """Measure and print."""
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    engine()
    with studio("--model", "digits-sigmoid") as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        prepare(page, link)
        page.evaluate("__times.tasks.length = 0")
        predict(page)
        report("pointer to the end of the frame with the drawn prediction", page.evaluate("__times.draw"))
        begin = time.perf_counter()
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator('[data-race="finished"]').wait_for()
        print(f"a race of two over {EPOCHS} epochs, examined on the way: {time.perf_counter() - begin:.2f} s")
        scrub(page)
        report("arrow key to the end of the frame with the restored step", page.evaluate("__times.goToRace"))
        trials(page)
        tasks = page.evaluate("__times.tasks")
        print(f"tasks of the page over 50 ms: {len(tasks)}" + (f", the longest {max(tasks):.0f} ms" if tasks else ""))
        print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")
        browser.close()


def engine() -> None:
    """Train 50 networks of each of two kinds for ten epochs of 8,000 images, with and without validation."""
    digits = pl.data.load("digits")
    for validation in (None, digits.test):
        recipes = [
            pl.Recipe(
                [pl.Dense(16, kind), pl.Dense(16, kind), pl.Dense(10, "softmax")], optimizer=pl.SGD(1.0), seed=seed
            )
            for seed in range(STARTS)
            for kind in ("sigmoid", "relu")
        ]
        begin = time.perf_counter()
        found = list(pl.train_many(recipes, EPOCHS, data=digits.train, validation=validation))
        seconds = time.perf_counter() - begin
        what = "" if validation is None else f", evaluated on {len(validation):,} after each"
        print(f"{len(found)} networks, {EPOCHS} epochs of {len(digits.train):,} images{what}: {seconds:.2f} s")


def prepare(page: Page, link: str) -> None:
    """Come to a race on the embedded digits."""
    page.goto(link + "#/learn")
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    page.locator('main[data-settled="true"]').wait_for()
    page.get_by_role("link", name="Race", exact=True).click()
    page.locator("[data-race]").wait_for()
    page.get_by_label("Prepared races").select_option("1")
    page.locator('main[data-settled="true"]').wait_for()
    page.wait_for_timeout(500)


def predict(page: Page) -> None:
    """Draw a curve with the pointer, and lock it in."""
    panel = page.get_by_role("region", name="Prediction")
    panel.get_by_role("radio").first.check()
    panel.get_by_role("button", name="Draw the curve of sigmoid").click()
    box = page.locator('[data-chart="accuracy"] svg').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 120)
    page.mouse.down()
    for at in range(60):
        page.mouse.move(box["x"] + 60 + at * (box["width"] - 80) / 60, box["y"] + 120 - at)
        page.wait_for_timeout(20)
    page.mouse.up()
    panel.get_by_role("button", name="Lock in").click()


def scrub(page: Page) -> None:
    """Back and forth in time by arrow keys."""
    slider = page.get_by_label("Time of the race in mini-batches")
    slider.focus()
    for key in ("PageDown", "ArrowLeft", "ArrowLeft", "PageUp"):
        for _ in range(15):
            page.keyboard.press(key)
            page.wait_for_timeout(100)


def trials(page: Page) -> None:
    """Train from all starts and at all rates in the room."""
    begin = time.perf_counter()
    page.get_by_role("button", name="Train from all starts").click()
    page.locator('[data-trials="done"]').first.wait_for(timeout=600_000)
    seconds = time.perf_counter() - begin
    print(f"{STARTS} starts of two contestants, {EPOCHS} epochs, in the room: {seconds:.2f} s")
    begin = time.perf_counter()
    page.get_by_role("button", name="Train at all rates").click()
    page.locator('[data-trials="done"]').nth(1).wait_for(timeout=600_000)
    print(f"26 rates, three starts of each contestant, 5 epochs, in the room: {time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main()
