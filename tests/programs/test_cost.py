"""The cost of a network: its multiply-adds against a count by loops, its memory against that of its plan."""

from __future__ import annotations

import pytest

import pellucid as pl
from pellucid.layers import Layer
from pellucid.programs.cost import cost_of


@pytest.mark.parametrize(
    ("layers", "shape", "products"),
    [
        ([pl.Dense(16), pl.Dense(10)], (28, 28), 784 * 16 + 16 * 10),
        ([pl.Conv2d(6, 5, padding=2)], (28, 28), 6 * 28 * 28 * 25),
        ([pl.Conv2d(2, 3), pl.Conv2d(4, 3)], (3, 8, 8), 2 * 6 * 6 * 27 + 4 * 4 * 4 * 18),
        ([pl.MaxPool2d(2)], (3, 8, 8), 3 * 4 * 4 * 4),
        ([pl.Flatten()], (3,), 3),
        ([pl.LSTM(4), pl.Dense(3)], (None, 2), 4 * 4 * (2 + 4 + 1) + 12),
    ],
)
def test_multiply_adds(layers: list[Layer], shape: tuple[int, ...], products: int) -> None:
    assert cost_of(layers, shape).products == products


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([pl.Dense(300), pl.Dense(200), pl.Dense(10)], (28, 28)),
        ([pl.Conv2d(8, 3, padding=1), pl.MaxPool2d(2), pl.Conv2d(16, 3), pl.Dense(10)], (28, 28)),
    ],
)
def test_memory_is_close_to_the_plans(layers: list[Layer], shape: tuple[int, ...]) -> None:
    memory = cost_of(layers, shape).memory
    program = pl.Network(layers, input_shape=shape).program
    real = 4 * program.plan.size
    assert memory / 4 < real < 2 * memory
