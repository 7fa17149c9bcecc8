"""The named data sets, and `load`, which takes a name or a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, overload

from pellucid.data.checks import DeclaredRange, is_auto
from pellucid.data.dataset import TrainTest
from pellucid.data.limits import checked_limit
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
    level_range: DeclaredRange = "auto",
    test_fraction: float = 0.2,
    seed: int = 0,
    label: str | int | None = None,
    header: bool | None = None,
    ignore: str | int | Sequence[str | int] = (),
    standardize: bool = False,
    task: Literal["auto", "classes", "values"] = "auto",
    memory_limit: int | str | None = None,
    progress: Progress | None = None,
) -> TrainTest: ...
def load(
    source: str | Path,
    *,
    size: tuple[int, int] | None = None,
    level_range: DeclaredRange = "auto",
    test_fraction: float = 0.2,
    seed: int = 0,
    label: str | int | None = None,
    header: bool | None = None,
    ignore: str | int | Sequence[str | int] = (),
    standardize: bool = False,
    task: Literal["auto", "classes", "values"] = "auto",
    memory_limit: int | str | None = None,
    progress: Progress | None = None,
) -> TrainTest | SpokenParts:
    """Load a data set by name, or your own files.

    Parameters
    ----------
    source : str or Path
        One of `names`; or the path of

        - a folder with a subfolder of PNG or JPEG images for each class, or two such folders, ``train/`` and ``test/``;
        - an .npz archive, or the .npy files of a folder, with ``images`` and ``labels``, or ``train_images``,
          ``train_labels``, ``test_images``, ``test_labels``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``; or
          one .npy file such as ``x.npy`` with ``y.npy`` beside it;
        - a CSV table, separated by commas, semicolons or tabs, with a class and its features in each row, or with a
          label and the pixels of an image; see Notes;
        - a folder with MNIST's four IDX files, or one IDX file of images with its labels beside it, plain or gzip.

        A string that is a name selects that data set; a Path is always a path.
    size : (height, width), optional
        Resize the images of a folder; otherwise they must all have the same size.
    level_range : (low, high), None or "auto"
        The levels of paper and of full ink in your files, if they are not those of their type; see `Dataset`.
    test_fraction : float
        Share to hold out, stratified by class, where the source has no test part.
    seed : int
        Determines which examples are held out.
    label : str or int, optional
        The column of a CSV table that has the classes: its name, "first" or "last", or its number from 0, or from -1
        for the last one backwards.
    header : bool, optional
        Whether the first line of a CSV table has the names of its columns; by default it has if it has words where the
        next line has numbers, or no number at all.
    ignore : str or int, or a sequence of them, optional
        Columns of a CSV table to leave out, in the forms of ``label``.
    standardize : bool
        Bring each feature of a CSV table to mean 0 and standard deviation 1, as measured in the training part. The
        parts keep ``mean`` and ``scale``.
    task : "auto", "classes" or "values"
        Whether the label of a CSV table is a class or a value to predict; "auto" takes numbers that are not all whole
        for values.
    memory_limit : int or str, optional
        The most bytes of packed examples that training may hold at once, such as "500 MB"; see `Dataset`. Arrays of
        more bytes than this, by default 2 GiB, stay in their .npy file or uncompressed .npz archive, and pictures of a
        folder that have more pixels are read when they are needed.
    progress : callable, optional
        Called during a download with the name of a file, the number of bytes downloaded, and its total size, or None
        while that is unknown. If it raises an exception, the download stops, and the next call resumes it.

    Returns
    -------
    TrainTest or SpokenParts
        ``train`` and ``test``: `Dataset` each, `Table` for a CSV table of measurements, or `Recordings` for sound.

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

    Notes
    -----
    The label of a CSV table is the column that ``label`` asks for; else one called label, target, class, y, species or
    the like; else the first or the last column: the one with names, or the first if the rest are pixels, or the one
    with fewer different whole numbers, or the last. ``train.choices`` says which it was. Classes are sorted: names by
    the alphabet, numbers by size.

    A table has pixels if all features are whole numbers from 0 to 255, or fractions from 0 to 1, its columns have no
    names or numbered ones such as pixel0, and the label is an integer; or if you give ``level_range``. A square number
    of pixels becomes square images. All other numbers are taken as they are. In a table with semicolons, they may have
    decimal commas.

    Examples
    --------
    >>> digits = load("digits")
    >>> len(digits.train), len(digits.test), digits.train.shape
    (8000, 2000, (28, 28))
    """
    if not isinstance(task, str) or task not in ("auto", "classes", "values"):
        raise ConfigurationError(f'load expected the task "auto", "classes" or "values", got {task!r}.')
    ignored = (ignore,) if isinstance(ignore, str | int) else tuple(ignore)
    options = Options(
        size, level_range, as_fraction("test_fraction", test_fraction), seed, progress,
        label=label, header=header, ignore=ignored, standardize=standardize, task=task,
        memory_limit=checked_limit(memory_limit),
    )  # fmt: skip
    if isinstance(source, str) and source in _NAMED:
        others = {"size": size, "memory_limit": memory_limit}
        given = [name for name, value in others.items() if value is not None]
        given += ["level_range"] * (not is_auto(level_range)) + options.of_tables
        if given:
            them = "them" if len(given) > 1 else "it"
            raise ConfigurationError(f"{' and '.join(given)} cannot be chosen for {source!r}: leave {them} out.")
        return _NAMED[source].load(options)
    from pellucid.data.paths import load_path

    path = expanded(as_path("load", source))
    if isinstance(source, str) and not exists(path):
        raise ConfigurationError(
            f"{source!r} is neither a data set nor a path that exists: expected one of {', '.join(map(repr, _NAMED))}, "
            "or the path of a folder of images, an .npy, .npz, a CSV or an IDX file."
        )
    return load_path(path, options)
