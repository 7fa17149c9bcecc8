"""The network of Listen, as lessons hear with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.speech.alignment import SURE, Word
from pellucid.speech.editing import EditedSound
from pellucid.speech.utterances import PAUSE
from pellucid.studio.rooms.listen.hearer import Hearer
from pellucid.studio.rooms.listen.recordings import utterances_of
from pellucid.studio.state.embedded_voices import spoken_by, voice_names

BETWEEN = 0.12
"""Seconds between two digits, as in Listen."""


class SessionEar:
    """Hears embedded voices with the network of a session, each recording once.

    Parameters
    ----------
    hearer : Hearer
    """

    def __init__(self, hearer: Hearer) -> None:
        self.hearer = hearer
        self._heard: dict[Any, tuple[Word, ...]] = {}

    @property
    def spells(self) -> bool:
        """Whether it hears the sounds of spoken digits."""
        return self.hearer.recognizer is not None

    @property
    def voices(self) -> Sequence[str]:
        """The names of the voices."""
        return voice_names()

    def hear(self, voice: str, digits: Sequence[int], muted: tuple[float, float] | None = None) -> tuple[Word, ...]:
        """Return the words that it hears when a voice says digits, with a stretch in seconds muted."""
        key = voice, tuple(digits), muted
        if key not in self._heard:
            sound = EditedSound.of(spoken_by(voice, digits, BETWEEN))
            samples = (sound if muted is None else sound.muted(muted)).samples
            _, found = utterances_of(samples, PAUSE)
            parts = [self.hearer.hear(each.power, each.begin, threshold=SURE) for each in found]
            self._heard[key] = tuple(word for part in parts for word in part.words)
        return self._heard[key]
