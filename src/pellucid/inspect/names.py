"""Names of layers, neurons, inputs and knobs for use in sentences, the same as on the studio's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.columns import Columns

if TYPE_CHECKING:
    from pellucid.inspect.knobs import Knob
    from pellucid.network.network import Network

INPUTS = -1
"""Stands for the inputs where a layer number is expected."""


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
    """Name a layer, such as "hidden layer 1" or "output layer"; ``layer`` counts from 0, and -1 is the inputs."""
    if layer == INPUTS:
        return "input layer"
    return "output layer" if layer == len(net.layers) - 1 else f"hidden layer {layer + 1}"


def neuron_name(net: Network, layer: int, neuron: int) -> str:
    """Name a neuron, such as "hidden layer 1, neuron 3", "output 7", "pixel (4, 12)" or "feature petal length".

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> neuron_name(net, 0, 3), neuron_name(net, 2, 7), neuron_name(net, -1, 124)
    ('hidden layer 1, neuron 3', 'output 7', 'pixel (4, 12)')
    """
    if layer == INPUTS:
        return _input_name(net, neuron)
    if layer == len(net.layers) - 1:
        return f"output {net.classes[neuron]}"
    return f"{layer_name(net, layer)}, neuron {neuron}"


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
    return f"{neuron_name(net, knob.layer - 1, knob.input)} → {neuron}"
