"""The requests and events of Learn for speech: what is trained, the utterance that is watched, what is heard in it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.listen import ListenLayer
from pellucid.studio.protocol.parts import Count, Floats, Name, Shared
from pellucid.studio.protocol.requests import LayerNumber, Request

Subject = Literal["network", "speech"]
"""What Learn trains: the network of the other rooms, or a network of spoken digits."""


class ChooseSubject(Request):
    """Choose what Learn trains. Answered by `LearnSubject`, `Training`, `Curves` and what follows from them."""

    subject: Subject
    """Which of the two; each keeps its run."""


class WatchUtterance(Request):
    """Choose the utterance that is watched. Answered by `SpeechWatched`, `SpeechPicture` and `SpeechHealth`."""

    voice: Name
    """One of `SpeechInfo.voices`."""
    digits: Annotated[list[Annotated[int, Meta(ge=0, le=9)]], Meta(min_length=1, max_length=6)]
    """What it says."""


class WatchUnit(Request):
    """Choose the unit that is watched. Answered by `SpeechPicture`."""

    layer: LayerNumber
    """Index of a recurrent layer, from 0."""
    unit: Count
    """Its number, from 0; those that read backwards follow the others."""


class HearTrained(Request):
    """Take the network of spoken digits, as it is now, into Listen. Answered by `Listening`."""


class SpeechInfo(Shared):
    """A network of spoken digits, and what can be watched."""

    name: str
    """Name of its file, or "untitled" for one made here."""
    layers: list[ListenLayer]
    """Its layers."""
    classes: list[str]
    """Names of its outputs: sounds, the first of them CTC's blank; or the ten digits."""
    spells: bool
    """Whether its outputs are sounds, at every step; otherwise a digit for each utterance, read off the last step."""
    parameter_count: Count
    """Number of weights and biases."""
    voices: list[str]
    """Embedded voices that can be watched; no network is trained on them here."""
    frame: float
    """Seconds from one frame of mel bands to the next."""
    step: float
    """Seconds from one step of the network to the next."""
    bands: Count
    """Number of mel bands."""
    rate: Count
    """Samples per second."""


class LearnSubject(Event):
    """What Learn trains; sent after `Welcome`, and after changes."""

    subject: Subject
    """Which of the two."""
    speech: SpeechInfo | None
    """The network of spoken digits, where that is trained."""


class SpeechWatched(Event):
    """The utterance that is watched."""

    voice: str
    """Who speaks."""
    digits: list[int]
    """What is said."""
    sounds: list[str]
    """The same in sounds."""
    samples: Floats
    """Its samples (n,), from -1 to 1."""
    power: Floats
    """Power in mel bands, (frames, bands)."""


class SpeechPicture(Event):
    """What the network hears now: one for each `NextPicture`, and whenever training pauses."""

    step: Count
    """Mini-batches done."""
    epoch: Count
    """Whole epochs done."""
    steps: Floats
    """As in `Picture`."""
    losses: Floats
    """As in `Picture`."""
    accuracies: Floats
    """As in `Picture`; the share of utterances whose likeliest sounds are all right, or of digits."""
    speed: float
    """Mini-batches per second, lately."""
    posteriors: Floats
    """Outputs at every step, (steps, classes). Of a network that reads a digit off the last step, its last layers at
    every step: what it would say if the utterance ended there."""
    layer: Count
    """Index of the layer that is watched."""
    unit: Count
    """Number of the unit that is watched."""
    cells: Floats
    """The cells of all units of that layer, or their hidden values where it has none, (steps, directions * units)."""
    values: Floats
    """All values of the unit, in the order of `ListenLayer.quantities`, (quantities, steps)."""


class SpeechHealth(Event):
    """The gradient of the watched utterance, and the digits heard; sent as often as costs little, and when paused."""

    step: Count
    """Mini-batches done."""
    loss: float
    """Loss of this utterance."""
    gradients: Floats
    """Root mean square of its gradient by each layer's parameters, (layers,)."""
    by_step: Floats
    """Norm of its gradient by the frames of each step, (steps,)."""
    heard: str
    """The digits that are heard in it: decoded with the lexicon, or the likeliest one."""


class SpeechExample(Shared):
    """A held-out utterance."""

    speaker: str
    """Who speaks."""
    said: str
    """Its sounds, or its digit."""
    heard: str
    """What the network makes of it: its likeliest sounds, without repetitions and blanks, or the likeliest digit."""


class SpeechExamined(Event):
    """Errors on the held-out utterances; sent as often as costs training little, and whenever it pauses."""

    step: Count
    """Mini-batches done."""
    utterances: Count
    """Number of held-out utterances."""
    right: Count
    """Number of them without any error."""
    sounds: Count
    """Number of sounds said; 0 for a network of digits."""
    sound_errors: Count
    """Substitutions, deletions and insertions in what is heard, against these."""
    digits: Count
    """Number of digits said."""
    digit_errors: Count
    """The same for digits, each read off where its sounds are spelt exactly."""
    examples: list[SpeechExample]
    """The first utterances with errors."""
