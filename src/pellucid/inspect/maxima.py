"""Maxima: the input that excites a neuron most, exact for first layers, and by gradient ascent for later ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.probes import unit_probe
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.flatten import Flatten
from pellucid.programs.images import as_batch, from_unit, to_unit
from pellucid.system.arguments import as_integer

if TYPE_CHECKING:
    from pellucid.network.network import Network

Vector = NDArray[np.float32]

STEPS = 100
"""Steps of the ascent."""

FIRST_STEP = 0.5
"""Length of the first step, as a share of each input's range; the steps shrink evenly to 0."""

RANDOM_STARTS = 3
"""Starts of uniform noise."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """The strongest input that was found for a neuron or channel.

    Attributes
    ----------
    layer, neuron : int
    image : ndarray
        The input, of the network's ``input_shape``, in its levels (0 to 1 where it has none).
    excitation : float
        What the engine computes for it; see `pellucid.inspect.probes`.
    rest : float
        The excitation by an empty input: levels of 0. For a neuron of the first layer it is the bias.
    exact : bool
        Whether no input within the bounds excites the neuron more. Otherwise the ascent may have missed a larger
        maximum.
    starts : ndarray (S,)
        The excitation that each start of the ascent reached; empty for an exact maximum.
    steps : int
        Steps of the ascent; 0 for an exact maximum.
    seed : int
        The seed of the random starts.
    """

    layer: int
    neuron: int
    image: Vector
    excitation: float
    rest: float
    exact: bool
    starts: Vector
    steps: int
    seed: int

    def share(self, excitation: float) -> float:
        """Return how near an excitation comes to the maximum, as a share of 1; both count from that of an empty input.

        Examples
        --------
        >>> import pellucid as pl
        >>> net, test = pl.load("digits-relu"), pl.data.load("digits").test
        >>> best = pl.inspect.responses(net, 0, test).excitations[:, 3].max()
        >>> 0.1 < pl.inspect.maximum(net, 0, 3).share(best) < 0.5           # no real digit comes near it
        True
        """
        reach = self.excitation - self.rest
        return (float(excitation) - self.rest) / reach if reach > 0 else math.nan

    @property
    def method(self) -> str:
        """How the maximum was found, in one sentence.

        Examples
        --------
        >>> import pellucid as pl
        >>> net = pl.load("digits-relu")
        >>> print(pl.inspect.maximum(net, 0, 3).method)
        Exact: full where the weight is positive, empty elsewhere; no input excites this neuron more.
        >>> print(pl.inspect.maximum(net, 1, 3).method)
        The best of 4 ascents of 100 gradient steps each, from an empty input and 3 of noise (seed 0); a larger maximum may exist.
        """  # noqa: E501
        if self.exact:
            return "Exact: full where the weight is positive, empty elsewhere; no input excites this neuron more."
        given = self.starts.size - 1 - RANDOM_STARTS
        examples = f", {given} real example{'' if given == 1 else 's'}" if given else ""
        return (
            f"The best of {self.starts.size} ascents of {self.steps} gradient steps each, from an empty input"
            f"{examples} and {RANDOM_STARTS} of noise (seed {self.seed}); a larger maximum may exist."
        )


def maximum(
    net: Network,
    layer: int,
    neuron: int,
    *,
    bounds: tuple[ArrayLike, ArrayLike] | None = None,
    starts: ArrayLike | None = None,
    steps: int = STEPS,
    seed: int = 0,
) -> Maximum:
    """Find the input within bounds that excites a neuron or channel most.

    For the first layer with weights it is exact: the weighted sum is largest where every input with a positive weight
    is at its upper bound, and every other at its lower one. For a convolution, that window stands where none of it
    lies outside the picture. For later layers it is found by projected gradient ascent, from several starts at once.

    Parameters
    ----------
    net : Network
        A network of images or rows.
    layer, neuron : int
        The neuron, or the channel of a convolution or pooling layer; both from 0.
    bounds : (array_like, array_like), optional
        The lowest and highest levels of the inputs: two numbers, or two arrays that fit the network's input. By
        default the levels that mean 0 and 1.
    starts : array_like (S, ...), optional
        Inputs from which ascents start too, such as the examples that excite the neuron most: the result is then at
        least as strong as they are. By default only an empty input and three of noise.
    steps : int
        Steps of each ascent.
    seed : int
        Seed of the noise.

    Returns
    -------
    Maximum

    Raises
    ------
    ShapeError
        If there is no such layer or neuron, it has none of its own, or bounds or starts have another shape.
    ConfigurationError
        For a network of sequences, for bounds that are not finite or the wrong way round, and for negative ``steps``.

    References
    ----------
    Erhan et al., "Visualizing higher-layer features of a deep network", 2009.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-relu")
    >>> found = pl.inspect.maximum(net, 0, 3)
    >>> found.exact, bool(abs(net.trace(found.image)[0].sums[3] - found.excitation) < 1e-3)
    (True, True)
    """
    count = as_integer("steps", steps, 0)
    measured = unit_probe(net, layer, neuron)
    low, high = _unit_bounds(net, bounds)
    direct = _first_weights(net, layer, neuron, low, high)
    if direct is not None:
        best = np.where(direct > 0, high, low)
        reached = np.empty(0, np.float32)
    else:
        begin = np.concatenate([_given(net, starts), _own_starts(low, high, seed)])
        inputs, reached = _ascend(measured, np.clip(begin, low, high), low, high, count)
        best = inputs[int(np.nan_to_num(reached, nan=-np.inf).argmax())]
    taken = 0 if direct is not None else count
    excitation, rest = measured(np.stack([best, np.zeros_like(best)]))[:, 0].tolist()
    image = from_unit(best, net.level_range).reshape(net.input_shape)
    return Maximum(layer, neuron, image, excitation, rest, direct is not None, reached, taken, seed)


def _unit_bounds(net: Network, bounds: tuple[ArrayLike, ArrayLike] | None) -> tuple[Vector, Vector]:
    """The bounds of every input (D,), on the scale on which 0 and 1 are the network's levels."""
    size = math.prod(net.input_shape)
    if bounds is None:
        return np.zeros(size, np.float32), np.ones(size, np.float32)
    ends = []
    for bound in bounds:
        levels = np.asarray(bound, np.float32)
        if levels.size not in (1, size):
            raise ShapeError(f"maximum expected bounds of {size} numbers, or of one, got {levels.size}.")
        unit = to_unit(levels.reshape(1, -1), net.level_range or (0.0, 1.0))
        ends.append(np.broadcast_to(unit.reshape(-1), (size,)).astype(np.float32))
    if not all(np.isfinite(end).all() for end in ends) or (ends[0] > ends[1]).any():
        raise ConfigurationError("maximum expected finite bounds, the lower one first, such as bounds=(0, 1).")
    return ends[0], ends[1]


def _first_weights(net: Network, layer: int, neuron: int, low: Vector, high: Vector) -> Vector | None:
    """The weight of every input (D,) in the neuron's sum, if that depends on the inputs alone; None if it does not."""
    found = net.layers[layer]
    if not all(isinstance(each, Flatten) for each in net.layers[:layer]):
        return None
    if isinstance(found, Dense):
        return np.array(found.weight[neuron])
    if not isinstance(found, Conv2d) or np.ptp(low) or np.ptp(high):
        return None
    # Zeros beyond the edge may be better than any level within the bounds.
    padded = max(found.geometry[2]) > 0 and not low[0] <= 0 <= high[0]
    return None if padded else _window(found, neuron)


def _window(layer: Conv2d, channel: int) -> Vector | None:
    """A kernel in the middle of an empty picture, flat; None if it lies partly outside of it wherever it stands."""
    shape = layer.input_shape if len(layer.input_shape) == 3 else (1, *layer.input_shape)
    kernel, stride, padding = layer.geometry
    corner = []
    for side, length, step, edge, count in zip(
        shape[1:], kernel, stride, padding, layer.output_shape(layer.input_shape)[1:], strict=True
    ):
        inside = [at * step - edge for at in range(count) if 0 <= at * step - edge <= side - length]
        if not inside:
            return None
        corner.append(inside[len(inside) // 2])
    picture = np.zeros(shape, np.float32)
    (top, left), (height, width) = corner, kernel
    picture[:, top : top + height, left : left + width] = layer.weight[channel]
    return picture.reshape(-1)


def _given(net: Network, starts: ArrayLike | None) -> Vector:
    """The given starts (S, D), from 0 to 1."""
    if starts is None:
        return np.empty((0, math.prod(net.input_shape)), np.float32)
    flat, _ = as_batch(starts, net.input_shape)
    return np.nan_to_num(to_unit(flat, net.level_range))


def _own_starts(low: Vector, high: Vector, seed: int) -> Vector:
    """An empty input, and noise between the bounds, (1 + RANDOM_STARTS, D)."""
    noise = np.random.default_rng(seed).random((RANDOM_STARTS, low.size), dtype=np.float32)
    return np.concatenate([np.clip(np.zeros_like(low), low, high)[None], low + noise * (high - low)])


def _ascend(measured: Network, x: Vector, low: Vector, high: Vector, steps: int) -> tuple[Vector, Vector]:
    """Projected gradient ascent of all rows of x (S, D) at once; the strongest input that each met, and its excitation.

    A step goes along the gradient, divided by its root mean square, so that its length does not depend on the scale of
    the weights; what leaves the bounds is put back onto them.
    """
    ones, width = np.ones((len(x), 1), np.float32), high - low
    best, reached = x.copy(), measured(x)[:, 0]
    for step in range(steps):
        with np.errstate(over="ignore", invalid="ignore"):  # of weights near the largest float32
            slope = np.nan_to_num(measured.pullback(x, ones).inputs.reshape(x.shape))
            size = np.sqrt(np.mean(np.square(slope, dtype=np.float64), axis=1, keepdims=True))
            along = (slope / np.maximum(size, 1e-30)).astype(np.float32)
        x = np.clip(x + np.float32(FIRST_STEP * (1 - step / steps)) * along * width, low, high)
        excited = measured(x)[:, 0]
        better = excited > reached
        best[better], reached[better] = x[better], excited[better]
    return best, reached
