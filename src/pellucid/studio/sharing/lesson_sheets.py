"""The lessons that can be done in a shared page, made for its network.

Texts, questions and hints are made here, by the lessons themselves, from the network and the held-out images of the
page. What depends on what the learner does, the check and the sentences about it, is carried as syntax trees. Only what
a lesson looks at while the learner works is written again for the page, in ``web/src/offline/lessons/looks.ts``.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset
from pellucid.lessons import bias, function, knobs, undecided, weighted_sum
from pellucid.lessons.lesson import Lesson
from pellucid.lessons.view import View
from pellucid.network.network import Network
from pellucid.programs.images import from_unit
from pellucid.studio.sharing.examples import levels_of
from pellucid.studio.sharing.portable import portable

OFFLINE: tuple[Lesson, ...] = tuple(each.LESSON for each in (undecided, weighted_sum, bias, knobs, function))
"""The lessons that need one network only, in the order of the course."""


def lesson_sheets(net: Network, test: Dataset) -> list[dict[str, Any]]:
    """Return the lessons that suit a network, as ``web/src/offline/lessons/sheet.ts`` reads them."""
    view = _view(net, test)
    return [_sheet(lesson, view) for lesson in OFFLINE if lesson.unsuited(view) is None]


def _view(net: Network, test: Dataset) -> View:
    """The state of a page in which nothing was done yet."""
    unit = levels_of(test).astype(np.float32) / np.float32(255)

    def images() -> NDArray[np.generic]:
        return from_unit(unit, net.level_range).reshape(len(test), *net.input_shape)

    def train_new(rate: float, epochs: int) -> float:
        raise NotImplementedError(f"A page trains no new network (rate {rate:g}, {epochs} epochs): see `OFFLINE`.")

    return View(
        net, net, net.parameters.copy(), {}, True, test, images, lambda: test, train_new,
        inputs=np.zeros(net.input_shape, np.float32), drawn=[],
    )  # fmt: skip


def _sheet(lesson: Lesson, view: View) -> dict[str, Any]:
    question = lesson.ask(view)
    found: dict[str, Any] = msgspec.to_builtins(
        {
            "name": lesson.name,
            "number": lesson.number,
            "title": lesson.title,
            "line": lesson.line,
            "room": lesson.room,
            "place": lesson.place,
            "minutes": lesson.minutes,
            "about": lesson.about,
            "needs": lesson.needs,
            "question": question,
            "task": lesson.task(view, question),
            "hints": lesson.hints(view, question),
            "tools": lesson.tools(view, question),
            "transfer": lesson.transfer(view, 0),
            "recall": lesson.transfer(view, 1),
            "figures": dict(lesson.figures(view)),
        }
    )
    functions = portable((lesson.passed, lesson.status, lesson.gap))
    return found | {
        "functions": functions,
        "passed": lesson.passed.__name__,
        "status": lesson.status.__name__,
        "gap": lesson.gap.__name__,
    }
