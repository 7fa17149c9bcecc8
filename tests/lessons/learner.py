"""A learner: drives a session by its messages alone, and a solver for every lesson."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lessons import convolution, grey_levels, learning_rate, noise, nudges, race, sounds, straight_line
from pellucid.lessons.log import LessonLog
from pellucid.lessons.view import View
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from studio.fake_page import EmbeddedCatalog, Event, Page, session

STROKES = {
    "0": [0.5, 0.15, 0.3, 0.28, 0.25, 0.5, 0.32, 0.75, 0.5, 0.85, 0.68, 0.73, 0.74, 0.5, 0.5, 0.15],
    "1": [0.52, 0.15, 0.5, 0.5, 0.48, 0.87],
    "3": [0.3, 0.25, 0.5, 0.17, 0.64, 0.3, 0.46, 0.48, 0.63, 0.54, 0.68, 0.69, 0.5, 0.83, 0.28, 0.74],
    "7": [0.25, 0.2, 0.5, 0.19, 0.72, 0.2, 0.6, 0.45, 0.5, 0.65, 0.45, 0.85],
    "4": [0.65, 0.2, 0.3, 0.55, 0.75, 0.55, 0.65, 0.3, 0.62, 0.85],
    "6": [0.62, 0.17, 0.4, 0.4, 0.32, 0.65, 0.48, 0.84, 0.66, 0.7, 0.5, 0.55, 0.34, 0.66],
}


class Learner:
    """Somebody in a lesson.

    Parameters
    ----------
    model : str
        The network.
    log : LessonLog, optional
        What they did before.
    """

    def __init__(self, model: str = "digits-sigmoid", log: LessonLog | None = None) -> None:
        self.model, self.log = model, log or LessonLog()
        catalog: DatasetCatalog = EmbeddedCatalog(lessons=self.log)
        self.page = Page(session(model, catalog))
        self.shown: Event | None = None
        self.gesture = 0

    def ask(self, kind: str, /, **fields: Any) -> list[Event]:
        events = self.page.ask(kind, **fields)
        self._take(events)
        return events

    def fetch(self) -> list[Event]:
        """Everything that has come without being asked for."""
        events = self.page.fetch()
        self._take(events)
        return events

    def _take(self, events: list[Event]) -> None:
        for event in events:
            assert event.type != "failed", event.message
            if event.type == "lessonShown":
                self.shown = event

    def view(self) -> View:
        """The session as the lessons see it."""
        return self.page.session._lessons._views.now()

    @property
    def stage(self) -> str:
        assert self.shown is not None
        stage: str = self.shown.stage
        return stage

    def open(self, name: str) -> None:
        self.ask("openLesson", lesson=name)

    def predict(self, name: str, values: list[float] | None = None) -> None:
        self.open(name)
        assert self.shown is not None
        self.ask("predictOutcome", lesson=name, values=values or answer(self.shown.fields["question"]))

    def draw(self, points: list[float]) -> None:
        """Draw one stroke on a cleared pad."""
        self.ask("clearDrawing")
        self.ask("pen", stroke=0, points=points, width=0.08)

    def turn(self, knobs: list[int], values: list[float]) -> None:
        self.gesture += 1
        self.ask("turnKnobs", knobs=knobs, values=values, gesture=self.gesture)

    def switch(self, layer: int, neuron: int, factor: float = 0.0) -> None:
        self.gesture += 1
        self.ask("scaleNeuron", layer=layer, neuron=neuron, factor=factor, gesture=self.gesture)

    def tool(self, number: int = 0) -> None:
        assert self.shown is not None
        tool = self.shown.fields["tools"][number]
        if tool["find"] is not None:
            return  # the page shows it
        if tool["example"] is None:
            self.turn(tool["knobs"], tool["values"])
        else:
            self.ask("openExample", part="test", index=tool["example"])

    @property
    def layers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = next(e for e in self.page.greeting if e.type == "network").fields["network"][
            "layers"
        ]
        return found


def answer(question: dict[str, Any]) -> list[float]:
    """The first answer that fits a question."""
    rows = len(question["rows"])
    count = {"choices": rows, "curves": rows * len(question["points"])}.get(question["kind"], 1)
    return [0.0 if question["options"] else max(question["low"], 0.0)] * count


def solve_weighted_sum(learner: Learner) -> None:
    for points in STROKES.values():
        for x in (0.0, -0.08, 0.08):
            learner.draw([float(np.clip(each + x * (at % 2 == 0), 0, 1)) for at, each in enumerate(points)])
            if learner.stage == "done":
                return


def solve_bias(learner: Learner) -> None:
    learner.tool()
    learner.turn([learner.layers[0]["bias"] + 3], [-10.0])


def hidden(learner: Learner) -> Iterator[tuple[int, int]]:
    for number, layer in enumerate(learner.layers[:-1]):
        for neuron in range(layer["outputs"]):
            yield number, neuron


def solve_knobs(learner: Learner) -> None:
    learner.tool()
    for layer, neuron in hidden(learner):
        learner.switch(layer, neuron)
        if learner.stage == "done":
            return
        learner.switch(layer, neuron, 1.0)


def solve_function(learner: Learner) -> None:
    for points in list(STROKES.values())[:5]:
        learner.draw(points)


def solve_loops(learner: Learner) -> None:
    for layer, neuron in hidden(learner):
        learner.ask("askNeuron", layer=layer, neuron=neuron, twin=False, members=[0, 6, 8, 9])


def solve_undecided(learner: Learner) -> None:
    """Close the left side of a 3, a little more each time."""
    for share in np.linspace(0.4, 1.0, 121):
        for x0, y0, x1, y1 in ((0.46, 0.48, 0.28, 0.74), (0.3, 0.25, 0.28, 0.74)):
            x, y = x0 + (x1 - x0) * share - 0.06 * np.sin(np.pi * share), y0 + (y1 - y0) * share
            strokes = [STROKES["3"], [x0, y0, float(x), float(y)]]
            learner.ask("setDrawing", strokes=[{"points": points, "width": 0.08} for points in strokes])
            if learner.stage == "done":
                return


SOLVERS: dict[str, Callable[[Learner], None]] = {
    "undecided": solve_undecided,
    "weighted-sum": solve_weighted_sum,
    "bias": solve_bias,
    "knobs": solve_knobs,
    "function": solve_function,
    "loops": solve_loops,
    "nudges": nudges.solve,
    "race": race.solve,
    "noise": noise.solve,
    "sounds": sounds.solve,
    "grey-levels": grey_levels.solve,
    "straight-line": straight_line.solve,
    "learning-rate": learning_rate.solve,
    "convolution": convolution.solve,
}
