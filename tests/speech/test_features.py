from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.speech.features import BANDS, HOP, RATE, WINDOW, MelBands, evened, powers


@given(st.lists(st.integers(0, 900), min_size=1, max_size=12), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_feeding_in_pieces_equals_feeding_at_once(lengths: list[int], seed: int) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, sum(lengths)).astype(np.float32)
    bands = MelBands()
    pieces = [bands.feed(part) for part in np.split(samples, np.cumsum(lengths)[:-1])]
    np.testing.assert_array_equal(np.concatenate(pieces), powers(samples))


def test_there_is_a_frame_for_every_hop_that_fits() -> None:
    for count in (0, 1, 239, 240, 359, 360, 8000):
        frames = max(0, 1 + (count - round(WINDOW * RATE)) // round(HOP * RATE))
        assert powers(np.zeros(count, np.float32)).shape == (max(0, frames), BANDS)


@pytest.mark.parametrize("hertz", [200, 700, 1500, 3000])
def test_a_tone_is_in_the_band_of_its_pitch(hertz: int) -> None:
    def mel(f: float) -> float:
        return 1127 * np.log(1 + f / 700)

    tone = np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE).astype(np.float32)
    place = (mel(hertz) - mel(80)) / (mel(3700) - mel(80)) * (BANDS + 1) - 1
    assert abs(powers(tone).mean(axis=0).argmax() - place) < 1


def test_a_long_stream_returns_every_frame() -> None:
    bands = MelBands()
    counts = [len(bands.feed(np.zeros(RATE, np.float32))) for _ in range(30)]
    assert set(counts[1:]) <= {66, 67}


@given(st.integers(0, 999), st.floats(1e-6, 1e6))
@settings(max_examples=20, deadline=None)
def test_features_do_not_depend_on_loudness(seed: int, gain: float) -> None:
    power = np.random.default_rng(seed).gamma(1.0, 1.0, (30, BANDS)).astype(np.float32)
    np.testing.assert_allclose(evened(power * np.float32(gain)), evened(power), atol=2e-3)


def test_a_microphone_s_colour_counts_half() -> None:
    power = np.random.default_rng(0).gamma(3.0, 1.0, (60, BANDS)).astype(np.float32)
    colour = np.exp(np.linspace(-0.5, 0.5, BANDS)).astype(np.float32)
    change = (evened(power * colour) - evened(power)).mean(axis=0)
    assert change[-1] - change[0] == pytest.approx(0.25, abs=0.02)


def test_surrounding_silence_has_little_effect() -> None:
    power = np.random.default_rng(0).gamma(3.0, 1.0, (40, BANDS)).astype(np.float32)
    padding = np.full((200, BANDS), 1e-6, np.float32)
    np.testing.assert_allclose(evened(np.concatenate([padding, power, padding]))[200:240], evened(power), atol=1e-5)


def test_silence_and_empty_input_are_finite() -> None:
    for frames in (1, 50):
        assert np.isfinite(evened(np.zeros((frames, BANDS), np.float32))).all()
