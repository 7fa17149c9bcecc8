"""The room Convolve in a real browser: pen to all maps, the filter dragged and played, a weight turned; long tasks.

    python benchmarks/studio_convolve.py

Chromium runs headless and draws in software, as on a machine without a graphics card. The room shows the shipped
network beside a dense one of the session, then as the session's own, whose maps come with the reading.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from studio_page import draw, report, studio

# From the user's event to the end of the frame that shows the answer; times between frames; and tasks over 50 ms.
WATCH = """
(() => {
  const times = (window.__times = { pen: [], turnKnobs: [], frames: [], tasks: [] });
  const awaited = new Map();
  let hand = 0;
  new PerformanceObserver((list) => times.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
  for (const name of ["pointerrawupdate", "pointerdown", "keydown"])
    addEventListener(name, (event) => { hand ||= event.timeStamp; }, true);
  const answers = { pen: "maps", turnKnobs: "maps" };
  const ended = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  });
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
        if (!asked || answers[asked.kind] !== event.type) return;
        awaited.delete(event.request);
        ended(() => times[asked.kind].push(performance.now() - asked.hand));
      });
    }
    const request = JSON.parse(text);
    if (request.type in answers && hand) awaited.set(request.id, { kind: request.type, hand });
    hand = 0;
    send.call(this, text);
  };
})();
"""


def main() -> None:
    """Measure and print, for the shipped network and for the session's own."""
    print(f"load of the last minute: {os.getloadavg()[0]:.1f}")
    for model in ("digits-sigmoid", "digits-conv"):
        with studio("--model", model) as link, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
                args=["--no-sandbox", "--enable-unsafe-swiftshader"],
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(WATCH)
            page.goto(link + "#/convolve")
            page.locator("[data-place]").wait_for()
            page.wait_for_timeout(1500)
            page.evaluate("__times.tasks.length = 0")
            print(f"\n{model} is open; the room shows digits-conv")
            draw(page)
            report("pen to the end of the frame that shows all maps", page.evaluate("__times.pen"))
            frames("filter dragged", page, drag)
            frames("filter played fast", page, play)
            if model == "digits-conv":
                turn(page)
                report("weight turned to the end of the frame with its maps", page.evaluate("__times.turnKnobs"))
            tasks = page.evaluate("__times.tasks")
            print(
                f"tasks of the page over 50 ms: {len(tasks)}" + (f", the longest {max(tasks):.0f} ms" if tasks else "")
            )
            browser.close()


def frames(what: str, page: Page, work: Any) -> None:
    """Times between frames while something moves."""
    page.evaluate("__times.frames.length = 0; __count = true")
    work(page)
    page.evaluate("__count = false")
    found = np.array(page.evaluate("__times.frames"))
    print(
        f"{what}: {1000 / found.mean():.0f} frames a second, {np.mean(found < 20):.0%} of {len(found)} within 20 ms, "
        f"95th percentile {np.percentile(found, 95):.1f} ms"
    )


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
