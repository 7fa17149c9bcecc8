"""Recipes: how a shipped network is trained, over several seeds.

``python -m pellucid.models.digits_relu`` trains the network of that recipe on full MNIST, prints the test accuracy
of every seed with their mean and standard deviation, and writes the network of the first seed beside the recipe.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from pellucid import data
from pellucid.layers import Dense, Layer
from pellucid.models.narrowing import without_neuron
from pellucid.network.files import load, save
from pellucid.network.network import Network
from pellucid.training.optimizers import Adam, Optimizer
from pellucid.training.parallel import train_many
from pellucid.training.schedules import WarmUp
from pellucid.training.trainer import Trainer

if TYPE_CHECKING:
    from pellucid.data import Dataset


LATER = 1000
"""Between the seeds of the order of images in each stage of a narrowing."""

COPIES_SEED = 12345
"""Draws the varied copies, which are the same for all seeds of a network."""

LEAST_PROBABILITY = 1e-12


@dataclass(frozen=True)
class Narrowing:
    """How a network begins with more neurons in its hidden layers, and loses them one by one while it learns.

    See `pellucid.models.narrowing`. The learning rate is constant; epochs may be fractions.
    """

    hidden: tuple[int, ...]
    """Neurons in the hidden layers at first."""
    rate: float
    epochs: float
    """Training before the first is removed."""
    between: float
    """Training after each that is removed."""
    images: int = 8000
    """So many images choose which neuron is removed."""

    def wide(self, layers: Sequence[Layer]) -> list[Layer]:
        """Return the layers with which it begins."""
        hidden = (replace(cast(Dense, layer), out_features=n) for layer, n in zip(layers, self.hidden, strict=False))
        return [*hidden, layers[-1]]

    def narrowed(self, net: Network, train: Dataset, layers: Sequence[Layer], batch_size: int, seed: int) -> Network:
        """Train a wide network on data with probabilities as targets, until it has as many neurons as ``layers``."""
        goal = [cast(Dense, layer).out_features for layer in layers[:-1]]
        chosen = np.linspace(0, len(train) - 1, self.images).astype(int)
        images = np.asarray(train.images[chosen], np.float64).reshape(self.images, -1) / 255
        targets = np.asarray(train.targets[chosen], np.float64)
        self._train(net, train, batch_size, seed, self.epochs)
        for number, layer in enumerate(self._order(goal), 1):
            net = without_neuron(net, layer, images, targets)
            self._train(net, train, batch_size, seed + LATER * number, self.between)
        return net

    def _train(self, net: Network, train: Dataset, batch_size: int, seed: int, epochs: float) -> None:
        optimizer = Adam(WarmUp(self.rate, epochs=self.between / 4))
        trainer = Trainer(net, train, optimizer=optimizer, batch_size=batch_size, seed=seed, threads=1)
        trainer.take_steps(round(epochs * trainer.steps_per_epoch))

    def _order(self, goal: Sequence[int]) -> list[int]:
        """Return the hidden layers from which a neuron is removed, in turn, so that all end at the same time."""
        spare = [n - m for n, m in zip(self.hidden, goal, strict=True)]
        shares = [((k + 1) / n, layer) for layer, n in enumerate(spare) for k in range(n)]
        return [layer for _, layer in sorted(shares)]


@dataclass(frozen=True)
class Recipe:
    """One network and its training, without the seed."""

    name: str
    layers: tuple[Layer, ...]
    optimizer: Optimizer
    batch_size: int
    epochs: int
    augment: Any = None
    description: str = ""
    seeds: int = 5
    teacher: str = ""
    """A shipped network whose probabilities are the targets (distillation), instead of the labels."""
    temperature: float = 1.0
    """The teacher's logarithms are divided by it, so that what it thinks of the other classes weighs more."""
    copies: int = 0
    """Varied copies of all images, whose targets the teacher computes once; an epoch is one pass over all of them."""
    narrowing: Narrowing | None = None
    """How the network begins with more neurons in its hidden layers, and loses them."""

    def lessons(self, train: Dataset) -> Dataset:
        """Return what the network is trained on: the data, or with a teacher varied copies and its probabilities.

        The teacher sees each copy as varied. So the network learns what a distortion makes of a digit, and not that it
        is still the same for sure.

        References
        ----------
        Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015.
        Beyer, Zhai et al., "Knowledge distillation: a good teacher is patient and consistent", 2022, for the teacher
        that sees the same varied image.
        """
        if not self.teacher:
            return train
        teacher, parts = load(self.teacher), [train.images]
        if self.copies:
            varied = (self.augment.apply(train.images, seed=COPIES_SEED, epoch=k) for k in range(self.copies))
            parts = [np.round(255 * copy).astype(np.uint8) for copy in varied]
        targets = np.concatenate([softened(teacher(part), self.temperature) for part in parts])
        images = np.concatenate(parts)
        return data.Dataset(images, targets, classes=train.classes, memory_limit="8 GB", name=train.name)

    def network(self, train: Dataset, seed: int) -> Network:
        """Return the network that is trained: a new one, or one that was narrowed; on data that `lessons` returned."""
        layers = self.layers if self.narrowing is None else self.narrowing.wide(self.layers)
        net = Network(layers, input_shape=(28, 28), seed=seed, classes=train.classes)
        return (
            net if self.narrowing is None else self.narrowing.narrowed(net, train, self.layers, self.batch_size, seed)
        )

    def trainer(self, train: Dataset, seed: int, threads: int | None = None, net: Network | None = None) -> Trainer:
        """Return a trainer for `network`, both initialised from ``seed``, on data that `lessons` returned."""
        return Trainer(
            self.network(train, seed) if net is None else net,
            train,
            optimizer=self.optimizer,
            batch_size=self.batch_size,
            seed=seed,
            augment=None if self.copies else self.augment,
            threads=threads,
        )

    def run(self, train: Dataset, test: Dataset, seeds: Sequence[int]) -> tuple[list[Network], list[float]]:
        """Train one network per seed in parallel; return the networks and their final test accuracies."""
        lessons = self.lessons(train)
        with ThreadPoolExecutor(os.cpu_count()) as executor:
            nets = list(executor.map(lambda seed: self.network(lessons, seed), seeds))
        threads = 1 if len(seeds) > 1 else None
        trainers = [self.trainer(lessons, seed, threads, net) for seed, net in zip(seeds, nets, strict=True)]
        accuracies = [0.0] * len(seeds)
        for index, event in train_many(trainers, self.epochs, validation=test, on_error="raise"):
            accuracies[index] = getattr(event, "test_accuracy", accuracies[index])
        return nets, accuracies


def softened(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return the probabilities (N, K) of a softmax whose inputs are divided by a temperature.

    Examples
    --------
    >>> softened(np.array([[0.64, 0.04, 0.32]], np.float32), 2.0).round(2)
    array([[0.51, 0.13, 0.36]], dtype=float32)
    """
    logs = np.log(np.maximum(probabilities, np.float32(LEAST_PROBABILITY))) / np.float32(temperature)
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def of_any_levels(net: Network) -> Network:
    """Return a network that takes bytes as well as levels from 0 to 1, as shipped ones do, from one for bytes alone."""
    free = Network.from_configuration(net.configuration() | {"level_range": None}, draw=False)
    free.parameters[...] = net.parameters
    free.record = dict(net.record)
    return free


def main(recipe: Recipe) -> None:
    """Run the command line of a recipe."""
    parser = argparse.ArgumentParser(description=f"Train {recipe.name} on MNIST: {recipe.description}.")
    parser.add_argument("--seeds", type=int, default=recipe.seeds, help="number of seeds, starting at 0")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / f"{recipe.name}.safetensors")
    arguments = parser.parse_args()
    mnist = data.load("mnist")
    nets, accuracies = recipe.run(mnist.train, mnist.test, range(arguments.seeds))
    for seed, accuracy in enumerate(accuracies):
        print(f"seed {seed}: {accuracy:.2%} of {len(mnist.test):,} test images")
    mean, deviation = float(np.mean(accuracies)), float(np.std(accuracies))
    print(f"{recipe.name}: mean {mean:.2%}, standard deviation {deviation:.2%} over {len(nets)} seeds")
    net = of_any_levels(nets[0])
    net.record |= {
        "recipe": recipe.name,
        "description": recipe.description,
        "test_accuracy": accuracies[0],
        "test_accuracy_mean": mean,
        "test_accuracy_std": deviation,
        "seeds": len(nets),
    }
    if recipe.teacher:
        augment = recipe.augment.configuration() if recipe.copies else None
        net.record |= {"teacher": recipe.teacher, "temperature": recipe.temperature, "augment": augment}
        net.record |= {"copies": recipe.copies, "images": len(mnist.train)}
    if recipe.narrowing is not None:
        net.record["narrowed_from"] = list(recipe.narrowing.hidden)
    save(net, arguments.output)
    print(f"wrote {arguments.output}")
