from __future__ import annotations

import itertools

import numpy as np
import pytest

from pellucid import data
from pellucid.speech.augmentation import PLAIN
from pellucid.speech.features import BANDS
from pellucid.speech.lexicon import LEXICON
from pellucid.speech.negatives import backwards, music, nothing, spliceable, spliced
from pellucid.speech.synthesis import UtteranceSynthesis
from pellucid.speech.words import Words


@pytest.fixture(scope="module")
def words() -> Words:
    spoken = data.load("spoken").train
    chosen = np.flatnonzero(spoken.speakers == spoken.speakers[0])
    return UtteranceSynthesis().all_of(spoken[chosen])


def test_no_splice_can_spell_a_digit() -> None:
    digits = {entry.sounds for entry in LEXICON}
    pairs = [(first, last) for first in range(10) for last in range(10) if spliceable(first, last)]
    assert len(pairs) > 60
    for first, last in pairs:
        one, other = LEXICON[first].sounds, LEXICON[last].sounds
        for cut, resumed in itertools.product(range(1, len(one)), range(1, len(other))):
            assert one[:cut] + other[resumed:] not in digits


def test_spliced_words_come_from_two_digits(words: Words) -> None:
    made = spliced(words, 30, np.random.default_rng(0))
    assert 10 < len(made) <= 30
    for power in made:
        assert power.shape[1] == BANDS
        assert len(power) >= 4
        assert np.isfinite(power).all()


def test_a_single_word_is_not_spliced_and_other_words_are_not_reversed(words: Words) -> None:
    rng = np.random.default_rng(0)
    one = words[np.arange(len(words)) == int(np.flatnonzero(words.labels >= 0)[0])]
    assert spliced(one, 5, rng) == []
    foreign = words[words.labels < 0]
    assert backwards(foreign, 5, rng) == []


def test_backwards_reverses_the_frames(words: Words) -> None:
    reversed_words = backwards(words, 8, np.random.default_rng(1))
    originals = [power[PLAIN] for power in words.powers]
    for power in reversed_words:
        assert any(len(power) == len(one) and np.array_equal(power[::-1], one) for one in originals)


def test_sounds_without_speech_are_power_in_bands() -> None:
    rng = np.random.default_rng(2)
    for power in (nothing(rng, BANDS), music(rng)):
        assert power.shape[1] == BANDS
        assert np.isfinite(power).all()
        assert power.max() > 0
