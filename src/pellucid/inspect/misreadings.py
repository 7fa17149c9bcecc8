"""Who voted for a reading: the terms of every output's sum, by neuron and by pixel, which add up to it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ShapeError
from pellucid.inspect.checks import checked_index, dense_layer
from pellucid.inspect.probes import probe
from pellucid.programs.images import as_batch, to_unit
from pellucid.system.arguments import as_integer

if TYPE_CHECKING:
    from pellucid.network.network import Network
    from pellucid.programs.traces import LayerTrace, Trace

Vector = NDArray[np.float32]

STEPS = 64
"""Pictures on the way from an empty input to the input, at which gradients are taken."""


@dataclass(frozen=True, eq=False)
class Misreading:
    """Who voted for each output of a network, for one input.

    Attributes
    ----------
    reading : int
        The class that the network reads.
    label : int
        The class that it should have read.
    sums, outputs : ndarray (K,)
        z and a of each output, as the engine computes them.
    terms : ndarray (K, J)
        w a of each neuron of the previous layer; with ``biases`` they add up to ``sums``.
    biases : ndarray (K,)
    pixels : ndarray (K, D)
        What each pixel contributes to z, on the way from an empty picture to this one.
    rest : ndarray (K,)
        z of an empty picture. With ``pixels`` it adds up to ``sums``, except for ``missing``.
    missing : ndarray (K,)
        What the contributions of the pixels leave out, since the way has finitely many steps.
    """

    reading: int
    label: int
    sums: Vector
    outputs: Vector
    terms: Vector
    biases: Vector
    pixels: Vector
    rest: Vector
    missing: Vector

    @property
    def lead(self) -> float:
        """How much the sum of the reading exceeds that of the label; 0 where they are the same."""
        return float(self.sums[self.reading] - self.sums[self.label])

    @property
    def ranking(self) -> NDArray[np.intp]:
        """The neurons of the previous layer, those first that favour the reading most over the label."""
        return np.argsort(self.terms[self.label] - self.terms[self.reading], kind="stable")


def misreading(
    net: Network, x: ArrayLike, label: int, *, steps: int = STEPS, pixels_of: Sequence[int] | None = None
) -> Misreading:
    """Return who voted for each output: neurons of the previous layer, and pixels.

    The votes of the neurons are the terms of a weighted sum, z_k = sum_j w_kj a_j + b_k. Those of the pixels are
    integrated gradients along the straight way from an empty picture,

        c_ki = x_i (1 / S) sum_s dz_k/dx_i ((s - 1/2) x / S),

    whose sum over all pixels comes to z_k(x) - z_k(0) as the steps S grow.

    Parameters
    ----------
    net : Network
        A network of images or rows, whose last layer is dense.
    x : array_like
        One input.
    label : int
        The class that it should have read.
    steps : int
        S.
    pixels_of : sequence of int, optional
        The outputs to whose sums pixels contribute, which takes most of the time; by default all. For the others the
        contributions are 0, and all is missing.

    Returns
    -------
    Misreading

    Raises
    ------
    ShapeError
        If ``x`` is not one input, there is no such class or output, or the last layer is not dense.
    ConfigurationError
        For a network of sequences, or fewer than one step.

    References
    ----------
    Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", 2017.

    Examples
    --------
    >>> import pellucid as pl
    >>> net, (image, label) = pl.load("digits-relu"), pl.data.load("digits").test[0]
    >>> found = pl.inspect.misreading(net, image, label)
    >>> bool(abs(found.terms.sum(axis=1) + found.biases - found.sums).max() < 1e-3)
    True
    >>> bool(abs(found.pixels.sum(axis=1) + found.rest + found.missing - found.sums).max() < 1e-3)
    True
    """
    return Voters(net).misreading(x, label, steps=steps, pixels_of=pixels_of)


class Voters:
    """Finds who voted in one network, input after input: what is the same for all inputs is prepared once.

    Parameters
    ----------
    net : Network
        As for `misreading`. Its parameters must stay as they are.

    Raises
    ------
    ShapeError
        If the last layer is not dense.
    ConfigurationError
        For a network of sequences.
    """

    def __init__(self, net: Network) -> None:
        last = len(net.layers) - 1
        self._net = net
        self._sums = probe(net, last, level_range=(0.0, 1.0))
        self._dense = dense_layer(net, last)
        self._rest: Vector = self._sums(np.zeros((1, *self._sums.input_shape), np.float32))[0]

    def misreading(
        self,
        x: ArrayLike,
        label: int,
        *,
        steps: int = STEPS,
        pixels_of: Sequence[int] | None = None,
        trace: Trace[LayerTrace] | None = None,
    ) -> Misreading:
        """Return who voted for each output; see `misreading`.

        With ``trace``, that of the network for ``x``, the input is not read again.
        """
        count, net = as_integer("steps", steps, 1), self._net
        flat, single = as_batch(x, net.input_shape)
        if not single:
            raise ShapeError(f"misreading expected one input of shape {net.input_shape}, got {np.shape(x)}.")
        outputs = self._dense.out_features
        right = checked_index(label, outputs, "class")
        asked = range(outputs) if pixels_of is None else pixels_of
        chosen = [checked_index(each, outputs, "output") for each in asked]
        seen = (net.trace(x) if trace is None else trace)[len(net.layers) - 1]
        unit = np.asarray(to_unit(flat, net.level_range), np.float32)
        pixels = np.zeros((outputs, unit.shape[1]), np.float32)
        if chosen:
            pixels[chosen] = self._contributions(unit, chosen, count)
        sums = seen.sums.reshape(-1)
        missing = sums - self._rest - pixels.sum(axis=1, dtype=np.float64)
        return Misreading(
            int(np.nan_to_num(seen.activations).argmax()), right, sums, seen.activations.reshape(-1),
            self._dense.weight * seen.inputs.reshape(-1), np.array(self._dense.bias), pixels, self._rest.copy(),
            missing.astype(np.float32),
        )  # fmt: skip

    def _contributions(self, unit: Vector, outputs: Sequence[int], steps: int) -> Vector:
        """The integrated gradients (n, D) of n outputs, for one input (1, D) of levels from 0 to 1."""
        shares = ((np.arange(steps, dtype=np.float32) + np.float32(0.5)) / np.float32(steps))[:, None]
        way = np.tile(shares * unit, (len(outputs), 1))
        cotangents = np.repeat(np.eye(self._dense.out_features, dtype=np.float32)[outputs], steps, axis=0)
        slopes: NDArray[Any] = self._sums.pullback(way, cotangents).inputs
        means = slopes.reshape(len(outputs), steps, -1).mean(axis=1, dtype=np.float64)
        found: Vector = (unit[0] * means).astype(np.float32)
        return found
