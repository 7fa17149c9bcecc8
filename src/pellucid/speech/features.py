"""Features: power in mel bands every 15 ms, as normalised logarithms.

The bands come from kaldi-native-fbank, which works on a stream, so that a microphone and a file are treated alike.
Normalisation reduces differences of loudness, distance and microphone: it subtracts the mean level of the utterance,
and half of each band's remaining mean. Subtracting all of it would also remove what distinguishes the vowels of a word
as short as "eight". Only frames that are loud enough to be speech count towards the means, so that the amount of
silence around them does not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

RATE = 8000
"""Samples per second after resampling: telephone quality, which is enough to tell digits apart."""
BANDS = 20
HOP = 0.015
"""Seconds from one frame to the next."""
WINDOW = 0.030
"""Length of a frame in seconds."""
LOWEST, HIGHEST = 80.0, 3700.0
"""Frequency range of the bands in Hz."""
STACK = 2
"""Frames that the network takes per step."""
LARGEST = 1e12
"""The largest magnitude of a sample, full scale being 1: the power of much larger ones is no float32."""

FLOOR = 1e-5
"""Floor of every frame's power, as a share of the loudest frame's: fainter sounds are not speech."""
_LOUD = 10**-2.5
_OF_BAND = 0.5
_SPREAD = 2.0


class MelBands:
    """Computes power in mel bands of samples that arrive piece by piece.

    Examples
    --------
    >>> bands = MelBands()
    >>> bands.feed(np.zeros(4000, np.float32)).shape, bands.feed(np.zeros(4000, np.float32)).shape
    ((32, 20), (33, 20))
    """

    def __init__(self) -> None:
        self._bank: Any = _bank()
        self._done = 0

    def feed(self, samples: Floats) -> Floats:
        """Return the frames (T, BANDS) that are complete after these samples (n,)."""
        self._bank.accept_waveform(float(RATE), samples)
        ready = self._bank.num_frames_ready
        frames = np.empty((ready - self._done, BANDS), np.float32)
        for number in range(self._done, ready):
            frames[number - self._done] = self._bank.get_frame(number)
        self._bank.pop(ready - self._done)
        self._done = ready
        return frames


def _bank() -> Any:
    import kaldi_native_fbank

    options = kaldi_native_fbank.FbankOptions()
    frames, mel = options.frame_opts, options.mel_opts
    frames.samp_freq, frames.frame_shift_ms, frames.frame_length_ms = float(RATE), 1000 * HOP, 1000 * WINDOW
    frames.dither, frames.window_type, frames.snip_edges = 0.0, "hamming", True
    mel.num_bins, mel.low_freq, mel.high_freq = BANDS, LOWEST, HIGHEST
    options.use_log_fbank, options.use_power = False, True
    return kaldi_native_fbank.OnlineFbank(options)


def powers(samples: Floats) -> Floats:
    """Return the power in mel bands (T, BANDS) of a whole recording (n,) at `RATE`.

    Examples
    --------
    >>> tone = np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE).astype(np.float32)
    >>> powers(tone).shape, int(powers(tone).mean(axis=0).argmax())
    ((65, 20), 4)
    """
    return MelBands().feed(samples)


def stacked(shown: Floats, count: int) -> Floats:
    """Stack frames (T, D) in groups: (ceil(T / count), count D). The last frame is repeated to fill the last group.

    Examples
    --------
    >>> stacked(np.array([[1.0], [2.0], [3.0]], np.float32), 2).tolist()
    [[1.0, 2.0], [3.0, 3.0]]
    """
    missing = -len(shown) % count
    whole = np.concatenate([shown, np.repeat(shown[-1:], missing, axis=0)]) if missing else shown
    return np.ascontiguousarray(whole).reshape(len(whole) // count, -1)


def evened(power: Floats) -> Floats:
    """Return the network's input: log power (T, BANDS) without the utterance's level and half of its colour.

    Examples
    --------
    >>> heard = np.random.default_rng(0).gamma(2.0, 1.0, (50, BANDS)).astype(np.float32)
    >>> bool(np.allclose(evened(heard), evened(1000 * heard), atol=1e-4))
    True
    """
    level = power.sum(axis=1)
    loudest = float(level.max(initial=0.0)) + 1e-12
    logs = np.log(power + np.float32(FLOOR * loudest / power.shape[1]))
    loud = logs[level >= _LOUD * loudest]
    means = (loud if len(loud) else logs).mean(axis=0)
    result: Floats = ((logs - means.mean() - _OF_BAND * (means - means.mean())) / _SPREAD).astype(np.float32)
    return result
