"""Somebody who knows all: answers the questions of a test by reading their text and computing in plain NumPy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pellucid as pl
from pellucid.inspect.ablation import ablate
from pellucid.lessons.records import Question
from pellucid.speech.alignment import SURE
from pellucid.speech.editing import EditedSound
from pellucid.speech.utterances import PAUSE
from pellucid.studio.rooms.lessons.ear import BETWEEN
from pellucid.studio.rooms.listen.hearer import Hearer
from pellucid.studio.rooms.listen.recordings import utterances_of
from pellucid.studio.state.embedded_voices import spoken_by, voice_names

Array = NDArray[np.float64]


class Oracle:
    """Answers questions about a shipped network and the held-out images of a data set."""

    def __init__(self, model: str, data: str = "digits") -> None:
        self.net, test = pl.load(model), pl.data.load(data).test
        self.images, self.labels = test.images, np.asarray(test.labels)
        self.unit = self.images.reshape(len(self.images), -1) / 255.0

    def answer(self, question: Question) -> float:
        """The answer in the form of `Question.truth`."""
        text = question.text
        for pattern, answer in _ANSWERS.items():
            found = re.search(pattern, text)
            if found is not None:
                told = answer(self, [int(each) for each in found.groups() if each.isdecimal()], text)
                return told if isinstance(told, float) else _option(question, told)
        raise LookupError(text)

    def weights(self, layer: int) -> tuple[Array, Array]:
        one: Any = self.net.layers[layer]
        return np.asarray(one.weight, np.float64), np.asarray(one.bias, np.float64)

    def sums(self, layer: int, net: Any = None) -> Array:
        """The weighted sums of a layer for all images, (N, K), by the equation."""
        values = self.unit
        for each in (net or self.net).layers[: layer + 1]:
            sums = values @ np.asarray(each.weight, np.float64).T + np.asarray(each.bias, np.float64)
            values = _activated(sums, each.activation)
        return sums

    def accuracy(self, images: Any, net: Any = None) -> float:
        return 100 * float((np.asarray((net or self.net)(images)).argmax(axis=1) == self.labels).mean())

    def best_auc(self, net: Any, members: list[int]) -> float:
        belongs = np.isin(self.labels, members)
        return max(_auc(sums, belongs) for layer in (0, 1) for sums in self.sums(layer, net).T)


def _option(question: Question, told: str) -> float:
    [found] = [at for at, option in enumerate(question.options) if option.startswith(told)]
    return float(found)


def _activated(sums: Array, kind: str) -> Array:
    return np.maximum(sums, 0) if kind == "relu" else 1 / (1 + np.exp(-sums))


def _auc(values: Array, belongs: NDArray[np.bool_]) -> float:
    difference = values[belongs][:, None] - values[~belongs][None]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def _term(oracle: Oracle, numbers: list[int], text: str) -> str:
    image, row, column, neuron = numbers
    pixel = 28 * row + column
    return f"{oracle.weights(0)[0][neuron, pixel] * oracle.unit[image, pixel]:+.2f}"


def _summed(oracle: Oracle, numbers: list[int], text: str) -> str:
    image, neuron = numbers
    return f"{oracle.sums(0)[image, neuron]:+.2f}"


def _threshold(oracle: Oracle, numbers: list[int], text: str) -> float:
    if len(numbers) == 1:  # an output
        return -float(oracle.weights(2)[1][numbers[0]])
    neuron, layer = numbers
    return -float(oracle.weights(layer - 1)[1][neuron])


def _own_knobs(oracle: Oracle, numbers: list[int], text: str) -> str:
    inputs = numbers[-1]
    return f"{inputs + 1:,}"


def _one_weight(oracle: Oracle, numbers: list[int], text: str) -> str:
    row, column, neuron = numbers
    pixel = 28 * row + column
    before, twin = oracle.net(oracle.images).argmax(axis=1), oracle.net.copy()
    first: Any = twin.layers[0]
    first.weight[neuron, pixel] = 0
    share = (twin(oracle.images).argmax(axis=1) != before).mean()
    bands = ("none of them", "more than 1 %", "more than 10 %", "more than half")
    return bands[sum(share > limit for limit in (0.01, 0.1, 0.5))]


def _one_neuron(oracle: Oracle, numbers: list[int], text: str) -> float:
    neuron, layer = numbers
    return oracle.accuracy(oracle.images, ablate(oracle.net, {(layer - 1, neuron): 0.0}))


def _activation(oracle: Oracle, numbers: list[int], text: str) -> str:
    image, neuron = numbers
    first: Any = oracle.net.layers[0]
    return f"{_activated(oracle.sums(0)[image, neuron : neuron + 1], first.activation)[0]:.2f}"


def _pairs(oracle: Oracle, numbers: list[int], text: str) -> str:
    neuron, layer = numbers
    share = 100 * _auc(oracle.sums(layer - 1)[:, neuron], np.isin(oracle.labels, [0, 6, 8, 9]))
    assert f"an AUC of {share / 100:.2f}" in text
    return "Of a digit with a loop and one without"


def _before_training(oracle: Oracle, numbers: list[int], text: str) -> float:
    twin = oracle.net.copy()
    twin.reset()
    return oracle.best_auc(twin, numbers)


def _levels(oracle: Oracle, numbers: list[int], text: str) -> float:
    [count] = numbers
    steps = count - 1
    return oracle.accuracy((np.round(oracle.unit * steps) / steps).reshape(-1, 28, 28))


def _shuffled(oracle: Oracle, numbers: list[int], text: str) -> str:
    [seed] = numbers
    order, twin = np.random.default_rng(seed).permutation(784), oracle.net.copy()
    first: Any = twin.layers[0]
    first.weight[...] = np.array(first.weight)[:, order]
    return f"{oracle.accuracy(oracle.unit[:, order].reshape(-1, 28, 28), twin):.1f} %"


def _shifted(oracle: Oracle, numbers: list[int], text: str) -> float:
    moves = {way: int(count) for count, way in re.findall(r"(\d) pixels? (\w+)", text)}
    padded = np.pad(oracle.images, ((0, 0), (4, 4), (4, 4)))
    row, column = 4 - moves.get("down", 0) + moves.get("up", 0), 4 - moves.get("right", 0) + moves.get("left", 0)
    return oracle.accuracy(padded[:, row : row + 28, column : column + 28])


def _again(oracle: Oracle, numbers: list[int], text: str) -> str:
    return f"exactly {oracle.net(oracle.images[numbers[0]]).max():.3f}"


def _step(oracle: Oracle, numbers: list[int], text: str) -> str:
    image, source, output = numbers
    rate = float(re.findall(r"learning rate is ([\d.]+)\.", text)[0])
    probabilities = np.asarray(oracle.net(oracle.images[image]), np.float64)
    error = probabilities[output] - (oracle.labels[image] == output)
    before = _activated(oracle.sums(1)[image], oracle.net.layers[1].activation)[source]  # type: ignore[union-attr]
    return f"{-rate * error * before:+.4f}"


def _direction(oracle: Oracle, numbers: list[int], text: str) -> str:
    _, label, output = numbers
    return "It goes up" if label == output else "It goes down"


def _rests(text: str) -> tuple[list[str], list[float]]:
    """The sounds of the word in the middle, and the confidence in it with each of them silent: heard again."""
    voice, engine = re.findall(r"The voice (.+) \((\w+)\) says", text)[0]
    digits = [int(each) for each in re.findall(r"says (\d) (\d) (\d)\.", text)[0]]
    name = next(each for each in voice_names() if each.replace("+", " ") == f"{engine}:{voice}")
    samples = spoken_by(name, digits, BETWEEN)
    spoken = _words(samples)[1]
    rests = []
    for sound in (sound for syllable in spoken.syllables for sound in syllable.sounds):
        silent = EditedSound.of(samples).muted((sound.start, sound.end)).samples  # faded, for a click is a sound
        there = [word for word in _words(silent) if word.start < spoken.end and word.end > spoken.start]
        rests.append(max((word.confidence for word in there if word.guess == digits[1]), default=0.0))
    return text.split("as the sounds ")[1].split(".")[0].split(), rests


def _words(samples: Any) -> list[Any]:
    hearer = Hearer(pl.load("spoken-digits"), "spoken-digits")
    parts = [hearer.hear(each.power, each.begin, threshold=SURE) for each in utterances_of(samples, PAUSE)[1]]
    return [word for part in parts for word in part.words]


def _carrier(oracle: Oracle, numbers: list[int], text: str) -> str:
    names, rests = _rests(text)
    return names[int(np.argmin(rests))]


def _rest(oracle: Oracle, numbers: list[int], text: str) -> str:
    names, rests = _rests(text)
    left = rests[names.index(re.findall(r"(\w+) alone is muted", text)[0])]
    word = re.findall(r"The (\w+) is heard", text)[0]
    return f"the {word}, at" if left >= 0.9 else f"the {word}, but" if left > 0 else f"no {word}"


_ANSWERS: dict[str, Any] = {
    r"In test image (\d+), pixel \((\d+), (\d+)\) .* neuron (\d+) of hidden layer 1 .* pixel add": _term,
    r"For test image (\d+), the products .* of neuron (\d+) of hidden layer 1 .* activation function get": _summed,
    r"The bias of neuron (\d+) of hidden layer (\d) is": _threshold,
    r"The bias of output (\d) is": _threshold,
    r"biases belong to .* neurons and (\d+) inputs": _own_knobs,
    r"The weight from pixel \((\d+), (\d+)\) to neuron (\d+) of hidden layer 1 becomes 0": _one_weight,
    r"is switched off: neuron (\d+) of hidden layer (\d)": _one_neuron,
    r"For test image (\d+), the weighted sum of neuron (\d+) of hidden layer 1, .* its activation\?": _activation,
    r"neuron (\d+) of hidden layer (\d) has an AUC": _pairs,
    r"For the classes (\d), (\d), (\d) against all others": _before_training,
    r"rounded to (\d+) levels": _levels,
    r"the same in all images \(permutation (\d+)\)": _shuffled,
    r"All test images move (\d)": _shifted,
    r"random grey \(noise number (\d+)\)": lambda oracle, numbers, text: "one of its classes",
    r"largest output at 0\.(\d+) or more": lambda oracle, numbers, text: (
        100 * float((oracle.net(oracle.images).max(axis=1) >= numbers[0] / 100).mean())
    ),
    r"The network reads test image (\d+) as": lambda oracle, numbers, text: "0",
    r"For test image (\d+), the output of \d is": _again,
    r"step on test image (\d+) alone: the weight from neuron (\d+) of hidden layer 2 to output (\d) is": _step,
    r"is the least of the word left": _carrier,
    r"alone is muted\. What does the network hear": _rest,
    r"Test image (\d+) shows a (\d)\. .* bias of output (\d)\?": _direction,
}
