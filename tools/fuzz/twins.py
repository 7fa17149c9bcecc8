"""The float64 twins of networks, in one form for all kinds: outputs, and a check of gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

import naive_planes
import naive_sequences
import pellucid as pl
from pellucid.inspect import reference
from tools.fuzz.campaign import WrongResultError
from tools.fuzz.mutations import Rng

Array = npt.NDArray[np.float64]

_KINK = 1e-5
"""Nearer than this to the corner of a ReLU, or to a tie of a maximum, float32 may fall on the other side."""

_SATURATED = {"tanh": 5.0, "sigmoid": 9.0}
"""Weighted sums beyond which little is left of the derivative, 1 - a^2 or a (1 - a), after rounding a to float32."""


class Twin(ABC):
    """A network in float64.

    Parameters
    ----------
    net : Network
        Its present parameters are used at every call.
    loss : str
    """

    ragged: ClassVar[bool] = False
    """Whether inputs differ in shape, so that several of them are a list."""

    def __init__(self, net: pl.Network, loss: str) -> None:
        self.net, self.loss = net, loss

    def inputs(self, data: Any) -> Sequence[Any]:
        """Return the inputs of a data set."""
        return list(data.images)

    def batch(self, xs: Sequence[Any], labels: Sequence[Any]) -> tuple[Any, Any]:
        """Return inputs and labels as `Network.gradient` takes them."""
        return np.stack(xs), np.array(labels)

    @abstractmethod
    def outputs(self, x: Any) -> Array:
        """Return the outputs for one input."""

    @abstractmethod
    def check_gradient(self, rng: Rng, xs: Sequence[Any], labels: Sequence[Any]) -> None:
        """Compare the engine's loss and gradient.

        Raises
        ------
        WrongResultError
            If they differ by more than rounding.
        """


class DenseTwin(Twin):
    """`pellucid.inspect.reference`."""

    def outputs(self, x: Any) -> Array:
        """See `Twin.outputs`."""
        made: Array = reference.forward(reference.layers_of(self.net), _levels(x).reshape(1, -1))[-1].a[0]
        return made

    def check_gradient(self, rng: Rng, xs: Sequence[Any], labels: Sequence[Any]) -> None:
        """See `Twin.check_gradient`."""
        layers, x = reference.layers_of(self.net), np.stack([_levels(each).ravel() for each in xs])
        steps = reference.forward(layers, x)
        if any(_is_delicate(layer.activation, step.z) for layer, step in zip(layers, steps, strict=True)):
            return
        wanted = reference.backward(layers, x, list(labels), self.loss)
        made = self.net.gradient(*self.batch(xs, labels), self.loss)
        _same_loss(made.loss, wanted.loss)
        _same_gradient("gradient by parameters", made.parameters, wanted.parameters)
        _same_gradient("gradient by inputs", np.reshape(made.inputs, wanted.inputs.shape), wanted.inputs)


class PlanesTwin(Twin):
    """The loops of ``tests/naive_planes.py``."""

    def outputs(self, x: Any) -> Array:
        """See `Twin.outputs`."""
        made: Array = naive_planes.forward(self.net, _levels(x)[None])[-1][2][0]
        return made

    def check_gradient(self, rng: Rng, xs: Sequence[Any], labels: Sequence[Any]) -> None:
        """See `Twin.check_gradient`."""
        xs, labels = xs[:4], list(labels[:4])  # these loops take long
        x = np.stack([_levels(each) for each in xs])
        if self._is_delicate(x):
            return
        loss, *wanted = naive_planes.backward(self.net, x, labels)
        sizes = naive_planes.magnitudes(self.net, x, labels)
        made = self.net.gradient(*self.batch(xs, labels), self.loss)
        _same_loss(made.loss, loss)
        for what, mine, its, size in zip(
            ("gradient by parameters", "gradient by inputs"), (made.parameters, made.inputs), wanted, sizes, strict=True
        ):
            spare = 3e-6 * size.reshape(its.shape) + 1e-5 * np.abs(its).max(initial=0)
            _within(what, np.reshape(mine, its.shape), its, 1e-3 * np.abs(its) + spare)

    def _is_delicate(self, x: Array) -> bool:
        """Whether the gradient depends on rounding: see `_is_delicate`; or on the larger of two nearly equal values."""
        for layer, (inputs, z, _) in zip(self.net.layers, naive_planes.forward(self.net, x), strict=True):
            if _is_delicate(getattr(layer, "activation", ""), z):
                return True
            if isinstance(layer, pl.MaxPool2d):
                for _, seen in naive_planes.windows(layer, inputs):
                    window = np.sort(naive_planes.as_planes(inputs)[seen].reshape(len(x), -1, _area(layer)), axis=-1)
                    if window.shape[-1] > 1 and (window[..., -1] - window[..., -2]).min() < _KINK:
                        return True
        return False


class SequencesTwin(Twin):
    """The loops of ``tests/naive_sequences.py``; gradients are compared along random directions."""

    ragged: ClassVar[bool] = True

    def inputs(self, data: Any) -> Sequence[Any]:
        """See `Twin.inputs`."""
        return list(data.frames)

    def batch(self, xs: Sequence[Any], labels: Sequence[Any]) -> tuple[Any, Any]:
        """See `Twin.batch`."""
        return list(xs), list(labels)

    def outputs(self, x: Any) -> Array:
        """See `Twin.outputs`."""
        return naive_sequences.outputs_of(self.net, x)[1]

    def check_gradient(self, rng: Rng, xs: Sequence[Any], labels: Sequence[Any]) -> None:
        """See `Twin.check_gradient`."""
        xs, labels = xs[:3], labels[:3]
        made = self.net.gradient(*self.batch(xs, labels), self.loss)
        start, step = self.net.parameters.astype(np.float64), 1e-5

        def loss(parameters: Array, frames: Sequence[Any]) -> float:
            return naive_sequences.mean_loss(self.net, frames, labels, parameters)

        _same_loss(made.loss, loss(start, xs))
        way = rng.standard_normal(len(start))
        slope = (loss(start + step * way, xs) - loss(start - step * way, xs)) / (2 * step)
        _same_slope("gradient by parameters", float(made.parameters.astype(np.float64) @ way), slope)
        ways = [rng.standard_normal(x.shape) for x in xs]
        ahead = loss(start, [x + step * each for x, each in zip(xs, ways, strict=True)])
        behind = loss(start, [x - step * each for x, each in zip(xs, ways, strict=True)])
        mine = sum(float(np.sum(d * each)) for d, each in zip(made.inputs, ways, strict=True))
        _same_slope("gradient by inputs", mine, (ahead - behind) / (2 * step))


def _is_delicate(activation: str, z: Array) -> bool:
    """Whether a derivative is near a jump, or has lost its digits."""
    size = np.abs(z)
    return bool(size.min() < _KINK if activation == "relu" else size.max() > _SATURATED.get(activation, np.inf))


def _levels(x: Any) -> Array:
    """Return an image as levels from 0 to 1."""
    return np.asarray(x, np.float64) / (255.0 if np.asarray(x).dtype == np.uint8 else 1.0)


def _area(layer: pl.MaxPool2d) -> int:
    (down, across), _ = layer.geometry
    return down * across


def _same_loss(made: float, wanted: float) -> None:
    _within("loss", np.array(made), np.array(wanted), np.array(2e-5 * abs(wanted) + 2e-6))


def _same_gradient(what: str, made: Any, wanted: Array) -> None:
    _within(what, made, wanted, 2e-4 * np.abs(wanted) + 2e-5 * np.abs(wanted).max(initial=0) + 1e-6)


def _same_slope(what: str, made: float, wanted: float) -> None:
    _within(what, np.array(made), np.array(wanted), np.array(1e-3 * abs(wanted) + 1e-4))


def _within(what: str, made: Any, wanted: Array, spare: Array) -> None:
    difference = np.abs(np.asarray(made, np.float64) - wanted)
    if not (difference <= spare).all():
        raise WrongResultError(f"{what}: {difference.max()} apart, of {np.abs(wanted).max()}")
