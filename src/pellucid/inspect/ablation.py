"""Ablation: copies of a network with neurons switched off, layers scaled, or noise added to the weights.

Nothing is approximated: multiplying the weights that read an activation has the same effect as multiplying the
activation. The result is an ordinary network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.checks import checked_index, image_layer, output_shape, unit_count, weighted_layer
from pellucid.inspect.names import INPUTS
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.pool2d import MaxPool2d

if TYPE_CHECKING:
    from pellucid.network.network import Network


def ablate(
    net: Network,
    neurons: Mapping[tuple[int, int], float] | None = None,
    layers: Mapping[int, float] | None = None,
    *,
    out: Network | None = None,
) -> Network:
    """Multiply the activations of neurons or whole layers; the factor 0 switches them off.

    Parameters
    ----------
    net : Network
        It is not changed.
    neurons : mapping of (layer, neuron) to float, optional
        Layers and neurons count from 0; layer -1 stands for the inputs. In a layer with feature maps a neuron is a
        channel, whose whole map is multiplied. No layer reads the activations of the last one, so there the weighted
        sums are multiplied.
    layers : mapping of int to float, optional
        Factors for all neurons of a layer.
    out : Network, optional
        A network with the same layers for the result, such as that of an earlier call.

    Returns
    -------
    Network
        A copy, or ``out``.

    Raises
    ------
    ShapeError
        If a layer or neuron does not exist, a layer is recurrent, ``out`` has other layers, or a single input is to
        be scaled that a convolution reads.
    ConfigurationError
        If a factor is not finite, or is negative before max pooling, which it does not pass unchanged.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> test = pl.data.load("digits").test
    >>> blind = pl.inspect.ablate(net, layers={0: 0.0})          # the picture has no effect
    >>> float(abs(blind(test.images[0]) - blind(test.images[1])).max())
    0.0
    """
    result = net.copy() if out is None else out
    if result is not net:
        if result.parameters.shape != net.parameters.shape:
            raise ShapeError("ablate expected out to have the layers of net, got others: pass a copy of net.")
        result.parameters[...] = net.parameters
    for layer, factor in (layers or {}).items():
        _scale(result, layer, None, factor)
    for (layer, neuron), factor in (neurons or {}).items():
        _scale(result, layer, neuron, factor)
    return result


def _scale(net: Network, layer: int, neuron: int | None, factor: float) -> None:
    if not np.isfinite(factor):
        raise ConfigurationError(f"ablate expected a finite factor, got {factor!r}: 0 switches off, 1 has no effect.")
    last = len(net.layers) - 1
    if layer == last:
        found = weighted_layer(net, last).named()
        rows = slice(None) if neuron is None else checked_index(neuron, len(found["bias"]), "neuron")
        found["weight"][rows] *= np.float32(factor)
        found["bias"][rows] *= np.float32(factor)
        return
    if layer != INPUTS:
        image_layer(net, layer)
    reader = _reader(net, layer, factor)
    weight = net.layers[reader].named()["weight"]
    weight[:, _read_by(net, layer, neuron, reader)] *= np.float32(factor)


def _reader(net: Network, layer: int, factor: float) -> int:
    """The next layer with weights; a factor must pass unchanged through the layers before it."""
    for number in range(layer + 1, len(net.layers)):
        found = image_layer(net, number)
        if isinstance(found, Dense | Conv2d):
            return number
        if isinstance(found, MaxPool2d) and factor < 0:
            raise ConfigurationError(
                f"ablate expected a factor of at least 0, got {factor!r}: layers[{number}] takes the largest of "
                "several activations, which a negative factor would change."
            )
    raise ShapeError(f"ablate expected a layer that another one reads by weights, got layers[{layer}]: choose another.")


def _read_by(net: Network, layer: int, neuron: int | None, reader: int) -> slice:
    """The second axis of the reader's weights that reads a neuron, a channel or a whole layer."""
    if neuron is None:
        return slice(None)
    shape, width = output_shape(net, layer), net.layers[reader].named()["weight"].shape[1]
    if layer == INPUTS and width != math.prod(side for side in shape if side is not None):
        raise ShapeError(
            "ablate expected a neuron of a layer, got an input: filters read all inputs alike, and one alone cannot "
            "be scaled."
        )
    count = unit_count(net, layer)
    at, each = checked_index(neuron, count, "neuron"), width // count
    return slice(at * each, (at + 1) * each)


def noisy(net: Network, spread: float, *, layer: int | None = None, seed: int = 0) -> Network:
    """Add normal noise to the weights and biases.

    Parameters
    ----------
    net : Network
        It is not changed.
    spread : float
        Standard deviation of the noise, relative to that of the layer's weights.
    layer : int, optional
        The layer, from 0; by default all of them.
    seed : int
        The same seed gives the same noise, in proportion to the spread.

    Returns
    -------
    Network
        A copy.

    Raises
    ------
    ConfigurationError
        If the spread is negative or not finite.
    ShapeError
        If there is no such layer.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> bool((pl.inspect.noisy(net, 0.0).parameters == net.parameters).all())
    True
    """
    if not (np.isfinite(spread) and spread >= 0):
        raise ConfigurationError(f"noisy expected a spread of at least 0, got {spread!r}: try 0.1.")
    rng = np.random.default_rng(seed)
    result = net.copy()
    chosen = range(len(net.layers)) if layer is None else [checked_index(layer, len(net.layers), "layer")]
    for index in range(len(net.layers)):
        views = result.layers[index].named().values()
        noise = [rng.standard_normal(view.shape).astype(np.float32) for view in views]
        if index in chosen and noise:
            deviation = np.float32(spread * float(next(iter(views)).std(dtype=np.float64)))
            for view, drawn in zip(views, noise, strict=True):
                view += deviation * drawn
    return result
