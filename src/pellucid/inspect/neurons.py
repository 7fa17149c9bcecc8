"""How the neurons fare: which are dead, which are saturated, and how large each layer's gradient is."""

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
"""An activation below which nothing is handed on."""

FLAT = 0.01
"""Share of the steepest slope below which a sigmoid or tanh hardly answers."""

MOSTLY = 0.95
"""Share of the images for which a neuron has to be flat to count as saturated."""

_STEEPEST = {"sigmoid": 0.25, "tanh": 1.0}


@dataclass(frozen=True, eq=False)
class Health:
    """What was found, layer by layer.

    Attributes
    ----------
    dead : tuple of tuple of int
        Neurons that hand on nothing, whatever the image; of softmax outputs none are.
    saturated : tuple of tuple of int
        Sigmoid and tanh neurons that sit on a flat end for nearly all images.
    gradient_norms, weight_norms : ndarray (layers,)
        Euclidean length of the gradient by the layer's weights and biases, and of those themselves.
    gradient_sizes : ndarray (layers,)
        Root mean square of the gradient.
    """

    dead: tuple[tuple[int, ...], ...]
    saturated: tuple[tuple[int, ...], ...]
    gradient_norms: NDArray[np.float64]
    gradient_sizes: NDArray[np.float64]
    weight_norms: NDArray[np.float64]


def health(net: Network, images: ArrayLike, labels: ArrayLike, loss: str = "cross_entropy") -> Health:
    """Look at every neuron at work on some images, and at the gradient of their mean loss.

    Parameters
    ----------
    net : Network
    images : array_like (N, ...)
        A few hundred are enough.
    labels : array_like of int (N,)
    loss : str
        "cross_entropy" or "squared".

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
    """Euclidean length and root mean square of each layer's share of a vector like the parameters, both (layers,)."""
    lengths, means, begin = [], [], 0
    for number in range(len(net.layers)):
        layer = dense_layer(net, number)
        end = begin + (layer.in_features + 1) * layer.out_features
        share = vector[begin:end].astype(np.float64)
        lengths.append(float(np.sqrt(share @ share)))
        means.append(lengths[-1] / (end - begin) ** 0.5)
        begin = end
    return np.array(lengths), np.array(means)
