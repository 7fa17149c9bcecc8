"""The named data sets, and `load`, which takes a name or a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, overload

from pellucid.data.dataset import TrainTest
from pellucid.data.options import Options, Progress
from pellucid.data.recordings import SpokenParts
from pellucid.errors import ConfigurationError
from pellucid.system.arguments import as_fraction, as_path, exists, expanded


@dataclass(frozen=True)
class Named:
    """A named data set: its summary, and the function that loads it."""

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
    "digits": Named("10,000 handwritten digits, 28x28, embedded: no download", _digits),
    "mnist": Named("all 70,000 digits of MNIST, 28x28, downloaded on first use (12 MB)", _mnist),
    "spoken": Named("3,000 words, most of them digits, by 102 synthetic voices, embedded: no download", _spoken),
    "fsdd": Named("3,000 spoken digits by six people, downloaded on first use (16 MB)", _fsdd),
}


def names() -> dict[str, str]:
    """Return the names of the data sets that `load` knows, each with a one-line summary.

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
    """Load a data set by name, or your own files.

    Parameters
    ----------
    source : str or Path
        One of `names`; or the path of

        - a folder with a subfolder of PNG or JPEG images for each class, or two such folders, ``train/`` and ``test/``;
        - an .npz archive with ``images`` and ``labels``, or ``train_images``, ``train_labels``, ``test_images``,
          ``test_labels``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``;
        - a CSV table with one image in each row, its label first or in a column named ``label``; a header is optional;
        - a folder with MNIST's four IDX files, or one IDX file of images with its labels beside it, plain or gzip.

        A string that is a name selects that data set; a Path is always a path.
    size : (height, width), optional
        Resize the images of a folder; otherwise they must all have the same size.
    level_range : (low, high), optional
        The levels of paper and of full ink in your files, if they are not those of their type; see `Dataset`.
    test_fraction : float
        Share to hold out, stratified by class, where the source has no test part.
    seed : int
        Determines which examples are held out.
    progress : callable, optional
        Called during a download with the name of a file, the number of bytes downloaded, and its total size, or None
        while that is unknown. If it raises an exception, the download stops, and the next call resumes it.

    Returns
    -------
    TrainTest or SpokenParts
        ``train`` and ``test``: `Dataset` each, or `Recordings` for sound.

    Raises
    ------
    ConfigurationError
        If there is no data set of that name, or an option does not apply to it.
    DataError
        If the files are missing, or have no valid images and labels.
    FileFormatError
        If a file is damaged or has another format.
    DownloadError
        If a download fails; the message says what else to do.

    Examples
    --------
    >>> digits = load("digits")
    >>> len(digits.train), len(digits.test), digits.train.shape
    (8000, 2000, (28, 28))
    """
    options = Options(size, level_range, as_fraction("test_fraction", test_fraction), seed, progress)
    if isinstance(source, str) and source in _NAMED:
        given = [name for name, value in (("size", size), ("level_range", level_range)) if value is not None]
        if given:
            them = "them" if len(given) > 1 else "it"
            raise ConfigurationError(f"{' and '.join(given)} cannot be chosen for {source!r}: leave {them} out.")
        return _NAMED[source].load(options)
    from pellucid.data.paths import load_path

    path = expanded(as_path("load", source))
    if isinstance(source, str) and not exists(path):
        raise ConfigurationError(
            f"{source!r} is neither a data set nor a path that exists: expected one of {', '.join(map(repr, _NAMED))}, "
            "or the path of a folder of images, an .npz, a CSV or an IDX file."
        )
    return load_path(path, options)
