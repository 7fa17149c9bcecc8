"""NumPy: a vectorised mini-batch loop with almost no allocations."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from pellucid.bench.machine import blas_threads, can_limit_blas
from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, Integers, TrainingWork


class NumpyLoop(Peer):
    """Matrix products of whole batches into preallocated arrays."""

    name = "NumPy"
    package = "numpy"
    most_steps = 3000

    def available(self) -> str | None:
        """Setting a number of threads needs threadpoolctl."""
        if self.threads is not None and not can_limit_blas():
            return "threadpoolctl not installed: pip install 'pellucid[bench]'"
        return None

    def train(self, work: TrainingWork) -> TrainingRun:
        """Run the epoch batch by batch."""
        return lambda: self._epoch(work)

    def _epoch(self, work: TrainingWork) -> float:
        parameters = [array.copy() for pair in work.parameters for array in pair]
        update = _updater(work, parameters)
        step = _Step(work, parameters)
        total = 0.0
        with blas_threads(self.threads), np.errstate(over="ignore"):
            for rows in work.batches():
                total += step(rows)
                update(step.gradients)
        return total / work.count

    def read(self, work: InferenceWork) -> InferenceRun:
        """Multiply all images at once, or each as a vector."""

        def run() -> Floats | list[Floats]:
            with blas_threads(self.threads), np.errstate(over="ignore"):
                if work.one_at_a_time:
                    return [_forward(work, image) for image in work.images]
                return _forward(work, work.images)

        return run


class _Step:
    """Run one batch forward and backward: fill `gradients` (weights, bias, ...) and return the summed loss."""

    def __init__(self, work: TrainingWork, parameters: list[Floats]) -> None:
        self.work = work
        self.parameters = parameters
        self.gradients = [np.empty_like(array) for array in parameters]
        self.activations = [np.empty((work.batch_size, size), np.float32) for size in work.layers]
        self.deltas = [np.empty_like(array) for array in self.activations]
        self.numbers = np.arange(work.batch_size)

    def __call__(self, rows: Integers) -> float:
        """Process one batch, the images at these rows."""
        count = len(rows)
        activations = [array[:count] for array in self.activations]
        # With out=, "clip" lets take() write straight into it; no row is out of range.
        self.work.images.take(rows, axis=0, out=activations[0], mode="clip")
        weights, biases = self.parameters[::2], self.parameters[1::2]
        for layer, (a, z) in enumerate(pairwise(activations)):
            np.matmul(a, weights[layer].T, out=z)
            z += biases[layer]
            if layer < len(weights) - 1:
                _activate(z, self.work.activation)
        loss = self._loss(activations[-1], self.work.labels[rows])
        self._backward(activations, count)
        return loss

    def _loss(self, z: Floats, labels: Integers) -> float:
        """Replace z, shape (N, K), by the gradient of the mean loss, and return the summed loss."""
        numbers = self.numbers[: len(z)]
        z -= z.max(axis=1, keepdims=True)
        true = z[numbers, labels].sum()
        np.exp(z, out=z)
        sums = z.sum(axis=1, keepdims=True)
        z /= sums
        z[numbers, labels] -= 1
        z *= np.float32(1 / len(z))
        return float(np.log(sums).sum() - true)

    def _backward(self, activations: list[Floats], count: int) -> None:
        delta = activations[-1]
        for layer in range(len(activations) - 2, -1, -1):
            a = activations[layer]
            np.matmul(delta.T, a, out=self.gradients[2 * layer])
            np.sum(delta, axis=0, out=self.gradients[2 * layer + 1])
            if layer:
                before = self.deltas[layer][:count]
                np.matmul(delta, self.parameters[2 * layer], out=before)
                _through(before, a, self.work.activation)
                delta = before


def _activate(z: Floats, activation: str) -> None:
    if activation == "relu":
        np.maximum(z, 0, out=z)
    else:
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1
        np.reciprocal(z, out=z)


def _through(delta: Floats, a: Floats, activation: str) -> None:
    """Multiply delta by the activation's derivative, computed from its value a, which is overwritten."""
    if activation == "relu":
        delta *= a > 0
    else:
        delta *= a
        np.subtract(1, a, out=a)
        delta *= a


def _forward(work: InferenceWork, a: Floats) -> Floats:
    for weight, bias in work.parameters[:-1]:
        a = a @ weight.T
        a += bias
        _activate(a, work.activation)
    weight, bias = work.parameters[-1]
    z = a @ weight.T
    z += bias
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z


def _updater(work: TrainingWork, parameters: list[Floats]) -> Callable[[list[Floats]], None]:
    rate = np.float32(work.learning_rate)
    first = [np.zeros_like(array) for array in parameters]
    second = [np.zeros_like(array) for array in parameters]
    beta1, beta2 = ADAM_BETAS
    steps = 0

    def sgd(gradients: list[Floats]) -> None:
        for p, g in zip(parameters, gradients, strict=True):
            g *= rate
            p -= g

    def momentum(gradients: list[Floats]) -> None:
        for p, g, v in zip(parameters, gradients, first, strict=True):
            v *= MOMENTUM
            v += g
            np.multiply(v, rate, out=g)
            p -= g

    def adam(gradients: list[Floats]) -> None:
        nonlocal steps
        steps += 1
        scale = np.float32(work.learning_rate / (1 - beta1**steps))
        root = np.float32((1 - beta2**steps) ** -0.5)
        for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            g *= g
            g *= 1 - beta2
            v += g
            np.sqrt(v, out=g)
            g *= root
            g += ADAM_EPSILON
            np.divide(m, g, out=g)
            g *= scale
            p -= g

    return {"sgd": sgd, "momentum": momentum, "adam": adam}[work.optimizer]


PEERS = (NumpyLoop("1 thread", threads=1), NumpyLoop("all threads"))
