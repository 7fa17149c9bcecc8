"""The recogniser: from frames of an utterance to log probabilities, and from those to a sentence."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.speech.alignment import SURE, Sentence, Sound, Syllable, Word, counted, sentence_text
from pellucid.speech.confidence import EVIDENCE, evidence, shares, spans
from pellucid.speech.decoding import NEVER, OTHER_WORD, aligned, beam, log_probabilities
from pellucid.speech.features import BANDS, HOP, WINDOW, evened, stacked
from pellucid.speech.lexicon import CLASSES, LEXICON, OTHER, spelling
from pellucid.speech.vtlp import FACTORS, seen_from
from pellucid.system.fields import Field, FieldError, Maybe, Number, Several, check

if TYPE_CHECKING:
    from pellucid.network.network import Network

Floats = npt.NDArray[np.float32]
Logs = npt.NDArray[np.float64]
Places = list[tuple[int, int]]

_TINY = 1e-8
_SPREAD = round(0.08 / HOP)
_FAINT = 10**-3.0
_PADDING = 2
"""Steps of silence added before and after: a recording cut at the edges of the word sounds like part of a word."""
_PADDING_LEVEL = 1e-3
"""Power of these steps, as a share of the loudest frame's."""


_SETTINGS: dict[str, Field] = {
    "priors": Maybe(Several(Number(), len(CLASSES), len(CLASSES))),
    "prior_share": Number(-100.0, 100.0),
    "single_share": Maybe(Number(-100.0, 100.0)),
    "penalty": Number(-1e6, 1e6),
    "temperature": Number(1e-3, 1e6),
    "sureness": Maybe(Several(Number(-1e6, 1e6), EVIDENCE + 1, EVIDENCE + 1)),
}
"""What a network's record may contain under "hearing"."""


class Recognizer:
    """A network and its settings for recognising digits.

    Parameters
    ----------
    net : Network
        Takes frames of `BANDS` bands and gives a probability for each of `pellucid.speech.lexicon.CLASSES`.
    threshold : float
        The confidence from which a word counts as a digit.

    Raises
    ------
    ShapeError
        If the network has other inputs or outputs.
    ConfigurationError
        If the threshold is not a number from 0 to 1.
    """

    def __init__(self, net: Network, threshold: float = SURE) -> None:
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
            raise ConfigurationError(f"threshold expected a number from 0 to 1, got {threshold!r}.")
        self.threshold = threshold
        shapes: Any = (net.input_shape, net.output_shape)
        self.stack = shapes[0][-1] // BANDS
        if shapes != ((None, self.stack * BANDS), (None, len(CLASSES))) or not self.stack:
            raise ShapeError(
                f"Hearing expected a network from sequences of {BANDS} bands to {len(CLASSES)} sounds, got one from "
                f'{net.input_shape} to {net.output_shape}: choose another, such as "spoken-digits".'
            )
        self.net = net
        settings: Any = net.record.get("hearing", {})
        try:
            check({}, settings, optional=_SETTINGS, of="hearing")
        except FieldError as error:
            raise ShapeError(f"Hearing expected a record of its settings, but {error}: retrain the network.") from error
        self.priors = _priors(settings.get("priors"))
        self.prior_share = float(settings.get("prior_share", 0.0))
        single = settings.get("single_share")
        self.single_share = None if single is None else float(single)
        self.penalty = float(settings.get("penalty", 0.0))
        self.temperature = float(settings.get("temperature", 1.0))
        sureness = settings.get("sureness")
        self.sureness = None if sureness is None else np.asarray(sureness, np.float64)

    def logs(self, power: Floats) -> Logs:
        """Return the log probabilities of the sounds at each step, for frames of power (T, BANDS).

        A network trained with CTC gives most of the probability to the blank wherever it is in doubt, which favours
        short words. The probability of each class is therefore divided by a power of its prior, its share in the
        training data. The result is the mean over several lengths of the vocal tract, each with and without some steps
        of silence before and after, which the result includes.
        """
        if not len(power):
            return np.zeros((0, len(CLASSES)))
        loudest = float(power.sum(axis=1).max())
        padding = np.full((_PADDING * self.stack, BANDS), _PADDING_LEVEL * loudest / BANDS, np.float32)
        around = np.concatenate([padding, power, padding])
        shown: Any = [
            stacked(evened(seen_from(whole, factor)), self.stack) for whole in (power, around) for factor in FACTORS
        ]
        said = [np.asarray(one, np.float64) for one in self.net(shown)]
        bare, whole = np.mean(said[: len(FACTORS)], axis=0), np.mean(said[len(FACTORS) :], axis=0)
        whole[_PADDING:-_PADDING] = (whole[_PADDING:-_PADDING] + bare) / 2
        return self.weighed(whole)

    def weighed(self, probabilities: Logs) -> Logs:
        """Divide probabilities (T, K) by the powers of the priors, and return their logarithms."""
        logs = np.log(probabilities + _TINY) - self.prior_share * np.log(self.priors)
        result: Logs = logs - np.logaddexp.reduce(logs, axis=1)[:, None]
        return result

    def single(self, logs: Logs) -> Logs:
        """Return log probabilities (T, K) for the choice of a single digit, with another power of the priors.

        The digits then compete with each other alone: what would add words to a row, or take silence for one, does no
        harm, and soft sounds of unknown voices count for more.
        """
        if self.single_share is None:
            return logs
        weighed = logs - (self.single_share - self.prior_share) * np.log(self.priors)
        result: Logs = weighed - np.logaddexp.reduce(weighed, axis=1)[:, None]
        return result

    def best(self, logs: Logs, digits: int | None = None) -> list[int]:
        """Return the digits of the most probable sequence of words, without other words.

        If the number of digits is not known, those that do not count are left out, too; see
        `pellucid.speech.alignment.counted`.
        """
        said = self.said(logs, digits)
        if digits is None:
            counts = counted(self._confidences(said, logs), self.threshold)
            said = [word for word, counts_too in zip(said, counts, strict=True) if counts_too]
        return [word for word in said if word != OTHER_WORD]

    def said(self, logs: Logs, digits: int | None = None) -> list[int]:
        """Return the most probable sequence of words; 10 stands for another word."""
        if digits == 1:
            alone = log_probabilities(self.single(logs), [spelling([digit]) for digit in range(OTHER_WORD)])
            return [int(alone.argmax())] if alone.max() > NEVER / 2 else []
        guesses = beam(logs, digits=digits, penalty=self.penalty)
        return list(guesses[0].words) if guesses else []

    def sentence(
        self, power: Floats, begin: int = 0, *, digits: int | None = None, final: bool = True, keep: bool = False
    ) -> Sentence:
        """Recognise frames of power (T, BANDS); the first is frame ``begin`` of the recording."""
        logs = self.logs(power)
        words = self.words(logs, power, self.said(logs, digits), begin, are_digits=digits is not None)
        start, end = (words[0].start, words[-1].end) if words else (_second(begin), _second(begin + len(power)))
        surest = min((word.confidence for word in words), default=0.0)
        kept = power if keep else None
        return Sentence(sentence_text(words), start, end, surest, words, final, kept, _second(begin))

    def words(
        self, logs: Logs, power: Floats, said: list[int], begin: int = 0, *, are_digits: bool = False
    ) -> tuple[Word, ...]:
        """Return the words of the sequence ``said`` with their syllables and sounds; 10 stands for another word.

        With ``are_digits`` nothing else was said for certain; see `pellucid.speech.confidence`.
        """
        if are_digits and len(said) == 1:
            logs = self.single(logs)
        placed = _placed(logs, said)
        loud = power.sum(axis=1) > _FAINT * float(power.sum(axis=1).max(initial=0.0))
        found = []
        for word, own, (first, past) in placed:
            widths = _widened([self._frames(one, loud) for one in own], loud, *self._frames((first, past), loud))
            made = _word(word, logs, own, widths, begin)
            sounds = [sound.confidence for syllable in made.syllables for sound in syllable.sounds]
            made = replace(made, confidence=self._confidence(logs[first:past], word, sounds, are_digits))
            found.append(made if made.confidence < self.threshold else replace(made, digit=made.guess))
        return tuple(found)

    def evidence(self, power: Floats) -> list[tuple[int, Logs]]:
        """Return each digit in frames of power (T, BANDS) with its evidence; see `pellucid.speech.confidence`."""
        logs = self.logs(power)
        return [
            (word, evidence(logs[first:past], word, _sounds(word, logs, own)))
            for word, own, (first, past) in _placed(logs, self.said(logs))
            if word != OTHER_WORD
        ]

    def _confidences(self, said: list[int], logs: Logs) -> list[float]:
        """Return the confidence of each digit of a sequence of words, and 0 for other words."""
        return [
            0.0 if word == OTHER_WORD else self._confidence(logs[first:past], word, _sounds(word, logs, own), False)
            for word, own, (first, past) in _placed(logs, said)
        ]

    def _confidence(self, logs: Logs, word: int, sounds: list[float], is_digit: bool) -> float:
        """Return the confidence of a word with the probabilities of its sounds, in its frames (T, K)."""
        if self.sureness is not None and word != OTHER_WORD and not is_digit:
            total = self.sureness[0] + evidence(logs, word, sounds) @ self.sureness[1:]
            return float(1 / (1 + np.exp(-np.clip(total, -50, 50))))
        share = float(shares(logs, self.temperature, is_digit=is_digit)[word])
        # At most the confidence of the weakest sound: a word can beat all its rivals and still be wrong.
        return share if is_digit or word == OTHER_WORD else share * min(sounds)

    def _frames(self, steps: tuple[int, int], loud: npt.NDArray[np.bool_]) -> tuple[int, int]:
        """Return the frames of some of the network's steps; ``loud`` has one entry per frame."""
        begin = min(max((steps[0] - _PADDING) * self.stack, 0), len(loud) - 1)
        return begin, min(max((steps[1] - _PADDING) * self.stack, begin + 1), len(loud))


def _placed(logs: Logs, said: list[int]) -> list[tuple[int, Places, tuple[int, int]]]:
    """Return each word of a sequence with the steps of its sounds, and the steps that belong to it."""
    spellings = [spelling([-1 if word == OTHER_WORD else word]) for word in said]
    flat = aligned(logs, [sound for sounds in spellings for sound in sounds])
    if not flat:
        return []
    ends = np.cumsum([len(sounds) for sounds in spellings])
    places = [flat[end - len(sounds) : end] for sounds, end in zip(spellings, ends, strict=True)]
    return list(zip(said, places, spans(places, len(logs)), strict=True))


def _sounds(word: int, logs: Logs, places: Places) -> list[float]:
    """Return the highest probability of each sound of a digit in its steps."""
    numbers = zip(spelling([word]), places, strict=True)
    return [float(np.exp(logs[first:past, number]).max()) for number, (first, past) in numbers]


def _word(word: int, logs: Logs, places: Places, widths: Places, begin: int) -> Word:
    """Build one word, so far without ``digit`` and confidence, from the frames of its sounds."""
    start, end = _second(begin + widths[0][0]), _second(begin + widths[-1][1])
    if word == OTHER_WORD:
        return Word(OTHER, start, end, 0.0, None, ())
    syllables, at = [], 0
    likely = _sounds(word, logs, places)
    for entry in LEXICON[word].syllables:
        sounds = []
        for name in entry.sounds:
            sounds.append(Sound(name, _second(begin + widths[at][0]), _second(begin + widths[at][1]), likely[at]))
            at += 1
        least = min(sound.confidence for sound in sounds)
        syllables.append(Syllable(entry.text, sounds[0].start, sounds[-1].end, least, tuple(sounds)))
    return Word(LEXICON[word].word, start, end, 0.0, None, tuple(syllables), word)


def _widened(places: Places, loud: npt.NDArray[np.bool_], first: int, past: int) -> Places:
    """Extend sounds until they touch: CTC marks a frame or two of each, with blanks between them.

    Blanks between two sounds are split in the middle. At the edges a word is extended a little while it is loud.
    """
    begin, end = places[0][0], places[-1][1]
    while begin > max(first, places[0][0] - _SPREAD) and loud[begin - 1]:
        begin -= 1
    while end < min(past, places[-1][1] + _SPREAD) and loud[end]:
        end += 1
    middles = [(one[1] + other[0]) // 2 for one, other in itertools.pairwise(places)]
    edges = [begin]
    for edge in (*middles, end):
        edges.append(max(edge, edges[-1] + 1))
    return list(itertools.pairwise(edges))


def _second(frame: int) -> float:
    """Return the time from which a frame is the nearest one."""
    return frame * HOP + (WINDOW - HOP) / 2


def _priors(given: Sequence[float] | None) -> Logs:
    """Return the priors of the classes (K,), uniform if the network has none."""
    priors = np.full(len(CLASSES), 1 / len(CLASSES)) if given is None else np.asarray(given, np.float64)
    if priors.shape != (len(CLASSES),) or not np.isfinite(priors).all() or priors.min() <= 0:
        raise ShapeError(f"Hearing expected {len(CLASSES)} priors above 0, got {priors.shape}: retrain the network.")
    result: Logs = priors / priors.sum()
    return result
