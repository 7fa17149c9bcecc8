"""The health of layers: their dead and saturated neurons, and the size of their gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.inspect.checks import dense_layer
from pellucid.inspect.voting import slopes

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
        Neurons with an activation of 0 for every image; softmax outputs never count.
    saturated : tuple of tuple of int
        Sigmoid and tanh neurons that are flat for nearly all images.
    gradient_norms, weight_norms : ndarray (layers,)
        Euclidean norm of the gradient by a layer's parameters, and of the parameters themselves.
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
    trace = net.trace(images)
    dead, saturated = [], []
    for number in range(len(net.layers)):
        name, seen = dense_layer(net, number).activation, trace[number]
        silent = np.abs(seen.activations).max(axis=0) < DEAD
        dead.append(tuple(np.flatnonzero(silent).tolist()) if name != "softmax" else ())
        steepest = _STEEPEST.get(name)
        flat = slopes(name, seen.sums, seen.activations) < FLAT * (steepest or 0.0)
        saturated.append(tuple(np.flatnonzero(flat.mean(axis=0) >= MOSTLY).tolist()) if steepest else ())
    norms, sizes = gradient_sizes(net, net.gradient(images, labels, loss).parameters)
    weights = gradient_sizes(net, net.parameters)[0]
    return Health(tuple(dead), tuple(saturated), norms, sizes, weights)


def gradient_sizes(net: Network, vector: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Euclidean norm and root mean square (layers,) of each layer's part of a vector laid out like the parameters."""
    lengths, means, begin = [], [], 0
    for number in range(len(net.layers)):
        layer = dense_layer(net, number)
        end = begin + (layer.in_features + 1) * layer.out_features
        share = vector[begin:end].astype(np.float64)
        lengths.append(float(np.sqrt(share @ share)))
        means.append(lengths[-1] / (end - begin) ** 0.5)
        begin = end
    return np.array(lengths), np.array(means)
