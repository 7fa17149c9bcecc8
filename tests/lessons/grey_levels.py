"""The lesson on grey levels: a solver, and what does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lessons.learner import Learner

ROUND = [0.5, 0.15, 0.3, 0.28, 0.25, 0.5, 0.32, 0.75, 0.5, 0.85, 0.68, 0.73, 0.74, 0.5, 0.5, 0.15]


def round_to(learner: Learner, levels: int | None) -> None:
    learner.gesture += 1
    learner.ask("setGreyLevels", levels=levels, gesture=learner.gesture)


def solve(learner: Learner) -> None:
    """Try two levels, then ten."""
    round_to(learner, 2)
    round_to(learner, 10)


def other_numbers_of_levels(learner: Learner) -> None:
    for levels in (9, 11, 5, 256, 2):
        round_to(learner, levels)


def ten_with_a_turned_knob(learner: Learner) -> None:
    learner.turn([learner.layers[0]["bias"]], [3.0])
    round_to(learner, 10)


def ten_with_a_neuron_switched_off(learner: Learner) -> None:
    learner.switch(0, 3)
    round_to(learner, 10)


def a_picture_of_ten_levels(learner: Learner) -> None:
    learner.ask("openPixels", pixels=(np.arange(784) % 10 / 9).tolist())


def ten_before_the_prediction(learner: Learner) -> None:
    learner.ask("restartLesson", lesson="grey-levels")
    round_to(learner, 10)
    learner.predict("grey-levels")
    learner.draw(ROUND)


NEAR_MISSES = (
    other_numbers_of_levels,
    ten_with_a_turned_knob,
    ten_with_a_neuron_switched_off,
    a_picture_of_ten_levels,
    ten_before_the_prediction,
)
