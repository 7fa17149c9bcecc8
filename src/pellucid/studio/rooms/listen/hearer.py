"""What a network of sequences hears: utterances, posteriors, words with their rivals, and the values of its layers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import ShapeError
from pellucid.network.network import Network
from pellucid.speech.alignment import Word, sentence_text
from pellucid.speech.confidence import rivals, shares, spans
from pellucid.speech.decoding import OTHER_WORD, aligned
from pellucid.speech.features import BANDS, HOP, evened, stacked
from pellucid.speech.lexicon import CLASSES, LEXICON, spelling
from pellucid.speech.recognizer import Recognizer
from pellucid.studio.protocol.listen import HeardRival, ListenLayer, ThresholdText
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.recurrent_layers import listen_layers, values_of

Floats = npt.NDArray[np.float32]
Logs = npt.NDArray[np.float64]

MAX_RIVALS = 5
"""Rivals of a word that are told."""


@dataclass(frozen=True, eq=False)
class HeardPart:
    """What a network hears in one utterance.

    Attributes
    ----------
    begin : int
        Its first frame in the recording.
    power : ndarray (frames, BANDS)
    posteriors : ndarray (steps, K)
    words : tuple of Word
    rivals : list of list of HeardRival
        For each word.
    final : bool
    was : tuple of (str or None)
        For each word what stood in its place, where the network has changed its mind.
    """

    begin: int
    power: Floats
    posteriors: Logs
    words: tuple[Word, ...]
    rivals: list[list[HeardRival]]
    final: bool
    was: tuple[str | None, ...]
    logs: Logs
    said: tuple[int, ...]

    @property
    def text(self) -> str:
        """Its digits, as the command line writes them."""
        return sentence_text(self.words)


class Hearer:
    """A network over frames of mel bands.

    Parameters
    ----------
    net : Network
    name : str

    Raises
    ------
    RefusedError
        If the network takes something else.
    """

    def __init__(self, net: Network, name: str) -> None:
        shape: Any = net.input_shape
        if not net.program.takes_sequences or shape[-1] % BANDS:
            raise RefusedError(
                "bad_value",
                f"Expected a network of sequences over frames of {BANDS} mel bands, got one with inputs {shape}: the "
                "room Listen can play nothing to it.",
            )
        self.net, self.name = net, name
        self.stack: int = shape[-1] // BANDS
        try:
            self.recognizer: Recognizer | None = Recognizer(net)
        except ShapeError:
            self.recognizer = None
        self.classes = CLASSES if self.recognizer else net.classes

    @property
    def step(self) -> float:
        """Seconds from one step to the next."""
        return self.stack * HOP

    def layers(self) -> list[ListenLayer]:
        """Describe the layers whose values can be seen."""
        return listen_layers(self.net)

    def inputs(self, power: Floats) -> Floats:
        """Return what the network takes for an utterance: its frames as they are, (steps, stack * BANDS)."""
        return stacked(evened(power), self.stack)

    def values(self, power: Floats, layer: int) -> tuple[list[Floats], Floats]:
        """Return all values of a layer, each (steps, directions * units), and the network's outputs."""
        if not 0 <= layer < len(self.net.layers):
            raise RefusedError("bad_value", f"Expected a layer from 0 to {len(self.net.layers) - 1}, got {layer}.")
        trace = self.net.trace(self.inputs(power))
        return values_of(trace[layer]), np.atleast_2d(trace.outputs)

    def hear(
        self,
        power: Floats,
        begin: int,
        *,
        final: bool = True,
        threshold: float,
        digits: int | None = None,
        before: HeardPart | None = None,
    ) -> HeardPart:
        """Hear the frames of an utterance; ``before`` is what was heard in its beginning."""
        if self.recognizer is None:
            outputs = np.atleast_2d(np.asarray(self.net(self.inputs(power)), np.float64))
            return HeardPart(begin, power, outputs, (), [], final, (), outputs, ())
        logs = self.recognizer.logs(power)
        steps = -(-len(power) // self.stack)
        padding = (len(logs) - steps) // 2
        posteriors = np.exp(logs[padding : padding + steps])
        bare = HeardPart(begin, power, posteriors, (), [], final, (), logs, ())
        return self.judged(bare, threshold, digits, before)

    def judged(
        self, part: HeardPart, threshold: float, digits: int | None, before: HeardPart | None = None
    ) -> HeardPart:
        """Decode words from the posteriors, and judge them by a threshold."""
        if self.recognizer is None:
            return part
        recognizer = Recognizer(self.net, threshold)
        said = recognizer.said(part.logs, digits)
        words = recognizer.words(part.logs, part.power, said, part.begin, are_digits=digits is not None)
        compared = recognizer.single(part.logs) if digits == 1 else part.logs
        told = self._rivals(recognizer, compared, said if words else [], digits is not None)
        now = tuple(_name(word) for word in words)
        was: tuple[str | None, ...] = (None,) * len(now)
        if before is not None:
            was = revisions(tuple(_name(word) for word in before.words), now, before.was)
        return replace(part, words=words, rivals=told, was=was, said=tuple(said))

    @staticmethod
    def _rivals(recognizer: Recognizer, logs: Logs, said: Sequence[int], is_digit: bool) -> list[list[HeardRival]]:
        """Return the rivals of each word, as `pellucid.speech.confidence` weighs them."""
        spellings = [spelling([-1 if word == OTHER_WORD else word]) for word in said]
        flat = aligned(logs, [sound for sounds in spellings for sound in sounds])
        if not flat:
            return [[] for _ in said]
        ends = np.cumsum([len(sounds) for sounds in spellings])
        places = [flat[end - len(sounds) : end] for sounds, end in zip(spellings, ends, strict=True)]
        found = []
        for first, past in spans(places, len(logs)):
            frames = logs[first:past]
            part = shares(frames, recognizer.temperature, is_digit=is_digit)
            names = _names(rivals(frames))[: len(part)]
            order = np.argsort(-part, kind="stable")[:MAX_RIVALS]
            found.append([HeardRival(names[at], float(part[at])) for at in order])
        return found


def _names(spellings: list[list[int]]) -> list[str]:
    """Name rivals: the digits, another word, silence, and what is spelt without a lexicon."""
    names = [*(entry.word for entry in LEXICON), "another word", "silence"]
    return names + [" ".join(CLASSES[sound] for sound in each) for each in spellings[len(names) :]]


def _name(word: Word) -> str:
    return "?" if word.guess is None else str(word.guess)


def revisions(
    before: tuple[str, ...], now: tuple[str, ...], was_before: tuple[str | None, ...] | None = None
) -> tuple[str | None, ...]:
    """Tell for each word now what digit stood in its place before, or what had stood there already (``was_before``).

    Examples
    --------
    >>> revisions(("3", "5"), ("3", "9", "1"))
    (None, '5', None)
    >>> revisions(("3", "9", "1"), ("3", "9", "1", "4"), (None, "5", None))
    (None, '5', None, None)
    """
    was: list[str | None] = [None] * len(now)
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        for number in range(min(b - a, d - c)):
            if kind == "equal" and was_before is not None:
                was[c + number] = was_before[a + number]
            elif kind == "replace" and before[a + number] != "?":  # at first, the beginning of a word is no digit
                was[c + number] = before[a + number]
    return tuple(was)


def threshold_texts(parts: Sequence[HeardPart]) -> list[ThresholdText]:
    """Return what the text of some utterances would be with every threshold, from low to high."""
    words = [word for part in parts for word in part.words]
    limits = sorted({word.confidence for word in words if word.guess is not None} | {1.0})
    found = []
    for limit in limits:
        judged = [
            tuple(replace(word, digit=word.guess if word.confidence >= limit else None) for word in part.words)
            for part in parts
        ]
        text = "".join(map(sentence_text, judged))
        unsure = sum(word.digit is None for each in judged for word in each)
        found.append(ThresholdText(limit, text, unsure))
    return found
