"""Sequence networks in the simplest form: the same mathematics in float64."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.inspect.reference import activate

Array = npt.NDArray[np.float64]
Direction = tuple[Array, Array, Array]  # W_ih (4 H, D), W_hh (4 H, H), b (4 H,)


def run_direction(x: Array, parameters: Direction) -> dict[str, Array]:
    """Return every gate, cell and hidden value (T, H) of one direction over frames x (T, D)."""
    by_input, by_hidden, bias = parameters
    size = by_hidden.shape[1]
    h, c = np.zeros(size), np.zeros(size)
    kept: dict[str, list[Array]] = {name: [] for name in "ifgoch"}
    for frame in x:
        z = by_input @ frame + by_hidden @ h + bias
        i, f, o = (1 / (1 + np.exp(-z[k * size : (k + 1) * size])) for k in (0, 1, 3))
        g = np.tanh(z[2 * size : 3 * size])
        c = f * c + i * g
        h = o * np.tanh(c)
        for name, value in zip("ifgoch", (i, f, g, o, c, h), strict=True):
            kept[name].append(value)
    return {name: np.array(values) for name, values in kept.items()}


def run_lstm(x: Array, directions: Sequence[Direction], outputs: str) -> tuple[dict[str, Array], Array]:
    """Return all gates, forward ones first, and the output of the layer."""
    told = [run_direction(x, directions[0])]
    if len(directions) == 2:
        backwards = run_direction(x[::-1], directions[1])
        told.append({name: values[::-1] for name, values in backwards.items()})
    both = {name: np.concatenate([one[name] for one in told], axis=1) for name in "ifgoch"}
    if outputs == "mean":
        return both, both["h"].mean(axis=0)
    if outputs == "last":
        return both, np.concatenate([one["h"][-1 if k == 0 else 0] for k, one in enumerate(told)])
    return both, both["h"]


def outputs_of(net: Any, x: Array, parameters: Array | None = None) -> tuple[Array, Array]:
    """Return the last weighted sums and the outputs for one sequence, optionally with other parameters."""
    vector = np.array(net.parameters if parameters is None else parameters, np.float64)
    a, z, at, shape = np.array(x, np.float64), np.zeros(0), 0, net.input_shape
    for layer in net.layers:
        views = {}
        for name, sides in layer.parameter_shapes(shape).items():
            count = math.prod(sides)
            views[name] = vector[at : at + count].reshape(sides).T
            at += count
        shape = layer.output_shape(shape)
        if layer.kind == "lstm":
            suffixes = ["", "_reverse"][: layer.directions]
            ways = [tuple(views[f"{name}{s}"] for name in ("weight_ih", "weight_hh", "bias")) for s in suffixes]
            a = run_lstm(a, ways, layer.outputs)[1]  # type: ignore[arg-type]
        else:
            rows = np.atleast_2d(a)
            z = rows @ views["weight"].T + views["bias"]
            a = activate(layer.activation, z)
            if len(shape) == 1:
                z, a = z[0], a[0]
    return z, a


def log_softmax(z: Array) -> Array:
    top = z.max(axis=-1, keepdims=True)
    made: Array = z - top - np.log(np.exp(z - top).sum(axis=-1, keepdims=True))
    return made


def ctc(z: Array, labels: Sequence[int]) -> float:
    """Return -log p(labels) by Graves's recursion, from the last weighted sums z (T, K)."""
    logs = log_softmax(z)
    states = np.array([0] + [part for label in labels for part in (int(label), 0)])
    jumps = np.full(len(states), -np.inf)
    jumps[3::2] = np.where(states[3::2] == states[1:-2:2], -np.inf, 0.0)
    alpha = np.full(len(states), -np.inf)
    alpha[:2] = logs[0, states[:2]]
    never = np.full(2, -np.inf)
    for frame in logs[1:]:
        one, two = np.concatenate([never[:1], alpha[:-1]]), np.concatenate([never, alpha[:-2]])[: len(alpha)]
        alpha = np.logaddexp(np.logaddexp(alpha, one), two + jumps) + frame[states]
    return float(-np.logaddexp.reduce(alpha[-2:]))


def spelt(path: Sequence[int]) -> list[int]:
    """Return the labels of a path: repeats merged and blanks removed."""
    return [int(k) for k, _ in itertools.groupby(path) if k != 0]


def ctc_by_enumeration(z: Array, labels: Sequence[int]) -> float:
    """Return -log of the summed probability of all paths that spell the labels."""
    p = np.exp(log_softmax(z))
    total = 0.0
    for path in itertools.product(range(z.shape[1]), repeat=len(z)):
        if spelt(path) == list(labels):
            total += math.prod(p[t, k] for t, k in enumerate(path))
    return -math.log(total) if total else math.inf


def mean_loss(net: Any, xs: Sequence[Array], labels: Sequence[Any], parameters: Array | None = None) -> float:
    """Return the mean loss of sequences: CTC for lists of labels, cross-entropy for classes."""
    losses = []
    for x, label in zip(xs, labels, strict=True):
        z, _ = outputs_of(net, x, parameters)
        losses.append(-log_softmax(z)[label] if np.ndim(label) == 0 else ctc(z, label))
    return float(np.mean(losses))


def differences(function: Callable[[Array], float], at: Array, step: float = 1e-5) -> Array:
    """Return the gradient of a function by central differences, element by element."""
    slope = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        ahead, behind = at.copy(), at.copy()
        ahead[place] += step
        behind[place] -= step
        slope[place] = (function(ahead) - function(behind)) / (2 * step)
    return slope
