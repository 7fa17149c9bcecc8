"""The cost of a workload and the limits of the machine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.bench import limits as room
from pellucid.bench.limits import cost, measure_limits

sizes = st.lists(st.integers(1, 30), min_size=2, max_size=5).map(tuple)


def naive_flops(layers: tuple[int, ...], training: bool) -> int:
    """Count a multiplication and an addition for every weight, loop by loop."""
    count = 0
    for layer, (fan_in, fan_out) in enumerate(pairwise(layers)):
        for _ in range(fan_out):
            for _ in range(fan_in):
                count += 2
                if training:
                    count += 2
                    count += 2 if layer else 0
    return count


@given(layers=sizes, batch_size=st.none() | st.integers(1, 99))
def test_arithmetic_is_counted_as_a_loop_would(layers: tuple[int, ...], batch_size: int | None) -> None:
    assert cost(layers, batch_size).flops == naive_flops(layers, batch_size is not None)


@given(layers=sizes, share=st.floats(0, 1))
def test_ink_spares_the_first_layer_only(layers: tuple[int, ...], share: float) -> None:
    spared = cost(layers, 8).flops - cost(layers, 8, share * layers[0]).flops
    assert spared == pytest.approx(4 * (1 - share) * layers[0] * layers[1])


def test_parameters_are_moved_once_a_batch() -> None:
    one, many = cost((784, 16, 16, 10), 1), cost((784, 16, 16, 10), 100)
    assert one.parameter_bytes == 20 * 13002
    assert one.parameter_bytes == pytest.approx(100 * many.parameter_bytes)
    assert cost((784, 16, 16, 10), None).parameter_bytes == 0


def test_limits_are_rates_of_this_machine() -> None:
    found = measure_limits(size=128, megabytes=2)
    assert found.cores >= 1
    for rate in (found.sgemm_all, found.copy_one, found.copy_all, found.triad_one, found.triad_all):
        assert 1e6 < rate < 1e16


def test_without_thread_control_one_core_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "can_limit_blas", lambda: False)
    assert measure_limits(size=32, megabytes=1).sgemm_one is None


@given(length=st.integers(1, 50_000), threads=st.integers(1, 4))
def test_triad_and_copy_reach_every_element(length: int, threads: int) -> None:
    a = np.zeros(length, np.float32)
    b, c = np.arange(length, dtype=np.float32), np.full(length, 2, np.float32)
    room._spread(room._triad, threads, a, b, c)
    np.testing.assert_array_equal(a, b + 6)
    room._spread(room._copy, threads, a, b)
    np.testing.assert_array_equal(a, b)
