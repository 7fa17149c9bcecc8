"""A folder with a subfolder of PNG or JPEG images for each class."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pellucid.data.bounded import LIMIT_BYTES
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.options import Options
from pellucid.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from PIL.Image import Image

_READ = (".png", ".jpg", ".jpeg")
_NOT_READ = (".bmp", ".gif", ".tif", ".tiff", ".webp", ".heic")
_TRAIN = ("train", "training")
_TEST = ("test", "testing")
_LIMIT_PIXELS = 2**26

Grey = npt.NDArray[np.uint8]


def load_folder(path: Path, options: Options) -> TrainTest:
    """Load a folder whose subfolders are classes, or hold the classes as ``train/`` and ``test/``."""
    _check_size(options.size)
    top = {sub.name.lower(): sub for sub in _subfolders(path)}
    if not top or not set(top) <= {*_TRAIN, *_TEST} or not set(top) & set(_TRAIN):
        classes = sorted(sub.name for sub in top.values())
        return options.held_out(_load_part(path, classes, options, path.name))
    train = next(top[name] for name in _TRAIN if name in top)
    test = next((top[name] for name in _TEST if name in top), None)
    classes = sorted(sub.name for sub in _subfolders(train))
    if test is None:
        return options.held_out(_load_part(train, classes, options, path.name))
    strange = sorted({sub.name for sub in _subfolders(test)} - set(classes))
    if strange:
        raise DataError(f"{test} has classes that {train} has not: {', '.join(strange[:5])}. Add or remove them.")
    return TrainTest(
        _load_part(train, classes, options, f"{path.name} (train)"),
        _load_part(test, classes, options, f"{path.name} (test)"),
    )


def _check_size(size: tuple[int, int] | None) -> None:
    """Require a size to be two whole numbers of at least one pixel."""
    if size is None:
        return
    whole = isinstance(size, tuple | list) and len(size) == 2 and all(isinstance(side, int) for side in size)
    if not whole or min(size) < 1 or size[0] * size[1] > _LIMIT_PIXELS:
        raise ConfigurationError(f"Expected size as (height, width) in pixels, got {size!r}: for example (28, 28).")


def _subfolders(path: Path) -> list[Path]:
    """Return the folders in `path` that are not hidden."""
    return [sub for sub in path.iterdir() if sub.is_dir() and not sub.name.startswith(".")]


def _image_files(folder: Path) -> list[Path]:
    """Return a class's images in the order of their names."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    other = next((file for file in files if file.suffix.lower() in _NOT_READ), None)
    if other is not None:
        raise DataError(f"{other} is neither PNG nor JPEG: convert it to PNG, or take it out.")
    return [file for file in files if file.suffix.lower() in _READ]


def _load_part(folder: Path, classes: list[str], options: Options, name: str) -> Dataset:
    """Load the classes in `folder`, every image of one size, or brought to it."""
    files = [(file, label) for label, sub in enumerate(classes) for file in _class_files(folder / sub)]
    if not files:
        raise DataError(
            f"Found no classes in {folder}: expected a subfolder of PNG or JPEG images for each class, "
            "as in digits/3/scan.png."
        )
    first = read_grey(files[0][0], options.size)
    if len(files) * first.size > LIMIT_BYTES:
        raise DataError(f"{folder} holds more than {LIMIT_BYTES} bytes of pixels: give a smaller size=(height, width).")
    images = np.empty((len(files), *first.shape), dtype=np.uint8)
    for row, (file, _) in enumerate(files):
        image = read_grey(file, options.size) if row else first
        if image.shape != first.shape:
            raise DataError(
                f"{file} is {image.shape[0]}x{image.shape[1]} (height x width) where {files[0][0]} is "
                f"{first.shape[0]}x{first.shape[1]}: make all of one size, or let them be resized with size=(28, 28)."
            )
        images[row] = image
    labels = np.array([label for _, label in files], dtype=np.int64)
    return Dataset(images, labels, classes=classes, level_range=options.level_range, name=name, source=str(folder))


def _class_files(folder: Path) -> list[Path]:
    """Return a class's images, of which there may be none in a test part only."""
    files = _image_files(folder) if folder.is_dir() else []
    if folder.is_dir() and not files:
        raise DataError(f"Found no images in {folder}: expected files ending in {', '.join(_READ)}.")
    return files


def read_grey(path: Path, size: tuple[int, int] | None = None) -> Grey:
    """Read a PNG or JPEG as grey levels 0 to 255, shape (H, W), as they are: no inversion, no centring.

    Transparent pixels count as white, 16-bit levels are brought to 8, the camera's orientation is obeyed, and `size`
    = (height, width) resizes by averaging. Every image of a set is treated alike; what adapts to a picture's light and
    colours is `pellucid.data.drawings.read_picture`.

    Raises
    ------
    DataError
        If the file is damaged, of another kind, or would take more than 64 million pixels.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > _LIMIT_PIXELS:
                    raise DataError(f"{path} has {picture.width}x{picture.height} pixels: make it smaller first.")
                grey = _to_grey(picture)
        if size is not None:
            grey = grey.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except DataError:
        raise
    # Pillow's decoders raise many kinds of error over damaged files.
    except Exception as error:
        raise DataError(f"{path} is not a PNG or JPEG image, or a damaged one ({error}): save it anew.") from error
    return np.asarray(grey, dtype=np.uint8)


def _to_grey(picture: Image) -> Image:
    """Return a picture as 8-bit grey, on white where it is transparent."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture, dtype=np.int64).clip(0, 65535) // 257).astype(np.uint8))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture.convert("RGBA"))
    return picture.convert("L")
