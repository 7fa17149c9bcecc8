"""A small network for tests."""

from __future__ import annotations

import numpy as np

import pellucid as pl


def small(*activations: str, seed: int = 0) -> pl.Network:
    sizes = range(6, 6 - len(activations), -1)
    net = pl.Network(
        [pl.Dense(k, name) for k, name in zip(sizes, activations, strict=True)], input_shape=(7,), seed=seed
    )
    net.parameters += np.random.default_rng(seed).normal(0, 0.3, net.parameter_count).astype(np.float32)
    return net
