"""The lesson on convolution: a solver, and what does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lessons.straight_line import retrain, subject

if TYPE_CHECKING:
    from lessons.learner import Learner


def shift(learner: Learner, right: int, down: int = 0, **others: Any) -> None:
    """Shift the picture, and look at the accuracies."""
    learner.ask("showMaps", subject=subject(learner), right=right, down=down, **others)
    learner.ask("askShiftScores", subject=subject(learner), right=right, down=down, **others)


def solve(learner: Learner) -> None:
    """Shift by three pixels, then train on shuffled pictures."""
    shift(learner, 3)
    retrain(learner)


def two_pixels(learner: Learner) -> None:
    shift(learner, 2)
    retrain(learner)


def three_pixels_elsewhere(learner: Learner) -> None:
    for right, down in ((0, 3), (-3, 0), (3, 1), (3, -3)):
        shift(learner, right, down)
    retrain(learner)


def shifted_and_shuffled(learner: Learner) -> None:
    shift(learner, 3, shuffle=1)
    retrain(learner)


def seen_but_not_measured(learner: Learner) -> None:
    learner.ask("showMaps", subject=subject(learner), right=3)
    retrain(learner)


def shifted_only(learner: Learner) -> None:
    shift(learner, 3)


def trained_only(learner: Learner) -> None:
    retrain(learner)


def with_other_grey_levels(learner: Learner) -> None:
    learner.ask("setGreyLevels", levels=2, gesture=1)
    shift(learner, 3)
    retrain(learner)


NEAR_MISSES = (
    two_pixels,
    three_pixels_elsewhere,
    shifted_and_shuffled,
    seen_but_not_measured,
    shifted_only,
    trained_only,
    with_other_grey_levels,
)
