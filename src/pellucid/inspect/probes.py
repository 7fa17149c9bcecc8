"""Probes: a network up to one of its layers, as a function that returns the excitation of its neurons.

The excitation of a neuron is its weighted sum z, which still tells inputs apart where the activation is flat. That of a
channel is the largest value in its feature map: z of a convolution, a of a pooling layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.checks import checked_index
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d
from pellucid.programs.images import LevelRange

if TYPE_CHECKING:
    from pellucid.network.network import Network

_POOLS = (MaxPool2d, AvgPool2d)
_UNIT = (0.0, 1.0)


def neuron_count(net: Network, layer: int) -> int:
    """Return the number of neurons of a dense layer, or of channels of a convolution or pooling layer.

    Raises
    ------
    ShapeError
        If there is no such layer, or it has no neurons of its own.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-conv")
    >>> neuron_count(net, 0), neuron_count(net, 8)
    (12, 10)
    """
    found = _probed(net, layer)
    return found.output_shape(found.input_shape)[0]


def has_neurons(net: Network, layer: int) -> bool:
    """Whether a layer of a network of images has neurons or channels that a probe can measure."""
    return not net.program.takes_sequences and isinstance(net.layers[layer], Dense | Conv2d | MaxPool2d | AvgPool2d)


def probe(net: Network, layer: int, neuron: int | None = None, *, level_range: LevelRange | None = None) -> Network:
    """Return the network up to a layer: a network whose outputs are the excitations there.

    Parameters
    ----------
    net : Network
        A network of images or rows.
    layer : int
        A dense layer, a convolution or a pooling layer, from 0.
    neuron : int, optional
        The neuron or channel, from 0: the probe then has this output alone.
    level_range : (float, float), optional
        The levels that mean 0 and 1; by default those of the network.

    Returns
    -------
    Network
        With K outputs, or one. Its parameters are copies.

    Raises
    ------
    ShapeError
        If there is no such layer or neuron, or the layer has no neurons of its own.
    ConfigurationError
        For a network of sequences.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> image, _ = pl.data.load("digits").test[0]
    >>> bool(abs(probe(net, 1)(image) - net.trace(image)[1].sums).max() < 1e-4)
    True
    """
    found = _probed(net, layer)
    before = list(net.layers[:layer])
    at = None if neuron is None else checked_index(neuron, neuron_count(net, layer), "neuron")
    made = type(net)(
        [*before, *_measured(found, at)],
        input_shape=net.input_shape,
        level_range=level_range or net.level_range,
        draw=False,
    )
    count = sum(each.parameter_count(each.input_shape) for each in before)
    made.parameters[:count] = net.parameters[:count]
    if isinstance(found, Dense | Conv2d):
        rows = slice(None) if at is None else slice(at, at + 1)
        for name, view in made.layers[layer].named().items():
            view[...] = found.named()[name][rows]
    elif at is not None:
        made.layers[-1].named()["weight"][0, at] = 1.0
    return made


def unit_probe(net: Network, layer: int, neuron: int) -> Network:
    """Return the probe of one neuron that takes inputs from 0 to 1, whatever the levels of the network."""
    return probe(net, layer, neuron, level_range=_UNIT)


def _probed(net: Network, layer: int) -> Layer:
    """The layer, which must have neurons or channels."""
    if net.program.takes_sequences:
        raise ConfigurationError("A probe expected a network of images, got one of sequences: use net.trace.")
    index = checked_index(layer, len(net.layers), "layer")
    found = net.layers[index]
    if not has_neurons(net, index):
        fitting = ", ".join(str(each) for each in range(len(net.layers)) if has_neurons(net, each)) or "none"
        raise ShapeError(
            f"Expected a layer with neurons or channels ({fitting}), got layers[{index}], which is {found.kind}."
        )
    return found


def _measured(layer: Layer, neuron: int | None) -> Sequence[Layer]:
    """The layers that compute the excitations of a layer, or one of them."""
    if isinstance(layer, Dense):
        return [Dense(layer.out_features if neuron is None else 1)]
    channels, *sides = layer.output_shape(layer.input_shape)
    largest = [MaxPool2d((sides[0], sides[1])), Flatten()]
    if isinstance(layer, Conv2d):
        geometry = layer.geometry
        return [Conv2d(channels if neuron is None else 1, *geometry), *largest]
    return [layer, *largest] if neuron is None else [layer, *largest, Dense(1, initialization=None)]


def strongest_places(net: Network, layer: int, channel: int, x: ArrayLike) -> NDArray[np.intp]:
    """Return where in its feature map a channel is most excited by each input: rows and columns from 0, (N, 2).

    Parameters
    ----------
    net : Network
        A network of pictures.
    layer, channel : int
        The channel, both from 0.
    x : array_like (N, ...)

    Raises
    ------
    ShapeError
        If the layer has no feature maps, there is no such channel, or the inputs have another shape.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-conv")
    >>> images = pl.data.load("digits").test.images[:5]
    >>> row, column = strongest_places(net, 0, 3, images)[4]
    >>> maps = net.trace(images)[0].sums
    >>> bool(maps[4, 3, row, column] == maps[4, 3].max())
    True
    """
    found = _probed(net, layer)
    at = checked_index(channel, neuron_count(net, layer), "channel")
    if len(found.output_shape(found.input_shape)) != 3:
        raise ShapeError(f"Expected a layer with feature maps, got layers[{layer}], which has none.")
    maps = net[: layer + 1].trace(x)[layer].sums
    if maps.ndim != 4:
        raise ShapeError(f"strongest_places expected a batch (N, ...), got one input of shape {np.shape(x)}.")
    flat = maps[:, at].reshape(len(maps), -1).argmax(axis=1)
    return np.stack(np.unravel_index(flat, maps.shape[2:]), axis=1)
