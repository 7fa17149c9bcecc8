"""Train `digits-conv` on for other writers: after MNIST alone, on digits varied as ``tools/varied_digits.py`` does.

    python -m pellucid.models.digits_conv               # the first stage: 16 epochs of MNIST
    python -m tools.train_conv --fonts DIR              # the second: writes src/pellucid/models/digits-conv.safetensors
    python -m tools.train_conv --fonts DIR --share 0.1 --epochs 1 --output try.safetensors

An epoch has MNIST's 60,000 training digits, each of them once more in another style, 6,000 as they are found in noisy
pictures, 12,000 drawn by formula and 4,000 of fonts. ``DIR`` has the TrueType fonts; see ``tools/train_none.py``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import pellucid as pl
from pellucid.models.digits_conv import SECOND
from pellucid.models.recipe import of_any_levels
from tools import non_digits as draw
from tools.train_none import accuracy, epochs_of, fonts_of, kept, printed_digit
from tools.varied_digits import european, seen, varied

OUTPUT = Path(__file__).parents[1] / "src" / "pellucid" / "models" / "digits-conv.safetensors"
SEEN, DRAWN, PRINTED = 6000, 12_000, 4000

Picture = NDArray[np.float32]
Labels = NDArray[np.int64]


def digits_to_fit(rng: draw.Random, images: Picture, labels: Labels, fonts: Sequence[Path]) -> tuple[Picture, Labels]:
    """Return MNIST's digits (N, 28, 28), each once more varied, and others; and what they are."""
    share = len(images) / 60_000
    again = [varied(rng, image, int(label)) for image, label in zip(images, labels, strict=True)]
    numbers = rng.integers(0, len(images), round(SEEN * share))
    found = [(pixels, labels[i]) for i in numbers if (pixels := seen(rng, images[i])) is not None]
    drawn = [european(rng) for _ in range(round(DRAWN * share))]
    printed = [printed_digit(rng, fonts) for _ in range(round(PRINTED * share))]
    others = [*found, *drawn, *printed]
    return (
        np.concatenate([images, np.stack(again), np.stack([pixels for pixels, _ in others])]),
        np.concatenate([labels, labels, np.array([label for _, label in others], np.int64)]),
    )


def training_data(fonts: Sequence[Path], share: float, path: Path | None) -> pl.data.Dataset:
    """Draw all images to fit."""
    train = pl.data.load("mnist").train
    chosen = slice(0, round(share * len(train)))
    images = np.asarray(train.images[chosen], np.float32) / 255
    pixels, labels = kept(path, lambda rng: digits_to_fit(rng, images, train.labels[chosen], fonts), 0)
    name = "mnist (train), as it is and varied; drawn by formula; fonts"
    return pl.data.Dataset(pixels, labels, classes=train.classes, name=name)


def trainer_of(start: str, data: pl.data.Dataset, checkpoint: Path | None, seed: int) -> pl.Trainer:
    """Return a trainer that goes on from a checkpoint if there is one, and from a network otherwise."""
    if checkpoint is not None and checkpoint.exists():
        return pl.Trainer.resume(checkpoint, data, threads=1)
    options = {"optimizer": SECOND.optimizer, "batch_size": SECOND.batch_size, "augment": SECOND.augment}
    return pl.Trainer(pl.load(start), data, seed=seed, threads=1, **options)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--start", default="digits-conv", help="a network after the first stage")
    parser.add_argument("--epochs", type=int, default=SECOND.epochs)
    parser.add_argument(
        "--seeds", type=int, default=SECOND.seeds, help="of the order and of augmentation; keeps the first"
    )
    parser.add_argument("--share", type=float, default=1.0, help="trains on this share of the images")
    parser.add_argument("--images", type=Path, help="an .npz file that keeps the images drawn, or has them")
    parser.add_argument("--checkpoint", type=Path, help="keeps each state of training; goes on if it exists")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    begin = time.perf_counter()
    data = training_data(fonts_of(args.fonts, test=False), args.share, args.images)
    print(f"{len(data):,} images after {time.perf_counter() - begin:.0f} s", flush=True)
    nets = []
    for seed in range(args.seeds):
        checkpoint = args.checkpoint and args.checkpoint.with_name(f"{args.checkpoint.name}.{seed}")
        trainer = trainer_of(args.start, data, checkpoint, seed)
        for event in trainer.run(None if trainer.state.epoch else args.epochs, checkpoint=checkpoint):
            print(seed, event, f"{accuracy(trainer.net):.2%} of MNIST's test digits", flush=True)
        nets.append(trainer.net)
    accuracies = [accuracy(net) for net in nets]
    mean, deviation = float(np.mean(accuracies)), float(np.std(accuracies))
    print(f"{mean:.2%}, standard deviation {deviation:.2%} over {len(nets)} seeds of the second stage")
    net = of_any_levels(nets[0])
    net.record |= {
        "data": data.name,
        "recipe": "tools/train_conv.py",
        "description": SECOND.description,
        "epochs_before": epochs_of(pl.load(args.start)),
        "test_accuracy": accuracies[0],
        "test_accuracy_mean": mean,
        "test_accuracy_std": deviation,
        "seeds": len(nets),
    }
    pl.save(net, args.output)
    print(f"wrote {args.output}")


if __name__ == "__main__":
    main()
