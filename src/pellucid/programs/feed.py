"""Images in the form that training, evaluation and gradients take."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs import table as t
from pellucid.engine.records import Images
from pellucid.programs.images import LevelRange, images_of

if TYPE_CHECKING:
    from pellucid.data import Dataset


class Feed:
    """The images of a data set, or some of them, in the form that the engine takes; see `images_of`."""

    images: Images

    def __init__(self, flat_inputs: NDArray[np.generic], level_range: LevelRange | None) -> None:
        self.count, self.width = flat_inputs.shape
        self.order = np.arange(self.count)
        self.images = images_of(flat_inputs, level_range)

    @classmethod
    def of(cls, data: Dataset) -> Feed:
        """The feed of a data set: made once, and shared by everything that trains on it."""
        feed = _feeds.get(data)
        if feed is None:
            feed = _feeds[data] = cls(data.images.reshape(len(data), -1), data.level_range)
        return feed

    @property
    def is_sparse(self) -> bool:
        """Whether the images are held as sparse rows."""
        return bool(self.images.kind != t.DENSE_INPUT)


_feeds: WeakKeyDictionary[Dataset, Feed] = WeakKeyDictionary()
