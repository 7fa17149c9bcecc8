"""Readings: best guess and runner-up, in numbers and in words."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ShapeError
from pellucid.network.prediction import Reading


def reading(*outputs: float) -> Reading:
    return Reading(np.array(outputs, np.float32), tuple("abcdefghij"[: len(outputs)]))


def test_best_and_runner_up() -> None:
    told = reading(0.1, 0.6, 0.3)
    assert (told.best, told.runner_up) == ("b", "c")
    assert told.confidence == pytest.approx(0.6)
    assert told.order.tolist() == [1, 2, 0]
    assert str(told) == "b at 0.60, then c at 0.30"


def test_equal_outputs_come_in_the_order_of_the_classes() -> None:
    assert reading(0.2, 0.4, 0.4).order.tolist() == [1, 2, 0]
    assert str(reading(0.5, 0.5)) == "a at 0.50, then b at 0.50"


def test_one_class_has_no_runner_up() -> None:
    told = reading(0.9)
    assert (told.best, told.runner_up, str(told)) == ("a", None, "a at 0.90")


def test_a_network_reads_one_image() -> None:
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=(2, 2), classes=["x", "y", "z"])
    told = net.read(np.ones((2, 2)))
    assert told.best == "xyz"[int(net(np.ones(4)).argmax())]
    np.testing.assert_array_equal(told.outputs, net(np.ones(4)))
    with pytest.raises(ShapeError, match="read expected one input"):
        net.read(np.ones((1, 2, 2)))
