"""Files of several pages, and files that need another decoder than Pillow's."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image

from pellucid.data.drawings import find_digits, read_picture
from pellucid.data.drawings.reading import read_pages
from pellucid.errors import DataError


def pages(count: int) -> list[Image.Image]:
    """Return pages with one stroke each, further and further to the right."""
    made = []
    for k in range(count):
        grey = np.full((120, 200), 230, np.uint8)
        grey[30:90, 20 + 40 * k : 28 + 40 * k] = 30
        made.append(Image.fromarray(grey).convert("RGB"))
    return made


def saved(kind: str, count: int) -> bytes:
    buffer = io.BytesIO()
    first, *others = pages(count)
    first.save(buffer, kind, save_all=True, append_images=others, **({"resolution": 100} if kind == "PDF" else {}))
    return buffer.getvalue()


def test_a_tiff_file_page_by_page() -> None:
    content = saved("TIFF", 3)
    found = [find_digits(grey) for grey, _ in read_pages(content)]
    assert [[digit.box for digit in page] for page in found] == [[(20 + 40 * k, 30, 28 + 40 * k, 90)] for k in range(3)]
    assert np.array_equal(read_picture(content), next(read_pages(content))[0])


def test_a_damaged_page_is_told_after_the_sound_ones() -> None:
    content = saved("TIFF", 2)
    reading = read_pages(content[: len(content) * 3 // 4])
    with pytest.raises(DataError, match=r"damaged|not one"):
        list(reading)


def test_a_pdf_file_page_by_page() -> None:
    pytest.importorskip("pypdfium2")
    found = [find_digits(grey) for grey, _ in read_pages(saved("PDF", 3))]
    assert [len(page) for page in found] == [1, 1, 1]
    lefts = [page[0].box[0] for page in found]
    assert lefts == [pytest.approx(2 * (20 + 40 * k), abs=3) for k in range(3)]  # 200 dpi for a picture of 100


def test_a_damaged_pdf_file() -> None:
    pytest.importorskip("pypdfium2")
    with pytest.raises(DataError, match="Expected an intact PDF"):
        read_picture(b"%PDF-1.4 and nothing else")


def test_a_heic_file() -> None:
    heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    heif.from_pillow(pages(1)[0]).save(buffer)
    (digit,) = find_digits(buffer.getvalue())
    assert digit.box == pytest.approx((20, 30, 28, 90), abs=1)


@pytest.mark.parametrize(
    ("content", "missing"), [(b"%PDF-1.7", "pypdfium2"), (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pillow_heif")]
)
def test_what_is_missing_is_named(content: bytes, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(DataError, match=r"pip install 'pellucid\[pictures\]'"):
        read_picture(content)


def test_a_drawing_of_commands_is_refused() -> None:
    with pytest.raises(DataError, match="an SVG drawing: save it as PNG"):
        read_picture(b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>')
