"""The workloads as data: images, weights and order, the same for every peer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, ShapeError

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Parameters = tuple[tuple[Floats, Floats], ...]
Activation = Literal["sigmoid", "relu"]
Optimizer = Literal["sgd", "momentum", "adam"]
Kind = Literal["dense", "lenet"]

ACTIVATIONS = ("sigmoid", "relu")
OPTIMIZERS = ("sgd", "momentum", "adam")
MOMENTUM = 0.9
ADAM_BETAS = (0.9, 0.999)
ADAM_EPSILON = 1e-8
SMALL = (784, 16, 16, 10)
WIDE = (784, 512, 512, 10)
LENET = (784, 10)
"""Input and output sizes of LeNet-5 for pictures of 28x28."""


@dataclass(frozen=True, eq=False)
class TrainingWork:
    """One epoch of training a network, with given weights and order.

    Hidden layers use `activation`, the output is softmax, the loss is the mean cross-entropy of a batch. No image
    is dropped: the last batch may be short.

    Parameters
    ----------
    name
        Name in the table.
    images
        Shape (N, D), values 0 to 1; taken as float32, C order.
    labels
        Shape (N,), 0 to K - 1.
    layers
        Sizes from D to K; for LeNet-5 only these two.
    network
        `"dense"`, or `"lenet"`: LeNet-5 with ReLU and max pooling, on pictures of 28x28.
    activation, optimizer, learning_rate, batch_size
        `"momentum"` means 0.9 without Nesterov; `"adam"` has its usual constants.
    seed
        Seed of the weights and the order.
    limit
        Train only on this many images, the first of the order.
    left_out
        Names of peers that do not take part.

    Examples
    --------
    >>> images, labels = np.zeros((10, 4), np.float32), np.arange(10) % 3
    >>> work = TrainingWork("tiny", images, labels, layers=(4, 5, 3), batch_size=4)
    >>> work.count, work.steps, [weight.shape for weight, bias in work.parameters]
    (10, 3, [(5, 4), (3, 5)])
    >>> [len(rows) for rows in work.batches()]
    [4, 4, 2]
    """

    name: str
    images: Floats
    labels: Integers
    layers: tuple[int, ...] = SMALL
    activation: Activation = "sigmoid"
    optimizer: Optimizer = "sgd"
    learning_rate: float = 1.0
    batch_size: int = 32
    seed: int = 0
    limit: int | None = None
    left_out: tuple[str, ...] = ()
    network: Kind = "dense"

    def __post_init__(self) -> None:
        _check_lenet(self.network, self.layers, self.activation)
        _freeze(self, "images", _as_images(self.images, self.layers))
        _freeze(self, "labels", _as_labels(self.labels, len(self.images), self.layers[-1]))
        _check_choice("activation", self.activation, ACTIVATIONS)
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        if self.batch_size < 1:
            raise ConfigurationError(f"A batch needs at least 1 image, got batch_size={self.batch_size}.")

    @cached_property
    def parameters(self) -> Parameters:
        """The weights (out, in, ...) and biases (out,) that training starts from; copy before changing."""
        return initial_lenet(self.seed) if self.network == "lenet" else initial(self.layers, self.seed)

    @cached_property
    def order(self) -> Integers:
        """The rows of `images` in the order of training."""
        return np.random.default_rng([self.seed, 1]).permutation(len(self.images))[: self.limit]

    def batches(self) -> Iterator[Integers]:
        """Yield the rows of each batch in turn."""
        for start in range(0, self.count, self.batch_size):
            yield self.order[start : start + self.batch_size]

    @property
    def count(self) -> int:
        """Images in the epoch."""
        return len(self.order)

    @property
    def steps(self) -> int:
        """Updates in the epoch."""
        return -(-self.count // self.batch_size)

    def first(self, count: int) -> TrainingWork:
        """Return the same work cut to the first `count` images of its order."""
        return replace(self, limit=min(count, self.count))


@dataclass(frozen=True, eq=False)
class InferenceWork:
    """Inference with a given network: all images in one call, or one call for each.

    Parameters
    ----------
    name, images, layers, activation, seed, network
        As in `TrainingWork`.
    one_at_a_time
        Whether each image is a separate call, made after the previous one returns.
    """

    name: str
    images: Floats
    layers: tuple[int, ...] = SMALL
    activation: Activation = "sigmoid"
    one_at_a_time: bool = False
    seed: int = 0
    network: Kind = "dense"

    def __post_init__(self) -> None:
        _check_lenet(self.network, self.layers, self.activation)
        _freeze(self, "images", _as_images(self.images, self.layers))
        _check_choice("activation", self.activation, ACTIVATIONS)

    @cached_property
    def parameters(self) -> Parameters:
        """The weights (out, in, ...) and biases (out,) of the network."""
        return initial_lenet(self.seed) if self.network == "lenet" else initial(self.layers, self.seed)

    @property
    def count(self) -> int:
        """Images read."""
        return len(self.images)


Work = TrainingWork | InferenceWork


def initial(layers: tuple[int, ...], seed: int) -> Parameters:
    """Return weights drawn uniformly within sqrt(6 / (in + out)) of zero, and biases of zero.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    rng = np.random.default_rng([seed, 0])
    return tuple(_pair(rng, (fan_out, fan_in)) for fan_in, fan_out in pairwise(layers))


def initial_lenet(seed: int) -> Parameters:
    """Return LeNet-5's weights, two convolutions (out, in, 5, 5) and three dense layers (out, in), drawn likewise."""
    rng = np.random.default_rng([seed, 0])
    shapes = ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))
    return tuple(_pair(rng, shape) for shape in shapes)


def _pair(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return weights of a shape (out, in, ...) within their bound, and biases of zero."""
    seen = int(np.prod(shape[2:]))
    bound = np.float32(np.sqrt(6 / ((shape[0] + shape[1]) * seen)))
    return (2 * rng.random(shape, dtype=np.float32) - 1) * bound, np.zeros(shape[0], np.float32)


_SOME: dict[str, Any] = {"limit": 12_800}
"""Images of an epoch if a whole one would take some peers too long: enough to measure their speed."""
_FEW: dict[str, Any] = {"limit": 6_400}
_LONG_TO_COMPILE: dict[str, Any] = {"left_out": ("torch.compile",)}
"""Left out where it compiles for over half a minute and ends up between its eager form and JAX."""
_FOR_SMALL: dict[str, Any] = {"left_out": ("torch.compile", "tinygrad", "FANN", "TensorFlow.js", "brain.js")}
"""Left out of wide networks, where an epoch of theirs takes minutes."""

# The learning rates keep an epoch stable enough that float32 rounding does not separate the peers' losses.
_TRAINING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("784-16-16-10, batch 32", {}),
    ("784-16-16-10, batch 10", {"batch_size": 10, "learning_rate": 0.3, **_LONG_TO_COMPILE}),
    ("784-16-16-10, batch 128", {"batch_size": 128, **_LONG_TO_COMPILE}),
    ("784-16-16-10, batch 1", {"batch_size": 1, "learning_rate": 0.03, **_LONG_TO_COMPILE}),
    ("ReLU, batch 32", {"activation": "relu", "learning_rate": 0.1, **_SOME, **_LONG_TO_COMPILE}),
    ("momentum, batch 32", {"optimizer": "momentum", "learning_rate": 0.1, **_SOME, **_LONG_TO_COMPILE}),
    ("Adam, batch 32", {"optimizer": "adam", "learning_rate": 0.001, **_SOME, **_LONG_TO_COMPILE}),
    ("784-512-512-10, batch 32", {"layers": WIDE, "learning_rate": 0.1, **_SOME, **_FOR_SMALL}),
    (
        "784-512-512-10, batch 128",
        {"layers": WIDE, "batch_size": 128, "learning_rate": 0.1, **_SOME, **_FOR_SMALL},
    ),
)
_CONVOLUTION: dict[str, Any] = {"network": "lenet", "layers": LENET, "activation": "relu"}


def training_works(images: Floats, labels: Integers, *, thorough: bool = False) -> list[TrainingWork]:
    """Return the benchmark's training workloads on these images, shape (N, 784), values 0 to 1.

    ``thorough``: always over all images, with every peer.
    """
    works = [(f"train {name}", dict(options)) for name, options in _TRAINING]
    convolution = {**_CONVOLUTION, "learning_rate": 0.05, **_FEW}
    works += [(f"train LeNet-5, batch {size}", {**convolution, "batch_size": size}) for size in (32, 128)]
    if thorough:
        for _, options in works:
            options.pop("limit", None)
            options.pop("left_out", None)
    return [TrainingWork(name, images, labels, **options) for name, options in works]


def inference_works(images: Floats) -> list[InferenceWork]:
    """Return the inference workloads: up to 2,000 images one at a time, and up to 10,000 at once for two networks."""
    one = InferenceWork("read one image at a time", images[:2000], one_at_a_time=True)
    many = images[:10_000]
    convolutional = InferenceWork(f"read {len(many):,} images with LeNet-5", many, **_CONVOLUTION)
    return [one, InferenceWork(f"read {len(many):,} images at once", many), convolutional]


def average_ink(images: Floats) -> float:
    """Return the average number of non-zero pixels per image.

    Examples
    --------
    >>> average_ink(np.array([[0, 0.5, 1], [0, 0, 1]], np.float32))
    1.5
    """
    return float(np.count_nonzero(images) / max(len(images), 1))


def _freeze(work: TrainingWork | InferenceWork, field: str, value: NDArray[Any]) -> None:
    object.__setattr__(work, field, value)


def _as_images(images: Floats, layers: tuple[int, ...]) -> Floats:
    if len(layers) < 2 or min(layers) < 1:
        raise ConfigurationError(f"layers needs an input and an output size, each at least 1, got {layers}.")
    images = np.ascontiguousarray(images, dtype=np.float32)
    if images.ndim != 2 or images.shape[1] != layers[0] or len(images) == 0:
        raise ShapeError(
            f"Expected images of shape (N, {layers[0]}) with N at least 1, got {images.shape}: "
            "flatten them, or change the first entry of layers."
        )
    return images


def _as_labels(labels: Integers, count: int, classes: int) -> Integers:
    labels = np.ascontiguousarray(labels, dtype=np.int64)
    if labels.shape != (count,):
        raise ShapeError(f"Expected one label per image, shape ({count},), got {labels.shape}.")
    if labels.min() < 0 or labels.max() >= classes:
        raise ShapeError(
            f"Expected labels from 0 to {classes - 1}, got {labels.min()} to {labels.max()}: "
            "the last entry of layers must cover them."
        )
    return labels


def _check_lenet(network: str, layers: tuple[int, ...], activation: str) -> None:
    _check_choice("network", network, ("dense", "lenet"))
    if network == "lenet" and (tuple(layers) != LENET or activation != "relu"):
        raise ConfigurationError(f"LeNet-5 needs layers {LENET} with relu, got {layers} with {activation}.")


def _check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigurationError(f"{what} must be one of {', '.join(choices)}, got {value!r}.")
