"""The centring step by step: its last picture is the result of `center`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pellucid.data.drawings import center, center_steps
from pellucid.errors import DataError

switches = st.fixed_dictionaries({name: st.booleans() for name in ("scale", "mass", "smooth", "thicken")})
sides = st.tuples(st.integers(1, 60), st.integers(1, 60))
drawings = arrays.arrays(np.uint8, sides, elements=st.sampled_from([0, 255]))


@settings(max_examples=80, deadline=None)
@given(drawings, switches)
def test_the_last_step_is_what_center_gives(ink: np.ndarray, how: dict[str, bool]) -> None:
    steps = center_steps(ink, **how)
    assert [step.name for step in steps] == ["drawn", "thickened", "cut", "fitted", "placed"]
    np.testing.assert_array_equal(steps[-1].picture, center(ink, **how))
    for step in steps:
        left, top, right, bottom = step.box
        assert step.picture[int(top) : int(bottom), int(left) : int(right)].sum() == pytest.approx(step.picture.sum())
        assert step.caption.endswith(".")


def test_each_step_says_what_it_did() -> None:
    pad = np.zeros((100, 100), np.uint8)
    pad[10:60, 70:72] = 255
    steps = {step.name: step for step in center_steps(pad, thicken=True)}
    assert steps["drawn"].box == (70, 10, 72, 60)
    assert steps["drawn"].centre == (70.5, 34.5)
    assert steps["thickened"].done
    assert steps["cut"].picture.shape[0] == 50 + 2 * ((steps["cut"].picture.shape[1] - 2) // 2)
    assert steps["fitted"].picture.shape == (20, 20)
    assert max(abs(place - 13.5) for place in steps["placed"].centre) <= 1.0
    left = {step.name: step.done for step in center_steps(pad, scale=False, mass=False)}
    assert left == {"drawn": True, "thickened": False, "cut": False, "fitted": True, "placed": False}


def test_a_picture_in_colour_is_refused() -> None:
    with pytest.raises(DataError, match="grey"):
        center_steps(np.zeros((5, 5, 3), np.uint8))
