"""From pictures of one's own to pixels: the same steps for training, for examples and for drawings.

A network reads a picture correctly only if the picture was prepared as those that it was trained on. A `Preparation`
says how; it is kept in the network's record, so that a file carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.data.checks import BYTES
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.drawings.centring import BOX, FIELD, center, ink_box
from pellucid.data.drawings.steps import Step, center_steps
from pellucid.data.drawings.windows import Picture
from pellucid.data.idx_pairs import is_idx_folder
from pellucid.data.npy import is_npy_folder
from pellucid.data.options import Options
from pellucid.data.paper import paper_level, squared
from pellucid.system.fields import FieldError, Flag, check

RECORD = "preparation"
"""The entry of a network's record."""

FAINT = 0.1
"""Ink below this share of a picture's strongest is taken for the grain of the paper."""

PALE = 0.03
"""A picture with less contrast than this has no ink."""

_SIDE = 4 * FIELD
_MANY = 20_000
_SAMPLE = 500
_CENTRED = 0.95
_FIELDS = dict.fromkeys(("dark_ink", "thicken", "scale", "smooth", "mass"), Flag())


@dataclass(frozen=True)
class Preparation:
    """The steps from a grey picture to 28x28 pixels; see `pellucid.data.drawings.center` for all but the first.

    Attributes
    ----------
    dark_ink : bool
        Whether the ink is darker than the paper. Drawings on a pad have bright ink whatever this says.

    Examples
    --------
    >>> import numpy as np
    >>> sheet = np.full((60, 40), 255, np.uint8)
    >>> sheet[10:50, 5:9] = 0                                  # a dark stroke at the left
    >>> pixels = Preparation(dark_ink=True)(sheet)
    >>> pixels.shape, float(pixels[0, 0]), float(pixels[14, 14])
    ((28, 28), 0.0, 1.0)
    """

    dark_ink: bool = False
    thicken: bool = True
    scale: bool = True
    smooth: bool = True
    mass: bool = True

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Preparation | None:
        """Return the preparation in a network's record; None if there is none, or no valid one."""
        found = record.get(RECORD)
        try:
            check(_FIELDS, found)
        except FieldError:
            return None
        return cls(**found) if isinstance(found, dict) else None

    def configuration(self) -> dict[str, bool]:
        """Return what a network's record keeps."""
        return asdict(self)

    def ink(self, grey: NDArray[Any]) -> Picture:
        """Return the ink of a grey picture (H, W), 0 to 1: how far it differs from the paper, which is at the edges."""
        levels = grey.astype(np.float32) / 255 if grey.dtype == np.uint8 else np.asarray(grey, np.float32)
        paper = paper_level(levels)
        contrast = paper - levels if self.dark_ink else levels - paper
        strongest = float(contrast.max())
        if strongest < PALE:
            return np.zeros(levels.shape, np.float32)
        ink = np.clip(contrast / np.float32(strongest), 0, 1)
        return np.where(ink < FAINT, np.float32(0), ink)

    def ink_of_file(self, grey: NDArray[Any], dark_ink: bool | None = None) -> Picture:
        """Return the ink of a picture from a file, on square paper; by default, its edges tell whether ink is dark."""
        dark = paper_level(grey) > float(grey.mean()) if dark_ink is None else dark_ink
        return replace(self, dark_ink=dark).ink(squared(grey))

    def __call__(self, grey: NDArray[Any]) -> Picture:
        """Return the pixels of a grey picture, (28, 28), 0 to 1 with bright ink."""
        ink = self.ink(grey)
        return center(ink, scale=self.scale, mass=self.mass, smooth=self.smooth, thicken=self.thicken)

    def steps(self, ink: Picture) -> tuple[Step, ...]:
        """Return all steps from ink to pixels; the last picture is that of `__call__`, bit for bit."""
        return center_steps(ink, scale=self.scale, mass=self.mass, smooth=self.smooth, thicken=self.thicken)

    def part(self, pictures: Dataset) -> Dataset:
        """Prepare all pictures of a part of a data set."""
        images = np.stack([self(picture) for picture in grey_pictures(pictures)])
        return Dataset(
            images, pictures.labels, classes=pictures.classes, name=pictures.name, source=pictures.source,
            licence=pictures.licence,
        )  # fmt: skip

    def apply(self, pictures: TrainTest) -> TrainTest:
        """Prepare a data set."""
        return TrainTest(self.part(pictures.train), self.part(pictures.test))


def grey_pictures(pictures: Dataset) -> NDArray[Any]:
    """Return the pictures of a part, (N, H, W), uint8 with 0 black and 255 white, or float32 from 0 to 1."""
    images = pictures.images
    if images.ndim == 2:
        images = images.reshape(-1, FIELD, FIELD)
    elif images.ndim == 4:
        images = images[:, 0]
    low, high = pictures.unit_range
    if images.dtype == np.uint8 and (low, high) == BYTES:
        return images
    return ((images.astype(np.float32) - np.float32(low)) / np.float32(high - low)).clip(0, 1)


class Prepared(NamedTuple):
    """Data for training.

    ``preparation`` says how ``pictures`` became the images of ``parts``; both are None where nothing was prepared.
    """

    parts: TrainTest
    pictures: TrainTest | None = None
    preparation: Preparation | None = None


def prepared(pictures: TrainTest, how: Preparation | None = None) -> Prepared:
    """Prepare pictures for training, by default in the usual way; leave images that are centred already."""
    if how is None and is_prepared(pictures.train):
        return Prepared(pictures)
    how = how or usual_preparation(pictures.train)
    return Prepared(how.apply(pictures), pictures, how)


def usual_preparation(pictures: Dataset) -> Preparation:
    """Return how pictures are prepared unless somebody chooses otherwise: all steps, and their own kind of ink."""
    return Preparation(dark_ink=has_dark_ink(pictures))


def is_picture_folder(path: Path) -> bool:
    """Whether a path is a folder of pictures, which have to be prepared, and not one of IDX or .npy files."""
    return path.is_dir() and not is_idx_folder(path) and not is_npy_folder(path)


def has_dark_ink(pictures: Dataset) -> bool:
    """Whether most pictures have dark ink on light paper: whether their edges are lighter than their mean."""
    sample = grey_pictures(pictures)[:: max(1, len(pictures) // _SAMPLE)]
    return bool(np.mean([paper_level(grey) > float(grey.mean()) for grey in sample]) > 0.5)


def is_prepared(pictures: Dataset) -> bool:
    """Whether a part needs no preparation: nearly all pictures have 28x28 pixels and bright ink, scaled and centred.

    The box of the ink is 20 pixels long, and its centre of mass is at (14, 14), each within a pixel and a half.
    """
    sample = grey_pictures(pictures)[:: max(1, len(pictures) // _SAMPLE)].astype(np.float32)
    if sample.shape[1:] != (FIELD, FIELD):
        return False
    return bool(np.mean([_is_centred(each) for each in sample]) >= _CENTRED)


def _is_centred(levels: Picture) -> bool:
    total, (left, top, right, bottom) = float(levels.sum(dtype=np.float64)), ink_box(levels)
    if total == 0 or abs(max(right - left, bottom - top) - BOX) > 1.5:
        return False
    at = np.arange(FIELD)
    centres = (float(levels.sum(axis=axis, dtype=np.float64) @ at) / total for axis in (0, 1))
    return all(abs(centre - FIELD / 2) <= 1.5 for centre in centres)


def load_pictures(folder: Path) -> TrainTest:
    """Load a folder of pictures for preparation: grey, their proportions kept, on square paper of 112x112 pixels.

    Very large folders are loaded with 56x56 pixels, to save memory.
    """
    from pellucid.data.paths import load_path

    many = sum(1 for _ in folder.rglob("*.*")) > _MANY
    side = _SIDE // 2 if many else _SIDE
    return load_path(folder, Options(size=(side, side), squared=True))
