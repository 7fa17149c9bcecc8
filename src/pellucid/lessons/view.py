"""What lessons may see of a session: its network, its data, what is drawn, and what was done in its rooms."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset
from pellucid.layers.dense import Dense
from pellucid.lessons.deeds import Convolving, Deed, Ear
from pellucid.network.network import Network

Vector = NDArray[np.float32]
D = TypeVar("D", bound=Deed)


@dataclass(frozen=True)
class Nominated:
    """A neuron of the session's network that was looked at, with some classes selected."""

    layer: int
    neuron: int
    members: tuple[int, ...]


@dataclass(frozen=True)
class View:
    """A session at one moment. Nothing in it may be changed.

    Attributes
    ----------
    net : Network
        The session's network, without its switched neurons.
    effective : Network
        The same with them.
    trained : ndarray (parameter_count,)
        Its parameters as loaded or last trained.
    factors : mapping of (layer, neuron) to float
        The switched and scaled neurons.
    reads_images : bool
        Whether it reads pictures by class.
    test : Dataset
        The held-out images.
    images : function
        Returns all held-out images in the levels of the network, (N, ...).
    evaluated : function
        Returns the held-out images as the session reads them: rounded to its grey levels.
    train_new : function
        Trains the usual new network for these data at a learning rate, for some epochs; returns its accuracy on the
        held-out images.
    inputs : ndarray
        What is at the inputs, in the levels of the network.
    drawn : list of list of float
        The strokes that were drawn on the pad, x, y, x, y, ... as shares of its side; none for anything else.
    example : int or None
        The held-out image that is at the inputs.
    nominated : sequence of Nominated
        The neurons that were just looked at.
    cache : dict
        Kept as long as the session.
    train : Dataset or None
        The training images.
    loss : str
        The loss that the network is trained with.
    deeds : sequence of Deed
        What was just done in the rooms.
    ear : function
        Returns the network that hears; None without one.
    grey_levels : int or None
        The grey levels to which pixels are rounded before the network reads them.
    convolving : Convolving or None
        What the room Convolve computes; None where it has no networks for these data.
    """

    net: Network
    effective: Network
    trained: Vector
    factors: Mapping[tuple[int, int], float]
    reads_images: bool
    test: Dataset
    images: Callable[[], NDArray[np.generic]]
    evaluated: Callable[[], Dataset]
    train_new: Callable[[float, int], float]
    inputs: Vector
    drawn: Sequence[Sequence[float]]
    example: int | None = None
    nominated: Sequence[Nominated] = ()
    cache: dict[Any, Any] = field(default_factory=dict)
    train: Dataset | None = None
    loss: str = "cross_entropy"
    deeds: Sequence[Deed] = ()
    ear: Callable[[], Ear | None] = lambda: None
    grey_levels: int | None = None
    convolving: Convolving | None = None

    def done(self, kind: type[D]) -> Iterator[D]:
        """Return what was just done of one kind."""
        return (deed for deed in self.deeds if isinstance(deed, kind))

    @property
    def chance(self) -> float:
        """The accuracy of always naming the most frequent class of the held-out images."""
        return float(np.bincount(self.test.labels).max() / len(self.test))

    @property
    def bits(self) -> int:
        """A checksum over the bits of all parameters."""
        return zlib.crc32(np.ascontiguousarray(self.net.parameters).tobytes())

    @property
    def network(self) -> int:
        """A checksum over the parameters as trained, and the number of held-out images."""
        return zlib.crc32(self.trained.tobytes(), len(self.test))

    @property
    def mark(self) -> int:
        """A checksum over knobs, switched neurons, grey levels and inputs: it changes with whatever a learner does."""
        grey = b"" if self.grey_levels is None else str(self.grey_levels).encode()
        factors = repr(sorted(self.factors.items())).encode()
        return zlib.crc32(b"".join((self.net.parameters.tobytes(), factors, self.inputs.tobytes(), grey)))

    def readings(self, net: Network) -> NDArray[np.int64]:
        """Return the class that a network reads for each held-out image, (N,)."""
        outputs = np.nan_to_num(np.asarray(net(self.images())))
        found: NDArray[np.int64] = outputs.argmax(axis=1)
        return found

    def accuracy(self, net: Network) -> float:
        """Return the share of held-out images that a network reads correctly."""
        return float((self.readings(net) == self.test.labels).mean())

    def trained_net(self) -> Network:
        """Return the network as it was loaded or last trained."""
        twin = self.net.copy()
        twin.parameters[...] = self.trained
        return twin

    def known(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return what is computed once for the trained network and its data."""
        key = name, zlib.crc32(self.trained.tobytes()), len(self.test), id(self.test)
        if key not in self.cache:
            if len(self.cache) > 200:
                self.cache.clear()
            self.cache[key] = compute()
        return self.cache[key]

    @property
    def turned(self) -> NDArray[np.intp]:
        """The indices of the parameters that differ from the trained ones, (n,)."""
        return np.flatnonzero(self.net.parameters != self.trained)


@dataclass(frozen=True)
class DensePlace:
    """A dense layer of a network, and where its parameters lie in the flat vector.

    Attributes
    ----------
    number : int
    inputs, neurons : int
    weight, bias : int
        Indices of the first weight and the first bias.
    """

    number: int
    inputs: int
    neurons: int
    weight: int
    bias: int

    def weight_index(self, neuron: int, source: int) -> int:
        """Return the index of the weight from an input to a neuron."""
        return self.weight + source * self.neurons + neuron


def dense_places(net: Network) -> list[DensePlace]:
    """Return the dense layers of a network, first layer first."""
    found, begin = [], 0
    for number, layer in enumerate(net.layers):
        count = layer.parameter_count(layer.input_shape)
        if isinstance(layer, Dense):
            neurons = layer.output_shape(layer.input_shape)[0]
            inputs = int(np.prod(layer.input_shape))
            found.append(DensePlace(number, inputs, neurons, begin, begin + inputs * neurons))
        begin += count
    return found


def first_layer(net: Network) -> Dense:
    """Return the first layer of a network that is not `unsuited`."""
    layer = net.layers[0]
    if not isinstance(layer, Dense):
        raise TypeError(f"Expected a dense first layer, got {layer.kind}: check `unsuited` first.")
    return layer


def unsuited(view: View, activations: tuple[str, ...] = ("sigmoid", "relu", "tanh")) -> str | None:
    """Return why a lesson about hidden neurons of dense layers cannot be done with this network; None if it can."""
    layers = [layer for layer in view.net.layers if isinstance(layer, Dense)]
    if not view.reads_images:
        return "It needs a network that reads images by class: open digits-sigmoid or digits-relu."
    if len(layers) < 2 or len(layers) != len(view.net.layers):
        return "It needs a network of dense layers with a hidden one: open digits-sigmoid or digits-relu."
    if any(layer.activation not in activations for layer in layers[:-1]):
        return f"It needs hidden layers of {' or '.join(activations)}: open digits-sigmoid or digits-relu."
    return None
