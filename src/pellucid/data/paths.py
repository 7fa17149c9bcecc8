"""A path of the user: find its format, and load it."""

from __future__ import annotations

from pathlib import Path

from pellucid.data.dataset import TrainTest
from pellucid.data.idx import is_idx
from pellucid.data.options import Options
from pellucid.errors import ConfigurationError, DataError, FileFormatError


def load_path(path: Path, options: Options) -> TrainTest:
    """Load the images at `path`, in any of the known formats."""
    try:
        return _load(path, options)
    except FileNotFoundError as error:
        raise DataError(f"There is no {error.filename or path}: check its spelling.") from error
    except OSError as error:
        raise DataError(
            f"Could not read {error.filename or path} ({error.strerror or error}): check its permissions."
        ) from error


def _load(path: Path, options: Options) -> TrainTest:
    from pellucid.data.arrays import load_npz
    from pellucid.data.folder import load_folder
    from pellucid.data.idx_pairs import is_idx_folder, load_idx
    from pellucid.data.table import load_csv

    if path.is_dir() and not is_idx_folder(path):
        return load_folder(path, options)
    if options.size is not None:
        raise ConfigurationError(f"Expected a folder of images to resize with size, got {path}: leave size out.")
    if path.suffix.lower() == ".npz":
        return load_npz(path, options)
    if path.suffix.lower() == ".csv":
        return load_csv(path, options)
    if path.is_dir() or is_idx(_head(path)):
        return load_idx(path, options)
    raise FileFormatError(
        f"Expected a folder with a subfolder of images for each class, .npz, .csv, or IDX, plain or gzip, got {path}: "
        "convert it to one of these."
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)
