"""The lesson on the learning rate: a solver, and what does not pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.fake_page import wait_for

if TYPE_CHECKING:
    from lessons.learner import Learner

EPOCHS = 5
GOOD, FAIR, SLOW, BROKEN = 2.0, 0.5, 0.01, 100.0
"""Learning rates of the usual plan: the first two read more than 90 % after five epochs."""


def plan(rate: float, **others: Any) -> dict[str, Any]:
    """The usual plan at a learning rate."""
    layers = [{"size": 16, "activation": "sigmoid"}, {"size": 16, "activation": "sigmoid"}]
    layers.append({"size": 10, "activation": "softmax"})
    optimizer = {"kind": "sgd", "learningRate": rate}
    return {
        "layers": layers, "loss": "cross_entropy", "optimizer": optimizer, "batchSize": 32, "data": "digits",
        "seed": 0, **others,
    }  # fmt: skip


def settle(learner: Learner, ask: Callable[[], list[Any]]) -> None:
    """Ask for training, and wait until it rests."""
    seen = ask()

    def rests() -> bool:
        seen.extend(learner.fetch())
        states = [event.state for event in seen if event.type == "training"]
        return bool(states) and states[-1] in ("paused", "diverged") and not learner.page.session._learn.busy

    wait_for(rests)


def train(learner: Learner, epochs: int = EPOCHS) -> None:
    for _ in range(epochs):
        settle(learner, lambda: learner.ask("runToEpoch"))
    learner.ask("askLessons")


def run(learner: Learner, rate: float, epochs: int = EPOCHS, **others: Any) -> None:
    """Train a new network."""
    learner.ask("setUp", plan=plan(rate, **others))
    train(learner, epochs)


def solve(learner: Learner) -> None:
    """Three new networks."""
    for rate in (SLOW, GOOD, BROKEN):
        run(learner, rate)


def two_rates(learner: Learner) -> None:
    for rate in (GOOD, BROKEN):
        run(learner, rate)


def one_rate_again_and_again(learner: Learner) -> None:
    for rate in (GOOD, BROKEN, GOOD, BROKEN):
        run(learner, rate)


def none_that_is_stuck(learner: Learner) -> None:
    for rate in (FAIR, GOOD, 1.0):
        run(learner, rate)


def stuck_by_small_steps_only(learner: Learner) -> None:
    for rate in (1e-6, SLOW, GOOD):
        run(learner, rate)


def none_that_learns(learner: Learner) -> None:
    for rate in (SLOW, BROKEN, 2 * BROKEN):
        run(learner, rate)


def plans_of_their_own(learner: Learner) -> None:
    for batch, rate in ((32, GOOD), (16, BROKEN), (64, SLOW)):
        run(learner, rate, batchSize=batch)


def seeds_of_their_own(learner: Learner) -> None:
    for seed, rate in enumerate((SLOW, GOOD, BROKEN)):
        run(learner, rate, seed=seed)


def an_epoch_less(learner: Learner) -> None:
    for rate in (SLOW, GOOD, BROKEN):
        run(learner, rate, EPOCHS - 1)


def a_rate_that_changes(learner: Learner) -> None:
    for rate in (SLOW, GOOD):
        run(learner, rate)
    run(learner, FAIR, 2)
    learner.ask("setRate", learningRate=BROKEN)
    train(learner, EPOCHS)


def a_network_that_is_trained_already(learner: Learner) -> None:
    learner.ask("loadNetwork", name="digits-sigmoid")
    for rate in (SLOW, GOOD, BROKEN):
        learner.ask("setUp", plan=plan(rate), keepNetwork=True)
        train(learner)


def knobs_turned_on_the_way(learner: Learner) -> None:
    for rate in (SLOW, GOOD):
        run(learner, rate)
    run(learner, FAIR, 1)
    learner.turn(list(range(100)), [1e6] * 100)
    train(learner)


NEAR_MISSES = (
    two_rates,
    one_rate_again_and_again,
    none_that_is_stuck,
    stuck_by_small_steps_only,
    none_that_learns,
    plans_of_their_own,
    seeds_of_their_own,
    an_epoch_less,
    a_rate_that_changes,
    a_network_that_is_trained_already,
    knobs_turned_on_the_way,
)
