"""Augmented mini-batches, prepared while the engine trains on the current ones."""

from __future__ import annotations

import functools
import mmap
import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.records import SparseRows, Targets
from pellucid.errors import ConfigurationError
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import is_used
from pellucid.programs.images import sparse_floats
from pellucid.system.threads import available_cores
from pellucid.training.augmentation import Augment, Variation
from pellucid.training.shuffling import shuffled_order

if TYPE_CHECKING:
    from pellucid.data import Dataset

_PREFETCHED = 16
"""Largest number of blocks prepared ahead. Preparing takes longer than training, so more would not be ready."""

Block = tuple[int, int]
"""An epoch and the number of a block in it. Blocks divide the epoch's order of images, independently of batches."""


class Augmented:
    """The images of an epoch, shuffled, each augmented by a draw of its own.

    A background thread prepares blocks; the training thread does so too if it would otherwise have to wait for them.
    The content of a block depends only on the seed, the epoch and the block's number, so the bits depend neither on the
    number of steps per call nor on the thread. Memory holds the images of the current call and a few thousand more.

    Parameters
    ----------
    augment : Augment
    data : Dataset
        Images of shape (N, H, W).
    targets : Targets
    batch_size : int
    seed : int
        Draws the order, as for training without augmentation, and the augmentation of each image.
    threads : int
        Threads that training uses: if it keeps all cores busy, nothing is prepared ahead.
    """

    def __init__(
        self, augment: Augment, data: Dataset, targets: Targets, batch_size: int, seed: int, threads: int
    ) -> None:
        if not isinstance(augment, Augment):
            raise ConfigurationError(f"augment expected an Augment, such as Augment.standard(), got {augment!r}.")
        self._variation = Variation(augment, data.images, data.unit_range, seed)
        self._targets, self._count, self._batch_size = targets, len(data), batch_size
        self._order = functools.lru_cache(2)(lambda epoch: shuffled_order(seed, epoch, len(data)))
        self._prefetched = _PREFETCHED if threads < available_cores() else 0
        self._begin()

    def _begin(self) -> None:
        self._process, self._pool = os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="pellucid-augment")
        self._buffers = _Buffers(self._variation, self._targets, 0)
        self._blocks: dict[Block, tuple[int, Future[None]]] = {}

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Batches, int]:
        """The mini-batches of the steps ``begin`` to ``past``, and the number of steps that precede them there."""
        if self._process != os.getpid():
            self._begin()  # a forked process does not have the thread
        size = self._variation.block
        low, high = begin * self._batch_size, min(past * self._batch_size, self._count)
        first, end = low // size, -(-high // size)
        needed = [(epoch, number) for number in range(first, end)]
        coming = self._following(epoch, end, min(len(needed), self._prefetched))
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
        buffer = np.array([self._blocks[block][0] for block in needed], np.int64)
        order = np.add.outer(buffer * (size + 1), np.arange(size)).ravel()[low - first * size : high - first * size]
        return Batches(self._buffers, np.ascontiguousarray(order), self._buffers.targets), begin

    def _following(self, epoch: int, number: int, count: int) -> list[Block]:
        """The next ``count`` blocks from this one on, beyond the end of the epoch if necessary."""
        whole = -(-self._count // self._variation.block)
        return [(epoch + n // whole, n % whole) for n in range(number, number + count)]

    def _make_room(self, needed: list[Block], coming: list[Block]) -> None:
        """Free the buffers that are not needed; if there are too few, allocate more and start again."""
        enough = len(needed) + len(coming) <= self._buffers.count
        self._drop(set(self._blocks).difference(needed, coming) if enough else set(self._blocks))
        if not enough:
            self._buffers = _Buffers(self._variation, self._targets, len(needed) + max(len(coming), self._prefetched))

    def _drop(self, blocks: set[Block]) -> None:
        """Drop blocks as soon as no thread works on them."""
        futures = [self._blocks.pop(block)[1] for block in blocks]
        wait([future for future in futures if not future.cancel()])

    def _start(self, block: Block) -> None:
        """Have the background thread prepare a block, unless that has begun."""
        if block not in self._blocks:
            taken = {buffer for buffer, _ in self._blocks.values()}
            buffer = next(n for n in range(self._buffers.count) if n not in taken)
            self._blocks[block] = buffer, self._pool.submit(self._make, block, buffer)

    def _finish(self, needed: list[Block]) -> None:
        """Wait until blocks are prepared; prepare the last here, while the background thread works on the first."""
        for block in reversed(needed):
            buffer, future = self._blocks[block]
            if future.cancel():
                self._make(block, buffer)
                made: Future[None] = Future()
                made.set_result(None)
                self._blocks[block] = buffer, made
        for block in needed:
            self._blocks[block][1].result()

    def _make(self, block: Block, buffer: int) -> None:
        epoch, number = block
        size, buffers = self._variation.block, self._buffers
        chosen = self._order(epoch)[number * size : (number + 1) * size]
        begin = buffer * (size + 1)
        for kept, given in zip(buffers.targets, self._targets, strict=True):
            if is_used(given):
                kept[begin : begin + len(chosen)] = given[chosen]
        images = buffers.images
        rows = SparseRows(images.indices, images.data, images.indptr[buffer], images.middles[buffer])
        self._variation.write(epoch, chosen, rows, buffer * self._variation.room)


class _Buffers(Feed):
    """Sparse images in buffers of equal size, one for each block.

    ``indptr`` and ``middles`` are (buffers, block + 1): the last element of a buffer's ``indptr`` ends its last image.
    Targets have room for as many examples in each buffer. A buffer has room for images without background; pages that
    are never written take no memory.
    """

    def __init__(self, variation: Variation, targets: Targets, count: int) -> None:
        self.count = count
        examples = count * (variation.block + 1)
        self.targets = Targets(*(_room_for(given, examples) if is_used(given) else given for given in targets))
        indptr, middles = (np.zeros((count, variation.block + 1), np.int64) for _ in range(2))
        indices, data = (_untouched(count * variation.room, kind) for kind in (np.uint16, np.float32))
        self.images = sparse_floats(SparseRows(indices, data, indptr, middles))


def _room_for(given: NDArray[Any], examples: int) -> NDArray[Any]:
    return np.zeros((examples, *given.shape[1:]), given.dtype)


def _untouched(count: int, kind: type[np.generic]) -> NDArray[Any]:
    """An array of small pages, which take memory only when they are written."""
    size = max(1, count) * np.dtype(kind).itemsize
    memory = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, kind)
