"""Train the network that says whether there is a digit at all: ten digits, and an eleventh answer.

    python tools/train_none.py --fonts DIR                # writes src/pellucid/models/digits-or-none.safetensors
    python tools/train_none.py --fonts DIR --epochs 1 --share 0.1 --output try.safetensors
    python tools/train_none.py --fonts DIR --start digits-or-none       # five more epochs; the shipped one had both

It is `digits-conv` with one more class. It is trained on MNIST's training digits, half of them stretched, slanted,
thickened or coarsened; on digits of fonts; and on the kinds of ``tools/non_digits.py`` that are to fit. ``DIR`` has
the TrueType fonts of handwriting; those of matplotlib are used too. The last 5,000 digits of the training part set the
temperature.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pellucid as pl
from pellucid.data.drawings import center, find_digits
from pellucid.models.architectures import conv
from pellucid.training.optimizers import Adam
from pellucid.training.schedules import Cosine, WarmUp
from tools import non_digits as draw

OUTPUT = Path(__file__).parents[1] / "src" / "pellucid" / "models" / "digits-or-none.safetensors"
NONE = "none"
KEPT_OUT = 5000
SYMBOL_FONT = "DejaVuSans.ttf"
TEST_FONTS = ("covered-by-your-grace", "handlee", "homemade-apple", "schoolbell", "DejaVuSerif-Italic", "cmr10")
"""Fonts whose letters are kept for tests."""

Picture = NDArray[np.float32]


def fonts_of(folder: Path, *, test: bool) -> list[Path]:
    """Return the fonts of handwriting in a folder, and some of matplotlib: those to fit, or those to test."""
    import matplotlib

    own = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSansMono", "cmss10", "cmtt10", *TEST_FONTS)
    found = [*sorted(folder.glob("*.ttf")), *(own / f"{name}.ttf" for name in names)]
    return [path for path in found if path.exists() and (path.stem in TEST_FONTS) == test]


def varied(rng: draw.Random, image: Picture, label: int) -> Picture:
    """Return a digit of MNIST stretched, slanted, thickened or coarsened; a 7 is crossed at times."""
    if label == 7 and rng.random() < 0.2:
        image = crossed(rng, image)
    ink = Image.fromarray(draw.enlarged(image))
    middle, stretch, slant = ink.width / 2, np.exp(rng.uniform(-0.45, 0.45)), rng.uniform(-0.35, 0.35)
    matrix = (stretch, slant, middle * (1 - stretch - slant), 0.0, 1.0, 0.0)
    ink = ink.transform(ink.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    which = rng.integers(-2, 4)
    if which <= 0:
        side = int(rng.integers(14, 36))
        ink = ink.resize((side, side), Image.Resampling.BOX)
    pixels = np.asarray(ink, np.float32)
    if which == 1:
        pixels = draw.widened(rng, pixels)
    if which == 2:
        pixels = (pixels > rng.uniform(0.3, 0.7)).astype(np.float32)
    return center(np.clip(pixels, 0, 1), thicken=True)


def crossed(rng: draw.Random, image: Picture) -> Picture:
    """Return a 7 with a bar through its stem."""
    rows = np.flatnonzero(image.any(axis=1))
    y = int(rows[0] + (rows[-1] - rows[0]) * rng.uniform(0.45, 0.65))
    at = int(image[y].argmax())
    barred, reach = image.copy(), int(rng.integers(3, 6))
    bar = barred[y : y + 2, max(0, at - reach) : at + reach + 1]
    np.maximum(bar, rng.uniform(0.6, 1), out=bar)
    return barred


def digits_to_fit(
    rng: draw.Random, images: Picture, labels: NDArray[np.int64], fonts: Sequence[Path], count: int
) -> tuple[Picture, NDArray[np.int64]]:
    """Return MNIST's digits, half of them varied, and so many of fonts."""
    mixed = np.stack(
        [varied(rng, i, int(k)) if n % 2 else i for n, (i, k) in enumerate(zip(images, labels, strict=True))]
    )
    classes = rng.integers(0, 10, count)
    printed = [center(draw.lettered(rng, str(k), fonts[rng.integers(len(fonts))]), thicken=True) for k in classes]
    return np.concatenate([mixed, printed]), np.concatenate([labels, classes])


def kinds_to_fit(digits: Picture, fonts: Sequence[Path]) -> dict[str, tuple[draw.Kind, int]]:
    """Return the kinds of no digits that are trained on, and how many of each."""
    symbols = [path for path in fonts if path.name == SYMBOL_FONT]
    return {
        "letters": (draw.characters(draw.FIT_LETTERS, fonts), 14_000),
        "symbols": (draw.characters(draw.FIT_SYMBOLS, symbols), 5_000),
        "shapes": (draw.shapes(draw.FIT_SHAPES), 6_000),
        "scribbles": (draw.scribble, 4_000),
        "hatching": (draw.hatching, 3_000),
        "zigzags": (draw.zigzag, 2_000),
        "blots": (draw.blots, 2_000),
        "crossed out": (draw.crossed_out(digits), 3_000),
        "run together": (draw.run_together(digits), 2_500),
    }


def from_photos(rng: draw.Random, photos: Sequence[NDArray[np.uint8]], count: int) -> list[Picture]:
    """Return what the search takes for digits in crops of photos."""
    return [
        digit.pixels for photo in photos for crop in draw.photo_crops(rng, photo, count) for digit in find_digits(crop)
    ]


def sample_photo(name: str) -> NDArray[np.uint8]:
    """Return one of scikit-learn's photos."""
    from sklearn.datasets import load_sample_image

    return np.asarray(load_sample_image(name), np.uint8)


def training_data(fonts: Sequence[Path], share: float) -> pl.data.Dataset:
    """Draw all images to fit: digits, and none."""
    rng, train = np.random.default_rng(0), pl.data.load("mnist").train
    images = np.asarray(train.images[:-KEPT_OUT], np.float32) / 255
    chosen = slice(0, round(share * len(images)))
    drawn, labels = digits_to_fit(rng, images[chosen], train.labels[:-KEPT_OUT][chosen], fonts, round(5000 * share))
    nones = [
        center(kind(rng), thicken=True)
        for kind, count in kinds_to_fit(images, fonts).values()
        for _ in range(round(share * count))
    ]
    nones += from_photos(rng, [sample_photo("china.jpg")], round(share * 1500))
    every = np.concatenate([drawn, np.stack(nones)])
    answers = np.concatenate([labels, np.full(len(nones), 10)])
    return pl.data.Dataset(
        np.round(every * 255).astype(np.uint8), answers, classes=(*map(str, range(10)), NONE), name="digits or none"
    )


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


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--start", help="goes on from this network, at half the learning rate")
    parser.add_argument("--share", type=float, default=1.0, help="trains on this share of the images")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    data = training_data(fonts_of(args.fonts, test=False), args.share)
    print(f"{len(data):,} images, {int((data.labels == 10).sum()):,} of them none", flush=True)
    new = pl.Network(conv(11), input_shape=(28, 28), seed=0, classes=data.classes)
    net = pl.load(args.start) if args.start else new
    rate, before = (0.001, net.record["epochs"]) if args.start else (0.002, 0)
    augment = pl.Augment(shift=1, rotation=8, scale=0.08, shear=0.1, elastic=0.6, elastic_sigma=4)
    optimizer = Adam(WarmUp(rate, epochs=1, then=Cosine(rate)))
    trainer = pl.Trainer(net, data, optimizer=optimizer, batch_size=64, seed=0, augment=augment, threads=1)
    begin = time.perf_counter()
    for event in trainer.run(epochs=args.epochs):
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
