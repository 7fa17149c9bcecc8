"""Pictures of all formats and modes, many of them damaged, read as ``pellucid read`` reads them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import pellucid as pl
from pellucid.data.drawings import find_digits, read_picture
from pellucid.models import READER
from pellucid.programs.images import from_unit
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import Rng, any_size, chance, changed_bytes, pick

_FORMATS: dict[str, tuple[str, ...]] = {
    "PNG": ("1", "L", "LA", "I;16", "P", "RGB", "RGBA"),
    "JPEG": ("L", "RGB", "CMYK"),
    "GIF": ("L", "P", "1"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "I"),
    "WEBP": ("RGB", "RGBA"),
    "PPM": ("1", "L", "RGB"),
}
_SIDES = (1, 7, 8, 9, 28, 29, 64, 100)
_BASES = 120
_HEAD = 64  # bytes in which the sizes of most formats stand


def prepare(folder: Path) -> Case:
    """Return the case."""
    net = pl.load(READER)
    digits: Any = pl.data.load("digits").test.images
    bases = [encoded(np.random.default_rng(n), digits) for n in range(_BASES)]
    path = folder / "picture"

    def case(rng: Rng) -> Tally:
        content = picture(rng, bases, digits)
        if chance(rng, 0.5):
            path.write_bytes(content)
            levels = read_picture(path)
        else:
            levels = read_picture(content)
        if levels.dtype != np.float32 or levels.ndim != 2 or not (levels.min() >= 0 and levels.max() <= 1):
            raise WrongResultError(f"levels {levels.dtype} {levels.shape}, {levels.min()} to {levels.max()}")
        for digit in find_digits(levels)[:20]:
            reading = net.read(from_unit(digit.pixels.ravel(), net.level_range))
            if not np.isfinite(reading.outputs).all():
                raise WrongResultError("the outputs are not finite")
        return ACCEPTED

    return case


def picture(rng: Rng, bases: list[bytes], digits: Any) -> bytes:
    """Return the bytes of a picture, whole or damaged."""
    if chance(rng, 0.1):
        return encoded(rng, digits)
    content = pick(rng, bases)
    match int(rng.integers(10)):
        case 0:
            return content
        case 1 | 2:
            return content[: int(rng.integers(len(content)))]
        case 3 | 4:
            return with_sizes(rng, content)
        case 5 | 6:
            return changed_bytes(rng, content, 0, _HEAD)
        case 7:
            return content[: int(rng.integers(_HEAD))] + pick(rng, bases)[int(rng.integers(_HEAD)) :]
        case _:
            return changed_bytes(rng, content)


def encoded(rng: Rng, digits: Any) -> bytes:
    """Return a picture of random format, mode, size and contents."""
    kind = pick(rng, sorted(_FORMATS))
    mode = pick(rng, _FORMATS[kind])
    levels = drawn(rng, digits, pick(rng, _SIDES), pick(rng, _SIDES))
    options: dict[str, Any] = {}
    if kind == "TIFF" and mode in ("1", "L", "RGB"):
        options["compression"] = pick(rng, (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"))
    if kind == "JPEG":
        options |= {"progressive": chance(rng, 0.3), "quality": int(rng.integers(5, 95))}
        exif = Image.Exif()
        exif[0x0112] = int(rng.integers(0, 10))  # orientation
        options["exif"] = exif.tobytes()
    if kind in ("PNG", "GIF") and mode in ("L", "P") and chance(rng, 0.3):
        options["transparency"] = int(rng.integers(256))
    stream = io.BytesIO()
    in_mode(rng, levels, mode).save(stream, kind, **options)
    return stream.getvalue()


def drawn(rng: Rng, digits: Any, height: int, width: int) -> np.ndarray:
    """Return levels (height, width), uint8: noise, one colour, or digits on paper."""
    match int(rng.integers(6)):
        case 0:
            return rng.integers(0, 256, (height, width)).astype(np.uint8)
        case 1:
            return np.full((height, width), rng.integers(256), np.uint8)
    paper = np.zeros((max(height, 28), max(width, 28)), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        top, left = int(rng.integers(paper.shape[0] - 27)), int(rng.integers(paper.shape[1] - 27))
        here = paper[top : top + 28, left : left + 28]
        np.maximum(here, digits[int(rng.integers(len(digits)))], out=here)
    paper = paper[:height, :width]
    return 255 - paper if chance(rng, 0.6) else paper


def in_mode(rng: Rng, levels: np.ndarray, mode: str) -> Image.Image:
    """Return levels as a picture of a mode."""
    if mode == "I;16":
        return Image.fromarray(levels.astype(np.uint16) * 257)
    if mode == "I":
        return Image.fromarray(levels.astype(np.int32) * int(pick(rng, (1, 257, -1, 1 << 20))))
    if mode == "F":
        scale = pick(rng, (1.0, 1 / 255, -1.0, 1e30, np.nan))
        return Image.fromarray(levels.astype(np.float32) * np.float32(scale))
    grey = Image.fromarray(levels)
    if mode in ("LA", "RGBA") and chance(rng, 0.7):
        grey = grey.convert(mode)
        grey.putalpha(Image.fromarray(levels if chance(rng, 0.5) else np.full_like(levels, rng.integers(256))))
        return grey
    return grey.convert(mode)


def with_sizes(rng: Rng, content: bytes) -> bytes:
    """Return a picture that declares other sizes than it has, often huge ones."""
    made = bytearray(content)
    width, height = any_size(rng, 2.0**32), any_size(rng, 2.0**32)
    if chance(rng, 0.3):  # sizes within the bounds; large ones take long, so they are rare
        most = pick(rng, (200, 1000)) if chance(rng, 0.99) else 9000
        width, height = (int(side) for side in rng.integers(1, most, 2))
    if content.startswith(b"\x89PNG"):
        made[16:24] = struct.pack(">II", width & 0x7FFFFFFF, height & 0x7FFFFFFF)
        made[29:33] = struct.pack(">I", zlib.crc32(made[12:29]))
    elif content.startswith(b"GIF"):
        made[6:10] = struct.pack("<HH", width & 0xFFFF, height & 0xFFFF)
        if chance(rng, 0.7) and (at := content.find(b"\x2c", 13)) >= 0:
            made[at + 5 : at + 9] = made[6:10]
    elif content.startswith(b"BM"):
        made[18:26] = struct.pack("<II", width & 0xFFFFFFFF, height & 0xFFFFFFFF)
    elif content.startswith(b"\xff\xd8"):
        for mark in (b"\xff\xc0", b"\xff\xc2"):
            if (at := content.find(mark)) >= 0:
                made[at + 5 : at + 9] = struct.pack(">HH", height & 0xFFFF, width & 0xFFFF)
    elif content[:1] == b"P":
        parts = content.split(b"\n", 2)
        made = bytearray(b"\n".join([parts[0], b"%d %d" % (width, height), *parts[2:]]))
    elif content[:2] in (b"II", b"MM"):
        for tag in (b"\0\1", b"\1\1"):
            if (at := content.find(tag)) >= 0:
                made[at + 8 : at + 12] = struct.pack("<I", (width if tag == b"\0\1" else height) & 0xFFFFFFFF)
    else:
        made[26:30] = struct.pack("<HH", width & 0xFFFF, height & 0xFFFF)
    return bytes(made)


CAMPAIGN = Campaign("pictures of all formats, whole and damaged, read as pellucid read does", prepare, share=130)
