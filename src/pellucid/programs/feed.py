"""Images in the form that training, evaluation and gradients take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from numpy.typing import NDArray

from pellucid.data.checks import UNIT
from pellucid.data.limits import MEMORY_LIMIT
from pellucid.data.rows import Rows, checksum, is_in_memory
from pellucid.engine.programs import table as t
from pellucid.engine.records import Images
from pellucid.programs.images import LevelRange, scale_of
from pellucid.programs.packing import all_entries_of, bytes_of, entries_of, images_of, in_small_parts, is_dense, kind_of

if TYPE_CHECKING:
    from pellucid.data import Dataset


class Feed:
    """The images of a data set, or some of them, in the form that the engine takes; see `images_of`."""

    images: Images

    def __init__(self, flat_inputs: NDArray[np.generic] | Rows, level_range: LevelRange | None) -> None:
        self.count: int = flat_inputs.shape[0]
        self.width: int = flat_inputs.shape[1]
        self.order = np.arange(self.count)
        self.images = images_of(flat_inputs, level_range)

    @classmethod
    def of(cls, data: Dataset, *, check: bool = False) -> Feed:
        """The feed of a data set: made once, and shared by all that train on it.

        With ``check``, which reads all images, it is made again if they were changed in place.
        """
        made = _feeds.get(data)
        if made is None or (check and data not in _unchanging and made[0] != _digest(data)):
            made = _feeds[data] = _digest(data), cls(data.images.reshape(len(data), -1), data.unit_range)
        return made[1]

    @property
    def is_sparse(self) -> bool:
        """Whether the images are held as sparse rows."""
        return bool(self.images.kind != t.DENSE_INPUT)


class WindowFeed(Feed):
    """Images that were packed elsewhere: the first ``count`` of them, with ``width`` inputs each."""

    def __init__(self, images: Images, count: int, width: int) -> None:
        self.images, self.count, self.width, self.order = images, count, width, np.arange(count)


_LITTLE = 0.6
"""The memory that packed images may take in any case, as a share of that of the images."""

_unchanging: WeakSet[Dataset] = WeakSet()
_feeds: WeakKeyDictionary[Dataset, tuple[int, Feed]] = WeakKeyDictionary()
_fitting: WeakKeyDictionary[Dataset, bool] = WeakKeyDictionary()
_dense: WeakKeyDictionary[Dataset, bool] = WeakKeyDictionary()


def promise_unchanging(data: Dataset) -> None:
    """Promise that nobody changes the images of a data set, so that they need not be read again for every training."""
    _unchanging.add(data)


def fits(data: Dataset) -> bool:
    """Whether all images of a data set may be packed at once, within its memory limit."""
    found = _fitting.get(data)
    if found is None:
        found = _fitting[data] = _packed_within(data, data.memory_limit or _usual_limit(data.images))
    return found


def holds_dense(data: Dataset) -> bool:
    """Whether images in memory are packed as dense rows; those in files are not all read to know."""
    images: Any = data.images
    if images.dtype == np.uint8 or not is_in_memory(images):
        return False
    found = _dense.get(data)
    if found is None:
        low = scale_of(images.dtype, data.unit_range)[0]
        entries = all_entries_of(images.reshape(len(images), -1), low)
        found = _dense[data] = is_dense(images.dtype, images.size, entries)
    return found


def _usual_limit(images: Any) -> int:
    """The usual memory limit; arrays in memory may be packed at once if that takes little in comparison.

    Images with few inputs other than 0 are packed into little memory, and are trained on so fast that windows of them
    would not be packed in time.
    """
    return max(MEMORY_LIMIT, int(_LITTLE * images.nbytes)) if is_in_memory(images) else MEMORY_LIMIT


def _packed_within(data: Dataset, limit: int) -> bool:
    """Whether packed images take no more bytes than this; no more are looked at than it takes to know."""
    images: Any = data.images
    count, low = len(images), scale_of(images.dtype, data.unit_range)[0]
    flat = images.reshape(count, -1)
    kind = kind_of(images.dtype, flat.shape[1], low)
    if (
        kind == t.DENSE_INPUT
        and not isinstance(images, Rows)
        and images.dtype == np.float32
        and data.unit_range == UNIT
    ):
        return True  # they are taken as they are
    if bytes_of(kind, count, flat.shape[1], count * flat.shape[1]) <= limit:
        return True
    if kind == t.DENSE_INPUT or bytes_of(kind, count, flat.shape[1], 0) > limit:
        return False
    entries = 0
    for some in in_small_parts(flat):
        entries += entries_of(some, low)
        if bytes_of(kind, count, flat.shape[1], entries) > limit:
            return False
    return True


def _digest(data: Dataset) -> int:
    """A checksum of the images; those that are read as needed are not read for it."""
    return 0 if isinstance(data.images, Rows) else checksum(data.images)
