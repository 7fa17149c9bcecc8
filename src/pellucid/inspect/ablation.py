"""Ablation: the same network with neurons switched off, layers scaled, or noise on its weights.

Nothing is approximated: what a neuron hands on is multiplied by multiplying the weights that take it, so the result is
a network like any other, and every tool works on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.checks import checked_index, dense_layer
from pellucid.inspect.names import INPUTS

if TYPE_CHECKING:
    from pellucid.network.network import Network


def ablate(
    net: Network,
    neurons: Mapping[tuple[int, int], float] | None = None,
    layers: Mapping[int, float] | None = None,
    *,
    out: Network | None = None,
) -> Network:
    """The network with what neurons or whole layers hand on multiplied: by 0, they are switched off.

    Parameters
    ----------
    net : Network
        Stays as it is.
    neurons : mapping of (layer, neuron) to float, optional
        Layers and neurons from 0; layer -1 stands for the inputs. Of the last layer, whose activations nobody takes
        up, the weighted sums are multiplied.
    layers : mapping of int to float, optional
        All neurons of a layer.
    out : Network, optional
        A network of the same layers to write the result to, such as that of a call before.

    Returns
    -------
    Network
        A copy, or ``out``.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> test = pl.data.load("digits").test
    >>> blind = pl.inspect.ablate(net, layers={0: 0.0})          # nothing of the picture comes through
    >>> float(abs(blind(test.images[0]) - blind(test.images[1])).max())
    0.0
    """
    result = net.copy() if out is None else out
    if result is not net:
        if result.parameters.shape != net.parameters.shape:
            raise ShapeError("ablate expected out to have the layers of net: pass a copy of it.")
        result.parameters[...] = net.parameters
    for layer, factor in (layers or {}).items():
        _scale(result, layer, None, factor)
    for (layer, neuron), factor in (neurons or {}).items():
        _scale(result, layer, neuron, factor)
    return result


def _scale(net: Network, layer: int, neuron: int | None, factor: float) -> None:
    if not np.isfinite(factor):
        raise ConfigurationError(f"ablate expected a finite factor, got {factor!r}.")
    last = len(net.layers) - 1
    if layer == last:
        dense = dense_layer(net, last)
        rows = slice(None) if neuron is None else checked_index(neuron, dense.out_features, "neuron")
        dense.weight[rows] *= np.float32(factor)
        dense.bias[rows] *= np.float32(factor)
        return
    if layer != INPUTS:
        dense_layer(net, layer)
    taker = dense_layer(net, layer + 1)
    columns = slice(None) if neuron is None else checked_index(neuron, taker.in_features, "neuron")
    taker.weight[:, columns] *= np.float32(factor)


def noisy(net: Network, spread: float, *, layer: int | None = None, seed: int = 0) -> Network:
    """The network with normal noise on its weights and biases.

    Parameters
    ----------
    net : Network
        Stays as it is.
    spread : float
        Standard deviation of the noise, as a share of that of the layer's weights.
    layer : int, optional
        The layer, from 0; by default all of them.
    seed : int
        Draws the noise: same seed, same noise; twice the spread, twice the noise.

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
        if index in chosen:
            deviation = np.float32(spread * float(next(iter(views)).std(dtype=np.float64)))
            for view, drawn in zip(views, noise, strict=True):
                view += deviation * drawn
    return result
