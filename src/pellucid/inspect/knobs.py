"""Knobs by name: from a weight or bias to its index in the flat vector of parameters, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError
from pellucid.inspect.checks import checked_index, dense_layer

if TYPE_CHECKING:
    from pellucid.network.network import Network


@dataclass(frozen=True)
class Knob:
    """One weight or bias of a dense network.

    Attributes
    ----------
    index : int
        Index in the network's ``parameters``.
    layer, neuron : int
        The neuron that it belongs to, from 0.
    input : int or None
        The input that a weight multiplies, from 0; None for a bias.
    """

    index: int
    layer: int
    neuron: int
    input: int | None

    def __str__(self) -> str:
        """The knob in Python, as an attribute of the network."""
        if self.input is None:
            return f"layers[{self.layer}].bias[{self.neuron}]"
        return f"layers[{self.layer}].weight[{self.neuron}, {self.input}]"


class Knobs:
    """All knobs of a network of dense layers.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> knobs = pl.inspect.Knobs(net)
    >>> str(knobs[1923]), knobs.find("layers[0].weight[3, 120]").tolist()
    ('layers[0].weight[3, 120]', [1923])
    >>> net.parameters[1923] == net.layers[0].weight[3, 120]
    np.True_
    """

    def __init__(self, net: Network) -> None:
        self._begins: list[tuple[int, int, int, int]] = []
        begin = 0
        for number in range(len(net.layers)):
            layer = dense_layer(net, number)
            self._begins.append((number, begin, layer.in_features, layer.out_features))
            begin += (layer.in_features + 1) * layer.out_features
        self._count = begin

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Knob:
        place = checked_index(index, self._count, "knob")
        number, begin, inputs, outputs = next(entry for entry in reversed(self._begins) if entry[1] <= place)
        row, neuron = divmod(place - begin, outputs)
        return Knob(place, number, neuron, row if row < inputs else None)

    def find(self, query: str) -> NDArray[np.int64]:
        """Find the knobs that a few words and numbers describe.

        Parameters
        ----------
        query : str
            The words "weight" or "bias", and numbers: layer, neuron and input, from the first on; all are optional.
            After "weight" or "bias" without a layer before it, the numbers are neuron and input. "#1923" is an index
            in the vector.

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
        found = [self._of(entry, kind, rest) for entry in self._begins for kind in ("weight", "bias")
                 if kind in kinds and layer in (None, entry[0])]  # fmt: skip
        return np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)

    def _of(self, entry: tuple[int, int, int, int], kind: str, numbers: list[int]) -> NDArray[np.int64]:
        """The knobs of one layer and kind, restricted to a neuron and an input where ``numbers`` gives them."""
        _, begin, inputs, outputs = entry
        table = begin + np.arange((inputs + 1) * outputs, dtype=np.int64).reshape(inputs + 1, outputs)
        table = table[:inputs] if kind == "weight" else table[inputs:]
        if len(numbers) > (2 if kind == "weight" else 1):
            return np.zeros(0, np.int64)
        for axis, number in zip((1, 0), numbers, strict=False):
            table = table.take([number] if number < table.shape[axis] else [], axis=axis)
        return table.ravel()


_KINDS = {"weight": "weight", "weights": "weight", "w": "weight", "bias": "bias", "biases": "bias", "b": "bias"}


def _leads(text: str) -> bool:
    """Whether a query starts with a number."""
    return bool(re.match(r"\W*\d", text))
