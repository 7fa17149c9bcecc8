"""How well a network predicts values: R2, and the typical error of each output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import DataError
from pellucid.inspect.confusion import outputs_of

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.network.network import Network


@dataclass(frozen=True, eq=False)
class Fit:
    """A network's predictions of the values of a data set.

    Attributes
    ----------
    outputs, targets : ndarray (N, K)
        Predicted and true values.
    r_squared : float
        1 minus the squared errors relative to those of always answering with the mean of the targets; the mean over
        the outputs. 1 is perfect; 0 is as good as the mean; it can be negative. An output whose targets are all equal
        counts as 1 where it is exact, otherwise as 0.
    errors : ndarray (K,)
        Root mean squared error of each output, in the units of its targets.
    """

    outputs: NDArray[np.float32]
    targets: NDArray[np.float32]
    r_squared: float
    errors: NDArray[np.float64]


def fit(net: Network, data: Dataset) -> Fit:
    """Compare a network's outputs with the target values of a data set.

    Raises
    ------
    DataError
        If the data have classes.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> data = pl.data.Dataset(np.eye(3), [[1.0], [2.0], [4.0]], level_range=None)
    >>> net = pl.Network([pl.Dense(1)], input_shape=(3,))
    >>> net.layers[0].weight[...] = 1.0, 2.0, 3.0
    >>> found = pl.inspect.fit(net, data)
    >>> found.errors.round(3).tolist(), round(found.r_squared, 3)
    ([0.577], 0.786)
    """
    if data.has_classes:
        raise DataError("fit expected data with target values, got classes: use mistakes for these.")
    return fit_of(outputs_of(net, data), data.targets)


def fit_of(outputs: NDArray[np.float32], targets: NDArray[np.float32]) -> Fit:
    """Compare outputs (N, K) with targets (N, K)."""
    true = targets.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = ((outputs - true) ** 2).sum(axis=0)
        spread = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
        shares = np.where(spread > 0, 1 - squares / np.where(spread > 0, spread, 1.0), squares == 0)
    return Fit(outputs, targets, float(shares.mean()), np.sqrt(squares / len(targets)))
