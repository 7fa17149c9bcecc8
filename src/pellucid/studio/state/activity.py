"""What was done in a session, as typed records in order: lessons are checked against them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pellucid.lessons.deeds import Deed
from pellucid.studio.protocol.race import Outcome, Prediction, RacePlan, TrialKind

MOST = 10_000
"""Most records that are kept; the oldest are dropped first."""


@dataclass(frozen=True)
class NeuronDeed(Deed):
    """Something done with one neuron.

    Attributes
    ----------
    subject : str or None
        The shipped network that has the neuron; None for the session's own.
    layer, neuron : int
    twin : bool
        Whether it is the neuron of the untrained twin.
    """

    subject: str | None
    layer: int
    neuron: int
    twin: bool


@dataclass(frozen=True)
class NeuronChosen(NeuronDeed):
    """A neuron was looked at; ``auc`` tells how well it tells the classes ``members`` from the others, if asked."""

    members: tuple[int, ...]
    auc: float | None


@dataclass(frozen=True)
class MaximumFound(NeuronDeed):
    """The maximum of a neuron was computed; ``share`` of it is what the strongest real example reaches."""

    share: float | None


@dataclass(frozen=True)
class PairJudged(NeuronDeed):
    """A round of the quiz was answered."""

    right: bool


@dataclass(frozen=True)
class MisreadingSeen(Deed):
    """The votes for ``reading`` were looked at, where the picture should have been read as ``label``."""

    reading: int
    label: int


@dataclass(frozen=True)
class RepairFound(Deed):
    """A change of the drawing was searched for; ``changed`` is the share of its ink that changes."""

    label: int
    mended: bool
    strokes: int
    changed: float


@dataclass(frozen=True)
class RepairApplied(Deed):
    """The change was drawn; ``right`` tells whether the network then read ``label``."""

    label: int
    right: bool


@dataclass(frozen=True)
class RacePredicted(Deed):
    """A prediction of a race was locked in."""

    plan: RacePlan
    prediction: Prediction


@dataclass(frozen=True)
class RaceBegun(Deed):
    """A race took its first step.

    Attributes
    ----------
    race : int
        Its number in the session.
    plan : RacePlan
    same_start : bool
        Whether all contestants began with the same bits.
    """

    race: int
    plan: RacePlan
    same_start: bool


@dataclass(frozen=True)
class RaceRun(Deed):
    """A race has ended after so many mini-batches.

    Attributes
    ----------
    race : int
        Its number in the session.
    accuracies : tuple of float or None
        Of each contestant at the end; None where its loss diverged.
    outcome : Outcome or None
        What became of the prediction, if there was one.
    recorded : tuple of int
        The steps at which the contestants were examined.
    curves : tuple of tuple of float
        The accuracy of each contestant at these steps; NaN after its loss diverged.
    """

    race: int
    plan: RacePlan
    step: int
    accuracies: tuple[float | None, ...]
    outcome: Outcome | None
    recorded: tuple[int, ...]
    curves: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class TrialsRun(Deed):
    """Contestants were trained from many starts or at many rates, ``done`` of ``total`` trainings to the end."""

    kind: TrialKind
    plan: RacePlan
    done: int
    total: int


@dataclass(frozen=True)
class SoundsHeard(Deed):
    """A recording was heard.

    Attributes
    ----------
    source : str
        "voice", "file" or "microphone".
    name : str
        The voice with its digits, or the file.
    text : str
        What the network heard, such as "65(1)7".
    words, sure : int
        Number of words, and of those that count as a digit.
    """

    source: str
    name: str
    text: str
    words: int
    sure: int


@dataclass(frozen=True)
class ThresholdMoved(Deed):
    """Words were judged by another threshold, or with a known number of digits; ``texts`` is what that made of them."""

    threshold: float
    digits: int | None
    texts: tuple[str, ...]


@dataclass(frozen=True)
class SpeechTrained(Deed):
    """Training on spoken digits has come to rest.

    Attributes
    ----------
    data : str
        Name of the recordings.
    loss : str
        "ctc" for sounds, "cross_entropy" for a digit at the last step.
    step : int
        Mini-batches done.
    accuracy : float
        Share of the held-out utterances without any error.
    """

    data: str
    loss: str
    step: int
    accuracy: float


@dataclass(frozen=True)
class UtteranceWatched(Deed):
    """Another utterance was chosen to be watched during training."""

    voice: str
    digits: tuple[int, ...]


@dataclass(frozen=True)
class HearerChosen(Deed):
    """Another network hears: "shipped", "given" or "trained"."""

    hearer: str


@dataclass(frozen=True)
class MapsMoved(Deed):
    """A picture was read with its pixels moved by the convolutional network ``subject``, or by the session's own."""

    subject: str | None
    right: int
    down: int
    shuffle: int | None
    reading: int


@dataclass(frozen=True)
class CellStudied(Deed):
    """The computation of one place of a feature map was opened."""

    subject: str | None
    layer: int
    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class SurenessSeen(Deed):
    """How sure the network is of strangers was looked at."""

    measure: str


@dataclass(frozen=True)
class ThresholdJudged(Deed):
    """A threshold was set: the share of the true readings that it loses, and of noise that it lets through."""

    measure: str
    threshold: float
    lost: float
    noise_told: float


@dataclass(frozen=True)
class MapSeen(Deed):
    """A map of so many images, drawn from a seed, was looked at."""

    images: int
    seed: int


@dataclass(frozen=True)
class NeighboursSeen(Deed):
    """True neighbours at a layer were looked at (0 for the pixels); ``own`` tells whether of one's own picture."""

    column: int
    own: bool


@dataclass(frozen=True)
class LassoDrawn(Deed):
    """A lasso was drawn on the map of a layer around so many images, ``wrong`` of which are misread."""

    column: int
    selected: int
    wrong: int


D = TypeVar("D", bound=Deed)


class Activity:
    """The records of a session, oldest first. Its methods may be called from any thread.

    Examples
    --------
    >>> activity = Activity()
    >>> activity.note(PairJudged(0, None, 1, 3, False, right=True))
    >>> [deed.right for deed in activity.of(PairJudged)], activity.of(NeuronChosen)
    ([True], [])
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deeds: deque[Deed] = deque(maxlen=MOST)
        self.count = 0
        """How many records there have been."""
        self.on_beside: Callable[[], None] = lambda: None
        """Called by `note_beside`."""

    def note(self, deed: Deed) -> None:
        """Add a record."""
        with self._lock:
            self._deeds.append(deed)
            self.count += 1

    def note_beside(self, deed: Deed) -> None:
        """Add a record of what has ended beside the requests, such as a training; from any thread."""
        self.note(deed)
        self.on_beside()

    def of(self, kind: type[D]) -> list[D]:
        """Return the records of one kind."""
        with self._lock:
            return [deed for deed in self._deeds if isinstance(deed, kind)]

    def since(self, count: int) -> list[Deed]:
        """Return the records after the first so many."""
        with self._lock:
            fresh = min(self.count - count, len(self._deeds))
            return list(self._deeds)[len(self._deeds) - fresh :]
