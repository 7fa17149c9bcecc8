"""Names of layers, neurons, inputs and knobs for use in sentences, the same as on the studio's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.columns import Columns
from pellucid.inspect.checks import has_maps, output_shape
from pellucid.layers.dense import Dense

if TYPE_CHECKING:
    from pellucid.inspect.knobs import Knob
    from pellucid.network.network import Network

INPUTS = -1
"""Stands for the inputs where a layer number is expected."""


_KINDS = {
    "conv2d": "convolution",
    "max_pool2d": "max pooling",
    "avg_pool2d": "mean pooling",
    "flatten": "flattening",
    "dropout": "dropout",
}
"""Layers of convolutional networks in words."""


def feature_names(net: Network) -> tuple[str, ...] | None:
    """Return the names of the inputs of a network that was trained on a table; None if it has none."""
    columns = Columns.of_record(net.record)
    return None if columns is None or net.input_shape != (len(columns.features),) else columns.features


def input_words(net: Network) -> tuple[str, str]:
    """Return what a network takes, and what that consists of: "picture" and "pixels", or the like.

    Examples
    --------
    >>> import pellucid as pl
    >>> input_words(pl.load("digits-relu")), input_words(pl.Network([pl.Dense(3)], input_shape=(4,)))
    (('picture', 'pixels'), ('example', 'inputs'))
    """
    if feature_names(net) is not None:
        return "row", "features"
    return ("picture", "pixels") if len(net.input_shape) > 1 and None not in net.input_shape else ("example", "inputs")


def layer_name(net: Network, layer: int) -> str:
    """Name a layer, such as "hidden layer 1", "layer 3, convolution" or "output layer".

    ``layer`` counts from 0, and -1 is the inputs.
    """
    if layer == INPUTS:
        return "input layer"
    kind = _KINDS.get(net.layers[layer].kind)
    if kind is not None:
        return f"layer {layer + 1}, {kind}"
    return "output layer" if layer == len(net.layers) - 1 else f"hidden layer {layer + 1}"


def neuron_name(net: Network, layer: int, neuron: int) -> str:
    """Name a neuron, such as "hidden layer 1, neuron 3", "output 7", "pixel (4, 12)" or "feature petal length".

    In a layer with feature maps ``neuron`` is a channel: "layer 1, convolution, channel 3".

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> neuron_name(net, 0, 3), neuron_name(net, 2, 7), neuron_name(net, -1, 124)
    ('hidden layer 1, neuron 3', 'output 7', 'pixel (4, 12)')
    """
    if layer == INPUTS:
        return _input_name(net, neuron)
    if has_maps(net, layer):
        return f"{layer_name(net, layer)}, channel {neuron}"
    if layer == len(net.layers) - 1:
        return f"output {net.classes[neuron]}"
    return f"{layer_name(net, layer)}, neuron {neuron}"


def neuron_words(net: Network, layer: int, neuron: int) -> str:
    """Name a neuron inside a sentence, such as "neuron 3 of hidden layer 1"; an output and an input by their names.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> neuron_words(net, 0, 3), neuron_words(net, 2, 7)
    ('neuron 3 of hidden layer 1', 'output 7')
    """
    if layer in (INPUTS, len(net.layers) - 1):
        return neuron_name(net, layer, neuron)
    return f"{'channel' if has_maps(net, layer) else 'neuron'} {neuron} of {layer_name(net, layer)}"


def value_name(net: Network, layer: int, index: int) -> str:
    """Name one value of a layer, flat: a neuron, or a place of a feature map; what flattening and dropout pass on.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-conv")
    >>> value_name(net, 0, 600), value_name(net, 7, 20)
    ('layer 1, convolution, channel 1 at (1, 0)', 'layer 6, convolution, channel 1 at (1, 0)')
    """
    if has_maps(net, layer):
        _, height, width = output_shape(net, layer)
        channel, place = divmod(index, height * width)
        return f"{neuron_name(net, layer, channel)} at ({place // width}, {place % width})"
    if layer != INPUTS and not isinstance(net.layers[layer], Dense) and layer != len(net.layers) - 1:
        return value_name(net, layer - 1, index)
    return neuron_name(net, layer, index)


def _input_name(net: Network, index: int) -> str:
    """Name an input: a pixel of a picture, a feature of a table, or a number."""
    features = feature_names(net)
    if features is not None:
        return f"feature {features[index]}"
    if input_words(net)[1] != "pixels":
        return f"input {index}"
    *channels, height, width = (side or 1 for side in net.input_shape)
    channel, place = divmod(index, height * width)
    pixel = f"pixel ({place // width}, {place % width})"
    return f"{pixel} of channel {channel}" if channels and channels[0] > 1 else pixel


def knob_name(net: Network, knob: Knob) -> str:
    """Name a weight by what it connects, such as "pixel (4, 8) → hidden layer 1, neuron 3"; a bias by its neuron.

    A filter's weight is named by its row and column, and by its input channel where there are several:
    "weight (2, 1) of input channel 5 → layer 3, convolution, channel 7".

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> knobs = pl.inspect.Knobs(net)
    >>> knob_name(net, knobs[1923]), knob_name(net, knobs[13001])
    ('pixel (4, 8) → hidden layer 1, neuron 3', 'bias of output 9')
    """
    neuron = neuron_name(net, knob.layer, knob.neuron)
    if knob.input is None:
        return f"bias of {neuron}"
    if knob.kernel is not None:
        channel, row, column = knob.kernel
        several = net.layers[knob.layer].named()["weight"].shape[1] > 1
        return f"weight ({row}, {column}){f' of input channel {channel}' if several else ''} → {neuron}"
    return f"{value_name(net, knob.layer - 1, knob.input)} → {neuron}"
