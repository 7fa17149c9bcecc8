"""Questions about neurons and knobs: terms, sums, biases, activations, and how much one of them matters."""

from __future__ import annotations

import numpy as np

from pellucid.inspect.class_statistics import auc
from pellucid.inspect.excitation import responses
from pellucid.inspect.names import INPUTS, neuron_words
from pellucid.inspect.untrained import untrained_twin
from pellucid.lessons.assessment.variant import Variant, unit_image
from pellucid.lessons.records import Question
from pellucid.lessons.view import DensePlace, View, dense_places, first_layer
from pellucid.network.network import Network

LOOPS = (0, 6, 8, 9)

SHARES = (
    "none of them, or at most 1 %",
    "more than 1 %, at most 10 %",
    "more than 10 %, at most half",
    "more than half of them",
)
"""Bands of a share, by their upper ends of 1, 10, 50 and 100 %."""


def term(view: View, variant: Variant) -> Question:
    """What one pixel adds to a weighted sum: weight times input."""
    net = view.trained_net()
    weights = np.asarray(first_layer(net).weight, np.float64)
    image, neuron = variant.pick(range(len(view.test)), "image"), variant.pick(range(len(weights)), "neuron")
    inputs = unit_image(view, image).astype(np.float64)
    pixel = _telling(inputs, weights[neuron])
    a, w = inputs[pixel], weights[neuron][pixel]
    return variant.choice(
        f"In test image {image}, {neuron_words(net, INPUTS, pixel)} has the value {a:.2f}. Its weight to "
        f"{neuron_words(net, 0, neuron)} is {w:+.2f}. How much does this pixel add to the neuron's weighted sum?",
        f"{a * w:+.2f}",
        (f"{a + w:+.2f}", f"{w:+.2f}", f"{a:+.2f}", f"{-a * w:+.2f}"),
        f"Weight times pixel: {w:+.2f} · {a:.2f} = {a * w:+.2f}.",
    )


def _telling(inputs: np.ndarray, weights: np.ndarray) -> int:
    """The pixel whose product differs most from what else one may take for it."""
    product = inputs * weights
    others = np.stack([inputs + weights, weights, inputs, -product])
    return int(np.abs(others - product).min(axis=0).argmax())


def summed(view: View, variant: Variant) -> Question:
    """What an activation function gets: the products plus the bias."""
    net = view.trained_net()
    layer = first_layer(net)
    image, neuron = variant.pick(range(len(view.test)), "image"), variant.pick(range(len(layer.bias)), "neuron")
    bias = float(layer.bias[neuron])
    products = float(np.asarray(layer.weight[neuron], np.float64) @ unit_image(view, image).astype(np.float64))
    return variant.choice(
        f"For test image {image}, the products of weights and pixels of {neuron_words(net, 0, neuron)} add up to "
        f"{products:+.2f}. Its bias is {bias:+.2f}. Which number does its activation function get?",
        f"{products + bias:+.2f}",
        (f"{products - bias:+.2f}", f"{products * bias:+.2f}", f"{products:+.2f}", f"{max(products, bias):+.2f}"),
        f"The bias is added once: {products:+.2f} {bias:+.2f} = {products + bias:+.2f}.",
    )


def threshold(view: View, variant: Variant) -> Question:
    """The bias as threshold: what the products have to exceed."""
    place, neuron = _any_neuron(view, variant)
    bias = float(view.trained[place.bias + neuron])
    limit = max(100.0, 10.0 * round(abs(bias)))
    return Question(
        "number",
        f"The bias of {neuron_words(view.net, place.number, neuron)} is {bias:+.2f}. What do its products of weights "
        "and "
        "inputs have to add up to so that, with the bias, exactly 0 comes out?",
        low=-limit,
        high=limit,
        truth=(round(-bias, 2),),
        tolerance=0.0101,
        told="Minus the bias: only above it does the neuron get more than 0.",
    )


def own_knobs(view: View, variant: Variant) -> Question:
    """How many parameters one neuron has."""
    place, neuron = _any_neuron(view, variant)
    count = place.inputs + 1
    total = view.net.parameter_count
    return variant.choice(
        f"How many of the network's {total:,} weights and biases belong to "
        f"{neuron_words(view.net, place.number, neuron)}? "
        f"Its layer has {place.neurons} neurons and {place.inputs:,} inputs.",
        f"{count:,}",
        tuple(
            f"{each:,}"
            for each in (place.inputs, place.inputs * place.neurons, place.neurons, total // place.neurons, 1)
        ),
        f"One weight for each of its {place.inputs:,} inputs, and one bias.",
    )


def one_weight(view: View, variant: Variant) -> Question:
    """How many readings one weight changes."""
    place = dense_places(view.net)[0]
    neuron, pixel = variant.pick(range(place.neurons), "neuron"), variant.pick(_inked(view), "pixel")
    twin = view.trained_net()
    before = view.readings(twin)
    twin.parameters[place.weight_index(neuron, pixel)] = 0.0
    changed = int((view.readings(twin) != before).sum())
    return _banded(
        f"The weight from {neuron_words(twin, INPUTS, pixel)} to {neuron_words(twin, 0, neuron)} becomes 0. How many "
        "of "
        f"{len(before):,} test images are then read as another class than before?",
        changed / len(before),
        f"Counted over all of them: {changed:,}.",
    )


def one_neuron(view: View, variant: Variant) -> Question:
    """How many images are still read without one hidden neuron."""
    places = dense_places(view.net)[:-1]
    place, neuron = variant.pick([(place, neuron) for place in places for neuron in range(place.neurons)])
    twin, after = view.trained_net(), dense_places(view.net)
    following = after[after.index(place) + 1]
    for target in range(following.neurons):
        twin.parameters[following.weight_index(target, neuron)] = 0.0
    whole, left = view.accuracy(view.trained_net()), view.accuracy(twin)
    return Question(
        "number",
        f"A neuron is switched off: {neuron_words(twin, place.number, neuron)}; nothing else changes. With it, "
        f"{100 * whole:.1f} % of the test images are read correctly. What percentage without it?",
        unit="%",
        truth=(100 * left,),
        tolerance=8.0,
        told="The neurons share the work unevenly: this one was switched off and all test images read again.",
    )


def activation(view: View, variant: Variant) -> Question:
    """What the activation function makes of a sum below 0."""
    net = view.trained_net()
    image = variant.pick(range(len(view.test)), "image")
    trace = net.trace(view.images()[image])[0]
    sums, values = np.asarray(trace.sums, np.float64), np.asarray(trace.activations, np.float64)
    neuron = int(np.where(sums < -0.05, np.abs(sums + 1.5), np.abs(sums) + 100).argmin())
    z, a, kind = float(sums[neuron]), float(values[neuron]), first_layer(net).activation
    return variant.choice(
        f"For test image {image}, the weighted sum of {neuron_words(net, 0, neuron)}, with its bias, is {z:+.2f}. "
        f"Its activation function is {kind}. What is its activation?",
        f"{a:.2f}",
        (f"{1 / (1 + np.exp(-z)):.2f}", f"{max(z, 0.0):.2f}", f"{z:.2f}", f"{abs(z):.2f}"),
        f"Computed by the network: {kind} makes {a:.2f} of {z:+.2f}.",
    )


def pairs(view: View, variant: Variant) -> Question:
    """What an AUC says, and what it does not."""
    place, neuron = variant.pick([(p, n) for p in dense_places(view.net)[:-1] for n in range(p.neurons)])
    share = 100 * _auc(view.trained_net(), view, place.number, neuron, LOOPS)
    return variant.choice(
        f"Some digits have a loop: 0, 6, 8 and 9. For these, {neuron_words(view.net, place.number, neuron)} has an AUC "
        "of "
        f"{share / 100:.2f} over all test images. What does that say?",
        f"Of a digit with a loop and one without, the one with it has the larger sum in {share:.0f} % of all pairs",
        (
            f"It recognises {share:.0f} % of the digits with a loop",
            f"{share:.0f} % of what makes it fire has a loop",
            f"It stands for loops, and is {share:.0f} % sure of them",
        ),
        "An AUC compares pairs. It does not say what the neuron stands for; chance alone gives 0.5.",
    )


def before_training(view: View, variant: Variant) -> Question:
    """How good the best hidden neuron is before any training."""
    digits = range(len(view.net.classes))
    members = variant.pick([(a, b, c) for a in digits for b in digits for c in digits if a < b < c])
    best = {}
    for name, net in (("trained", view.trained_net()), ("untrained", untrained_twin(view.trained_net()))):
        best[name] = max(
            _auc(net, view, place.number, neuron, members)
            for place in dense_places(net)[:-1]
            for neuron in range(place.neurons)
        )
    names = ", ".join(view.net.classes[each] for each in members)
    return Question(
        "number",
        f"For the classes {names} against all others, the best hidden neuron reaches an AUC of {best['trained']:.2f}; "
        "0.5 is chance. Before any training, with random weights: how much did the best hidden neuron reach?",
        low=0.5,
        high=1.0,
        truth=(best["untrained"],),
        tolerance=0.06,
        told="Among many random neurons, some fit by chance: compare with an untrained network before you believe one.",
    )


def _auc(net: Network, view: View, layer: int, neuron: int, members: tuple[int, ...]) -> float:
    values = np.nan_to_num(responses(net, layer, view.images()).excitations[:, neuron])
    found = auc(values, np.isin(view.test.labels, members))
    return found if np.isfinite(found) else 0.5


def _any_neuron(view: View, variant: Variant) -> tuple[DensePlace, int]:
    """A neuron of any layer with a bias that is not nearly 0."""
    every = [(place, neuron) for place in dense_places(view.net) for neuron in range(place.neurons)]
    telling = [(place, neuron) for place, neuron in every if abs(view.trained[place.bias + neuron]) > 0.05]
    return variant.pick(telling if len(telling) > 20 else every)


def _inked(view: View) -> list[int]:
    """The pixels that have ink in a tenth of the held-out images or more."""
    images = view.images()
    share = (images.reshape(len(images), -1) > images.min()).mean(axis=0)
    return [int(pixel) for pixel in np.flatnonzero(share >= 0.1)] or list(range(len(share)))


def _banded(text: str, share: float, told: str) -> Question:
    band = int(np.searchsorted([0.01, 0.1, 0.5], share))
    return Question("choice", text, SHARES, truth=(float(band),), told=told)
