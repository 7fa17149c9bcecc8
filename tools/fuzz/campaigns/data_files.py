"""Data sets in files (CSV, NPZ, IDX, folders of images), many of them damaged."""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import pellucid as pl
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import Rng, any_size, chance, changed_bytes, pick

_WORDS = (
    "", " ", "nan", "inf", "-1", "256", "1e400", "1e-400", "0x10", "label", '"', '"1', "1_0", "٣", "--1", "1.5", "1e3",
    "9223372036854775808", "65536", "2147483648", ";", "\x00", "#", "\ufeff", "a,b", "1,2,3",
)  # fmt: skip
_NAMES = ("images", "labels", "x", "y", "x_train", "y_train", "x_test", "y_test", "train_images", "more")
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def prepare(folder: Path) -> Case:
    """Return the case."""

    def case(rng: Rng) -> Tally:
        write = pick(rng, (csv, csv, npz, npz, idx, idx, images))
        place = folder / "data"
        if place.exists():
            shutil.rmtree(place)
        place.mkdir()
        parts = pl.data.load(write(rng, place), **_options(rng))
        for part in parts:
            if not (len(part) and len(part.images) == len(part.labels) and np.isfinite(part.images).all()):
                raise WrongResultError(f"{part!r}")
            if part.labels.min() < 0 or part.labels.max() >= len(part.classes):
                raise WrongResultError(f"labels {part.labels.min()} to {part.labels.max()} of {len(part.classes)}")
        return ACCEPTED

    return case


def _options(rng: Rng) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if chance(rng, 0.1):
        options["level_range"] = pick(rng, ((0, 255), (0, 1), (-1e30, 1e30), (1, 0), (0, np.nan), (-1, 300)))
    if chance(rng, 0.1):
        options["test_fraction"] = pick(rng, (0.5, 0.01, 0.99, 0, 1, -1, np.nan))
    if chance(rng, 0.05):
        options["size"] = pick(rng, ((4, 4), (1, 1), (0, 3), (1 << 20, 1 << 20), (28, 28)))
    return options


def csv(rng: Rng, place: Path) -> Path:
    """Write a table."""
    rows, columns = int(rng.integers(0, 12)), pick(rng, (1, 2, 5, 10, 17))
    levels = rng.random((rows, columns)) if chance(rng, 0.3) else rng.integers(0, pick(rng, (2, 256)), (rows, columns))
    cells = [[str(value) for value in row] for row in levels.tolist()]
    for row in cells:
        row[0] = str(int(rng.integers(3)))
    if chance(rng, 0.3):
        cells.insert(0, ["label", *(f"p{i}" for i in range(columns - 1))])
    for _ in range(int(rng.integers(0, 3))):
        if cells and (row := pick(rng, cells)):
            row[int(rng.integers(len(row)))] = pick(rng, _WORDS)
    if cells and chance(rng, 0.1):
        del pick(rng, cells)[-1:]
    text = pick(rng, ("\n", "\n", "\r\n", "\r")).join(",".join(row) for row in cells)
    return _written(place / "table.csv", _damaged(rng, text.encode(), 0.3))


def npz(rng: Rng, place: Path) -> Path:
    """Write an archive."""
    arrays: dict[str, Any] = {"images": _some_images(rng), "labels": rng.integers(0, 3, 8)}
    if chance(rng, 0.3):
        arrays = {"x_train": arrays["images"], "y_train": arrays["labels"], "x_test": _some_images(rng),
                  "y_test": rng.integers(0, 3, 8)}  # fmt: skip
    if chance(rng, 0.4):
        arrays[pick(rng, (*arrays, *_NAMES))] = _odd_array(rng)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if chance(rng, 0.5) else zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=True)
            archive.writestr(f"{name}.npy", _with_header(rng, _damaged(rng, member.getvalue(), 0.1)))
    return _written(place / "arrays.npz", _damaged(rng, stream.getvalue(), 0.3))


def idx(rng: Rng, place: Path) -> Path:
    """Write images and labels, as one pair or as the four files of MNIST."""
    ends = [("train-images-idx3-ubyte", "train-labels-idx1-ubyte")]
    if chance(rng, 0.3):
        ends.append(("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"))
    for images, labels in ends:
        zipped = chance(rng, 0.3)
        for name, array in ((images, rng.integers(0, 256, (8, 4, 4))), (labels, rng.integers(0, 3, 8))):
            content = _idx(rng, array)
            content = gzip.compress(content, 1, mtime=0) if zipped else content
            _written(place / (name + ".gz" * zipped), _damaged(rng, content, 0.15))
    return place if chance(rng, 0.7) else next(place.glob("train-images*"))


def images(rng: Rng, place: Path) -> Path:
    """Write folders of images."""
    top = [place / part for part in ("train", "test")] if chance(rng, 0.2) else [place]
    for part in top:
        for name in ("0", "1", pick(rng, ("2", ".hidden", "ü", "train", "a b")))[: int(rng.integers(1, 4))]:
            (part / name).mkdir(parents=True, exist_ok=True)
            for number in range(int(rng.integers(1, 3))):
                stream = io.BytesIO()
                levels = rng.integers(0, 256, (8, 8 if chance(rng, 0.95) else 9)).astype(np.uint8)
                kind = pick(rng, ("PNG", "PNG", "JPEG"))
                Image.fromarray(levels).convert(pick(rng, ("L", "L", "RGB"))).save(stream, kind)
                suffix = pick(rng, (".png", ".png", ".jpg", ".JPG", ".txt", ".gif")) if chance(rng, 0.1) else ".png"
                _written(part / name / f"{number}{suffix}", _damaged(rng, stream.getvalue(), 0.1))
    return place


def _some_images(rng: Rng) -> np.ndarray:
    shape = pick(rng, ((8, 4, 4), (8, 16), (8, 1, 4, 4), (8, 4, 4, 3), (7, 4, 4)))
    return rng.integers(0, 256, shape).astype(pick(rng, (np.uint8, np.float32, np.int64, np.float16, np.bool_)))


def _odd_array(rng: Rng) -> np.ndarray:
    return pick(
        rng,
        (
            np.array(3), np.zeros(0), np.zeros((8, 0)), np.array(["a"] * 8), np.array([None] * 8), np.full(8, np.nan),
            np.full(8, 1 << 40), np.full(8, -1), np.zeros((8, 1)), np.zeros(8, "c16"), np.zeros(8, "M8[s]"),
            np.zeros((1,) * 32), np.zeros(8, ">i4"), np.asfortranarray(np.ones((8, 4, 4))), np.zeros(8, "i4,f4"),
            np.full((8, 4, 4), 1e300), np.full((8, 4, 4), np.inf), np.full(8, 2**31 - 1, np.int64),
        ),
    )  # fmt: skip


def _with_header(rng: Rng, member: bytes) -> bytes:
    """Return a .npy file that may declare another shape or type."""
    if chance(rng, 0.85):
        return member
    shapes = (b"(8,)", b"(8, 4, 4)", b"(8, 16)")
    other = b"(%d, %d)" % (any_size(rng, 2.0**63), any_size(rng)) if chance(rng, 0.6) else b"(-8,)"
    for shape in shapes:
        member = member.replace(b"'shape': " + shape, b"'shape': " + other)
    return member.replace(b"|u1", pick(rng, (b"|O", b"<f8", b"|V9", b"|S0")))


def _idx(rng: Rng, array: np.ndarray) -> bytes:
    kind = pick(rng, tuple(_IDX_TYPES)) if chance(rng, 0.3) else 0x08
    shape = list(array.shape)
    if chance(rng, 0.15):
        shape[int(rng.integers(len(shape)))] = any_size(rng, 2.0**32) & 0xFFFFFFFF
    axes = int(rng.integers(256)) if chance(rng, 0.05) else len(shape)
    body = array.astype(np.uint8).astype(_IDX_TYPES[kind]).tobytes()
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, axes, *shape) + body


def _damaged(rng: Rng, content: bytes, share: float) -> bytes:
    return changed_bytes(rng, content) if content and chance(rng, share) else content


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


CAMPAIGN = Campaign("CSV tables, NPZ archives, IDX files and folders of images, whole and damaged", prepare, share=170)
