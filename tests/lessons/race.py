"""The lesson on ReLU and sigmoid: a solver, and what does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.fake_page import wait_for

if TYPE_CHECKING:
    from lessons.learner import Learner


def contestant(activation: str, widths: tuple[int, ...] = (16, 16), rate: float = 0.1, kind: str = "sgd") -> Any:
    layers = [{"size": size, "activation": activation} for size in widths]
    layers.append({"size": 10, "activation": "softmax"})
    return {"name": activation, "layers": layers, "optimizer": {"kind": kind, "learningRate": rate}}


def set_up(learner: Learner, *contestants: Any, **others: Any) -> None:
    both = contestants or (contestant("sigmoid"), contestant("relu"))
    plan = {"contestants": list(both), "loss": "cross_entropy", "batchSize": 32, "epochs": 1, "seed": 0, **others}
    learner.ask("setUpRace", plan=plan)


def run(learner: Learner, kind: str = "runRace", state: str = "finished", **fields: Any) -> None:
    """Run, and see the end."""
    seen = learner.ask(kind, **fields)

    def is_over() -> bool:
        seen.extend(learner.fetch())
        return any(event.type == "race" and event.state == state for event in seen)

    wait_for(is_over)
    learner.ask("askRace")


def solve(learner: Learner) -> None:
    """Run the race that is asked for."""
    set_up(learner)
    run(learner)


def half_a_race(learner: Learner) -> None:
    set_up(learner)
    run(learner, "stepRace", "paused", count=125)


def begun_before_the_curves(learner: Learner) -> None:
    """Draw the curves once one has seen how the race begins."""
    learner.ask("restartLesson", lesson="race")
    set_up(learner)
    run(learner, "stepRace", "paused", count=60)
    learner.predict("race")
    run(learner)


def run_before_the_curves(learner: Learner) -> None:
    learner.ask("restartLesson", lesson="race")
    solve(learner)
    learner.predict("race")
    learner.ask("goToRace", step=0)
    learner.ask("goToRace", step=250)


def another_rate(learner: Learner) -> None:
    set_up(learner, contestant("sigmoid", rate=0.5), contestant("relu", rate=0.5))
    run(learner)


def rates_of_their_own(learner: Learner) -> None:
    set_up(learner, contestant("sigmoid", rate=1.0), contestant("relu"))
    run(learner)


def other_widths(learner: Learner) -> None:
    set_up(learner, contestant("sigmoid", (16,)), contestant("relu", (16,)))
    run(learner)


def another_activation(learner: Learner) -> None:
    set_up(learner, contestant("tanh"), contestant("relu"))
    run(learner)


def starts_of_their_own(learner: Learner) -> None:
    set_up(learner, start="usual")
    run(learner)


def two_epochs(learner: Learner) -> None:
    set_up(learner, epochs=2)
    run(learner)


NEAR_MISSES = (
    half_a_race,
    begun_before_the_curves,
    run_before_the_curves,
    another_rate,
    rates_of_their_own,
    other_widths,
    another_activation,
    starts_of_their_own,
    two_epochs,
)
