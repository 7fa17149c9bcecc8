"""Responses: how strongly each of many examples excites the neurons of a layer, and which do so most and least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ShapeError
from pellucid.inspect.checks import checked_index
from pellucid.inspect.probes import probe
from pellucid.inspect.reference import activate
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense

if TYPE_CHECKING:
    from pellucid.network.network import Network


@dataclass(frozen=True, eq=False)
class Responses:
    """The excitation of every neuron of a layer by every example.

    Attributes
    ----------
    layer : int
    excitations : ndarray (N, K)
        Weighted sums z; for a channel, the largest in its feature map. See `pellucid.inspect.probes`.
    activations : ndarray (N, K)
        a, the activation function of those; for softmax, of all sums of an example together.
    """

    layer: int
    excitations: NDArray[np.float32]
    activations: NDArray[np.float32]

    def most(self, neuron: int, count: int) -> NDArray[np.intp]:
        """Return the examples that excite a neuron most, the strongest first; ties stay in order.

        Examples
        --------
        >>> import pellucid as pl
        >>> found = pl.inspect.responses(pl.load("digits-relu"), 0, pl.data.load("digits").test)
        >>> best = found.most(3, 5)
        >>> bool(found.excitations[best[0], 3] == found.excitations[:, 3].max())
        True
        """
        return self._ranked(-self._column(neuron), count)

    def least(self, neuron: int, count: int) -> NDArray[np.intp]:
        """Return the examples that excite a neuron least, the weakest first; ties stay in order."""
        return self._ranked(self._column(neuron), count)

    def _column(self, neuron: int) -> NDArray[np.float32]:
        """The excitations of one neuron (N,), where what is not a number comes last."""
        column = self.excitations[:, checked_index(neuron, self.excitations.shape[1], "neuron")]
        return np.nan_to_num(column, nan=-np.inf, posinf=np.inf, neginf=-np.inf)

    @staticmethod
    def _ranked(keys: NDArray[np.float32], count: int) -> NDArray[np.intp]:
        """The indices of the ``count`` smallest keys, in order; without sorting all of them."""
        if count >= len(keys):
            return np.argsort(keys, kind="stable")
        limit = np.partition(keys, count - 1)[count - 1] if count else -np.inf
        few = np.flatnonzero(keys <= limit)
        return few[np.argsort(keys[few], kind="stable")][:count]


def responses(net: Network, layer: int, examples: Any) -> Responses:
    """Run many examples through a network, up to a layer.

    Parameters
    ----------
    net : Network
        A network of images or rows.
    layer : int
        A dense layer, a convolution or a pooling layer, from 0.
    examples : Dataset, or array_like (N, ...)
        The examples, as for calling the network.

    Returns
    -------
    Responses

    Raises
    ------
    ShapeError
        If there is no such layer, it has no neurons of its own, or the examples have another shape.
    ConfigurationError
        For a network of sequences.

    Examples
    --------
    >>> import pellucid as pl
    >>> test = pl.data.load("digits").test
    >>> pl.inspect.responses(pl.load("digits-conv"), 5, test.images[:100]).excitations.shape
    (100, 64)
    """
    measured = probe(net, layer)
    images = getattr(examples, "images", examples)
    found = np.asarray(measured(images))
    if found.ndim != 2:
        raise ShapeError(f"responses expected a batch (N, ...), got one example of shape {np.shape(images)}.")
    return Responses(layer, found, activated(net, layer, found))


def activated(net: Network, layer: int, excitations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the activations (N, K) that belong to the excitations (N, K) of a layer."""
    found = net.layers[layer]
    name = found.activation if isinstance(found, Dense | Conv2d) else "identity"
    with np.errstate(over="ignore", invalid="ignore"):
        return activate(name, excitations.astype(np.float64)).astype(np.float32)
