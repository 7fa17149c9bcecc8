from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import data
from pellucid.speech.augmentation import WARPS, Vary, at_tempo, noise, warped
from pellucid.speech.features import BANDS, RATE, STACK, powers, stacked
from pellucid.speech.joining import Joining, differences
from pellucid.speech.lexicon import CLASSES, spelling
from pellucid.speech.synthesis import UtteranceSynthesis, over_babble, plain, shortened
from pellucid.speech.vtlp import seen_from
from pellucid.speech.words import Words


@pytest.fixture(scope="module")
def few() -> data.Recordings:
    spoken = data.load("spoken").test
    return spoken[np.arange(0, len(spoken), 25)]


@pytest.fixture(scope="module")
def words(few: data.Recordings) -> Words:
    return UtteranceSynthesis().all_of(few)


def test_the_seed_determines_the_utterances(words: Words) -> None:
    one, same, other = (UtteranceSynthesis().sequences(words, seed) for seed in (1, 1, 2))
    assert one.flat.tobytes() == same.flat.tobytes()
    assert one.symbols.tobytes() == same.symbols.tobytes()
    assert one.flat.shape != other.flat.shape or not np.array_equal(one.flat, other.flat)


def test_ctc_can_align_the_utterances(words: Words) -> None:
    utterances = UtteranceSynthesis(backwards=0.3, silent=0.3).sequences(words, 0, rounds=3)
    assert utterances.transcribed
    assert utterances.classes == CLASSES
    assert utterances.flat.shape[1] == STACK * BANDS
    assert np.isfinite(utterances.flat).all()
    counts = {len(labels) for labels in utterances.labels}
    assert 0 in counts
    assert max(counts) > 8
    other = CLASSES.index("?")
    assert any(labels.tolist() == [other] for labels in utterances.labels)
    for frames, labels in zip(utterances.frames, utterances.labels, strict=True):
        alike = int(np.sum(labels[1:] == labels[:-1])) if len(labels) else 0
        assert len(frames) >= len(labels) + alike


def test_words_are_used_as_often_as_they_weigh(words: Words) -> None:
    weights = np.arange(len(words)) % 3 / 2
    drawn = [words.weighted(weights).drawn(np.random.default_rng(seed)) for seed in range(200)]
    counts = np.bincount(np.concatenate(drawn), minlength=len(words)) / 200
    np.testing.assert_allclose(counts, weights, atol=0.2)
    assert (counts[weights == 1] == 1).all()
    both = words.weighted(2.0) + words
    assert both.weights.tolist() == [2.0] * len(words) + [1.0] * len(words)


def test_a_shortened_word_lacks_a_piece_of_what_is_loud() -> None:
    level = np.concatenate([np.full(9, 1e-6), np.full(30, 1.0), np.full(9, 1e-6)])
    power = np.outer(level, np.ones(BANDS)).astype(np.float32)
    for seed in range(20):
        short = shortened(power, np.random.default_rng(seed))
        assert 25 <= (short[:, 0] == 1).sum() < 30
    assert len(shortened(power[9:12], np.random.default_rng(0))) == 3


def test_babble_is_softer_than_the_words(words: Words) -> None:
    power = np.ones((60, BANDS), np.float32)
    for seed in range(20):
        added = over_babble(power, words, np.random.default_rng(seed)) - power
        assert added.shape == power.shape
        assert (added >= 0).all()
        assert 10**-2.51 < added.sum(axis=1).max() / BANDS < 10**-0.79


def test_words_without_augmentation(few: data.Recordings) -> None:
    sequences = plain(few)
    assert [labels.tolist() for labels in sequences.labels] == [spelling([label]) for label in few.labels.tolist()]


def test_a_longer_tract_is_deeper_and_slower() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    low = warped(tone, WARPS[-1])
    assert len(low) == pytest.approx(len(tone) * WARPS[-1], rel=0.01)
    assert powers(low).mean(axis=0).argmax() < powers(tone).mean(axis=0).argmax()


@given(st.integers(2, 60), st.floats(0.5, 2.0))
@settings(max_examples=30, deadline=None)
def test_tempo_keeps_the_ends_and_stays_between(frames: int, stretch: float) -> None:
    power = np.random.default_rng(frames).gamma(2.0, 1.0, (frames, BANDS)).astype(np.float32)
    changed = at_tempo(power, stretch)
    assert len(changed) == max(4, round(frames * stretch))
    np.testing.assert_allclose(changed[[0, -1]], power[[0, -1]], rtol=1e-5)
    assert changed.min() >= power.min() * 0.999
    assert changed.max() <= power.max() * 1.001


@given(st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_augmented_frames_are_finite_and_the_source_is_unchanged(seed: int) -> None:
    rng = np.random.default_rng(seed)
    power = rng.gamma(2.0, 1.0, (25, BANDS)).astype(np.float32)
    before = power.copy()
    shown = Vary(noise=1.0, room=1.0).shown(power, rng)
    assert shown.shape == power.shape
    at_once = stacked(power, STACK)
    assert Vary()(at_once, rng).shape == at_once.shape
    assert np.isfinite(shown).all()
    np.testing.assert_array_equal(power, before)
    assert noise(rng, 30, BANDS).mean() == pytest.approx(1, rel=1e-3)


def test_a_shifted_view_moves_formants_and_not_frames() -> None:
    power = np.random.default_rng(0).gamma(2.0, 1.0, (9, BANDS)).astype(np.float32)
    assert seen_from(power, 1.0) is power
    assert seen_from(power, 1.1).shape == power.shape
    ramp = np.exp(np.tile(np.arange(BANDS, dtype=np.float32), (3, 1)))
    inner = slice(1, -2)
    assert (seen_from(ramp, 1.1)[:, inner] > ramp[:, inner]).all()
    assert (seen_from(ramp, 0.9)[:, inner] < ramp[:, inner]).all()


def test_labels_of_joined_digits(few: data.Recordings) -> None:
    joined = Joining().sequences(few, 12, seed=4)
    same = Joining().sequences(few, 12, seed=4)
    for (samples, labels), (again, _) in zip(joined, same, strict=True):
        np.testing.assert_array_equal(samples, again)
        assert samples.dtype == np.float32
        assert np.abs(samples).max() <= 1
        assert 1 <= len(labels) <= 7
        assert min(labels) >= 0


def _slow(said: tuple[int, ...], heard: tuple[int, ...]) -> int:
    if not said or not heard:
        return len(said) + len(heard)
    return min(
        _slow(said[1:], heard) + 1, _slow(said, heard[1:]) + 1, _slow(said[1:], heard[1:]) + (said[0] != heard[0])
    )


@given(st.lists(st.integers(0, 3), max_size=5), st.lists(st.integers(0, 3), max_size=5))
@settings(max_examples=60, deadline=None)
def test_differences_are_the_edit_distance(said: list[int], heard: list[int]) -> None:
    assert differences(said, heard) == _slow(tuple(said), tuple(heard))


def test_utterances_are_the_same_in_another_process() -> None:
    script = (
        "import hashlib; from pellucid import data; from pellucid.speech.synthesis import UtteranceSynthesis;"
        "s = data.load('spoken').test; L = UtteranceSynthesis(spliced=0.5);"
        "print(hashlib.sha256(L.sequences(L.all_of(s[range(0, len(s), 12)]), 0).flat.tobytes()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
