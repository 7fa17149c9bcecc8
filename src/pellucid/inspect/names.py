"""Names of layers, neurons, inputs and knobs for use in sentences, the same as on the studio's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.inspect.knobs import Knob
    from pellucid.network.network import Network

INPUTS = -1
"""Stands for the inputs where a layer number is expected."""


def layer_name(net: Network, layer: int) -> str:
    """Name a layer, such as "hidden layer 1" or "output layer"; ``layer`` counts from 0, and -1 is the inputs."""
    if layer == INPUTS:
        return "input layer"
    return "output layer" if layer == len(net.layers) - 1 else f"hidden layer {layer + 1}"


def neuron_name(net: Network, layer: int, neuron: int) -> str:
    """Name a neuron, such as "hidden layer 1, neuron 3", "output 7" or "pixel (4, 12)".

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> neuron_name(net, 0, 3), neuron_name(net, 2, 7), neuron_name(net, -1, 124)
    ('hidden layer 1, neuron 3', 'output 7', 'pixel (4, 12)')
    """
    if layer == INPUTS:
        columns = net.input_shape[-1]
        return f"pixel ({neuron // columns}, {neuron % columns})" if len(net.input_shape) == 2 else f"input {neuron}"
    if layer == len(net.layers) - 1:
        return f"output {net.classes[neuron]}"
    return f"{layer_name(net, layer)}, neuron {neuron}"


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
