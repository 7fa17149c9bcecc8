"""Images and labels in .npy files; large ones are mapped and not loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pellucid.data.arrays import ARRAY_NAMES, PAIRS, parts_of
from pellucid.data.dataset import TrainTest
from pellucid.data.limits import LIMIT_BYTES
from pellucid.data.npz import Arrays
from pellucid.data.options import Options
from pellucid.errors import DataError, FileFormatError


def is_npy_folder(path: Path) -> bool:
    """Whether a folder has .npy files with the names of images and labels."""
    return path.is_dir() and any(
        (path / f"{images}.npy").is_file() and (path / f"{labels}.npy").is_file() for images, labels in PAIRS
    )


def load_npy(path: Path, options: Options) -> TrainTest:
    """Load the .npy files of a folder, or one of images with its labels beside it."""
    if path.is_dir():
        names = [name for name in ARRAY_NAMES if (path / f"{name}.npy").is_file()]
        return parts_of({name: read_npy(path / f"{name}.npy", options.memory_limit) for name in names}, path, options)
    labels = [labels for images, labels in PAIRS if images == path.stem and (path.parent / f"{labels}.npy").is_file()]
    if not labels:
        raise DataError(
            f"Expected labels beside {path}, such as images.npy and labels.npy, or x.npy and y.npy, got none: rename "
            "the files, or pass arrays to Dataset."
        )
    files = {"images": path, "labels": path.parent / f"{labels[0]}.npy"}
    arrays: Arrays = {name: read_npy(file, options.memory_limit) for name, file in files.items()}
    return parts_of(arrays, path, options)


def read_npy(path: Path, most: int | None = None) -> np.ndarray:
    """The array in a .npy file; mapped read-only if it has more bytes than ``most``, by default 2 GiB.

    Raises
    ------
    FileFormatError
        If the file is damaged, or has no numbers.
    """
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    # NumPy raises several kinds of errors for damaged files.
    except Exception as error:
        raise FileFormatError(
            f"Expected an array of numbers in .npy format, got {path}, which is not one or is damaged ({error}): write "
            "it with numpy.save."
        ) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
        raise FileFormatError(f"Expected an array of numbers, got something else in {path}: write it with numpy.save.")
    return array if array.nbytes > (most or LIMIT_BYTES) else np.array(array)
