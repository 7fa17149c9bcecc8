"""Optimisers and learning-rate schedules in float64, and training with them: the twin of the engine's training.

The network itself is `pellucid.inspect.reference`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.inspect.reference import Array, Gradient, Layer, backward, flatten, forward, unflatten


@dataclass
class Descent:
    """The rule of an optimiser over one vector: "sgd", "momentum", "nesterov", "adam", "adamw" or "rmsprop"."""

    rule: str
    decay: float = 0.0
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    steps: int = 0
    first: Array = field(default_factory=lambda: np.zeros(0))
    second: Array = field(default_factory=lambda: np.zeros(0))

    def step(self, w: Array, g: Array, rate: float) -> Array:
        """The parameters after one step."""
        if not self.steps:
            self.first, self.second = np.zeros_like(w), np.zeros_like(w)
        self.steps += 1
        if self.rule == "adamw":
            w = w - rate * self.decay * w
        else:
            g = g + self.decay * w
        if self.rule == "rmsprop":
            self.second = self.beta2 * self.second + (1 - self.beta2) * g * g
            return w - rate * g / (np.sqrt(self.second) + self.epsilon)
        if self.rule == "sgd":
            return w - rate * g
        if self.rule in ("adam", "adamw"):
            self.first = self.beta1 * self.first + (1 - self.beta1) * g
            self.second = self.beta2 * self.second + (1 - self.beta2) * g * g
            m = self.first / (1 - self.beta1**self.steps)
            s = self.second / (1 - self.beta2**self.steps)
            return w - rate * m / (np.sqrt(s) + self.epsilon)
        self.first = self.momentum * self.first + g
        return w - rate * (g + self.momentum * self.first if self.rule == "nesterov" else self.first)


def rate_at(schedule: dict[str, Any], step: int, per_epoch: int, total: int) -> float:
    """The learning rate of a step, from the configuration of a schedule."""
    rate, kind = schedule["learning_rate"], schedule["kind"]
    if kind == "constant":
        return float(rate)
    if kind == "step":
        epoch = step // per_epoch
        return float(rate * schedule["factor"] ** (epoch // schedule["every"]))
    if kind == "cosine":
        done = min(step / total, 1.0)
        floor = rate * schedule["floor"]
        return float(floor + (rate - floor) * (1 + math.cos(math.pi * done)) / 2)
    rising = math.ceil(schedule["epochs"] * per_epoch)
    if step < rising:
        return float(rate * (step + 1) / rising)
    then = schedule["then"] or {"kind": "constant", "learning_rate": rate}
    return rate_at(then, step - rising, per_epoch, max(1, total - rising))


def ties(layers: Sequence[Layer], x: Array, targets: Sequence[int], margin: float) -> int:
    """In how many rows of x another output comes within ``margin`` of the target's: float32 may see either first."""
    outputs = forward(layers, x)[-1].a
    rows = np.arange(len(outputs))
    wanted = outputs[rows, list(targets)]
    others = outputs.copy()
    others[rows, list(targets)] = -np.inf
    return int((np.abs(others.max(axis=1) - wanted) < margin).sum())


def train(
    layers: Sequence[Layer],
    batches: Iterable[tuple[Array, Sequence[int]]],
    loss: str,
    descent: Descent,
    rates: Iterable[float],
) -> tuple[list[Layer], list[Gradient]]:
    """Take one step for each mini-batch; return the layers afterwards and the gradient before each step."""
    gradients = []
    current = list(layers)
    for (x, targets), rate in zip(batches, rates, strict=False):
        gradient = backward(current, x, targets, loss)
        gradients.append(gradient)
        current = unflatten(current, descent.step(flatten(current), flatten(gradient.layers), rate))
    return current, gradients
