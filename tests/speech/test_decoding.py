from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.speech.decoding import OTHER_WORD, Beam, aligned, beam, greedy, log_probabilities, log_probability
from pellucid.speech.lexicon import CLASSES, LEXICON, spelling
from speech.twin import collapsed, probability, saying


def _logs(seed: int, frames: int, kinds: int, peaked: float = 0.4) -> np.ndarray:
    return np.log(np.random.default_rng(seed).dirichlet(np.full(kinds, peaked), frames) + 1e-12)


@given(st.integers(0, 10_000), st.integers(1, 6), st.lists(st.integers(1, 2), max_size=4))
@settings(max_examples=40, deadline=None)
def test_the_probability_of_a_spelling_is_the_sum_over_its_paths(seed: int, frames: int, classes: list[int]) -> None:
    logs = _logs(seed, frames, 3)
    assert np.exp(log_probability(logs, classes)) == pytest.approx(probability(logs, classes), rel=1e-9, abs=1e-15)


@given(
    st.integers(0, 10_000), st.integers(1, 6), st.lists(st.lists(st.integers(1, 2), max_size=4), min_size=1, max_size=4)
)
@settings(max_examples=30, deadline=None)
def test_spellings_of_different_lengths_are_computed_together(
    seed: int, frames: int, spellings: list[list[int]]
) -> None:
    logs = _logs(seed, frames, 3)
    found = np.exp(log_probabilities(logs, spellings))
    assert found == pytest.approx([probability(logs, classes) for classes in spellings], rel=1e-9, abs=1e-15)


def test_long_utterances_neither_overflow_nor_vanish() -> None:
    logs = np.log(np.full((4000, 3), 1e-8))
    plain, longer = log_probabilities(logs, [[1], [1, 2, 1, 2]])
    assert -4000 * 18.5 < plain < longer < 0


@given(st.integers(0, 10_000), st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_greedy_collapses_the_best_path(seed: int, frames: int) -> None:
    logs = _logs(seed, frames, 4)
    runs = greedy(logs)
    assert [run.number for run in runs] == collapsed(tuple(logs.argmax(axis=1)))
    for run in runs:
        assert (logs[run.begin : run.end].argmax(axis=1) == run.number).all()
        assert 0 < run.probability <= 1


def _words(words: tuple[int, ...]) -> list[int]:
    return spelling([-1 if word == OTHER_WORD else word for word in words])


@given(st.integers(0, 10_000), st.integers(3, 9))
@settings(max_examples=15, deadline=None)
def test_a_wide_beam_finds_the_best_sequence_and_its_full_probability(seed: int, frames: int) -> None:
    logs = _logs(seed, frames, len(CLASSES))
    best = beam(logs, width=3000)[0]
    every = [
        (log_probability(logs, _words(words)), words)
        for count in range(3)
        for words in itertools.product(range(OTHER_WORD + 1), repeat=count)
    ]
    exact = log_probability(logs, _words(best.words))
    assert best.log_probability == pytest.approx(exact, abs=1e-4)
    assert exact >= max(every)[0] - 1e-9


@pytest.mark.parametrize("words", [[], [7], [1, 9], [9, 9], [6, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 10, 4]])
def test_clear_words_are_found_in_any_number(words: list[int]) -> None:
    logs = np.log(saying([-1 if word == OTHER_WORD else word for word in words]))
    assert list(beam(logs)[0].words) == words


def test_the_beam_takes_frames_in_pieces() -> None:
    logs = np.log(saying([4, 2]))
    search = Beam()
    for frame in logs:
        search.feed(frame[None])
    assert search.guesses()[0] == beam(logs)[0]


def test_the_number_of_digits_can_be_given() -> None:
    logs = np.log(saying([4, 2], sure=0.6))
    assert len(beam(logs, digits=1)[0].words) == 1
    assert len(beam(logs, digits=3)[0].words) == 3
    assert beam(np.log(saying([4])[:2]), digits=2) == []


def test_a_known_number_of_digits_excludes_other_words() -> None:
    logs = np.log(saying([-1], sure=0.8))
    assert beam(logs)[0].words == (OTHER_WORD,)
    assert beam(logs, digits=1)[0].words[0] < OTHER_WORD


def test_a_penalty_reduces_the_number_of_words() -> None:
    logs = np.log(saying([8], sure=0.3))
    assert beam(logs, penalty=100.0)[0].words == ()


def test_no_frames_have_no_words() -> None:
    nothing = np.zeros((0, len(CLASSES)))
    assert beam(nothing)[0].words == ()
    assert greedy(nothing) == []
    assert aligned(nothing, [1]) == []


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_an_alignment_finds_every_sound_where_it_is(digits: list[int]) -> None:
    logs = np.log(saying(digits, each=3, between=2))
    classes = spelling(digits)
    places = aligned(logs, classes)
    assert len(places) == len(classes)
    for number, (begin, end) in zip(classes, places, strict=True):
        assert end - begin == 3
        assert (logs[begin:end].argmax(axis=1) == number).all()


def test_too_few_frames_have_no_alignment() -> None:
    assert aligned(_logs(0, 3, len(CLASSES)), spelling([7])) == []


def test_every_digit_is_spelt_in_sounds_that_the_network_has() -> None:
    assert [entry.digit for entry in LEXICON] == list(range(10))
    for entry in LEXICON:
        assert [CLASSES[number] for number in spelling([entry.digit])] == list(entry.sounds)
        assert "".join(syllable.text for syllable in entry.syllables) == entry.word
    assert len({entry.sounds for entry in LEXICON}) == 10
