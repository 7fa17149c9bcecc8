"""The lesson on pixels in a line: a solver, and what does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.fake_page import wait_for

if TYPE_CHECKING:
    from lessons.learner import Learner

ORDER = 1
"""A seed of an order with which the dense networks end alike."""

CONV = "digits-conv"


def retrain(learner: Learner, shuffle: int = ORDER) -> None:
    """Train the four networks, and wait for their end."""
    seen = learner.ask("retrainShuffled", shuffle=shuffle)

    def is_over() -> bool:
        seen.extend(learner.fetch())
        return any(event.type == "retrained" and len(event.networks) == event.expected for event in seen)

    wait_for(is_over)
    learner.ask("askLessons")


def solve(learner: Learner) -> None:
    """Train in one order."""
    retrain(learner)


def subject(learner: Learner) -> str | None:
    """The convolutional network of the room: a shipped one beside a dense network."""
    return None if learner.model == CONV else CONV


def shuffled_without_training(learner: Learner) -> None:
    learner.ask("showMaps", subject=subject(learner), shuffle=ORDER)
    learner.ask("askShiftScores", subject=subject(learner), shuffle=ORDER)


def training_that_was_stopped(learner: Learner) -> None:
    learner.ask("retrainShuffled", shuffle=ORDER + 1)
    learner.page.session._convolve.close()
    wait_for(lambda: not learner.page.session._convolve._training._thread.is_alive())  # type: ignore[union-attr]
    learner.ask("askLessons")


def trained_before_the_prediction(learner: Learner) -> None:
    learner.ask("restartLesson", lesson="straight-line")
    retrain(learner)
    learner.predict("straight-line")
    learner.ask("showMaps", subject=subject(learner), shuffle=ORDER)


NEAR_MISSES = (shuffled_without_training, training_that_was_stopped, trained_before_the_prediction)
