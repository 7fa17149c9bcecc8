"""Lesson: ReLU against sigmoid. Which of them learns faster depends on the rate and the depth."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import DivergedError
from pellucid.layers.dense import Dense
from pellucid.lessons.deeds import Contestant, RaceEnded, RaceStarted
from pellucid.lessons.lesson import Lesson, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View
from pellucid.network.network import Network
from pellucid.training.optimizers import SGD
from pellucid.training.trainer import Trainer

ACTIVATIONS = ("sigmoid", "relu")
NAMES = ("sigmoid", "ReLU")
WIDTHS = (16, 16)
RATE, BATCH, EPOCHS = 0.1, 32, 1
POINTS = 11
"""Points of each curve, from the start of the race to its end."""

MOST_IMAGES = 8000
"""Training images for the questions afterwards, so that nobody waits for them."""

ALIKE = 0.05
"""Two accuracies count as alike up to this difference."""


def _unsuited(view: View) -> str | None:
    if not view.reads_images or view.train is None or len(view.net.classes) < 2:
        return "It needs pictures with classes to train on: open digits-sigmoid or digits-relu."
    return None


def _ask(view: View) -> Question:
    return Question(
        "curves",
        f"Two new networks with hidden layers of {WIDTHS[0]} and {WIDTHS[1]} neurons start from the same weights and "
        f"train for {EPOCHS} epoch at a learning rate of {RATE:g}, mini-batches of {BATCH}. One has sigmoid neurons, "
        "the other ReLU. Draw the accuracy of both on the test images, from left to right.",
        rows=NAMES,
        unit="%",
        setting={"rate": RATE, "epochs": float(EPOCHS), "batch": float(BATCH), "chance": 1 / len(view.net.classes)},
        points=tuple(round(EPOCHS * at / (POINTS - 1), 3) for at in range(POINTS)),
        axis="epochs",
    )


def _task(view: View, question: Question) -> str:
    return (
        f"Run this race: a sigmoid and a ReLU contestant with hidden layers {WIDTHS[0]}, {WIDTHS[1]}, SGD at rate "
        f"{RATE:g}, mini-batches of {BATCH}, {EPOCHS} epoch, the same start. It is the first of the prepared races. A "
        "race that has begun already does not count."
    )


def _places(started: RaceStarted, question: Question) -> list[int] | None:
    """Return the places of the sigmoid and the ReLU contestant in the race that was asked for; None for any other."""
    setting = question.setting
    if (started.epochs, started.batch_size) != (setting["epochs"], setting["batch"]) or not started.same_start:
        return None
    wanted = [Contestant(each, WIDTHS, "sgd", setting["rate"]) for each in ACTIVATIONS]
    if any(each not in started.contestants for each in wanted):
        return None
    return [started.contestants.index(each) for each in wanted]


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    for started in view.done(RaceStarted):
        places = _places(started, question)
        if places is not None:
            return {"begun": float(started.race), "place0": float(places[0]), "place1": float(places[1])}
    begun = next((facts for facts in reversed(noted) if "begun" in facts), None)
    for ended in view.done(RaceEnded):
        if begun is not None and begun["begun"] == ended.race:
            return _curves(ended, [int(begun["place0"]), int(begun["place1"])], question)
    return None


def _curves(ended: RaceEnded, places: Sequence[int], question: Question) -> Facts | None:
    """Return the accuracies of both contestants at the points of the curves, in percent; None if a loss diverged."""
    curves = [np.array(ended.accuracies[place], np.float64) for place in places]
    if not all(np.isfinite(curve).all() for curve in curves):
        return None
    shares = np.array(question.points) / question.points[-1]
    values = [100 * np.interp(shares, ended.times, curve) for curve in curves]
    return {f"real{at}": float(value) for at, value in enumerate(itertools.chain(*values))}


def _outcome(question: Question, found: Facts) -> tuple[float, ...]:
    return tuple(found[f"real{at}"] for at in range(question.count))


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    begun = False
    for facts in noted:
        begun = begun or "begun" in facts
        if begun and all(f"real{at}" in facts for at in range(question.count)):
            return facts
    return None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    if any("begun" in facts for facts in noted):
        return "The race has begun. Let it run to its end."
    return "Your curves are locked in. No race with these two has begun since."


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    count = len(question.points)
    drawn, real = np.array(values).reshape(2, count), np.array(_outcome(question, found)).reshape(2, count)
    far = np.abs(drawn - real).mean(axis=1)
    ends = real[:, -1] / 100
    ahead = "no one is ahead" if abs(ends[0] - ends[1]) <= ALIKE else f"{NAMES[int(ends.argmax())]} is ahead"
    return (
        f"Your curves are {far[0]:.1f} points from the real one for sigmoid and {far[1]:.1f} for ReLU, on average. In "
        f"the end sigmoid reads {percent(ends[0])} of the test images correctly and ReLU {percent(ends[1])}: {ahead}. "
        "That holds for this rate, this depth and this length. A sigmoid has a slope of at most 0.25, so its "
        "gradients are smaller, layer by layer; at a higher rate that may be an advantage."
    )


def _ends(view: View, rate: float, hidden: int, epochs: int) -> NDArray[np.float64]:
    """Return the accuracies of a sigmoid and a ReLU network after some epochs; chance where the loss diverged."""

    def find() -> NDArray[np.float64]:
        return np.array([_trained(view, activation, rate, hidden, epochs) for activation in ACTIVATIONS])

    found: NDArray[np.float64] = view.known(f"race {rate} {hidden} {epochs}", find)
    return found


def _trained(view: View, activation: str, rate: float, hidden: int, epochs: int) -> float:
    if view.train is None:
        raise TypeError("Expected training images: check `unsuited` first.")
    train, classes = view.train[:MOST_IMAGES], len(view.train.classes)
    layers = [Dense(WIDTHS[0], activation, "glorot_uniform") for _ in range(hidden)]
    net = Network([*layers, Dense(classes, "softmax", "glorot_uniform")], input_shape=train.shape, seed=0)
    trainer = Trainer(net, train, loss="cross_entropy", optimizer=SGD(rate), batch_size=BATCH, seed=0)
    try:
        for _ in trainer.run(epochs):
            pass
    except DivergedError:
        return 1 / classes
    outputs = np.nan_to_num(np.asarray(net(view.test.images)))
    return float((outputs.argmax(axis=1) == view.test.labels).mean())


def _transfer(view: View, number: int) -> Question:
    rate, hidden, epochs = (1.0, 2, 10) if number == 0 else (RATE, 5, 5)
    sigmoid, relu = _ends(view, rate, hidden, epochs)
    truth = 2 if abs(sigmoid - relu) <= ALIKE else 1 if relu > sigmoid else 0
    count = min(MOST_IMAGES, 0 if view.train is None else len(view.train))
    return Question(
        "choice",
        f"The same two with {hidden} hidden layers of {WIDTHS[0]}, a rate of {rate:g} and {epochs} epochs of {count:,} "
        "training images: which reads more test images correctly in the end?",
        ("the sigmoid network", "the ReLU network", f"both alike, within {100 * ALIKE:.0f} points"),
        truth=(float(truth),),
        told=f"Trained just now: sigmoid {percent(sigmoid)}, ReLU {percent(relu)}.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "In Race choose “Sigmoid against ReLU, rate 0.1, one epoch” under Prepared races, then press Run.",
        "Were settings changed, or has the race begun already? New race prepares another one from the settings shown.",
        "The race counts once it has reached its last mini-batch.",
    )


LESSON = Lesson(
    name="race",
    number=10,
    title="ReLU against sigmoid",
    line="ReLU, which is easier to train than sigmoid",
    room="race",
    minutes=6,
    about="The activation function decides how much of a gradient passes through a neuron.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("rate", "epochs", "batch"),
    place="Contestants",
    counts=(RaceStarted, RaceEnded),
    outcome=_outcome,
)
