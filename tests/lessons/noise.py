"""The lesson on noise: a solver, and what does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import pellucid as pl

if TYPE_CHECKING:
    from lessons.learner import Learner


def judged(learner: Learner, last: str) -> dict[str, Any]:
    """The strangers of the room, by kind, once all up to the last kind are judged."""
    while True:
        [found] = [event for event in learner.ask("askSureness") if event.type == "sureness"]
        kinds = {each["kind"]: each for each in found.kinds}
        if kinds[last]["count"] == kinds[last]["total"]:
            return kinds


def put(learner: Learner, picture: np.ndarray) -> None:
    learner.ask("openPixels", pixels=np.clip(picture, 0, 1).reshape(-1).astype(float).tolist())


def solve(learner: Learner) -> None:
    """Open the noise that the network is surest of."""
    put(learner, judged(learner, "noise")["noise"]["pixels"][0])


def digits_that_it_is_sure_of(learner: Learner) -> None:
    for index in range(30):
        learner.ask("openExample", part="test", index=index)


def other_strangers(learner: Learner) -> None:
    kinds = judged(learner, "blank")
    for name in ("letters", "scribbles", "shifted", "blank"):
        assert name == "blank" or kinds[name]["sureness"][0] >= 0.9
        for picture in kinds[name]["pixels"]:
            put(learner, picture)


def noise_that_it_is_not_sure_of(learner: Learner) -> None:
    noise = pl.inspect.strangers("noise", 200)
    largest = pl.load(learner.model)(noise).max(axis=1)
    for picture in noise[(largest < 0.9)][:20]:
        put(learner, picture)


def digits_in_noise(learner: Learner) -> None:
    """Digits that show through noise: a network may well be sure of these."""
    images, noise = pl.data.load("digits").test.images[:60] / 255, pl.inspect.strangers("noise", 60)
    for share in (0.4, 0.55, 0.7):
        for picture in share * images + (1 - share) * noise:
            put(learner, picture)


def noise_in_a_corner(learner: Learner) -> None:
    for number, picture in enumerate(pl.inspect.strangers("noise", 40)):
        picture[14:] = 0
        picture[:, 14:] = 0
        put(learner, np.roll(picture, (7 * (number % 3), 7 * (number % 2)), (0, 1)))


def noise_with_turned_knobs(learner: Learner) -> None:
    learner.turn([learner.layers[-1]["bias"]], [30.0])
    for picture in pl.inspect.strangers("noise", 5):
        put(learner, picture)


def noise_with_a_neuron_switched(learner: Learner) -> None:
    learner.switch(0, 0, 50.0)
    solve(learner)


NEAR_MISSES = (
    digits_that_it_is_sure_of,
    other_strangers,
    noise_that_it_is_not_sure_of,
    digits_in_noise,
    noise_in_a_corner,
    noise_with_turned_knobs,
    noise_with_a_neuron_switched,
)
