"""Patches, distances and filters of pictures: what SciPy's `ndimage` computes, by mahotas, a fortieth of its size.

The functions have the names, the arguments and the results of SciPy's. Where there is no mahotas, as on Linux for
arm64, for which nobody builds it, SciPy itself is installed and takes its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

try:
    import mahotas
except ImportError:
    mahotas = None

__all__ = [
    "binary_dilation",
    "binary_erosion",
    "binary_fill_holes",
    "binary_opening",
    "distance_transform_edt",
    "find_objects",
    "gaussian_filter",
    "label",
    "median_filter",
    "uniform_filter",
]

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]
CROSS: Mask = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.bool_)

if TYPE_CHECKING or mahotas is not None:

    def label(mask: Mask, structure: NDArray[Any] = CROSS) -> tuple[Labels, int]:
        """Number the patches of a mask (H, W) from 1, in reading order; return the numbers (H, W) and their count."""
        labels, count = mahotas.label(np.asarray(mask, np.bool_), _footprint(structure))
        return labels, int(count)

    def find_objects(labels: Labels) -> list[tuple[slice, ...]]:
        """Return the box of each number from 1, as slices of rows and columns; every number must occur."""
        boxes = mahotas.labeled.bbox(labels)[1:].tolist()
        return [(slice(top, bottom), slice(left, right)) for top, bottom, left, right in boxes]

    def distance_transform_edt(mask: Mask) -> NDArray[np.float64]:
        """Return the distance in pixels from each pixel of a mask to the nearest one outside it, which must exist."""
        return np.asarray(mahotas.distance(np.asarray(mask, np.bool_), "euclidean"), np.float64)

    def gaussian_filter(picture: NDArray[Any], sigma: float | tuple[float, ...], mode: str = "reflect") -> NDArray[Any]:
        """Smooth a picture (H, W) with a standard deviation in pixels, or one for each axis; 0 leaves an axis alone."""
        sigmas = sigma if isinstance(sigma, tuple) else (sigma,) * picture.ndim
        for axis, deviation in enumerate(sigmas):
            if reach := int(4 * deviation + 0.5):
                picture = _smoothed(picture, deviation, reach, axis, mode)
        return picture

    def uniform_filter(picture: NDArray[Any], size: int) -> NDArray[Any]:
        """Return the mean of the window (size, size) around each pixel, reflected at the edges; ``size`` is odd."""
        for axis in range(picture.ndim):
            margins = [(1 + size // 2, size // 2) if each == axis else (0, 0) for each in range(picture.ndim)]
            sums = np.moveaxis(np.cumsum(np.pad(picture, margins, "symmetric"), axis, np.float64), axis, 0)
            picture = np.moveaxis((sums[size:] - sums[:-size]) / size, 0, axis).astype(picture.dtype)
        return picture

    def median_filter(picture: NDArray[Any], size: int, mode: str = "reflect") -> NDArray[Any]:
        """Return the median of the window (size, size) around each pixel."""
        return np.asarray(mahotas.median_filter(picture, np.ones((size, size), np.bool_), mode=mode))

    def binary_dilation(mask: Mask, structure: NDArray[Any] = CROSS) -> Mask:
        """Widen the patches of a mask (H, W) by a structure with odd sides."""
        return np.asarray(mahotas.dilate(mask, _footprint(structure)), np.bool_)

    def binary_erosion(mask: Mask, structure: NDArray[Any] = CROSS) -> Mask:
        """Keep the pixels around which the whole structure lies in the mask; outside the picture nothing does."""
        return _framed(mahotas.erode, mask, structure)

    def binary_opening(mask: Mask, structure: NDArray[Any] = CROSS) -> Mask:
        """Keep what the structure covers wherever it lies whole in the mask."""
        return _framed(mahotas.open, mask, structure)

    def binary_fill_holes(mask: Mask) -> Mask:
        """Fill what is enclosed by the mask: all from which no path of neighbouring pixels leads to the edge."""
        outside, _ = label(~np.pad(mask, 1))
        return np.asarray(outside != outside[0, 0], np.bool_)[1:-1, 1:-1]

    def _framed(operation: Any, mask: Mask, structure: NDArray[Any]) -> Mask:
        """Apply an operation with bare pixels around the picture, where mahotas takes the structure to fit."""
        rows, columns = structure.shape
        padded = np.pad(mask, ((rows, rows), (columns, columns)))
        made = operation(padded, _footprint(structure))
        return np.asarray(made, np.bool_)[rows:-rows, columns:-columns]

    def _smoothed(picture: NDArray[Any], deviation: float, reach: int, axis: int, mode: str) -> NDArray[Any]:
        length = picture.shape[axis]
        if reach <= length:
            return np.asarray(mahotas.gaussian_filter1d(picture, deviation, axis=axis, mode=mode))
        # Mahotas reflects once; where the window is wider than the picture, it takes more.
        margins = [(reach, reach) if each == axis else (0, 0) for each in range(picture.ndim)]
        padded = np.pad(picture, margins, "symmetric" if mode == "reflect" else "edge")
        smooth = mahotas.gaussian_filter1d(padded, deviation, axis=axis, mode="nearest")
        return np.asarray(np.take(smooth, range(reach, reach + length), axis))

    def _footprint(structure: NDArray[Any]) -> Mask:
        return np.asarray(structure, np.bool_)

else:
    from scipy.ndimage import (
        binary_dilation,
        binary_erosion,
        binary_fill_holes,
        binary_opening,
        distance_transform_edt,
        find_objects,
        gaussian_filter,
        label,
        median_filter,
        uniform_filter,
    )
