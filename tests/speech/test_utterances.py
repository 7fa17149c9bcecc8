from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.speech.features import BANDS, HOP
from pellucid.speech.utterances import LONGEST, PAUSE, Utterances

LOUD, QUIET = 1.0, 1e-8


def _frames(*parts: tuple[int, float], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.gamma(9.0, 1 / 9, (count, BANDS)) * level for count, level in parts]).astype(np.float32)


def _all(power: np.ndarray, step: int = 10**6) -> list[tuple[int, int]]:
    utterances = Utterances()
    found = [one for at in range(0, len(power), step) for one in utterances.feed(power[at : at + step])]
    last = utterances.finish()
    return [(one.begin, len(one.power)) for one in (*found, *([last] if last is not None else []))]


def test_a_long_pause_separates_utterances_and_a_short_one_does_not() -> None:
    pause = round(PAUSE / HOP)
    apart = _all(_frames((30, QUIET), (25, LOUD), (2 * pause, QUIET), (25, LOUD), (60, QUIET)))
    assert len(apart) == 2
    assert apart[0][0] <= 30
    assert sum(apart[0]) >= 55
    together = _all(_frames((30, QUIET), (25, LOUD), (pause // 2, QUIET), (25, LOUD), (60, QUIET)))
    assert len(together) == 1


@given(st.integers(1, 97))
@settings(max_examples=20, deadline=None)
def test_the_result_does_not_depend_on_how_frames_are_split(step: int) -> None:
    power = _frames((20, QUIET), (25, LOUD), (70, QUIET), (700, LOUD), (10, QUIET), (200, LOUD))
    assert _all(power, step) == _all(power)


def test_an_utterance_that_does_not_end_is_cut() -> None:
    power = _frames((20, QUIET), *[(12, LOUD), (3, 0.001)] * 400)
    found = _all(power)
    assert len(found) > 3
    assert max(length for _, length in found) <= round(LONGEST / HOP) + 60
    assert sum(found[-1]) >= len(power) - 60


def test_memory_does_not_grow() -> None:
    utterances = Utterances()
    for seed in range(40):
        utterances.feed(_frames((500, LOUD if seed % 2 else QUIET), seed=seed))
        assert len(utterances._held) <= round((LONGEST + PAUSE) / HOP) + 1
        assert len(utterances._held) == len(utterances._loud)


def test_silence_clicks_and_empty_input_are_not_utterances() -> None:
    assert _all(np.zeros((500, BANDS), np.float32)) == []
    assert _all(_frames((100, QUIET), (2, LOUD), (100, QUIET))) == []
    assert _all(np.zeros((0, BANDS), np.float32)) == []


def test_an_utterance_that_starts_and_ends_loud_is_complete() -> None:
    assert _all(_frames((30, LOUD))) == [(0, 30)]


def test_frames_are_those_of_the_stream() -> None:
    power = _frames((50, QUIET), (30, LOUD), (80, QUIET))
    utterance = Utterances().feed(power)[0]
    np.testing.assert_array_equal(utterance.power, power[utterance.begin : utterance.begin + len(utterance.power)])


def test_an_unfinished_utterance_can_be_inspected() -> None:
    utterances = Utterances()
    assert utterances.under_way() is None
    utterances.feed(_frames((50, QUIET), (30, LOUD)))
    under_way = utterances.under_way()
    assert under_way is not None
    assert not under_way.final
    assert under_way.begin <= 50
