"""Resampling of the microphone: exact in the bands that are heard, however the samples arrive, and soon."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.speech.features import RATE
from pellucid.speech.live_resampling import LiveResampler

RATES = [8000, 11_025, 16_000, 44_100, 47_999, 48_000, 96_000]


def tone(hertz: float, rate: int) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(rate) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [100.0, 1234.0, 3400.0])
def test_a_tone_stays_the_tone(rate: int, hertz: float) -> None:
    found = LiveResampler(rate).feed(tone(hertz, rate))
    assert RATE - len(found) <= 33
    expected = tone(hertz, RATE)
    np.testing.assert_allclose(found[64:], expected[64 : len(found)], atol=2e-3)


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize("hertz", [4700.0, 7000.0])
def test_what_is_too_high_vanishes(rate: int, hertz: float) -> None:
    found = LiveResampler(rate).feed(tone(hertz, rate))
    assert np.abs(found[64:]).max() < 2e-3


@pytest.mark.parametrize("rate", [*RATES, 1000])
def test_blocks_give_what_the_whole_gives(rate: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, rate // 2).astype(np.float32)
    whole = LiveResampler(rate).feed(samples)
    resampler, parts, at, rng = LiveResampler(rate), [], 0, np.random.default_rng(1)
    while at < len(samples):
        size = int(rng.integers(0, rate // 20))
        parts.append(resampler.feed(samples[at : at + size]))
        at += size
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)
