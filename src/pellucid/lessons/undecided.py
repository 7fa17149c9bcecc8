"""Lesson: 3 at 0.6, 8 at 0.4. A network that was trained to be sure is hardly ever undecided."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pellucid.lessons.changes import changes
from pellucid.lessons.lesson import Lesson, last, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View

THREE, EIGHT = 0.5, 0.25
"""What the outputs of 3 and 8 have to reach."""

AROUND = 0.05
STEP = 0.02
"""How much nearer a drawing has to come to be noted."""


def _unsuited(view: View) -> str | None:
    if not view.reads_images or tuple(view.net.classes) != tuple("0123456789"):
        return "It needs a network that reads the ten digits: open digits-sigmoid or digits-relu."
    return None


def _outputs(view: View) -> NDArray[np.float32]:
    found: NDArray[np.float32] = view.known(
        "outputs", lambda: np.nan_to_num(np.asarray(view.trained_net()(view.images())))
    )
    return found


def _ask(view: View) -> Question:
    outputs = _outputs(view)
    near = (np.abs(outputs[:, 3] - 0.6) < AROUND) & (np.abs(outputs[:, 8] - 0.4) < AROUND)
    count = len(outputs)
    return Question(
        "number",
        f"An output of 0.6 for 3 and 0.4 for 8 would say: probably a 3, perhaps an 8. For how many of {count:,} test "
        "images "
        f"are both outputs within {AROUND:g} of these?",
        unit="images",
        high=float(count),
        truth=(float(near.sum()),),
        tolerance=max(2.0, 0.002 * count),
        setting={"images": float(count), "sure": float((outputs.max(axis=1) >= 0.9).mean())},
    )


def _task(view: View, question: Question) -> str:
    return (
        f"Draw a digit that the network cannot decide on: the output of 3 at {THREE:g} or more, and that of 8 at "
        f"{EIGHT:g} or "
        "more. Watch the outputs while you draw."
    )


def _nearness(facts: Facts) -> float:
    """Return how far a drawing comes: 1 and more for both outputs reached."""
    return min(facts.get("three", 0.0) / THREE, facts.get("eight", 0.0) / EIGHT)


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    if not view.drawn or changes(view) or not view.inputs.any():
        return None
    outputs = np.nan_to_num(np.asarray(view.net(view.inputs), np.float64))
    facts = {"three": float(outputs[3]), "eight": float(outputs[8])}
    best = max(map(_nearness, noted), default=0.0)
    near = _nearness(facts)
    return facts if near > best and (near >= 1 or near > best + STEP) else None


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    facts = last(noted, "three")
    return facts if facts is not None and _nearness(facts) >= 1 else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    facts = last(noted, "three")
    if facts is None:
        return "Nothing between 3 and 8 drawn yet. Clear the pad first."
    return f"The nearest so far: 3 at {facts['three']:.2f}, 8 at {facts.get('eight', 0.0):.2f}."


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    return (
        f"You predicted {values[0]:,.0f} images, it is {question.truth[0]:,.0f} of "
        f"{question.setting['images']:,.0f}: the "
        f"network is sure at 0.9 or more of {percent(question.setting['sure'])} of them, right or wrong. Your "
        "drawing lies "
        f"between: 3 at {found['three']:.2f}, 8 at {found['eight']:.2f}. So fine a balance is rare; training rewards "
        "being "
        "sure."
    )


def _transfer(view: View, number: int) -> Question:
    outputs = _outputs(view)
    level = 0.99 if number == 0 else 0.7
    return Question(
        "number",
        f"On what percentage of the {len(outputs):,} test images is the largest output at {level:g} or more?",
        unit="%",
        truth=(100 * float((outputs.max(axis=1) >= level).mean()),),
        tolerance=5.0,
        told="Counted just now over all test images.",
    )


def _model(view: View) -> str:
    """Name the held-out image that comes nearest, as a model."""
    outputs = _outputs(view)
    image = int(np.minimum(outputs[:, 3] / THREE, outputs[:, 8] / EIGHT).argmax())
    return (
        f"Too far? Undo the last dab. Test image {image} is a model: 3 at {outputs[image, 3]:.2f}, 8 at "
        f"{outputs[image, 8]:.2f}. Its number goes into the field below the pad."
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "A 3 is an 8 whose left side is open. Draw an 8 that is read as an 8, large and in one stroke.",
        "Take the eraser and dab away its left side, a little at a time, first below and then above. The output of 3 "
        "rises with every dab.",
        _model(view),
    )


LESSON = Lesson(
    name="undecided",
    number=3,
    title="Undecided",
    line="3 at 0.6, 8 at 0.4",
    room="read",
    minutes=5,
    about="Each output is a number from 0 to 1.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("images", "sure"),
    foreign=lambda view, _question, _noted: changes(view),
    place="Drawing",
)
