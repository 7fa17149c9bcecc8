"""Pairs of IDX files: images with their labels, training part with test part."""

from __future__ import annotations

from pathlib import Path

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.idx import read_idx
from pellucid.data.options import Options
from pellucid.errors import DataError

# The names of MNIST; some archives have a dot before "idx", some are not compressed.
_TRAIN = ("train-images-idx3-ubyte", "train-images.idx3-ubyte")
_TEST = ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte")


def find(folder: Path, stems: tuple[str, ...]) -> Path | None:
    """Return the first of `stems` that exists in `folder`, plain or gzip."""
    candidates = (folder / (stem + suffix) for stem in stems for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def labels_of(images: Path) -> Path | None:
    """Return the labels beside a file of images: its name with "labels" for "images" and idx1 for idx3."""
    stem = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    return find(images.parent, (stem,)) if stem != images.name.removesuffix(".gz") else None


def is_idx_folder(folder: Path) -> bool:
    """Whether a folder has MNIST's training images under one of their usual names."""
    return find(folder, _TRAIN) is not None


def is_complete(folder: Path) -> bool:
    """Whether a folder has all four files of MNIST."""
    images = (find(folder, _TRAIN), find(folder, _TEST))
    return all(path is not None and labels_of(path) is not None for path in images)


def load_pair(images: Path, options: Options, name: str) -> Dataset:
    """Load a file of images and the labels beside it."""
    labels = labels_of(images)
    if labels is None:
        raise DataError(
            f"Expected labels beside {images}, got none: add a file of the same name, with 'labels' in place of "
            "'images' and idx1 in place of idx3."
        )
    return Dataset(read_idx(images), read_idx(labels), level_range=options.level_range, name=name, source=str(images))


def load_idx(path: Path, options: Options) -> TrainTest:
    """Load a folder with the four files of MNIST (or the two for training), or a file of images."""
    if not path.is_dir():
        return options.held_out(load_pair(path, options, path.name))
    train, test = find(path, _TRAIN), find(path, _TEST)
    if train is None:
        raise DataError(f"Expected {_TRAIN[0]} in {path}, plain or with .gz, got none: give the folder that has it.")
    learn = load_pair(train, options, f"{path.name} (train)")
    if test is None:
        return options.held_out(learn)
    return TrainTest(learn, load_pair(test, options, f"{path.name} (test)"))
