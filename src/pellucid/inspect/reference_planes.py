"""Convolutional networks in plain NumPy, in float64: the forward pass layer by layer, for checks against the engine.

What `pellucid.inspect.reference` is for dense networks, without the backward pass. Shapes are those of the layers:
x (C, H, W) or (D,), one example at a time.

>>> import numpy as np
>>> import pellucid as pl
>>> net, image = pl.load("digits-conv"), pl.data.load("digits").test.images[0]
>>> z = last_sums(net, net.parameters.astype(np.float64), image / 255)
>>> bool(np.allclose(z, net.trace(image)[-1].sums, atol=1e-4))
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pellucid.errors import ShapeError
from pellucid.inspect.checks import image_layer
from pellucid.inspect.reference import activate
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Layer
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d

if TYPE_CHECKING:
    from pellucid.network.network import Network

Array = NDArray[np.float64]
Pair = tuple[int, int]


def last_sums(net: Network, parameters: Array, x: Array, begin: int = 0) -> Array:
    """Return the weighted sums z of the last layer (K,), where ``x`` enters layer ``begin``.

    Parameters
    ----------
    net : Network
        Its layers; the last one must be dense.
    parameters : ndarray (parameter_count,)
        All parameters, laid out as in ``net.parameters``.
    x : ndarray
        The input of that layer, of any shape with as many values.
    begin : int
        The layer, from 0.

    Raises
    ------
    ShapeError
        If a layer is recurrent, or the last one is not dense.
    """
    if not isinstance(net.layers[-1], Dense):
        raise ShapeError(f"Expected a network whose last layer is dense, got {net.layers[-1].kind}: end it with Dense.")
    offset, z = 0, x
    for number in range(len(net.layers)):
        layer = image_layer(net, number)
        count = layer.parameter_count(layer.input_shape)
        if number >= begin:
            z = sums(layer, parameters[offset : offset + count], x)
            x = z if number == len(net.layers) - 1 else activated(layer, z)
        offset += count
    return z


def sums(layer: Layer, parameters: Array, x: Array) -> Array:
    """Return z of a dense layer or a convolution; what any other layer makes of x."""
    if isinstance(layer, Dense):
        weight = parameters[: -layer.out_features].reshape(-1, layer.out_features)
        return x.reshape(-1) @ weight + parameters[-layer.out_features :]
    if isinstance(layer, Conv2d):
        return convolve(layer, parameters, x)
    if isinstance(layer, MaxPool2d | AvgPool2d):
        windows = _windows(_planes(layer, x), *layer.geometry)
        pooled: Array = windows.max(axis=(-2, -1)) if isinstance(layer, MaxPool2d) else windows.mean(axis=(-2, -1))
        return pooled
    return x


def convolve(layer: Conv2d, parameters: Array, x: Array) -> Array:
    """z[o, y, x] = b[o] + sum of W[o, c, i, j] x[c, s y + i - p, s x + j - p]."""
    kernel, stride, (down, across) = layer.geometry
    padded = np.pad(_planes(layer, x), ((0, 0), (down, down), (across, across)))
    bias, weight = parameters[-layer.out_channels :], parameters[: -layer.out_channels]
    filters = weight.reshape(layer.out_channels, len(padded), *kernel)
    found: Array = np.einsum("cyxij,ocij->oyx", _windows(padded, kernel, stride), filters, optimize=True)
    return found + bias[:, None, None]


def activated(layer: Layer, z: Array) -> Array:
    """The activations a = f(z)."""
    return activate(layer.activation, z) if isinstance(layer, Dense | Conv2d) else z


def _planes(layer: Layer, x: Array) -> Array:
    return x.reshape((1, *layer.input_shape)[-3:])


def _windows(planes: Array, window: Pair, stride: Pair) -> Array:
    """All windows over planes (C, H, W): (C, H', W', window)."""
    found: Array = sliding_window_view(planes, window, axis=(1, 2))[:, :: stride[0], :: stride[1]]
    return found
