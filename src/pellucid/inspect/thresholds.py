"""What a threshold on certainty costs: true readings that are lost with what is no digit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import ShapeError


@dataclass(frozen=True)
class Price:
    """What becomes of readings where only those that are sure enough count.

    Attributes
    ----------
    kept : int
        Right readings that count.
    lost : int
        Right readings that do not.
    caught : int
        Wrong readings that do not count.
    missed : int
        Wrong readings that do.
    """

    kept: int
    lost: int
    caught: int
    missed: int

    @property
    def lost_share(self) -> float:
        """The share of the right readings that is lost; 0 where there are none."""
        return self.lost / max(1, self.kept + self.lost)

    @property
    def accuracy(self) -> float:
        """The share of right ones among the readings that count; NaN where none do."""
        return self.kept / (self.kept + self.missed) if self.kept + self.missed else float("nan")


def price(certainties: ArrayLike, right: ArrayLike, threshold: float) -> Price:
    """Count what a threshold keeps, loses and catches: a reading counts from this certainty on.

    Parameters
    ----------
    certainties : array_like (N,)
        How sure each reading is, such as the largest output.
    right : array_like of bool (N,)
        Whether each is right.
    threshold : float

    Raises
    ------
    ShapeError
        If the two differ in length.

    Examples
    --------
    >>> import pellucid as pl
    >>> net, test = pl.load("digits-sigmoid"), pl.data.load("digits").test
    >>> outputs = net(test.images)
    >>> found = pl.inspect.price(outputs.max(axis=1), outputs.argmax(axis=1) == test.labels, 0.9)
    >>> found.kept + found.lost + found.caught + found.missed == len(test)
    True
    >>> 0 < found.lost_share < 0.3 and found.accuracy > 0.95
    True
    """
    sure = np.asarray(certainties) >= threshold
    true = np.asarray(right, bool)
    if sure.ndim != 1 or sure.shape != true.shape:
        raise ShapeError(f"price expected two arrays of shape (N,), got {sure.shape} and {true.shape}.")
    return Price(
        int((sure & true).sum()), int((~sure & true).sum()), int((~sure & ~true).sum()), int((sure & ~true).sum())
    )
