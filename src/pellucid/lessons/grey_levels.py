"""Lesson: a pixel holds 0 to 9. A digit is in the shape of its ink, hardly in the shades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.inspect.grey_levels import levels_present, with_grey_levels
from pellucid.lessons.changes import changes
from pellucid.lessons.lesson import Lesson, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View
from pellucid.network.network import Network
from pellucid.programs.images import from_unit, to_unit

TEN = 10
SMALL = 0.01
"""A change of accuracy that hardly matters."""


def _accuracy(net: Network, data: Dataset) -> float:
    """Return the share of images that a network reads correctly, whatever their levels."""
    unit = to_unit(data.images.reshape(len(data), -1), data.unit_range)
    outputs = np.nan_to_num(np.asarray(net(from_unit(unit, net.level_range).reshape(-1, *net.input_shape))))
    return float((outputs.argmax(axis=1) == data.labels).mean())


def _present(view: View) -> int:
    """Return how many levels the held-out images have as they are."""
    found: int = view.known("levels", lambda: levels_present(view.test))
    return found


def _with_levels(view: View, levels: int) -> float:
    """Return the accuracy of the trained network on images with so many levels."""
    found: float = view.known(
        f"levels {levels}", lambda: _accuracy(view.trained_net(), with_grey_levels(view.test, levels))
    )
    return found


def _unsuited(view: View) -> str | None:
    if not view.reads_images or view.test.level_range is None:
        return "It needs a network that reads images by class: open digits-sigmoid or digits-relu."
    if _present(view) <= TEN:
        return f"It needs images with more than {TEN} grey levels, these have {_present(view)}: choose other data."
    return None


def _ask(view: View) -> Question:
    before = view.known("accuracy", lambda: view.accuracy(view.trained_net()))
    return Question(
        "number",
        f"These {len(view.test):,} test images have {_present(view)} different grey levels, and the network reads "
        f"{percent(before)} of them correctly. What percentage does it read correctly when every pixel is rounded to "
        "one of ten levels, 0 to 9?",
        unit="%",
        truth=(100 * _with_levels(view, TEN),),
        tolerance=0.5,
        setting={"before": before, "levels": float(_present(view)), "begun": float(view.grey_levels or 0)},
    )


def _task(view: View, question: Question) -> str:
    return (
        "In Read, under Grey levels, type 10: the network then reads your drawing and all test images with ten levels, "
        "and the accuracy at the top of the page is that of these images. Try fewer levels too, as few as you dare."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    levels = view.grey_levels or 0
    tried = [facts["chosen"] for facts in noted if "chosen" in facts]
    if len(view.turned) or view.factors:
        return None  # the outcome would not be that of the levels
    if levels in tried or (not tried and levels == question.setting["begun"]):
        return None
    if levels == 0:
        return {"chosen": 0.0}
    seen = view.evaluated()
    return {
        "chosen": float(levels), "levels": float(levels_present(seen)), "accuracy": _accuracy(view.effective, seen)
    }  # fmt: skip


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    return next((facts for facts in noted if facts.get("levels") == TEN and "accuracy" in facts), None)


def _status(question: Question, noted: Sequence[Facts]) -> str:
    tried = [facts for facts in noted if "accuracy" in facts]
    if not tried:
        return "The images have all their grey levels so far."
    listed = ", ".join(f"{facts['levels']:.0f} levels {percent(facts['accuracy'])}" for facts in tried[-5:])
    return f"So far: {listed}. Not with ten levels yet."


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    outcome, before = 100 * found["accuracy"], 100 * question.setting["before"]
    meaning = (
        "The digit is in the shape of the ink, hardly in its shades."
        if abs(outcome - before) <= 100 * SMALL
        else "This network makes use of the shades between."
    )
    return (
        f"You predicted {values[0]:.1f} %, it is {outcome:.1f} % with {found['levels']:.0f} levels, "
        f"{abs(values[0] - outcome):.1f} points apart; with all {question.setting['levels']:.0f} it was {before:.1f} "
        f"%. {meaning}"
    )


def _transfer(view: View, number: int) -> Question:
    levels = 2 if number == 0 else 4
    which = "only two levels are left, paper and ink" if levels == 2 else f"{levels} levels are left"
    return Question(
        "number",
        f"What percentage of the test images does the network read correctly when {which}?",
        unit="%",
        truth=(100 * _with_levels(view, levels),),
        tolerance=2.0,
        told=f"Computed just now with {levels} levels in every image.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "The panel Grey levels is in Read, below the pad, or on a phone below the network.",
        "A drawing changes too: the pixels at the inputs of the network are those that it reads.",
        "Type 10 into the field of the panel. The accuracy counts if no knob is turned and no neuron switched off.",
    )


LESSON = Lesson(
    name="grey-levels",
    number=1,
    title="Ten grey levels",
    line="A pixel holds 0 to 9",
    room="read",
    minutes=4,
    about="Each pixel is a number that says how much ink it holds.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("before", "levels", "begun"),
    foreign=lambda view, _question, _noted: changes(view, grey=True),
    place="Grey levels",
)
