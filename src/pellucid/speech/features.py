"""From samples to what the network hears: power in mel bands, a row every 15 ms, then its logarithm, evened out.

The bands are kaldi-native-fbank's. It works as samples come, so that a microphone and a file go the same way.
Evening out makes loud and soft, near and far, this microphone and that one more alike: the mean level of the utterance
is taken from everything, and half of what each band has on top of it from that band. All of it would also take away
what tells vowels apart in a word as short as "eight". Only frames that are loud enough to be speech count for the
means, so that it does not matter how much silence lies around.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

RATE = 8000
"""Samples a second that everything is brought to: telephone quality, in which digits are told apart well."""
BANDS = 20
HOP = 0.015
"""Seconds from one frame to the next."""
WINDOW = 0.030
"""Seconds that a frame looks at."""
LOWEST, HIGHEST = 80.0, 3700.0
"""Hertz that the bands span."""
STACK = 2
"""Frames that the network takes at a time."""
FLOOR = 1e-5
"""Share of the loudest frame's power that every frame is given: what is fainter is no speech."""
_LOUD = 10**-2.5
_OF_BAND = 0.5
_SPREAD = 2.0


class MelBands:
    """Power in mel bands of samples that come piece by piece.

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
        """The frames (T, BANDS) that are whole once these samples (n,) have come."""
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
    """Power in mel bands (T, BANDS) of a whole recording (n,) at `RATE`.

    Examples
    --------
    >>> tone = np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE).astype(np.float32)
    >>> powers(tone).shape, int(powers(tone).mean(axis=0).argmax())
    ((65, 20), 4)
    """
    return MelBands().feed(samples)


def stacked(shown: Floats, count: int) -> Floats:
    """Frames (T, D) so many at a time: (ceil(T / count), count D), the last one repeated where some are missing.

    Examples
    --------
    >>> stacked(np.array([[1.0], [2.0], [3.0]], np.float32), 2).tolist()
    [[1.0, 2.0], [3.0, 3.0]]
    """
    missing = -len(shown) % count
    whole = np.concatenate([shown, np.repeat(shown[-1:], missing, axis=0)]) if missing else shown
    return np.ascontiguousarray(whole).reshape(len(whole) // count, -1)


def evened(power: Floats) -> Floats:
    """What the network takes: log power (T, BANDS) without the utterance's level and half of its colour.

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
