"""Files that Pillow does not decode: PDF and HEIC with an extra package, SVG not at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import DataError

DPI = 200
_POINTS = 72  # an inch of a PDF file
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_INSTALL = "pip install 'pellucid[pictures]'"


def is_pdf(head: bytes) -> bool:
    """Return whether a file is a PDF document by its first bytes.

    Examples
    --------
    >>> is_pdf(b"%PDF-1.7"), is_pdf(b"GIF89a")
    (True, False)
    """
    return head.startswith(b"%PDF-")


def is_svg(head: bytes) -> bool:
    """Return whether a file is an SVG drawing by its first bytes."""
    return head.lstrip().startswith(b"<") and b"<svg" in head


def pdf_pages(stream: IO[bytes], max_pixels: int) -> Iterator[NDArray[np.uint8]]:
    """Draw each page of a PDF document at 200 dpi, or as large as fits, (H, W, 3).

    Raises
    ------
    DataError
        If pypdfium2 is not installed, or the document has no pages or a password.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise DataError(f"Reading PDF needs pypdfium2: {_INSTALL}, or save the page as PNG.") from error
    try:
        document = pypdfium2.PdfDocument(stream.read())
    except pypdfium2.PdfiumError as error:
        raise DataError(f"Expected an intact PDF without a password ({error}): save its pages as PNG.") from error
    with document:
        if not len(document):
            raise DataError("Expected a PDF with pages, got one without: save it again.")
        for number in range(len(document)):
            page = document[number]
            width, height = page.get_size()
            scale = min(DPI / _POINTS, math.sqrt(max_pixels / max(width * height, 1.0)))
            yield np.array(page.render(scale=scale, rev_byteorder=True).to_numpy()[:, :, :3])
            page.close()


def heif_formats(head: bytes) -> tuple[str, ...]:
    """Return the names of the formats that HEIC files need, once their decoder is there; none for other files.

    Raises
    ------
    DataError
        If it is such a file, and pillow-heif is not installed.
    """
    if head[4:8] != b"ftyp" or head[8:12] not in _HEIF:
        return ()
    try:
        import pillow_heif
    except ImportError as error:
        raise DataError(f"Reading HEIC needs pillow-heif: {_INSTALL}, or save the picture as JPEG.") from error
    register: Any = pillow_heif.register_heif_opener
    register()
    return ("HEIF",)
