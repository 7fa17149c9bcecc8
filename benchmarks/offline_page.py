"""The page that is shared as one file, in a real browser: its answers on all test images, size, speed and training.

    python benchmarks/offline_page.py --json benchmarks/results/offline_page.json

Chromium runs headless, opens the files from the disk and draws in software, as on a machine without a graphics card.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

import pellucid as pl
from common import options
from pellucid.bench.machine import describe
from pellucid.studio.serving.built_page import SHARED_PAGE

NETWORKS = ("digits-relu", "digits-sigmoid", "digits-conv", "digits-or-none")
BATCH = 500

# Times from an event of the pen, or a key, to the end of the frame that shows what it changed in the network picture.
WATCH = """
(() => {
  const times = (window.__times = { shown: NaN, pen: [], knob: [] });
  let hand = null;
  const ended = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  });
  for (const [name, kind] of [["pointerrawupdate", "pen"], ["keydown", "knob"]])
    addEventListener(name, ({ timeStamp, buttons }) => {
      if (kind === "knob" || buttons) hand ??= { kind, time: timeStamp };
    }, true);
  const changed = () => {
    const asked = hand;
    hand = null;
    if (asked) ended(() => times[asked.kind].push(performance.now() - asked.time));
  };
  const look = () => {
    const network = document.querySelector("section.network");
    if (!network?.querySelector("[data-neuron]")) return requestAnimationFrame(look);
    ended(() => (times.shown = performance.now()));
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(changed).observe(network, all);
  };
  requestAnimationFrame(look);
})();
"""

SHOWN = """new Promise((done) => {
    const look = () => (__times.shown > 0 ? done(__times.shown) : setTimeout(look, 5));
    look();
})"""

READ = """([text, count]) => {
    const pixels = Float32Array.from(atob(text), (letter) => letter.charCodeAt(0) / 255);
    const found = [], side = pixels.length / count;
    for (let at = 0; at < pixels.length; at += side) found.push(...pellucid.read(pixels.subarray(at, at + side)));
    return found;
}"""


def measured(browser: Browser, name: str, images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Compare the page of one network with the engine, and time it."""
    net = pl.load(name)
    with tempfile.TemporaryDirectory() as folder:
        file = pl.share(net, Path(folder) / f"{name}.html")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        page.goto(file.as_uri())
        shown = page.evaluate(SHOWN)
        tasks = {"pen": longest_task(browser, page, lambda: draw(page))}
        tasks["knob"] = longest_task(browser, page, lambda: turn(page, len(net.layers) - 1))
        times = page.evaluate("__times")
        learned = trained(browser, page)
        found = np.concatenate([answers(page, images[at : at + BATCH]) for at in range(0, len(images), BATCH)])
        size = len(gzip.compress(file.read_bytes()))
        page.close()
    expected = net(images)
    return {
        "network": name,
        "images": len(images),
        "largest_difference": float(np.abs(found - expected).max()),
        "other_answers": int((found.argmax(axis=1) != expected.argmax(axis=1)).sum()),
        "accuracy": float((found.argmax(axis=1) == labels).mean()),
        "gzipped_bytes": size,
        "first_picture_ms": shown,
        "pen_ms": percentiles(times["pen"]),
        "knob_ms": percentiles(times["knob"]),
        "longest_task_cpu_ms": tasks,
        "training": learned,
    }


def longest_task(browser: Browser, page: Any, act: Callable[[], None]) -> float:
    """Return the processor time in milliseconds of the longest task of the page's main thread while something is done.

    Unlike the time on the clock, it does not count what other programs do meanwhile.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        browser.start_tracing(page=page, path=str(path), categories=["toplevel", "__metadata"])
        act()
        browser.stop_tracing()
        events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"].get("name") == "CrRendererMain"
    }
    found = [event for event in events if event.get("ph") == "X" and (event["pid"], event["tid"]) in mains]
    return max(event.get("tdur", 0) for event in found) / 1000


def trained(browser: Browser, page: Any) -> dict[str, Any] | None:
    """Train, alone and while somebody draws; then go back to the shared network. None where it cannot learn."""
    if page.get_by_role("button", name="Train", exact=True).count() == 0:
        return None
    page.get_by_role("button", name="Train", exact=True).click()
    steps = [page.evaluate("Number(document.querySelector('[data-steps]').dataset.steps)")]
    page.wait_for_timeout(3000)
    steps.append(page.evaluate("Number(document.querySelector('[data-steps]').dataset.steps)"))
    page.get_by_label("Clear the pad").click()
    longest = longest_task(browser, page, lambda: draw(page))
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Reset to the shared network").click()
    page.locator('main[data-settled="true"]').wait_for()
    return {
        "steps_per_second": (steps[1] - steps[0]) / 3,
        "longest_task_cpu_ms": longest,
    }


def answers(page: Any, images: np.ndarray) -> np.ndarray:
    found = page.evaluate(READ, [base64.b64encode(images.tobytes()).decode(), len(images)])
    return np.array(found, np.float32).reshape(len(images), -1)


def draw(page: Any) -> None:
    """An hour-glass in 240 movements."""
    box = page.get_by_label("Drawing pad").bounding_box()
    for at, angle in enumerate(np.linspace(0, 2 * np.pi, 240)):
        x = box["x"] + box["width"] * (0.5 + 0.25 * np.sin(2 * angle))
        page.mouse.move(x, box["y"] + box["height"] * (0.5 - 0.35 * np.cos(angle)))
        if at == 0:
            page.mouse.down()
        page.wait_for_timeout(16)
    page.mouse.up()


def turn(page: Any, layer: int) -> None:
    """The dial of an output's bias turned by 60 keys."""
    page.get_by_label("Find a knob by name").fill(f"{layer} bias 7")
    page.keyboard.press("Enter")
    page.get_by_role("slider", name="bias of output 7").first.focus()
    page.wait_for_timeout(300)
    page.evaluate("__times.knob.length = 0")
    for at in range(60):
        page.keyboard.press("ArrowUp" if at % 20 < 10 else "ArrowDown")
        page.wait_for_timeout(30)


def percentiles(times: list[float]) -> dict[str, float]:
    """Median and 95th percentile, in milliseconds."""
    median, high = np.percentile(times, [50, 95])
    return {"median": float(median), "p95": float(high), "count": len(times)}


def main() -> None:
    """Measure and print."""
    chosen, load = options(__doc__ or "").parse_args(), os.getloadavg()[0]
    test = pl.data.load(chosen.data).test
    with sync_playwright() as playwright:
        path = os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--enable-unsafe-swiftshader"])
        rows = [measured(browser, name, test.images, test.labels) for name in NETWORKS]
        version = browser.version
        browser.close()
    template = len(gzip.compress(SHARED_PAGE.read_bytes()))
    for row in rows:
        print(json.dumps(row))
    print(f"without a network: {template / 1000:.0f} kB gzipped")
    if chosen.json:
        report = {
            "machine": asdict(describe()), "load": load, "chromium": version, "page_gzipped_bytes": template,
            "rows": rows,
        }  # fmt: skip
        chosen.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
