"""What networks of images are trained towards: a class, or values, for each example, and the examples' weights."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.data.checks import as_array
from pellucid.engine.programs import table as t
from pellucid.engine.programs.capacity import check_room
from pellucid.engine.records import Targets
from pellucid.errors import ConfigurationError, DataError, ShapeError

Labels = NDArray[np.int64]

LOSSES = MappingProxyType(
    {
        "cross_entropy": t.CROSS_ENTROPY,
        "squared": t.SQUARED,
        "mean_squared": t.MEAN_SQUARED,
        "mean_absolute": t.MEAN_ABSOLUTE,
        "huber": t.HUBER,
        "binary_cross_entropy": t.BINARY_CROSS_ENTROPY,
    }
)
"""The engine's codes of the losses that users may name."""

CODES = MappingProxyType({**LOSSES, "soft_cross_entropy": t.SOFT_CROSS_ENTROPY, "linear": t.LINEAR})
"""Those of all losses: with target probabilities, and the sum of outputs times values."""

COUNTS_CORRECT = frozenset({"cross_entropy", "squared", "binary_cross_entropy", "soft_cross_entropy"})
"""The losses with which outputs are correct or not."""

_OF_CLASSES = frozenset({"cross_entropy", "squared"})
_SUM_ERROR = 1e-3  # of probabilities that shall add up to 1
_NO_CLASSES = np.zeros(1, np.int64)
_NO_VALUES = np.zeros(1, np.float32)
_NO_WEIGHTS = np.zeros(0, np.float32)


class Outputs(NamedTuple):
    """A network's outputs: their number ``width``, and the engine's code of their activation."""

    width: int
    activation: int


class Supervision(NamedTuple):
    """The name of a loss in `CODES`, or "" for none, and the targets that it compares the outputs with."""

    loss: str
    targets: Targets

    @property
    def name(self) -> str:
        """The loss as users name it."""
        return "cross_entropy" if self.loss == "soft_cross_entropy" else self.loss

    @property
    def code(self) -> int:
        """The engine's code of the loss; it says whether the targets have weights."""
        if not self.loss:
            return -1
        return CODES[self.loss] + (t.WEIGHTED if len(self.targets.weights) else 0)


NO_TARGETS = Targets(_NO_CLASSES, _NO_VALUES, _NO_WEIGHTS)


def is_used(part: NDArray[Any]) -> bool:
    """Whether a part of targets holds something for every example: it is not one of those of `NO_TARGETS`."""
    return not any(part is empty for empty in NO_TARGETS)


def class_targets(labels: Labels) -> Targets:
    """Targets that are classes (N,)."""
    return NO_TARGETS._replace(classes=labels)


def value_targets(values: NDArray[np.float32]) -> Targets:
    """Targets that are values (N, K)."""
    return NO_TARGETS._replace(values=values)


def supervise(
    labels: Any, count: int, outputs: Outputs, loss: str | None = None, weights: NDArray[np.float32] | None = None
) -> Supervision:
    """The loss and the targets of ``count`` examples.

    Parameters
    ----------
    labels : ndarray
        Integer classes (N,), or values (N, K) or, for one output, (N,).
    outputs : Outputs
        Those of the network.
    loss : str, optional
        By default the one that suits labels and outputs.
    weights : ndarray of float32 (N,), optional
        A factor for each example's loss.

    Raises
    ------
    DataError, ShapeError, ConfigurationError
        If labels, loss and outputs do not fit each other.
    """
    array = as_array(labels, "labels")
    of_classes = array.ndim == 1 and array.dtype.kind in "uib"
    loss = _suitable(of_classes, outputs) if loss is None else loss
    if loss in _OF_CLASSES and (of_classes or (array.ndim == 1 and outputs.width > 1)):
        supervision = Supervision(loss, class_targets(checked_labels(array, count, outputs.width)))
    else:
        values = _checked_values(array, count, outputs.width)
        if loss == "cross_entropy":
            loss = "soft_cross_entropy"
        _check_values(values, loss, outputs.activation)
        supervision = Supervision(loss, value_targets(values))
    if weights is None:
        return supervision
    return supervision._replace(targets=supervision.targets._replace(weights=weights))


def check_supervision(supervision: Supervision, count: int, outputs: int) -> None:
    """Raise CapacityError unless there are targets, and weights if any, for ``count`` examples."""
    classes, values, weights = supervision.targets
    if supervision.loss in _OF_CLASSES:
        check_room("labels", count, len(classes))
    else:
        check_room("target values", count * outputs, values.size)
    if len(weights):
        check_room("weights", count, len(weights))


def _suitable(of_classes: bool, outputs: Outputs) -> str:
    """The loss that suits classes or values, and a network's outputs."""
    if outputs.activation == t.SIGMOID and (not of_classes or outputs.width == 1):
        return "binary_cross_entropy"
    if of_classes and outputs.width > 1:
        return "cross_entropy"
    return "cross_entropy" if outputs.activation == t.SOFTMAX else "mean_squared"


def checked_labels(labels: Any, count: int, classes: int) -> Labels:
    """A copy of labels (N,) as int64; raises unless they fit ``count`` images and a network's ``classes``."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "ui" or labels.shape != (count,):
        came = f"{labels.dtype} of shape {labels.shape}" if isinstance(labels, np.ndarray) else type(labels).__name__
        raise DataError(f"Expected {count} integer labels, one per image, got {came}.")
    kept = np.array(labels)  # the caller may change theirs afterwards
    if count and not (kept.min() >= 0 and kept.max() < classes):
        raise DataError(
            f"The network has {classes} outputs, so labels run from 0 to {classes - 1}; got {kept.min()} to "
            f"{kept.max()}: give the last layer as many neurons as there are classes."
        )
    return np.ascontiguousarray(kept, np.int64)


def _checked_values(array: NDArray[Any], count: int, width: int) -> NDArray[np.float32]:
    """A copy of target values as float32 (count, width)."""
    if array.shape == (count,) and width == 1:
        array = array[:, None]
    if array.shape != (count, width):
        raise ShapeError(
            f"The network has {width} outputs, so the targets of {count} examples are ({count}, {width}) values; got "
            f"an array of shape {array.shape}."
        )
    with np.errstate(over="ignore"):
        values = np.array(array, np.float32, order="C")
    if not np.isfinite(values).all():
        raise DataError("Expected finite target values, got NaN, infinity or numbers too large for float32.")
    return values


def _check_values(values: NDArray[np.float32], loss: str, activation: int) -> None:
    """Raise unless target values and the outputs' activation suit a loss."""
    if loss == "squared":
        raise ConfigurationError('The loss "squared" takes classes: for target values use "mean_squared".')
    if loss == "binary_cross_entropy":
        if activation != t.SIGMOID:
            raise ConfigurationError("binary_cross_entropy needs sigmoid outputs: give them to the last layer.")
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            raise DataError(
                f"binary_cross_entropy expected targets from 0 to 1, got {values.min():g} to {values.max():g}."
            )
    if loss == "soft_cross_entropy":
        if activation != t.SOFTMAX:
            raise ConfigurationError(
                "cross_entropy with target values needs softmax outputs: give them to the last layer, or use "
                '"binary_cross_entropy" with sigmoid outputs, or "mean_squared".'
            )
        if values.size and (values.min() < 0 or np.abs(values.sum(axis=1, dtype=np.float64) - 1).max() > _SUM_ERROR):
            raise DataError("cross_entropy expected target probabilities that add up to 1 in each row.")
