"""Images as training, evaluation and gradients take them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs import table as t
from pellucid.engine.records import Images
from pellucid.programs.images import MAX_SPARSE_INPUTS, LevelRange, can_be_packed, to_ink, to_packed, to_unit

if TYPE_CHECKING:
    from pellucid.data import Dataset

_NOWHERE = np.zeros(16, np.int64)
_NO_COLUMNS = np.zeros(1, np.uint16)
_NO_VALUES = np.zeros(1, np.float32)
_NO_LEVELS = np.zeros(1, np.uint8)


class Feed:
    """Images as training and gradients take them: as ink, or dense where an image has too many inputs for that."""

    starts = middles = _NOWHERE
    columns, values, levels = _NO_COLUMNS, _NO_VALUES, _NO_LEVELS
    low, span = 0.0, 1.0

    def __init__(self, lines: NDArray[np.generic], level_range: LevelRange | None) -> None:
        self.count, self.width = lines.shape
        self.order = np.arange(self.count)
        if lines.shape[1] > MAX_SPARSE_INPUTS:
            self.kind, self.values = t.DENSE_INPUT, to_unit(lines, level_range)
        elif can_be_packed(lines, level_range):
            packed = to_packed(lines, level_range)  # type: ignore[arg-type]
            self.kind, self.starts, self.middles = t.SPARSE_BYTES_INPUT, packed.starts, packed.middles
            self.columns, self.levels = packed.columns, packed.levels
            self.low, self.span = packed.low, packed.span
        else:
            ink = to_ink(lines, level_range)
            self.kind, self.starts, self.middles = t.SPARSE_INPUT, ink.starts, ink.middles
            self.columns, self.values = ink.columns, ink.values

    @classmethod
    def of(cls, data: Dataset) -> Feed:
        """The feed of a data set: made once, and shared by all who train on it."""
        feed = _feeds.get(data)
        if feed is None:
            feed = _feeds[data] = cls(data.images.reshape(len(data), -1), data.level_range)
        return feed

    @property
    def inked(self) -> bool:
        """Whether the images are held as ink."""
        return self.kind != t.DENSE_INPUT

    @property
    def arguments(self) -> Images:
        """What the entry points take for their images."""
        return Images(self.kind, self.starts, self.middles, self.columns, self.values, self.levels, self.low, self.span)


_feeds: WeakKeyDictionary[Dataset, Feed] = WeakKeyDictionary()
