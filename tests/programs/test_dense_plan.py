"""The plan: no two arrays in the arena overlap, and every row of lanes fits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import pellucid as pl
from pellucid.engine.programs import table as t
from pellucid.programs.dense_plan import plan
from pellucid.system.memory import aligned


@given(
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=5),
    names=st.lists(st.sampled_from(["identity", "sigmoid", "softmax"]), min_size=5, max_size=5),
    width=st.integers(1, 1000),
)
def test_arrays_do_not_overlap(sizes: list[int], names: list[str], width: int) -> None:
    layers = [pl.Dense(size, name) for size, name in zip(sizes, names, strict=False)]
    made = plan(layers, (width,))
    taken = [(0, 3 * t.TILE), (made.table[0, t.SOURCE], t.TILE * made.table[0, t.SOURCE_STRIDE])]
    taken.append((made.table[0, t.LOWER], t.TILE * made.table[0, t.STRIDE]))
    for i, row in enumerate(made.table):
        columns = {t.VALUES, t.DELTAS} | ({t.SUMS} if row[t.SUMS] != row[t.VALUES] else set())
        taken += [(row[column], t.TILE * row[t.STRIDE]) for column in columns]
        if i:
            taken.append((row[t.TRANSPOSED], row[t.OUTPUTS] * row[t.TRANSPOSED_STRIDE]))
            before = made.table[i - 1]
            assert (row[t.SOURCE], row[t.SOURCE_STRIDE]) == (before[t.VALUES], before[t.STRIDE])
            assert row[t.INPUTS] == before[t.OUTPUTS]
            assert row[t.TRANSPOSED_STRIDE] >= row[t.INPUTS]
        assert row[t.STRIDE] % t.ALIGNMENT == 0
        assert row[t.STRIDE] >= row[t.OUTPUTS]
        assert row[t.SOURCE_STRIDE] >= row[t.INPUTS]
    ends = 0
    for begin, size in sorted(taken):
        assert begin >= ends
        assert begin % t.ALIGNMENT == 0
        ends = begin + size
    assert ends <= made.size


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=5), width=st.integers(1, 30))
def test_parameters_are_contiguous(sizes: list[int], width: int) -> None:
    net = pl.Network([pl.Dense(size) for size in sizes], input_shape=(width,))
    at = 0
    for row in net.program.plan.table:
        assert row[t.WEIGHT] == at
        assert row[t.BIAS] == at + row[t.INPUTS] * row[t.OUTPUTS]
        at = row[t.BIAS] + row[t.OUTPUTS]
    assert at == net.parameter_count


@given(count=st.integers(0, 100))
def test_vectors_begin_on_a_cache_line(count: int) -> None:
    vector = aligned(count)
    assert vector.ctypes.data % 64 == 0 or not count
    assert len(vector) == count
    assert vector.dtype == np.float32
    assert not vector.any()
