from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import ShapeError
from pellucid.speech.alignment import Sentence, Word, sentence_text
from pellucid.speech.confidence import rivals, shares, spans
from pellucid.speech.features import BANDS, HOP
from pellucid.speech.lexicon import CLASSES, LEXICON
from pellucid.speech.recognizer import Recognizer
from speech.twin import Parrot, saying


def _heard(words: list[int], frames: int = 120, **options: object) -> Sentence:
    power = np.random.default_rng(0).gamma(3.0, 1.0, (frames, BANDS)).astype(np.float32)
    return Recognizer(Parrot(words, **options)).sentence(power, 40)  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_every_segment_lies_within_the_one_above(digits: list[int]) -> None:
    sentence = _heard(digits, 40 * len(digits))
    assert sentence.text == "".join(map(str, digits))
    assert [word.text for word in sentence.words] == [LEXICON[digit].word for digit in digits]
    end = 40 * HOP
    for word, digit in zip(sentence.words, digits, strict=True):
        assert word.confidence > 0.9
        assert tuple(syllable.text for syllable in word.syllables) == tuple(s.text for s in LEXICON[digit].syllables)
        sounds = [sound for syllable in word.syllables for sound in syllable.sounds]
        assert tuple(sound.text for sound in sounds) == LEXICON[digit].sounds
        assert word.start >= end - 1e-9
        assert (sounds[0].start, sounds[-1].end) == (word.start, word.end)
        for one, other in itertools.pairwise(sounds):
            assert one.end == other.start
            assert one.start < one.end
        for syllable in word.syllables:
            assert syllable.confidence == min(sound.confidence for sound in syllable.sounds)
            assert 0 <= syllable.confidence <= 1
        end = word.end
    assert (sentence.start, sentence.end) == (sentence.words[0].start, sentence.words[-1].end)
    assert sentence.confidence == min(word.confidence for word in sentence.words)


def test_times_count_from_the_beginning_of_the_recording() -> None:
    power = np.ones((60, BANDS), np.float32)
    recognizer = Recognizer(Parrot([5]))  # type: ignore[arg-type]
    early, late = (recognizer.sentence(power, begin).words[0] for begin in (0, 100))
    assert late.start - early.start == pytest.approx(100 * HOP)


def test_silence_is_an_empty_sentence() -> None:
    sentence = _heard([])
    assert (sentence.text, sentence.words, sentence.confidence) == ("", (), 0.0)


def test_a_word_that_is_not_a_digit_is_marked() -> None:
    sentence = _heard([3, -1])
    assert sentence.text == "3?"
    assert sentence.words[1].digit is None
    assert not sentence.words[1].sure
    assert _heard([-1]).text == ""


def test_a_digit_of_hardly_any_confidence_beside_a_sure_one_is_a_guess_that_does_not_count() -> None:
    clear, faint = saying([3]), saying([7], sure=0.18)
    alone, beside = np.log(faint), np.log(np.concatenate([clear, faint]))
    power = np.ones((len(beside), BANDS), np.float32)
    for threshold, digits, text in ((0.75, [3], "3(7)"), (0.0, [3, 7], "37")):
        recognizer = Recognizer(Parrot([3]), threshold)  # type: ignore[arg-type]
        assert recognizer.said(beside) == [3, 7]
        assert recognizer.best(beside) == digits
        assert recognizer.best(alone) == [7]
        assert recognizer.best(beside, digits=2) == [3, 7]
        words = recognizer.words(beside, power, [3, 7])
        assert [word.guess for word in words] == [3, 7]
        assert sentence_text(words) == text


def test_a_network_in_doubt_is_not_sure() -> None:
    assert not any(word.sure for word in _heard([9], frames=16, sure=0.05).words)


def test_the_number_of_digits_can_be_given() -> None:
    power = np.ones((80, BANDS), np.float32)
    assert len(Recognizer(Parrot([3, 1])).sentence(power, digits=1).words) == 1  # type: ignore[arg-type]


@given(st.integers(0, 999), st.integers(1, 25))
@settings(max_examples=20, deadline=None)
def test_shares_are_a_distribution(seed: int, frames: int) -> None:
    logs = np.log(np.random.default_rng(seed).dirichlet(np.full(len(CLASSES), 0.2), frames) + 1e-9)
    share = shares(logs)
    assert len(share) == len(rivals(logs))
    assert share.sum() == pytest.approx(1)
    assert (share >= 0).all()


def test_a_digit_shares_with_the_sounds_that_were_spoken() -> None:
    clear = np.log(saying([5]))
    assert shares(clear)[5] > 0.9
    muddled = clear.copy()
    v, t = CLASSES.index("V"), CLASSES.index("T")
    muddled[:, [v, t]] = muddled[:, [t, v]]
    assert shares(muddled)[5] < 0.1
    assert shares(muddled)[-1] > 0.9


def test_a_higher_temperature_lowers_confidence() -> None:
    logs = np.log(saying([5], sure=0.5))
    assert shares(logs, 3.0)[5] < shares(logs, 1.0)[5]


def test_words_extend_halfway_to_their_neighbours() -> None:
    assert spans([[(1, 2), (3, 5)], [(9, 10)], [(12, 15)]], 20) == [(0, 7), (7, 11), (11, 20)]
    assert spans([[(1, 2)]], 4) == [(0, 4)]


def test_priors_are_divided_out() -> None:
    shared = np.full(len(CLASSES), 0.01)
    shared[0] = 0.8
    plain = Recognizer(Parrot([4]))  # type: ignore[arg-type]
    adjusted = Recognizer(Parrot([4], record={"hearing": {"priors": shared.tolist(), "prior_share": 1.0}}))  # type: ignore[arg-type]
    even = np.full((1, len(CLASSES)), 1 / len(CLASSES))
    np.testing.assert_allclose(np.exp(plain.weighed(even)).sum(), 1)
    assert adjusted.weighed(even)[0, 0] < plain.weighed(even)[0, 0] - 2


def test_a_single_digit_is_chosen_with_a_share_of_its_own() -> None:
    shared = np.full(len(CLASSES), 0.01)
    shared[0] = 0.8
    record = {"hearing": {"priors": shared.tolist(), "prior_share": 0.3, "single_share": 0.9}}
    own = Recognizer(Parrot([8], record=record))  # type: ignore[arg-type]
    record = {"hearing": {"priors": shared.tolist(), "prior_share": 0.9}}
    same = Recognizer(Parrot([8], record=record))  # type: ignore[arg-type]
    likely = saying([8], sure=0.5)
    np.testing.assert_allclose(own.single(own.weighed(likely)), same.weighed(likely), atol=1e-9)
    assert own.said(own.weighed(likely), 1) == same.said(same.weighed(likely), 1)
    assert same.single(likely) is likely


@pytest.mark.parametrize("priors", [[0.5, 0.5], [0.0] * 21, [float("nan")] * 21])
def test_invalid_priors_are_refused(priors: list[float]) -> None:
    with pytest.raises(ShapeError, match="priors"):
        Recognizer(Parrot([1], record={"hearing": {"priors": priors}}))  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, "a", True, float("nan"), float("inf"), 10**400, [1.0], {}])
@pytest.mark.parametrize("name", ["priors", "prior_share", "penalty", "temperature", "unheard_of", ""])
def test_invalid_settings_are_refused(name: str, value: Any) -> None:
    if (name, value) in (("priors", None), ("", {})):
        pytest.skip("that is what no settings are")
    hearing = {name: value} if name else value
    with pytest.raises(ShapeError, match=name or "hearing"):
        Recognizer(Parrot([1], record={"hearing": hearing}))  # type: ignore[arg-type]


def test_a_network_for_something_else_is_refused() -> None:
    import pellucid as pl

    with pytest.raises(ShapeError, match="spoken-digits"):
        Recognizer(pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28)))


def test_plain_data_has_the_documented_fields() -> None:
    word = _heard([7]).words[0]
    assert isinstance(word, Word)
    assert set(word.plain()) == {"digit", "guess", "text", "start", "end", "confidence"}
    assert set(word.syllables[0].plain()) == {"text", "start", "end", "confidence"}
