"""Data sets of other libraries as data: PyTorch's and Hugging Face's, and whatever looks like them.

Their examples are pairs ``(input, label)``, triples with a weight, or mappings from column names to values.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import as_array
from pellucid.data.columns import Columns
from pellucid.data.dataset import Dataset
from pellucid.errors import ConfigurationError, DataError
from pellucid.system.arguments import as_integer

Names = str | Sequence[str] | None

_AT_ONCE = 1000
"""Examples that are converted at once."""


class _Choice(NamedTuple):
    """The columns that are inputs, ``single`` if there is one that has arrays, and the column with the labels."""

    inputs: tuple[str, ...]
    label: str
    single: bool


def collect(source: Any, *, inputs: Names = None, label: str | None = None, **options: Any) -> Dataset:
    """Read all examples of another library's data set into a `Dataset`.

    Parameters
    ----------
    source : sized, with numbered examples
        A ``torch.utils.data.Dataset`` with ``__len__`` and ``__getitem__``, a ``datasets.Dataset``, or any sequence of
        examples: pairs ``(input, label)``, triples with a weight, or mappings. Inputs may be pictures of Pillow;
        colours go to the front, (C, H, W).
    inputs : str or sequence of str, optional
        Of mappings, the column with the inputs, or several columns with one number each. By default chosen by type: a
        column of pictures or arrays, otherwise all columns with one number.
    label : str, optional
        Of mappings, the column with the labels. By default the one of class labels, or named "label", "labels",
        "target" or "y".
    **options
        As for a `Dataset`; names of classes are those that the source has.

    Raises
    ------
    DataError
        If there are no examples, or they have different shapes.
    ConfigurationError
        If the columns cannot be chosen, or the source has no number of examples.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = [(np.full((2, 2), n / 9), n % 2) for n in range(10)]
    >>> collect(pairs, name="squares")
    <Dataset squares: 10 images of 2x2, levels 0 to 1 (float32), 2 classes: 0 5, 1 5>
    >>> rows = [{"length": 1.5, "width": 0.3, "label": 0}, {"length": 4.7, "width": 1.4, "label": 1}]
    >>> collect(rows).columns.features
    ('length', 'width')
    """
    if not (hasattr(source, "__len__") and hasattr(source, "__getitem__")) or isinstance(source, Mapping):
        raise ConfigurationError(
            f"collect expected a data set with a length and numbered examples, got {type(source).__name__}: choose one "
            "of its splits, or pass pl.data.Stream(pl.data.batches(source)) of examples that come one by one."
        )
    numbers = range(0, len(source), _AT_ONCE)
    read = (_examples(source, range(begin, min(begin + _AT_ONCE, len(source)))) for begin in numbers)
    parts = list(_batches(itertools.chain.from_iterable(read), source, _AT_ONCE, inputs, label))
    if not parts:
        raise DataError("Expected at least one example, got an empty data set.")
    columns = [np.concatenate(part) for part in _same_shapes(parts)]
    choice = _chosen(_first(source), source, inputs, label)
    names = _class_names(source, choice)
    if names is not None:
        options = {"classes": names} | options
    if len(columns) > 2:
        options = {"weight": columns[2]} | options
    data = Dataset(columns[0], columns[1], **options)
    if choice is not None and not choice.single:
        data.columns = Columns(choice.inputs, choice.label)
    return data


def batches(
    source: Iterable[Any], size: int = 256, *, inputs: Names = None, label: str | None = None
) -> Callable[[], Iterator[tuple[Any, ...]]]:
    """Batches of examples that come one by one, for a `Stream`.

    Parameters
    ----------
    source : iterable
        A ``torch.utils.data.IterableDataset``, a ``datasets.IterableDataset``, or anything else that can be iterated
        again and again and gives examples as for `collect`.
    size : int
        Examples in a batch.
    inputs, label : optional
        As for `collect`.

    Returns
    -------
    callable
        A function that begins anew at every call.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> class Endless:
    ...     def __iter__(self):
    ...         rng = np.random.default_rng(0)
    ...         while True:
    ...             point = rng.random(2)
    ...             yield point, int(point.sum() > 1)
    >>> pl.data.Stream(batches(Endless()), length=5000, classes=2)
    <Stream stream: 5,000 examples of 2, numbers as they are (float32), 2 classes>
    """
    if isinstance(source, Iterator) or not isinstance(source, Iterable):
        raise ConfigurationError(
            f"batches expected a data set that can be iterated again and again, got {type(source).__name__}."
        )
    count = as_integer("size", size, 1, 1 << 31)
    return lambda: _batches(source, source, count, inputs, label)


def _examples(source: Any, numbers: range) -> Iterator[Any]:
    """The examples of these numbers, one by one; read together where the source can do that."""
    if _features(source) is None:
        for number in numbers:
            yield source[number]
        return
    columns = source[numbers.start : numbers.stop]
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _batches(
    examples: Iterable[Any], source: Any, size: int, inputs: Names, label: str | None
) -> Iterator[tuple[Any, ...]]:
    """Inputs (n, ...), labels (n, ...) and weights (n,), if there are any, of so many examples at a time."""
    iterator, choice, known = iter(examples), None, False
    while some := list(itertools.islice(iterator, size)):
        if not known:
            choice, known = _chosen(some[0], source, inputs, label), True
        parts = [_parts(example, choice) for example in some]
        _check_weights(parts)
        yield tuple(_stacked(part) for part in zip(*parts, strict=True))


def _parts(example: Any, choice: _Choice | None) -> tuple[Any, ...]:
    """Input, label and perhaps weight of an example, as arrays."""
    if choice is not None:
        if not isinstance(example, Mapping):
            raise DataError(f"Expected all examples as mappings, got {type(example).__name__} among them.")
        try:
            found = [_array(example[name]) for name in choice.inputs]
            return found[0] if choice.single else np.array(found), _array(example[choice.label])
        except KeyError as error:
            raise DataError(f"Expected the column {error} in every example, got one without it.") from None
        except ValueError as error:
            raise DataError(f"Expected one number in each of {', '.join(choice.inputs)}: {error}.") from error
    if not isinstance(example, tuple | list) or len(example) not in (2, 3):
        raise DataError(
            f"Expected examples (input, label), (input, label, weight) or mappings, got {type(example).__name__}."
        )
    return tuple(_array(part) for part in example)


def _array(value: Any) -> npt.NDArray[Any]:
    """A part of an example as numbers; a picture with its colours at the front."""
    if _is_picture(value):
        pixels = np.asarray(value)
        return pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels
    return as_array(value, "a part of an example")


def _is_picture(value: Any) -> bool:
    return hasattr(value, "getbands") and hasattr(value, "size")


def _check_weights(parts: Sequence[tuple[Any, ...]]) -> None:
    if len({len(part) for part in parts}) > 1:
        raise DataError("Expected weights in all examples or in none: add them or leave them out.")


def _stacked(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    _check_shapes({part.shape for part in parts})
    return np.stack(parts)


def _check_shapes(found: set[tuple[int, ...]]) -> None:
    if len(found) > 1:
        one, other = sorted(found)[:2]
        raise DataError(f"Expected examples of one shape, got {one} and {other}: resize them to one.")


def _same_shapes(parts: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[npt.NDArray[Any]]]:
    """Inputs, labels and weights, each of all batches."""
    _check_weights(parts)
    for arrays in zip(*parts, strict=True):
        _check_shapes({array.shape[1:] for array in arrays})
        yield arrays


def _chosen(first: Any, source: Any, inputs: Names, label: str | None) -> _Choice | None:
    """Which columns of mappings are what; None for examples that are no mappings."""
    if not isinstance(first, Mapping):
        if inputs is not None or label is not None:
            raise ConfigurationError("inputs and label name columns; these examples are (input, label).")
        return None
    names = list(first)
    label = _label_of(names, source) if label is None else label
    given = (inputs,) if isinstance(inputs, str) else None if inputs is None else tuple(inputs)
    if unknown := [name for name in (label, *(given or ())) if name not in names]:
        raise ConfigurationError(f"Expected columns among {', '.join(map(str, names))}; got {unknown[0]!r}.")
    if given is not None:
        return _Choice(given, label, len(given) == 1 and _dimensions(first[given[0]]) > 0)
    others = [name for name in names if name != label]
    arrays = [name for name in others if _is_picture(first[name]) or _dimensions(first[name]) > 0]
    numbers = tuple(name for name in others if _dimensions(first[name]) == 0)
    if len(arrays) > 1 or not (arrays or numbers):
        raise ConfigurationError(
            f"Expected one column of pictures or arrays, or columns of numbers, beside {label!r}; got "
            f"{', '.join(map(str, others)) or 'none'}: name them, as in inputs={others[:1]!r}."
        )
    return _Choice((arrays[0],), label, True) if arrays else _Choice(numbers, label, False)


def _label_of(names: Sequence[str], source: Any) -> str:
    """The column with the labels, by its type or name."""
    typed = [name for name, feature in (_features(source) or {}).items() if _names_of(feature) is not None]
    likely = [name for name in (typed if len(typed) == 1 else ("label", "labels", "target", "y")) if name in names]
    if not likely:
        raise ConfigurationError(f"Expected one column with the labels among {', '.join(map(str, names))}: name it.")
    return likely[0]


def _dimensions(value: Any) -> int:
    """The dimensions of a value; -1 if it is no number or array of numbers."""
    if isinstance(value, str | bytes | Mapping) or value is None:
        return -1
    try:
        return _array(value).ndim
    except DataError:
        return -1


def _first(source: Any) -> Any:
    return next(_examples(source, range(1)))


def _features(source: Any) -> Mapping[str, Any] | None:
    """The types of the columns of a Hugging Face data set."""
    features = getattr(source, "features", None)
    return features if isinstance(features, Mapping) else None


def _names_of(feature: Any) -> tuple[str, ...] | None:
    """The names of the classes of a column of class labels."""
    names = getattr(feature, "names", None)
    return tuple(names) if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names) else None


def _class_names(source: Any, choice: _Choice | None) -> tuple[str, ...] | None:
    """The names of the classes, as Hugging Face's class labels or torchvision's ``classes`` have them."""
    if choice is not None:
        return _names_of((_features(source) or {}).get(choice.label))
    names = getattr(source, "classes", None)
    return tuple(names) if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names) else None
