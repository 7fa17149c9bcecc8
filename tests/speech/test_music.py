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
def test_every_kind_sounds_for_as_long_as_asked(kind: str, seed: int, seconds: float) -> None:
    made = clip(np.random.default_rng(seed), (kind,), seconds)
    assert made.shape == (round(RATE * seconds),)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 0.8001


def test_the_same_seed_gives_the_same_music_and_another_gives_other() -> None:
    one, same, other = (clip(np.random.default_rng(seed), ("melody",), 1.0) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_what_is_judged_by_is_made_in_other_ways_than_what_is_learnt() -> None:
    assert not set(LEARNT) & set(HELD_OUT)
    assert set(LEARNT) | set(HELD_OUT) == set(KINDS)
