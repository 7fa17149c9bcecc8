"""Checks of images, labels, level ranges and class names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pellucid.data.foreign import array_of
from pellucid.data.rows import ArrayRows, Rows, chunks, extremes, mapping_of
from pellucid.errors import DataError

Images = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""Images in memory or mapped from a file; or `Rows` of these types, which are used like them."""

Range = tuple[float, float]
DeclaredRange = Range | None | Literal["auto"]
"""As users declare it: the levels that mean 0 and 1, None for numbers as they are, or "auto"."""

UNIT: Range = (0.0, 1.0)
BYTES: Range = (0.0, 255.0)

_PICTURE = 64  # inputs from which flat rows of a square number of them are taken for pictures


def as_array(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    """Return `values` as an array of numbers."""
    if isinstance(values, np.ma.MaskedArray):
        raise DataError(f"Expected {what} without gaps, got a masked array: fill them, as in x.filled(0).")
    ragged = f"Expected {what} as one array, got rows of different shapes: resize them to one shape."
    array = array_of(values, what, ragged)
    if array.dtype.kind not in "buif":
        raise DataError(f"Expected {what} as numbers, got an array of type {array.dtype}: convert it first.")
    return array


def is_auto(level_range: Any) -> bool:
    """Whether a level range, which may be anything, is left to choose."""
    return isinstance(level_range, str) and level_range == "auto"


def checked_images(values: npt.ArrayLike, level_range: DeclaredRange = "auto") -> tuple[Images, Range | None]:
    """Return images as contiguous uint8 or float32, and their level range; None stands for numbers as they are.

    "auto" chooses (0, 255) for integers and (0, 1) for floats, booleans, and integers of which none exceeds 1. Rows of
    numbers that cannot be pictures, and floats that cannot be levels, are taken as they are.
    """
    array = _checked_shape(values)
    if isinstance(level_range, str) and level_range != "auto":
        raise DataError(f'Expected level_range as (low, high), None or "auto", got {level_range!r}.')
    if level_range is None:
        return _finite_floats(array), None
    if not isinstance(level_range, str):
        images = _converted(array, np.uint8) if _fits_bytes(array) else _finite_floats(array)
        return images, checked_range(images, level_range)
    if array.dtype.kind == "b":
        return _converted(array, np.uint8), UNIT
    if array.dtype.kind == "f":
        return _natural_floats(array)
    if array.dtype != np.uint8:
        if not _are_pictures(array.shape):
            return _finite_floats(array), None
        within(array, 0, 255, "integer images")
    images = _converted(array, np.uint8)
    return images, UNIT if _is_binary(images) else BYTES


def _checked_shape(values: npt.ArrayLike | Rows) -> Any:
    """Images as an array, or as the rows that they are."""
    array = values if isinstance(values, Rows) else as_array(values, "images")
    if array.ndim not in (2, 3, 4) or 0 in array.shape:
        raise DataError(
            f"Expected images of shape (N, H, W), (N, D) or (N, C, H, W) with at least one image and one pixel, "
            f"got {array.shape}: a single image becomes a set of one with image[None]."
        )
    return array


def _are_pictures(shape: tuple[int, ...]) -> bool:
    """Whether arrays of this shape, (N, ...), are pictures; otherwise they are rows of a table."""
    return len(shape) > 2 or (shape[1] >= _PICTURE and math.isqrt(shape[1]) ** 2 == shape[1])


def _fits_bytes(array: Any) -> bool:
    if array.dtype.kind not in "bui" or array.dtype == np.uint8:
        return array.dtype.kind in "bui"
    least, most = extremes(array)
    return bool(least >= 0 and most <= 255)


def _is_binary(images: Any) -> bool:
    """Whether no byte exceeds 1; pictures are read no further than the first that does."""
    return all(chunk.max() <= 1 for chunk in chunks(images))


def _converted(array: Any, dtype: npt.DTypeLike) -> Any:
    """Numbers of another type: in memory, or converted as they are read, if they are in a file."""
    if isinstance(array, Rows):
        return array.astype(dtype)
    if mapping_of(array) is not None and not (array.dtype == dtype and array.flags.c_contiguous):
        return ArrayRows(array, dtype)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=dtype)


def _natural_floats(array: Any) -> tuple[Images, Range | None]:
    """Floats and their level range: (0, 1), or None if they lie outside and cannot be levels."""
    floats = _finite_floats(array)
    least, most = extremes(floats)
    if least < 0 or most > 1:
        if least >= 0 and _are_pictures(floats.shape):
            _refuse_outside(least, most, 0, 1, "levels")
        return floats, None
    return floats, UNIT


def _finite_floats(array: Any) -> Images:
    """Numbers as float32; raises if floats among them are not finite."""
    floats: Images = _converted(array, np.float32)
    before = 0
    for chunk in chunks(floats) if array.dtype.kind == "f" else ():
        if not (math.isfinite(chunk.min()) and math.isfinite(chunk.max())):
            where = np.unravel_index(int(np.argmin(np.isfinite(chunk))), chunk.shape)
            image = before + int(where[0])
            raise DataError(
                f"Expected finite numbers, got {array[image][where[1:]]} in image {image}: drop that image or correct "
                "its pixels."
            )
        before += len(chunk)
    return floats


def within(array: Any, low: float, high: float, what: str) -> None:
    """Require every value of `array` to lie in [low, high]."""
    _refuse_outside(*extremes(array), low, high, what)


def _refuse_outside(least: float, most: float, low: float, high: float, what: str) -> None:
    if least < low or most > high:
        raise DataError(
            f"Expected {what} from {low:g} to {high:g}, got {least:g} to {most:g}: declare their range, as in "
            f"level_range=({min(least, 0):g}, {most:g}), or level_range=None to take the numbers as they are."
        )


def checked_range(images: Images, level_range: Range) -> Range:
    """Return the levels of paper and full ink as floats, after checking that every pixel lies between them."""
    low, high = valid_range(level_range)
    if images.dtype != np.uint8 or low > 0 or high < 255:
        within(images, low, high, "levels")
    return low, high


def valid_range(level_range: Range) -> Range:
    """Return two levels as floats; raise unless the first is below the second."""
    try:
        low, high = (float(level) for level in level_range)
    except (TypeError, ValueError) as error:
        raise DataError(f"Expected level_range as (low, high), got {level_range!r}: for example (0, 255).") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(
            f"Expected level_range as (low, high) with low < high, got ({low:g}, {high:g}): swap or correct them."
        )
    return low, high


def checked_labels(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return labels as contiguous int64, none negative."""
    array = as_array(values, "labels")
    if array.ndim != 1:
        raise DataError(
            f"Expected classes of shape (N,), one number for each image, got {array.shape}: "
            "convert one-hot rows with .argmax(axis=1)."
        )
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (array == np.floor(array))
        if not whole.all():
            where = int(np.argmin(whole))
            raise DataError(f"Expected whole class numbers, got {array[where]} at {where}: round or renumber them.")
    if len(array) and (array.min() < 0 or array.max() >= 2**31):
        where = int(np.argmax((array < 0) | (array >= 2**31)))
        raise DataError(f"Expected class numbers of at least 0, got {array[where]:g} at {where}: renumber the classes.")
    return np.ascontiguousarray(array, dtype=np.int64)


def checked_targets(values: npt.ArrayLike, task: str) -> npt.NDArray[Any]:
    """Return classes as int64 (N,), or target values as float32 (N, K).

    The task "auto" takes a column of whole numbers for classes, and all other numbers for values.
    """
    if not isinstance(task, str) or task not in ("auto", "classes", "values"):
        raise DataError(f'Expected the task "auto", "classes" or "values", got {task!r}.')
    array = as_array(values, "labels")
    if task == "auto":
        fractions = array.dtype.kind == "f" and np.isfinite(array).all() and (array != np.floor(array)).any()
        task = "values" if array.ndim == 2 or (array.ndim == 1 and fractions) else "classes"
    if task == "classes":
        return checked_labels(values)
    column = array[:, None] if array.ndim == 1 else array
    if column.ndim != 2 or not column.shape[1]:
        raise DataError(f"Expected target values of shape (N,) or (N, K), got {array.shape}.")
    with np.errstate(over="ignore"):
        targets = np.ascontiguousarray(column, np.float32)
    if not np.isfinite(targets).all():
        where = int(np.argmin(np.isfinite(targets).all(axis=1)))
        raise DataError(f"Expected finite target values, got {array[where]} at {where}: drop that example.")
    return targets


def checked_weight(values: npt.ArrayLike, count: int) -> npt.NDArray[np.float32]:
    """Return the weights of ``count`` examples as float32 (N,): finite, none negative, at least one above 0."""
    array = as_array(values, "weight")
    with np.errstate(over="ignore"):
        weight = np.array(array, np.float32)
    if weight.shape != (count,) or not np.isfinite(weight).all() or weight.min() < 0 or not weight.any():
        raise DataError(
            f"Expected weight as {count} finite numbers of at least 0, not all 0, got {array.dtype} of shape "
            f"{array.shape}."
        )
    return weight


def matched(images: Images, labels: npt.NDArray[Any]) -> None:
    """Require one label for each image."""
    if len(images) != len(labels):
        raise DataError(
            f"Expected one label for each image, got {len(images)} images and {len(labels)} labels: "
            "check that both come from the same part of the data."
        )


def counted_from_one(
    *parts: npt.NDArray[np.int64],
) -> tuple[tuple[npt.NDArray[np.int64], ...], tuple[str, ...] | None]:
    """Return labels from 0 and the names of the classes if they are counted 1, 2, ... to 10 or more; else as they are.

    Labels from 1 to 9 stay, since they may be digits among which 0 is missing.

    Examples
    --------
    >>> import numpy as np
    >>> counted_from_one(np.arange(1, 11))
    ((array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),), ('1', '2', '3', '4', '5', '6', '7', '8', '9', '10'))
    """
    used = np.unique(np.concatenate(parts))
    if len(used) < 10 or used[0] != 1 or used[-1] != len(used):
        return parts, None
    return tuple(part - 1 for part in parts), tuple(str(number) for number in used.tolist())


def checked_classes(classes: Sequence[str] | None, largest: int) -> tuple[str, ...]:
    """Return the names of the classes, at least as many as the labels use."""
    if classes is None:
        if largest >= 2**16:
            raise DataError(f"Expected labels below 65,536, got {largest}: renumber the classes from 0.")
        return tuple(str(number) for number in range(largest + 1))
    try:
        names = () if isinstance(classes, str) else tuple(classes)
    except TypeError:
        names = ()
    if not names or not all(isinstance(name, str) for name in names):
        raise DataError(f"Expected classes as a list of names, got {classes!r}: for example ['zero', 'one'].")
    if len(names) <= largest:
        raise DataError(f"Expected a name for each class up to {largest}, got {len(names)} names: add the rest.")
    if len(set(names)) != len(names):
        raise DataError("Expected a different name for each class, got one twice: rename one.")
    return names
