"""Convert one sequence, a list of sequences, or a padded batch with lengths to the engine's format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.data.checks import as_array
from pellucid.data.foreign import array_of
from pellucid.data.sequences import Sequences, checked_frames
from pellucid.errors import DataError, ShapeError

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class SequenceBatch:
    """Sequences, and the ``form`` they were passed in: "one", "list" or "padded".

    ``flat`` (all frames, D) float32 has the frames ``starts[i]`` to ``starts[i + 1]`` of sequence i; ``width`` is the
    number of frames of a padded batch.
    """

    flat: Floats
    starts: Integers
    form: str
    width: int = 0

    @property
    def count(self) -> int:
        """The number of sequences."""
        return len(self.starts) - 1

    def __len__(self) -> int:
        return self.count

    def restore_form(self, rows: Floats, reduced: bool) -> Any:
        """Results, one row per frame or, if ``reduced``, one per sequence, in the form the sequences were passed in."""
        if reduced:
            return rows[0] if self.form == "one" else (list(rows) if self.form == "list" else rows)
        if self.form == "one":
            return rows
        parts = [rows[a:b] for a, b in zip(self.starts, self.starts[1:], strict=False)]
        if self.form == "list":
            return parts
        padded = np.zeros((self.count, self.width, rows.shape[1]), np.float32)
        for target, part in zip(padded, parts, strict=True):
            target[: len(part)] = part
        return padded


def as_sequences(x: Any, features: int, lengths: ArrayLike | None = None) -> SequenceBatch:
    """Convert one sequence (T, D), a list of sequences, or a padded batch (N, T, D) with lengths (N,).

    Raises
    ------
    ShapeError, DataError
        If x is none of these or not finite, or if the lengths do not fit.
    """
    if isinstance(x, Sequences):
        return _with_features(SequenceBatch(x.flat, x.starts, "list"), features)
    if isinstance(x, list | tuple) and all(np.ndim(part) == 2 for part in x if isinstance(part, np.ndarray | list)):
        if not x:
            return SequenceBatch(np.zeros((0, features), np.float32), np.zeros(1, np.int64), "list")
        if all(hasattr(part, "ndim") or np.ndim(part) == 2 for part in x) and lengths is None:
            return _with_features(SequenceBatch(*checked_frames(x), "list"), features)
    array = _as_numbers(x)
    if array.ndim == 2 and lengths is None:
        return _with_features(SequenceBatch(*checked_frames([array]), "one"), features)
    if array.ndim == 3:
        counts = _checked_lengths(lengths, len(array), array.shape[1])
        flat, starts = checked_frames([part[:length] for part, length in zip(array, counts, strict=True)])
        return _with_features(SequenceBatch(flat, starts, "padded", array.shape[1]), features)
    raise ShapeError(
        f"The network expected frames (T, {features}), a list of them, or a padded batch (N, T, {features}) with "
        f"lengths, got {array.shape}."
    )


def _as_numbers(x: Any) -> NDArray[Any]:
    array = array_of(x, "frames", "The network expected frames of equal length, got a ragged nest of sequences.")
    if array.dtype.kind not in "buif":
        raise DataError(f"The network expected numbers, got an array of {array.dtype}.")
    return array


def _checked_lengths(lengths: ArrayLike | None, count: int, width: int) -> Integers:
    if lengths is None:
        return np.full(count, width)
    counts = as_array(lengths, "lengths")
    if (
        counts.dtype.kind not in "ui"
        or counts.shape != (count,)
        or (count and not 1 <= counts.min() <= counts.max() <= width)
    ):
        raise ShapeError(f"lengths expected {count} integers from 1 to {width}, got {lengths!r}.")
    return counts.astype(np.int64)


def _with_features(batch: SequenceBatch, features: int) -> SequenceBatch:
    if batch.flat.shape[1] != features:
        raise ShapeError(f"The network takes frames of {features} features; these have {batch.flat.shape[1]}.")
    return batch
