from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid import data
from pellucid.models import HEARER
from pellucid.speech.calibration import Evidence, collect, fitted
from pellucid.speech.confidence import EVIDENCE
from pellucid.speech.recognizer import Recognizer


def _evidence(seed: int, count: int = 400) -> Evidence:
    """Right digits with evidence around 3, wrong ones around -3, one of each clip."""
    rng = np.random.default_rng(seed)
    right = np.arange(count) % 2 == 0
    values = rng.normal(0, 3, (count, EVIDENCE)) + np.where(right, 3.0, -3.0)[:, None]
    return Evidence(values, right, np.arange(count))


@pytest.mark.parametrize("allowed", [0.0, 0.01, 0.05])
def test_at_most_the_allowed_share_of_other_words_passes(allowed: float) -> None:
    evidence = _evidence(0)
    weights = np.array(fitted(evidence, others=200, allowed=allowed))
    likely = 1 / (1 + np.exp(-(weights[0] + evidence.values @ weights[1:])))
    assert (likely[~evidence.right] >= 0.75).sum() == int(allowed * 200)
    assert (likely[evidence.right] >= 0.75).mean() > 0.5


def test_a_clip_counts_once_however_many_digits_were_recognised_in_it() -> None:
    evidence = _evidence(1)
    twice = Evidence(np.repeat(evidence.values, 2, axis=0), np.repeat(evidence.right, 2), np.repeat(evidence.clip, 2))
    assert fitted(twice, others=200) == pytest.approx(fitted(evidence, others=200), rel=1e-4)


def test_recordings_are_the_evidence() -> None:
    spoken = data.load("spoken").test
    few = spoken[np.concatenate([np.flatnonzero(spoken.labels >= 0)[::25], np.flatnonzero(spoken.labels < 0)[::25]])]
    found = collect(Recognizer(pl.load(HEARER)), few)
    assert found.values.shape == (len(found.right), EVIDENCE)
    assert np.isfinite(found.values).all()
    assert found.right.sum() > 0.6 * (few.labels >= 0).sum()
    assert set(found.clip.tolist()) <= set(range(len(few)))
    assert not found.right[few.labels[found.clip] < 0].any()
