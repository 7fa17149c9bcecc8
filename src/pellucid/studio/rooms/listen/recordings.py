"""The recordings of a session: their sound, their changes and what is heard in them."""

from __future__ import annotations

import contextlib
import importlib
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
import numpy.typing as npt

from pellucid.speech.alignment import Word
from pellucid.speech.audio import opened
from pellucid.speech.editing import EditedSound
from pellucid.speech.features import BANDS, RATE, MelBands
from pellucid.speech.hearing import notes
from pellucid.speech.utterances import PAUSE, Utterance, Utterances
from pellucid.studio.protocol.listen import LONGEST, SoundEdit, SoundSource
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.listen.hearer import HeardPart

Floats = npt.NDArray[np.float32]

_WINDOW = 240


@dataclass(eq=False)
class Take:
    """A recording.

    Attributes
    ----------
    number : int
        Increases with every change.
    source, name
        Where it comes from.
    original : EditedSound
        As it was made.
    history : list of (SoundEdit, EditedSound)
        Its changes, and what each made of it.
    pause : float
        Seconds of silence that end an utterance.
    power : ndarray (frames, BANDS)
    parts : list of HeardPart
        Its utterances.
    notes : tuple of str
    live : bool
        Whether the microphone is adding to it.
    """

    number: int
    source: SoundSource
    name: str
    original: EditedSound
    pause: float = PAUSE
    notes: tuple[str, ...] = ()
    live: bool = False
    history: list[tuple[SoundEdit, EditedSound]] = field(default_factory=list)
    power: Floats = field(default_factory=lambda: np.zeros((0, BANDS), np.float32))
    parts: list[HeardPart] = field(default_factory=list)

    @property
    def sound(self) -> EditedSound:
        """As it is now."""
        return self.history[-1][1] if self.history else self.original

    @property
    def text(self) -> str:
        """The digits heard in it."""
        return "".join(part.text for part in self.parts)

    @property
    def words(self) -> tuple[Word, ...]:
        """The words heard in it."""
        return tuple(word for part in self.parts for word in part.words)


def utterances_of(samples: Floats, pause: float) -> tuple[Floats, list[Utterance]]:
    """Return the power in mel bands of a recording (n,), and its utterances, as `pellucid.speech.hear` finds them."""
    power = MelBands().feed(np.concatenate([samples, np.zeros(_WINDOW, np.float32)]))
    finder = Utterances(pause)
    found = finder.feed(power)
    last = finder.finish()
    return power, found if last is None else [*found, last]


class _NamedBytes(BytesIO):
    """The bytes of a file, with its name for messages."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def read_recording(content: bytes, name: str) -> tuple[Floats, tuple[str, ...]]:
    """Return the samples (n,) of an uploaded file at `RATE`, and its problems in words.

    Raises
    ------
    DataError
        If it is no recording.
    RefusedError
        If it is too long, or holds nothing.
    """
    recording = opened(_NamedBytes(content, name))
    parts, count = [], 0
    for block in recording.blocks():
        parts.append(block)
        count += len(block)
        if count > LONGEST * RATE:
            raise RefusedError(
                "too_large", f"Expected a recording of at most {LONGEST:g} seconds, got more: cut out a part of it."
            )
    if not count:
        raise RefusedError("bad_value", f"{name} holds no sound: choose another recording.")
    return np.concatenate(parts), notes(recording)


def import_decoders() -> None:
    """Import everything that decodes recordings, as far as it is installed."""
    for name in ("soundfile", "soxr", "av"):
        with contextlib.suppress(ImportError, OSError):
            importlib.import_module(name)
