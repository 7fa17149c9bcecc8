"""Changed recordings: what is muted, stretched or swapped is, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import ConfigurationError
from pellucid.speech.editing import EditedSound, stretch
from pellucid.speech.features import RATE


def tone(hertz: float, seconds: float) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * RATE / len(samples))


def test_muting_silences_the_stretch_and_leaves_the_rest() -> None:
    samples = tone(300, 1.0)
    muted = EditedSound.of(samples).muted((0.25, 0.5))
    assert np.abs(muted.samples[2030:3970]).max() == 0
    np.testing.assert_array_equal(muted.samples[:2000], samples[:2000])
    np.testing.assert_array_equal(muted.samples[4000:], samples[4000:])
    assert muted.spans() == [(0.25, 0.5)]
    assert np.abs(np.diff(muted.samples)).max() < 1.2 * np.abs(np.diff(samples)).max()


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.5, 3.0])
def test_stretching_changes_the_length_and_not_the_pitch(factor: float) -> None:
    samples = tone(310, 1.0)
    found = stretch(samples, factor)
    assert len(found) == round(factor * len(samples))
    assert pitch(found) == pytest.approx(310, abs=4)
    middle = found[800:-800]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_a_stretched_stretch_moves_what_follows() -> None:
    samples = np.concatenate([tone(200, 0.5), tone(400, 0.5), tone(800, 0.5)])
    found = EditedSound.of(samples).stretched((0.5, 1.0), 2.0)
    assert found.spans() == [(0.5, 1.5)]
    assert len(found.samples) == 2 * RATE
    np.testing.assert_array_equal(found.samples[-3900:], samples[-3900:])


def test_swapped_stretches_change_places() -> None:
    samples = np.concatenate([tone(200, 0.5), tone(400, 0.25), tone(800, 0.5)])
    found = EditedSound.of(samples).swapped((0.75, 1.25), (0.0, 0.5))
    assert len(found.samples) == len(samples)
    assert pitch(found.samples[:4000]) == pytest.approx(800, abs=4)
    assert pitch(found.samples[6000:]) == pytest.approx(200, abs=4)
    np.testing.assert_array_equal(found.samples[4050:5950], samples[4050:5950])
    assert found.spans() == [(0.0, 0.5), (0.75, 1.25)]


def test_changes_add_up_and_their_marks_move_along() -> None:
    found = EditedSound.of(tone(300, 1.0)).muted((0.8, 0.9)).stretched((0.2, 0.4), 2.0)
    np.testing.assert_allclose(found.spans(), [(0.2, 0.6), (1.0, 1.1)])


@pytest.mark.parametrize("span", [(0.5, 0.5), (0.7, 0.6), (1.0, 1.2), (5.0, 6.0)])
def test_a_stretch_outside_is_refused(span: tuple[float, float]) -> None:
    with pytest.raises(ConfigurationError, match="stretch within"):
        EditedSound.of(tone(300, 1.0)).muted(span)


def test_what_cannot_be_done_is_refused() -> None:
    sound = EditedSound.of(tone(300, 1.0))
    with pytest.raises(ConfigurationError, match="overlap"):
        sound.swapped((0.1, 0.3), (0.2, 0.4))
    with pytest.raises(ConfigurationError, match="factor"):
        sound.stretched((0.1, 0.3), 9.0)


@given(st.integers(1, 900), st.floats(0.25, 4.0), st.integers(0, 2**32 - 1))
def test_any_part_is_stretched_to_finite_samples_of_the_right_number(count: int, factor: float, seed: int) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)
    found = stretch(samples, factor)
    assert found.shape == (max(1, round(factor * count)),)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1.0 + 1e-5
