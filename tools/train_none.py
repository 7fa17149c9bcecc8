"""Train the network that says whether there is a digit at all: ten digits, and an eleventh answer.

    python -m tools.train_none --fonts DIR                # writes src/pellucid/models/digits-or-none.safetensors
    python -m tools.train_none --fonts DIR --epochs 1 --share 0.1 --output try.safetensors
    python -m tools.train_none --fonts DIR --start digits-or-none       # five more epochs; the shipped one had both

It is `digits-conv` with one more class. It is trained on MNIST's training digits, more than half of them varied by
``tools/varied_digits.py``; on digits of fonts and drawn by formula; and on the kinds of ``tools/non_digits.py`` that
are to fit. ``DIR`` has the TrueType fonts of handwriting; those of matplotlib are used too. The last 5,000 digits of
the training part set the temperature.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import pellucid as pl
from pellucid.data.drawings import center, find_digits
from pellucid.models.architectures import conv
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp
from tools import non_digits as draw
from tools.varied_digits import european, seen, varied

OUTPUT = Path(__file__).parents[1] / "src" / "pellucid" / "models" / "digits-or-none.safetensors"
DIGITS, NONE = tuple("0123456789"), "none"
KEPT_OUT = 5000
BAR = 0.4
SYMBOL_FONT = "DejaVuSans.ttf"
TEST_FONTS = ("covered-by-your-grace", "handlee", "homemade-apple", "schoolbell", "DejaVuSerif-Italic", "cmr10")
"""Fonts whose letters are kept for tests."""

Picture = NDArray[np.float32]
Drawn = tuple[Picture, NDArray[np.int64]]
Drawing = Callable[[draw.Random], Drawn]


def fonts_of(folder: Path, *, test: bool) -> list[Path]:
    """Return the fonts of handwriting in a folder, and some of matplotlib: those to fit, or those to test."""
    import matplotlib

    own = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSansMono", "cmss10", "cmtt10", *TEST_FONTS)
    found = [*sorted(folder.glob("*.ttf")), *(own / f"{name}.ttf" for name in names)]
    return [path for path in found if path.exists() and (path.stem in TEST_FONTS) == test]


def digits_to_fit(
    rng: draw.Random, images: Picture, labels: NDArray[np.int64], fonts: Sequence[Path], count: int
) -> tuple[Picture, NDArray[np.int64]]:
    """Return MNIST's digits, more than half of them varied, and so many of fonts, and so many drawn by formula."""
    ways = rng.random(len(images))
    mixed = [_one_way(rng, image, int(label), way) for image, label, way in zip(images, labels, ways, strict=True)]
    others = [printed_digit(rng, fonts) for _ in range(count)] + [european(rng) for _ in range(count)]
    return (
        np.stack([*mixed, *(pixels for pixels, _ in others)]),
        np.concatenate([labels, np.array([label for _, label in others], np.int64)]),
    )


def _one_way(rng: draw.Random, image: Picture, label: int, way: float) -> Picture:
    """Return a digit as it is, varied, or as it is found in a noisy picture."""
    if way < 0.45:
        return image
    found = seen(rng, image) if way > 0.95 else None
    return varied(rng, image, label) if found is None else found


def printed_digit(rng: draw.Random, fonts: Sequence[Path]) -> tuple[Picture, int]:
    """Return a digit of one of some fonts, and which it is."""
    label = int(rng.integers(10))
    return center(draw.lettered(rng, str(label), fonts[rng.integers(len(fonts))]), thicken=True), label


def kinds_to_fit(digits: Picture, fonts: Sequence[Path]) -> dict[str, tuple[draw.Kind, int]]:
    """Return the kinds of no digits that are trained on, and how many of each."""
    symbols = [path for path in fonts if path.name == SYMBOL_FONT]
    return {
        "letters": (draw.characters(draw.FIT_LETTERS, fonts), 8_000),
        "symbols": (draw.characters(draw.FIT_SYMBOLS, symbols), 8_000),
        "shapes": (draw.shapes(draw.FIT_SHAPES), 4_000),
        "scribbles": (draw.scribble, 3_000),
        "hatching": (draw.hatching, 2_000),
        "zigzags": (draw.zigzag, 1_500),
        "blots": (draw.blots, 1_500),
        "crossed out": (draw.crossed_out(digits), 2_500),
        "run together": (draw.run_together(digits), 2_500),
    }


def from_leaves(rng: draw.Random, count: int) -> list[Picture]:
    """Return what the search takes for digits in pictures that are like photos; no bars, which may be a 1."""
    found = [digit for _ in range(count) for digit in find_digits(draw.leaves(rng))]
    return [digit.pixels for digit in found if digit.box[2] - digit.box[0] > BAR * (digit.box[3] - digit.box[1])]


def from_photos(rng: draw.Random, photos: Sequence[NDArray[np.uint8]], count: int) -> list[Picture]:
    """Return what the search takes for digits in crops of photos."""
    return [
        digit.pixels for photo in photos for crop in draw.photo_crops(rng, photo, count) for digit in find_digits(crop)
    ]


def sample_photo(name: str) -> NDArray[np.uint8]:
    """Return one of scikit-learn's photos."""
    from sklearn.datasets import load_sample_image

    return np.asarray(load_sample_image(name), np.uint8)


def training_data(fonts: Sequence[Path], share: float, folder: Path | None) -> pl.data.Dataset:
    """Draw all images to fit, digits and none, each kind by random numbers of its own."""
    train = pl.data.load("mnist").train
    images, labels = np.asarray(train.images[:-KEPT_OUT], np.float32) / 255, train.labels[:-KEPT_OUT]
    chosen = slice(0, round(share * len(images)))

    def nones(pictures: Iterable[Picture]) -> Drawn:
        stacked = np.stack([*pictures])
        return stacked, np.full(len(stacked), len(DIGITS))

    def of_kind(kind: draw.Kind, count: int) -> Drawing:
        return lambda rng: nones(center(kind(rng), thicken=True) for _ in range(round(share * count)))

    parts: dict[str, Drawing] = {
        "digits": lambda rng: digits_to_fit(rng, images[chosen], labels[chosen], fonts, round(5000 * share)),
        **{name: of_kind(*kind) for name, kind in kinds_to_fit(images, fonts).items()},
        "photos": lambda rng: nones(from_photos(rng, [sample_photo("china.jpg")], round(share * 1500))),
        "leaves": lambda rng: nones(from_leaves(rng, round(share * 1000))),
    }
    every = [kept(folder and folder / f"{name}.npz", part, k) for k, (name, part) in enumerate(parts.items())]
    pixels, answers = (np.concatenate(arrays) for arrays in zip(*every, strict=True))
    return pl.data.Dataset(pixels, answers, classes=(*DIGITS, NONE), name="digits or none")


def kept(path: Path | None, drawing: Drawing, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images and labels that a file keeps from an earlier run, or draw them, and keep them in it."""
    if path is not None and path.exists():
        with np.load(path) as file:
            return file["images"], file["labels"]
    pixels, labels = drawing(np.random.default_rng(seed))
    images = np.round(pixels * 255).astype(np.uint8)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, images=images, labels=labels)
    return images, labels


def temperature(net: pl.Network) -> float:
    """Return the temperature with the least cross-entropy on MNIST digits that are kept out of the training."""
    train = pl.data.load("mnist").train
    images, labels = train.images[-KEPT_OUT:], train.labels[-KEPT_OUT:]
    logs = np.log(np.maximum(net(images), 1e-12))
    losses = {}
    for value in np.geomspace(0.5, 4, 60):
        cold = logs / value
        cold -= np.logaddexp.reduce(cold, axis=1, keepdims=True)
        losses[float(value)] = -float(cold[np.arange(len(labels)), labels].mean())
    return min(losses, key=losses.__getitem__)


def accuracy(net: pl.Network) -> float:
    """Return the share of MNIST's test digits that it reads; none is wrong."""
    test = pl.data.load("mnist").test
    return float((net(test.images).argmax(axis=1) == test.labels).mean())


def epochs_of(net: pl.Network) -> int:
    """Return the number of epochs that a shipped network was trained."""
    return int(net.record["epochs"]) + int(net.record.get("epochs_before", 0))


def trainer_of(start: str | None, data: pl.data.Dataset, checkpoint: Path | None) -> pl.Trainer:
    """Return a trainer that goes on from a checkpoint if there is one, or from a network, or begins with a new one."""
    if checkpoint is not None and checkpoint.exists():
        return pl.Trainer.resume(checkpoint, data, threads=1)
    net = pl.load(start) if start else pl.Network(conv(11), input_shape=(28, 28), seed=0, classes=data.classes)
    rate = 0.001 if start else 0.002
    augment = pl.Augment(shift=1, rotation=8, scale=0.08, shear=0.1, elastic=0.6, elastic_sigma=4)
    optimizer = Adam(WarmUp(rate, epochs=1, then=Cosine(rate)))
    return pl.Trainer(net, data, optimizer=optimizer, batch_size=64, seed=0, augment=augment, threads=1)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--start", help="goes on from this network, at half the learning rate")
    parser.add_argument("--share", type=float, default=1.0, help="trains on this share of the images")
    parser.add_argument("--images", type=Path, metavar="DIR", help="keeps the images drawn; goes on if it exists")
    parser.add_argument("--checkpoint", type=Path, help="keeps the state of training; goes on from it if it exists")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    data = training_data(fonts_of(args.fonts, test=False), args.share, args.images)
    print(f"{len(data):,} images, {int((data.labels == 10).sum()):,} of them none", flush=True)
    trainer, begin = trainer_of(args.start, data, args.checkpoint), time.perf_counter()
    net, resumed = trainer.net, trainer.state.epoch > 0
    before = epochs_of(pl.load(args.start)) if args.start else 0
    for event in trainer.run(None if resumed else args.epochs, checkpoint=args.checkpoint):
        print(event, f"{time.perf_counter() - begin:.0f} s", flush=True)
    net.record |= {
        "recipe": "tools/train_none.py",
        "description": "ten digits and an eleventh answer, none: letters, symbols, shapes, scribbles, crops of photos",
        "epochs_before": before,
        "temperature": temperature(net),
        "test_accuracy": accuracy(net),
        "images": len(data),
        "none": int((data.labels == 10).sum()),
    }
    pl.save(net, args.output)
    print(f"temperature {net.record['temperature']:.2f}, wrote {args.output}")


if __name__ == "__main__":
    main()
