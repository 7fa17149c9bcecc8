"""Ctrl-C during training: a long step is given up at once, what was trained is accounted for, and training resumes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.engine.compiler.guard import guarded
from pellucid.engine.compiler.target import plain_python

pytestmark = pytest.mark.skipif(
    plain_python() or guarded() or os.name != "posix", reason="compiled code that shares a flag, and signals"
)


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_after(seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def images(count: int) -> pl.data.Dataset:
    rng = np.random.default_rng(1)
    return pl.data.Dataset(rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count))


def dense() -> pl.Trainer:
    net = pl.Network([pl.Dense(700, "relu"), pl.Dense(700, "relu"), pl.Dense(10, "softmax")])
    return pl.Trainer(net, images(3000), optimizer=pl.Adam(0.001), batch_size=3000)


def convolutional() -> pl.Trainer:
    layers = [pl.Conv2d(16, 5, activation="relu"), pl.Conv2d(16, 5, activation="relu"), pl.Flatten()]
    net = pl.Network([*layers, pl.Dense(10, "softmax")])
    return pl.Trainer(net, images(1000), optimizer=pl.Adam(0.001), batch_size=1000)


def recurrent(layer: Any = None) -> pl.Trainer:
    rng = np.random.default_rng(1)
    data = pl.data.Sequences([rng.random((100, 40), np.float32) for _ in range(300)], [i % 10 for i in range(300)])
    layer = layer or pl.LSTM(96, outputs="last")
    net = pl.Network([layer, pl.Dense(10, "softmax")], input_shape=(None, 40))
    return pl.Trainer(net, data, optimizer=pl.Adam(0.001), batch_size=300)


def gated() -> pl.Trainer:
    return recurrent(pl.GRU(128, outputs="last"))


@pytest.mark.parametrize("make", [dense, convolutional, recurrent, gated])
def test_a_long_step_is_given_up_and_leaves_no_trace(make: type) -> None:
    trainer, twin = make(), make()
    trainer.take_steps(1)
    twin.take_steps(1)
    for _ in range(2):
        timer = interrupt_after(0.1)
        with pytest.raises(KeyboardInterrupt):
            trainer.take_steps(20)
        timer.join()
    while twin.step < trainer.step:
        twin.take_steps(1)
    np.testing.assert_array_equal(trainer.net.parameters, twin.net.parameters)
    assert trainer.take_steps(1) == twin.take_steps(1)
    np.testing.assert_array_equal(trainer.net.parameters, twin.net.parameters)


def test_steps_taken_before_an_interrupt_count() -> None:
    """The bits are those of an uninterrupted training, wherever the signals came."""
    layers = [pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")]
    trainer, twin = (
        pl.Trainer(pl.Network(layers), images(3000), optimizer=pl.Momentum(0.1), batch_size=10) for _ in range(2)
    )
    came = 0
    for i in range(12):
        try:
            interrupt_after(0.005 + 0.001 * i)
            while True:
                trainer.take_steps(300)
        except KeyboardInterrupt:
            came += 1
    assert came == 12
    trainer.take_steps(1)
    twin.take_steps(trainer.step)
    np.testing.assert_array_equal(trainer.net.parameters, twin.net.parameters)
    assert trainer.state.loss_sum == twin.state.loss_sum


def test_a_handler_that_does_not_raise_lets_training_go_on() -> None:
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    trainer = convolutional()
    trainer.take_steps(1)
    timer = interrupt_after(0.05)
    losses = trainer.take_steps(2)
    timer.join()
    assert (came, len(losses), trainer.step) == ([signal.SIGINT], 2, 3)
    assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
