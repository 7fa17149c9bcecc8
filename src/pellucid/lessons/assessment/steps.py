"""Questions about training: what one step does to a weight or a bias."""

from __future__ import annotations

import numpy as np

from pellucid.inspect.names import neuron_words
from pellucid.lessons.assessment.variant import Variant
from pellucid.lessons.records import Question
from pellucid.lessons.view import View, dense_places

RATES = (0.1, 0.2, 0.3, 0.5, 0.8, 1.5, 2.0, 3.0, 4.0, 5.0)


def step(view: View, variant: Variant) -> Question:
    """What gradient descent does to one weight."""
    index, rate = variant.pick(range(len(view.test)), "image"), variant.pick(RATES, "rate")
    net, place = view.trained_net(), dense_places(view.net)[-1]
    gradient = np.asarray(net.gradient(view.images()[index], int(view.test.labels[index])).parameters, np.float64)
    own = gradient[place.weight : place.bias]
    at = place.weight + int(np.abs(own).argmax())
    g, w = float(gradient[at]), float(net.parameters[at])
    source, neuron = divmod(at - place.weight, place.neurons)
    return variant.choice(
        f"One training step on test image {index} alone: the weight from "
        f"{neuron_words(net, place.number - 1, source)} to output {view.net.classes[neuron]} is {w:+.4f}, the gradient "
        f"of the loss with respect to it is {g:+.4f}, and the "
        f"learning rate is {rate:g}. What is added to the weight?",
        f"{-rate * g:+.4f}",
        (f"{rate * g:+.4f}", f"{-g:+.4f}", f"{-rate * w:+.4f}", f"{-rate * g * w:+.4f}"),
        f"Minus the learning rate times the gradient: −{rate:g} · ({g:+.4f}) = {-rate * g:+.4f}.",
    )


def direction(view: View, variant: Variant) -> Question:
    """Which way a step moves the bias of an output, and why."""
    index = variant.pick(range(len(view.test)), "image")
    classes = len(view.net.classes)
    label = int(view.test.labels[index])
    output = label if variant.number % 4 < 2 else (label + 1 + variant.pick(range(classes - 1), "output")) % classes
    net, place = view.trained_net(), dense_places(view.net)[-1]
    gradient = np.asarray(net.gradient(view.images()[index], label).parameters, np.float64)
    change = -float(gradient[place.bias + output])
    options = (
        "It goes up: this output should have been larger",
        "It goes down: this output should have been smaller",
        "It stays: only weights are trained",
        "That depends on where the pixels are black",
    )
    return variant.mixed(
        f"Test image {index} shows a {view.net.classes[label]}. One training step on it alone: what becomes of the "
        f"bias of output {view.net.classes[output]}?",
        options,
        0 if change > 0 else 1 if change < 0 else 2,
        f"The gradient with respect to it is {-change:+.2e}, and a step goes against the gradient.",
    )
