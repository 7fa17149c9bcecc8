"""The studio's page during training: frames and pictures per second, and how much the page slows down training.

    python benchmarks/studio_learning.py [--model digits-sigmoid] [--data mnist] [--width 1440] [--room learn]

Chromium runs headless and draws in software, on the same cores that train. The training without the page follows the
same plan in this process.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Page, WebSocket, sync_playwright

import pellucid as pl
from pellucid.studio.protocol.frames import unframe
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.state.plans import planned_network, planned_trainer
from studio_page import studio

SECONDS = 4.0

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


class Told:
    """The events that the server sends to the page."""

    def __init__(self) -> None:
        self.pictures: list[float] = []
        self.plan: dict[str, Any] = {}

    def listen(self, socket: WebSocket) -> None:
        """Receive every event of a socket."""
        socket.on("framereceived", self._heard)

    def _heard(self, data: str | bytes) -> None:
        event, _ = unframe(data if isinstance(data, bytes) else data.encode())
        if event["type"] == "picture":
            self.pictures.append(time.perf_counter())
        elif event["type"] == "training":
            self.plan = event["plan"]


def main() -> None:
    """Measure and print."""
    options = _options()
    told = Told()
    with studio("--model", options.model) as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
        )
        viewport = {"width": options.width, "height": 900 if options.width > 600 else 844}
        page = browser.new_context(viewport=viewport, bypass_csp=True).new_page()  # type: ignore[arg-type]
        page.on("websocket", told.listen)
        page.goto(link + "#/learn")
        if options.data:
            page.get_by_label("data set", exact=True).select_option(options.data)
        page.get_by_role("button", name="New network").click()
        page.wait_for_timeout(1000)
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_timeout(1000)
        page.get_by_role("link", name=options.room, exact=True).click()
        shown = watched(page, told, options.room)
        browser.close()
    plan = msgspec.convert(told.plan, LearnPlan)
    alone = by_itself(plan)
    what = f"{plan.data}, {plan.layers[0].activation}, {plan.optimizer.kind}, mini-batches of {plan.batch_size}"
    print(f"training, {what}: {alone:.0f} per second alone, {shown:.0f} with the page")
    print(f"with the page, training keeps {shown / alone:.0%} of its speed")


def watched(page: Page, told: Told, room: str) -> float:
    """Print the frames per second during training, and return the mini-batches per second of the same time."""
    before, used = step(page, room), cpu()
    began = time.perf_counter()
    times = page.evaluate(FRAMES, SECONDS)
    took = time.perf_counter() - began
    done, after = step(page, room) - before, cpu()
    gaps = sorted(after - first for first, after in itertools.pairwise(times))
    rate = 1000 * len(gaps) / (times[-1] - times[0])
    pictures = sum(moment > began for moment in told.pictures) / took
    print(
        f"frames during training: {rate:.1f} per second, 95th percentile {gaps[int(0.95 * len(gaps))]:.1f} ms; "
        f"pictures of the network: {pictures:.1f} per second"
    )
    for name, seconds in (after - used).most_common():
        if seconds > 0.02 * took:
            print(f"  {seconds / took:5.0%} of a core: {name}")
    return done / took


def step(page: Page, room: str) -> int:
    """Return the number of mini-batches so far."""
    page.get_by_role("link", name="Learn", exact=True).click()
    done = int(page.locator("[data-step]").get_attribute("data-step") or 0)
    page.get_by_role("link", name=room, exact=True).click()
    return done


def cpu() -> Counter[str]:
    """Return the processor time of each thread of this process and its children, by process and thread name."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents.setdefault(_stat(folder / "stat")[1][1], []).append(int(folder.name))
        except OSError:
            continue
    found: Counter[str] = Counter()
    waiting = [os.getpid()]
    while waiting:
        process = waiting.pop()
        waiting += parents.get(process, [])
        try:
            words = Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ").split()
            kind = next((word[7:] for word in words if word.startswith("--type=")), None)
            if kind is None:
                kind = "studio" if "pellucid" in words else "benchmark" if process == os.getpid() else words[0]
            for thread in Path(f"/proc/{process}/task").iterdir():
                name, fields = _stat(thread / "stat")
                found[f"{Path(kind).name}, {name}"] += (fields[11] + fields[12]) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return found


def _stat(path: Path) -> tuple[str, list[int]]:
    """Return a thread's name and the fields after it, starting with its state."""
    text = path.read_text()
    return text[text.index("(") + 1 : text.rindex(")")], [0, *map(int, text[text.rindex(")") + 4 :].split())]


def by_itself(plan: LearnPlan) -> float:
    """Return the mini-batches per second of the same training in this process, without a page."""
    data = pl.data.load(plan.data).train
    trainer = planned_trainer(plan, planned_network(plan, data), data)
    trainer.advance(200)
    began, before = time.perf_counter(), trainer.step
    while time.perf_counter() - began < SECONDS:
        trainer.advance(200)
    return (trainer.step - before) / (time.perf_counter() - began)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", default="digits-sigmoid", help="network that defines layers, optimiser and mini-batch size"
    )
    parser.add_argument("--data", help="default: MNIST if it is on this machine, otherwise the embedded digits")
    parser.add_argument("--width", type=int, default=1440, help="width of the window in pixels")
    parser.add_argument("--room", default="Learn", help="the room that is open during training")
    return parser.parse_args()


if __name__ == "__main__":
    main()
