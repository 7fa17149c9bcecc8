"""Panels of gates: sums against float64, with the same bits for any number of rows; packing and unpacking."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.probe import probe
from pellucid.engine.kernels.lstm_panels import WIDTH
from pellucid.engine.programs.sequence_table import GATE_COUNT
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.simd.lanes import LANES

Floats = NDArray[np.float32]


def sums(a: Floats, w: Floats, start: Floats, transposed: bool) -> Floats:
    """The result of `panel_sums` for A (n, k), W (k, WIDTH) and S (n or 1, WIDTH), all in one array."""
    (n, k), each = a.shape, start.shape[0] > 1
    memory = np.concatenate([start.ravel(), (a.T if transposed else a).ravel(), w.ravel(), np.full(n * WIDTH, 7.0)])
    memory = memory.astype(np.float32)
    a_at = start.size
    steps = (1, n) if transposed else (k, 1)
    z = a_at + a.size + w.size
    start_at = Matrix(memory, 0, WIDTH if each else 0)
    w_at = Vector(memory, a_at + a.size)
    probe().panel_sums(Vector(memory, z), start_at, Strided(memory, a_at, *steps), w_at, n, k)
    return memory[z:].reshape(n, WIDTH)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 11), st.integers(0, 9), st.booleans(), st.booleans(), st.integers(0, 99))
def test_sums(n: int, k: int, transposed: bool, alike: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, w = rng.standard_normal((n, k)).astype(np.float32), rng.standard_normal((k, WIDTH)).astype(np.float32)
    start = rng.standard_normal((1 if alike else n, WIDTH)).astype(np.float32)
    got = sums(a, w, start, transposed)
    np.testing.assert_allclose(got, start + a.astype(np.float64) @ w.astype(np.float64), rtol=1e-5, atol=1e-5)
    rows = [sums(a[s : s + 1], w, start if alike else start[s : s + 1], transposed)[0] for s in range(n)]
    np.testing.assert_array_equal(got, rows)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 2 * LANES + 1), st.integers(0, 99))
def test_packed_unpacked_and_transposed(d: int, h: int, seed: int) -> None:
    p = np.random.default_rng(seed).standard_normal((d + h + 1, GATE_COUNT, h)).astype(np.float32)
    units = -(-h // LANES) * LANES
    size = (d + h + 1) * GATE_COUNT * units
    packed = np.full(size, np.nan, np.float32)
    probe().pack(Vector(packed, 0), Vector(p.ravel(), 0), d, h)
    wide = np.zeros((d + h + 1, GATE_COUNT, units), np.float32)
    wide[..., :h] = p
    expected = wide.reshape(d + h + 1, GATE_COUNT, -1, LANES).transpose(2, 0, 1, 3)
    np.testing.assert_array_equal(packed, expected.ravel())

    back = np.zeros(p.size, np.float32)
    probe().unpack_gates(Vector(back, 0), Vector(packed, 0), d, h)
    np.testing.assert_array_equal(back, p.ravel())

    memory = np.concatenate([packed, np.zeros(GATE_COUNT * units * h, np.float32)])
    probe().transpose_panels(Matrix(memory, size, h), Vector(memory, 0), d, h, d + h + 1, units)
    hidden = expected.reshape(-1, d + h + 1, WIDTH)[:, d : d + h]
    np.testing.assert_array_equal(memory[size:], hidden.transpose(0, 2, 1).ravel())
