"""The room Map in a real browser: the map, a change of the layer, frames in motion, pen to one's own point; long tasks.

    python benchmarks/studio_map.py

Chromium runs headless and draws in software, as on a machine without a graphics card. The times end with the frame that
shows the answer. The way from one layer to the next is animated for 300 ms; here motion is reduced but where frames are
counted.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from studio_page import draw, report, studio

# From the user's event to the end of the frame that shows the answer, and tasks over 50 ms.
WATCH = """
(() => {
  const times = (window.__times = { pen: [], frames: [], tasks: [] });
  const awaited = new Map();
  let hand = 0;
  new PerformanceObserver((list) => times.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
  for (const name of ["pointerrawupdate", "pointerdown"])
    addEventListener(name, (event) => { hand ||= event.timeStamp; }, true);
  const ended = (window.__ended = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  }));
  let last = 0;
  window.__count = false;
  const tick = (now) => {
    if (window.__count && last) times.frames.push(now - last);
    last = window.__count ? now : 0;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    if (!this.__watched) {
      this.__watched = true;
      this.addEventListener("message", ({ data }) => {
        const length = new DataView(data).getUint32(0, true);
        const event = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
        const asked = awaited.get(event.request);
        if (asked === undefined || event.type !== "mapOwn") return;
        awaited.delete(event.request);
        ended(() => times.pen.push(performance.now() - asked));
      });
    }
    const request = JSON.parse(text);
    if (request.type === "askMapOwn" && window.__hand) awaited.set(request.id, window.__hand);
    if (hand) window.__hand = hand;
    hand = 0;
    send.call(this, text);
  };
})();
"""

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
    print(f"load of the last minute: {os.getloadavg()[0]:.1f}")
    with studio("--model", "digits-sigmoid") as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
        )
        page = opened(browser, link)
        for count in (2000, 10_000):
            print(f"\n{count:,} images")
            show(page, count)
            page.emulate_media(reduced_motion="reduce")
            change_layers(page)
            page.evaluate("__times.pen.length = 0")
            draw(page)
            report("pen to the end of the frame with one's own point", page.evaluate("__times.pen"))
            page.emulate_media(reduced_motion="no-preference")
            frames(page)
            tasks = page.evaluate("__times.tasks")
            print(f"tasks over 50 ms: {len(tasks)}" + (f", the longest {max(tasks):.0f} ms" if tasks else ""))
        browser.close()


def opened(browser: Browser, link: str) -> Page:
    """A page in the room."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(WATCH)
    page.goto(link + "#/map?x=test-8")
    page.locator("[data-neighbour]").first.wait_for()
    return page


def show(page: Page, count: int) -> None:
    """Show so many images."""
    page.get_by_label("Number of images").select_option(str(count))
    page.locator(f"[data-points='{count}']").wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    page.evaluate("__times.tasks.length = 0")


def change_layers(page: Page) -> None:
    """Go from layer to layer, until its true neighbours are there."""
    names = ["hidden layer 1", "hidden layer 2", "output layer", "pixels"] * 8
    times = []
    for name in names:
        times.append(page.evaluate(CHANGE, name))
        page.wait_for_timeout(150)
    report("change of the layer to the end of the frame with its true neighbours", times)


def frames(page: Page) -> None:
    """Times between frames while the slider is dragged to and fro."""
    box: Any = page.get_by_role("slider", name="Way through the network").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    page.evaluate("__times.frames.length = 0; __count = true")
    for share in np.abs(np.sin(np.linspace(0, 3 * np.pi, 240))):
        page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), middle)
        page.wait_for_timeout(8)
    page.evaluate("__count = false")
    page.mouse.up()
    found = np.array(page.evaluate("__times.frames"))
    print(
        f"in motion: {1000 / found.mean():.0f} frames a second, {np.mean(found < 20):.0%} of {len(found)} "
        f"within 20 ms, 95th percentile {np.percentile(found, 95):.1f} ms"
    )


if __name__ == "__main__":
    main()
