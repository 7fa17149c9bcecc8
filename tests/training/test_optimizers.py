"""Optimisers as settings: the engine's arguments, refused values, and round trips through data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid.errors import ConfigurationError
from pellucid.training.optimizers import OPTIMIZERS, SGD, Adam, Momentum, Optimizer, optimizer_from
from pellucid.training.schedules import Cosine, WarmUp

EXAMPLES: list[Optimizer] = [
    SGD(0.5),
    SGD(Cosine(0.5), decay=0.01),
    Momentum(0.1, momentum=0.5, nesterov=True, decay=1e-4),
    Adam(),
    Adam(WarmUp(0.01, then=Cosine(0.01)), beta1=0.8, beta2=0.9, epsilon=1e-6, decay=0.1),
]


@pytest.mark.parametrize("optimizer", EXAMPLES, ids=repr)
def test_round_trip_through_plain_data(optimizer: Optimizer) -> None:
    again = optimizer_from(json.loads(json.dumps(optimizer.configuration())))
    assert again.configuration() == optimizer.configuration()
    assert type(again) is type(optimizer)
    assert again.settings().tobytes() == optimizer.settings().tobytes()


def test_every_kind_has_a_different_code() -> None:
    assert len({optimizer.code for optimizer in (SGD(1), Momentum(1), Momentum(1, nesterov=True), Adam())}) == 4
    assert [OPTIMIZERS[kind].moments for kind in ("sgd", "momentum", "adam", "adamw", "rmsprop")] == [0, 1, 2, 2, 1]


def test_settings_and_rates_for_the_engine() -> None:
    settings = Adam(0.1, beta1=0.8, beta2=0.9, epsilon=1e-6, decay=0.5).settings()
    np.testing.assert_array_equal(settings[1:5], np.array([0.5, 0.8, 0.9, 1e-6], np.float32))
    assert len(settings) == 8
    rates, steps = np.array([0.5, 0.25]), np.array([0, 9])
    np.testing.assert_array_equal(SGD(1).step_rates(rates, steps), [[0.5, 1, 0], [0.25, 1, 0]])
    found = Adam(1, beta1=0.8, beta2=0.9).step_rates(rates, steps)
    expected = [[0.5 / (1 - 0.8), (1 - 0.9) ** -0.5, 0], [0.25 / (1 - 0.8**10), (1 - 0.9**10) ** -0.5, 0]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32


def test_adam_after_a_million_steps_needs_no_correction() -> None:
    np.testing.assert_array_equal(Adam().step_rates(np.array([0.5]), np.array([10**6])), [[0.5, 1, 0]])


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0),
        lambda: SGD(-1),
        lambda: SGD(np.nan),
        lambda: SGD(0.1, decay=-1),
        lambda: SGD(0.1, decay=np.nan),
        lambda: SGD(0.1, decay=np.inf),
        lambda: SGD(0.1, decay=1e300),
        lambda: SGD(0.1, decay="x"),  # type: ignore[arg-type]
        lambda: SGD(True),
        lambda: Momentum(0.1, momentum="x"),  # type: ignore[arg-type]
        lambda: Momentum(0.1, nesterov="no"),  # type: ignore[arg-type]
        lambda: Momentum(0.1, momentum=1),
        lambda: Momentum(0.1, momentum=-0.1),
        lambda: Adam(beta1=1),
        lambda: Adam(beta2=1),
        lambda: Adam(beta2=-0.5),
        lambda: Adam(beta1=1 - 1e-12),
        lambda: Adam(beta2=1 - 1e-12),
        lambda: Adam(epsilon=0),
        lambda: Adam(epsilon=1e-50),
        lambda: Adam(epsilon=np.nan),
    ],
)
def test_invalid_options(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        make()
