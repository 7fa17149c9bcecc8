"""The health of layers: their dead and saturated neurons, and the size of their gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.inspect.checks import image_layer
from pellucid.inspect.voting import slopes
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.programs.traces import LayerTrace

if TYPE_CHECKING:
    from pellucid.network.network import Network

DEAD = 1e-6
"""A neuron whose activation is below this for every image is dead."""

FLAT = 0.01
"""A sigmoid or tanh is flat where its slope is below this share of the steepest."""

MOSTLY = 0.95
"""A neuron that is flat for this share of the images is saturated."""

_STEEPEST = {"sigmoid": 0.25, "tanh": 1.0}


@dataclass(frozen=True, eq=False)
class Health:
    """The health of a network, layer by layer.

    Attributes
    ----------
    dead : tuple of tuple of int
        Neurons with an activation of 0 for every image; softmax outputs never count. In a convolution, channels whose
        map is 0 everywhere.
    saturated : tuple of tuple of int
        Sigmoid and tanh neurons that are flat for nearly all images; channels, for nearly all places of their maps.
    gradient_norms, weight_norms : ndarray (layers,)
        Euclidean norm of the gradient by a layer's parameters, and of the parameters themselves; 0 without any.
    gradient_sizes : ndarray (layers,)
        Root mean square of the same gradient.
    """

    dead: tuple[tuple[int, ...], ...]
    saturated: tuple[tuple[int, ...], ...]
    gradient_norms: NDArray[np.float64]
    gradient_sizes: NDArray[np.float64]
    weight_norms: NDArray[np.float64]


def health(net: Network, images: ArrayLike, labels: ArrayLike, loss: str | None = None) -> Health:
    """Examine all neurons on a set of images, and the gradient of the mean loss.

    Parameters
    ----------
    net : Network
    images : array_like (N, ...)
        A few hundred suffice.
    labels : array_like of int (N,), or of float (N, K)
        Classes, or target values.
    loss : str, optional
        By default the one that suits labels and outputs; see `Network.gradient`.

    Examples
    --------
    >>> import pellucid as pl
    >>> test = pl.data.load("digits").test[:200]
    >>> net = pl.Network([pl.Dense(4, "relu"), pl.Dense(10, "softmax")])
    >>> net.layers[0].bias[2] = -1e6
    >>> pl.inspect.health(net, test.images, test.labels).dead
    ((2,), ())
    """
    layers = [image_layer(net, number) for number in range(len(net.layers))]
    trace = net.trace(images)
    found = [
        _examined(layer.activation, seen) if isinstance(layer, Dense | Conv2d) else ((), ())
        for layer, seen in zip(layers, trace.layers, strict=True)
    ]
    dead, saturated = zip(*found, strict=True)
    norms, sizes = gradient_sizes(net, net.gradient(images, labels, loss).parameters)
    weights = gradient_sizes(net, net.parameters)[0]
    return Health(tuple(dead), tuple(saturated), norms, sizes, weights)


def _examined(name: str, seen: LayerTrace) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dead and the saturated neurons or channels of a layer."""
    silent = np.abs(_by_neuron(seen.activations)).max(axis=0) < DEAD
    dead = tuple(np.flatnonzero(silent).tolist()) if name != "softmax" else ()
    steepest = _STEEPEST.get(name)
    if steepest is None:
        return dead, ()
    flat = _by_neuron(slopes(name, seen.sums, seen.activations) < FLAT * steepest)
    return dead, tuple(np.flatnonzero(flat.mean(axis=0) >= MOSTLY).tolist())


def _by_neuron(values: NDArray[Any]) -> NDArray[Any]:
    """Values (N, K) as they are; those of maps (N, C, H, W) as (N H W, C)."""
    return values if values.ndim == 2 else np.moveaxis(values, 1, -1).reshape(-1, values.shape[1])


def gradient_sizes(net: Network, vector: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Euclidean norm and root mean square (layers,) of each layer's part of a vector laid out like the parameters."""
    lengths, means, begin = [], [], 0
    for number in range(len(net.layers)):
        layer = image_layer(net, number)
        end = begin + layer.parameter_count(layer.input_shape)
        share = vector[begin:end].astype(np.float64)
        # Not share @ share: the threads of BLAS cost more than the sum, above all where others compute too.
        lengths.append(float(np.sqrt(np.square(share).sum())))
        means.append(lengths[-1] / max(1, end - begin) ** 0.5)
        begin = end
    return np.array(lengths), np.array(means)
