"""The requests and events of the room Listen: recordings, what a network hears in them, and the microphone."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pellucid.studio.protocol.events import Event
from pellucid.studio.protocol.parts import Count, Floats, Name, Shared, Unit
from pellucid.studio.protocol.requests import LayerNumber, Request

LONGEST = 60.0
"""Seconds of the longest recording."""

MAX_BLOCK = 1 << 18
"""Most bytes of samples in one request of the microphone."""

Slot = Annotated[int, Meta(ge=0, le=1)]
"""One of the two recordings: 0 for the first, 1 for the second."""

Seconds = Annotated[float, Meta(ge=0.0, le=1000.0)]
"""Seconds from the beginning of a recording."""

SoundSource = Literal["voice", "file", "microphone"]
"""Where a recording comes from."""

HearerKind = Literal["shipped", "given", "trained"]
"""A network that hears: the package's, the one that the studio was given, or the one that was trained in Learn."""

EditKind = Literal["mute", "stretch", "swap"]
"""How a recording is changed."""


class AskListening(Request):
    """Ask for the network that hears. Answered by `Listening`, and `Recorded` and `Heard` for each recording."""


class ChooseHearer(Request):
    """Choose the network that hears. Answered by `Listening`, and `Recorded` and `Heard` for each recording."""

    hearer: HearerKind
    """One of `Listening.hearers`."""


class HearVoice(Request):
    """Let an embedded voice say digits. Answered by `Recorded` and `Heard`."""

    slot: Slot
    """The recording to replace."""
    voice: Name
    """One of `Listening.voices`."""
    digits: Annotated[list[Annotated[int, Meta(ge=0, le=9)]], Meta(min_length=1, max_length=12)]
    """What it says."""
    pause: Annotated[float, Meta(ge=0.0, le=2.0)] = 0.12
    """Seconds between two digits."""


class StartMicrophone(Request):
    """Begin a recording with the microphone. Answered by `Recorded`; `Heard` follows as one speaks."""

    slot: Slot
    """The recording to replace."""
    rate: Annotated[int, Meta(ge=1000, le=768_000)]
    """Samples per second."""


class HearSamples(Request):
    """Samples of the microphone. Answered by `Sounding`; those of a recording that has ended are dropped."""

    recording: Count
    """`Recorded.recording` of the recording that they belong to."""
    samples: Annotated[bytes, Meta(max_length=MAX_BLOCK)]
    """16-bit integers, little-endian, one channel, in base64."""


class StopMicrophone(Request):
    """End the recording of the microphone. Answered by `Recorded` and `Heard`."""


class EditSounds(Request):
    """Change a recording, which is then heard again. Answered by `Recorded` and `Heard`."""

    slot: Slot
    """The recording to change."""
    kind: EditKind
    """What to do with the stretch."""
    begin: Seconds
    """Where it begins."""
    end: Seconds
    """Where it ends."""
    factor: Annotated[float, Meta(ge=0.25, le=4.0)] = 2.0
    """How many times as long it becomes; for "stretch"."""
    other_begin: Seconds = 0.0
    """Where the stretch begins that changes place with it; for "swap"."""
    other_end: Seconds = 0.0
    """Where that ends."""


class UndoSounds(Request):
    """Undo changes of a recording. Answered by `Recorded` and `Heard`."""

    slot: Slot
    """The recording."""
    all: bool = False
    """Whether to undo all changes, or the last one only."""


class SetHearing(Request):
    """Choose how words are judged. Answered by `HearingChosen`, and `Heard` for each recording."""

    threshold: Unit
    """Confidence from which a word counts as a digit."""
    digits: Annotated[int, Meta(ge=1, le=12)] | None = None
    """Number of digits said between two silences, where it is known."""


class AskGates(Request):
    """Ask for all values of a layer during an utterance. Answered by `Gates`."""

    slot: Slot
    """The recording."""
    utterance: Count
    """Number of the utterance, from 0."""
    layer: LayerNumber
    """Index of the layer, from 0."""


class ListenLayer(Shared):
    """A layer of the network that hears."""

    layer: Count
    """Its index, from 0."""
    name: str
    """Its name, such as "layer 1, LSTM"."""
    equation: str
    """What it computes, in one line."""
    units: Count
    """Units of one direction."""
    directions: Annotated[int, Meta(ge=1, le=2)]
    """1, or 2 where it also runs backwards in time."""
    quantities: list[str]
    """The names of its values, such as i, f, g, o, c and h."""


class HearerChoice(Shared):
    """A network that can hear."""

    hearer: HearerKind
    """Which one."""
    name: str
    """Its name."""


class HeardRival(Shared):
    """What could have been said instead of a word."""

    text: str
    """A digit as a word, "another word", "silence", or the sounds that the network would spell."""
    share: float
    """Its share in the frames of the word; all shares add up to 1."""


class HeardSegment(Shared):
    """A sound, a syllable or a word."""

    text: str
    """Its spelling."""
    start: float
    """Where it begins, in seconds of the recording."""
    end: float
    """Where it ends."""
    confidence: float
    """From 0 to 1."""


class HeardWord(HeardSegment):
    """A word."""

    digit: Annotated[int, Meta(ge=0, le=9)] | None
    """The digit, where it is likely enough."""
    guess: Annotated[int, Meta(ge=0, le=9)] | None
    """The digit, or the most similar one; None for another word."""
    mark: str
    """As the command line writes it: "7", "(7)" where it is not sure, "?" for another word."""
    syllables: list[HeardSegment]
    """Its syllables."""
    sounds: list[HeardSegment]
    """Its sounds."""
    rivals: list[HeardRival]
    """What else could have been said in its frames, the likeliest first."""
    was: str | None
    """What stood in its place before, where the network has changed its mind while listening."""


class HeardUtterance(Shared):
    """What the network hears between two silences."""

    start: float
    """Where its first frame begins, in seconds of the recording."""
    steps: Count
    """Number of the network's steps."""
    posteriors: Floats
    """Probability of each class at each step, (steps, classes), as the words are decoded from it: the mean over several
    views of the utterance, divided by the priors; (1, classes) for a network with one output for each sequence."""
    text: str
    """Its digits, such as "65(1)7"."""
    words: list[HeardWord]
    """Its words."""
    final: bool
    """False while it is still being said."""


class ThresholdText(Shared):
    """What the text is up to a threshold."""

    up_to: float
    """The highest threshold that gives this text."""
    text: str
    """The text of the whole recording."""
    unsure: Count
    """Number of its words that do not count as a digit."""


class SoundEdit(Shared):
    """A change of a recording."""

    kind: EditKind
    """What was done."""
    begin: float
    """Where the stretch began, in seconds of the recording before this change."""
    end: float
    """Where it ended."""
    factor: float
    """How many times as long it became; 1 but for "stretch"."""
    text_before: str
    """What the network heard before."""


class ChangedSpan(Shared):
    """A stretch of a recording whose sound was changed."""

    begin: float
    """Where it begins, in seconds."""
    end: float
    """Where it ends."""


class Listening(Event):
    """The network that hears, and what it can be given."""

    network: str
    """Its name."""
    hearer: HearerKind
    """Which of `hearers` it is."""
    hearers: list[HearerChoice]
    """The networks that can hear."""
    layers: list[ListenLayer]
    """Its layers."""
    classes: list[str]
    """Names of its outputs; for sounds the first is the blank."""
    spells: bool
    """Whether its outputs are the sounds of spoken digits, from which words are decoded."""
    frame: float
    """Seconds from one frame of mel bands to the next."""
    step: float
    """Seconds from one step of the network to the next."""
    bands: list[float]
    """Centres of the mel bands in Hz."""
    rate: Count
    """Samples per second of the recordings as they are heard."""
    voices: list[str]
    """The embedded voices, which were held out of training."""
    longest: float
    """Seconds of the longest recording."""
    pause: float
    """Seconds of silence that end an utterance at the microphone."""
    threshold: Unit
    """Confidence from which a word counts as a digit."""
    digits: Count | None
    """Number of digits said between two silences, where it is known."""


class HearingChosen(Event):
    """How words are judged from now on."""

    threshold: Unit
    """Confidence from which a word counts as a digit."""
    digits: Count | None
    """Number of digits said between two silences, where it is known."""


class Recorded(Event):
    """A recording as it is now."""

    slot: Slot
    """Which of the two."""
    recording: Count
    """Number of this recording in this state; it increases with every change."""
    source: SoundSource
    """Where it comes from."""
    name: str
    """The voice with its digits, the file, or "microphone"."""
    live: bool
    """Whether the microphone is adding to it."""
    samples: Floats
    """Its samples (n,), from -1 to 1."""
    power: Floats
    """Power in mel bands, (frames, bands)."""
    edits: list[SoundEdit]
    """Its changes, the first first."""
    changed: list[ChangedSpan]
    """The stretches whose sound was changed."""
    notes: list[str]
    """Problems of the recording, in words."""


class Heard(Event):
    """What the network hears in a recording."""

    slot: Slot
    """Which of the two."""
    recording: Count
    """`Recorded.recording`."""
    first: Count
    """Number of the first of these utterances; those before it are as they were, and none follow the last."""
    utterances: list[HeardUtterance]
    """The utterances from there on."""
    text: str
    """The text of the whole recording."""
    threshold: Unit
    """Confidence from which a word counts as a digit."""
    digits: Count | None
    """Number of digits said between two silences, where it is known."""
    thresholds: list[ThresholdText]
    """What the text would be with other thresholds, from low to high."""


class Sounding(Event):
    """What has just come from the microphone."""

    slot: Slot
    """Which of the two."""
    recording: Count
    """`Recorded.recording`."""
    at: Count
    """Index of the first of these samples."""
    samples: Floats
    """The samples, (n,)."""
    frame: Count
    """Index of the first of these frames."""
    power: Floats
    """Power in mel bands, (frames, bands)."""
    level: float
    """The level in dB; 0 is full scale."""
    speaking: bool
    """Whether an utterance is under way."""
    hint: Literal["silent", "soft", "clipped"] | None
    """What is wrong with the level."""


class Gates(Event):
    """All values of a layer during an utterance, as `net.trace` gives them for the utterance as it is."""

    slot: Slot
    """Which of the two."""
    recording: Count
    """`Recorded.recording`."""
    utterance: Count
    """Number of the utterance."""
    layer: Count
    """Index of the layer."""
    start: float
    """Where its first step begins, in seconds of the recording."""
    values: list[Floats]
    """One array for each of `ListenLayer.quantities`, (steps, directions * units), forward first."""
    outputs: Floats
    """The network's outputs for this view of the utterance, (steps, classes)."""
