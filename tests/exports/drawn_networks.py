"""Networks of every kind of layer, with drawn parameters, and inputs for them."""

from __future__ import annotations

from typing import Any

import numpy as np

import pellucid as pl

IMAGES: dict[str, dict[str, Any]] = {
    "dense": {"layers": [pl.Dense(5, "tanh"), pl.Dense(4, "sigmoid"), pl.Dense(3, "softmax")], "input_shape": (6,)},
    "levels": {
        "layers": [pl.Dense(5, "relu"), pl.Dropout(0.5), pl.Dense(2)],
        "input_shape": (2, 3),
        "level_range": (-1.5, 9),
        "classes": ["*/ ??/ \"ö\" \\", "b"],
    },
    "planes": {
        "layers": [
            pl.Conv2d(3, 3, padding=1, activation="relu"), pl.MaxPool2d(2),
            pl.Conv2d(4, (2, 3), (1, 2), (0, 2), "tanh"), pl.AvgPool2d((2, 1), (1, 1)),
            pl.Dropout(0.2), pl.Flatten(), pl.Dense(3, "softmax"),
        ],
        "input_shape": (8, 9),
    },
    "colours": {"layers": [pl.Conv2d(4, 2, 3, 1, "sigmoid"), pl.MaxPool2d((1, 2))], "input_shape": (3, 7, 10)},
    "wide stride": {"layers": [pl.Conv2d(2, 1, 4, 3), pl.Dense(2)], "input_shape": (2, 2)},
    "pool first": {"layers": [pl.AvgPool2d(2), pl.Flatten()], "input_shape": (4, 4), "level_range": (0, 255)},
    "nothing": {"layers": [pl.Dropout(0.5), pl.Flatten()], "input_shape": (2, 2)},
    "deep": {"layers": [pl.Dense(3, "tanh") for _ in range(30)], "input_shape": (3,)},
}  # fmt: skip

FRAMES: dict[str, list[pl.Dense | pl.LSTM | pl.GRU | pl.RNN]] = {
    "lstm": [pl.LSTM(5)],
    "both ways": [pl.LSTM(4, bidirectional=True), pl.LSTM(3, bidirectional=True), pl.Dense(4, "softmax")],
    "last": [pl.GRU(5, bidirectional=True, outputs="last"), pl.Dense(3, "tanh")],
    "mean": [pl.RNN(4, "identity"), pl.RNN(4, "relu", bidirectional=True), pl.LSTM(3, outputs="mean"), pl.Dense(2)],
    "dense first": [pl.Dense(6, "tanh"), pl.LSTM(3, bidirectional=True, outputs="mean")],
    "gru": [pl.GRU(3), pl.RNN(2, "sigmoid", outputs="last")],
    "dense": [pl.Dense(3, "relu"), pl.Dense(2)],
}


def drawn(layers: Any, seed: int = 0, **options: Any) -> pl.Network:
    """Return a network with parameters from a normal distribution, biases too."""
    net = pl.Network(layers, seed=seed, **options)
    net.parameters = np.random.default_rng(seed).normal(0, 0.5, net.parameter_count)
    return net


def of_images(name: str) -> pl.Network:
    """Return a network of images of that name."""
    return drawn(**IMAGES[name])


def of_frames(name: str) -> pl.Network:
    """Return a network of sequences of that name."""
    return drawn(FRAMES[name], input_shape=(None, 3))


def images_for(net: pl.Network, count: int = 7) -> np.ndarray:
    """Return images within the network's levels, (N, ...)."""
    low, high = net.level_range or (0, 1)
    unit = np.random.default_rng(1).random((count, *net.input_shape))
    return (low + unit * (high - low)).astype(np.float32)
