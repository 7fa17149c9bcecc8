"""Read picture files and arrays of all common kinds as grey pictures, in bounded time and memory."""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pellucid.data.drawings.colour import flatten, grey_of
from pellucid.data.drawings.documents import heif_formats, is_pdf, is_svg, pdf_pages
from pellucid.data.drawings.levels import as_levels
from pellucid.errors import DataError

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | NDArray[Any]

# Formats decoded by Pillow alone; others (EPS, for one) would start another program.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
MAX_PIXELS = 64_000_000
_BAND = 256  # rows that are reduced at a time
FULL_PIXELS = 20_000_000  # a picture with more is reduced by a whole factor
_LIMITS = {"WEBP": 24_000_000}  # its decoder takes 16 bytes per pixel
MAX_BYTES = 256_000_000
_HEAD = 1024  # bytes that tell the kind of a file
MIN_SIDE = 8
MAX_SIDE = 32_768


def read_picture(source: Source, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.float32]:
    """Read a drawing or a photo as one grey picture, as a screen would show it.

    Orientation tags are applied. Transparent pixels become white if the strokes are dark, black if they are light, and
    the colour of the paper if a whole sheet was cut out. Colours are converted to luma, or, if ink and paper differ too
    little in it, along the direction in which neighbouring colours differ most. A picture of more than `FULL_PIXELS` is
    reduced by a whole factor on each side.

    Parameters
    ----------
    source : path, bytes, file object or array
        PNG, JPEG, GIF (first frame), BMP, WebP, TIFF or PPM; PDF and HEIC with ``pip install 'pellucid[pictures]'``,
        of PDF and TIFF the first page; or an array of shape (H, W), (H, W, 3) or (H, W, 4), bool, uint8, uint16 or
        floats from 0 to 1.
    max_pixels : int
        Larger pictures are refused before they are decoded; peak memory is about 14 bytes per pixel up to
        `FULL_PIXELS`, and 7 above.

    Returns
    -------
    array, shape (H, W), float32 from 0 to 1
        0 is black, 1 is white; ink may be dark or light.

    Raises
    ------
    DataError
        If the source is not a picture, is damaged, has a side of less than 8 pixels, or is too large.

    Examples
    --------
    >>> import numpy as np
    >>> sheet = np.full((40, 60, 3), (255, 250, 200), np.uint8)
    >>> read_picture(sheet).shape
    (40, 60)
    """
    return read_reduced(source, max_pixels)[0]


def read_reduced(source: Source, max_pixels: int = MAX_PIXELS) -> tuple[NDArray[np.float32], int]:
    """Return what `read_picture` does, and the factor by which each side was reduced."""
    return next(read_pages(source, max_pixels))


def read_pages(source: Source, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield each page of a TIFF or PDF file as `read_reduced` returns it, one after the other; one for other files.

    Raises
    ------
    DataError
        As `read_picture` does, when the page is due.
    """
    if isinstance(source, np.ndarray):
        yield _read_array(source, max_pixels)
        return
    name, stream = _open(source)
    with stream:
        pages = _decoded(stream, name, max_pixels)
        while True:
            with _explained(name):
                page = next(pages, None)
            if page is None:
                return
            yield page


def _decoded(stream: IO[bytes], name: str, max_pixels: int) -> Iterator[tuple[NDArray[np.float32], int]]:
    head = stream.read(_HEAD)
    stream.seek(0)
    if is_svg(head):
        raise DataError(f"Expected a picture of pixels, got {name}, an SVG drawing: save it as PNG.")
    if is_pdf(head):
        for page in pdf_pages(stream, min(max_pixels, FULL_PIXELS)):
            yield _read_array(page, max_pixels)
        return
    image: Image.Image = Image.open(stream, formats=(*FORMATS, *heif_formats(head)))
    count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    for number in range(count):
        image.seek(number)
        _check_size(image.size, min(max_pixels, _LIMITS.get(image.format or "", max_pixels)), name)
        yield _read_image(image.copy() if count > 1 else image)


def _read_image(image: Image.Image) -> tuple[NDArray[np.float32], int]:
    """Return the grey levels of an image, which is closed where it is reduced, to free its memory."""
    width, factor = image.width, _factor_of(image.size)
    image.draft(None, (image.width // factor, image.height // factor))  # JPEG files are decoded smaller
    image.load()
    drafted = round(width / image.width)
    factor = -(-factor // drafted)
    reduced = _reduced(image, factor)
    if reduced is not image:
        image.close()
    _turn_upright(reduced)
    return grey_of(flatten(reduced)), drafted * factor


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn whatever decoders raise for damaged files into a `DataError`, and ignore what they warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `_check_size` replaces Pillow's warning of sizes
        try:
            yield
        except DataError:
            raise
        except Exception as error:
            raise DataError(_explain(name, error)) from error


def _factor_of(size: tuple[int, int]) -> int:
    """Return the least whole factor that reduces a picture to `FULL_PIXELS`."""
    return max(1, math.ceil(math.sqrt(size[0] * size[1] / FULL_PIXELS)))


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Return a picture with sides of 1 / ``factor``: means of its pixels, or single ones where there is no mean."""
    if factor == 1:
        return image
    whole: Image.Image | None = None
    step = _BAND * factor
    for top in range(0, image.height, step):  # in bands, since converting takes as much memory as the picture
        band = _reduced_band(image.crop((0, top, image.width, min(top + step, image.height))), factor)
        if whole is None:
            whole = Image.new(band.mode, (band.width, -(-image.height // factor)))
        whole.paste(band, (0, top // factor))
    return whole or image


def _reduced_band(image: Image.Image, factor: int) -> Image.Image:
    if image.mode in ("P", "1", "LA", "PA") or image.has_transparency_data:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I;16"):
        return Image.fromarray(np.asarray(image)[::factor, ::factor])
    return image.reduce(factor)


def _read_array(array: NDArray[Any], max_pixels: int) -> tuple[NDArray[np.float32], int]:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in (3, 4)):
        raise DataError(
            f"Expected an array of shape (H, W), (H, W, 3) or (H, W, 4), got {array.shape}: pass one picture."
        )
    _check_size((array.shape[1], array.shape[0]), max_pixels, "the array")
    factor = _factor_of(array.shape[:2])
    levels = as_levels(array[::factor, ::factor])
    if levels.ndim == 3:
        levels = grey_of(flatten(Image.fromarray(np.round(levels * 255).astype(np.uint8))))
    return levels, factor


def _open(source: Source) -> tuple[str, IO[bytes]]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"{len(source)} bytes", io.BytesIO(source)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        try:
            return str(path), path.open("rb")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DataError(
                f"Expected a picture file, but could not open {path} ({reason}): check the path."
            ) from error
    if isinstance(source, np.ndarray) or not hasattr(source, "read"):
        raise DataError(
            f"Expected a path, bytes, a file object or an array, got {type(source).__name__}: pass one of these."
        )
    content = source.read(MAX_BYTES + 1)
    if not isinstance(content, bytes):
        raise DataError("Expected a binary file object, got one for text: open it with mode 'rb'.")
    if len(content) > MAX_BYTES:
        raise DataError(f"Expected at most {MAX_BYTES:,} bytes, got more in the picture: resize it.")
    return str(getattr(source, "name", "the file object")), io.BytesIO(content)


def _check_size(size: tuple[int, int], max_pixels: int, name: str) -> None:
    width, height = size
    if min(width, height) < MIN_SIDE:
        raise DataError(
            f"Expected a picture of at least {MIN_SIDE}x{MIN_SIDE} pixels, got {width}x{height} in {name}: "
            "use a larger one."
        )
    if max(width, height) > MAX_SIDE or width * height > max_pixels:
        raise DataError(
            f"Expected a picture of at most {max_pixels:,} pixels and {MAX_SIDE:,} per side, got {width}x{height} in "
            f"{name}: resize it, or crop it to the digits."
        )


def _turn_upright(image: Image.Image) -> None:
    # A damaged orientation tag is no reason to refuse the picture.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def _explain(name: str, error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"Expected a PNG, JPEG or other common picture, got {name}, which is not one: save it as PNG or JPEG."
    if isinstance(error, MemoryError):
        return f"Expected enough memory to decode {name}: resize the picture, or crop it to the digits."
    if isinstance(error, Image.DecompressionBombError):
        return f"Expected a picture of at most {MAX_PIXELS:,} pixels, got {name}, which has far more: resize it."
    return f"Expected an intact picture, got {name}, which is damaged or incomplete ({error}): save or copy it again."
