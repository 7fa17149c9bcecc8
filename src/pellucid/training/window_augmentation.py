"""Windows of images that are augmented as they are packed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.records import SparseRows
from pellucid.errors import ConfigurationError
from pellucid.programs.image_stepper import Batches
from pellucid.programs.images import LevelRange
from pellucid.programs.packing import Packing
from pellucid.training.augmentation import Augment, Variation
from pellucid.training.windows import Reader


class VariedPacking(Packing):
    """Room for images that are augmented; the images themselves are in a `Variation` as large.

    Parameters
    ----------
    variation : Variation
        May be shared by packings that are filled one after the other.

    Attributes
    ----------
    draw : int
        The number of the random draw; the images of one draw are varied independently.
    """

    def __init__(self, variation: Variation) -> None:
        width = variation.height * variation.width
        entries = variation.count * width + variation.room
        super().__init__(np.dtype(np.float32), width, (0.0, 1.0), variation.count, entries)
        self._variation, self.draw = variation, 0

    def add(self, images: NDArray[np.generic], before: int) -> int:
        """See `Packing.add`."""
        past = before + len(images)
        self._variation.put(images, before)
        for begin in range(before, past, self._variation.block):
            chosen = np.arange(begin, min(begin + self._variation.block, past))
            rows = SparseRows(self._indices, self._data, self._indptr[begin:], self._middles[begin:])
            self._variation.write(self.draw, chosen, rows, int(self._indptr[begin]))
        return past


class AugmentedReader:
    """Reads windows of images into a `VariedPacking`, each with a draw of its own.

    Parameters
    ----------
    read : Reader
    windows : int
        Windows in an epoch.
    """

    def __init__(self, read: Reader, windows: int) -> None:
        self._read, self._windows = read, windows

    def __call__(self, epoch: int, number: int, packing: Packing) -> Batches | None:
        """See `Reader`."""
        if isinstance(packing, VariedPacking):
            packing.draw = epoch * self._windows + number
        return self._read(epoch, number, packing)


def varied_packings(
    augment: Any, shape: tuple[int, ...], dtype: np.dtype[Any], levels: LevelRange, seed: int, length: int
) -> tuple[Packing, Packing]:
    """Room for two windows of ``length`` images of a shape and type.

    Raises
    ------
    ConfigurationError
        If these images cannot be augmented, or ``augment`` is no `Augment`.
    """
    if not isinstance(augment, Augment):
        raise ConfigurationError(f"augment expected an Augment, such as Augment.standard(), got {augment!r}.")
    variation = Variation(augment, np.zeros((length, *shape), dtype), levels, seed)
    return VariedPacking(variation), VariedPacking(variation)
