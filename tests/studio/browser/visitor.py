"""Somebody before the page: draws, presses keys, reads what is there."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import numpy as np

from pellucid.data.drawings import center
from pellucid.studio.rooms.read.pad import Pad

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator

Line = Sequence[tuple[float, float]]

_RESTS = """(wait) => {
    if (window.rests?.wait !== wait) window.rests = { wait, frames: 0 };
    const settled = document.querySelector('main[data-settled="true"]') !== null;
    window.rests.frames = settled ? window.rests.frames + 1 : 0;
    return window.rests.frames > 4;
}"""
"""Asked for every frame: whether the page has been settled for some, in which what was done has taken effect."""

_LIGHTS_UP = """async () => {
    for (let frame = 0; frame < 6; frame++) {
        await new Promise(requestAnimationFrame);
        if (document.querySelector(".lit-wire")) return true;
    }
    return false;
}"""
"""Whether a wire lights up within some frames."""

DIGITS: dict[str, Line] = {
    "0": [(0.5, 0.15), (0.3, 0.28), (0.25, 0.5), (0.32, 0.75), (0.5, 0.85), (0.68, 0.73), (0.74, 0.5), (0.5, 0.15)],
    "1": [(0.52, 0.15), (0.5, 0.5), (0.48, 0.87)],
    "3": [(0.3, 0.25), (0.5, 0.17), (0.64, 0.3), (0.46, 0.48), (0.63, 0.54), (0.68, 0.69), (0.5, 0.83), (0.28, 0.74)],
    "7": [(0.25, 0.2), (0.5, 0.19), (0.72, 0.2), (0.6, 0.45), (0.5, 0.65), (0.45, 0.85)],
}  # fmt: skip
"""One stroke each, as shares of the pad."""


_keys: dict[str, list[Any]] = {}


def admit(context: BrowserContext, link: str) -> None:
    """Let the visitors of a context in: a link works once, and from then on they come with the key."""
    context.add_cookies(_keys.get(link, []))


def remember_key(context: BrowserContext, link: str) -> None:
    """Keep the key that a context got by a link, for other contexts."""
    _keys[link] = [{name: each[name] for name in ("name", "value", "domain", "path")} for each in context.cookies()]


class Visitor:
    """One tab."""

    def __init__(self, context: BrowserContext, link: str, place: str = "#/read?d=") -> None:
        self.context, self.link = context, link
        self.server: Any = None
        self._waits = 0
        self.complaints: list[str] = []
        self.requests: list[str] = []
        admit(context, link)
        self.page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(error.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.open(place)
        remember_key(context, link)

    def _heard(self, message: Any) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def open(self, place: str) -> None:
        """Open the studio at a place of it."""
        self.page.goto(self.link + place)
        self.settle()

    def room(self, title: str) -> None:
        """Go to another room, and wait until it is there."""
        self.page.get_by_role("link", name=title, exact=True).click()
        self.page.get_by_role("main", name=title, exact=True).wait_for()

    def press_wire(self, source: str, target: str) -> None:
        """Press the wire between two neurons, at the first place where it lights up."""
        page = self.page
        ends = [page.locator(f'[data-neuron="{place}"] .body').bounding_box() for place in (source, target)]
        assert all(ends)
        for share in [0.3 + 0.03 * at for at in range(15)]:
            x = (1 - share) * (ends[0]["x"] + ends[0]["width"]) + share * ends[1]["x"]
            y = (1 - share) * (ends[0]["y"] + ends[0]["height"] / 2) + share * (ends[1]["y"] + ends[1]["height"] / 2)
            page.mouse.move(x, y)
            if page.evaluate(_LIGHTS_UP):
                page.mouse.click(x, y)
                return
        raise AssertionError(f"No wire lights up between {source} and {target}.")

    @property
    def pad(self) -> Locator:
        return self.page.get_by_label("Drawing pad")

    @property
    def reading(self) -> str:
        """The reading in the engine's words."""
        return self.page.locator(".reading").get_attribute("data-words") or "nothing drawn yet"

    def reads(self, words: str) -> None:
        """Wait until the reading begins with these words: that of a file, whose upload is no request of the page."""
        self.page.locator(f".reading[data-words^='{words}']").wait_for()

    @property
    def said(self) -> str:
        """The reading as the page says it."""
        return self.page.locator(".reading").inner_text().removeprefix("The network reads").strip()

    def draw(self, digit: str) -> None:
        """Draw stroke by stroke with the mouse."""
        box = self.pad.bounding_box()
        assert box is not None
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in DIGITS[digit]]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=3)
        self.page.mouse.up()

    def settle(self) -> None:
        """Wait until the room is there, every request answered, the network judged, and the address up to date."""
        self._waits += 1
        self.page.wait_for_function(_RESTS, arg=self._waits)

    def scene(self) -> dict[str, str]:
        """What the address says."""
        query = urlparse(self.page.url).fragment.partition("?")[2]
        return {name: values[0] for name, values in parse_qs(query).items()}

    def pixels(self) -> np.ndarray:
        """The 28x28 pixels of the strokes in the address, as the engine centres them."""
        pad = Pad()
        for number, (points, width, erase) in enumerate(decoded(self.scene()["d"])):
            pad.draw(number, points, width, erase)
        return center(pad.ink, thicken=True)

    def accuracy(self) -> float:
        """The test accuracy that Turn shows, as a share of 1."""
        return float(self.page.locator("[data-accuracy]").get_attribute("data-accuracy") or "nan")

    def number(self, text: str) -> float:
        """The last number in a text as the page writes it."""
        return float(re.findall(r"[−+]?\d+(?:\.\d+)?", text)[-1].replace("−", "-"))


def decoded(text: str) -> list[tuple[list[float], float, bool]]:
    """The strokes of a link: a reader of its own for what `web/src/state/strokes.ts` writes."""
    data = iter(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    numbers = []
    for byte in data:
        value, shift = byte & 127, 7
        while byte & 128:
            byte = next(data)
            value |= (byte & 127) << shift
            shift += 7
        numbers.append(value)
    strokes = []
    while numbers:
        head, count = numbers[:2]
        steps = np.array(numbers[2 : 2 + 2 * count]).reshape(-1, 2)
        del numbers[: 2 + 2 * count]
        places = np.cumsum(np.where(steps % 2, -(steps + 1) // 2, steps // 2), axis=0)
        strokes.append(((places.reshape(-1) / 1000).tolist(), (head >> 1) / 1000, bool(head & 1)))
    return strokes
