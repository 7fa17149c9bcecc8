"""A folder with a subfolder of PNG or JPEG images for each class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.limits import LIMIT_BYTES
from pellucid.data.options import Options
from pellucid.data.paper import squared
from pellucid.data.rows import Rows
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
    """Load a folder with a subfolder for each class, or with such folders in ``train/`` and ``test/``."""
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
        raise DataError(
            f"Expected the classes of {train} in {test}, got others: {', '.join(strange[:5])}. Add or remove them."
        )
    return TrainTest(
        _load_part(train, classes, options, f"{path.name} (train)"),
        _load_part(test, classes, options, f"{path.name} (test)"),
    )


def _check_size(size: tuple[int, int] | None) -> None:
    """Require a size of two integers of at least one pixel."""
    if size is None:
        return
    whole = isinstance(size, tuple | list) and len(size) == 2 and all(isinstance(side, int) for side in size)
    if not whole or min(size) < 1 or size[0] * size[1] > _LIMIT_PIXELS:
        raise ConfigurationError(f"Expected size as (height, width) in pixels, got {size!r}: for example (28, 28).")


def _subfolders(path: Path) -> list[Path]:
    """Return the visible folders in `path`."""
    return [sub for sub in path.iterdir() if sub.is_dir() and not sub.name.startswith(".")]


def _image_files(folder: Path) -> list[Path]:
    """Return the images of a class in the order of their names."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    other = next((file for file in files if file.suffix.lower() in _NOT_READ), None)
    if other is not None:
        raise DataError(f"Expected PNG or JPEG images, got {other}: convert it to PNG, or remove it.")
    return [file for file in files if file.suffix.lower() in _READ]


def _load_part(folder: Path, classes: list[str], options: Options, name: str) -> Dataset:
    """Load the classes in `folder`, with all images of one size, or resized to it."""
    files = [(file, label) for label, sub in enumerate(classes) for file in _class_files(folder / sub)]
    if not files:
        raise DataError(
            f"Expected a subfolder of PNG or JPEG images for each class in {folder}, got none: arrange them as in "
            "digits/3/scan.png."
        )
    read = read_squared if options.squared else read_grey
    first = read(files[0][0], options.size)
    pictures = PictureRows([file for file, _ in files], first.shape, lambda file: read(file, options.size))
    limit = options.memory_limit or LIMIT_BYTES
    images: Any = pictures if pictures.nbytes > limit else np.asarray(pictures)
    labels = np.array([label for _, label in files], dtype=np.int64)
    return Dataset(images, labels, classes=classes, level_range=options.level_range, name=name, source=str(folder))


class PictureRows(Rows):
    """Pictures in files, read when they are needed.

    Parameters
    ----------
    files : sequence of Path
    shape : (height, width)
        Of every picture.
    read : callable
        Reads one as grey levels.
    """

    def __init__(self, files: Sequence[Path], shape: tuple[int, ...], read: Callable[[Path], Grey]) -> None:
        super().__init__((len(files), *shape), np.uint8)
        self._files, self._read = files, read

    def read(self, numbers: npt.NDArray[np.int64]) -> Grey:
        """See `Rows.read`; raises DataError for damaged pictures, and for those of another size."""
        pictures = np.empty((len(numbers), *self.shape[1:]), np.uint8)
        for row, number in enumerate(numbers.tolist()):
            picture = self._read(self._files[number])
            if picture.shape != self.shape[1:]:
                wanted = f"{self._files[0]} with {self.shape[1]}x{self.shape[2]}"
                raise DataError(
                    f"Expected images of one size, got {self._files[number]} with "
                    f"{picture.shape[0]}x{picture.shape[1]} (height x width) and {wanted}: resize them, for example "
                    "with size=(28, 28)."
                )
            pictures[row] = picture
        return pictures


def _class_files(folder: Path) -> list[Path]:
    """Return the images of a class; a test part may lack its folder."""
    files = _image_files(folder) if folder.is_dir() else []
    if folder.is_dir() and not files:
        raise DataError(
            f"Expected files ending in {', '.join(_READ)} in {folder}, got none: add some, or remove the folder."
        )
    return files


def read_grey(path: Path, size: tuple[int, int] | None = None) -> Grey:
    """Read a PNG or JPEG as grey levels 0 to 255, shape (H, W), without inversion or centring.

    Transparent pixels become white, 16-bit levels are reduced to 8 bits, the orientation tag is applied, and `size` =
    (height, width) resizes by averaging. All images of a set are treated alike; `pellucid.data.drawings.read_picture`
    adapts to the light and colours of a picture.

    Raises
    ------
    DataError
        If the file is damaged, has another format, or has more than 64 million pixels.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > _LIMIT_PIXELS:
                    raise DataError(
                        f"Expected at most {_LIMIT_PIXELS:,} pixels, got {picture.width}x{picture.height} in {path}: "
                        "resize it."
                    )
                grey = _to_grey(picture)
        if size is not None:
            grey = grey.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except DataError:
        raise
    # Pillow's decoders raise many kinds of errors for damaged files.
    except Exception as error:
        raise DataError(
            f"Expected a PNG or JPEG image, got {path}, which is not one or is damaged ({error}): save it again."
        ) from error
    return np.asarray(grey, dtype=np.uint8)


def read_squared(path: Path, size: tuple[int, int] | None = None) -> Grey:
    """Read a picture as `pellucid.data.drawings.read_picture` does, and extend its paper to a square before resizing.

    Returns grey levels 0 to 255, shape (H, W).
    """
    from PIL import Image

    from pellucid.data.drawings.reading import read_picture

    levels = np.round(read_picture(path, max_pixels=_LIMIT_PIXELS) * 255).astype(np.uint8)
    square: Grey = squared(levels)
    if size is None:
        return square
    return np.asarray(Image.fromarray(square).resize((size[1], size[0]), Image.Resampling.BOX), dtype=np.uint8)


def _to_grey(picture: Image) -> Image:
    """Convert a picture to 8-bit grey, on a white background."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture, dtype=np.int64).clip(0, 65535) // 257).astype(np.uint8))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture.convert("RGBA"))
    return picture.convert("L")
