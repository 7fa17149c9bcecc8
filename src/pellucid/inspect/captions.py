"""Backpropagation in words: one stage after another, each with a caption that states its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.data.columns import some_names
from pellucid.inspect.backward import Backpropagation, LayerNudges
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.names import input_words, knob_name, layer_name, neuron_name, value_name
from pellucid.layers.dropout import Dropout
from pellucid.layers.flatten import Flatten

_FLAT = 0.01
"""Slope of the activation function below which almost no nudge passes."""


@dataclass(frozen=True)
class Stage:
    """One stage: ``kind`` is "forward", "cost", "outputs", "sums", "weights", "biases", "inputs" or "pixels".

    "pixels" also stands for the features of a table and other inputs. ``layer`` is the layer that it shows, or -1 for
    none.
    """

    kind: str
    layer: int
    title: str
    caption: str


def stages(result: Backpropagation) -> tuple[Stage, ...]:
    """Describe a backpropagation, from the forward pass back to the pixels.

    Examples
    --------
    >>> import pellucid as pl
    >>> image, label = pl.data.load("digits").test[0]
    >>> result = pl.inspect.backpropagate(pl.load("digits-sigmoid"), image, label)
    >>> [stage.kind for stage in pl.inspect.stages(result)][:6]
    ['forward', 'cost', 'outputs', 'sums', 'weights', 'biases']
    >>> pl.inspect.stages(result)[1].caption
    'The cost is -ln 0.999 = 0.00134. It falls as output 6 approaches 1.'
    """
    found = [_forward(result), _cost(result), _outputs(result)]
    for number in reversed(range(len(result.layers))):
        layer = result.layers[number]
        if layer.by_biases.size:
            found += [_sums(result, number, layer), _weights(result, number, layer), _biases(result, number, layer)]
        if number == 0:
            found.append(_pixels(result, layer))
        elif not isinstance(result.net.layers[number], Flatten | Dropout):  # these pass every nudge on as it is
            found.append(_inputs(result, number, layer))
    return tuple(found)


def _forward(result: Backpropagation) -> Stage:
    outputs, names = result.layers[-1].activations, result.net.classes
    best, target, what = int(outputs.argmax()), result.label, input_words(result.net)[0]
    if target is None:
        triples = zip(names, outputs, result.targets, strict=True)
        answers = some_names([f"{name} {a:.4g} (target {t:.4g})" for name, a, t in triples], 4)
        return Stage("forward", -1, "Forward pass", f"The {what} passes through the network, which answers {answers}.")
    reading = f"The {what} passes through the network, which reads {names[best]} (output {outputs[best]:.2f})"
    wrong = f"; the target is {names[target]} (output {outputs[target]:.2f})."
    return Stage("forward", -1, "Forward pass", reading + (": correct." if best == target else wrong))


def _cost(result: Backpropagation) -> Stage:
    last = len(result.layers) - 1
    if result.label is not None and result.loss == "cross_entropy" and result.layers[-1].function == "softmax":
        a = result.layers[-1].activations[result.label]
        target = neuron_name(result.net, last, result.label)
        caption = f"The cost is -ln {a:.3g} = {result.cost:.3g}. It falls as {target} approaches 1."
    elif result.label is None:
        caption = _cost_of_values(result, last)
    else:
        worst = int(result.costs.argmax())
        terms = "squared distances of all outputs from their targets"
        if result.loss == "cross_entropy":
            terms = "cross-entropy terms of all outputs"
        caption = (
            f"The cost is the sum of the {terms}: {result.cost:.3g}. The largest term, {result.costs[worst]:.3g}, is "
            f"that of {neuron_name(result.net, last, worst)}."
        )
    return Stage("cost", last, "Cost", caption)


_DISTANCES = {
    "mean_squared": "squared distance",
    "mean_absolute": "absolute distance",
    "huber": "distance, squared and halved where it is at most 1,",
}


def _cost_of_values(result: Backpropagation, last: int) -> str:
    outputs, distance = result.layers[-1].activations, _DISTANCES[result.loss]
    worst = int(result.costs.argmax())
    name = neuron_name(result.net, last, worst)
    if len(outputs) == 1:
        gap = f"{outputs[0]:.4g} and {result.targets[0]:.4g}"
        return f"The cost is the {distance} of {name} from its target, {gap}: {result.cost:.3g}."
    return (
        f"The cost is the mean over the outputs of the {distance} from the target: {result.cost:.3g}. {_capital(name)} "
        f"contributes the most, {result.costs[worst]:.3g}."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _outputs(result: Backpropagation) -> Stage:
    nudges, last = result.wishes, len(result.layers) - 1
    if len(nudges) == 1:
        name = neuron_name(result.net, last, 0)
        caption = f"The output gets a nudge toward its target: {_signed(nudges[0])} for {name}."
        return Stage("outputs", last, "Nudge for the output", caption)
    rise, fall = int(nudges.argmax()), int(nudges.argmin())
    names = [neuron_name(result.net, last, index) for index in (rise, fall)]
    caption = (
        f"Each output gets a nudge toward its target: upward, the largest is for {names[0]} "
        f"({_signed(nudges[rise])}); downward, for {names[1]} ({_signed(nudges[fall])})."
    )
    return Stage("outputs", last, "Nudges for the outputs", caption)


def _sums(result: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    if number == len(result.layers) - 1 and result.label is not None and result.loss == "cross_entropy":
        target = neuron_name(result.net, number, result.label)
        text = (
            f"With cross-entropy, the slope of the {_function(layer)} cancels: dC/dz is the output minus its target, "
            f"{_signed(layer.by_sums[result.label])} for {target}."
        )
    elif layer.function == "identity":
        text = "The slope of the identity is 1 everywhere: a nudge passes through it as it is."
    else:
        flat = int((np.abs(layer.slopes) < _FLAT).sum())
        steepest = int(np.abs(layer.slopes).argmax())
        slope = float(layer.slopes.flat[steepest])
        text = (
            f"To pass through the {_function(layer)}, a nudge is multiplied by its slope: {slope:.3g} "
            f"for {value_name(result.net, number, steepest)}, where it is steepest. "
            f"{_flat(flat, layer.slopes.size, 'neuron' if layer.slopes.ndim == 1 else 'place')}"
        )
    return Stage("sums", number, f"Through the {_function(layer)} of {_the(result, number)}", text)


def _flat(count: int, total: int, what: str) -> str:
    if count == 0:
        return f"No {what} has a slope below {_FLAT}."
    have = "has" if count == 1 else "have"
    return f"{count} of {total} {what}s {have} a slope below {_FLAT}, where almost no nudge passes."


def _weights(result: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    if layer.weights.ndim > 2:
        return _filters(result, number, layer)
    row, column = _largest(layer.by_weights)
    source, target = value_name(result.net, number - 1, column), neuron_name(result.net, number, row)
    caption = (
        "The nudge for a weight is the nudge for its neuron times the activation at the weight's input, so that active "
        f"inputs count most. The largest is for the weight from {source} (activation {layer.inputs[column]:.3g}) to "
        f"{target}: it should {_direction(layer.by_weights[row, column])} "
        f"({_signed(-layer.by_weights[row, column])})."
    )
    return Stage("weights", number, f"Weights of {_the(result, number)}", caption)


def _filters(result: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    channel, *place = (int(index) for index in np.unravel_index(np.abs(layer.by_weights).argmax(), layer.weights.shape))
    index = int(np.ravel_multi_index((channel, *place), layer.weights.shape))
    begin = sum(each.parameter_count(each.input_shape) for each in result.net.layers[:number])
    derivative = float(layer.by_weights.flat[index])
    caption = (
        f"A filter's weight is used at all {layer.sums[0].size} places of its map. Its nudge is the sum over them: the "
        "nudge for the sum there times the input under the weight. The largest is for "
        f"{knob_name(result.net, Knobs(result.net)[begin + index])}: it should {_direction(derivative)} "
        f"({_signed(-derivative)})."
    )
    return Stage("weights", number, f"Weights of {_the(result, number)}", caption)


def _biases(result: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    k = int(np.abs(layer.by_biases).argmax())
    what = "the nudge for its neuron" if layer.sums.ndim == 1 else "the sum of the nudges for all places of its map"
    caption = (
        f"The nudge for a bias is {what}. The largest is for the bias of "
        f"{neuron_name(result.net, number, k)}: it should {_direction(layer.by_biases[k])} "
        f"({_signed(-layer.by_biases[k])})."
    )
    return Stage("biases", number, f"Biases of {_the(result, number)}", caption)


def _inputs(result: Backpropagation, number: int, layer: LayerNudges) -> Stage:
    k, this, before = _strongest(layer), _the(result, number), _the(result, number - 1)
    derivative = float(layer.by_inputs.flat[k])
    caption = (
        f"{_how_back(result, number, layer)}. In sum, {value_name(result.net, number - 1, k)} should "
        f"{_direction(derivative)} the most ({_signed(-derivative)}). With these nudges, the same steps repeat for "
        f"{before}."
    )
    return Stage("inputs", number, f"From {this} to {before}", caption)


def _how_back(result: Backpropagation, number: int, layer: LayerNudges) -> str:
    """How a layer passes nudges back to the activations before it."""
    kind, this = result.net.layers[number].kind, _the(result, number)
    if kind == "max_pool2d":
        return f"In {this}, the nudge for a window goes whole to its largest activation, and nothing to the others"
    if kind == "avg_pool2d":
        return f"In {this}, the nudge for a window is shared equally by all its activations"
    who = f"each of the {len(layer.by_sums)} neurons of {this} nudges it"
    if kind == "conv2d":
        who = f"each place of {this} whose filter covers it nudges it"
    return f"An activation cannot be set directly, but {who}, in proportion to its weight"


def _pixels(result: Backpropagation, layer: LayerNudges) -> Stage:
    k, (whole, parts) = _strongest(layer), input_words(result.net)
    caption = (
        f"The nudges have reached the {parts}. Training does not change the {whole}, but this is how it would have to "
        f"change: {neuron_name(result.net, -1, k)} should {_direction(float(layer.by_inputs.flat[k]))} the most "
        f"({_signed(-float(layer.by_inputs.flat[k]))})."
    )
    return Stage("pixels", 0, f"Back to the {parts}", caption)


def _the(result: Backpropagation, number: int) -> str:
    name = layer_name(result.net, number)
    return f"the {name}" if number == len(result.layers) - 1 else name


def _function(layer: LayerNudges) -> str:
    return "ReLU" if layer.function == "relu" else layer.function


def _strongest(layer: LayerNudges) -> int:
    return int(np.abs(layer.by_inputs).argmax())


def _largest(matrix: NDArray[np.float32]) -> tuple[int, int]:
    row, column = np.unravel_index(int(np.abs(matrix).argmax()), matrix.shape)
    return int(row), int(column)


def _direction(derivative: float) -> str:
    return "fall" if derivative > 0 else "rise"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{abs(value):.3g}"
