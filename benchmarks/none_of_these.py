"""How often letters, symbols, scribbles and photos are told as digits, and how many digits are lost.

    python -m benchmarks.none_of_these --fonts DIR            # DIR has TrueType fonts of handwriting
    python -m benchmarks.none_of_these --fonts DIR --fill     # write the tables into docs/reading.md

Nothing here was trained on: other letters, fonts, symbols, shapes and photos than those to fit, which
``tools/non_digits.py`` draws; MNIST's test digits, and scikit-learn's digits of other writers.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import pellucid as pl
from pellucid.data.drawings import center, find_digits
from pellucid.data.drawings.centring import trim
from pellucid.data.drawings.finding import Digit
from pellucid.inspect.answering import answers
from pellucid.inspect.certainty import THRESHOLD, compared, second_outputs, together
from pellucid.inspect.familiarity import Familiarity
from pellucid.programs.images import from_unit
from tools import non_digits as draw
from tools.train_none import SYMBOL_FONT, fonts_of, sample_photo

PAGE = Path(__file__).parents[1] / "docs" / "reading.md"
BEGIN, END = "<!-- none: begin -->", "<!-- none: end -->"
BINS = 15
NOT_ONE = -1  # the answer where two digits are read

Picture = NDArray[np.float32]


class Judged(NamedTuple):
    """Images of one kind: what they are (None for no digits), and what is said of them.

    ``told`` (N,) says where at least one digit is read, and ``surest`` the most confidence of them, after all that is
    done where an answer is doubtful.
    ``alone`` (N, 10) has the outputs of the network alone, everything else is of both together.
    """

    labels: NDArray[np.int64] | None
    told: NDArray[np.bool_]
    surest: Picture
    best: NDArray[np.int64]
    alone: Picture
    none: Picture
    confidence: Picture
    distance: Picture


def as_digit(ink: Picture) -> Digit:
    """Return ink as the search would if it found all of it as one digit."""
    box = (0, 0, *trim(ink).shape[::-1])
    return Digit(box, center(ink, thicken=True), {"cut out": trim(ink)})


def no_digits(rng: draw.Random, folder: Path, count: int) -> Iterator[tuple[str, list[Digit]]]:
    """Yield kinds of no digits that are kept for tests."""
    fit, test = (fonts_of(folder, test=kept) for kept in (False, True))
    symbols = [path for path in fit if path.name == SYMBOL_FONT]
    kinds = {
        "letters of other fonts": draw.characters(draw.FIT_LETTERS, test),
        "other letters (M, N, k, w, R)": draw.characters(draw.TEST_LETTERS, [*fit, *test]),
        "other symbols": draw.characters(draw.TEST_SYMBOLS, symbols),
        "other shapes": draw.shapes(draw.TEST_SHAPES),
        "scribbles, hatching, zigzags": lambda rng: (draw.scribble, draw.hatching, draw.zigzag)[rng.integers(3)](rng),
    }
    for name, kind in kinds.items():
        yield name, [as_digit(kind(rng)) for _ in range(count)]
    yield "crops of other photos", found_in_photos(rng, count)


def found_in_photos(rng: draw.Random, count: int) -> list[Digit]:
    """Return what the search takes for digits in crops of a flower and of a portrait."""
    import matplotlib.cbook
    from PIL import Image

    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        portrait = np.asarray(Image.open(file).convert("RGB"))
    crops = [crop for photo in (sample_photo("flower.jpg"), portrait) for crop in draw.photo_crops(rng, photo, count)]
    return [digit for crop in crops for digit in find_digits(crop)]


def digits(rng: draw.Random, folder: Path, count: int) -> Iterator[tuple[str, list[Digit], NDArray[np.int64]]]:
    """Yield sets of digits, as they are prepared."""
    from sklearn.datasets import load_digits

    test = pl.data.load("mnist").test
    whole = np.asarray(test.images, np.float32) / 255
    yield "MNIST", [Digit((0, 0, 28, 28), image, {"cut out": image}) for image in whole], test.labels
    images, labels = load_digits(return_X_y=True)
    found = [find_digits(np.asarray(image / 16, np.float32)) for image in images.reshape(-1, 8, 8)]
    one = [k for k, each in enumerate(found) if len(each) == 1]
    yield "scikit-learn's 8x8", [found[k][0] for k in one], labels[one]
    fonts, classes = fonts_of(folder, test=True), rng.integers(0, 10, count)
    drawn = [draw.lettered(rng, str(k), fonts[rng.integers(len(fonts))]) for k in classes]
    yield "digits of other fonts", [as_digit(ink) for ink in drawn], classes


def judged(net: pl.Network, known: Familiarity, given: list[Digit], labels: NDArray[np.int64] | None) -> Judged:
    pixels = np.stack([digit.pixels for digit in given])
    read = [[answer for answer in answers(net, [digit], alone=False) if not answer.is_none] for digit in given]
    told = np.array([bool(each) for each in read])
    surest = np.array([max((a.sureness.confidence for a in each if a.sureness), default=0) for each in read])
    outputs, second = net(from_unit(pixels, net.level_range)), second_outputs(pixels)
    both = together(outputs, second)
    confidence = np.array([found.confidence for found in compared(both, second)], np.float32)
    confidence = np.where(told, surest, confidence).astype(np.float32)
    distance = np.atleast_1d(np.asarray(known.distance(pixels), np.float32))
    best = np.array([int(each[0].reading.best) if len(each) == 1 else NOT_ONE for each in read])
    best = np.where(told, best, both.argmax(axis=1))
    return Judged(labels, told, surest, best, outputs, second[:, -1], confidence, distance)


def calibration_error(confidence: Picture, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error in `BINS` equal bins."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(BINS)]
    return float(sum(gaps)) / len(right)


def table_of_none(kinds: dict[str, Judged]) -> list[str]:
    lines = ["| no digits | N | told as a digit | told surely | surely by the network alone |", "|---" * 5 + "|"]
    for name, each in kinds.items():
        shares = each.told, each.surest >= THRESHOLD, each.alone.max(axis=1) >= THRESHOLD
        lines.append(f"| {name} | {len(each.told):,} | " + " | ".join(f"{share.mean():.1%}" for share in shares) + " |")
    return lines


def table_of_digits(kinds: dict[str, Judged]) -> list[str]:
    lines = [
        "| digits | N | right | the network alone | lost as none | marked as unsure | sure and wrong "
        "| calibration error | the network alone |",
        "|---" * 9 + "|",
    ]
    for name, each in kinds.items():
        right, own = (best == each.labels for best in (each.best, each.alone.argmax(axis=1)))
        lost, sure = ~each.told, each.surest >= THRESHOLD
        shares = right, own, lost, ~lost & ~sure, sure & ~right
        errors = (calibration_error(each.confidence, right), calibration_error(each.alone.max(axis=1), own))
        cells = [f"{share.mean():.2%}" for share in shares] + [f"{error:.2%}" for error in errors]
        lines.append(f"| {name} | {len(right):,} | " + " | ".join(cells) + " |")
    return lines


def table_of_measures(real: Judged, kinds: dict[str, Judged]) -> list[str]:
    """Say what each measure lets through where it loses 1 % of MNIST's digits."""
    lines = ["| measure | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
    measures = {
        "the largest output": lambda each: each.alone.max(axis=1),
        "distance from the training images": lambda each: -each.distance,
        "the eleventh answer": lambda each: 1 - each.none,
        "both networks sure": lambda each: each.confidence,
    }
    for name, measure in measures.items():
        limit = np.quantile(measure(real), 0.01)
        lines.append(f"| {name} | " + " | ".join(f"{(measure(e) > limit).mean():.1%}" for e in kinds.values()) + " |")
    return lines


def table_of_thresholds(real: Sequence[Judged], kinds: Sequence[Judged]) -> list[str]:
    lines = ["| `--threshold` | digits marked as unsure | sure and wrong | no digits told surely |", "|---" * 4 + "|"]
    for threshold in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99):
        sure = [each.surest >= threshold for each in (*real, *kinds)]
        digits, others = np.concatenate(sure[: len(real)]), np.concatenate(sure[len(real) :])
        wrong = np.concatenate([each.best != each.labels for each in real])
        lines.append(f"| {threshold} | {(~digits).mean():.2%} | {(digits & wrong).mean():.2%} | {others.mean():.1%} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--model", default="digits-conv")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--fill", action="store_true", help="write the tables into docs/reading.md")
    args = parser.parse_args()
    rng, net, known = np.random.default_rng(1), pl.load(args.model), Familiarity.of(pl.data.load("mnist").train)
    assert known is not None
    real = {
        name: judged(net, known, pixels, labels) for name, pixels, labels in digits(rng, args.fonts, 3 * args.count)
    }
    kinds = {name: judged(net, known, pixels, None) for name, pixels in no_digits(rng, args.fonts, args.count)}
    tables = [
        table_of_digits(real),
        table_of_none(kinds),
        table_of_measures(real["MNIST"], kinds),
        table_of_thresholds([*real.values()], [*kinds.values()]),
    ]
    text = "\n\n".join("\n".join(lines) for lines in tables) + "\n"
    print(text)
    if args.fill:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(re.sub(f"(?s){BEGIN}.*{END}", lambda _: f"{BEGIN}\n{text}{END}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
