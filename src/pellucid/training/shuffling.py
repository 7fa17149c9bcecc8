"""The order of examples: drawn from the seed and the epoch's number alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.records import Targets
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches


def shuffled_order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order in which an epoch, counted from 0, visits its examples."""
    return np.random.default_rng([seed, epoch]).permutation(count)


class Shuffled:
    """The images of a feed, in a new order every epoch."""

    def __init__(self, feed: Feed, targets: Targets, seed: int, batch_size: int) -> None:
        self._feed, self._targets, self._seed, self._batch_size = feed, targets, seed, batch_size
        self._epoch, self._order = -1, feed.order

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Batches, int]:
        """The mini-batches of the steps ``begin`` to ``past``, and the number of steps that precede them there."""
        count = self._feed.count
        epochs = -(-past // -(-count // self._batch_size))
        if epochs > 1:
            orders = [shuffled_order(self._seed, epoch + n, count) for n in range(epochs)]
            return Batches(self._feed, np.concatenate(orders), self._targets, count), 0
        if epoch != self._epoch:
            self._order, self._epoch = shuffled_order(self._seed, epoch, count), epoch
        return Batches(self._feed, self._order, self._targets), 0
