"""Small networks of pictures for tests, with random weights."""

from __future__ import annotations

import numpy as np

import pellucid as pl


def convolutional(seed: int = 0) -> pl.Network:
    """All kinds of layers over planes, for pictures of 9x8."""
    layers = [
        pl.Conv2d(3, 3, padding=1, activation="relu"),
        pl.MaxPool2d(2),
        pl.Conv2d(4, 2, activation="tanh"),
        pl.AvgPool2d((1, 2)),
        pl.Flatten(),
        pl.Dropout(0.5),
        pl.Dense(5, "sigmoid"),
        pl.Dense(3, "softmax"),
    ]
    return roughened(pl.Network(layers, input_shape=(9, 8), seed=seed), seed)


def roughened(net: pl.Network, seed: int) -> pl.Network:
    """Biases and weights that are not 0."""
    net.parameters += np.random.default_rng(seed).normal(0, 0.3, net.parameter_count).astype(np.float32)
    return net


def pictures(count: int, seed: int = 1) -> np.ndarray:
    """Noise of 9x8."""
    return np.random.default_rng(seed).random((count, 9, 8), dtype=np.float32)
