"""A user's .npz archive or .npy files: find images and labels by their usual names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import checked_classes, checked_labels, counted_from_one
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.npz import Arrays, read_npz
from pellucid.data.options import Options
from pellucid.errors import DataError

_WHOLE = (("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target"))
_TRAIN = (("train_images", "train_labels"), ("x_train", "y_train"), ("X_train", "y_train"))
_TEST = (("test_images", "test_labels"), ("x_test", "y_test"), ("X_test", "y_test"))
PAIRS = (*_WHOLE, *_TRAIN, *_TEST)
"""The names of images and of their labels."""

ARRAY_NAMES = tuple({name: None for pair in PAIRS for name in pair})


def load_npz(path: Path, options: Options) -> TrainTest:
    """Load an .npz archive, with or without a test part."""
    return parts_of(read_npz(path, wanted=ARRAY_NAMES, most=options.memory_limit), path, options)


def parts_of(arrays: Arrays, path: Path, options: Options) -> TrainTest:
    """The images and labels among the arrays at a path, with or without a test part."""
    train, test = _pair(arrays, _TRAIN), _pair(arrays, _TEST)
    if train is None:
        train, test = _pair(arrays, _WHOLE), None
    if train is None:
        raise DataError(
            f"Expected arrays named images and labels, or train_images, train_labels, test_images and test_labels, or "
            f"x_train, y_train, x_test and y_test, got none of them in {path}: rename the arrays."
        )
    if test is None:
        (labels,), names = counted_from_one(train[1])
        return options.held_out(_dataset((train[0], labels), options, path, path.stem, names))
    (train_labels, test_labels), names = counted_from_one(train[1], test[1])
    train, test = (train[0], train_labels), (test[0], test_labels)
    classes = names or checked_classes(None, max(int(labels.max()) for _, labels in (train, test)))
    return TrainTest(
        _dataset(train, options, path, f"{path.stem} (train)", classes),
        _dataset(test, options, path, f"{path.stem} (test)", classes),
    )


def _pair(arrays: Arrays, names: tuple[tuple[str, str], ...]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]] | None:
    """Return the first pair of names that the archive has, with flat labels."""
    for images, labels in names:
        if images in arrays and labels in arrays:
            column = arrays[labels]
            flat = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column
            if not flat.size:
                raise DataError(f"Expected labels in the array {labels!r}, got none: add them.")
            return _channels_first(arrays[images], images), checked_labels(flat)
    return None


def _channels_first(images: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Raise for images with channels last, which would be taken for pictures a few pixels wide."""
    if images.ndim == 4 and images.shape[3] in (1, 3, 4) and images.shape[1] not in (1, 3, 4):
        raise DataError(
            f"Expected images of shape (N, C, H, W), got {images.shape} in the array {name!r}, which looks like "
            "(N, H, W, C): write it as images.transpose(0, 3, 1, 2)."
        )
    return images


def _dataset(
    pair: tuple[npt.NDArray[Any], npt.NDArray[np.int64]],
    options: Options,
    path: Path,
    name: str,
    classes: Sequence[str] | None = None,
) -> Dataset:
    images, labels = pair
    return Dataset(images, labels, classes=classes, level_range=options.level_range, name=name, source=str(path))
