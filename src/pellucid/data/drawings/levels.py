"""Convert arrays of any common level range to float32 from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import DataError

# Resampling filters overshoot by up to this; more means another level range.
OVERSHOOT = 0.01


def as_levels(array: NDArray[Any]) -> NDArray[np.float32]:
    """Convert bool, uint8, uint16 or floats from 0 to 1 to float32 from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> as_levels(np.array([[0, 51, 255]], np.uint8))
    array([[0. , 0.2, 1. ]], dtype=float32)
    """
    if not isinstance(array, np.ndarray):
        raise DataError(f"Expected a picture as a NumPy array, got {type(array).__name__}: use numpy.asarray first.")
    if array.size == 0:
        raise DataError(f"Expected a picture with pixels in it, got shape {array.shape}: pass one that is not empty.")
    if array.dtype == np.bool_:
        return array.astype(np.float32)
    if array.dtype in (np.uint8, np.uint16):
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    if array.dtype.kind == "f":
        return _checked(array)
    raise DataError(
        f"Expected a picture of bool, uint8, uint16 or floats from 0 to 1, got {array.dtype}: convert it with astype."
    )


def _checked(array: NDArray[Any]) -> NDArray[np.float32]:
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("Expected a picture with levels from 0 to 1, got NaN or infinity: replace them first.")
    if low < -OVERSHOOT or high > 1 + OVERSHOOT:
        raise DataError(
            f"Expected a float picture from 0 to 1, got {low:g} to {high:g}: divide it by its largest level."
        )
    levels: NDArray[np.float32] = np.clip(array, 0, 1).astype(np.float32)
    return levels
