"""Data: labelled images from the package, the internet or your own files, checked before any training.

Ten thousand real handwritten digits come with the package and need no download:

>>> from pellucid import data
>>> digits = data.load("digits")
>>> digits.train
<Dataset digits (train): 8000 images of 28x28, levels 0 to 255 (uint8), 10 classes: 0 801, 1 902, ...>
>>> image, label = digits.test[0]
>>> image.shape, image.dtype.name, digits.test.classes[label]
((28, 28), 'uint8', '...')

``data.load("mnist")`` returns all 70,000 images of MNIST. It looks in the folder ``mnist`` of the folder that the
environment variable PELLUCID_DATA names, then in the user's cache; otherwise it downloads them into that cache, and can
resume a download. `names` lists all named data sets.

Your own data load from a path: a folder with a subfolder of images for each class, .npy files, an .npz archive, a CSV
table of pixels or of measurements, or IDX files; `load` documents each. Where they have no test part, a seeded,
stratified fifth of them is held out. A `Stream` takes batches from a function.

Arrays in memory become a `Dataset`, which checks them once and reports what is wrong with them:

>>> import numpy as np
>>> strokes = data.Dataset(np.array([[0, 5, 9], [9, 5, 0], [1, 5, 9]], dtype=np.uint8), [1, 0, 1], level_range=(0, 9))
>>> strokes[:2].labels.tolist(), strokes.take(2).shape
([1, 0], (3,))
>>> data.Dataset(np.zeros((3, 28, 28)), labels=[0, 1])
Traceback (most recent call last):
    ...
pellucid.errors.DataError: Expected one label for each image, got 3 images and 2 labels: check that both come ...

``data.drawings`` turns drawings and photos into pictures of 28x28 pixels with bright ink.

Images are uint8 or float32, of shape (N, H, W), (N, D) or (N, C, H, W). The levels of paper and of full ink are
declared, never guessed from the pixels. Everything random takes a seed; the same seed gives the same parts on every
machine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.data import drawings as drawings
    from pellucid.data.dataset import Dataset as Dataset
    from pellucid.data.dataset import TrainTest as TrainTest
    from pellucid.data.examples import batches as batches
    from pellucid.data.examples import collect as collect
    from pellucid.data.idx import read_idx as read_idx
    from pellucid.data.recordings import Recordings as Recordings
    from pellucid.data.registry import load as load
    from pellucid.data.registry import names as names
    from pellucid.data.sequences import Sequences as Sequences
    from pellucid.data.stream import Stream as Stream
    from pellucid.data.tabular import Table as Table

_HOMES = {
    "Dataset": "dataset",
    "Recordings": "recordings",
    "Sequences": "sequences",
    "Stream": "stream",
    "Table": "tabular",
    "TrainTest": "dataset",
    "batches": "examples",
    "collect": "examples",
    "load": "registry",
    "names": "registry",
    "read_idx": "idx",
}

__all__ = [
    "Dataset",
    "Recordings",
    "Sequences",
    "Stream",
    "Table",
    "TrainTest",
    "batches",
    "collect",
    "drawings",
    "load",
    "names",
    "read_idx",
]


def __getattr__(name: str) -> Any:
    if name == "drawings":
        return import_module(f"{__name__}.drawings")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
