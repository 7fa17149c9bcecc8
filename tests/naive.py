"""What every fast path must come to: the same mathematics in float64, as plainly as it can be put.

Letters as in the engine: N images, D inputs, K outputs; weights here are (K, D), as in ``z = W x + b``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass
class Layer:
    """W (K, D), b (K,), and the name of f in ``a = f(W x + b)``."""

    weight: Array
    bias: Array
    activation: str


def layers_of(net: Any) -> list[Layer]:
    """A network's layers, in float64."""
    return [
        Layer(np.array(layer.weight, np.float64), np.array(layer.bias, np.float64), layer.activation)
        for layer in net.layers
    ]


def flat(pairs: Iterable[tuple[Array, Array]]) -> Array:
    """Pairs of (K, D) and (K,) as the network's one vector has them: weights by input, then biases."""
    return np.concatenate([part for weight, bias in pairs for part in (weight.T.ravel(), bias)])


def parameters(layers: Sequence[Layer]) -> Array:
    return flat((layer.weight, layer.bias) for layer in layers)


def with_parameters(layers: Sequence[Layer], vector: Array) -> list[Layer]:
    """Layers of the same shapes, with their numbers from one vector."""
    made, at = [], 0
    for layer in layers:
        k, d = layer.weight.shape
        weight = vector[at : at + d * k].reshape(d, k).T.copy()
        bias = vector[at + d * k : at + d * k + k].copy()
        made.append(Layer(weight, bias, layer.activation))
        at += d * k + k
    return made


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "relu": lambda z: max(z, 0.0),
    "tanh": math.tanh,
}


def activate(name: str, z: Array) -> Array:
    """f(z), row by row."""
    if name == "softmax":
        return np.array([softmax(row) for row in z], np.float64).reshape(z.shape)
    return np.array([[FUNCTIONS[name](v) for v in row] for row in z], np.float64).reshape(z.shape)


def softmax(row: Array) -> list[float]:
    top = max(row)
    powers = [math.exp(v - top) for v in row]
    return [power / sum(powers) for power in powers]


def jacobian(name: str, z: Array) -> Array:
    """da[i]/dz[j] for one image's weighted sums z (K,)."""
    a = activate(name, z[None])[0]
    if name == "softmax":
        return np.diag(a) - np.outer(a, a)
    slope = {"identity": np.ones_like(a), "sigmoid": a * (1 - a), "relu": (z > 0) * 1.0, "tanh": 1 - a * a}[name]
    return np.diag(slope)


def forward(layers: Sequence[Layer], x: Array) -> list[tuple[Array, Array, Array]]:
    """For each layer its inputs, weighted sums and activations."""
    steps = []
    for layer in layers:
        z = x @ layer.weight.T + layer.bias
        a = activate(layer.activation, z)
        steps.append((x, z, a))
        x = a
    return steps


def outputs(layers: Sequence[Layer], x: Array) -> Array:
    return forward(layers, x)[-1][2]


def losses(name: str, activation: str, z: Array, a: Array, targets: Sequence[int]) -> Array:
    """The loss of each image, from its last layer's z and a."""
    made = []
    for sums, answers, target in zip(z, a, targets, strict=True):
        wanted = [1.0 if j == target else 0.0 for j in range(len(answers))]
        if name == "squared":
            made.append(sum((y - t) ** 2 for y, t in zip(answers, wanted, strict=True)))
        elif activation == "softmax":
            top = sums.max()
            made.append((top - sums[target]) + math.log(sum(math.exp(v - top) for v in sums)))
        else:
            # -log sigmoid(v) = log(1 + e**-v), and 1 - sigmoid(v) = sigmoid(-v)
            made.append(sum(np.logaddexp(0.0, -v if t else v) for v, t in zip(sums, wanted, strict=True)))
    return np.array(made)


@dataclass
class Slope:
    """The mean loss of a batch, and its gradient by every parameter (one vector) and every input (N, D)."""

    loss: float
    parameters: Array
    inputs: Array
    right: int = 0


def backward(layers: Sequence[Layer], x: Array, targets: Sequence[int], loss: str) -> Slope:
    """Backpropagation of the mean loss, one image at a time, every derivative a matrix."""
    steps = forward(layers, x)
    last = layers[-1].activation
    z, a = steps[-1][1:]
    count = len(x)
    pairs = [(np.zeros_like(layer.weight), np.zeros_like(layer.bias)) for layer in layers]
    by_input = np.zeros_like(x)
    for n in range(count):
        wanted = np.eye(a.shape[1])[targets[n]]
        delta = a[n] - wanted if loss == "cross_entropy" else jacobian(last, z[n]).T @ (2 * (a[n] - wanted))
        delta = delta / count
        for i in reversed(range(len(layers))):
            pairs[i][0][...] += np.outer(delta, steps[i][0][n])
            pairs[i][1][...] += delta
            slope = layers[i].weight.T @ delta
            if i:
                delta = jacobian(layers[i - 1].activation, steps[i - 1][1][n]).T @ slope
            else:
                by_input[n] = slope
    each = losses(loss, last, z, a, targets)
    right = sum(int(np.argmax(answers) == target) for answers, target in zip(a, targets, strict=True))
    return Slope(float(each.mean()), flat(pairs), by_input, right)


@dataclass
class Descent:
    """An optimiser's rule over one vector: "sgd", "momentum", "nesterov" or "adam"."""

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
        g = g + self.decay * w
        if self.rule == "sgd":
            return w - rate * g
        if self.rule == "adam":
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


def train(
    layers: Sequence[Layer],
    batches: Iterable[tuple[Array, Sequence[int]]],
    loss: str,
    descent: Descent,
    rates: Iterable[float],
) -> tuple[list[Layer], list[Slope]]:
    """One step a batch; the layers afterwards, and what each batch said before its step."""
    told = []
    current = list(layers)
    for (x, targets), rate in zip(batches, rates, strict=False):
        slope = backward(current, x, targets, loss)
        told.append(slope)
        current = with_parameters(current, descent.step(parameters(current), slope.parameters, rate))
    return current, told
