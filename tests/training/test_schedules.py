"""Schedules: the rate of every step against a naive implementation, and round trips through plain data."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from pellucid.errors import ConfigurationError
from pellucid.training.schedules import Constant, Cosine, Schedule, Step, WarmUp, as_schedule, schedule_from

EXAMPLES: list[Schedule] = [
    Constant(0.3),
    Step(0.3, every=2, factor=0.25),
    Cosine(0.3),
    Cosine(0.3, floor=0.1),
    WarmUp(0.3),
    WarmUp(0.3, epochs=0.3),
    WarmUp(0.3, epochs=1.5, then=Cosine(0.3, floor=0.2)),
    WarmUp(0.3, epochs=2, then=Step(0.2, every=1)),
    WarmUp(0.3, epochs=1, then=WarmUp(0.1, epochs=1)),
]


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
@given(per_epoch=st.integers(1, 40), epochs=st.integers(1, 6))
def test_every_rate(schedule: Schedule, per_epoch: int, epochs: int) -> None:
    total = per_epoch * epochs
    rates = schedule.rates(np.arange(total + 3), per_epoch, total)
    expected = [naive.rate_at(schedule.configuration(), step, per_epoch, total) for step in range(total + 3)]
    np.testing.assert_allclose(rates, expected, rtol=1e-12, atol=1e-15)
    assert rates.dtype == np.float64
    middle = total // 2
    assert schedule.rates(np.arange(middle, total), per_epoch, total).tobytes() == rates[middle:total].tobytes()


def test_first_and_last_rates() -> None:
    steps = np.arange(100)
    assert Cosine(0.4, floor=0.25).rates(steps, 10, 99)[[0, 99]].tolist() == pytest.approx([0.4, 0.1])
    assert WarmUp(0.4, epochs=2).rates(steps, 10, 100)[[0, 19, 20, 99]].tolist() == pytest.approx([0.02, 0.4, 0.4, 0.4])
    assert Step(0.4, every=3, factor=0.5).rates(steps, 10, 100)[[29, 30, 60]].tolist() == pytest.approx([0.4, 0.2, 0.1])


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
def test_round_trip_through_plain_data(schedule: Schedule) -> None:
    assert schedule_from(json.loads(json.dumps(schedule.configuration()))) == schedule


def test_a_number_is_a_constant_schedule() -> None:
    assert as_schedule(0.5) == Constant(0.5)
    assert as_schedule(float(np.float32(0.5))) == Constant(0.5)
    assert as_schedule(3) == Constant(3.0)
    assert as_schedule(Cosine(0.1)) == Cosine(0.1)


@pytest.mark.parametrize("rate", [0, -1.0, np.nan, np.inf, "0.1", None, [0.1], 1j])
def test_invalid_rates(rate: Any) -> None:
    for make in (Constant, Step, Cosine, WarmUp, as_schedule):
        with pytest.raises(ConfigurationError, match="learning_rate expected a finite number above 0"):
            make(rate)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Step(0.1, every=0),
        lambda: Step(0.1, every=1.5),  # type: ignore[arg-type]
        lambda: Step(0.1, every="x"),  # type: ignore[arg-type]
        lambda: Step(0.1, factor=0.0),
        lambda: Step(0.1, factor=1.5),
        lambda: Step(0.1, factor=np.nan),
        lambda: Cosine(0.1, floor=-0.1),
        lambda: Cosine(0.1, floor=1.1),
        lambda: WarmUp(0.1, epochs=0),
        lambda: WarmUp(0.1, epochs=np.nan),
        lambda: WarmUp(0.1, epochs=np.inf),
        lambda: WarmUp(0.1, epochs=1e300),
        lambda: WarmUp(0.1, then=0.5),  # type: ignore[arg-type]
    ],
)
def test_invalid_options(make: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        make()
