"""Synthetic sounds that are neither speech nor noise: music, drums, sirens, machines.

They teach a network that a sound with pitch and rhythm need not be a word, and they test it. The sounds for training
(`LEARNT`) and for evaluation (`HELD_OUT`) are made in different ways, with different instruments and tunes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pellucid.speech.features import RATE

Floats = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Floats]

_SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])


def clip(rng: np.random.Generator, kinds: tuple[str, ...], seconds: float | None = None) -> npt.NDArray[np.float32]:
    """Return samples (n,) of a random kind, from -0.8 to 0.8, lasting 0.4 to 2.5 s by default.

    Examples
    --------
    >>> clip(np.random.default_rng(0), LEARNT, 0.5).shape
    (4000,)
    """
    count = round(RATE * (rng.uniform(0.4, 2.5) if seconds is None else seconds))
    made = KINDS[kinds[int(rng.integers(len(kinds)))]](rng, count)
    result: npt.NDArray[np.float32] = (0.8 * made / (np.abs(made).max() + 1e-9)).astype(np.float32)
    return result


def _pitch(rng: np.random.Generator) -> float:
    """Return the frequencies of a random key, in Hz."""
    return float(90 * 2 ** rng.uniform(0, 2.5))


def _envelope(rng: np.random.Generator, count: int) -> Floats:
    """Return an envelope (count,) that rises quickly or slowly, and falls."""
    t = np.arange(count) / RATE
    rise, fall = 10 ** rng.uniform(-2.3, -0.8), 10 ** rng.uniform(-1.2, 0.3)
    end = np.minimum(1, (count / RATE - t) / 0.02)
    result: Floats = np.minimum(1, t / rise) * np.exp(-t / fall) * end
    return result


def _tone(rng: np.random.Generator, hertz: Floats, brightness: float, partials: int) -> Floats:
    """Return a harmonic tone with a pitch (n,) that may change."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    tone = np.zeros(len(hertz))
    for k in range(1, partials + 1):
        strength = k**-brightness * rng.uniform(0.2, 1.0)
        tone += np.where(k * hertz < 0.48 * RATE, strength, 0.0) * np.sin(k * phase + rng.uniform(0, 6.3))
    return tone


def _notes(rng: np.random.Generator, count: int, shortest: float, longest: float) -> list[tuple[int, int]]:
    """Return the start and length in samples of consecutive notes, with occasional rests."""
    notes, at = [], 0
    while at < count - RATE // 20:
        length = min(round(RATE * rng.uniform(shortest, longest)), count - at)
        if rng.random() < 0.85:
            notes.append((at, length))
        at += length
    return notes or [(0, count)]


def _melody(rng: np.random.Generator, count: int) -> Floats:
    made, key, brightness, partials = np.zeros(count), _pitch(rng), rng.uniform(0.3, 2.5), int(rng.integers(1, 14))
    depth, speed = rng.uniform(0, 0.02), rng.uniform(4, 7)
    for at, length in _notes(rng, count, 0.08, 0.6):
        t = np.arange(length) / RATE
        hertz = key * 2 ** (rng.choice(_SCALE) / 12) * (1 + depth * np.sin(2 * np.pi * speed * t))
        made[at : at + length] += _envelope(rng, length) * _tone(rng, hertz, brightness, partials)
    return made


def _chords(rng: np.random.Generator, count: int) -> Floats:
    made, key, brightness, partials = np.zeros(count), _pitch(rng), rng.uniform(0.5, 2.0), int(rng.integers(2, 9))
    for at, length in _notes(rng, count, 0.2, 1.0):
        envelope = _envelope(rng, length)
        root = int(rng.integers(5))
        for step in (0, 2, 4, 6)[: int(rng.integers(2, 5))]:
            hertz = np.full(length, key * 2 ** (_SCALE[min(root + step, 9)] / 12))
            made[at : at + length] += envelope * _tone(rng, hertz, brightness, partials)
    return made


def _drums(rng: np.random.Generator, count: int) -> Floats:
    made, beat = np.zeros(count), round(RATE * rng.uniform(0.09, 0.35))
    for at in range(int(rng.integers(beat)), count - 200, beat):
        length = min(round(RATE * rng.uniform(0.03, 0.3)), count - at)
        t = np.arange(length) / RATE
        kind = rng.random()
        if kind < 0.4:
            hit = np.sin(2 * np.pi * (rng.uniform(50, 120) * t + 4 * (1 - np.exp(-t / 0.02))))
        else:
            hit = np.diff(rng.normal(0, 1, length + 1)) if kind < 0.7 else rng.normal(0, 1, length)
        made[at : at + length] += hit * np.exp(-t / rng.uniform(0.01, 0.12)) * rng.uniform(0.3, 1)
    return made


def _siren(rng: np.random.Generator, count: int) -> Floats:
    t = np.arange(count) / RATE
    swing = rng.uniform(0.3, 6) * t + rng.uniform()
    shape = np.sin(2 * np.pi * swing) if rng.random() < 0.5 else 2 * np.abs(2 * (swing % 1) - 1) - 1
    hertz = _pitch(rng) * 2 ** (rng.uniform(0.2, 1.2) * shape + rng.uniform(0, 1.5))
    return _tone(rng, hertz, rng.uniform(0.5, 2), int(rng.integers(1, 8)))


def _beeps(rng: np.random.Generator, count: int) -> Floats:
    made = np.zeros(count)
    for at, length in _notes(rng, count, 0.04, 0.4):
        t = np.arange(length) / RATE
        for _ in range(int(rng.integers(1, 3))):
            made[at : at + length] += np.sin(2 * np.pi * rng.uniform(250, 3500) * t)
    return made


def _machine(rng: np.random.Generator, count: int) -> Floats:
    """A hum with moving formants, the sound most similar to speech."""
    t = np.arange(count) / RATE
    wobble = np.interp(t, np.linspace(0, t[-1], 6), rng.normal(0, 0.12, 6))
    hum = np.sign(np.sin(2 * np.pi * np.cumsum(_pitch(rng) / 1.5 * 2**wobble) / RATE)) + rng.normal(0, 0.3, count)
    made = np.zeros(count)
    for _ in range(int(rng.integers(1, 4))):
        made += _swept(hum, np.interp(t, np.linspace(0, t[-1], 4), rng.uniform(250, 3400, 4)), rng.uniform(0.94, 0.99))
    beat = np.clip(np.interp(t, np.linspace(0, t[-1], 8), rng.uniform(-0.4, 1, 8)), 0, 1)
    return made * beat


def _swept(hum: Floats, hertz: Floats, sharpness: float) -> Floats:
    """Filter samples through a resonance with a changing frequency (n,), in pieces of 25 ms.

    The two poles of y[n] = (1 - r) x[n] + 2 r cos(w) y[n - 1] - r^2 y[n - 2] are p = r e^(iw) and its conjugate. One
    complex sum for p, s[n] = x[n] + p s[n - 1], gives y[n] = (1 - r) Im(s[n] p) / Im(p), and is itself a cumulative
    sum of x[n] / p^n.
    """
    made, state, piece = np.zeros(len(hum)), 0j, RATE // 40
    for at in range(0, len(hum), piece):
        pole = sharpness * np.exp(2j * np.pi * hertz[at] / RATE)
        powers = pole ** np.arange(1, len(hum[at : at + piece]) + 1)
        sums = powers * (state + np.cumsum(hum[at : at + piece] / powers))
        made[at : at + piece] = (1 - sharpness) * (sums * pole).imag / pole.imag
        state = sums[-1]
    return made


def _plucks(rng: np.random.Generator, count: int) -> Floats:
    """Plucked strings (Karplus and Strong, 1983)."""
    made, key = np.zeros(count), _pitch(rng)
    for at, _ in _notes(rng, count, 0.12, 0.5):
        delay = max(4, round(RATE / (key * 2 ** (rng.choice(_SCALE) / 12))))
        pluck = np.zeros(delay + 1 + count - at)
        pluck[delay + 1 : 2 * delay + 1] = rng.normal(0, 1, min(delay, count - at))
        for start in range(2 * delay + 1, len(pluck), delay):
            echo = 0.498 * (pluck[start - delay : start] + pluck[start - delay - 1 : start - 1])
            pluck[start : start + delay] = echo[: len(pluck) - start]
        made[at:] += pluck[delay + 1 :]
    return made


def _bells(rng: np.random.Generator, count: int) -> Floats:
    """Bells by frequency modulation (Chowning, 1973)."""
    made, key, ratio = np.zeros(count), 2 * _pitch(rng), rng.uniform(1.2, 3.6)
    for at, _ in _notes(rng, count, 0.15, 0.7):
        t = np.arange(count - at) / RATE
        hertz, decay = key * 2 ** (rng.choice(_SCALE) / 12), rng.uniform(0.15, 0.8)
        swing = rng.uniform(1, 6) * np.exp(-t / decay) * np.sin(2 * np.pi * hertz * ratio * t)
        made[at:] += np.exp(-t / decay) * np.sin(2 * np.pi * hertz * t + swing)
    return made


def _glides(rng: np.random.Generator, count: int) -> Floats:
    """Three gliding tones with a beat."""
    t = np.arange(count) / RATE
    made = np.zeros(count)
    for _ in range(3):
        low, high = rng.uniform(120, 2400, 2)
        made += np.sin(2 * np.pi * np.cumsum(np.linspace(low, high, count)) / RATE)
    return made * (0.55 + 0.45 * np.sin(2 * np.pi * rng.uniform(2, 6) * t))


def _band(rng: np.random.Generator, count: int) -> Floats:
    """Strings, bells and drums together."""
    parts = [make(rng, count) for make in (_plucks, _bells, _drums)]
    made: Floats = np.sum([rng.uniform(0.3, 1) * part / (np.abs(part).max() + 1e-9) for part in parts], axis=0)
    return made


KINDS: dict[str, Make] = {
    "melody": _melody,
    "chords": _chords,
    "drums": _drums,
    "siren": _siren,
    "beeps": _beeps,
    "machine": _machine,
    "plucks": _plucks,
    "bells": _bells,
    "glides": _glides,
    "band": _band,
}
LEARNT = ("melody", "chords", "drums", "siren", "beeps", "machine")
HELD_OUT = ("plucks", "bells", "glides", "band")
