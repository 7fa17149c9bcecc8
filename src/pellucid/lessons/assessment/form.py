"""Draws the two forms of a course's test."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np

from pellucid.lessons.assessment import neurons, pictures, sounds, steps
from pellucid.lessons.assessment.variant import Maker, Variant
from pellucid.lessons.records import Form, Question
from pellucid.lessons.view import View, unsuited

LEAST, MOST = 8, 14
"""Fewest and most questions of a form: one about each lesson, if there are enough of them."""

TAUGHT: dict[str, tuple[Maker, ...]] = {
    "grey-levels": (pictures.levels,),
    "straight-line": (pictures.shuffled,),
    "undecided": (pictures.sureness,),
    "weighted-sum": (neurons.term, neurons.activation),
    "bias": (neurons.summed, neurons.threshold),
    "knobs": (neurons.one_weight, neurons.own_knobs, neurons.one_neuron),
    "function": (pictures.unchanged, pictures.again),
    "learning-rate": (steps.step,),
    "nudges": (steps.direction, steps.step),
    "race": (neurons.activation,),
    "loops": (neurons.pairs, neurons.before_training),
    "noise": (pictures.noise,),
    "convolution": (pictures.shifted, pictures.shuffled),
    "sounds": (sounds.carrier, sounds.rest),
}
"""What is asked about each lesson, by its name."""


def unsuited_for_test(view: View) -> str | None:
    """Return why no test can be made of a session's network; None if one can."""
    reason = unsuited(view)
    if reason is None and len(view.test) < 100:
        return "It needs at least 100 test images: open other data."
    return reason or (None if _is_finite(view) else "Its numbers overflow: open digits-sigmoid or digits-relu.")


def _is_finite(view: View) -> bool:
    with np.errstate(all="ignore"):
        trace = view.trained_net().trace(view.images()[:100])
    return all(bool(np.isfinite(trace[number].sums).all()) for number in range(len(view.net.layers)))


def draw_form(view: View, lessons: Sequence[str], seed: int, form: Form) -> tuple[Question, ...]:
    """Return the questions of a form about some lessons.

    Both forms ask about the same things in the same order, each about other neurons and images.

    Parameters
    ----------
    view : View
        A session whose network is not `unsuited_for_test`.
    lessons : sequence of str
        Names of lessons. Where none of them has questions, those of all lessons are asked. Sounds are asked about
        where the session has a network that hears them.
    seed : int
        The same for both forms.
    form : {"before", "after"}
    """
    askable = [name for name in TAUGHT if name != "sounds" or sounds.hears(view)]
    makers = _makers([name for name in lessons if name in askable] or askable)
    asked: dict[str, int] = {}
    questions: list[Question] = []
    for maker in cycle(makers):
        if len(questions) >= max(LEAST, min(MOST, len(makers))):
            break
        number = asked.get(maker.__name__, 0)
        asked[maker.__name__] = number + 1
        with np.errstate(all="ignore"):
            questions.append(maker(view, Variant(seed, maker.__name__, 2 * number + (form == "after"))))
    return tuple(questions)


def _makers(lessons: Sequence[str]) -> list[Maker]:
    """The first question about each lesson, then the second ones, and so on, each once."""
    deepest = max(len(TAUGHT[name]) for name in lessons)
    found = [TAUGHT[name][depth] for depth in range(deepest) for name in lessons if depth < len(TAUGHT[name])]
    return list(dict.fromkeys(found))
