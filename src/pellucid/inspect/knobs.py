"""Knobs by name: from a weight or bias to its index in the flat vector of parameters, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError
from pellucid.inspect.checks import checked_index, image_layer
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense

if TYPE_CHECKING:
    from pellucid.network.network import Network

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Knob:
    """One weight or bias of a dense layer or a convolution.

    Attributes
    ----------
    index : int
        Index in the network's ``parameters``.
    layer, neuron : int
        The neuron that it belongs to, from 0; in a convolution the output channel.
    input : int or None
        The input that a weight multiplies, from 0; None for a bias. In a convolution the place in the filter, counted
        channel by channel and row by row.
    kernel : (int, int, int) or None
        The same place as input channel, row and column; None in dense layers, and for a bias.
    """

    index: int
    layer: int
    neuron: int
    input: int | None
    kernel: tuple[int, int, int] | None = None

    def __str__(self) -> str:
        """The knob in Python, as an attribute of the network."""
        if self.input is None:
            return f"layers[{self.layer}].bias[{self.neuron}]"
        place = (self.input,) if self.kernel is None else self.kernel
        return f"layers[{self.layer}].weight[{', '.join(map(str, (self.neuron, *place)))}]"


class _Part(NamedTuple):
    """The knobs of one layer: where they begin, and how many inputs a neuron or channel has."""

    layer: int
    begin: int
    inputs: int
    neurons: int
    kernel: tuple[int, int, int] | None

    @property
    def weights(self) -> Indices:
        """The index of each weight, in the shape of the layer's ``weight``."""
        found = self.begin + np.arange(self.inputs * self.neurons, dtype=np.int64)
        if self.kernel is not None:
            return found.reshape(self.neurons, *self.kernel)
        return found.reshape(self.inputs, self.neurons).T

    @property
    def biases(self) -> Indices:
        """The index of each bias, (neurons,)."""
        return self.begin + self.inputs * self.neurons + np.arange(self.neurons, dtype=np.int64)

    def knob(self, index: int) -> Knob:
        """Return the knob with an index that lies within this part."""
        place = index - self.begin
        if place >= self.inputs * self.neurons:
            return Knob(index, self.layer, place - self.inputs * self.neurons, None)
        if self.kernel is None:
            source, neuron = divmod(place, self.neurons)
            return Knob(index, self.layer, neuron, source)
        neuron, source = divmod(place, self.inputs)
        channel, row, column = np.unravel_index(source, self.kernel)
        return Knob(index, self.layer, neuron, source, (int(channel), int(row), int(column)))


class Knobs:
    """All knobs of a network of dense layers and convolutions, with pooling and dropout between them.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> knobs = pl.inspect.Knobs(net)
    >>> str(knobs[1923]), knobs.find("layers[0].weight[3, 120]").tolist()
    ('layers[0].weight[3, 120]', [1923])
    >>> net.parameters[1923] == net.layers[0].weight[3, 120]
    np.True_
    >>> str(pl.inspect.Knobs(pl.load("digits-conv"))[57])
    'layers[0].weight[2, 0, 1, 2]'
    """

    def __init__(self, net: Network) -> None:
        self._parts: list[_Part] = []
        begin = 0
        for number in range(len(net.layers)):
            layer = image_layer(net, number)
            if isinstance(layer, Dense):
                self._parts.append(_Part(number, begin, layer.in_features, layer.out_features, None))
            elif isinstance(layer, Conv2d):
                neurons, channels, down, across = layer.weight.shape
                self._parts.append(_Part(number, begin, channels * down * across, neurons, (channels, down, across)))
            begin += layer.parameter_count(layer.input_shape)
        self._count = begin

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Knob:
        place = checked_index(index, self._count, "knob")
        return next(part for part in reversed(self._parts) if part.begin <= place).knob(place)

    def find(self, query: str) -> NDArray[np.int64]:
        """Find the knobs that a few words and numbers describe.

        Parameters
        ----------
        query : str
            The words "weight" or "bias", and numbers: layer, neuron and input, from the first on; all are optional.
            In a convolution the input is three numbers: input channel, row and column. After "weight" or "bias"
            without a layer before it, the numbers are neuron and input. "#1923" is an index in the vector.

        Returns
        -------
        ndarray of int64 (n,)
            Their indices, in ascending order.

        Raises
        ------
        ConfigurationError
            If the query does not have this form.

        Examples
        --------
        >>> import pellucid as pl
        >>> knobs = pl.inspect.Knobs(pl.load("digits-relu"))
        >>> [str(knobs[int(k)]) for k in knobs.find("bias 12")]
        ['layers[0].bias[12]', 'layers[1].bias[12]']
        >>> len(knobs.find("2")), len(knobs.find("weight")), len(knobs.find("0 3"))
        (170, 12960, 785)
        """
        text = query.strip().lower()
        if hashed := re.fullmatch(r"#\s*(\d{1,12})", text):
            index = int(hashed[1])
            return np.array([index] if index < self._count else [], np.int64)
        words, numbers = re.findall(r"[a-z]+", text), [int(number) for number in re.findall(r"\d{1,12}", text)]
        if re.search(r"[^a-z0-9\[\](),.\s_:-]", text) or not set(words) <= {*_KINDS, "layer", "layers", "net"}:
            raise ConfigurationError(
                f"Expected a query such as layers[0].weight[3, 120] or bias 2, got {query!r}: use such a form."
            )
        kinds = {_KINDS[word] for word in words if word in _KINDS} or {"weight", "bias"}
        layered = not (set(words) & set(_KINDS)) or bool({"layer", "layers"} & set(words)) or _leads(text)
        layer, rest = (numbers[0], numbers[1:]) if numbers and layered else (None, numbers)
        found = [_numbered(part.weights if kind == "weight" else part.biases, rest)
                 for part in self._parts for kind in ("weight", "bias")
                 if kind in kinds and layer in (None, part.layer)]  # fmt: skip
        return np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)


def _numbered(indices: Indices, numbers: list[int]) -> Indices:
    """Those indices whose first axes have these numbers, flat."""
    if len(numbers) > indices.ndim:
        return np.zeros(0, np.int64)
    for axis, number in enumerate(numbers):
        indices = indices.take([number] if number < indices.shape[axis] else [], axis=axis)
    return indices.ravel()


_KINDS = {"weight": "weight", "weights": "weight", "w": "weight", "bias": "bias", "biases": "bias", "b": "bias"}


def _leads(text: str) -> bool:
    """Whether a query starts with a number."""
    return bool(re.match(r"\W*\d", text))
