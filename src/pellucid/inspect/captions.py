"""Backpropagation told as a story: a stage at a time, each with its numbers put into words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.backward import Backpropagation, LayerNudges


@dataclass(frozen=True)
class Stage:
    """One stage: ``kind`` is "forward", "cost", "outputs", "sums", "weights", "biases", "inputs" or "pixels".

    ``layer`` is the layer it is about, -1 for none.
    """

    kind: str
    layer: int
    title: str
    caption: str


def stages(told: Backpropagation) -> tuple[Stage, ...]:
    """The stages in the order in which they are told.

    Examples
    --------
    >>> import pellucid as pl
    >>> image, label = pl.data.load("digits").test[0]
    >>> told = pl.inspect.backpropagate(pl.load("digits-sigmoid"), image, label)
    >>> [stage.kind for stage in pl.inspect.stages(told)][:6]
    ['forward', 'cost', 'outputs', 'sums', 'weights', 'biases']
    """
    found = [_forward(told), _cost(told), _outputs(told)]
    for number in reversed(range(len(told.layers))):
        layer = told.layers[number]
        found += [_sums(told, number, layer), _weights(told, number, layer), _biases(told, number, layer)]
        found.append(_inputs(told, number, layer) if number else _pixels(told, layer))
    return tuple(found)


def _layer(told: Backpropagation, number: int) -> str:
    return "the output layer" if number == len(told.layers) - 1 else f"hidden layer {number + 1}"


def _neuron(told: Backpropagation, number: int, index: int) -> str:
    return f"output {_name(told, index)}" if number == len(told.layers) - 1 else f"neuron {index}"


def _name(told: Backpropagation, index: int) -> str:
    return told.net.classes[index]


def _forward(told: Backpropagation) -> Stage:
    outputs = told.layers[-1].activations
    best = int(outputs.argmax())
    right = "as it should" if best == told.label else f"but it is a {_name(told, told.label)}"
    caption = (
        f"The picture goes through the network. It says {_name(told, best)} at {outputs[best]:.2f}, {right}; "
        f"{_name(told, told.label)} stands at {outputs[told.label]:.2f}."
    )
    return Stage("forward", -1, "Forward", caption)


def _cost(told: Backpropagation) -> Stage:
    if told.loss == "cross_entropy" and told.layers[-1].function == "softmax":
        a = told.layers[-1].activations[told.label]
        caption = f"The cost is -ln {a:.3g} = {told.cost:.3g}: the nearer the wanted output is to 1, the less."
    else:
        worst = int(told.costs.argmax())
        what = "squares of what each output is off" if told.loss == "squared" else "penalties of all outputs"
        caption = (
            f"The cost is the sum of the {what}: {told.cost:.3g}. The largest share, {told.costs[worst]:.3g}, is that "
            f"of {_name(told, worst)}."
        )
    return Stage("cost", len(told.layers) - 1, "Cost", caption)


def _outputs(told: Backpropagation) -> Stage:
    wishes = told.wishes
    rise = int(wishes.argmax())
    fall = int(wishes.argmin())
    caption = (
        f"What each output wants: {_name(told, rise)} wants to rise ({_signed(wishes[rise])}), "
        f"{_name(told, fall)} to fall the most ({_signed(wishes[fall])}). The further off, the stronger the wish."
    )
    return Stage("outputs", len(told.layers) - 1, "What the outputs want", caption)


def _sums(told: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    if number == len(told.layers) - 1 and told.loss == "cross_entropy":
        text = (
            "Cross-entropy suits these outputs so well that their slope cancels: dC/dz is simply the output less its "
            f"target, for {_name(told, told.label)} {_signed(layer.by_sums[told.label])}."
        )
    else:
        flat = int((np.abs(layer.slopes) < 0.01).sum())
        steepest = int(np.abs(layer.slopes).argmax())
        text = (
            f"A wish passes the {layer.function} as far as it is steep there: times its slope, which is "
            f"{layer.slopes[steepest]:.3g} for {_neuron(told, number, steepest)}. {flat} of {len(layer.slopes)} "
            "neurons sit where it is flat, and hardly hear."
        )
    return Stage("sums", number, f"Through the {layer.function} of {_layer(told, number)}", text)


def _weights(told: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    row, column = _largest(layer.by_weights)
    caption = (
        "Each weight should change as its neuron wishes, times the activation that it carries: bright inputs have more "
        f"influence. The strongest wish is for that from {_source(told, number, column)}, which is at "
        f"{layer.inputs[column]:.3g}, to {_neuron(told, number, row)}: it should "
        f"{_go(layer.by_weights[row, column])} ({_signed(-layer.by_weights[row, column])})."
    )
    return Stage("weights", number, f"Weights of {_layer(told, number)}", caption)


def _biases(told: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    k = int(np.abs(layer.by_biases).argmax())
    caption = (
        "Each bias should change just as its neuron wishes, whatever the picture. The strongest wish is that of "
        f"{_neuron(told, number, k)}: {_signed(-layer.by_biases[k])}."
    )
    return Stage("biases", number, f"Biases of {_layer(told, number)}", caption)


def _inputs(told: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    k = int(np.abs(layer.by_inputs).argmax())
    caption = (
        f"No one can turn an activation directly, but all {len(layer.by_sums)} neurons of {_layer(told, number)} wish "
        f"something of it, each by its weight. Added up, neuron {k} of {_layer(told, number - 1)} should "
        f"{_go(layer.by_inputs[k])} the most ({_signed(-layer.by_inputs[k])}). These are the wishes for the layer "
        "before: the same again, one layer back."
    )
    return Stage("inputs", number, f"What {_layer(told, number)} wants of {_layer(told, number - 1)}", caption)


def _pixels(told: Backpropagation, layer: LayerNudges) -> Stage:
    k = int(np.abs(layer.by_inputs).argmax())
    caption = (
        "The wishes have come back to the pixels. The picture is what it is, but this is how it would have to change: "
        f"{_source(told, 0, k)} should {_go(layer.by_inputs[k])} the most ({_signed(-layer.by_inputs[k])})."
    )
    return Stage("pixels", 0, "Back to the pixels", caption)


def _source(told: Backpropagation, number: int, index: int) -> str:
    if number:
        return f"neuron {index}"
    sides = told.net.input_shape
    return f"pixel ({index // sides[-1]}, {index % sides[-1]})" if len(sides) == 2 else f"input {index}"


def _largest(matrix: NDArray[np.float32]) -> tuple[int, int]:
    row, column = np.unravel_index(int(np.abs(matrix).argmax()), matrix.shape)
    return int(row), int(column)


def _go(derivative: float) -> str:
    return "fall" if derivative > 0 else "rise"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{abs(value):.3g}"
