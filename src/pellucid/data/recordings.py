"""A data set of sound: recordings of words with their classes and speakers, checked once."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError

Samples = npt.NDArray[np.int16]
Index = slice | npt.NDArray[np.bool_] | npt.NDArray[np.int64] | Sequence[int]

NO_DIGIT = -1
"""The label of a word that is not one of the classes."""


class Recordings:
    """Recordings of single words, all at the same sample rate.

    Parameters
    ----------
    samples : sequence of ndarray (n,)
        Samples of each recording, mono: int16, or floats from -1 to 1.
    labels : array_like of int, shape (N,)
        The class of each word; -1 for a word that is not one of the classes.
    speakers : sequence of str
        The speaker of each recording.
    rate : int
        Samples per second.
    classes : sequence of str, optional
        The name of each class; by default the digits "0" to "9".
    name, source, licence : str
        Name, origin and licence of the data.

    Attributes
    ----------
    labels : ndarray of int64, shape (N,)
    speakers : ndarray of str, shape (N,)

    Raises
    ------
    DataError
        If samples, labels and speakers differ in number, or a recording or a label is not valid.

    Examples
    --------
    >>> tone = np.sin(np.arange(800) / 4)
    >>> said = Recordings([tone, tone / 2], [3, 7], ["ann", "bob"], rate=8000, name="tones")
    >>> said
    <Recordings tones: 2 words by 2 speakers, 0.2 s at 8000 a second>
    >>> samples, label = said[1]
    >>> samples.dtype.name, label, said.of("ann").labels.tolist()
    ('float32', 7, [3])
    """

    def __init__(
        self,
        samples: Sequence[npt.NDArray[np.generic]],
        labels: npt.ArrayLike,
        speakers: Sequence[str],
        *,
        rate: int,
        classes: Sequence[str] = tuple("0123456789"),
        name: str = "recordings",
        source: str = "",
        licence: str = "",
    ) -> None:
        self.labels = np.asarray(labels, dtype=np.int64)
        self.speakers = np.asarray(speakers, dtype=np.str_)
        if not len(samples) == len(self.labels) == len(self.speakers):
            raise DataError(
                f"Expected one label and one speaker for each recording, got {len(samples)} recordings, "
                f"{len(self.labels)} labels and {len(self.speakers)} speakers: check that they belong together."
            )
        if not len(samples):
            raise DataError("Expected at least one recording, got none: check where they come from.")
        if self.labels.min() < NO_DIGIT or self.labels.max() >= len(classes):
            raise DataError(
                f"Expected labels from {NO_DIGIT} to {len(classes) - 1}, got {self.labels.min()} to "
                f"{self.labels.max()}: renumber the classes."
            )
        self.rate, self.classes = int(rate), tuple(classes)
        self.name, self.source, self.licence = name, source, licence
        self._samples = [_checked(recording, number) for number, recording in enumerate(samples)]

    @property
    def seconds(self) -> float:
        """Total length of all recordings, in seconds."""
        return sum(map(len, self._samples)) / self.rate

    def of(self, *speakers: str) -> Self:
        """The recordings of these speakers."""
        return self[np.isin(self.speakers, speakers)]

    def without(self, *speakers: str) -> Self:
        """The recordings of all other speakers."""
        return self[~np.isin(self.speakers, speakers)]

    def joined_with(self, other: Self) -> Self:
        """Concatenate two data sets, which must have the same rate and classes."""
        if (self.rate, self.classes) != (other.rate, other.classes):
            raise DataError(
                f"Expected recordings of one rate and one set of classes, got {self.rate} and {other.rate} a second: "
                "resample one of them first."
            )
        both = copy.copy(self)
        both._samples = self._samples + other._samples
        both.labels = np.concatenate([self.labels, other.labels])
        both.speakers = np.concatenate([self.speakers, other.speakers])
        return both

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> tuple[npt.NDArray[np.float32], int]: ...
    @overload
    def __getitem__(self, index: Index) -> Self: ...
    def __getitem__(self, index: int | np.integer[Any] | Index) -> tuple[npt.NDArray[np.float32], int] | Self:
        """Return (samples from -1 to 1, label) for an index; Recordings for a slice, a list of indices or a mask."""
        if isinstance(index, int | np.integer):
            return self.samples(int(index)), int(self.labels[index])
        chosen = np.arange(len(self))[index]
        if not len(chosen):
            raise DataError(
                f"Expected an index that selects at least one of the {len(self)} recordings of {self.name}, got none."
            )
        part = copy.copy(self)
        part._samples = [self._samples[number] for number in chosen]
        part.labels, part.speakers = self.labels[chosen], self.speakers[chosen]
        return part

    def __iter__(self) -> Iterator[tuple[npt.NDArray[np.float32], int]]:
        """Yield (samples, label) for each recording."""
        for number in range(len(self)):
            yield self.samples(number), int(self.labels[number])

    def samples(self, number: int) -> npt.NDArray[np.float32]:
        """The samples (n,) of one recording, from -1 to 1."""
        return self._samples[number].astype(np.float32) / np.float32(1 << 15)

    def __repr__(self) -> str:
        return (
            f"<Recordings {self.name}: {len(self)} words by {len(set(self.speakers.tolist()))} speakers, "
            f"{self.seconds:.1f} s at {self.rate} a second>"
        )


class SpokenParts(NamedTuple):
    """What `load` returns for spoken data: training and held-out recordings."""

    train: Recordings
    test: Recordings


def _checked(recording: npt.NDArray[np.generic], number: int) -> Samples:
    array = np.asarray(recording)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "if":
        raise DataError(
            f"Expected samples of shape (n,), got {array.dtype} of shape {array.shape} for recording {number}: convert "
            "it."
        )
    if array.dtype == np.int16:
        return np.ascontiguousarray(array, np.int16)
    if not np.isfinite(array).all() or array.dtype.kind == "i":
        raise DataError(
            f"Expected int16 or finite floats from -1 to 1, got {array.dtype} for recording {number}: convert it."
        )
    samples: Samples = np.rint(np.clip(array, -1, 1) * (2**15 - 1)).astype(np.int16)
    return samples
