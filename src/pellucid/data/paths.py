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
        parts = _load(path, options)
    except FileNotFoundError as error:
        raise DataError(f"There is no {error.filename or path}: check its spelling.") from error
    except OSError as error:
        raise DataError(
            f"Could not read {error.filename or path} ({error.strerror or error}): check its permissions."
        ) from error
    return TrainTest(*(part.limited(options.memory_limit) for part in parts))


def _load(path: Path, options: Options) -> TrainTest:
    from pellucid.data.arrays import load_npz
    from pellucid.data.folder import load_folder
    from pellucid.data.idx_pairs import is_idx_folder, load_idx
    from pellucid.data.npy import is_npy_folder, load_npy
    from pellucid.data.table import load_csv

    is_table = path.suffix.lower() in (".csv", ".tsv") and not path.is_dir()
    if options.of_tables and not is_table:
        raise ConfigurationError(
            f"{' and '.join(options.of_tables)} can be chosen for CSV tables only, got {path}: leave out what does not "
            "apply."
        )
    is_npy = is_npy_folder(path) or (path.suffix.lower() == ".npy" and not path.is_dir())
    if path.is_dir() and not is_npy and not is_idx_folder(path):
        return load_folder(path, options)
    if options.size is not None:
        raise ConfigurationError(f"Expected a folder of images to resize with size, got {path}: leave size out.")
    if is_npy:
        return load_npy(path, options)
    if path.suffix.lower() == ".npz":
        return load_npz(path, options)
    if is_table:
        return load_csv(path, options)
    if path.is_dir() or is_idx(_head(path)):
        return load_idx(path, options)
    raise FileFormatError(
        f"Expected a folder with a subfolder of images for each class, .npy, .npz, .csv, .tsv, or IDX, plain or gzip, "
        f"got {path}: convert it to one of these."
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)
