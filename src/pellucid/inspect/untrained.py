"""What training has not touched: a network's untrained twin, and inputs that told it nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from pellucid.network.network import Network


def untrained_twin(net: Network) -> Network:
    """Return a copy of a network with the parameters that its seed draws: the same network before any training.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.Network([pl.Dense(4)], input_shape=(3,), seed=7)
    >>> bool((untrained_twin(net).parameters == net.parameters).all())
    True
    """
    twin = net.copy()
    twin.reset()
    return twin


def never_inked(images: ArrayLike) -> NDArray[np.bool_]:
    """Return which inputs have the same level in all examples, in the shape of one example.

    In pictures of digits these are the pixels that never have ink: no example tells a network what ink there means.

    Parameters
    ----------
    images : array_like (N, ...)
        The training images.

    Raises
    ------
    ShapeError
        Without any example.

    Examples
    --------
    >>> never_inked([[0, 1, 5], [0, 0, 5]]).tolist()
    [True, False, True]
    """
    given = np.asarray(images)
    if given.ndim < 2 or not len(given):
        raise ShapeError(f"never_inked expected a batch (N, ...), got shape {given.shape}.")
    same: NDArray[np.bool_] = given.min(axis=0) == given.max(axis=0)
    return same
