"""Lesson: the weighted sum. A term is a weight times an input, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.excitation import responses
from pellucid.inspect.names import neuron_words
from pellucid.lessons.changes import changes
from pellucid.lessons.lesson import Lesson, Tool, last
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View, dense_places, first_layer, unsuited

SHARE = 0.6
"""The target: what this share of the held-out images stays below."""

SIGNS = ("raises the sum", "lowers the sum", "leaves the sum as it is")


def _target(view: View) -> tuple[int, float]:
    """Return the neuron of the first layer whose sum varies most over the held-out images, and its target."""

    def find() -> tuple[int, float]:
        sums = np.nan_to_num(responses(view.trained_net(), 0, view.images()).excitations.astype(np.float64))
        neuron = int(sums.std(axis=0).argmax())
        return neuron, round(float(np.quantile(sums[:, neuron], SHARE)), 1)

    found: tuple[int, float] = view.known("weighted-sum", find)
    return found


def _pixels(weights: NDArray[np.float64], ink: NDArray[np.float64]) -> list[int]:
    """Return the inked pixels of the largest and the smallest weight, and the blank one with the largest."""
    inked, blank = np.where(ink > 0.5)[0], np.where(ink == 0)[0]
    if len(inked) == 0:
        inked = np.array([ink.argmax()])
    found = {int(inked[weights[inked].argmax()]), int(inked[weights[inked].argmin()])}
    return sorted(found | ({int(blank[np.abs(weights[blank]).argmax()])} if len(blank) else set()))


def _ask(view: View) -> Question:
    neuron, target = _target(view)
    weights = np.asarray(first_layer(view.net).weight[neuron], np.float64)
    ink = view.test.images[0].reshape(-1) / max(1.0, float(view.test.images[0].max()))
    chosen = _pixels(weights, ink)
    terms = weights[chosen] * ink[chosen]
    side = view.test.images.shape[-1]
    rows = tuple(
        f"pixel ({pixel // side}, {pixel % side}): ink {ink[pixel]:.2f}, weight {weights[pixel]:+.2f}"
        for pixel in chosen
    )
    return Question(
        "choices",
        f"Test image 0 is at the inputs of {neuron_words(view.net, 0, neuron)}. What does each of these pixels, named "
        "by "
        "row and column, do to its sum?",
        SIGNS,
        rows,
        truth=tuple(float(0 if term > 0 else 1 if term < 0 else 2) for term in terms),
        setting={"neuron": float(neuron), "target": target},
        told="Each term is the weight times the ink: " + ", ".join(f"{term + 0.0:+.2f}" for term in terms) + ".",
    )


def _task(view: View, question: Question) -> str:
    neuron, target = int(question.setting["neuron"]), question.setting["target"]
    share = SHARE * 100
    return (
        f"Draw something that brings the sum z of {neuron_words(view.net, 0, neuron)} above {target:g}; {share:g} % of "
        "the test images stay below. Select the neuron to see its weights as a picture: blue is positive, orange "
        "negative."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    neuron = int(question.setting["neuron"])
    layer = first_layer(view.net)
    if not view.drawn or neuron >= len(layer.weight) or layer.weight.shape[1] != view.inputs.size:
        return None
    terms = np.asarray(layer.weight[neuron], np.float64) * np.asarray(view.inputs, np.float64).reshape(-1)
    total = float(terms.sum() + float(layer.bias[neuron]))
    best = max((facts.get("sum", -np.inf) for facts in noted), default=-np.inf)
    if not np.isfinite(total) or total <= best or changes(view):
        return None
    return {"sum": total, "positive": float(terms[terms > 0].sum()), "negative": float(terms[terms < 0].sum()),
            "bias": float(layer.bias[neuron])}  # fmt: skip


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    facts = last(noted, "sum")
    if facts is None or facts["sum"] <= question.setting["target"]:
        return None
    again = facts.get("positive", 0.0) + facts.get("negative", 0.0) + facts.get("bias", 0.0)
    return facts if abs(again - facts["sum"]) <= 1e-6 * max(1.0, abs(again)) else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    facts = last(noted, "sum")
    if facts is None:
        return "Nothing drawn for this yet. Clear the pad first."
    return f"Your best drawing so far: {facts['sum']:.2f}. The target is {question.setting['target']:g}."


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    right = sum(value == truth for value, truth in zip(values, question.truth, strict=True))
    return (
        f"You predicted {right} of {len(question.truth)} terms. In your drawing the positive terms add up "
        f"to {found['positive']:+.2f}, the negative ones to {found['negative']:+.2f}; with the bias of "
        f"{found['bias']:+.2f} "
        f"the sum is {found['sum']:.2f}. A neuron is a function of its inputs: nothing else enters."
    )


def _transfer(view: View, number: int) -> Question:
    layer = first_layer(view.net)
    neuron = (_target(view)[0] + 1 + number) % len(layer.weight)
    image = number % len(view.test)
    ink = view.test.images[image].reshape(-1) / max(1.0, float(view.test.images[image].max()))
    terms = np.asarray(layer.weight[neuron], np.float64) * ink
    positive, negative, bias = terms[terms > 0].sum(), terms[terms < 0].sum(), float(layer.bias[neuron])
    return Question(
        "number",
        f"For test image {image}, the positive terms of {neuron_words(view.net, 0, neuron)} add up to {positive:.2f}, "
        f"the negative ones to {negative:.2f}, and its bias is {bias:.2f}. What is its sum z?",
        low=-1e6,
        high=1e6,
        truth=(float(positive + negative + bias),),
        tolerance=0.06,
        told="Add all three: the bias is a term like the others.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    neuron = int(question.setting["neuron"])
    grid = np.asarray(first_layer(view.net).weight[neuron], np.float64).reshape(view.test.images.shape[1:])
    rows = np.clip(grid, 0, None).sum(axis=1)
    columns = np.clip(grid, 0, None).sum(axis=0)
    return (
        "Only ink where the weight is positive raises the sum. Where it is negative, ink lowers it.",
        f"Its positive weights are strongest around row {int(rows.argmax())} and around column "
        f"{int(columns.argmax())} of {len(columns)}.",
        "Browse the test images, find one with a large sum, and draw its shape.",
    )


def _tools(view: View, question: Question) -> tuple[Tool, ...]:
    place, neuron = dense_places(view.net)[0], int(question.setting["neuron"])
    return (Tool(f"Select {neuron_words(view.net, 0, neuron)}", find=place.bias + neuron),)


LESSON = Lesson(
    name="weighted-sum",
    number=4,
    title="The weighted sum",
    line="w₁a₁ + w₂a₂ + w₃a₃ + …",
    room="read",
    minutes=5,
    about="Each neuron multiplies every input by a weight, adds up the products and adds its bias: that is its sum z.",
    unsuited=unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    tools=_tools,
    needs=("neuron", "target"),
    foreign=lambda view, _question, _noted: changes(view),
    place="Drawing",
)
