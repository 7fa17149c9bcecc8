"""Lesson: the bias as a threshold. It decides how large the weighted sum has to be before a neuron fires."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.inspect.names import neuron_words
from pellucid.lessons.changes import changes
from pellucid.lessons.lesson import Lesson, Tool, last, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View, dense_places, unsuited

THRESHOLD = 10.0
CLOSE = 0.05


def _biases(view: View) -> np.ndarray:
    """Return the indices of all biases."""
    places = dense_places(view.net)
    return np.concatenate([np.arange(place.bias, place.bias + place.neurons) for place in places])


def _ask(view: View) -> Question:
    count = len(_biases(view))
    before = view.known("accuracy", lambda: view.accuracy(view.trained_net()))
    return Question(
        "number",
        f"The network reads {percent(before)} of {len(view.test):,} test images correctly. What percentage does it "
        "read "
        f"correctly when all {count} biases are 0?",
        unit="%",
        setting={"before": before, "biases": float(count)},
    )


def _task(view: View, question: Question) -> str:
    return (
        f"Set all {question.setting['biases']:.0f} biases to 0 and see the accuracy. Then let one neuron of hidden "
        "layer "
        f"1, and no other, fire only when its weighted sum of pixels exceeds {THRESHOLD:g}: select a neuron in Turn, "
        "press its bias and type another value."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    indices = _biases(view)
    values = view.net.parameters[indices]
    if changes(view, indices):
        return None  # the outcome would not be that of the biases
    if not values.any():
        return None if last(noted, "zeros") else {"zeros": float(len(values)), "accuracy": view.accuracy(view.net)}
    first = dense_places(view.net)[0]
    own = values[: first.neurons]
    fitting = np.flatnonzero(np.abs(own + THRESHOLD) <= CLOSE)
    others = np.delete(values, fitting)
    expected = np.delete(view.trained[indices], fitting)
    untouched = not others.any() or bool((others == expected).all())
    if len(fitting) != 1 or not untouched or last(noted, "neuron"):
        return None
    neuron = int(fitting[0])
    return {"neuron": float(neuron), "bias": float(own[neuron])}


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    zeros, one = last(noted, "zeros"), last(noted, "neuron")
    if zeros is None or one is None or abs(one.get("bias", 0.0) + THRESHOLD) > CLOSE:
        return None
    return zeros | one if zeros["zeros"] == question.setting["biases"] and "accuracy" in zeros else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    zeros, one = last(noted, "zeros"), last(noted, "neuron")
    if zeros is None:
        return f"Not all {question.setting['biases']:.0f} biases are 0 yet." + (
            " The threshold is done." if one else ""
        )
    done = f"With all biases at 0, {percent(zeros.get('accuracy', 0.0))} are read correctly."
    return f"{done} Now the threshold: no single neuron fires above {THRESHOLD:g} yet."


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    outcome, before = 100 * found["accuracy"], 100 * question.setting["before"]
    lost = before - outcome
    meaning = (
        "The biases carry little of what was learned: the weights hold most of it."
        if lost < 10
        else "This network leans on its biases."
    )
    return (
        f"You predicted {values[0]:.1f} %, it is {outcome:.1f} %, {abs(values[0] - outcome):.1f} points apart; with "
        "its "
        f"biases it was {before:.1f} %. {meaning} Neuron {found['neuron']:.0f} of hidden layer 1 now has the bias "
        f"{found['bias']:g}: "
        "it fires "
        f"when its weighted sum exceeds {-found['bias']:g}."
    )


def _transfer(view: View, number: int) -> Question:
    place = dense_places(view.net)[0]
    values = view.trained[place.bias : place.bias + place.neurons]
    neuron = int(np.argsort(-np.abs(values), kind="stable")[number % len(values)])
    bias = float(values[neuron])
    return Question(
        "choice",
        f"As trained, {neuron_words(view.net, 0, neuron)} has the bias {bias:+.2f}. What does its weighted sum of "
        "pixels "
        "have to exceed for it to fire?",
        (f"{bias:+.2f}", f"{-bias:+.2f}", "0, whatever the bias", "the bias of the next layer"),
        truth=(1.0,),
        told="It fires when the sum plus the bias exceeds 0, so the threshold is minus the bias.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "The button below the task sets all biases to 0. The status bar shows the accuracy.",
        "A neuron fires when weighted sum + bias > 0. Which bias makes that the same as weighted sum > 10?",
        f"Its bias has to be {-THRESHOLD:g}. The dial ends before that; the field “value” takes it.",
    )


def _tools(view: View, question: Question) -> tuple[Tool, ...]:
    indices = tuple(int(index) for index in _biases(view))
    return (Tool(f"Set all {len(indices)} biases to 0", indices, (0.0,) * len(indices)),)


LESSON = Lesson(
    name="bias",
    number=5,
    title="The bias is a threshold",
    line="w₁a₁ + w₂a₂ + … − 10: the bias",
    room="turn",
    minutes=5,
    about="Before its activation function, every neuron adds one more number to its weighted sum: its bias. Above 0, "
    "it is said to fire.",
    unsuited=lambda view: unsuited(view, ("sigmoid", "relu")),
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    tools=_tools,
    needs=("before", "biases"),
    foreign=lambda view, _question, _noted: changes(view, _biases(view)),
)
