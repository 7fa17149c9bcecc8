"""Convolutions, pooling and dropout in the simplest form: float64, one number at a time.

``forward`` gives what every layer of a network makes of images; ``backward`` the gradient of the mean loss by every
parameter, in the order of the flat vector, and by every input.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

import pellucid as pl
from pellucid.inspect import reference

Array = npt.NDArray[np.float64]


def as_planes(x: Array) -> Array:
    """Return x as (N, C, H, W), with one channel if it has none."""
    return x if x.ndim == 4 else x[:, None]


def places(layer: Any, x: Array, weight: Array) -> Any:
    """Yield every (output, input, weight) position of the terms of a convolution over x (N, C, H, W)."""
    (_, _, down, across), (_, (sy, sx), (py, px)) = weight.shape, layer.geometry
    high, wide = (x.shape[2] + 2 * py - down) // sy + 1, (x.shape[3] + 2 * px - across) // sx + 1
    for y, x_, i, j in itertools.product(range(high), range(wide), range(down), range(across)):
        row, column = sy * y + i - py, sx * x_ + j - px
        if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
            yield (y, x_), (row, column), (i, j)


def convolved(layer: Any, x: Array, weight: Array, bias: Array) -> Array:
    z = np.zeros((len(x), *layer.output_shape(x.shape[1:]))) + bias[:, None, None]
    for (y, u), (row, column), (i, j) in places(layer, x, weight):
        z[:, :, y, u] += x[:, :, row, column] @ weight[:, :, i, j].T
    return z


def windows(layer: Any, x: Array) -> Any:
    """Yield every window of a pooling layer: its position, and the slices of x that it covers."""
    (down, across), (sy, sx) = layer.geometry
    _, high, wide = layer.output_shape(x.shape[1:])
    for y, u in itertools.product(range(high), range(wide)):
        yield (y, u), (..., slice(sy * y, sy * y + down), slice(sx * u, sx * u + across))


def pooled(layer: Any, x: Array) -> Array:
    y = np.zeros((len(x), *layer.output_shape(x.shape[1:])))
    for place, seen in windows(layer, x):
        window = x[seen].reshape(*x.shape[:2], -1)
        y[(..., *place)] = window.max(-1) if isinstance(layer, pl.MaxPool2d) else window.mean(-1)
    return y


def elementwise(name: str, z: Array) -> Array:
    return reference.activate(name, z.reshape(len(z), -1)).reshape(z.shape)


def derivative(name: str, a: Array) -> Array:
    made: dict[str, Array] = {
        "identity": np.ones_like(a),
        "sigmoid": a * (1 - a),
        "relu": np.where(a > 0, 1.0, 0.0),
        "tanh": 1 - a * a,
    }
    return made[name]


def forward(net: Any, x: Array) -> list[tuple[Array, Array, Array]]:
    """Return inputs, sums and activations of each layer, for x (N, *input_shape)."""
    steps = []
    for layer in net.layers:
        if isinstance(layer, pl.Conv2d):
            z = convolved(layer, as_planes(x), layer.weight.astype(float), layer.bias.astype(float))
            a = elementwise(layer.activation, z)
        elif isinstance(layer, pl.Dense):
            x = x.reshape(len(x), -1)
            z = x @ layer.weight.T.astype(float) + layer.bias
            a = reference.activate(layer.activation, z)
        else:
            a = pooled(layer, as_planes(x)) if isinstance(layer, pl.MaxPool2d | pl.AvgPool2d) else x
            z = a = a.reshape(len(x), -1) if isinstance(layer, pl.Flatten) else a
        steps.append((x, z, a))
        x = a
    return steps


def unpooled(layer: Any, x: Array, d: Array) -> Array:
    dx = np.zeros_like(x)
    for place, seen in windows(layer, x):
        for n, c in np.ndindex(x.shape[:2]):
            window, given = x[seen][n, c], d[(n, c, *place)]
            if isinstance(layer, pl.MaxPool2d):
                dx[seen][n, c][np.unravel_index(np.argmax(window), window.shape)] += given
            else:
                dx[seen][n, c] += given / window.size
    return dx


def backward(net: Any, x: Array, targets: list[int]) -> tuple[float, Array, Array]:
    """Mean cross-entropy after a softmax, and its gradients; every layer but the last has an elementwise activation."""
    steps = forward(net, x)
    out = steps[-1][2]
    loss = float(-np.mean(np.log(out[np.arange(len(x)), targets])))
    parameters, inputs = _sent_back(net, steps, (out - np.eye(out.shape[1])[targets]) / len(x), np.asarray)
    return loss, parameters, inputs


def magnitudes(net: Any, x: Array, targets: list[int]) -> tuple[Array, Array]:
    """Return the sums of the absolute terms of both gradients, to which rounding errors are relative."""
    steps = forward(net, x)
    out = steps[-1][2]
    return _sent_back(net, steps, (out + np.eye(out.shape[1])[targets]) / len(x), np.abs)


def _sent_back(net: Any, steps: list[tuple[Array, Array, Array]], d: Array, of: Any) -> tuple[Array, Array]:
    """Gradients by parameters and inputs from ``d``, by the last sums; ``of`` is what every factor is taken by."""
    gradients: list[Array] = []
    for layer, (inputs, _, a) in reversed(list(zip(net.layers, steps, strict=True))):
        if layer is not net.layers[-1] and isinstance(layer, pl.Conv2d | pl.Dense):
            d = d.reshape(a.shape) * of(derivative(layer.activation, a))
        if isinstance(layer, pl.Dense):
            gradients = [(d.T @ of(inputs)).T.ravel(), d.sum(0), *gradients]
            d = d @ of(layer.weight.astype(float))
        elif isinstance(layer, pl.Conv2d):
            weight, planes = of(layer.weight.astype(float)), of(as_planes(inputs))
            by_weight, dx = np.zeros_like(weight), np.zeros_like(planes)
            for (y, u), (row, column), (i, j) in places(layer, planes, weight):
                by_weight[:, :, i, j] += d[:, :, y, u].T @ planes[:, :, row, column]
                dx[:, :, row, column] += d[:, :, y, u] @ weight[:, :, i, j]
            gradients = [by_weight.ravel(), d.sum((0, 2, 3)), *gradients]
            d = dx
        elif isinstance(layer, pl.MaxPool2d | pl.AvgPool2d):
            d = unpooled(layer, as_planes(inputs), d.reshape(a.shape))
        d = d.reshape(inputs.shape)
    return np.concatenate(gradients), d.reshape(len(d), -1)
