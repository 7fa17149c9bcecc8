"""A data set of sequences: frames of features, each sequence with a transcript or with one class."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Self, overload

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import as_array, checked_classes
from pellucid.errors import DataError
from pellucid.system.arguments import as_fraction, as_integer
from pellucid.system.fixed import Fixed

Frames = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Index = slice | npt.NDArray[Any] | Sequence[int]


class Sequences(Fixed):
    """Labelled sequences of frames, of any lengths.

    Parameters
    ----------
    frames : sequence of array_like, each of shape (T, D)
        Finite numbers, stored as float32; T is at least 1 and may differ, D is the same for all.
    labels : sequence
        The target of each sequence. Either an array of integers (L,): its transcript, for the loss "ctc", which
        determines the alignment; class 0 is CTC's blank, so labels start at 1. Or one integer, from 0: its class, for
        the loss "cross_entropy". With ``per_frame`` an array of integers (T,), from 0: the class of every frame.
    per_frame : bool
        Whether labels are one for each frame.
    classes : sequence of str, optional
        The name of each class, for transcripts including the blank at 0; by default "0", "1", ...
    name, source, licence : str
        Name, origin and licence of the data.

    Attributes
    ----------
    flat : ndarray of float32, shape (all frames, D)
        All frames, one sequence after another.
    starts : ndarray of int64, shape (N + 1,)
        Index in ``flat`` of the first frame of each sequence.
    transcribed : bool
        Whether the labels are transcripts; otherwise they are classes, of sequences or of frames.
    symbols : ndarray of int64
        All labels, one sequence after another; those of sequence i are ``symbols[label_starts[i] :
        label_starts[i + 1]]``. Labels and starts are read-only.
    classes : tuple of str

    Raises
    ------
    DataError
        If frames and labels differ in number, are empty, or have values that are not valid features or labels.

    Examples
    --------
    >>> import numpy as np
    >>> two = Sequences([np.zeros((7, 3)), np.ones((4, 3))], [[1, 2, 2], [2]], classes=["-", "ze", "ro"])
    >>> two
    <Sequences data: 2 sequences of 4 to 7 frames of 3 features, 4 labels of 2 kinds>
    >>> frames, labels = two[0]
    >>> frames.shape, labels.tolist()
    ((7, 3), [1, 2, 2])
    >>> Sequences([np.zeros((7, 3)), np.ones((4, 3))], [1, 0])[1][1]
    0
    """

    _fixed = frozenset({"flat", "starts", "transcribed", "per_frame", "symbols", "label_starts", "classes"})

    def __init__(
        self,
        frames: Sequence[npt.ArrayLike],
        labels: Sequence[npt.ArrayLike],
        *,
        per_frame: bool = False,
        classes: Sequence[str] | None = None,
        name: str = "data",
        source: str = "",
        licence: str = "",
    ) -> None:
        self.flat, self.starts = checked_frames(frames)
        count = len(self.starts) - 1
        labels = _listed(labels, "labels")
        if len(labels) != count:
            raise DataError(
                f"Expected labels for each sequence, got {count} sequences and labels for {len(labels)}: check that "
                "they belong together."
            )
        self.per_frame = bool(per_frame)
        listed, self.symbols, self.label_starts = _checked_labels(labels, self.lengths if per_frame else None)
        self.transcribed = listed and not per_frame
        self._freeze()
        self.classes = checked_classes(classes, max(int(self.symbols.max(initial=0)), int(self.transcribed)))
        self.name = name
        self.source = source
        self.licence = licence

    @property
    def shape(self) -> tuple[None, int]:
        """The shape of one sequence, for a network's `input_shape`: any number of frames of D features."""
        return None, self.flat.shape[1]

    @property
    def lengths(self) -> Labels:
        """The number of frames of each sequence, shape (N,)."""
        return np.diff(self.starts)

    @property
    def frames(self) -> tuple[Frames, ...]:
        """The frames (T, D) of each sequence: views of ``flat``."""
        return tuple(self.flat[begin:end] for begin, end in zip(self.starts, self.starts[1:], strict=False))

    @property
    def labels(self) -> tuple[Labels, ...] | Labels:
        """The transcript (L,) of each sequence, or the classes (T,) of its frames; otherwise all classes (N,)."""
        if not (self.transcribed or self.per_frame):
            return self.symbols
        return tuple(self.symbols[a:b] for a, b in zip(self.label_starts, self.label_starts[1:], strict=False))

    def split(self, fraction: float, seed: int = 0) -> tuple[Self, Self]:
        """Split the data at random into two parts, the first with `fraction` of it, both in the order of the data.

        Examples
        --------
        >>> data = Sequences([np.zeros((2, 1))] * 10, [0] * 10)
        >>> [len(part) for part in data.split(0.8)]
        [8, 2]
        """
        count = round(as_fraction("fraction", fraction) * len(self))
        if not 0 < count < len(self):
            raise DataError(
                f"split expected at least one sequence in each part, got {count} of {len(self)} in the first: choose a "
                "fraction nearer to a half."
            )
        order = np.random.default_rng(as_integer("seed", seed, 0)).permutation(len(self))
        return self[np.sort(order[:count])], self[np.sort(order[count:])]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> tuple[Frames, Labels | int]: ...
    @overload
    def __getitem__(self, index: Index) -> Self: ...
    def __getitem__(self, index: int | np.integer[Any] | Index) -> tuple[Frames, Labels | int] | Self:
        """Return (frames, labels) for an index; Sequences for a slice, a list of indices or a boolean mask."""
        if isinstance(index, int | np.integer):
            i = range(len(self))[int(index)]
            symbols = self.symbols[self.label_starts[i] : self.label_starts[i + 1]]
            return self.flat[
                self.starts[i] : self.starts[i + 1]
            ], symbols if self.transcribed or self.per_frame else int(symbols[0])
        chosen = np.arange(len(self))[index]
        if chosen.ndim != 1 or not len(chosen):
            raise DataError(
                f"Expected an index that selects at least one of the {len(self)} sequences, got {chosen.shape}."
            )
        part = copy.copy(self)
        flat, starts = _picked(self.flat, self.starts, chosen)
        symbols, label_starts = _picked(self.symbols, self.label_starts, chosen)
        vars(part).update(flat=flat, starts=starts, symbols=symbols, label_starts=label_starts)
        part._freeze()
        return part

    def _freeze(self) -> None:
        """Make starts and labels read-only: the engine uses them as indices, and relies on their check."""
        for array in (self.starts, self.symbols, self.label_starts):
            array.flags.writeable = False

    def __iter__(self) -> Iterator[tuple[Frames, Labels | int]]:
        """Yield (frames, labels) for each sequence."""
        for i in range(len(self)):
            yield self[i]

    def __repr__(self) -> str:
        low, high, features = int(self.lengths.min()), int(self.lengths.max()), self.flat.shape[1]
        kinds = len(self.classes) - self.transcribed
        labels = f"{len(self.symbols)} labels of {kinds} kinds" if self.transcribed else f"{kinds} classes"
        labels += " of frames" if self.per_frame else ""
        return (
            f"<Sequences {self.name}: {len(self)} sequences of {low} to {high} frames of {features} features, {labels}>"
        )


def checked_frames(frames: Sequence[npt.ArrayLike]) -> tuple[Frames, Labels]:
    """Concatenate sequences (T, D) into (all frames, D), float32; return it with the index of each first frame.

    Raises
    ------
    DataError
        If there are none, or one is not an array (T, D) of finite numbers with the D of the first.
    """
    arrays: list[Frames] = []
    for i, given in enumerate(_listed(frames, "frames")):
        array = as_array(given, f"the frames of sequence {i}")
        if array.ndim != 2 or 0 in array.shape or (arrays and array.shape[1] != arrays[0].shape[1]):
            expected = f"(T, {arrays[0].shape[1]})" if arrays else "(T, D)"
            raise DataError(
                f"Expected frames of shape {expected} with at least one frame, got {array.shape} for sequence {i}: "
                "correct it."
            )
        with np.errstate(over="ignore"):
            arrays.append(np.asarray(array, np.float32))
        if not np.isfinite(arrays[-1]).all():
            t = int(np.argmin(np.isfinite(arrays[-1]).all(axis=1)))
            raise DataError(f"Expected finite features, got NaN or infinity in frame {t} of sequence {i}: repair it.")
    if not arrays:
        raise DataError("Expected at least one sequence, got none: check where they come from.")
    starts = np.concatenate([[0], np.cumsum([len(array) for array in arrays])]).astype(np.int64)
    return np.ascontiguousarray(np.concatenate(arrays)), starts


def _listed(values: Any, what: str) -> list[Any]:
    """Return a list of what there is for each sequence."""
    try:
        return list(values)
    except TypeError:
        raise DataError(
            f"Expected {what} as a list with one entry for each sequence, got {type(values).__name__}: put one "
            "sequence into a list too."
        ) from None


def _checked_labels(labels: Sequence[npt.ArrayLike], lengths: Labels | None) -> tuple[bool, Labels, Labels]:
    """Return whether labels are lists, all labels concatenated, and the index of each first label.

    With ``lengths`` (N,) they are one for each frame.
    """
    arrays = [as_array(given, f"the labels of sequence {i}") for i, given in enumerate(labels)]
    depth = arrays[0].ndim
    least = depth if lengths is None else 0
    for i, array in enumerate(arrays):
        if array.ndim != depth or depth > 1:
            raise DataError(
                f"Expected one integer, or a list of integers, for each sequence, got shape {array.shape} for sequence "
                f"{i} and {arrays[0].shape} for sequence 0: use one form for all."
            )
        if array.size and array.dtype.kind not in "ui":
            raise DataError(f"Expected integer labels, got {array.dtype} for sequence {i}: number the classes.")
        if lengths is not None and array.shape != (lengths[i],):
            raise DataError(
                f"Expected a label for each of the {lengths[i]} frames of sequence {i}, got labels of shape "
                f"{array.shape}: give every frame one."
            )
        if array.size and not least <= array.min() <= array.max() < 2**31:
            why = " since 0 is the blank" if least else ""
            raise DataError(
                f"Expected labels of at least {least}{why}, got {array.min()} to {array.max()} for sequence {i}: "
                "renumber the classes."
            )
    flat = np.concatenate([array.reshape(-1) for array in arrays]).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum([array.size for array in arrays])]).astype(np.int64)
    return bool(depth), flat, starts


def _picked(flat: npt.NDArray[Any], starts: Labels, chosen: Labels) -> tuple[npt.NDArray[Any], Labels]:
    """Concatenate the chosen parts of ``flat``; return them with the index of each start."""
    parts = [flat[starts[i] : starts[i + 1]] for i in chosen]
    ends = np.cumsum([len(part) for part in parts])
    return np.ascontiguousarray(np.concatenate(parts)), np.concatenate([[0], ends]).astype(np.int64)
