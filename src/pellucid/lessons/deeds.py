"""What was done in the rooms, as lessons see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pellucid.speech.alignment import Word

Pictures = NDArray[np.float32]


@dataclass(frozen=True)
class Deed:
    """Base of all records of what was done.

    Attributes
    ----------
    version : int
        Version of the session's network at that time.
    """

    version: int


@dataclass(frozen=True)
class DerivativeChecked(Deed):
    """The derivative of the loss of a picture by one knob was compared with a finite difference in float64.

    Attributes
    ----------
    knob : int
        Its index in the flat vector of parameters.
    label : int or None
        The class that the picture should be read as.
    loss : str
    derivative, difference : float
        By backpropagation, and by the finite difference.
    agrees : bool
    """

    knob: int
    label: int | None
    loss: str
    derivative: float
    difference: float
    agrees: bool


@dataclass(frozen=True)
class StepTaken(Deed):
    """A step along the negative gradient was taken.

    Attributes
    ----------
    of : str
        "example" for one picture, "batch" for a mini-batch.
    label : int or None
        The class that the picture should be read as.
    rate : float
    changed : int
        How many parameters it changed.
    before, after : float
        The loss.
    """

    of: str
    label: int | None
    rate: float
    changed: int
    before: float
    after: float


@dataclass(frozen=True)
class Contestant:
    """A network in a race: the activation and the widths of its hidden layers, and how it is trained."""

    activation: str
    widths: tuple[int, ...]
    optimizer: str
    rate: float


@dataclass(frozen=True)
class RaceStarted(Deed):
    """A race took its first step.

    Attributes
    ----------
    race : int
        Number of the race in its session.
    contestants : tuple of Contestant
    epochs, batch_size : int
    same_start : bool
        Whether all contestants began with the same bits.
    """

    race: int
    contestants: tuple[Contestant, ...]
    epochs: int
    batch_size: int
    same_start: bool


@dataclass(frozen=True)
class RaceEnded(Deed):
    """A race came to its end.

    Attributes
    ----------
    race : int
    times : tuple of float
        When the contestants were examined, from 0 at the start to 1 at the end.
    accuracies : tuple of tuple of float
        The accuracy of each contestant on the held-out examples at these times; NaN after its loss diverged.
    """

    race: int
    times: tuple[float, ...]
    accuracies: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class SoundsChanged(Deed):
    """A recording was changed and heard again.

    Attributes
    ----------
    kind : str
        "mute", "stretch" or "swap".
    begin, end : float
        The stretch, in seconds before the change.
    factor : float
    text_before, text : str
        What was heard before, and after.
    edits : int
        How many changes the recording has now.
    words_before, words : tuple of Word
        The words heard before, and after.
    """

    kind: str
    begin: float
    end: float
    factor: float
    text_before: str
    text: str
    edits: int
    words_before: tuple[Word, ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class EpochTested(Deed):
    """A new network was tested after an epoch; from its initial weights on, nothing but its plan has changed it.

    Attributes
    ----------
    plan : int
        A checksum over its plan, apart from the learning rate.
    rate : float
        The learning rate of all its steps.
    epoch : int
        Counted from 1.
    accuracy : float
        On the held-out images.
    diverged : bool
        Whether its loss diverged in this epoch; it has then gone back to before that step.
    """

    plan: int
    rate: float
    epoch: int
    accuracy: float
    diverged: bool


@dataclass(frozen=True)
class ShiftScored(Deed):
    """How many held-out pictures two networks read was counted, with all pixels moved alike.

    Attributes
    ----------
    subject : str or None
        The convolutional network: a shipped one, or None for the session's own.
    right, down : int
    shuffle : int or None
    convolutional : float
        The share that the convolutional network reads correctly.
    dense : float or None
        The share that the dense one does, where there is one.
    """

    subject: str | None
    right: int
    down: int
    shuffle: int | None
    convolutional: float
    dense: float | None


@dataclass(frozen=True)
class NetworksRetrained(Deed):
    """Four new networks were trained, on pictures in place and on shuffled ones, and tested on such pictures.

    Attributes
    ----------
    order : tuple of int
        The pixel that came to each place.
    convolutional, dense : float
        Accuracies in place.
    convolutional_shuffled, dense_shuffled : float
        Accuracies on shuffled pictures.
    """

    order: tuple[int, ...]
    convolutional: float
    dense: float
    convolutional_shuffled: float
    dense_shuffled: float


class Ear(Protocol):
    """The network that hears, and the embedded voices that speak to it."""

    @property
    def spells(self) -> bool:
        """Whether it hears the sounds of spoken digits."""

    @property
    def voices(self) -> Sequence[str]:
        """The names of the voices."""

    def hear(self, voice: str, digits: Sequence[int], muted: tuple[float, float] | None = None) -> tuple[Word, ...]:
        """Return the words that it hears when a voice says digits, with a stretch in seconds muted."""


class Convolving(Protocol):
    """What the room Convolve computes."""

    @property
    def names(self) -> tuple[str, str | None]:
        """The convolutional network that the room shows, and the dense one beside it, where there is one."""

    def shifted(self, right: int, down: int) -> tuple[float, float | None]:
        """Return the shares of held-out pictures that both read correctly, all shifted alike."""

    def retrained(self, arrange: Callable[[Pictures], Pictures]) -> float:
        """Return the accuracy of a new dense network, trained and tested on pictures (N, H, W) that are rearranged."""
