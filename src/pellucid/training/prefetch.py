"""Augmented mini-batches, prepared while the engine trains on the current ones."""

from __future__ import annotations

import functools
import mmap
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs import table as t
from pellucid.engine.records import Rows
from pellucid.errors import ConfigurationError
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches
from pellucid.system.threads import available_cores
from pellucid.training.augmentation import Augment, Variation
from pellucid.training.shuffling import shuffled_order

if TYPE_CHECKING:
    from pellucid.data import Dataset

_AHEAD = 16
"""Blocks made ahead, at most: making takes longer than training on what was made, so more would not be ready."""

Block = tuple[int, int]
"""An epoch, and which of its blocks: the epoch's order of images is cut into blocks, wherever mini-batches begin."""


class Augmented:
    """The images of an epoch in the order of its number, each varied by its own draw.

    Blocks are made by one thread in the background and, where training would wait for them, by training's own thread
    too. What a block holds depends on the seed, the epoch and its place alone, so the bits are the same however many
    steps are asked for at a time, and whoever made it. Memory holds the images of the steps asked for and
    a few thousand more.

    Parameters
    ----------
    augment : Augment
    data : Dataset
        Images of shape (N, H, W).
    labels : ndarray of int64, shape (N,)
    batch_size : int
    seed : int
        Draws the order, as for training without augmentation, and what happens to each image.
    crew : int
        Threads that training takes: where it keeps all cores busy by itself, nothing is made ahead.
    """

    def __init__(
        self, augment: Augment, data: Dataset, labels: NDArray[np.int64], batch_size: int, seed: int, crew: int
    ) -> None:
        if not isinstance(augment, Augment):
            raise ConfigurationError(f"augment expected an Augment, such as Augment.standard(), got {augment!r}.")
        self._variation = Variation(augment, data.images, data.level_range, seed)
        self._labels, self._batch_size = labels, batch_size
        self._order = functools.lru_cache(2)(lambda epoch: shuffled_order(seed, epoch, len(labels)))
        self._ahead = _AHEAD if crew < available_cores() else 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="pellucid-augment")
        self._shelves = _Shelves(self._variation, 0)
        self._blocks: dict[Block, tuple[int, Future[None]]] = {}

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Batches, int]:
        """The mini-batches of the steps ``begin`` to ``past``, and how many steps precede the first one there."""
        size = self._variation.block
        low, high = begin * self._batch_size, min(past * self._batch_size, len(self._labels))
        first, end = low // size, -(-high // size)
        needed = [(epoch, number) for number in range(first, end)]
        coming = self._following(epoch, end, min(len(needed), self._ahead))
        try:
            self._make_room(needed, coming)
            for block in needed:
                self._start(block)
            self._finish(needed)
            for block in coming:
                self._start(block)
        except BaseException:
            self._drop(set(self._blocks))
            raise
        shelf = np.array([self._blocks[block][0] for block in needed], np.int64)
        order = np.add.outer(shelf * (size + 1), np.arange(size)).ravel()[low - first * size : high - first * size]
        return Batches(self._shelves, np.ascontiguousarray(order), self._shelves.labels.ravel()), begin

    def _following(self, epoch: int, number: int, count: int) -> list[Block]:
        """The next ``count`` blocks from this one on, over the end of the epoch if need be."""
        whole = -(-len(self._labels) // self._variation.block)
        return [(epoch + n // whole, n % whole) for n in range(number, number + count)]

    def _make_room(self, needed: list[Block], coming: list[Block]) -> None:
        """Clear the shelves of what is not wanted; where there are too few, begin again with more."""
        enough = len(needed) + len(coming) <= self._shelves.count
        self._drop(set(self._blocks).difference(needed, coming) if enough else set(self._blocks))
        if not enough:
            self._shelves = _Shelves(self._variation, len(needed) + max(len(coming), self._ahead))

    def _drop(self, blocks: set[Block]) -> None:
        """Forget blocks, once nobody is at work on them."""
        futures = [self._blocks.pop(block)[1] for block in blocks]
        wait([future for future in futures if not future.cancel()])

    def _start(self, block: Block) -> None:
        """Let the background make a block that nobody makes or has made."""
        if block not in self._blocks:
            taken = {shelf for shelf, _ in self._blocks.values()}
            shelf = next(n for n in range(self._shelves.count) if n not in taken)
            self._blocks[block] = shelf, self._pool.submit(self._make, block, shelf)

    def _finish(self, needed: list[Block]) -> None:
        """See to it that blocks are made: the last first, while the background goes on with the first."""
        for block in reversed(needed):
            shelf, future = self._blocks[block]
            if future.cancel():
                self._make(block, shelf)
                made: Future[None] = Future()
                made.set_result(None)
                self._blocks[block] = shelf, made
        for block in needed:
            self._blocks[block][1].result()

    def _make(self, block: Block, shelf: int) -> None:
        epoch, number = block
        size, shelves = self._variation.block, self._shelves
        chosen = self._order(epoch)[number * size : (number + 1) * size]
        shelves.labels[shelf, : len(chosen)] = self._labels[chosen]
        rows = Rows(shelves.columns, shelves.values, shelves.starts[shelf], shelves.middles[shelf])
        self._variation.write(epoch, chosen, rows, shelf * self._variation.room)


class _Shelves(Feed):
    """Ink in places of equal size, one for each block.

    ``starts``, ``middles`` and ``labels`` are (shelves, block + 1): the last place of each closes its last image. A
    shelf has room for images all inked; what is not written takes no memory.
    """

    def __init__(self, variation: Variation, count: int) -> None:
        shape = count, variation.block + 1
        self.kind, self.count = t.INK_INPUT, count
        self.starts, self.middles, self.labels = (
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int64),
        )
        self.columns = _untouched(count * variation.room, np.uint16)
        self.values = _untouched(count * variation.room, np.float32)


def _untouched(count: int, kind: type[np.generic]) -> NDArray[Any]:
    """An array that takes memory where it is written to only, in small pages."""
    size = max(1, count) * np.dtype(kind).itemsize
    memory = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, kind)
