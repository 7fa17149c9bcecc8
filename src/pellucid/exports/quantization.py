"""Weights as whole numbers of 8 bits: symmetric, with one scale for each output."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError

_MOST = 127
_MOST_ACTIVATION = 32767
_LEAST_ACTIVATION = 127


class Quantized(NamedTuple):
    """``weights`` (out, ...) int8 and ``scales`` (out,) float32: a weight is about its whole number times its scale."""

    weights: NDArray[np.int8]
    scales: NDArray[np.float32]


def quantized(weight: NDArray[np.float32]) -> Quantized:
    """The nearest whole numbers from -127 to 127 of weights (out, ...).

    Examples
    --------
    >>> quantized(np.array([[0.5, -1.0], [0.0, 0.0]], np.float32)).weights.tolist()
    [[64, -127], [0, 0]]
    """
    rows = weight.reshape(len(weight), -1).astype(np.float64)
    largest = np.abs(rows).max(axis=1)
    scales = np.where(largest > 0, largest, 1.0) / _MOST
    whole = np.rint(rows / scales[:, None]).clip(-_MOST, _MOST)
    return Quantized(whole.astype(np.int8).reshape(weight.shape), scales.astype(np.float32))


def most_activation(fan_in: int) -> int:
    """The largest whole number for activations, such that a sum of ``fan_in`` products fits 32 bits.

    Raises
    ------
    ConfigurationError
        If fewer than 8 bits would be left.

    Examples
    --------
    >>> most_activation(16), most_activation(784)
    (32767, 21568)
    """
    most = min(_MOST_ACTIVATION, (2**31 - 1) // (_MOST * fan_in))
    if most < _LEAST_ACTIVATION:
        raise ConfigurationError(f"int8 expected neurons of at most 133,000 inputs, got {fan_in:,}: export float32.")
    return most
