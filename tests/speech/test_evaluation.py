from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid import data
from pellucid.models import HEARER
from pellucid.speech.evaluation import Score, evaluate, false_alarms, mean, no_digits, rounded
from pellucid.speech.recognizer import Recognizer


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(pl.load(HEARER))


@pytest.fixture(scope="module")
def unknown() -> data.Recordings:
    return data.load("spoken").test


def test_clips_without_digits(unknown: data.Recordings) -> None:
    one, same = (no_digits(unknown, unknown[:40], seed=3) for _ in range(2))
    assert sum(map(len, one["backwards"])) > 0
    assert len(one["other words"]) == int((unknown.labels < 0).sum())
    for kind, clips in one.items():
        assert clips
        assert all(np.array_equal(a, b) for a, b in zip(clips, same[kind], strict=True))
        assert all(np.isfinite(clip).all() and np.abs(clip).max() <= 1 for clip in clips)


def test_false_alarms_count_the_clips_with_a_sure_digit(recognizer: Recognizer, unknown: data.Recordings) -> None:
    digits = unknown[unknown.labels >= 0][::12]
    heard = [samples for samples, _ in digits]
    sure = false_alarms(recognizer, heard)
    assert 0 < sure <= len(heard)
    assert false_alarms(recognizer, [np.zeros(4000, np.float32)] * 3) == 0
    score = evaluate(recognizer, digits, sequences=2)
    assert score.sure + score.misled == pytest.approx(sure / len(heard))


def test_other_sounds_are_rarely_recognised_as_sure_digits(recognizer: Recognizer, unknown: data.Recordings) -> None:
    clips = no_digits(unknown, unknown[:1], seed=11)
    sure = {kind: false_alarms(recognizer, found[:40]) for kind, found in clips.items() if kind != "backwards"}
    # Two thirds of these words differ from a digit in one or two sounds, such as "seventh".
    assert sure.pop("other words") <= 0.4 * 40
    assert sum(sure.values()) <= 0.1 * 40 * len(sure)


def test_means_and_rounding_of_scores() -> None:
    scores = [Score(1.0, 0.5, 0.1, 0.4, 0.0), Score(0.5, 0.5, 0.2, 0.2, 0.1)]
    assert rounded(mean(scores)) == {"single": 0.75, "free": 0.5, "joined": 0.15, "sure": 0.3, "misled": 0.05}
