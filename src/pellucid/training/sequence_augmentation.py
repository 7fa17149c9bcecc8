"""Augmented sequences: a function of the user varies every sequence each time it is used."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from pellucid.data.sequences import Sequences
from pellucid.errors import ConfigurationError, DataError
from pellucid.programs.sequence_batches import Floats, Integers
from pellucid.programs.sequence_targets import Targets, check_alignable
from pellucid.programs.sequences_stepper import SequenceEpoch
from pellucid.system.arguments import takes
from pellucid.training.shuffling import shuffled_order

Function = Callable[[Floats, np.random.Generator], Floats]
"""Takes frames (T, D) and a random generator, returns frames (T', D); it must not modify its argument."""


_AHEAD = 512
"""Largest number of sequences that are prepared ahead."""


def described(function: Function) -> dict[str, Any]:
    """The saved description of a function: its name, and its configuration if it has one."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    configuration = getattr(function, "configuration", None)
    return {"function": name} | ({"configuration": configuration()} if callable(configuration) else {})


class ShuffledSequences:
    """The sequences of an epoch, shuffled, without augmentation."""

    def __init__(self, data: Sequences, seed: int) -> None:
        self._data, self._seed = data, seed
        self._targets = Targets.of(data)
        self._epoch, self._order = -1, np.zeros(0, np.int64)

    def batches(self, epoch: int, begin: int, past: int) -> tuple[SequenceEpoch, int]:
        """The mini-batches of the steps ``begin`` to ``past``, and the number of steps that precede them there."""
        if epoch != self._epoch:
            self._order, self._epoch = shuffled_order(self._seed, epoch, len(self._data)), epoch
        return SequenceEpoch(self._data.flat, self._data.starts, self._targets, self._order), 0


class AugmentedSequences:
    """The sequences of an epoch, shuffled, each augmented by a draw of its own.

    A draw depends only on the seed, the epoch and the sequence's number, so the bits do not depend on the number of
    steps per call. While the engine works, without Python's lock, a background thread prepares as many sequences as the
    last call took.
    """

    def __init__(self, function: Function, data: Sequences, batch_size: int, seed: int, aligned: bool) -> None:
        if not takes(function, 2):
            raise ConfigurationError(f"augment expected a function of (frames, rng), got {function!r}.")
        self._function, self._data, self._batch_size, self._seed = function, data, batch_size, seed
        self._aligned = aligned
        self._order = functools.lru_cache(2)(lambda epoch: shuffled_order(seed, epoch, len(data)))
        self._restart()

    def _restart(self) -> None:
        self._process, self._pool = os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="pellucid-augment")
        self._coming: dict[tuple[int, int], Future[Floats]] = {}

    def batches(self, epoch: int, begin: int, past: int) -> tuple[SequenceEpoch, int]:
        """The augmented sequences of the steps ``begin`` to ``past``."""
        if self._process != os.getpid():
            self._restart()  # a forked process does not have the thread
        low, high = begin * self._batch_size, past * self._batch_size
        chosen = self._order(epoch)[low:high]
        part = self._data[chosen]
        varied = [self._take(epoch, int(i)) for i in chosen]
        self._begin(epoch, high, min(len(chosen), _AHEAD))
        lengths = np.array([len(frames) for frames in varied], np.int64)
        targets = Targets.of(part)
        if self._aligned:
            self._check(targets, lengths, chosen)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        flat = np.ascontiguousarray(np.concatenate(varied))
        return SequenceEpoch(flat, starts, targets, np.arange(len(chosen))), begin

    def _take(self, epoch: int, i: int) -> Floats:
        """The sequence from the background thread, or augmented here if that thread has not begun it."""
        future = self._coming.pop((epoch, i), None)
        return self._vary(epoch, i) if future is None or future.cancel() else future.result()

    def _begin(self, epoch: int, place: int, count: int) -> None:
        """Have the background thread prepare the next ``count`` sequences, beyond the end of the epoch if necessary."""
        whole = len(self._data)
        places = [(epoch + n // whole, n % whole) for n in range(min(place, whole), min(place, whole) + count)]
        needed = [(later, int(self._order(later)[n])) for later, n in places]
        for key in set(self._coming).difference(needed):
            self._coming.pop(key).cancel()
        for key in needed:
            if key not in self._coming:
                self._coming[key] = self._pool.submit(self._vary, *key)

    def _vary(self, epoch: int, i: int) -> Floats:
        given = self._data.flat[self._data.starts[i] : self._data.starts[i + 1]]
        frames = np.asarray(self._function(given, np.random.default_rng([self._seed, epoch, i])), np.float32)
        if frames.ndim != 2 or frames.shape[1] != given.shape[1] or not len(frames):
            raise DataError(f"augment returned frames of shape {frames.shape} for {given.shape} (sequence {i}).")
        if self._data.per_frame and len(frames) != len(given):
            raise DataError(
                f"augment returned {len(frames)} frames for {len(given)} (sequence {i}), which have a label each."
            )
        if not np.isfinite(frames).all():
            raise DataError(f"augment returned NaN or infinity for sequence {i}.")
        return frames

    def _check(self, targets: Targets, lengths: Integers, chosen: Integers) -> None:
        try:
            check_alignable(targets, lengths)
        except DataError as error:
            raise DataError(f"After augment: {error} (Numbered as in this chunk: {chosen[:8].tolist()}...)") from error
