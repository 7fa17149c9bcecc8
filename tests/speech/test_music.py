from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.speech.features import RATE
from pellucid.speech.music import HELD_OUT, KINDS, LEARNT, clip


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(0, 2**32), st.floats(0.1, 1.0))
@settings(max_examples=6, deadline=None)
def test_every_kind_has_the_requested_length(kind: str, seed: int, seconds: float) -> None:
    made = clip(np.random.default_rng(seed), (kind,), seconds)
    assert made.shape == (round(RATE * seconds),)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 0.8001


def test_the_seed_determines_the_music() -> None:
    one, same, other = (clip(np.random.default_rng(seed), ("melody",), 1.0) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_evaluation_uses_other_kinds_than_training() -> None:
    assert not set(LEARNT) & set(HELD_OUT)
    assert set(LEARNT) | set(HELD_OUT) == set(KINDS)
