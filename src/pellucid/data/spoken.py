"""The embedded data set "spoken": the ten digits by about a hundred synthetic voices, and words that are not digits.

``tools/speak_digits.py`` and ``tools/speak_words.py`` made them with Debian's speech synthesizers (eSpeak NG, Flite,
Festival), in accents of English and of other languages, at many speeds and pitches. The other words train a network to
notice when no digit is spoken; many of them are similar to one. Two OGG/Opus files contain all words, one after
another; each has an index of their start positions.
"""

from __future__ import annotations

import json
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np

from pellucid.data.recordings import Recordings, SpokenParts
from pellucid.errors import FileFormatError

FILES = ("embedded/spoken", "embedded/words")
HELD_OUT = 6
"""One voice in this many is held out."""

_SOURCE = "made for Pellucid by tools/speak_digits.py and tools/speak_words.py with eSpeak NG, Flite and Festival"
_LICENCE = "MIT, as Pellucid itself"


def load_spoken() -> SpokenParts:
    """Load the synthetic words; no voice is in both parts."""
    digits, others = (_read(name) for name in FILES)
    whole = digits.joined_with(others)
    apart = held_out(sorted(set(whole.speakers.tolist())))
    train, test = whole.without(*apart), whole.of(*apart)
    train.name, test.name = "spoken (train)", "spoken (test)"
    return SpokenParts(train, test)


def held_out(voices: list[str]) -> list[str]:
    """Return the held-out voices, given all voices in alphabetical order."""
    return voices[HELD_OUT // 2 :: HELD_OUT]


def _read(name: str) -> Recordings:
    import soundfile

    folder = resources.files("pellucid.data")
    try:
        samples, rate = soundfile.read(BytesIO(folder.joinpath(f"{name}.ogg").read_bytes()), dtype="int16")
        index: dict[str, Any] = json.loads(folder.joinpath(f"{name}.json").read_text())
        begins, lengths = index["begins"], index["lengths"]
        parts = [samples[begin : begin + length] for begin, length in zip(begins, lengths, strict=True)]
        names = np.array(index["voices"])[index["speakers"]]
        return Recordings(parts, index["labels"], names, rate=rate, source=_SOURCE, licence=_LICENCE)
    except (soundfile.LibsndfileError, ValueError, KeyError, IndexError) as error:
        raise FileFormatError(f"{name}.ogg or its index is damaged ({error}): install the package again.") from error
