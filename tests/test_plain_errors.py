"""Mistakes that users of the library make are refused in one sentence that says what to do."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import pellucid as pl

ROWS = np.random.default_rng(0).random((20, 4))
CLASSES = (ROWS[:, 0] > 0.5).astype(int)
MASKED = np.ma.masked_array(ROWS, mask=ROWS > 0.5)


def net() -> pl.Network:
    return pl.Network([pl.Dense(3, "relu"), pl.Dense(2, "softmax")], input_shape=(4,))


def trainer() -> pl.Trainer:
    return pl.Trainer(net(), pl.data.Dataset(ROWS, CLASSES))


MISTAKES: dict[str, tuple[Callable[[], object], type[pl.PellucidError], str]] = {
    "validation as a tuple": (
        lambda: list(trainer().run(1, validation=(ROWS, CLASSES))), pl.ConfigurationError, "Dataset"
    ),
    "training on a tuple": (lambda: pl.Trainer(net(), (ROWS, CLASSES)), pl.ConfigurationError, "Dataset"),
    "a convolution of sequences": (
        lambda: pl.Network([pl.Conv2d(3, 3), pl.Dense(2)], input_shape=(None, 4)), pl.ShapeError, "sequences"
    ),
    "pooling of sequences": (lambda: pl.Network([pl.MaxPool2d(2)], input_shape=(None, 4)), pl.ShapeError, "sequences"),
    "a pickled trainer": (lambda: pickle.dumps(trainer()), pl.ConfigurationError, "checkpoint"),
    "a copied trainer": (lambda: copy.copy(trainer()), pl.ConfigurationError, "checkpoint"),
    "a deeply copied trainer": (lambda: copy.deepcopy(trainer()), pl.ConfigurationError, "checkpoint"),
    "a masked input": (lambda: net()(MASKED), pl.DataError, "filled"),
    "masked data": (lambda: pl.data.Dataset(MASKED, CLASSES), pl.DataError, "filled"),
    "a softmax of one": (
        lambda: pl.Trainer(
            pl.Network([pl.Dense(1, "softmax")], input_shape=(4,)), pl.data.Dataset(ROWS, CLASSES * 0, classes=["a"])
        ),
        pl.ConfigurationError, "at least 2",
    ),
    "an optimiser of an unknown name": (
        lambda: pl.Trainer(net(), pl.data.Dataset(ROWS, CLASSES), optimizer="adamant"),
        pl.ConfigurationError, "one of sgd",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_advice(mistake: str) -> None:
    make, kind, advice = MISTAKES[mistake]
    with pytest.raises(kind, match=advice) as caught:
        make()
    assert len(str(caught.value)) < 250
