"""Which IDX files belong together: images with their labels, a training pair with its test pair."""

from __future__ import annotations

from pathlib import Path

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.idx import read_idx
from pellucid.data.options import Options
from pellucid.errors import DataError

# MNIST's own names; some archives write a dot before "idx", some unpack.
_TRAIN = ("train-images-idx3-ubyte", "train-images.idx3-ubyte")
_TEST = ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte")


def find(folder: Path, stems: tuple[str, ...]) -> Path | None:
    """Return the first of `stems` that is a file in `folder`, gzip or plain."""
    candidates = (folder / (stem + suffix) for stem in stems for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def labels_of(images: Path) -> Path | None:
    """Return the labels file beside an images file: its name with "labels" for "images" and idx1 for idx3."""
    stem = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    return find(images.parent, (stem,)) if stem != images.name.removesuffix(".gz") else None


def is_idx_folder(folder: Path) -> bool:
    """Tell whether `folder` holds MNIST's training images by one of their usual names."""
    return find(folder, _TRAIN) is not None


def is_whole(folder: Path) -> bool:
    """Tell whether `folder` holds all four files."""
    images = (find(folder, _TRAIN), find(folder, _TEST))
    return all(path is not None and labels_of(path) is not None for path in images)


def load_pair(images: Path, options: Options, name: str) -> Dataset:
    """Load one images file and the labels beside it."""
    labels = labels_of(images)
    if labels is None:
        raise DataError(
            f"Found no labels for {images}: expected a file of its name beside it, with 'labels' in place of 'images' "
            "and idx1 in place of idx3."
        )
    return Dataset(read_idx(images), read_idx(labels), level_range=options.level_range, name=name, source=str(images))


def load_idx(path: Path, options: Options) -> TrainTest:
    """Load a folder with MNIST's four names (or the two for training), or one images file."""
    if not path.is_dir():
        return options.held_out(load_pair(path, options, path.name))
    train, test = find(path, _TRAIN), find(path, _TEST)
    if train is None:
        raise DataError(f"Found no {_TRAIN[0]} in {path}, plain or with .gz: give the folder that holds it.")
    learn = load_pair(train, options, f"{path.name} (train)")
    if test is None:
        return options.held_out(learn)
    return TrainTest(learn, load_pair(test, options, f"{path.name} (test)"))
