"""Panels of gates: sums against float64, with the same bits for any number of rows; packing and unpacking."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.probe import probe
from pellucid.engine.programs.sequence_table import GRU, LSTM, SHAPES, CellShape
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.simd.lanes import LANES

Floats = NDArray[np.float32]

PANELS = st.sampled_from([SHAPES[LSTM], SHAPES[GRU]])


def sums(a: Floats, w: Floats, start: Floats, transposed: bool) -> Floats:
    """The result of `Panels.sums` for A (n, k), W (k, width) and S (n or 1, width), all in one array."""
    (n, k), width, each = a.shape, w.shape[1], start.shape[0] > 1
    memory = np.concatenate([start.ravel(), (a.T if transposed else a).ravel(), w.ravel(), np.full(n * width, 7.0)])
    memory = memory.astype(np.float32)
    a_at = start.size
    steps = (1, n) if transposed else (k, 1)
    z = a_at + a.size + w.size
    start_at = Matrix(memory, 0, width if each else 0)
    w_at = Matrix(memory, a_at + a.size, width)
    probe().panel_sums(width // LANES, Matrix(memory, z, width), start_at, Strided(memory, a_at, *steps), w_at, n, k)
    return memory[z:].reshape(n, width)


@settings(max_examples=40, deadline=None)
@given(PANELS, st.integers(1, 11), st.integers(0, 9), st.booleans(), st.booleans(), st.integers(0, 99))
def test_sums(shape: CellShape, n: int, k: int, transposed: bool, alike: bool, seed: int) -> None:
    rng, width = np.random.default_rng(seed), shape.products * LANES
    a, w = rng.standard_normal((n, k)).astype(np.float32), rng.standard_normal((k, width)).astype(np.float32)
    start = rng.standard_normal((1 if alike else n, width)).astype(np.float32)
    got = sums(a, w, start, transposed)
    np.testing.assert_allclose(got, start + a.astype(np.float64) @ w.astype(np.float64), rtol=1e-5, atol=1e-5)
    rows = [sums(a[s : s + 1], w, start if alike else start[s : s + 1], transposed)[0] for s in range(n)]
    np.testing.assert_array_equal(got, rows)


@settings(max_examples=30, deadline=None)
@given(PANELS, st.integers(1, 5), st.integers(1, 2 * LANES + 1), st.integers(0, 99))
def test_packed_unpacked_and_transposed(shape: CellShape, d: int, h: int, seed: int) -> None:
    """A GRU's weights by hidden unit, and its biases, are stored with the last gate first."""
    slots, products = shape
    rng, units = np.random.default_rng(seed), -(-h // LANES) * LANES
    weights = rng.standard_normal((d + h, products, h)).astype(np.float32)
    biases = rng.standard_normal((slots, h)).astype(np.float32)
    p = np.concatenate([weights.ravel(), biases.ravel()])

    turned = weights.copy()
    turned[d:] = np.roll(weights[d:], slots - products, axis=1)
    wide = np.zeros((d + h, products, units), np.float32)
    wide[..., :h] = turned
    wide_biases = np.zeros((slots, units), np.float32)
    wide_biases[:, :h] = np.roll(biases, slots - products, axis=0)
    expected = wide.reshape(d + h, products, -1, LANES).transpose(2, 0, 1, 3).reshape(units // LANES, -1)
    by_panel = wide_biases.reshape(slots, -1, LANES).transpose(1, 0, 2).reshape(units // LANES, -1)
    panels = np.concatenate([expected, by_panel], axis=1)

    packed = np.full(panels.size, np.nan, np.float32)
    probe().pack_panels(products, Vector(packed, 0), Vector(p, 0), d, h)
    np.testing.assert_array_equal(packed, panels.ravel())

    back = np.zeros(p.size, np.float32)
    probe().unpack_panels(products, Vector(back, 0), Vector(packed, 0), d, h)
    np.testing.assert_array_equal(back, p)

    memory = np.concatenate([packed, np.zeros(products * units * h, np.float32)])
    rows = Vector(memory, d * products * LANES)
    probe().transpose_panels(products, Matrix(memory, packed.size, h), rows, panels.shape[1], h, units)
    hidden = expected.reshape(-1, d + h, products * LANES)[:, d:]
    np.testing.assert_array_equal(memory[packed.size :], hidden.transpose(0, 2, 1).ravel())
