"""The room Look for in a real browser and without one: scan, ascent, pen to gauge, neuron to its images; long tasks.

    python benchmarks/studio_look_for.py

Chromium runs headless and draws in software, as on a machine without a graphics card.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page, sync_playwright

import pellucid as pl
from studio_page import draw, report, studio

# From the user's event to the end of the frame that shows the answer; and the page's tasks over 50 ms.
WATCH = """
(() => {
  const times = (window.__times = { pen: [], askNeuron: [], tasks: [] });
  const awaited = new Map();
  let hand = 0;
  new PerformanceObserver((list) => times.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
  for (const name of ["pointerrawupdate", "pointerdown", "keydown"])
    addEventListener(name, (event) => { hand ||= event.timeStamp; }, true);
  const answers = { pen: "reading", askNeuron: "neuronResponse" };
  const ended = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  });
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    if (!this.__watched) {
      this.__watched = true;
      this.addEventListener("message", ({ data }) => {
        const length = new DataView(data).getUint32(0, true);
        const event = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
        const asked = awaited.get(event.request);
        if (!asked || answers[asked.kind] !== event.type) return;
        awaited.delete(event.request);
        ended(() => times[asked.kind].push(performance.now() - asked.hand));
      });
    }
    const request = JSON.parse(text);
    if (request.type in answers && hand && !request.twin) awaited.set(request.id, { kind: request.type, hand });
    hand = 0;
    send.call(this, text);
  };
})();
"""


def main() -> None:
    """Measure and print."""
    engine()
    with studio("--model", "digits-sigmoid") as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        page.goto(link + "#/look-for")
        page.locator("[data-maximum]").nth(1).wait_for()
        page.wait_for_timeout(500)
        page.evaluate("__times.tasks.length = 0")
        draw(page)
        report("pen to the end of the frame that shows the gauge", page.evaluate("__times.pen"))
        walk(page)
        report("arrow key to the end of the frame with the neuron's images", page.evaluate("__times.askNeuron"))
        tasks = page.evaluate("__times.tasks")
        print(f"tasks of the page over 50 ms: {len(tasks)}" + (f", the longest {max(tasks):.0f} ms" if tasks else ""))
        browser.close()


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
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - begin))
    return float(np.median(times))


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
