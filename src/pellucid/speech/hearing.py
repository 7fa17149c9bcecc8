"""Recognise digits in recordings and microphone streams, piece by piece, with results during speech."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pellucid.data.checks import as_array
from pellucid.errors import ConfigurationError, DataError
from pellucid.speech.alignment import SURE, Hearing, Sentence
from pellucid.speech.audio import Recording, Resampler, opened
from pellucid.speech.features import LARGEST, RATE, MelBands
from pellucid.speech.recognizer import Recognizer
from pellucid.speech.utterances import Utterance, Utterances

if TYPE_CHECKING:
    from pellucid.network.network import Network

_FAINT = 10 ** (-60 / 20)
_STEP = 0.25
_WINDOW = 240


class Listener:
    """Recognises digits in a stream of samples.

    Parameters
    ----------
    net : Network or str, optional
        The network, or the name of a shipped one or of a file.
    rate : int
        Samples per second.
    digits : int, optional
        Number of digits said at a time, if known.
    partial : bool
        Whether unfinished sentences are reported too, a few times per second.
    keep : bool
        Whether sentences keep their power in mel bands, for drawing.
    threshold : float
        The confidence from which a word counts as a digit.

    Examples
    --------
    >>> import pellucid as pl
    >>> untaught = pl.Network([pl.LSTM(4), pl.Dense(21, "softmax")], input_shape=(None, 20))
    >>> list(Listener(untaught, rate=16000).feed(np.zeros(16000, np.float32)))
    []
    """

    def __init__(
        self,
        net: Network | str | None = None,
        *,
        rate: int = RATE,
        digits: int | None = None,
        partial: bool = False,
        keep: bool = False,
        threshold: float = SURE,
    ) -> None:
        if digits is not None and (isinstance(digits, bool) or not isinstance(digits, int) or digits < 1):
            raise ConfigurationError(f"digits expected a whole number of at least 1, got {digits!r}.")
        if isinstance(rate, bool) or not isinstance(rate, int) or rate < 1000:
            raise ConfigurationError(f"rate expected at least 1000 samples per second, got {rate!r}.")
        self._ear = Recognizer(_network(net), threshold)
        self._resampler, self._bands, self._utterances = Resampler(rate), MelBands(), Utterances()
        self._digits, self._partial, self._keep = digits, partial, keep
        self._reported = 0
        self._frames = 0

    def feed(self, samples: npt.ArrayLike) -> Iterator[Sentence]:
        """Yield the sentences that are complete after these samples (n,), from -1 to 1.

        With ``partial``, the unfinished sentence comes last, with ``final`` False.
        """
        with np.errstate(over="ignore"):
            mono = np.ascontiguousarray(as_array(samples, "samples"), np.float32)
        if mono.ndim != 1:
            raise DataError(f"Listener expected samples of shape (n,), got {mono.shape}: mix the channels first.")
        if not (np.abs(mono) <= LARGEST).all():
            raise DataError(f"Listener expected samples up to {LARGEST:g}, got larger ones or NaN: scale them.")
        yield from self._heard(self._resampler.feed(mono))
        if self._partial and self._frames - self._reported >= _STEP * RATE:
            self._reported = self._frames
            if (under_way := self._utterances.under_way()) is not None:
                yield self._sentence(under_way)

    def finish(self) -> Iterator[Sentence]:
        """Yield the sentences left at the end of the recording."""
        rest = np.concatenate([self._resampler.finish(), np.zeros(_WINDOW, np.float32)])
        yield from self._heard(rest)
        if (last := self._utterances.finish()) is not None:
            yield self._sentence(last)

    def _heard(self, samples: npt.NDArray[np.float32]) -> Iterator[Sentence]:
        self._frames += len(samples)
        for utterance in self._utterances.feed(self._bands.feed(samples)):
            yield self._sentence(utterance)

    def _sentence(self, utterance: Utterance) -> Sentence:
        return self._ear.sentence(
            utterance.power, utterance.begin, digits=self._digits, final=utterance.final, keep=self._keep
        )


def hear(
    source: str | Path | IO[bytes],
    net: Network | str | None = None,
    *,
    digits: int | None = None,
    threshold: float = SURE,
) -> Hearing:
    """Recognise the digits in a recording.

    Parameters
    ----------
    source : path or binary file
        WAV, FLAC, OGG, MP3 or AIFF, at any rate, mono or not; M4A, AAC and WebM with the extra ``media`` or ffmpeg.
    net : Network or str, optional
        The network, or the name of a shipped one or of a file; by default "spoken-digits".
    digits : int, optional
        Number of digits between two silences, if known. Nothing but digits is then expected.
    threshold : float
        The confidence, from 0 to 1, from which a word counts as a digit. Below it, the text has its best guess in
        parentheses.

    Returns
    -------
    Hearing
        ``text`` is empty if no digit was recognised; ``notes`` lists problems of the recording.

    Raises
    ------
    DataError
        If the source cannot be read as a recording, contains NaN or infinity, or lasts more than a day.
    ConfigurationError, ShapeError, FileFormatError
        If the network does not exist, or is not a speech network.
    """
    recording = opened(source)
    sentences = tuple(
        sentence for sentence in listen(recording, net, digits=digits, threshold=threshold) if sentence.words
    )
    return Hearing(recording.name, recording.seconds, sentences, notes(recording))


def listen(
    recording: Recording,
    net: Network | str | None = None,
    *,
    digits: int | None = None,
    keep: bool = False,
    threshold: float = SURE,
) -> Iterator[Sentence]:
    """Yield the sentences of a recording from `opened` as they are complete, in bounded memory."""
    listener = Listener(net, digits=digits, keep=keep, threshold=threshold)
    for samples in recording.blocks():
        yield from listener.feed(samples)
    yield from listener.finish()


def notes(recording: Recording) -> tuple[str, ...]:
    """Describe the problems of a recording that has been read."""
    found = []
    if recording.broken:
        found.append(f"it breaks off after {recording.seconds:.2f} s, before its end")
    if recording.seconds == 0:
        found.append("it holds no sound at all")
    elif recording.peak < _FAINT:
        found.append("it is silent")
    elif recording.clipped:
        found.append("it is clipped: it was recorded too loud")
    if recording.inverted:
        found.append("one of its channels is the inverse of another, which was turned around")
    if 0 < recording.rate < RATE:
        found.append(f"it has only {recording.rate:,} samples a second, too few for sounds such as S and F")
    return tuple(found)


def _network(net: Network | str | None) -> Network:
    if net is None or isinstance(net, str | Path):
        from pellucid.network.files import load
        from pellucid.network.shipped import HEARER

        return load(HEARER if net is None else net)
    return net
