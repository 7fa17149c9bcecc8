"""How well pictures of digits are read: tight crops, sheets, forms, sudoku grids, noise, made from MNIST's test digits.

    python benchmarks/reading.py                     # measure everything; about two minutes
    python benchmarks/reading.py --only edge sheet    # kinds whose name begins so
    python benchmarks/reading.py --fill              # write the table into docs/reading.md
    python benchmarks/reading.py --peers --fill      # the table of other readers beside it; see reading_peers.py

Nothing here was trained on, but the writers are MNIST's. ``none_of_these.py`` measures letters and other symbols.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

import pellucid as pl
from ink import Case, Digits, Kind, Picture, Random, dark, frame, light, penned, put, put_in, scaled
from pellucid.data.drawings import find_digits
from pellucid.inspect.answering import answers
from reading_peers import peers
from sheets import LAYOUTS, sheets_of

PAGE = Path(__file__).parents[1] / "docs" / "reading.md"
A4 = (2339, 1654)
DPI = 200

# Kinds of pictures


def alone(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """MNIST as it is."""
    for image, label in zip(digits.images[: 10 * count], digits.labels, strict=False):
        yield Case(image, str(label))


def tight(side: int) -> Kind:
    def kind(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
        for i, image in enumerate(digits.images[: 2 * count]):
            ink = scaled(image, side)
            ink = np.pad(ink, ((0, max(0, 8 - ink.shape[0])), (0, max(0, 8 - ink.shape[1]))))  # the least size
            yield Case(dark(ink) if i % 2 else light(ink), str(digits.labels[i]))

    return kind


def sheet(height: float, pen: float, colour: Callable[[Picture], NDArray[np.uint8]] = dark) -> Kind:
    """Rows of small digits drawn with a thin pen on A4 at 200 dpi."""

    def kind(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
        for _ in range(max(2, count // 50)):
            page, text = np.zeros(A4, np.float32), ""
            for top in np.linspace(150, A4[0] - 250, 10):
                for left in np.linspace(150, A4[1] - 250, 10) + rng.uniform(-20, 20, 10):
                    i = int(rng.integers(len(digits.labels)))
                    part = penned(digits.images[i], height * rng.uniform(0.9, 1.1), pen)
                    put(page, part, top + rng.uniform(-0.2, 0.2) * height - part.shape[0] / 2, left)
                    text += str(digits.labels[i])
            yield Case(colour(page), text)

    return kind


def line_of_few(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """Six small digits on an otherwise empty A4 page."""
    for _ in range(max(2, count // 20)):
        page, text = np.zeros(A4, np.float32), ""
        for k in range(6):
            i = int(rng.integers(len(digits.labels)))
            put(page, penned(digits.images[i], 32 * rng.uniform(0.9, 1.1), 3), 400, 300 + 60 * k)
            text += str(digits.labels[i])
        yield Case(dark(page), text)


def box_around(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """One digit in a box of its own."""
    for i in range(count):
        size = int(rng.integers(90, 160))
        ink = np.zeros((size + 60, size + 60), np.float32)
        width = int(rng.integers(2, 5))
        frame(ink, 30, 30, 30 + size, 30 + size, width)
        put_in(rng, ink, scaled(digits.images[i], size * rng.uniform(0.45, 0.7)), (30, 30, size, size), width)
        yield Case(dark(ink), str(digits.labels[i]))


def cells(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """A row of cells that share their borders, one digit in each, as in forms."""
    for _ in range(count // 4):
        n, size, width = int(rng.integers(3, 9)), int(rng.integers(60, 100)), int(rng.integers(2, 4))
        ink = np.zeros((size + 80, n * size + 80), np.float32)
        text = ""
        for k in range(n):
            frame(ink, 40, 40 + k * size, 40 + size, 40 + (k + 1) * size + width, width, rng.choice([0.6, 1.0]))
            i = int(rng.integers(len(digits.labels)))
            part = scaled(digits.images[i], size * rng.uniform(0.5, 0.75))
            put_in(rng, ink, part, (40, 40 + k * size, size, size), width)
            text += str(digits.labels[i])
        yield Case(dark(ink), text)


def underlined(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """A number on a line of its own that is longer than it."""
    for _ in range(count // 4):
        n, height = int(rng.integers(2, 7)), 64
        ink = np.zeros((220, n * 70 + 200), np.float32)
        text = ""
        for k in range(n):
            i = int(rng.integers(len(digits.labels)))
            part = scaled(digits.images[i], height * rng.uniform(0.85, 1))
            put(ink, part, 140 - part.shape[0] - rng.uniform(-4, 8), 100 + 70 * k)
            text += str(digits.labels[i])
        ink[140:143, 70:-70] = 1
        yield Case(dark(ink), text)


def sudoku(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """Grids of 9 x 9 cells with 40 digits."""
    for _ in range(max(1, count // 20)):
        size = int(rng.integers(48, 80))
        side = 9 * size
        ink = np.zeros((side + 80, side + 80), np.float32)
        for k in range(10):
            width = 4 if k % 3 == 0 else 2
            at = 40 + k * size
            ink[40 : 40 + side + 4, at : at + width] = ink[at : at + width, 40 : 40 + side + 4] = 1
        text = ""
        for cell in np.sort(rng.permutation(81)[:40]):
            i = int(rng.integers(len(digits.labels)))
            part = scaled(digits.images[i], size * rng.uniform(0.5, 0.7))
            put_in(rng, ink, part, (40 + size * (cell // 9), 40 + size * (cell % 9), size, size), 4)
            text += str(digits.labels[i])
        yield Case(dark(ink), text)


def bordered(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """A cell cut out of a tilted grid, with what its borders leave along the picture's edges."""
    for i in range(count):
        size, width = int(rng.integers(40, 80)), int(rng.integers(2, 5))
        ink = np.zeros((3 * size, 3 * size), np.float32)
        for at in (size, 2 * size):
            ink[at : at + width] = ink[:, at : at + width] = 0.9
        put_in(rng, ink, scaled(digits.images[i], size * rng.uniform(0.5, 0.7)), (size, size, size, size), width)
        ink = ndimage.rotate(ink, rng.uniform(-2, 2), reshape=False, order=1)
        top, left = size + rng.integers(-1, 4, 2)
        cell = ink[top : top + size, left : left + size] + rng.normal(0, 0.02, (size, size))
        yield Case(dark(ndimage.gaussian_filter(cell, 0.7)), str(digits.labels[i]))


def touching(overlap: int) -> Kind:
    """Two digits 64 pixels tall that overlap by some columns."""

    def kind(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
        for _ in range(count):
            i, j = rng.integers(len(digits.labels), size=2)
            a, b = (scaled(digits.images[k], 64) for k in (i, j))
            left = a.shape[1] - overlap
            ink = np.zeros((64, max(a.shape[1], left + b.shape[1])), np.float32)
            put(ink, a, (64 - a.shape[0]) / 2, 0)
            put(ink, b, (64 - b.shape[0]) / 2, left)
            yield Case(dark(np.pad(ink, 25)), f"{digits.labels[i]}{digits.labels[j]}")

    return kind


def crossed_out(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """Three digits, of which one is crossed out with two lines and is not to be read."""
    for _ in range(count // 3):
        ink, text, out = np.zeros((140, 340), np.float32), "", int(rng.integers(3))
        for k in range(3):
            i = int(rng.integers(len(digits.labels)))
            put(ink, scaled(digits.images[i], 64), 38, 40 + 100 * k)
            text += "" if k == out else str(digits.labels[i])
        y, x = np.indices(ink.shape)
        inside = (np.abs(x - 65 - 100 * out) < 38) & (np.abs(y - 70) < 38)
        slopes = np.abs((y - 70) - (x - 65 - 100 * out)), np.abs((y - 70) + (x - 65 - 100 * out))
        ink[inside & (np.minimum(*slopes) < 3)] = 1
        yield Case(dark(ink), text)


def salted(share: float) -> Kind:
    def kind(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
        for i, image in enumerate(digits.images[:count]):
            hit = rng.random(image.shape) < share
            yield Case(np.where(hit, rng.integers(0, 2, image.shape), image).astype(np.float32), str(digits.labels[i]))

    return kind


def sampled(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """Thin strokes in 28 x 28 pixels that are every fourth of a larger picture, so that some of a stroke are lost."""
    for i, image in enumerate(digits.images[:count]):
        ink, large = penned(image, 72 * rng.uniform(0.9, 1.1), rng.uniform(2, 3.4)), np.zeros((112, 112), np.float32)
        put(large, ink, (112 - ink.shape[0]) / 2, (112 - ink.shape[1]) / 2)
        yield Case(dark(large[2::4, 2::4]), str(digits.labels[i]))


def striped(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """The outer quarters of the picture inverted."""
    for i, image in enumerate(digits.images[:count]):
        ink = image.copy()
        ink[:, :7], ink[:, 21:] = 1 - ink[:, :7], 1 - ink[:, 21:]
        yield Case(ink, str(digits.labels[i]))


def spattered(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
    """Blots of ink of one to three pixels over the picture."""
    for i, image in enumerate(digits.images[:count]):
        noise = ndimage.gaussian_filter(rng.normal(0, 1, image.shape), 0.8)
        blots = np.clip((noise - np.percentile(noise, 94)) * 6, 0, 0.9)
        yield Case(np.maximum(image, blots).astype(np.float32), str(digits.labels[i]))


def eights(scale: int) -> Kind:
    """scikit-learn's digits, 8x8 pixels with the strokes along the edges, enlarged."""

    def kind(rng: Random, digits: Digits, count: int) -> Iterator[Case]:
        try:
            from sklearn.datasets import load_digits
        except ImportError:
            return
        images, labels = load_digits(return_X_y=True)
        for image, label in list(zip(images.reshape(-1, 8, 8), labels, strict=True))[: None if scale == 1 else 500]:
            small = np.asarray(image / 16, np.float32)
            size = (8 * scale, 8 * scale)
            large = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)).clip(0, 1)
            yield Case(large, str(label))

    return kind


KINDS: dict[str, Kind] = {
    "mnist": alone,
    "digits8x8": eights(1),
    "digits8x8 enlarged to 64": eights(8),
    "edge 14": tight(14),
    "edge 20": tight(20),
    "edge 28": tight(28),
    "edge 48": tight(48),
    "edge 90": tight(90),
    "sheet, pen 3": sheet(40, 3),
    "sheet, pen 2": sheet(40, 2),
    "sheet, light ink": sheet(40, 2.5, light),
    "few small digits on A4": line_of_few,
    "box": box_around,
    "cells of a form": cells,
    "underlined": underlined,
    "sudoku grid": sudoku,
    "cell with its border": bordered,
    "touching, gap 0": touching(0),
    "touching, overlap 3": touching(3),
    "touching, overlap 6": touching(6),
    "touching, overlap 10": touching(10),
    "crossed out": crossed_out,
    "impulses, 2 %": salted(0.02),
    "impulses, 17 %": salted(0.17),
    "thin strokes, sampled": sampled,
    "stripes": striped,
    "spatter": spattered,
    **{f"whole sheets: {name}": sheets_of(layout) for name, layout in LAYOUTS.items()},
}


Reader = Callable[[NDArray[Any]], str]
"""Returns the digits of a picture in reading order."""


class Score(NamedTuple):
    """Pictures read without a mistake, and of all digits: how many, read in order, and told though not there."""

    pictures: int
    right: int
    digits: int
    read: int
    extra: int
    milliseconds: float


def own(net: pl.Network) -> Reader:
    """Return how `pellucid read` reads a picture with a network."""

    def read(picture: NDArray[Any]) -> str:
        found = answers(net, find_digits(picture), alone=False)
        return "".join(answer.reading.best for answer in found if not answer.is_none)

    return read


def measure(kind: Kind, digits: Digits, reader: Reader, count: int, seed: int) -> Score:
    totals, seconds = np.zeros(5, int), []
    for case in kind(np.random.default_rng(seed), digits, count):
        begin = time.perf_counter()
        said = reader(case.picture)
        seconds.append(time.perf_counter() - begin)
        blocks = SequenceMatcher(None, said, case.text, autojunk=False).get_matching_blocks()
        read = sum(block.size for block in blocks)
        totals += [1, said == case.text, len(case.text), read, max(0, len(said) - len(case.text))]
    return Score(*totals.tolist(), 1000 * float(np.median(seconds or [0])))


def table(scores: dict[str, Score]) -> str:
    lines = [
        "| pictures | N | without a mistake | digits read, in order | told beyond those | time |",
        "|---" * 6 + "|",
    ]
    for name, s in scores.items():
        shares = " | ".join(f"{share:.1%}" for share in (s.right / s.pictures, s.read / s.digits, s.extra / s.digits))
        lines.append(f"| {name} | {s.pictures:,} | {shares} | {s.milliseconds:.0f} ms |")
    return "\n".join(lines) + "\n"


def shares_read(scores: dict[str, dict[str, Score]]) -> str:
    """Return a table of the digits read in order, and told though not there, by each reader."""
    readers = list(next(iter(scores.values())))
    lines = ["| pictures | N | " + " | ".join(readers) + " |", "|---" * (len(readers) + 2) + "|"]
    for name, each in scores.items():
        cells = [f"{s.read / s.digits:.1%}, {s.extra / s.digits:.1%}" for s in each.values()]
        lines.append(f"| {name} | {next(iter(each.values())).pictures:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def filled(page: str, name: str, text: str) -> str:
    """Return a page with other text between the marks of a name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    return re.sub(f"(?s){begin}.*{end}", lambda _: f"{begin}\n{text}{end}", page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="digits-conv")
    parser.add_argument("--only", nargs="+", default=[""], metavar="KIND")
    parser.add_argument("--count", type=int, default=200, help="sets the number of pictures of each kind (default 200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--peers", action="store_true", help="measure other readers beside it, on a fifth as many")
    parser.add_argument("--fill", action="store_true", help="write the table into docs/reading.md")
    args = parser.parse_args()
    test = pl.data.load("mnist").test
    digits = Digits(np.asarray(test.images, np.float32) / 255, test.labels)
    chosen = {name: kind for name, kind in KINDS.items() if name.startswith(tuple(args.only))}
    readers = {"Pellucid": own(pl.load(args.model))} | (peers() if args.peers else {})
    count, scores = args.count // 5 if args.peers else args.count, {}
    for name, kind in chosen.items():
        each = {title: measure(kind, digits, reader, count, args.seed) for title, reader in readers.items()}
        if each["Pellucid"].pictures:
            scores[name] = each
            told = shares_read({name: each}) if args.peers else table({name: each["Pellucid"]})
            print(told.splitlines()[-1], flush=True)
    alone_of = {name: each["Pellucid"] for name, each in scores.items()}
    if args.json:
        args.json.write_text(json.dumps({name: score._asdict() for name, score in alone_of.items()}, indent=1) + "\n")
    if args.fill:
        name, text = ("peers", shares_read(scores)) if args.peers else ("reading", table(alone_of))
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), name, text), encoding="utf-8")


if __name__ == "__main__":
    main()
