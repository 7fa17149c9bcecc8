"""The studio's page in a real browser: time from pen to outputs, from knob to accuracy, to first paint; and size.

    python benchmarks/studio_page.py

Chromium runs headless and draws in software, as on a machine without a graphics card.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from pellucid.studio.serving.app import PAGE

# Times from the user's event to the end of the frame that shows the answer.
WATCH = """
(() => {
  const times = (window.__times = { pen: [], turnKnobs: [], penState: [], turnKnobsState: [] });
  const awaited = new Map();
  let hand = 0;
  for (const name of ["pointerrawupdate", "pointerdown", "wheel", "keydown"])
    addEventListener(name, (event) => { hand ||= event.timeStamp; }, true);
  const answers = { pen: "reading", turnKnobs: "judged" };
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
        if (asked && answers[asked.kind] === event.type) {
          awaited.delete(event.request);
          setTimeout(() => times[asked.kind + "State"].push(performance.now() - asked.hand));
          ended(() => times[asked.kind].push(performance.now() - asked.hand));
        }
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
    """Measure and print."""
    with studio() as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        page.goto(link + "#/read")
        page.locator(".neuron").first.wait_for()
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
        useful = page.evaluate("performance.now()")
        print(
            f"first contentful paint {paint:.0f} ms; the network on the page at most {useful:.0f} ms after navigation"
        )
        draw(page)
        report("pen to the outputs on the page", page.evaluate("__times.penState"))
        report("pen to the end of the frame that shows them", page.evaluate("__times.pen"))
        page.get_by_role("link", name="Turn", exact=True).click()
        turn(page)
        report("knob to the accuracy on the page", page.evaluate("__times.turnKnobsState"))
        report("knob to the end of the frame that shows it", page.evaluate("__times.turnKnobs"))
        browser.close()
    size = sum(len(gzip.compress(file.read_bytes())) for file in PAGE.rglob("*") if file.suffix in (".js", ".css"))
    print(f"scripts and styles: {size / 1000:.0f} kB gzipped")


@contextmanager
def studio(*options: str) -> Iterator[str]:
    """A running studio's link."""
    command = [sys.executable, "-m", "pellucid", "studio", "--no-browser", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            for line in server.stdout or ():
                if found := re.search(r"http://\S+", line):
                    yield found[0]
                    break
        finally:
            server.terminate()


def draw(page: Page) -> None:
    """An hour-glass in 240 movements."""
    box: Any = page.get_by_label("Drawing pad").bounding_box()
    for at, angle in enumerate(np.linspace(0, 2 * np.pi, 240)):
        x = box["x"] + box["width"] * (0.5 + 0.25 * np.sin(2 * angle))
        y = box["y"] + box["height"] * (0.5 - 0.35 * np.cos(angle))
        page.mouse.move(x, y)
        if at == 0:
            page.mouse.down()
        page.wait_for_timeout(16)
    page.mouse.up()


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


def report(name: str, times: list[float]) -> None:
    """Print the median and 95th percentile, in milliseconds."""
    median, high = np.percentile(times, [50, 95])
    print(f"{name}: median {median:.1f} ms, 95th percentile {high:.1f} ms, of {len(times)}")


if __name__ == "__main__":
    main()
