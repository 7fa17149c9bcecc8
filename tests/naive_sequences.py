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
Direction = dict[str, Array]  # weight_ih (G H, D), weight_hh (G H, H), bias (G H,), and a GRU's bias_hn (H,)


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def lstm_frame(p: Direction, x: Array, state: dict[str, Array]) -> dict[str, Array]:
    zi, zf, zg, zo = np.split(p["weight_ih"] @ x + p["weight_hh"] @ state["h"] + p["bias"], 4)
    i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
    c = f * state["c"] + i * g
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": o * np.tanh(c)}


def gru_frame(p: Direction, x: Array, state: dict[str, Array]) -> dict[str, Array]:
    xr, xz, xn = np.split(p["weight_ih"] @ x + p["bias"], 3)
    hr, hz, hn = np.split(p["weight_hh"] @ state["h"], 3)
    q = hn + p["bias_hn"]
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * q)
    return {"r": r, "z": z, "q": q, "n": n, "h": (1 - z) * n + z * state["h"]}


def rnn_frame(activation: str) -> Callable[[Direction, Array, dict[str, Array]], dict[str, Array]]:
    def frame(p: Direction, x: Array, state: dict[str, Array]) -> dict[str, Array]:
        return {"h": activate(activation, p["weight_ih"] @ x + p["weight_hh"] @ state["h"] + p["bias"])}

    return frame


def run_direction(layer: Any, x: Array, parameters: Direction) -> dict[str, Array]:
    """Return every gate, cell and hidden value (T, H) of one direction over frames x (T, D)."""
    frames = {"lstm": lstm_frame, "gru": gru_frame, "rnn": rnn_frame(getattr(layer, "activation", "tanh"))}
    state = dict.fromkeys("hc", np.zeros(parameters["weight_hh"].shape[1]))
    kept = []
    for frame in x:
        state = frames[layer.kind](parameters, frame, state)
        kept.append(state)
    return {name: np.array([one[name] for one in kept]) for name in kept[0]}


def run_recurrent(layer: Any, x: Array, directions: Sequence[Direction]) -> tuple[dict[str, Array], Array]:
    """Return all gates, forward ones first, and the output of the layer."""
    told = [run_direction(layer, x, directions[0])]
    if len(directions) == 2:
        backwards = run_direction(layer, x[::-1], directions[1])
        told.append({name: values[::-1] for name, values in backwards.items()})
    both = {name: np.concatenate([one[name] for one in told], axis=1) for name in told[0]}
    if layer.outputs == "mean":
        return both, both["h"].mean(axis=0)
    if layer.outputs == "last":
        return both, np.concatenate([one["h"][-1 if k == 0 else 0] for k, one in enumerate(told)])
    return both, both["h"]


def directions_of(layer: Any, views: dict[str, Array]) -> list[Direction]:
    """Return a recurrent layer's parameters by direction, from views of all of them."""
    names = ["weight_ih", "weight_hh", *layer.biases()]
    return [{name: views[f"{name}{suffix}"] for name in names} for suffix in ["", "_reverse"][: layer.directions]]


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
        if layer.kind in ("lstm", "gru", "rnn"):
            a = run_recurrent(layer, a, directions_of(layer, views))[1]
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
