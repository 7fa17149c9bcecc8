"""A learner in a shared page, who does what a learner in the studio does, by the same messages."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from lessons.learner import Learner


class PageEvent(SimpleNamespace):
    """One event of the page: its fields by attribute."""

    @property
    def fields(self) -> dict[str, Any]:
        return vars(self)


class PageLearner(Learner):
    """Somebody in a lesson of a shared page.

    Parameters
    ----------
    browser : playwright Page
        With the shared page.
    """

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.shown = None
        self.gesture = 0
        self.log = SimpleNamespace(count=1)  # type: ignore[assignment]
        self.told: list[tuple[list[dict[str, float]], str]] = []
        """What was noted, and the status that was shown for it."""

    def ask(self, kind: str, /, **fields: Any) -> list[Any]:
        found = self.browser.evaluate("(request) => pellucid.ask(request)", {"type": kind, **fields})
        events = [PageEvent(**each) for each in found]
        self._take(events)
        if self.shown is not None and self.shown.stage == "do":
            self.told.append((self.noted(self.shown.lesson["name"]), self.shown.status))
        return events

    def refused(self, kind: str, /, **fields: Any) -> str:
        """Send a request that is refused; return the code."""
        found = self.browser.evaluate("(request) => pellucid.ask(request)", {"type": kind, **fields})
        [code] = [each["code"] for each in found if each["type"] == "failed"]
        return str(code)

    @property
    def entries(self) -> list[dict[str, Any]]:
        """What the browser has kept of the lessons of this network."""
        text = self.browser.evaluate(
            "JSON.stringify(Object.entries(localStorage).filter(([key]) => key.startsWith('pellucid-lessons-'))"
            ".map(([, value]) => JSON.parse(value)))"
        )
        kept = json.loads(text)
        return kept[0] if kept else []

    def noted(self, name: str) -> list[dict[str, float]]:
        """What was noted for a lesson."""
        return [entry["facts"] for entry in self.entries if entry["type"] == "noted" and entry["lesson"] == name]

    @property
    def layers(self) -> list[dict[str, Any]]:
        text = self.browser.locator("#shared-network").text_content()
        layers: list[dict[str, Any]] = json.loads(text)["network"]["layers"]
        return layers
