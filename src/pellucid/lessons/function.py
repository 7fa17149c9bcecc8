"""Lesson: the network is a function. Reading changes nothing in it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from pellucid.lessons.lesson import Lesson, last
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View

DRAWINGS = 5

SAME = 0.004
"""How far apart two drawings begin, in sides of the pad, if they count as two."""

SHORTEST = 0.3
"""Length of ink from which something counts as a drawing, in sides of the pad: a dot is none."""


def _ask(view: View) -> Question:
    count = view.net.parameter_count
    return Question(
        "choice",
        f"You will draw {DRAWINGS} digits, and the network reads them. Which of its {count:,} weights and biases "
        "change while "
        "it reads?",
        (
            "all of them, a little: it learns while it reads",
            "those of the neurons that fire",
            "only those that lead to the digit that it reads",
            "none of them",
        ),
        truth=(3.0,),
        setting={"knobs": float(count)},
        told="Reading is not learning.",
    )


def _task(view: View, question: Question) -> str:
    return f"Draw {DRAWINGS} digits, one after the other. Clear the pad after each. The bits of all knobs are compared."


def _begin(strokes: Sequence[Sequence[float]]) -> dict[str, float] | None:
    """Return where a drawing begins, and where its line is `SHORTEST` long; None for a shorter one.

    Both tell drawings apart, and stay as they are while a drawing grows.
    """
    left = SHORTEST
    for stroke in strokes:
        places = np.asarray(stroke, np.float64).reshape(-1, 2)
        for start, end in itertools.pairwise(places):
            length = float(np.hypot(*(end - start)))
            if length >= left:
                x, y = start + (end - start) * (left / length)
                return {"x0": float(strokes[0][0]), "y0": float(strokes[0][1]), "x": float(x), "y": float(y)}
            left -= length
    return None


def _is_known(begin: dict[str, float], noted: Sequence[Facts]) -> bool:
    """Whether a drawing was counted before: brought back by undoing, or by a link."""
    return any(
        "bits" in facts and all(abs(facts.get(name, np.inf) - value) < SAME for name, value in begin.items())
        for facts in noted
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    latest = noted[-1] if noted else None
    if not view.drawn or not view.inputs.any():
        return {"cleared": 1.0} if latest is not None and "bits" in latest else None
    begin = _begin(view.drawn)
    if (latest is not None and "bits" in latest and latest["bits"] == view.bits) or begin is None:
        return None
    if _is_known(begin, noted):
        return None
    return begin | {"bits": float(view.bits), "reading": float(np.nan_to_num(view.effective(view.inputs)).argmax())}


def _drawings(noted: Sequence[Facts]) -> int:
    """Return how many drawings the network has read since its bits changed last."""
    count, bits = 0, None
    for facts in noted:
        if "bits" in facts:
            count = count + 1 if bits in (None, facts["bits"]) else 1
            bits = facts["bits"]
    return count


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    count, latest = _drawings(noted), last(noted, "bits")
    return {"drawings": float(count)} if count >= DRAWINGS and latest is not None else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    count = _drawings(noted)
    return f"{count} of {DRAWINGS} drawings read with the same bits."


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    said = "as you predicted" if values == question.truth else f"not “{question.options[int(values[0])]}”"
    return (
        f"After {found['drawings']:.0f} drawings, 0 of {question.setting['knobs']:,.0f} knobs have changed, {said}: "
        "all bits "
        "are the same. The network is a function from pixels to outputs. Only training changes it, in the room Learn."
    )


def _transfer(view: View, number: int) -> Question:
    image = view.images()[number % len(view.test)]
    first, second = np.asarray(view.net(image)), np.asarray(view.net(image))
    same = first.tobytes() == second.tobytes()
    return Question(
        "choice",
        f"The network reads test image {number % len(view.test)} twice. How do the outputs of the second reading "
        "compare with "
        "those of the first?",
        (
            "surer, since it has seen the image before",
            "slightly different, since neurons are noisy",
            "equal in every bit",
        ),
        truth=(2.0,) if same else (1.0,),
        told="Both were computed just now, and their bits compared.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "The pad is in the room Read. The button under it clears it.",
        "A drawing counts once it has a stroke about a third as long as the pad.",
        "If you turn a knob between two drawings, the bits change and the count begins again.",
    )


LESSON = Lesson(
    name="function",
    number=7,
    title="The network is a function",
    line="The entire network is just a function",
    room="read",
    minutes=4,
    about="The network reads whatever you draw, at once.",
    unsuited=lambda view: None if view.reads_images else "It needs a network that reads images by class.",
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("knobs",),
    place="Drawing",
)
