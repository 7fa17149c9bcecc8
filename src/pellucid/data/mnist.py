"""The data set "mnist": all 70,000 digits, from PELLUCID_DATA, the user's cache, or a download, in this order."""

from __future__ import annotations

from pathlib import Path

from pellucid.data.data_folders import VARIABLE, cached_folder, configured_folder, download_folder
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.download import Remote, fetch, gunzipped_is
from pellucid.data.idx import read_idx
from pellucid.data.idx_pairs import find, is_complete
from pellucid.data.options import Progress
from pellucid.errors import DataError, DownloadError, FileFormatError

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/",)

# SHA-256 and length of each uncompressed file.
FILES = {
    "train-images-idx3-ubyte": ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 47_040_016),
    "train-labels-idx1-ubyte": ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 60_008),
    "t10k-images-idx3-ubyte": ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 7_840_016),
    "t10k-labels-idx1-ubyte": ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 10_008),
}

_SOURCE = "the MNIST database of handwritten digits, Yann LeCun, Corinna Cortes, Christopher Burges"
_LICENCE = "CC BY-SA 3.0, LeCun, Cortes, Burges"


def load_mnist(progress: Progress | None = None) -> TrainTest:
    """Load MNIST; the first call downloads it, and calls `progress` meanwhile."""
    folder = _found() or _fetched(progress)
    try:
        return TrainTest(_part(folder, "train", "train", 60_000), _part(folder, "t10k", "test", 10_000))
    except FileFormatError as error:
        if folder != cached_folder("mnist"):
            raise
        raise FileFormatError(f"{error} To download it again, delete {folder}.") from error


def is_available() -> bool:
    """Whether MNIST is on this machine, so that loading it needs no download."""
    return _found() is not None


def _found() -> Path | None:
    """Return the first folder with all four files."""
    folders = (configured_folder("mnist"), cached_folder("mnist"))
    return next((folder for folder in folders if folder is not None and is_complete(folder)), None)


def _fetched(progress: Progress | None) -> Path:
    """Download the missing files into the user's cache."""
    from filelock import FileLock

    folder = download_folder("mnist")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            for name, (sha256, size) in FILES.items():
                if find(folder, (name,)) is None:
                    fetch(_remote(name, sha256, size), folder, progress)
    except OSError as error:
        why = str(error) if isinstance(error, DownloadError) else f"Could not write to {folder}: {error.strerror}."
        raise DownloadError(
            f"{why} Try again with an internet connection; or put MNIST's four .gz files into {folder}; or set "
            f'{VARIABLE} to a folder that has them in mnist/; or use the embedded data set "digits".'
        ) from error
    return folder


def _remote(name: str, sha256: str, size: int) -> Remote:
    # Deflate makes a file larger by at most a thousandth, plus headers.
    return Remote(f"{name}.gz", MIRRORS, most_bytes=size + size // 1000 + 1024, check=gunzipped_is(sha256, size))


def _part(folder: Path, prefix: str, part: str, count: int) -> Dataset:
    """Read the images and labels of one part, and check their number."""
    images, labels = (
        read_idx(find(folder, (f"{prefix}-{kind}-ubyte", f"{prefix}-{kind.replace('-', '.')}-ubyte")) or folder)
        for kind in ("images-idx3", "labels-idx1")
    )
    if images.shape != (count, 28, 28):
        raise DataError(
            f"Expected {count} images of 28x28 in the {part} set of MNIST, got {images.shape} in {folder}: replace the "
            "files."
        )
    digits = [str(digit) for digit in range(10)]
    return Dataset(images, labels, classes=digits, name=f"mnist ({part})", source=_SOURCE, licence=_LICENCE)
