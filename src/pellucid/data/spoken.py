"""The embedded data set "spoken": the ten digits said by about a hundred synthetic voices.

No person spoke them: ``tools/speak_digits.py`` had Debian's speech synthesizers (eSpeak NG, Flite, Festival) say them,
in accents of English and of other languages, at many speeds and pitches. A few words of each voice are no digits, for
a listener that should know when none is said. One OGG/Opus file holds them all, one after another; an index beside it
says where each begins.
"""

from __future__ import annotations

import json
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np

from pellucid.data.recordings import Recordings, SpokenParts
from pellucid.errors import FileFormatError

FILE, INDEX = "embedded/spoken.ogg", "embedded/spoken.json"
HELD_OUT = 6
"""One voice in so many is held out."""

_SOURCE = "made for Pellucid by tools/speak_digits.py with eSpeak NG, Flite and Festival"
_LICENCE = "MIT, as Pellucid itself"


def load_spoken() -> SpokenParts:
    """Load the synthetic digits; the voices held out say none of what is learnt from."""
    whole = _whole()
    voices = sorted(set(whole.speakers.tolist()))
    held_out = voices[HELD_OUT // 2 :: HELD_OUT]
    train, test = whole.without(*held_out), whole.of(*held_out)
    train.name, test.name = "spoken (train)", "spoken (test)"
    return SpokenParts(train, test)


def _whole() -> Recordings:
    import soundfile

    folder = resources.files("pellucid.data")
    try:
        samples, rate = soundfile.read(BytesIO(folder.joinpath(FILE).read_bytes()), dtype="int16")
        index: dict[str, Any] = json.loads(folder.joinpath(INDEX).read_text())
        begins, lengths = index["begins"], index["lengths"]
        parts = [samples[begin : begin + length] for begin, length in zip(begins, lengths, strict=True)]
        names = np.array(index["voices"])[index["speakers"]]
        return Recordings(parts, index["labels"], names, rate=rate, source=_SOURCE, licence=_LICENCE)
    except (soundfile.LibsndfileError, ValueError, KeyError, IndexError) as error:
        raise FileFormatError(f"{FILE} or its index is damaged ({error}): install the package again.") from error
