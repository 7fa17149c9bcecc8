from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pellucid.data.drawings import find_digits, read_picture, reading
from pellucid.errors import DataError

GREY = np.linspace(0, 255, 20 * 30).reshape(20, 30).astype(np.uint8)


def encoded(image: Image.Image | NDArray[Any], fmt: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, fmt, **options)
    return stream.getvalue()


def png(width: int, height: int, depth: int = 8, colour: int = 0, data: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def strokes(ink: int, paper: int, shape: tuple[int, int] = (48, 64)) -> NDArray[np.uint8]:
    sheet = np.full(shape, paper, np.uint8)
    sheet[8:40, 12:17] = ink
    sheet[8:40, 40:45] = ink
    return sheet


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_and_file_objects_read_alike(wrap: Any) -> None:
    assert np.array_equal(read_picture(wrap(encoded(GREY))), GREY / np.float32(255))


def test_paths_read_as_str_and_path(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    path.write_bytes(encoded(GREY))
    assert np.array_equal(read_picture(path), read_picture(str(path)))
    assert read_picture(path).dtype == np.float32


@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_every_format_gives_nearly_the_same_grey(fmt: str) -> None:
    assert read_picture(encoded(GREY, fmt)) == pytest.approx(GREY / 255, abs=0.05)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "PA", "CMYK", "YCbCr", "1"])
def test_every_mode_keeps_black_black_and_white_white(mode: str) -> None:
    sheet = Image.fromarray(strokes(0, 255))
    image = sheet.convert("P").convert(mode) if mode == "PA" else sheet.convert("RGB").convert(mode)
    if mode == "YCbCr":  # some versions of Pillow write it to TIFF files that none can read
        content = encoded(image, "JPEG", quality=100, subsampling=0)
    else:
        content = encoded(image, "TIFF" if mode in ("CMYK", "PA") else "PNG")
    assert read_picture(content) == pytest.approx(strokes(0, 255) / 255, abs=0.02)


def test_sixteen_bits_keep_their_precision() -> None:
    deep = (GREY.astype(np.uint16) << 8) + 77
    assert read_picture(encoded(deep)) == pytest.approx(deep / 65535, abs=1e-6)
    assert read_picture(deep) == pytest.approx(deep / 65535, abs=1e-6)


def test_a_rotation_mark_is_obeyed() -> None:
    mark = Image.Exif()
    mark[274] = 6  # to be turned a quarter clockwise
    turned = encoded(np.rot90(GREY).copy(), "PNG", exif=mark)
    assert np.array_equal(read_picture(turned), GREY / np.float32(255))


def test_a_broken_rotation_mark_is_ignored() -> None:
    jpeg = encoded(GREY, "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff")
    assert read_picture(jpeg).shape == GREY.shape


@pytest.mark.parametrize(("level", "ground"), [(0, 1.0), (40, 1.0), (255, 0.0), (200, 0.0)])
def test_strokes_on_nothing_are_laid_on_what_contrasts(level: int, ground: float) -> None:
    cover = strokes(255, 0)
    picture = read_picture(np.dstack([np.full((*cover.shape, 3), level, np.uint8), cover]))
    assert picture[0, 0] == ground
    assert picture[10, 14] == pytest.approx(level / 255, abs=0.01)


def test_a_sheet_cut_out_is_laid_on_its_own_colour() -> None:
    layered = np.dstack([strokes(20, 220)] * 3 + [np.full((48, 64), 255, np.uint8)])
    layered[:, :6, 3] = 0
    picture = read_picture(layered)
    assert picture[:, :6] == pytest.approx(220 / 255, abs=0.01)
    assert len(find_digits(layered)) == 2


def test_a_palette_with_a_transparent_colour() -> None:
    image = Image.fromarray(strokes(1, 0)).convert("P")
    image.putpalette([250, 250, 250, 240, 230, 90] + [0] * 762)
    assert len(find_digits(read_picture(encoded(image, transparency=0)))) == 2


def test_nothing_but_transparency_is_an_empty_sheet() -> None:
    assert find_digits(np.zeros((40, 40, 4), np.uint8)) == []


def test_ink_as_bright_as_its_paper_is_found_by_its_colour() -> None:
    paper, pen = np.array([220, 110, 110]), np.array([60, 177, 185])
    sheet = np.where(strokes(1, 0)[..., None] > 0, pen, paper).astype(np.uint8)
    luma = np.asarray(Image.fromarray(sheet).convert("L"), int)
    assert np.ptp(luma) <= 2
    assert np.ptp(read_picture(sheet)) > 0.2
    assert len(find_digits(sheet)) == 2


def test_an_animation_shows_its_first_picture() -> None:
    frames = [Image.fromarray(strokes(0, 255)), Image.new("L", (64, 48), 128)]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert len(find_digits(read_picture(gif))) == 2


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
def test_arrays_of_every_kind(dtype: type, channels: tuple[int, ...]) -> None:
    top = 1 if np.dtype(dtype).kind in "bf" else np.iinfo(dtype).max
    white: NDArray[Any] = np.full((9, 11, *channels), top, dtype)
    assert read_picture(white) == pytest.approx(np.ones((9, 11)), abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 60), st.integers(8, 60), st.sampled_from(["L", "RGB", "RGBA", "LA"]), st.integers(0, 2**32 - 1))
def test_any_picture_comes_out_whole_and_in_range(width: int, height: int, mode: str, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)
    picture = read_picture(encoded(Image.fromarray(pixels).convert(mode)))
    assert picture.shape == (height, width)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert 0 <= picture.min() <= picture.max() <= 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "0 bytes, which is not one"),
        (b"381", "is not one: save it as PNG or JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "is not one"),
        (encoded(GREY)[:60], "damaged or incomplete"),
        (encoded(GREY, "JPEG")[:400], "damaged or incomplete"),
        (encoded(GREY, "JPEG")[:40], "damaged or incomplete|is not one"),
        (png(1, 1, data=b"\0\0"), "at least 8x8 pixels, got 1x1"),
        (png(1, 10_000, data=b"\0\0" * 10_000), "got 1x10000"),
        (png(0, 9), "damaged|not one|at least"),
        (png(60_000, 60_000), "at most 64,000,000 pixels|unpacks to far more"),
        (png(10_000, 8_000), "at most 64,000,000 pixels .* got 10000x8000 in 65 bytes: resize it"),
        (png(40_000, 10), "32,768 per side"),
        (png(2**31 - 1, 2**31 - 1), "far more|at most|damaged|not one"),
        (png(100, 100), "damaged or incomplete"),
        (png(100, 100, data=b"\x09" * 10_100), "damaged or incomplete"),
    ],
)
def test_hostile_bytes_are_one_typed_error(source: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_picture(source)


def test_hostile_files_are_named(tmp_path: Path) -> None:
    text = tmp_path / "three.png"
    text.write_text("not a picture at all")
    for path, words in (
        (text, "three.png, which is not one"),
        (tmp_path / "none.png", "No such file"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(DataError, match=words):
            read_picture(path)
    with pytest.raises(DataError, match="null"):
        read_picture("a\0b.png")


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = png(20_000, 20_000, depth=1, data=b"\0" * (20_000 * 2_501))
    tracemalloc.start()
    with pytest.raises(DataError, match="at most"):
        read_picture(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_max_pixels_is_obeyed_both_ways() -> None:
    with pytest.raises(DataError, match="at most 500 pixels"):
        read_picture(encoded(GREY), max_pixels=500)
    with pytest.raises(DataError, match="got 30x20 in the array"):
        read_picture(GREY, max_pixels=500)
    assert read_picture(GREY, max_pixels=600).shape == (20, 30)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((20, 20), np.nan), "NaN"),
        (np.full((20, 20, 3), np.inf), "NaN or infinity"),
        (np.full((20, 20), 255.0), "255 to 255: divide"),
        (np.full((20, 20), -1.0), "from 0 to 1, got -1"),
        (np.full((20, 20), 7), "got int64"),
        (np.full((20, 20), "ink"), "got <U3"),
        (np.zeros((0, 20)), "at least 8x8"),
        (np.zeros((20, 0, 3), np.uint8), "at least 8x8"),
        (np.zeros((1, 10_000)), "10000x1"),
        (np.zeros((20, 20, 2)), r"\(20, 20, 2\)"),
        (np.zeros(400), r"\(400,\)"),
        (np.zeros((2, 20, 20, 3)), r"\(2, 20, 20, 3\)"),
    ],
)
def test_arrays_that_are_no_picture(array: NDArray[Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_picture(array)
    with pytest.raises(DataError, match=words):
        find_digits(array)


@pytest.mark.parametrize("source", [None, 3, [[0, 1]], io.StringIO("text")])
def test_things_that_cannot_hold_a_picture(source: Any) -> None:
    with pytest.raises(DataError, match=r"Expected a (path|binary file object)"):
        read_picture(source)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_bytes_give_a_picture_or_the_typed_error(data: st.DataObject) -> None:
    fmt = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]))
    content = bytearray(encoded(GREY, fmt))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert read_picture(content, max_pixels=1_000_000).ndim == 2
    except DataError as error:
        assert "Expected" in str(error)  # noqa: PT017 either outcome is right


LARGE = [
    ("L", "PNG", 250, 20),
    ("RGB", "PNG", (250, 250, 240), (20, 20, 30)), ("RGB", "JPEG", (250, 250, 240), (20, 20, 30)),
    ("RGBA", "PNG", (0, 0, 0, 0), (20, 20, 30, 255)), ("RGBA", "TIFF", (250, 250, 240, 255), (20, 20, 30, 255)),
    ("1", "PNG", 1, 0), ("I;16", "PNG", 60_000, 3_000), ("F", "TIFF", 0.95, 0.05), ("LA", "PNG", (0, 0), (10, 255)),
]  # fmt: skip


def seven(mode: str, side: int, paper: Any, ink: Any) -> Image.Image:
    picture = Image.new(mode, (side, side), paper)
    line = [(0.3 * side, 0.2 * side), (0.6 * side, 0.2 * side), (0.45 * side, 0.8 * side)]
    ImageDraw.Draw(picture).line(line, fill=ink, width=side // 18)
    return picture


@pytest.mark.parametrize(("mode", "kind", "paper", "ink"), LARGE)
def test_large_pictures_are_reduced_and_boxes_are_in_the_pixels_of_the_file(
    mode: str, kind: str, paper: Any, ink: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    seven(mode, 901, paper, ink).save(file, kind)
    full, whole = read_picture(file.getvalue()), find_digits(file.getvalue())
    monkeypatch.setattr(reading, "FULL_PIXELS", 901 * 901 // 5)
    reduced, found = read_picture(file.getvalue()), find_digits(file.getvalue())
    assert (full.shape, reduced.shape) == ((901, 901), (226, 226) if kind == "JPEG" else (301, 301))
    assert len(whole) == len(found) == 1
    np.testing.assert_allclose(found[0].box, whole[0].box, atol=12)
    assert np.abs(found[0].pixels - whole[0].pixels).mean() < 0.04
    assert abs(float(full.mean()) - float(reduced.mean())) < 0.01


def test_large_arrays_are_reduced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.asarray(seven("RGB", 900, (250, 250, 240), (20, 20, 30)))
    whole = find_digits(array)
    monkeypatch.setattr(reading, "FULL_PIXELS", 300 * 300)
    np.testing.assert_allclose(find_digits(array)[0].box, whole[0].box, atol=12)
    assert read_picture(array).shape == (300, 300)


MEMORY = """
import sys
from pellucid.data.drawings import find_digits
from scipy import ndimage
def memory(kind):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(kind))
before = memory("VmRSS")
assert len(find_digits(sys.argv[1])) == 1
print((memory("VmHWM") - before) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_largest_pictures_take_less_than_500_megabytes(mode: str, tmp_path: Path) -> None:
    side, alpha = 7_900, (255,) if mode == "RGBA" else ()
    path = tmp_path / "large.png"
    seven(mode, side, (250, 250, 240, *alpha), (20, 20, 30, *alpha)).save(path, compress_level=1)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 450e6


def test_webp_pictures_are_refused_earlier(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("L", (5_000, 5_000), 255).save(file, "WEBP")
    with pytest.raises(DataError, match="24,000,000"):
        read_picture(file.getvalue())
