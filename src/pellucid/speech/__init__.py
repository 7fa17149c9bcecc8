"""Speech: from a recording to sounds, syllables, words and a sentence of digits, with times and confidences.

>>> import numpy as np
>>> from pellucid.speech.lexicon import LEXICON
>>> LEXICON[0].word, [syllable.text for syllable in LEXICON[0].syllables]
('zero', ['ze', 'ro'])

`hear` takes a file; `Listener` takes samples as they arrive.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.speech.alignment import Hearing as Hearing
    from pellucid.speech.alignment import Sentence as Sentence
    from pellucid.speech.alignment import Sound as Sound
    from pellucid.speech.alignment import Syllable as Syllable
    from pellucid.speech.alignment import Word as Word
    from pellucid.speech.hearing import Listener as Listener
    from pellucid.speech.hearing import hear as hear

_HOMES = {
    **dict.fromkeys(("Listener", "hear"), "hearing"),
    **dict.fromkeys(("Hearing", "Sentence", "Sound", "Syllable", "Word"), "alignment"),
}

__all__ = ["Hearing", "Listener", "Sentence", "Sound", "Syllable", "Word", "hear"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
