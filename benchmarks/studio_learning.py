"""Training beside every room of the studio: how much of its speed it keeps, and the frames of the page meanwhile.

    python benchmarks/studio_learning.py [--model digits-conv] [--data mnist] [--rooms Learn Map] [--rounds 5]
    python benchmarks/studio_learning.py --speech "one LSTM, sounds" --rooms Learn Listen

The browser draws on the same cores that train. The training without the page follows the same plan in this process,
while that of the studio is paused. Each round measures it and every room in turn; medians of all rounds are printed.
With one room, the processor time of each thread is printed too.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import numpy as np
from playwright.sync_api import Page

import pellucid as pl
from browser import Watch, report_load, studio, times, watched_page
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.state.plans import planned_network, planned_trainer
from pellucid.studio.state.spoken_plans import is_spoken, spoken_network, spoken_trainer
from pellucid.studio.state.spoken_sets import SpokenSets
from pellucid.training.trainer import Trainer

SECONDS = 3.0

ROOMS = [
    "Learn", "Read", "Turn", "Nudge", "Look for", "Why misread?", "None of these", "Map", "Race", "Listen", "Convolve",
]  # fmt: skip

GOAL = 0.95

LEARNED = """
(() => {
  window.__learned = [];
  window.__plan = null;
  __heard.push((event) => {
    if (event.type === "picture" || event.type === "speechPicture") __learned.push([performance.now(), event.step]);
    if (event.type === "training") __plan = event.plan;
  });
})()
"""


def main() -> None:
    """Measure and print."""
    options = _options()
    report_load("before")
    kept, frames = defaultdict(list), defaultdict(list)
    watch = Watch()
    with studio("--model", options.model) as link, watched_page(link + "#/learn", watch, width=options.width) as page:
        page.evaluate(LEARNED)
        trainer = prepare(page, options.data, options.speech)
        for number in range(options.rounds + 1):  # the first one warms up
            alone = by_itself(trainer)
            for room in options.rooms:
                used = cpu()
                speed, gaps = beside(page, room)
                if number == 0:
                    continue
                kept[room].append(speed / alone)
                frames[room] += gaps
                if len(options.rooms) == 1:
                    report_threads(cpu() - used)
    for room in options.rooms:
        share, gaps = float(np.median(kept[room])), np.array(frames[room])
        low, high = min(kept[room]), max(kept[room])
        print(
            f"{room:14} keeps {share:4.0%} of the speed ({low:.0%} to {high:.0%}){'' if share >= GOAL else ' *'}; "
            f"{1000 / gaps.mean():.0f} frames a second, 95th percentile {np.percentile(gaps, 95):.0f} ms"
        )
    report_load("after")


def prepare(page: Page, data: str | None, speech: str | None) -> Trainer:
    """Make a new network in the page, and the same with its trainer in this process."""
    page.locator("[data-step]").wait_for()
    if speech:
        page.get_by_role("button", name="Speech", exact=True).click()
        page.get_by_role("button", name=speech, exact=True).click()
    elif data:
        page.get_by_label("data set", exact=True).select_option(data)
    page.get_by_role("button", name="New network").click()
    page.locator('main[data-settled="true"]').wait_for()
    page.wait_for_timeout(500)
    plan = msgspec.json.decode(json.dumps(page.evaluate("__plan")), type=LearnPlan)
    print(f"{plan.data}, {len(plan.layers)} layers, {plan.optimizer.kind}, mini-batches of {plan.batch_size}")
    if is_spoken(plan):
        return spoken_trainer(plan, spoken_network(plan), SpokenSets().get(plan.data).for_loss(plan.loss))
    train = pl.data.load(plan.data).train
    return planned_trainer(plan, planned_network(plan, train), train)


def by_itself(trainer: Trainer) -> float:
    """Return the mini-batches per second of the training in this process, without a page."""
    began, before, count = time.perf_counter(), trainer.step, 16
    while (now := time.perf_counter()) - began < SECONDS:
        trainer.advance(count)
        if time.perf_counter() - now < 0.02:
            count *= 2
    return (trainer.step - before) / (time.perf_counter() - began)


def beside(page: Page, room: str) -> tuple[float, list[float]]:
    """Return the mini-batches per second of the studio's training with a room open, and the times between frames."""
    page.get_by_role("link", name="Learn", exact=True).click()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("link", name=room, exact=True).click()
    page.wait_for_timeout(1500)
    page.evaluate("__learned.length = 0; __times.frames.length = 0; __count = true")
    page.wait_for_timeout(1000 * SECONDS)
    page.evaluate("__count = false")
    learned = page.evaluate("__learned")
    page.get_by_role("link", name="Learn", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Train", exact=True).wait_for()
    page.wait_for_timeout(500)
    (first, before), (last, after) = learned[0], learned[-1]
    return 1000 * (after - before) / (last - first), times(page, "frames")


def report_threads(used: Counter[str]) -> None:
    """Print the threads that took processor time."""
    for name, seconds in used.most_common():
        if seconds > 0.1:
            print(f"  {seconds:5.2f} s: {name}")


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


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", default="digits-sigmoid", help="network that defines layers, optimiser and mini-batch size"
    )
    parser.add_argument("--data", help="default: MNIST if it is on this machine, otherwise the embedded digits")
    parser.add_argument("--speech", metavar="PLAN", help="train on speech by a ready plan, such as 'last step, digits'")
    parser.add_argument("--width", type=int, default=1440, help="width of the window in pixels")
    parser.add_argument("--rooms", nargs="+", default=ROOMS, choices=ROOMS, help="the rooms that are opened")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
