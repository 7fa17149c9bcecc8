"""Checks of images, labels, level ranges and class names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError

Images = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Range = tuple[float, float]


def as_array(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    """Return `values` as an array of numbers."""
    if isinstance(values, np.ma.MaskedArray):
        raise DataError(f"Expected {what} without gaps, got a masked array: fill them, as in x.filled(0).")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"Expected {what} as one array, got rows of different shapes: resize them to one shape."
        ) from error
    if array.dtype.kind not in "buif":
        raise DataError(f"Expected {what} as numbers, got an array of type {array.dtype}: convert it first.")
    return array


def checked_images(values: npt.ArrayLike) -> tuple[Images, Range]:
    """Return images as contiguous uint8 or float32, and the level range that their type implies."""
    array = as_array(values, "images")
    if array.ndim not in (2, 3, 4) or 0 in array.shape:
        raise DataError(
            f"Expected images of shape (N, H, W), (N, D) or (N, C, H, W) with at least one image and one pixel, "
            f"got {array.shape}: a single image becomes a set of one with image[None]."
        )
    if array.dtype.kind == "b":
        return np.ascontiguousarray(array, dtype=np.uint8), (0.0, 1.0)
    if array.dtype.kind in "ui":
        if array.dtype != np.uint8:
            within(array, 0, 255, "integer images")
        return np.ascontiguousarray(array, dtype=np.uint8), (0.0, 255.0)
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(floats).all():
        where = np.unravel_index(int(np.argmin(np.isfinite(floats))), floats.shape)
        raise DataError(
            f"Expected finite levels, got {array[where]} in image {where[0]}: drop that image or correct its pixels."
        )
    return floats, (0.0, 1.0)


def within(array: npt.NDArray[Any], low: float, high: float, what: str) -> None:
    """Require every value of `array` to lie in [low, high]."""
    least, most = array.min(), array.max()
    if least < low or most > high:
        raise DataError(
            f"Expected {what} from {low:g} to {high:g}, got {least:g} to {most:g}: scale them, or declare their range, "
            f"as in level_range=({min(least, 0):g}, {most:g})."
        )


def checked_range(images: Images, level_range: Range) -> Range:
    """Return the levels of paper and full ink as floats, after checking that every pixel lies between them."""
    try:
        low, high = (float(level) for level in level_range)
    except (TypeError, ValueError) as error:
        raise DataError(f"Expected level_range as (low, high), got {level_range!r}: for example (0, 255).") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(
            f"Expected level_range as (low, high) with low < high, got ({low:g}, {high:g}): swap or correct them."
        )
    if images.dtype != np.uint8 or low > 0 or high < 255:
        within(images, low, high, "levels")
    return low, high


def checked_labels(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return labels as contiguous int64, none negative."""
    array = as_array(values, "labels")
    if array.ndim != 1:
        raise DataError(
            f"Expected labels of shape (N,), one class number for each image, got {array.shape}: "
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


def matched(images: Images, labels: npt.NDArray[np.int64]) -> None:
    """Require one label for each image."""
    if len(images) != len(labels):
        raise DataError(
            f"Expected one label for each image, got {len(images)} images and {len(labels)} labels: "
            "check that both come from the same part of the data."
        )


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
