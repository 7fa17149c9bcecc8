"""What windows are read from: a data set, any example at any time, or a stream, from its beginning on."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.rows import Rows, rows_of
from pellucid.data.stream import Stream, StreamBatch
from pellucid.engine.records import Targets
from pellucid.programs.feed import WindowFeed
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import is_used
from pellucid.programs.packing import SOME, Packing
from pellucid.training.shuffling import shuffled_order

Order = NDArray[np.int64]
TargetsOf = Callable[[NDArray[Any], NDArray[np.float32] | None], Targets]
"""Converts the targets and weights of some examples to the engine's form."""

_BLOCKS = 256  # of neighbours in a window: fewer would shuffle worse, more would be slow to read from a disk


class DatasetReader:
    """Reads the examples of a data set.

    Parameters
    ----------
    images : ndarray or Rows (N, ...)
    targets : Targets
        Of all examples.
    order : callable
        The order of all examples in an epoch.
    length : int
        Examples in a window.
    """

    def __init__(self, images: Any, targets: Targets, order: Callable[[int], Order], length: int) -> None:
        self._rows: Rows = rows_of(images).reshape(len(images), -1)
        self._targets, self._order, self._length = targets, functools.lru_cache(2)(order), length

    def __call__(self, epoch: int, number: int, packing: Packing) -> Batches | None:
        """See `Reader`. Examples are read in the order of the data set, and visited in that of the epoch."""
        chosen = self._order(epoch)[number * self._length : (number + 1) * self._length]
        if not len(chosen):
            return None
        numbers = np.sort(chosen)
        images = packing.fill(self._rows.pick(numbers))
        targets = Targets(*(part[numbers] if is_used(part) else part for part in self._targets))
        return Batches(WindowFeed(images, len(numbers), self._rows.shape[1]), np.searchsorted(numbers, chosen), targets)


class StreamReader:
    """Reads the examples of a stream; it starts again where an earlier window is asked for.

    Parameters
    ----------
    stream : Stream
    targets_of : callable
        Converts targets and weights to the engine's form.
    length : int
        Examples in a window.
    seed : int, optional
        Shuffles within windows; without one, examples stay in the stream's order.
    """

    def __init__(self, stream: Stream, targets_of: TargetsOf, length: int, seed: int | None = None) -> None:
        self._stream, self._targets_of, self._length, self._seed = stream, targets_of, length, seed
        self._next: tuple[int, int] | None = None
        self._parts: Iterator[StreamBatch] = iter(())

    def __call__(self, epoch: int, number: int, packing: Packing) -> Batches | None:
        """See `Reader`."""
        if self._next != (epoch, number):
            self._parts, before = self._parts_of(epoch), 0
            while before < number * self._length:
                before += len(next(self._parts).images)
        self._next = None  # if the stream raises an error, it has to start again
        targets: list[NDArray[Any]] = []
        weights: list[NDArray[np.float32]] = []
        count = 0
        while count < self._length and (part := next(self._parts, None)) is not None:
            count = packing.add(part.images, count)
            targets.append(part.targets)
            weights += [] if part.weight is None else [part.weight]
        self._next = epoch, number + 1
        if not count:
            return None
        wanted = self._targets_of(np.concatenate(targets), np.concatenate(weights) if weights else None)
        order = np.arange(count)
        if self._seed is not None and self._stream.shuffle:
            order = np.random.default_rng([self._seed, epoch, number]).permutation(count)
        return Batches(WindowFeed(packing.images, count, math.prod(self._stream.shape)), order, wanted)

    def _parts_of(self, epoch: int) -> Iterator[StreamBatch]:
        """The examples of an epoch, flat, a few at a time, in parts that end where a window ends."""
        seen = 0
        for batch in self._stream.batches(epoch):
            begin, flat = 0, batch.images.reshape(len(batch.images), -1)
            while begin < len(flat):
                past = begin + min(SOME, len(flat) - begin, self._length - seen % self._length)
                weight = None if batch.weight is None else batch.weight[begin:past]
                yield StreamBatch(flat[begin:past], batch.targets[begin:past], weight)
                seen, begin = seen + past - begin, past


def order_in_windows(seed: int, epoch: int, count: int, length: int) -> Order:
    """The order of an epoch for examples of which neighbours are best read together.

    The examples are cut into blocks of neighbours and the blocks shuffled. Each window is some blocks, whose examples
    are shuffled among each other.

    Parameters
    ----------
    seed, epoch : int
        Draw the order.
    count, length : int
        Examples in all, and in a window.
    """
    rng = np.random.default_rng([seed, epoch])
    block = max(1, length // _BLOCKS)
    begins = rng.permutation(-(-count // block)) * block
    order = (begins[:, None] + np.arange(block)).ravel()
    order = order[order < count]
    for begin in range(0, count, length):
        rng.shuffle(order[begin : begin + length])
    return order


def order_of(data: Any, seed: int, length: int) -> Callable[[int], Order]:
    """The order of a data set's examples in every epoch: shuffled, in windows if they are in a file."""
    rows, count = rows_of(data.images), len(data)
    if not rows.in_order:
        return lambda epoch: shuffled_order(seed, epoch, count)
    return lambda epoch: order_in_windows(seed, epoch, count, length)
