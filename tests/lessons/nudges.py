"""The lesson on training: a solver, and what does not pass."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import pellucid as pl
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.names import knob_name

if TYPE_CHECKING:
    from lessons.learner import Learner


def asked(learner: Learner) -> dict[str, Any]:
    assert learner.shown is not None
    question: dict[str, Any] = learner.shown.fields["question"]
    return question


def image(learner: Learner) -> int:
    return int(re.findall(r"Test image (\d+)", asked(learner)["text"])[0])


def knobs(learner: Learner) -> list[int]:
    """The knobs of the question, found by their names."""
    return [knob_named(learner.model, row.split(" (input")[0]) for row in asked(learner)["rows"]]


@functools.cache
def knob_named(model: str, name: str) -> int:
    net = pl.load(model)
    every = Knobs(net)
    if name.startswith("pixel"):
        row, column, _, neuron = map(int, re.findall(r"\d+", name))
        begin = (28 * row + column) * net.layers[0].output_shape((784,))[0] + neuron
        return next(index for index in range(begin, len(every)) if knob_name(net, every[index]) == name)
    return next(index for index in reversed(range(len(every))) if knob_name(net, every[index]) == name)


def directions(derivatives: Sequence[float]) -> list[float]:
    return [2.0 if each == 0 else 1.0 if each > 0 else 0.0 for each in derivatives]


def right(learner: Learner) -> list[float]:
    """The right answers, by the engine."""
    picture, label = pl.data.load("digits").test[image(learner)]
    gradient = pl.inspect.backpropagate(pl.load(learner.model), picture, label).gradient
    return directions(gradient[knobs(learner)].tolist())


def check(learner: Learner, numbers: Sequence[int]) -> list[float]:
    """Check knobs in the room; return the finite differences."""
    found = []
    for knob in np.array(knobs(learner))[list(numbers)].tolist():
        [checked] = [e for e in learner.ask("checkNudge", kind="parameter", knob=knob) if e.type == "checked"]
        assert checked.agrees
        found.append(checked.difference)
    return found


def again(learner: Learner, values: list[float]) -> None:
    learner.ask("answerAgain", lesson="nudges", values=values)


def step(learner: Learner, of: str = "example", rate: float = 0.1) -> None:
    learner.ask("takeStep", of=of, learningRate=rate)


def backpropagate(learner: Learner, **fields: Any) -> None:
    learner.tool()
    learner.ask("askNudges", **fields)


def solve(learner: Learner) -> None:
    """Check all five, correct the answers, take the step."""
    backpropagate(learner)
    again(learner, directions(check(learner, range(5))))
    step(learner)


def all_but_the_step(learner: Learner) -> None:
    backpropagate(learner)
    again(learner, directions(check(learner, range(5))))


def a_step_alone(learner: Learner) -> None:
    backpropagate(learner)
    step(learner)


def three_right(learner: Learner) -> None:
    backpropagate(learner)
    answers = directions(check(learner, range(5)))
    again(learner, [(each + 1) % 3 if at in (0, 3) else each for at, each in enumerate(answers)])
    step(learner)


def corrected_without_checks(learner: Learner) -> None:
    backpropagate(learner)
    check(learner, [3])
    again(learner, right(learner))
    step(learner)


def another_image(learner: Learner) -> None:
    learner.ask("openExample", part="test", index=image(learner) + 1)
    learner.ask("askNudges")
    check(learner, range(5))
    again(learner, right(learner))
    step(learner)


def another_target(learner: Learner) -> None:
    label = int(pl.data.load("digits").test.labels[image(learner)])
    backpropagate(learner, label=(label + 1) % 10)
    check(learner, range(5))
    again(learner, right(learner))
    step(learner)


def a_step_on_a_batch(learner: Learner) -> None:
    backpropagate(learner)
    again(learner, directions(check(learner, range(5))))
    learner.ask("askBatchNudges", part="train", indices=list(range(16)))
    step(learner, "batch")


def a_step_that_changes_nothing(learner: Learner) -> None:
    backpropagate(learner)
    again(learner, directions(check(learner, range(5))))
    step(learner, rate=1e-30)


def checked_with_turned_knobs(learner: Learner) -> None:
    learner.turn([0], [0.5])
    backpropagate(learner)
    again(learner, directions(check(learner, range(5))))
    step(learner)


NEAR_MISSES = (
    all_but_the_step,
    a_step_alone,
    three_right,
    corrected_without_checks,
    another_image,
    another_target,
    a_step_on_a_batch,
    a_step_that_changes_nothing,
    checked_with_turned_knobs,
)
