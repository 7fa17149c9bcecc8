"""A page of the studio in Chromium with a clock on its inputs, messages and frames, for the benchmarks of its rooms.

Chromium runs headless and draws in software, as on a machine without a graphics card.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from playwright.sync_api import Page, sync_playwright

SOFTWARE = ("--no-sandbox", "--enable-unsafe-swiftshader")

_CLOCK = """
(awaited, local) => {
  const times = (window.__times = { tasks: [], frames: [] });
  for (const { request } of awaited) times[request] = [];
  for (const { request } of awaited) times[request + "State"] = [];
  for (const name of Object.keys(local)) times[name] = [];
  const asked = new Map();
  let [hand, latest, last] = [0, 0, 0];
  new PerformanceObserver((list) => times.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });

  const ended = (window.__ended = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(0);
  }));

  for (const name of ["pointerrawupdate", "pointerdown", "wheel", "keydown"])
    addEventListener(name, (event) => { hand ||= event.timeStamp; }, true);
  const moved = {};
  for (const name of ["pointerdown", "pointermove", "keydown", "input"])
    addEventListener(name, (event) => {
      if (name === "pointermove" && !event.buttons) return;
      for (const [kind, selector] of Object.entries(local)) {
        if (moved[kind] || !(event.target instanceof Element && event.target.closest(selector))) continue;
        moved[kind] = event.timeStamp;
        ended((now) => { times[kind].push(now - moved[kind]); moved[kind] = 0; });
      }
    }, true);

  window.__count = false;
  const tick = (now) => {
    if (window.__count && last) times.frames.push(now - last);
    last = window.__count ? now : 0;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);

  window.__heard = [];
  window.__sent = [];
  const received = ({ data }) => {
    const length = new DataView(data).getUint32(0, true);
    const event = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    for (const heard of window.__heard) heard(event);
    const wait = asked.get(event.request);
    if (!wait || wait.event !== event.type) return;
    asked.delete(event.request);
    setTimeout(() => times[wait.request + "State"].push(performance.now() - wait.since));
    ended((now) => times[wait.request].push(now - wait.since));
  };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    if (!this.__watched) {
      this.__watched = true;
      this.addEventListener("message", received);
    }
    const request = JSON.parse(text);
    for (const sent of window.__sent) sent(request);
    const wait = awaited.find((each) => each.request === request.type);
    latest = hand || latest;
    const since = !wait ? 0 : wait.since === "sent" ? performance.now() : wait.since === "latest" ? latest : hand;
    if (since) asked.set(request.id, { ...wait, since });
    hand = 0;
    send.call(this, text);
  };
}
"""


@dataclass(frozen=True)
class Awaited:
    """An event that answers a request.

    Attributes
    ----------
    request, event : str
        Their types in the protocol.
    since : str
        Where its time begins: "input", with the person's input since the last request, if there was one; "latest", with
        the latest input that led to a request, for requests that follow an answer; "sent", with the request.
    """

    request: str
    event: str
    since: Literal["input", "latest", "sent"] = "input"


@dataclass(frozen=True)
class Watch:
    """What the clock of a page notes, in milliseconds; see `times`.

    Attributes
    ----------
    awaited : sequence of Awaited
        The time to the end of the frame that shows the event is noted under the name of the request, and the time to
        the change of the page's elements under that name with "State".
    local : mapping of str to str
        Inputs that the page answers itself: a name, and the selector of the elements where they happen.
    """

    awaited: Sequence[Awaited] = ()
    local: Mapping[str, str] = field(default_factory=dict)

    @property
    def script(self) -> str:
        """The script of the page, to run before any other."""
        awaited = [vars(each) for each in self.awaited]
        return f"({_CLOCK})({json.dumps(awaited)}, {json.dumps(dict(self.local))});"


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


@contextmanager
def watched_page(
    address: str, watch: Watch, *, width: int = 1440, height: int = 900, arguments: Sequence[str] = ()
) -> Iterator[Page]:
    """A page with a clock, in a browser of its own. The link of a studio admits one browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=[*SOFTWARE, *arguments],
        )
        page = browser.new_page(viewport={"width": width, "height": height})
        page.add_init_script(watch.script)
        page.goto(address)
        yield page
        browser.close()


def times(page: Page, name: str) -> list[float]:
    """Return the times that the clock has noted under a name."""
    found: list[float] = page.evaluate("(name) => __times[name]", name)
    return found


def forget(page: Page) -> None:
    """Begin to note times anew."""
    page.evaluate("for (const each of Object.values(__times)) each.length = 0")


def report(what: str, found: list[float]) -> None:
    """Print the median and the 95th percentile of some times."""
    if not found:
        print(f"{what}: none")
        return
    median, high = np.percentile(found, [50, 95])
    print(f"{what}: median {median:.1f} ms, 95th percentile {high:.1f} ms, of {len(found)}")


def report_tasks(page: Page, when: str = "") -> None:
    """Print the page's tasks over 50 ms."""
    found = times(page, "tasks")
    longest = f", the longest {max(found):.0f} ms" if found else ""
    print(f"tasks of the page over 50 ms{when and ' ' + when}: {len(found)}{longest}")


def report_load(when: str) -> None:
    """Print the load of the machine, which other programs share."""
    print(f"load of the last minute {when}: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


@contextmanager
def counted_frames(page: Page, what: str) -> Iterator[None]:
    """Count the frames while something moves, and print them."""
    page.evaluate("__times.frames.length = 0; __count = true")
    yield
    page.evaluate("__count = false")
    found = np.array(times(page, "frames"))
    print(
        f"{what}: {1000 / found.mean():.0f} frames a second, {np.mean(found < 20):.0%} of {len(found)} within 20 ms, "
        f"95th percentile {np.percentile(found, 95):.1f} ms"
    )


def draw(page: Page) -> None:
    """Draw an hour-glass on the pad in 240 movements."""
    box: Any = page.get_by_label("Drawing pad").bounding_box()
    for at, angle in enumerate(np.linspace(0, 2 * np.pi, 240)):
        x = box["x"] + box["width"] * (0.5 + 0.25 * np.sin(2 * angle))
        y = box["y"] + box["height"] * (0.5 - 0.35 * np.cos(angle))
        page.mouse.move(x, y)
        if at == 0:
            page.mouse.down()
        page.wait_for_timeout(16)
    page.mouse.up()
