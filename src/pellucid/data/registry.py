"""The data sets that have names, and `load`, which takes a name or a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, overload

from pellucid.data.dataset import TrainTest
from pellucid.data.options import Options, Progress
from pellucid.data.recordings import SpokenParts
from pellucid.errors import ConfigurationError


@dataclass(frozen=True)
class Named:
    """A data set with a name: what it is, and what loads it."""

    summary: str
    load: Callable[[Options], TrainTest | SpokenParts]


def _digits(options: Options) -> TrainTest:
    from pellucid.data.digits import load_digits

    return load_digits()


def _mnist(options: Options) -> TrainTest:
    from pellucid.data.mnist import load_mnist

    return load_mnist(options.progress)


def _spoken(options: Options) -> SpokenParts:
    from pellucid.data.spoken import load_spoken

    return load_spoken()


def _fsdd(options: Options) -> SpokenParts:
    from pellucid.data.fsdd import load_fsdd

    return load_fsdd(options.progress)


_NAMED = {
    "digits": Named("10,000 handwritten digits, 28x28, embedded: needs no download", _digits),
    "mnist": Named("all 70,000 of MNIST, 28x28, downloaded the first time (11 MB)", _mnist),
    "spoken": Named("3,000 words, most of them digits, by 102 synthetic voices, embedded: needs no download", _spoken),
    "fsdd": Named("3,000 spoken digits by six people, downloaded the first time (16 MB)", _fsdd),
}


def names() -> dict[str, str]:
    """Return the name of each data set that `load` knows, with a line that says what it is.

    Examples
    --------
    >>> list(names())[:2]
    ['digits', 'mnist']
    """
    return {name: named.summary for name, named in _NAMED.items()}


@overload
def load(source: Literal["spoken", "fsdd"], *, progress: Progress | None = None) -> SpokenParts: ...  # type: ignore[overload-overlap]
@overload
def load(
    source: str | Path,
    *,
    size: tuple[int, int] | None = None,
    level_range: tuple[float, float] | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrainTest: ...
def load(
    source: str | Path,
    *,
    size: tuple[int, int] | None = None,
    level_range: tuple[float, float] | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
    progress: Progress | None = None,
) -> TrainTest | SpokenParts:
    """Load a data set by name, or from one's own files.

    Parameters
    ----------
    source : str or Path
        One of `names`; or the path of

        - a folder with a subfolder of PNG or JPEG images for each class, or two such, ``train/`` and ``test/``;
        - an .npz archive with ``images`` and ``labels``, or ``train_images``, ``train_labels``, ``test_images``,
          ``test_labels``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``;
        - a CSV table with an image a row, its label first or in a column named ``label``, with or without a header;
        - a folder with MNIST's four IDX files, or one IDX file of images with its labels beside it, plain or gzip.

        A string that is a name is taken as that; a Path is always a path.
    size : (height, width), optional
        Resize a folder's images to this; otherwise they must all be of one size.
    level_range : (low, high), optional
        The levels of paper and of full ink in one's own files, where their type does not tell; see `Dataset`.
    test_fraction : float
        Share to hold out, every class by its share, where the source has no test part of its own.
    seed : int
        Which examples are held out.
    progress : callable, optional
        Called during a download with a file's name, the bytes of it that are here, and those it has in all, or None
        while that is unknown. An exception it raises ends the download, which the next call resumes.

    Returns
    -------
    TrainTest or SpokenParts
        A pair of `Dataset`, for sound of `Recordings`: ``train`` and ``test``.

    Raises
    ------
    ConfigurationError
        If there is no data set of that name, or an option means nothing for it.
    DataError
        If the files are missing, or hold no usable images and labels.
    FileFormatError
        If a file is damaged or of another format.
    DownloadError
        If a download fails; the message says what to do without it.

    Examples
    --------
    >>> digits = load("digits")
    >>> len(digits.train), len(digits.test), digits.train.shape
    (8000, 2000, (28, 28))
    """
    if not 0 < test_fraction < 1:
        raise ConfigurationError(f"test_fraction must lie between 0 and 1, got {test_fraction!r}: try 0.2.")
    options = Options(size, level_range, test_fraction, seed, progress)
    if isinstance(source, str) and source in _NAMED:
        given = [name for name, value in (("size", size), ("level_range", level_range)) if value is not None]
        if given:
            raise ConfigurationError(f"{' and '.join(given)} cannot be chosen for {source!r}: leave it out.")
        return _NAMED[source].load(options)
    from pellucid.data.paths import load_path

    if isinstance(source, str) and not Path(source).expanduser().exists():
        raise ConfigurationError(
            f"{source!r} is neither a data set nor a path that exists: expected one of "
            f"{', '.join(map(repr, _NAMED))}, or the path of a folder of images, an .npz, a CSV or an IDX file."
        )
    return load_path(Path(source).expanduser(), options)
